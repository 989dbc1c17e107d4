package simulate

import (
	"context"
	"time"
)

// limit is a context that ends by virtual time, or when it is canceled. It is
// used by one strand at a time, as everything here, so it needs no lock.
//
// The virtual clock stands in the past of the machine's: code that measures its
// Deadline by the machine's clock sees it passed and waits for nothing.
type limit struct {
	context.Context // the parent
	sim             *Simulation
	deadline        time.Time
	done            chan struct{} // made when somebody asks
	err             error
	timer           *timer
	above           *limit
	waiting         []waiter
	tickets         int
}

// waiter is who is to be told of the end.
type waiter struct {
	ticket int
	f      func()
}

type limitKey struct{}

// limitOf is the nearest limit that ends the context; nil if none does.
func limitOf(ctx context.Context) *limit {
	if l, ok := ctx.(*limit); ok {
		return l
	}
	if ctx.Done() == nil {
		return nil
	}
	l, _ := ctx.Value(limitKey{}).(*limit)
	return l
}

// within returns a context that ends after d; never by itself if d is 0.
func (s *Simulation) within(ctx context.Context, d time.Duration, limited bool) (*limit, context.CancelFunc) {
	l := &limit{Context: ctx, sim: s, above: limitOf(ctx)}
	var ticket int
	if l.above != nil {
		l.deadline = l.above.deadline
		if l.above.err != nil {
			l.err = l.above.err
			return l, func() {}
		}
		ticket = l.above.tell(func() { l.end(l.above.err) })
	}
	if limited {
		if at := s.now().Add(d); l.deadline.IsZero() || at.Before(l.deadline) {
			l.deadline = at
			l.timer = s.at(max(d, 0), func() { l.end(context.DeadlineExceeded) })
		}
	}
	return l, func() {
		if l.above != nil {
			l.above.forget(ticket)
		}
		l.end(context.Canceled)
	}
}

func (l *limit) tell(f func()) (ticket int) {
	l.tickets++
	l.waiting = append(l.waiting, waiter{l.tickets, f})
	return l.tickets
}

func (l *limit) forget(ticket int) {
	for i := range l.waiting {
		if l.waiting[i].ticket == ticket {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return
		}
	}
}

func (l *limit) end(err error) {
	if l.err != nil {
		return
	}
	l.err = err
	l.timer.stop()
	if l.done != nil {
		close(l.done)
	}
	waiting := l.waiting
	l.waiting = nil
	for _, w := range waiting {
		w.f()
	}
}

// Deadline implements [context.Context].
func (l *limit) Deadline() (time.Time, bool) { return l.deadline, !l.deadline.IsZero() }

// Err implements [context.Context].
func (l *limit) Err() error { return l.err }

// Done implements [context.Context].
func (l *limit) Done() <-chan struct{} {
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		}
	}
	return l.done
}

// Value implements [context.Context].
func (l *limit) Value(key any) any {
	if _, ok := key.(limitKey); ok {
		return l
	}
	return l.Context.Value(key)
}

// AfterFunc lets contexts of the standard library hang on this one without a
// goroutine.
func (l *limit) AfterFunc(f func()) (stop func() bool) {
	if l.err != nil {
		f()
		return func() bool { return false }
	}
	ticket := l.tell(f)
	return func() bool {
		l.forget(ticket)
		return l.err == nil
	}
}

// wait parks the running strand until the wake function that arm is given is
// called, or ctx is done; then the error is the context's.
func (s *Simulation) wait(ctx context.Context, arm func(wake func())) error {
	st := s.self()
	l := limitOf(ctx)
	if l != nil && l.err != nil {
		return l.err
	}
	st.parking++
	parking := st.parking
	wake := func() { st.wake(parking) }
	if l == nil {
		arm(wake)
		st.park()
		return nil
	}
	ticket := l.tell(wake)
	arm(wake)
	st.park()
	l.forget(ticket)
	return l.err
}

// sleep parks the running strand for d, or until ctx is done.
func (s *Simulation) sleep(ctx context.Context, d time.Duration) error {
	var t *timer
	err := s.wait(ctx, func(wake func()) { t = s.at(d, wake) })
	t.stop()
	return err
}

// signal is something that several strands wait for.
type signal struct{ waiting []func() }

// wait parks the running strand until the next call of all, or until ctx is
// done.
func (g *signal) wait(ctx context.Context, s *Simulation) error {
	return s.wait(ctx, func(wake func()) { g.waiting = append(g.waiting, wake) })
}

// all wakes everybody who waits.
func (g *signal) all() {
	waiting := g.waiting
	g.waiting = nil
	for _, wake := range waiting {
		wake()
	}
}
