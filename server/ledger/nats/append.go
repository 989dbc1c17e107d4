package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// The pauses between tries of a write that is not there yet.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// Error codes of JetStream that the client library does not name.
const (
	codeStoreFailed           jetstream.ErrorCode = 10077
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStorageExceeded       jetstream.ErrorCode = 10047
	// codeWrongLastSequence is what 10071 says, where another write to the
	// subject is still under way.
	codeWrongLastSequence jetstream.ErrorCode = 10164
)

// Append implements [ledger.Ledger]. A record that was already written with
// the same ID at the same place is not written again: its sequence is returned.
// Where no answer comes, it reads back and tries again until ctx is done.
func (l *Ledger) Append(ctx context.Context, r ledger.Record, expected uint64) (uint64, error) {
	if err := r.Validate(); err != nil {
		return 0, err
	}
	if l.closed() {
		return 0, ledger.ErrClosed
	}
	if o := l.outage(); o != nil {
		return 0, fmt.Errorf("%w: %w", ledger.ErrNotWritten, o)
	}
	r = r.Clone()
	key, _ := keyOf(r.Channel()) // valid: see Validate
	msg, err := encode(l.subjects.of(key), r, expected)
	if err != nil {
		return 0, err
	}
	defer l.known.intend(key, intent{&r, msg.Data})()
	for wait := firstPause; ; wait = min(2*wait, lastPause) {
		sequence, err := l.publish(ctx, msg)
		var o *outage
		if err != nil {
			o = l.outage() // before it is read back: nothing is written from then on
			sequence, err = l.settle(ctx, key, r.ID, expected, err)
		}
		switch {
		case err == nil:
			l.written(key, r, sequence) // a copy: the intent stays as it is
			return sequence, nil
		case !errors.Is(err, errNotThere):
			return 0, err
		case o != nil && o.certain && !errors.Is(err, errNotRead):
			return 0, fmt.Errorf("%w: %w", ledger.ErrNotWritten, o)
		case !l.wait(ctx, wait):
			return 0, l.unknown(ctx, r.ID, err)
		}
	}
}

// written makes a record that is on disk known to this process.
func (l *Ledger) written(key channelKey, r ledger.Record, sequence uint64) {
	r.Sequence, r.Time = sequence, time.Now().UTC().Round(0) // the feed brings the exact time
	l.known.learn(key, &r)
	l.counts.appended.Add(1)
}

func (l *Ledger) publishOnce(ctx context.Context, msg *natsgo.Msg) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	ctx, done := l.whileSound(ctx)
	defer done()
	ack, err := l.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// errNotThere says that a write had no effect so far: it may be tried again.
var errNotThere = errors.New("not written yet")

// errNotRead says that it could not be read back either.
var errNotRead = errors.New("not read back")

// settle finds out what became of a write that was answered by an error. It
// returns the record's sequence if it is there after all, ErrConflict if
// another one took its place, and errNotThere if it has to be tried again: the
// first try may still arrive, but only one of them can win.
func (l *Ledger) settle(ctx context.Context, key channelKey, id string, expected uint64, cause error) (uint64, error) {
	conflict := isConflict(cause)
	if !conflict {
		if refused(cause) {
			return 0, fmt.Errorf("ledger/nats: write record %s: %w", id, cause)
		}
		l.counts.uncertain.Add(1)
	}
	winner, err := l.readAt(ctx, key, expected+1)
	switch {
	case err == nil:
		return l.compare(ctx, key, id, winner)
	case !errors.Is(err, ledger.ErrNotFound):
		return 0, fmt.Errorf("%w: %w; %w: %w", errNotThere, cause, errNotRead, err)
	case expected == 0:
		return 0, fmt.Errorf("%w: %w", errNotThere, cause)
	}
	last, err := l.readLast(ctx, key)
	return 0, l.standing(key, expected, last.sequence, cause, err)
}

// standing says how it stands with a channel of which no record was found behind
// the expected one: its last one is at the sequence, or reading that failed. One
// behind the expected one came between the two reads, and may be the very record
// that is being written: the next try tells.
func (l *Ledger) standing(key channelKey, expected, last uint64, cause, err error) error {
	switch {
	case err == nil && last >= expected:
		return fmt.Errorf("%w: %w", errNotThere, cause)
	case err == nil || errors.Is(err, ledger.ErrNotFound):
		l.known.forget(key, expected) // what was expected has expired or never was
		l.counts.conflicts.Add(1)
		return ledger.ErrConflict
	}
	return fmt.Errorf("%w: %w; %w: %w", errNotThere, cause, errNotRead, err)
}

// compare decides by the record that followed the expected one. On a conflict
// the channel's last record is made known before it is told.
func (l *Ledger) compare(ctx context.Context, key channelKey, id string, winner stored) (uint64, error) {
	if r, err := winner.decode(); err == nil && r.ID == id {
		return winner.sequence, nil
	}
	last, err := l.readLast(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("%w: %w: %w", errNotThere, errNotRead, err)
	}
	r, err := last.decode()
	switch {
	case err == nil:
		l.known.learn(key, r)
	case errors.Is(err, ledger.ErrNewer):
		l.known.outdate(key, last.sequence)
	}
	l.counts.conflicts.Add(1)
	return 0, ledger.ErrConflict
}

// isConflict reports whether the server refused the write because of the
// subject's sequence: 10071, or 10164 where another write is under way.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == codeWrongLastSequence)
}

// refused reports whether trying again is no use.
func refused(err error) bool {
	if errors.Is(err, natsgo.ErrMaxPayload) {
		return true
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case codeStoreFailed, codeInsufficientResources, codeStorageExceeded:
		return true
	}
	return api.Code != 503 // unavailable: a new leader is being elected
}

// wait pauses between tries; false if ctx is done or the ledger closed.
func (l *Ledger) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-l.ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

func (l *Ledger) unknown(ctx context.Context, id string, cause error) error {
	why := ctx.Err()
	if l.closed() {
		why = ledger.ErrClosed
	}
	return fmt.Errorf("ledger/nats: it is not known whether record %s was written: %w (%w)", id, why, cause)
}
