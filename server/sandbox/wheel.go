package sandbox

import (
	"sync"
	"time"
)

// wheel keeps any number of timers on one timer of the account's clock, so that stopping the account is stopping one.
type wheel struct {
	clock  Clock
	timers *ManualClock // only its heap of timers is used: it follows clock
	firing sync.Mutex   // one wake-up at a time, so that timers fire in order

	mu      sync.Mutex
	armed   Timer
	due     time.Time
	stopped bool
}

func newWheel(clock Clock) *wheel {
	return &wheel{clock: clock, timers: NewManualClock(clock.Now())}
}

// after calls f once, d from now, unless the timer is stopped before.
func (w *wheel) after(d time.Duration, f func()) Timer {
	t := w.timers.schedule(w.clock.Now().Add(d), f)
	w.arm()
	return t
}

func (w *wheel) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	next, any := w.timers.Next()
	if w.stopped || !any || w.armed != nil && !next.Before(w.due) {
		return
	}
	if w.armed != nil {
		w.armed.Stop()
	}
	w.due = next
	w.armed = w.clock.AfterFunc(next.Sub(w.clock.Now()), w.wake)
}

func (w *wheel) wake() {
	w.mu.Lock()
	w.armed = nil
	stopped := w.stopped
	w.mu.Unlock()
	if stopped {
		return
	}
	w.firing.Lock()
	w.timers.Advance(w.clock.Now().Sub(w.timers.Now()))
	w.firing.Unlock()
	w.arm()
}

// stop lets no timer fire any more; one that is firing may still be.
func (w *wheel) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.armed != nil {
		w.armed.Stop()
	}
}
