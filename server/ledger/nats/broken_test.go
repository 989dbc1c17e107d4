package nats

import (
	"context"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestUndecodable puts what is no record into the stream.
func TestUndecodable(t *testing.T) {
	o := testOptions(t.TempDir())
	o.AckWait = time.Hour // on a slow machine too each is met once
	l := openWith(t, o)
	ctx := context.Background()
	foreign, err := encode("", ledgertest.NewRecord(8, "foreign", transfer.PhaseRinging), 0)
	if err != nil {
		t.Fatal(err)
	}
	for subject, data := range map[string]string{
		l.subjects.prefix + ledgertest.ChannelSID(5): "{",
		l.subjects.prefix + ledgertest.ChannelSID(6): "",
		l.subjects.prefix + ledgertest.ChannelSID(7): string(foreign.Data),
		l.subjects.prefix + "no-channel":             "{}",
	} {
		if _, err := l.js.Publish(ctx, subject, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(l *Ledger, n int) {
		t.Helper()
		appendNew(t, l, n, transfer.PhaseInviting)
		w := nextWithin(t, l, time.Minute)
		if w.Record().Channel() != ledgertest.ChannelSID(n) {
			t.Errorf("handed out a record of %s", w.Record().Channel())
		}
		if err := w.Done(); err != nil {
			t.Error(err)
		}
		waitFrontier(t, l, w.Record().Sequence)
		if r, err := l.Last(ctx, ledgertest.ChannelSID(5)); err == nil {
			t.Errorf("Last of a channel that cannot be read = %+v", r)
		}
		var after uint64
		visited := 0
		followed, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_ = l.Follow(followed, 0, recordsInOrder(t, &after, func() { // it ends with the context
			if visited++; after == w.Record().Sequence {
				cancel()
			}
		}))
		if after != w.Record().Sequence {
			t.Errorf("Follow stopped at %d", after)
		}
	}
	check(l, 1)
	if got := l.Stats().Undecodable; got != 4 {
		t.Errorf("Undecodable = %d, want 4", got)
	}
	waitAnswered(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o.AckWait = testAckWait
	l = openWith(t, o)
	check(l, 2)
	if got := l.Stats().Undecodable; got != 0 {
		t.Errorf("Undecodable after a restart = %d, want 0: they were terminated", got)
	}
}

func nextWithin(t *testing.T, l *Ledger, d time.Duration) ledger.Work {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w, err := l.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return w
}

// TestConsumersAreMadeAnew deletes the consumers behind the ledger's back.
func TestConsumersAreMadeAnew(t *testing.T) {
	l := openWith(t, testOptions(t.TempDir()))
	first := appendNew(t, l, 1, transfer.PhaseInviting)
	if err := nextWithin(t, l, time.Minute).Done(); err != nil {
		t.Fatal(err)
	}
	waitFrontier(t, l, first)
	for info := range l.stream.ListConsumers(context.Background()).Info() {
		if err := l.js.DeleteConsumer(context.Background(), l.subjects.stream, info.Name); err != nil {
			t.Fatal(err)
		}
	}
	second := appendNew(t, l, 2, transfer.PhaseInviting)
	waitFrontier(t, l, second)
	waitReady(t, l)
	seen := map[string]bool{}
	for !seen[ledgertest.ChannelSID(2)] {
		w := nextWithin(t, l, time.Minute)
		seen[w.Record().Channel()] = true
		if err := w.Done(); err != nil {
			t.Error(err)
		}
	}
}
