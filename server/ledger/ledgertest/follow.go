package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var errEnough = errors.New("enough")

// followed returns the IDs of the records that a follower sees up to the one
// with the ID last, in order.
func followed(t *testing.T, l ledger.Ledger, after uint64, last string) (ids []string) {
	t.Helper()
	err := l.Follow(soon(t), after, func(r ledger.Record) error {
		ids = append(ids, r.ID)
		if r.ID == last {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("Follow after %v: %v, want the visitor's error", ids, err)
	}
	return ids
}

func testFollowOrder(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	one := add(t, l, NewRecord(1, "1a", transfer.PhaseInviting), 0)
	two := add(t, l, NewRecord(2, "2a", transfer.PhaseInviting), 0)
	add(t, l, NewRecord(3, "3a", transfer.PhaseInviting), 0)
	add(t, l, NewRecord(1, "1b", transfer.PhaseRinging), one)
	add(t, l, NewRecord(2, "2b", transfer.PhaseCompleted), two)
	if got, want := followed(t, l, 0, "2b"), []string{"3a", "1b", "2b"}; !slices.Equal(got, want) {
		t.Errorf("Follow = %v, want the last record of each channel in order: %v", got, want)
	}
}

func testFollowResume(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	var sequences []uint64
	for n := range 10 {
		sequences = append(sequences, add(t, l, NewRecord(n, fmt.Sprint("r", n), transfer.PhaseInviting), 0))
	}
	if got, want := followed(t, l, sequences[6], "r9"), []string{"r7", "r8", "r9"}; !slices.Equal(got, want) {
		t.Errorf("Follow after r6 = %v, want %v", got, want)
	}
	seen := make(chan ledger.Record)
	ctx, cancel := context.WithCancel(soon(t))
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, sequences[9], func(r ledger.Record) error { seen <- r; return nil })
	}()
	for n := 10; n < 20; n++ {
		want := add(t, l, NewRecord(n, fmt.Sprint("r", n), transfer.PhaseInviting), 0)
		select {
		case r := <-seen:
			if r.Sequence != want || r.ID != fmt.Sprint("r", n) || r.Time.IsZero() {
				t.Errorf("followed %s at %d, %v; want r%d at %d", r.ID, r.Sequence, r.Time, n, want)
			}
		case <-soon(t).Done():
			t.Fatalf("record %d did not come", n)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Follow ended with %v, want context.Canceled", err)
	}
}

// testFollowSlow holds a visitor up while its channels move on.
func testFollowSlow(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	at := make([]uint64, 3)
	for n := range at {
		at[n] = add(t, l, NewRecord(n, fmt.Sprintf("%d-0", n), transfer.PhaseInviting), 0)
	}
	held, release := make(chan struct{}), make(chan struct{})
	ids := make(chan []string, 1)
	go func() {
		var got []string
		_ = l.Follow(soon(t), 0, func(r ledger.Record) error { // it ends with errEnough
			if got = append(got, r.ID); len(got) == 1 {
				close(held)
				<-release
			}
			if r.ID == "end" {
				return errEnough
			}
			return nil
		})
		ids <- got
	}()
	<-held
	for i := 1; i <= 300; i++ {
		for n := range at {
			at[n] = add(t, l, NewRecord(n, fmt.Sprintf("%d-%d", n, i), transfer.PhaseRinging), at[n])
		}
	}
	add(t, l, NewRecord(9, "end", transfer.PhaseInviting), 0)
	if got, want := followed(t, l, 0, "end"), []string{"0-300", "1-300", "2-300", "end"}; !slices.Equal(got, want) {
		t.Errorf("another follower saw %v meanwhile, want %v", got, want)
	}
	close(release)
	if got, want := <-ids, []string{"0-0", "0-300", "1-300", "2-300", "end"}; !slices.Equal(got, want) {
		t.Errorf("the slow visitor saw %v, want %v", got, want)
	}
}

func testFollowEnds(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	visit := func(ledger.Record) error { t.Error("visited"); return nil }
	if err := l.Follow(ctx, 0, visit); !errors.Is(err, context.Canceled) {
		t.Errorf("Follow with a context that is done: %v, want context.Canceled", err)
	}
	add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	if err := l.Follow(soon(t), 0, func(ledger.Record) error { return errEnough }); err != errEnough {
		t.Errorf("Follow: %v, want the visitor's error as it is", err)
	}
}
