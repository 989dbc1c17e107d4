package simulate

import (
	"container/heap"
	"time"
)

// timer is a call that the scheduler makes at a time. Its function must not
// wait.
type timer struct {
	at    time.Time
	order int
	f     func()
	gone  bool
}

// stop lets the call not be made. It does for a nil timer too.
func (t *timer) stop() {
	if t != nil {
		t.gone, t.f = true, nil
	}
}

// at arranges for a call d from now.
func (s *Simulation) at(d time.Duration, f func()) *timer {
	s.timed++
	t := &timer{at: s.now().Add(d), order: s.timed, f: f}
	heap.Push(&s.timers, t)
	return t
}

// timers are in the order of their time, then in the order they were made.
type timers []*timer

func (h timers) Len() int { return len(h) }

func (h timers) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timers) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *timers) Push(x any) { *h = append(*h, x.(*timer)) } //nolint:forcetypeassert // nothing else is put there

func (h *timers) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}

// due returns the time of the next call, of ours or of the account's.
func (s *Simulation) due() (time.Time, bool) {
	for len(s.timers) > 0 && s.timers[0].gone {
		heap.Pop(&s.timers)
	}
	at, any := s.clock.Next()
	if len(s.timers) > 0 && (!any || s.timers[0].at.Before(at)) {
		return s.timers[0].at, true
	}
	return at, any
}

// pass moves the clock to a time and makes the calls that are due by then.
func (s *Simulation) pass(to time.Time) {
	if d := to.Sub(s.now()); d >= 0 {
		s.clock.Advance(d)
	}
	for len(s.timers) > 0 && !s.timers[0].at.After(to) {
		if t := heap.Pop(&s.timers).(*timer); !t.gone { //nolint:forcetypeassert // nothing else is put there
			f := t.f
			t.gone, t.f = true, nil
			f()
		}
	}
}
