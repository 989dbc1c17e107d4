package sandbox

import (
	"context"
	"sync"
)

// emission is something that leaves the account once the lock is free: a change for observers, or a webhook.
type emission struct {
	seq    uint64
	change *Change
	hook   *outgoing
}

type observer struct {
	since uint64 // emissions up to this one are in the observer's snapshot
	tell  func(Change)
}

// changed tells observers about an object. render runs now, with the lock held, and only when somebody observes.
func (a *Account) changed(kind string, render func() any) {
	if a.quiet || a.observing.Load() == 0 {
		return
	}
	a.emitted++
	a.pending = append(a.pending, emission{seq: a.emitted, change: &Change{Kind: kind, Object: render()}})
}

// flush lets out what is pending, in order. Where another goroutine is at it, that one lets it out.
func (a *Account) flush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flushing {
		return
	}
	a.flushing = true
	for len(a.pending) > 0 {
		batch := a.pending
		a.pending = nil
		observers := make([]*observer, 0, len(a.observers))
		for o := range a.observers {
			observers = append(observers, o)
		}
		a.mu.Unlock()
		a.letOut(batch, observers)
		a.mu.Lock()
	}
	a.flushing = false
}

func (a *Account) letOut(batch []emission, observers []*observer) {
	for _, e := range batch {
		if e.hook != nil {
			a.hooks.send(e.hook)
			continue
		}
		for _, o := range observers {
			if e.seq > o.since {
				o.tell(*e.change)
			}
		}
	}
}

// Subscribe calls f for every change from now on, one at a time and in order, after the change and with no lock held.
// f delays all other observers, and may call the account. After cancel returns, a call under way may still end.
func (a *Account) Subscribe(f func(Change)) (cancel func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.observe(f)
}

// observe wants the lock held.
func (a *Account) observe(f func(Change)) (cancel func()) {
	o := &observer{since: a.emitted, tell: f}
	a.observers[o] = struct{}{}
	a.observing.Add(1)
	return sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.observers, o)
		a.observing.Add(-1)
	})
}

// Watch returns a snapshot and a channel with every change after it, without a gap. The channel is closed when ctx ends,
// the account is closed, or the reader is more than buffer changes behind: then it should watch anew.
func (a *Account) Watch(ctx context.Context, buffer int) (Snapshot, <-chan Change) {
	changes := make(chan Change, max(buffer, 1))
	ctx, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	over := false
	end := func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			over = true
			close(changes)
		}
	}
	a.mu.Lock()
	cancel := a.observe(func(c Change) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		select {
		case changes <- c:
		default:
			over = true
			close(changes)
			stop()
		}
	})
	snapshot := a.snapshot()
	a.mu.Unlock()
	go func() {
		select {
		case <-ctx.Done():
		case <-a.closed:
		}
		stop()
		cancel()
		end()
	}()
	return snapshot, changes
}

// traced writes a trace entry and tells observers.
func (a *Account) traced(e TraceEntry) {
	e = a.trace.add(e)
	if a.observing.Load() == 0 {
		return
	}
	_ = a.do(func() error {
		a.changed("trace", func() any { return e })
		return nil
	})
}
