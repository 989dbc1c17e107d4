package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// writers is how many write to one channel at once.
const writers = 500

func testAppend(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	want := NewRecord(1, "a", transfer.PhaseInviting)
	want.Sequence = add(t, l, want, 0)
	if want.Sequence == 0 {
		t.Fatal("the first sequence is 0, which stands for no record")
	}
	got, err := l.Last(soon(t), ChannelSID(1))
	must(t, "Last", err)
	if age := time.Since(got.Time); age < -time.Minute || age > time.Minute {
		t.Errorf("Time = %v, want about now", got.Time)
	}
	got.Time = time.Time{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Last = %+v\nwant   %+v", got, want)
	}
	other := add(t, l, NewRecord(2, "b", transfer.PhaseInviting), 0)
	second := add(t, l, NewRecord(1, "c", transfer.PhaseLeaving), want.Sequence)
	if other <= want.Sequence || second <= other {
		t.Errorf("sequences %d, %d, %d: want them to grow over all channels", want.Sequence, other, second)
	}
}

func testAppendExpects(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	if _, err := l.Last(soon(t), ChannelSID(1)); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Last of a channel without records: %v, want ErrNotFound", err)
	}
	refuse := func(id string, expected uint64) {
		t.Helper()
		_, err := l.Append(soon(t), NewRecord(1, id, transfer.PhaseInviting), expected)
		if !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("Append %s expecting %d: %v, want ErrConflict", id, expected, err)
		}
	}
	refuse("too-early", 7)
	first := add(t, l, NewRecord(1, "first", transfer.PhaseInviting), 0)
	refuse("not-new", 0)
	refuse("ahead", first+1)
	second := add(t, l, NewRecord(1, "second", transfer.PhaseLeaving), first)
	refuse("behind", first)
	refuse("not-new-2", 0)
	last, err := l.Last(soon(t), ChannelSID(1))
	must(t, "Last", err)
	if last.Sequence != second || last.ID != "second" {
		t.Errorf("Last = %s at %d, want second at %d", last.ID, last.Sequence, second)
	}
}

func testAppendRefuses(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	for field, r := range map[string]ledger.Record{
		"id":                    NewRecord(1, "", transfer.PhaseInviting),
		"id ":                   NewRecord(1, "a b", transfer.PhaseInviting),
		"id  ":                  NewRecord(1, strings.Repeat("a", 65), transfer.PhaseInviting),
		"interactionChannelSid": {ID: "a", State: transfer.State{InteractionChannelSID: "UO1.>"}},
	} {
		_, err := l.Append(soon(t), r, 0)
		if err == nil || errors.Is(err, ledger.ErrConflict) || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("Append with a bad %s: %v, want an error that names it", field, err)
		}
	}
	longest := NewRecord(1, strings.Repeat("Z", 60)+"-_09", transfer.PhaseInviting)
	add(t, l, longest, 0)
}

// testAppendOneWinner lets many writers expect the same sequence.
func testAppendOneWinner(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	var expected uint64
	for round := range 5 {
		winners := race(t, l, round, expected)
		if len(winners) != 1 {
			t.Fatalf("round %d: %d writers won, want 1", round, len(winners))
		}
		last, err := l.Last(soon(t), ChannelSID(1))
		must(t, "Last", err)
		if winners[last.ID] != last.Sequence || last.Sequence <= expected {
			t.Fatalf("round %d: Last is %s at %d; the winner was %v", round, last.ID, last.Sequence, winners)
		}
		expected = last.Sequence
	}
}

// race returns the sequences of those that won, by the ID of their record.
func race(t *testing.T, l ledger.Ledger, round int, expected uint64) map[string]uint64 {
	t.Helper()
	winners := map[string]uint64{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx := soon(t)
	for i := range writers {
		wg.Go(func() {
			id := fmt.Sprintf("r%d-%d", round, i)
			sequence, err := l.Append(ctx, NewRecord(1, id, transfer.PhaseRinging), expected)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				winners[id] = sequence
			} else if !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("round %d, writer %d: %v, want ErrConflict", round, i, err)
			}
		})
	}
	wg.Wait()
	return winners
}

// testNewest asks for the last record by what is on disk.
func testNewest(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	if _, err := l.Newest(soon(t), ChannelSID(1)); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Newest of a channel without a record: %v, want ErrNotFound", err)
	}
	sequence := uint64(0)
	for i, phase := range []transfer.Phase{transfer.PhaseInviting, transfer.PhaseRinging, transfer.PhaseCompleted} {
		sequence = add(t, l, NewRecord(1, fmt.Sprint("n", i), phase), sequence)
		r, err := l.Newest(soon(t), ChannelSID(1))
		must(t, "Newest", err)
		if r.Sequence != sequence || r.State.Transfers[0].Phase != phase {
			t.Errorf("Newest = %d %s, want %d %s", r.Sequence, r.State.Transfers[0].Phase, sequence, phase)
		}
	}
	if _, err := l.Newest(soon(t), "UO1.>"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Newest of what is no channel: %v, want ErrNotFound", err)
	}
	must(t, "Close", l.Close())
	if _, err := l.Newest(soon(t), ChannelSID(1)); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Newest after Close: %v, want ErrClosed", err)
	}
}

// testAppendReadsBack writes again what was written, as one does whose answer
// was lost.
func testAppendReadsBack(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	first, second := NewRecord(1, "first", transfer.PhaseInviting), NewRecord(1, "second", transfer.PhaseLeaving)
	one := add(t, l, first, 0)
	if again := add(t, l, first, 0); again != one {
		t.Errorf("the first record again: %d, want %d", again, one)
	}
	two := add(t, l, second, one)
	if again := add(t, l, first, 0); again != one {
		t.Errorf("the first record again, after the second: %d, want %d", again, one)
	}
	if again := add(t, l, second, one); again != two {
		t.Errorf("the second record again: %d, want %d", again, two)
	}
	last, err := l.Last(soon(t), ChannelSID(1))
	must(t, "Last", err)
	if last.Sequence != two {
		t.Errorf("Last = %d, want %d: nothing was to be written twice", last.Sequence, two)
	}
}

func testLastAfterConflict(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			for step := 0; step < 5; {
				var expected uint64
				last, err := l.Last(soon(t), ChannelSID(1))
				if err == nil {
					expected = last.Sequence
				}
				_, err = l.Append(soon(t), NewRecord(1, fmt.Sprintf("w%d-%d", i, step), transfer.PhaseRinging), expected)
				switch {
				case err == nil:
					step++
				case !errors.Is(err, ledger.ErrConflict):
					t.Errorf("Append: %v", err)
					return
				default:
					if now, err := l.Last(soon(t), ChannelSID(1)); err != nil || now.Sequence <= expected {
						t.Errorf("after a conflict at %d Last = %d, %v: want a newer one", expected, now.Sequence, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func testFind(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	first := add(t, l, NewRecord(1, "a", transfer.PhaseInviting), 0)
	add(t, l, NewRecord(2, "b", transfer.PhaseInviting), 0)
	second := add(t, l, NewRecord(1, "c", transfer.PhaseLeaving), first)
	r, err := l.Find(soon(t), TransferID(1))
	must(t, "Find", err)
	if r.Sequence != second || r.ID != "c" {
		t.Errorf("Find = %s at %d, want c at %d", r.ID, r.Sequence, second)
	}
	if _, err := l.Find(soon(t), "nobody"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Find of an unknown transfer: %v, want ErrNotFound", err)
	}
	dropped := NewRecord(1, "d", transfer.PhaseInviting)
	dropped.State.Transfers[0].ID = "the-next-one"
	add(t, l, dropped, second)
	if _, err := l.Find(soon(t), TransferID(1)); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("Find of a transfer that its channel no longer holds: %v, want ErrNotFound", err)
	}
	if r, err := l.Find(soon(t), "the-next-one"); err != nil || r.ID != "d" {
		t.Errorf("Find = %s, %v; want d", r.ID, err)
	}
}

func testRecordsAreCopies(t *testing.T, h Harness) {
	l := h.Open(t, unhurried)
	r := NewRecord(1, "a", transfer.PhaseInviting)
	r.State.Transfers[0].DroppedAttributes = []string{"x"}
	add(t, l, r, 0)
	spoil := func(r ledger.Record) {
		r.State.Transfers[0].Phase = transfer.PhaseFailed
		r.State.Transfers[0].DroppedAttributes[0] = "spoilt"
	}
	spoil(r)
	last, err := l.Last(soon(t), ChannelSID(1))
	must(t, "Last", err)
	spoil(last)
	found, err := l.Find(soon(t), TransferID(1))
	must(t, "Find", err)
	spoil(found)
	spoil(next(t, l).Record())
	stop := errors.New("stop")
	if err := l.Follow(soon(t), 0, func(r ledger.Record) error { spoil(r); return stop }); !errors.Is(err, stop) {
		t.Fatalf("Follow: %v", err)
	}
	last, err = l.Last(context.Background(), ChannelSID(1))
	must(t, "Last", err)
	if x := last.State.Transfers[0]; x.Phase != transfer.PhaseInviting || x.DroppedAttributes[0] != "x" {
		t.Errorf("what a caller did to its record changed the ledger's: %+v", x)
	}
}
