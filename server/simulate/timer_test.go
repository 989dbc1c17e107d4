package simulate

import (
	"slices"
	"testing"
	"time"
)

// TestTimersComeInOrder: by their time, then as they were made; those that are
// stopped do not come.
func TestTimersComeInOrder(t *testing.T) {
	s := empty(t)
	r := newRoll(1, "timers")
	type mark struct {
		at    time.Duration
		order int
	}
	var want, got []mark
	for n := range 500 {
		m := mark{time.Duration(r.n(60)) * time.Millisecond, n}
		timer := s.at(m.at, func() {
			got = append(got, m)
			if m.order%7 == 0 {
				s.at(0, func() { got = append(got, mark{m.at, m.order + 1000}) })
			}
		})
		if n%5 == 0 {
			timer.stop()
			continue
		}
		want = append(want, m)
		if n%7 == 0 {
			want = append(want, mark{m.at, n + 1000})
		}
	}
	slices.SortStableFunc(want, func(a, b mark) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.order - b.order
	})
	s.until(time.Second)
	if !slices.Equal(got, want) {
		t.Errorf("they come in another order: %v\n%v", got, want)
	}
}
