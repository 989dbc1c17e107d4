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

// testNotes: a note is changed only by who has read it, and outlives the process.
func testNotes(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	notes, ok := l.(ledger.Notes)
	if !ok {
		t.Skip("the ledger keeps no notes")
	}
	ctx := context.Background()
	value, revision, err := notes.Note(ctx, "key")
	if value != "" || revision != 0 || err != nil {
		t.Fatalf("nothing was noted: %q, %d, %v", value, revision, err)
	}
	if err := notes.SetNote(ctx, "key", "one", 0); err != nil {
		t.Fatal(err)
	}
	if err := notes.SetNote(ctx, "key", "two", 0); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("somebody was faster: %v", err)
	}
	value, revision, err = notes.Note(ctx, "key")
	if value != "one" || revision == 0 || err != nil {
		t.Fatalf("%q, %d, %v", value, revision, err)
	}
	var one sync.WaitGroup
	won := make(chan int, 8)
	for i := range 8 {
		one.Go(func() {
			if err := notes.SetNote(ctx, "key", fmt.Sprint(i), revision); err == nil {
				won <- i
			} else if !errors.Is(err, ledger.ErrConflict) {
				t.Error(err)
			}
		})
	}
	one.Wait()
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d have won", len(won))
	}
	winner := fmt.Sprint(<-won)
	again := h.Reopen(t, l).(ledger.Notes)
	if value, _, err = again.Note(ctx, "key"); value != winner || err != nil {
		t.Errorf("after a restart: %q, %v; want %q", value, err, winner)
	}
	if value, _, _ = again.Note(ctx, "other"); value != "" {
		t.Errorf("another note is %q", value)
	}
}

// testOpen: what is open is listed in order, what has ended is not, also after a
// restart.
func testOpen(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	if _, ok := l.(ledger.Opens); !ok {
		t.Skip("the ledger lists nothing")
	}
	ctx := context.Background()
	var ended uint64
	for n, phase := range map[int]transfer.Phase{1: transfer.PhaseRinging, 2: transfer.PhaseLeaving, 3: transfer.PhaseCompleted} {
		sequence, err := l.Append(ctx, NewRecord(n, fmt.Sprint("open", n), phase), 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 2 {
			ended = sequence
		}
	}
	if _, err := l.Append(ctx, NewRecord(2, "ended", transfer.PhaseCanceled), ended); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		deadline := time.Now().Add(patience)
		for {
			open, err := l.(ledger.Opens).Open(ctx)
			if err == nil && len(open) == 1 && open[0].Channel() == ChannelSID(1) && open[0].Sequence > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("open are %+v, %v", open, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		l = h.Reopen(t, l)
	}
}
