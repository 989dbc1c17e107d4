package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestConformance(t *testing.T) {
	conform(t, memory.Options{})
}

// TestQuickConformance: nothing of what a ledger promises rests on records going
// through JSON, so that what the simulation runs on is held to all of it too.
func TestQuickConformance(t *testing.T) {
	conform(t, memory.Options{Quick: true})
}

func conform(t *testing.T, o memory.Options) {
	t.Parallel() // it waits, most of the time
	o.Now, o.After = time.Now, time.After
	stores := map[ledger.Ledger]*memory.Store{}
	open := func(t *testing.T, s *memory.Store) ledger.Ledger {
		l := s.Open()
		stores[l] = s
		t.Cleanup(func() { _ = l.Close() }) // it never fails
		return l
	}
	ledgertest.Run(t, ledgertest.Harness{
		AckWait: time.Second,
		Open: func(t *testing.T, ackWait time.Duration) ledger.Ledger {
			o := o
			o.AckWait = ackWait
			return open(t, memory.NewStore(o))
		},
		Reopen: func(t *testing.T, l ledger.Ledger) ledger.Ledger {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, stores[l])
		},
	})
}

// clock is a time that the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestSchedulerOwnsTheClock(t *testing.T) {
	c := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	start := c.now
	s := memory.NewStore(memory.Options{Now: c.Now})
	first, second := s.Open(), s.Open()
	if _, ok := s.NextDue(); ok {
		t.Error("an empty store has work due")
	}
	if _, err := first.Append(context.Background(), ledgertest.NewRecord(1, "a", transfer.PhaseInviting), 0); err != nil {
		t.Fatal(err)
	}
	w, ok := first.TryNext()
	if !ok || !w.Record().Time.Equal(start) {
		t.Fatalf("TryNext = %v, %v; want the record of %v", w, ok, start)
	}
	if _, ok := second.TryNext(); ok {
		t.Error("the same work was handed out twice")
	}
	if err := first.Close(); err != nil { // the process dies with the work in hand
		t.Fatal(err)
	}
	due, ok := s.NextDue()
	if !ok || !due.Equal(start.Add(memory.DefaultAckWait)) {
		t.Fatalf("NextDue = %v, %v; want AckWait from now", due, ok)
	}
	c.now = due
	w, ok = second.TryNext()
	if !ok {
		t.Fatal("the work of the dead process did not come again")
	}
	if err := w.Later(time.Hour); err != nil {
		t.Fatal(err)
	}
	if due, _ := s.NextDue(); !due.Equal(c.now.Add(time.Hour)) {
		t.Errorf("NextDue = %v, want an hour from %v", due, c.now)
	}
}

func TestWake(t *testing.T) {
	c := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := memory.NewStore(memory.Options{Now: func() time.Time { return c.now }})
	l := s.Open()
	if _, err := l.Append(context.Background(), ledgertest.NewRecord(1, "a", transfer.PhaseInviting), 0); err != nil {
		t.Fatal(err)
	}
	w, _ := l.TryNext()
	if err := w.Later(time.Minute); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Minute)
	s.Wake()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if w, err := l.Next(ctx); err != nil || w.Record().ID != "a" {
		t.Errorf("Next = %v, %v; want a", w, err)
	}
}
