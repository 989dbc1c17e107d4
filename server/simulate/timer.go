package simulate

import "time"

// timer is a call that the scheduler makes at a time. Its function must not
// wait.
type timer struct {
	f    func()
	gone bool
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
	t := &timer{f: f}
	s.timers.push(entry{s.now().Add(d).Sub(s.began), s.timed, t})
	return t
}

// entry is a timer in its place: its time after the beginning, then the order in
// which they were made.
type entry struct {
	at    time.Duration
	order int
	timer *timer
}

func (e *entry) before(o *entry) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// timers are a heap, four wide: the first comes first.
type timers []entry

func (h *timers) push(e entry) {
	*h = append(*h, e)
	list := *h
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&list[up]) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = e
}

// pop takes the first; there must be one.
func (h *timers) pop() *timer {
	list := *h
	first, n := list[0].timer, len(list)-1
	e := list[n]
	list[n] = entry{}
	list = list[:n]
	*h = list
	if n == 0 {
		return first
	}
	i := 0
	for {
		down := 4*i + 1
		if down >= n {
			break
		}
		for other, last := down+1, min(down+4, n); other < last; other++ {
			if list[other].before(&list[down]) {
				down = other
			}
		}
		if !list[down].before(&e) {
			break
		}
		list[i] = list[down]
		i = down
	}
	list[i] = e
	return first
}

// due returns the time of the next call, of ours or of the account's.
func (s *Simulation) due() (time.Time, bool) {
	for len(s.timers) > 0 && s.timers[0].timer.gone {
		s.timers.pop()
	}
	at, any := s.clock.Next()
	if len(s.timers) > 0 {
		if ours := s.began.Add(s.timers[0].at); !any || ours.Before(at) {
			return ours, true
		}
	}
	return at, any
}

// pass moves the clock to a time and makes the calls that are due by then.
func (s *Simulation) pass(to time.Time) {
	if d := to.Sub(s.present); d >= 0 {
		s.present = to
		s.clock.Advance(d)
	}
	due := to.Sub(s.began)
	for len(s.timers) > 0 && s.timers[0].at <= due {
		if t := s.timers.pop(); !t.gone {
			f := t.f
			t.gone, t.f = true, nil
			f()
		}
	}
}
