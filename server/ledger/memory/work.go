package memory

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// task is a record that is to be handed out once due has come: at once, after
// Later, or when whoever has it in hand has shown no sign of life for AckWait.
type task struct {
	sequence uint64
	channel  string
	due      time.Time
}

// Next implements [ledger.Ledger]. Of several records that are due, the oldest
// comes first.
func (l *Ledger) Next(ctx context.Context) (ledger.Work, error) {
	for {
		if err := l.alive(ctx); err != nil {
			return nil, err
		}
		w, due, changed := l.take()
		if w != nil {
			return w, nil
		}
		select {
		case <-ctx.Done():
		case <-l.closed:
		case <-changed:
		case <-l.store.timer(due):
		}
	}
}

// TryNext returns a piece of work that is due now, without waiting, for
// schedulers that own the clock.
func (l *Ledger) TryNext() (ledger.Work, bool) {
	if l.alive(context.Background()) != nil {
		return nil, false
	}
	w, _, _ := l.take()
	return w, w != nil
}

// NextDue is when there will be work if nothing is written before; false if
// there is none to wait for.
func (s *Store) NextDue() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	due := s.earliest()
	return due, !due.IsZero()
}

// timer fires when the due time comes; never for a zero time or without a timer.
func (s *Store) timer(due time.Time) <-chan time.Time {
	if due.IsZero() || s.options.After == nil {
		return nil
	}
	return s.options.After(max(due.Sub(s.options.Now()), 0))
}

// take hands out a task that is due, or says when one will be.
func (l *Ledger) take() (w ledger.Work, due time.Time, changed <-chan struct{}) {
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	now := s.options.Now()
	for _, t := range s.tasks {
		if !t.due.After(now) {
			t.due = now.Add(s.options.AckWait)
			return &work{ledger: l, task: t, record: s.records[t.sequence-1]}, time.Time{}, nil
		}
	}
	return nil, s.earliest(), s.changed
}

// sweep drops the tasks whose record was replaced; earliest is the first due
// time of the others. Both are called with mu held.
func (s *Store) sweep() {
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool { return last(s.channels[t.channel]) != t.sequence })
}

func (s *Store) earliest() (due time.Time) {
	for _, t := range s.tasks {
		if due.IsZero() || t.due.Before(due) {
			due = t.due
		}
	}
	return due
}

// work is a task in hand.
type work struct {
	ledger *Ledger
	task   *task
	record ledger.Record
	ended  atomic.Bool
}

func (w *work) Record() ledger.Record { return w.record.Clone() }

func (w *work) Done() error {
	return w.end(func(s *Store) {
		s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool { return t == w.task })
	})
}

func (w *work) Later(d time.Duration) error {
	return w.end(func(s *Store) { w.task.due = s.options.Now().Add(max(d, 0)) })
}

func (w *work) Progress() error {
	if w.ended.Load() {
		return ErrEnded
	}
	return w.change(func(s *Store) { w.task.due = s.options.Now().Add(s.options.AckWait) })
}

func (w *work) end(how func(*Store)) error {
	if w.ended.Swap(true) {
		return ErrEnded
	}
	return w.change(how)
}

func (w *work) change(how func(*Store)) error {
	if err := w.ledger.alive(context.Background()); err != nil {
		return err
	}
	s := w.ledger.store
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
	s.wake()
	return nil
}
