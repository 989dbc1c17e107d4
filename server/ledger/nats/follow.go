package nats

import (
	"context"
	"errors"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// Follow implements [ledger.Ledger]. It reads from the projection, one record
// at a time: while the visitor is busy, what is replaced falls out of its way.
func (l *Ledger) Follow(ctx context.Context, after uint64, visit func(ledger.Record) error) error {
	for {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case l.closed():
			return ledger.ErrClosed
		}
		d, r, more := l.known.after(after)
		if more != nil {
			l.await(ctx, more)
			continue
		}
		if r == nil {
			var done bool
			if r, done = l.load(ctx, d); !done {
				continue
			}
		}
		after = d.sequence
		if r == nil {
			continue
		}
		if err := visit(r.Clone()); err != nil {
			return err
		}
	}
}

func (l *Ledger) await(ctx context.Context, event <-chan struct{}) {
	select {
	case <-event:
	case <-ctx.Done():
	case <-l.ctx.Done():
	}
}

// load reads a record that is not in memory. It is not done if it should be
// tried again; without a record, it is to be passed over.
func (l *Ledger) load(ctx context.Context, d delivery) (r *ledger.Record, done bool) {
	if s, kept := l.ended.get(d.entry.key, d.sequence); kept {
		if r, err := s.decode(); err == nil {
			return r, true
		}
	}
	s, err := l.readAt(ctx, d.entry.key, d.sequence)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		l.known.forget(d.entry.key, d.sequence)
		return nil, true
	case err != nil:
		l.logger.Warn("a record is read again for a follower", "error", err)
		l.wait(ctx, feedPause)
		return nil, false
	case s.sequence != d.sequence:
		return nil, true // replaced; the newer one comes by itself
	}
	if r, err = s.decode(); err != nil {
		l.unread(err)
		return nil, true
	}
	return r, true
}
