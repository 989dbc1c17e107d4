package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// catchUpLimit is how long a miss waits for the feed, once it has been at the
// stream's end, before it asks whether there is more to come: what the stream had
// at its end may have been deleted, and is never brought.
const catchUpLimit = time.Second

// Last implements [ledger.Ledger].
func (l *Ledger) Last(ctx context.Context, interactionChannelSID string) (ledger.Record, error) {
	key, err := l.readable(interactionChannelSID)
	if err != nil {
		return ledger.Record{}, err
	}
	return l.last(ctx, key)
}

// readable is the key of a channel, of an open ledger.
func (l *Ledger) readable(interactionChannelSID string) (channelKey, error) {
	if l.closed() {
		return channelKey{}, ledger.ErrClosed
	}
	key, ok := keyOf(interactionChannelSID)
	if !ok {
		return channelKey{}, fmt.Errorf("%w: interactionChannelSid %q is none", ledger.ErrNotFound, interactionChannelSID)
	}
	return key, nil
}

func (l *Ledger) last(ctx context.Context, key channelKey) (ledger.Record, error) {
	all := l.knowsAll() // before the look: what comes between the two would be missed
	sequence, r, ok := l.known.channel(key)
	if r != nil {
		return r.Clone(), nil
	}
	if s, kept := l.ended.get(key, sequence); kept {
		if r, err := s.decode(); err == nil {
			return *r, nil
		}
	}
	if !ok && all {
		return ledger.Record{}, ledger.ErrNotFound
	}
	return l.newest(ctx, key)
}

// Newest implements [ledger.Ledger].
func (l *Ledger) Newest(ctx context.Context, interactionChannelSID string) (ledger.Record, error) {
	key, err := l.readable(interactionChannelSID)
	if err != nil {
		return ledger.Record{}, err
	}
	return l.newest(ctx, key)
}

// newest asks the stream's leader, and makes known what it says.
func (l *Ledger) newest(ctx context.Context, key channelKey) (ledger.Record, error) {
	sequence, _, _ := l.known.channel(key)
	s, err := l.readLast(ctx, key)
	if errors.Is(err, ledger.ErrNotFound) {
		l.known.forget(key, sequence)
	}
	if err != nil {
		return ledger.Record{}, err
	}
	r, err := s.decode()
	if err != nil {
		return ledger.Record{}, err
	}
	l.known.learn(key, r)
	return r.Clone(), nil
}

// Find implements [ledger.Ledger]. A transfer that is not known here may have
// been requested elsewhere a moment ago, so it first catches up.
func (l *Ledger) Find(ctx context.Context, transferID string) (ledger.Record, error) {
	if l.closed() {
		return ledger.Record{}, ledger.ErrClosed
	}
	key, ok := l.known.holder(transferID)
	if !ok {
		if err := l.catchUp(ctx); err != nil {
			return ledger.Record{}, err
		}
		if key, ok = l.known.holder(transferID); !ok {
			return ledger.Record{}, ledger.ErrNotFound
		}
	}
	r, err := l.last(ctx, key)
	if err != nil {
		return ledger.Record{}, err
	}
	if _, holds := r.State.Find(transferID); !holds {
		return ledger.Record{}, ledger.ErrNotFound
	}
	return r, nil
}

// knowsAll reports whether the projection has every channel: nobody else
// writes to an embedded server.
func (l *Ledger) knowsAll() bool {
	if !l.options.embedded() {
		return false
	}
	_, caughtUp, _ := l.known.position()
	return caughtUp
}

// catchUp waits until the projection has all that the stream has now.
func (l *Ledger) catchUp(ctx context.Context) error {
	if l.knowsAll() {
		return nil
	}
	target, err := l.streamEnd(ctx)
	if err != nil {
		return err
	}
	var limit <-chan time.Time
	for {
		frontier, caughtUp, changed := l.known.position()
		if caughtUp && (frontier >= target) {
			return nil
		}
		if caughtUp && limit == nil {
			limit = time.After(catchUpLimit)
		}
		select {
		case <-changed:
		case <-limit:
			if late, err := l.behind(ctx, frontier, target); err != nil || !late {
				return err
			}
			limit = nil
		case <-ctx.Done():
			return ctx.Err()
		case <-l.ctx.Done():
			return ledger.ErrClosed
		}
	}
}

// behind reports whether the stream still has a message behind the frontier, up
// to the target: then the feed is only late.
func (l *Ledger) behind(ctx context.Context, frontier, target uint64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	raw, err := l.stream.GetMsg(ctx, frontier+1, jetstream.WithGetMsgSubject(l.subjects.all()))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return false, nil
	case err != nil:
		return false, readError("stream "+l.subjects.stream, err)
	}
	return raw.Sequence <= target, nil
}

func (l *Ledger) streamEnd(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	s, err := l.js.Stream(ctx, l.subjects.stream)
	if err != nil {
		return 0, readError("stream "+l.subjects.stream, err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// readLast reads a channel's last record from the stream's leader.
func (l *Ledger) readLast(ctx context.Context, key channelKey) (stored, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	raw, err := l.stream.GetLastMsgForSubject(ctx, l.subjects.of(key))
	return l.raw(key, raw, err)
}

// readAt reads a channel's first record at or behind a sequence.
func (l *Ledger) readAt(ctx context.Context, key channelKey, sequence uint64) (stored, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	raw, err := l.stream.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(l.subjects.of(key)))
	return l.raw(key, raw, err)
}

func (l *Ledger) raw(key channelKey, raw *jetstream.RawStreamMsg, err error) (stored, error) {
	if err != nil {
		return stored{}, readError("channel "+key.sid(), err)
	}
	return stored{key: key, sequence: raw.Sequence, time: raw.Time.UTC(), header: raw.Header, data: raw.Data}, nil
}

func readError(what string, err error) error {
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ledger.ErrNotFound
	}
	return fmt.Errorf("ledger/nats: read %s: %w", what, err)
}
