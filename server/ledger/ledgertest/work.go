package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func testNextHandsOut(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	got := make(chan ledger.Work, 1)
	go func() {
		w, err := l.Next(soon(t))
		if err != nil {
			t.Errorf("Next: %v", err)
		}
		got <- w
	}()
	time.Sleep(10 * time.Millisecond) // usually it waits by now; either order has to work
	want := NewRecord(1, "a", transfer.PhaseInviting)
	want.Sequence = add(t, l, want, 0)
	w := <-got
	if w == nil {
		t.FailNow()
	}
	if r := w.Record(); r.ID != "a" || r.Sequence != want.Sequence || time.Since(r.Time).Abs() > time.Minute {
		t.Errorf("handed out %s at %d, %v; want a at %d, about now", r.ID, r.Sequence, r.Time, want.Sequence)
	}
	must(t, "Done", w.Done())
}

// testNextEachOnce lets several runners share the work.
func testNextEachOnce(t *testing.T, h Harness) {
	const records, runners = 200, 8
	l := h.Open(t, unhurried)
	var mu sync.Mutex
	seen := map[string]int{}
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	var wg sync.WaitGroup
	for range runners {
		wg.Go(func() {
			for {
				w, err := l.Next(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				seen[w.Record().ID]++
				if len(seen) == records {
					cancel()
				}
				mu.Unlock()
				must(t, "Done", w.Done())
			}
		})
	}
	for n := range records {
		add(t, l, NewRecord(n, fmt.Sprint("r", n), transfer.PhaseInviting), 0)
	}
	wg.Wait()
	for n := range records {
		if c := seen[fmt.Sprint("r", n)]; c != 1 {
			t.Errorf("record %d was handed out %d times, want once", n, c)
		}
	}
}

func testNextAgain(t *testing.T, h Harness) {
	l := h.Open(t, h.AckWait)
	start := time.Now()
	add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	next(t, l) // its process is dead
	again := next(t, l)
	if again.Record().ID != "a" {
		t.Errorf("handed out %s, want a", again.Record().ID)
	}
	if took := time.Since(start); took < h.AckWait || took > 3*h.AckWait+slowness {
		t.Errorf("it came again after %v, want about %v", took, h.AckWait)
	}
	must(t, "Done", again.Done())
}

// slowness is how much later than it should a machine may do something.
const slowness = 10 * time.Second

func testNextProgress(t *testing.T, h Harness) {
	h.inTime(t, func(l ledger.Ledger, ackWait time.Duration) error {
		add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
		w := next(t, l)
		for range 8 {
			must(t, "Progress", w.Progress())
			if err := rests(l, ackWait/4); err != nil {
				return err
			}
		}
		must(t, "Done", w.Done())
		return rests(l, 2*ackWait)
	})
}

func testNextLater(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	must(t, "Later", next(t, l).Later(0))
	w, start := next(t, l), time.Now()
	must(t, "Later", w.Later(2*h.AckWait))
	w = next(t, l)
	if took := time.Since(start); w.Record().ID != "a" || took < 2*h.AckWait || took > 5*h.AckWait+slowness {
		t.Errorf("%s came %v after Later(%v)", w.Record().ID, took, 2*h.AckWait)
	}
	must(t, "Done", w.Done())
}

func testNextDone(t *testing.T, h Harness) {
	h.inTime(t, func(l ledger.Ledger, ackWait time.Duration) error {
		add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
		must(t, "Done", next(t, l).Done())
		return rests(l, 2*ackWait)
	})
}

// testNextReplaced replaces records that were handed out, put off or neither.
func testNextReplaced(t *testing.T, h Harness) {
	h.inTime(t, func(l ledger.Ledger, ackWait time.Duration) error {
		inHand := add(t, l, NewRecord(1, "1-in-hand", transfer.PhaseInviting), 0)
		putOff := add(t, l, NewRecord(2, "2-put-off", transfer.PhaseInviting), 0)
		for range 2 {
			if w := next(t, l); w.Record().Sequence == putOff {
				must(t, "Later", w.Later(ackWait/4))
			}
		}
		waiting := add(t, l, NewRecord(3, "3-waiting", transfer.PhaseInviting), 0)
		add(t, l, NewRecord(1, "new", transfer.PhaseRinging), inHand)
		add(t, l, NewRecord(2, "new", transfer.PhaseRinging), putOff)
		add(t, l, NewRecord(3, "new", transfer.PhaseRinging), waiting)
		for range 3 {
			w := next(t, l)
			if w.Record().ID != "new" {
				t.Errorf("handed out %s, which is replaced", w.Record().ID)
			}
			must(t, "Done", w.Done())
		}
		return rests(l, 2*ackWait)
	})
}

func testNextEnded(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	add(t, l, NewRecord(1, "a", transfer.PhaseCompleted), 0)
	two := add(t, l, NewRecord(2, "b", transfer.PhaseRinging), 0)
	add(t, l, NewRecord(2, "c", transfer.PhaseFailed), two)
	nothing(t, l, 2*h.AckWait)
}

// testNextLeavesNothing gives up waiting and finds that nothing is lost by it.
func testNextLeavesNothing(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	nothing(t, l, 20*time.Millisecond)
	add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	time.Sleep(20 * time.Millisecond)
	must(t, "Done", next(t, l).Done()) // what was kept for a caller that had left would come in an hour
}

func testWorkEndsOnce(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	w := next(t, l)
	must(t, "Done", w.Done())
	if w.Done() == nil || w.Later(time.Second) == nil || w.Progress() == nil {
		t.Error("work that was ended can be ended again")
	}
}

func testClose(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	add(t, l, NewRecord(1, "a", transfer.PhaseCompleted), 0)
	ended := make(chan error, 2)
	go func() { _, err := l.Next(soon(t)); ended <- err }()
	go func() { ended <- l.Follow(soon(t), 0, func(ledger.Record) error { return nil }) }()
	time.Sleep(20 * time.Millisecond) // usually both wait by now; either order has to work
	must(t, "Close", l.Close())
	must(t, "Close again", l.Close())
	errs := map[string]error{"Next that waits": <-ended, "Follow that waits": <-ended}
	_, errs["Append"] = l.Append(soon(t), NewRecord(2, "b", transfer.PhaseInviting), 0)
	_, errs["Last"] = l.Last(soon(t), ChannelSID(1))
	_, errs["Find"] = l.Find(soon(t), TransferID(1))
	_, errs["Next"] = l.Next(soon(t))
	errs["Follow"] = l.Follow(soon(t), 0, func(ledger.Record) error { return nil })
	errs["Ready"] = l.Ready(soon(t))
	for name, err := range errs {
		if !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
}

func testReopenKeepsRecords(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	const channels = 50
	at := make([]uint64, channels)
	for n := range channels {
		at[n] = add(t, l, NewRecord(n, "a", transfer.PhaseInviting), 0)
	}
	for n := range channels {
		phase := transfer.PhaseRinging
		if n%2 == 0 {
			phase = transfer.PhaseCompleted
		}
		at[n] = add(t, l, NewRecord(n, "b", phase), at[n])
	}
	l = h.Reopen(t, l)
	for n := range channels {
		last, err := l.Last(soon(t), ChannelSID(n))
		must(t, "Last", err)
		found, err := l.Find(soon(t), TransferID(n))
		must(t, "Find", err)
		if last.Sequence != at[n] || last.ID != "b" || found.Sequence != at[n] {
			t.Errorf("channel %d: Last = %s at %d, Find = %d; want b at %d", n, last.ID, last.Sequence, found.Sequence, at[n])
		}
	}
	count := 0
	err := l.Follow(soon(t), at[9], func(ledger.Record) error {
		if count++; count == channels-10 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Errorf("Follow: %v after %d records", err, count)
	}
	if again := add(t, l, NewRecord(0, "b", transfer.PhaseCompleted), at[0]-channels); again != at[0] {
		t.Errorf("a record of before, again: %d, want %d", again, at[0])
	}
	add(t, l, NewRecord(1, "c", transfer.PhaseCompleted), at[1])
}

// testReopenKeepsWork finds the open records again: those never handed out,
// those in hand, and those put off.
func testReopenKeepsWork(t *testing.T, h Harness) {
	h.inTime(t, func(l ledger.Ledger, ackWait time.Duration) error {
		add(t, l, NewRecord(1, "in-hand", transfer.PhaseInviting), 0)
		next(t, l)
		add(t, l, NewRecord(2, "put-off", transfer.PhaseInviting), 0)
		must(t, "Later", next(t, l).Later(ackWait))
		add(t, l, NewRecord(3, "done", transfer.PhaseInviting), 0)
		must(t, "Done", next(t, l).Done())
		add(t, l, NewRecord(4, "fresh", transfer.PhaseInviting), 0)
		time.Sleep(ackWait / 4) // a server that ends forgets what it has been told and has not taken in yet
		l = h.Reopen(t, l)
		seen := map[string]bool{}
		for len(seen) < 3 {
			w := next(t, l)
			seen[w.Record().ID] = true
			must(t, "Done", w.Done())
		}
		if !seen["in-hand"] || !seen["put-off"] || !seen["fresh"] {
			return fmt.Errorf("handed out %v, want in-hand, put-off and fresh", seen)
		}
		return rests(l, 2*ackWait)
	})
}
