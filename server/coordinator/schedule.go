package coordinator

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Schedule is how a coordinator does several things at once, and how it
// measures how long they take. The usual one uses goroutines and the machine's
// clock; a simulation supplies one of its own, which decides who goes on when.
type Schedule interface {
	// Together makes the calls at once and returns, when all have ended, the first
	// error. The context that they are given ends with ctx and with the first
	// error.
	Together(ctx context.Context, calls ...func(context.Context) error) error
	// Begin runs f beside the caller. The function that it returns waits until f
	// has ended, or until ctx is done, and reports whether f has ended.
	Begin(f func()) (ended func(ctx context.Context) bool)
	// Within is [context.WithTimeout].
	Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Pause waits for d; its error is that of a ctx that is done before.
	Pause(ctx context.Context, d time.Duration) error
	// Every calls f every d until stop is called, which returns once no call is
	// under way any more.
	Every(d time.Duration, f func()) (stop func())
}

// goroutines is the usual Schedule.
type goroutines struct{}

var _ Schedule = goroutines{}

func (goroutines) Together(ctx context.Context, calls ...func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, call := range calls {
		all.Go(func() error { return call(ctx) })
	}
	return all.Wait()
}

func (goroutines) Begin(f func()) func(context.Context) bool {
	over := make(chan struct{})
	go func() {
		defer close(over)
		f()
	}()
	return func(ctx context.Context) bool {
		select {
		case <-over:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

func (goroutines) Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

func (goroutines) Pause(ctx context.Context, d time.Duration) error {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (goroutines) Every(d time.Duration, f func()) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-stopping:
				return
			case <-tick.C:
				f()
			}
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

// leave begins what may outlast the request that begins it; see
// [Coordinator.Wait].
func (c *Coordinator) leave(f func()) (ended func(ctx context.Context) bool) {
	c.left.Add(1)
	return c.Schedule.Begin(func() {
		defer c.left.Done()
		f()
	})
}
