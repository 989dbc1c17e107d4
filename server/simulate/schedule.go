package simulate

import (
	"context"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
)

// schedule makes what a backend does at once strands of it. It implements
// [coordinator.Schedule].
type schedule struct{ *backend }

var _ coordinator.Schedule = schedule{}

// Together implements [coordinator.Schedule].
func (b schedule) Together(ctx context.Context, calls ...func(context.Context) error) error {
	in, cancel := b.sim.within(ctx, 0, false)
	defer cancel()
	var first error
	var done signal
	left := len(calls)
	for _, call := range calls {
		b.sim.spawn(b.backend, "read", func() {
			if err := call(in); err != nil && first == nil {
				first = err
				cancel()
			}
			if left--; left == 0 {
				done.all()
			}
		}, nil)
	}
	for left > 0 {
		_ = done.wait(context.Background(), b.sim)
	}
	return first
}

// Begin implements [coordinator.Schedule].
func (b schedule) Begin(f func()) func(context.Context) bool {
	over := false
	var done signal
	b.sim.spawn(b.backend, "step", func() {
		f()
		over = true
		done.all()
	}, nil)
	return func(ctx context.Context) bool {
		for !over {
			if done.wait(ctx, b.sim) != nil {
				return over
			}
		}
		return true
	}
}

// Within implements [coordinator.Schedule].
func (b schedule) Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return b.sim.within(ctx, d, true)
}

// Pause implements [coordinator.Schedule].
func (b schedule) Pause(ctx context.Context, d time.Duration) error { return b.sim.sleep(ctx, d) }

// Every implements [coordinator.Schedule].
func (b schedule) Every(d time.Duration, f func()) (stop func()) {
	life, going := b.life, true
	var next *timer
	var tick func()
	tick = func() {
		if !going || b.life != life || !b.up {
			return
		}
		if !b.frozenUntil.After(b.sim.now()) {
			f()
		}
		next = b.sim.at(d, tick)
	}
	next = b.sim.at(d, tick)
	return func() {
		going = false
		next.stop()
	}
}
