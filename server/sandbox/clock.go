package sandbox

import (
	"container/heap"
	"sync"
	"time"
)

// Clock tells the account its time and wakes it up. Implementations must be safe for use by several goroutines.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, d after now, unless the timer is stopped before. f must not be called inside AfterFunc.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a call that a Clock will make.
type Timer interface {
	// Stop says whether the call was still to come; if so, it is not made.
	Stop() bool
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// ManualClock is a Clock that moves only when told to. The zero value is not usable: see NewManualClock.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	seq    uint64
	timers timerHeap
}

// NewManualClock returns a clock that stands at start. A zero start means 2025-01-01T00:00:00Z.
func NewManualClock(start time.Time) *ManualClock {
	if start.IsZero() {
		start = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return &ManualClock{now: start}
}

// Now returns the time that the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc arranges for Advance to call f once the clock has moved by d.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) Timer {
	return c.schedule(c.Now().Add(max(d, 0)), f)
}

// schedule arranges for a call at a time; one that has passed falls due at the next Advance.
func (c *ManualClock) schedule(at time.Time, f func()) Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	t := &manualTimer{clock: c, at: at, seq: c.seq, call: f}
	heap.Push(&c.timers, t)
	return t
}

// Advance moves the clock by d and makes every call that falls due on the way, in the order of their times (calls of
// one time in the order they were arranged), one after the other in the caller's goroutine, each at its own time.
// Calls that are arranged meanwhile and fall due before the end are made too. A negative d counts as 0.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(max(d, 0))
	for len(c.timers) > 0 && !c.timers[0].at.After(end) {
		t := heap.Pop(&c.timers).(*manualTimer)
		if t.at.After(c.now) {
			c.now = t.at
		}
		c.mu.Unlock()
		t.call()
		c.mu.Lock()
	}
	if end.After(c.now) {
		c.now = end
	}
	c.mu.Unlock()
}

// Next returns the time of the earliest call that is still to come, and false when there is none.
func (c *ManualClock) Next() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 {
		return time.Time{}, false
	}
	return c.timers[0].at, true
}

// clear forgets every call that is still to come.
func (c *ManualClock) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.timers {
		t.index = -1
	}
	c.timers = nil
}

type manualTimer struct {
	clock *ManualClock
	at    time.Time
	seq   uint64
	index int
	call  func()
}

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	return true
}

// timerHeap orders timers by time, then by when they were arranged. An index of -1 marks a timer that has left it.
type timerHeap []*manualTimer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*manualTimer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
