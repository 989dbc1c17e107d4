package coordinator

import (
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// A clock that is set back leaves times in the records that lie further ahead
// than anything is ever put off. What waits for such a time would wait for as
// long as the clock was set back. So the waits that the ledger has measured are
// added up for each such record, and count in place of the clock.

// clocksApart is how far the clocks of two processes may be apart before a time
// in a record counts as one that the clock has run away from.
const clocksApart = 5 * time.Second

// farAhead reports whether what is left of a wait is longer than the whole wait
// can be.
func farAhead(left, whole time.Duration) bool { return left > whole+clocksApart }

// forgetWaits is how many channels' waits are kept.
const forgetWaits = 4096

// waits are how long records with times that lie too far ahead have waited here.
type waits struct {
	mu       sync.Mutex
	channels map[string]waited
}

type waited struct {
	recordID string
	sum      time.Duration
}

func newWaits() *waits { return &waits{channels: map[string]waited{}} }

// add counts a wait of the record, before it begins.
func (w *waits) add(r ledger.Record, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.channels[r.Channel()]
	if kept.recordID != r.ID {
		kept = waited{recordID: r.ID}
	}
	if len(w.channels) >= forgetWaits {
		clear(w.channels) // they wait once more
	}
	kept.sum += d
	w.channels[r.Channel()] = kept
}

// of is how long the record has waited.
func (w *waits) of(r ledger.Record) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if kept := w.channels[r.Channel()]; kept.recordID == r.ID {
		return kept.sum
	}
	return 0
}

// forget drops what is kept of the channel.
func (w *waits) forget(channel string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.channels, channel)
}

// left is how long the record has to wait until the time, which was set at most
// whole ahead. Where it lies further ahead than that, what the record has waited
// counts instead.
func (r *run) left(until time.Time, whole time.Duration) time.Duration {
	left := until.Sub(r.now)
	if !farAhead(left, whole) {
		return left
	}
	r.far = true
	return whole - r.waits.of(r.record)
}

// wholeWait is the longest that a step of a kind is put off.
func wholeWait(step transfer.Step, settling time.Duration) time.Duration {
	if step.Kind == transfer.StepFind {
		return max(settling, findWait)
	}
	return transfer.CheckEvery
}

// findWait is the longest pause between two searches for an invite.
const findWait = 5 * time.Second

// overdue reports whether the transfer's target has been asked for long enough,
// by the clock or, where that was set back, by what the record has waited.
func (c *Coordinator) overdue(r ledger.Record, t transfer.Transfer, now time.Time) bool {
	whole := time.Duration(t.TimeoutSeconds) * time.Second
	left := t.Deadline.Sub(now)
	switch {
	case t.Deadline.IsZero():
		return false
	case whole > 0 && farAhead(left, whole):
		return c.waits.of(r) >= whole
	}
	return left <= 0
}
