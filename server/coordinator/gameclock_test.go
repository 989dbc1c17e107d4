package coordinator

import (
	"context"
	"time"
)

// gameSchedule does one thing after the other, in an order that the game draws,
// and measures time by the game's clock: the same draws make the same game.
type gameSchedule struct{ g *game }

func (s gameSchedule) Together(ctx context.Context, calls ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first error
	for _, i := range s.g.random.Perm(len(calls)) {
		if err := calls[i](ctx); err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

// Begin puts f off until somebody waits for it, or until the game's next step.
func (s gameSchedule) Begin(f func()) func(context.Context) bool {
	b := &begun{f: f}
	s.g.left = append(s.g.left, b)
	return func(ctx context.Context) bool {
		b.run()
		for !b.over && ctx.Err() == nil { // it waits for somebody further up
			s.g.clock.Advance(time.Second)
		}
		return b.over && ctx.Err() == nil
	}
}

// begun is what was begun beside something else.
type begun struct {
	f       func()
	running bool
	over    bool
}

func (b *begun) run() {
	if !b.running {
		b.running = true
		b.f()
		b.over = true
	}
}

// runLeft runs what requests have left behind.
func (g *game) runLeft() {
	for len(g.left) > 0 {
		b := g.left[0]
		g.left = g.left[1:]
		b.run()
	}
}

func (s gameSchedule) Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if d <= 0 {
		cancel()
		return ctx, cancel
	}
	timer := s.g.clock.AfterFunc(d, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

// Pause lets the time pass.
func (s gameSchedule) Pause(ctx context.Context, d time.Duration) error {
	s.g.clock.Advance(d)
	return ctx.Err()
}

func (s gameSchedule) Every(time.Duration, func()) (stop func()) { return func() {} }
