package simulate

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// empty is a simulation in which nobody does anything.
func empty(t *testing.T) *Simulation {
	t.Helper()
	s, err := newSimulation(Options{Seed: 1, Agents: 1, Faults: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// until plays for a while.
func (s *Simulation) until(d time.Duration) {
	end := s.now().Add(d)
	for {
		if len(s.ready) > 0 {
			s.run(s.draw())
			continue
		}
		at, any := s.due()
		if !any || at.After(end) {
			s.pass(end)
			if len(s.ready) == 0 {
				return
			}
			continue
		}
		s.pass(at)
	}
}

func TestStrandsWaitByVirtualTime(t *testing.T) {
	s := empty(t)
	var order []string
	began := s.now()
	s.spawn(nil, "slow", func() {
		_ = s.sleep(context.Background(), time.Hour)
		order = append(order, "slow "+s.now().Sub(began).String())
	}, nil)
	s.spawn(nil, "quick", func() {
		_ = s.sleep(context.Background(), time.Minute)
		order = append(order, "quick "+s.now().Sub(began).String())
	}, nil)
	s.until(2 * time.Hour)
	if !slices.Equal(order, []string{"quick 1m0s", "slow 1h0m0s"}) {
		t.Error(order)
	}
}

func TestLimitsEndByVirtualTime(t *testing.T) {
	s := empty(t)
	var outer, inner, apart, canceled error
	var took time.Duration
	s.spawn(nil, "waits", func() {
		began := s.now()
		ctx, cancel := s.within(context.Background(), time.Second, true)
		defer cancel()
		longer, done := s.within(ctx, time.Minute, true)
		defer done()
		inner = s.sleep(longer, time.Hour)
		took = s.now().Sub(began)
		outer = ctx.Err()
		apart = s.sleep(context.WithoutCancel(ctx), time.Second)
		child, stop := context.WithCancel(ctx)
		defer stop()
		canceled = child.Err()
	}, nil)
	s.until(time.Hour)
	deadline := context.DeadlineExceeded
	if !errors.Is(inner, deadline) || !errors.Is(outer, deadline) || !errors.Is(canceled, deadline) || apart != nil || took != time.Second {
		t.Error(inner, outer, canceled, apart, took)
	}
}

func TestTogetherEndsWithTheFirstError(t *testing.T) {
	s := empty(t)
	b := schedule{s.backends[0]}
	broken := errors.New("broken")
	var err, other error
	var took time.Duration
	s.spawn(b.backend, "asks", func() {
		began := s.now()
		err = b.Together(context.Background(), func(ctx context.Context) error {
			_ = s.sleep(ctx, time.Second)
			return broken
		}, func(ctx context.Context) error {
			other = s.sleep(ctx, time.Hour)
			return other
		})
		took = s.now().Sub(began)
	}, nil)
	s.until(2 * time.Hour)
	if !errors.Is(err, broken) || !errors.Is(other, context.Canceled) || took != time.Second {
		t.Error(err, other, took)
	}
}

// TestKill: a process that is killed does nothing any more, and tells whoever
// waited for it.
func TestKill(t *testing.T) {
	s := empty(t)
	b := s.backends[0]
	went, told, cleaned := false, false, false
	s.spawn(b, "works", func() {
		defer func() { cleaned = true }()
		_ = s.sleep(context.Background(), time.Minute)
		went = true
	}, func() { told = true })
	s.until(time.Second)
	b.kill(time.Second)
	if len(b.strands) != 0 || b.up {
		t.Errorf("%d strands are left", len(b.strands))
	}
	s.until(time.Hour)
	if went || !told || !cleaned || !b.up || b.life != 2 {
		t.Error(went, told, cleaned, b.up, b.life)
	}
}

// TestFreeze: a process that stands still goes on later, where it was.
func TestFreeze(t *testing.T) {
	s := empty(t)
	b := s.backends[0]
	began := s.now()
	var at time.Duration
	s.spawn(b, "works", func() {
		_ = s.sleep(context.Background(), time.Second)
		at = s.now().Sub(began)
	}, nil)
	s.until(500 * time.Millisecond)
	b.freeze(10 * time.Second)
	s.until(time.Minute)
	if at != 10500*time.Millisecond {
		t.Error(at)
	}
}

func TestRollsBelongToTheirThing(t *testing.T) {
	a, b, c := newRoll(1, "invite", 2, 3), newRoll(1, "invite", 2, 3), newRoll(1, "invite", 3, 2)
	if x, y, z := a.next(), b.next(), c.next(); x != y || x == z {
		t.Error(x, y, z)
	}
	n, r := 0, newRoll(1, "often")
	for range 10_000 {
		if r.happens(0.25) {
			n++
		}
	}
	if n < 2300 || n > 2700 {
		t.Errorf("a quarter happens %d of 10,000 times", n)
	}
}
