// Package ledgertest is what every ledger has to pass: the promises of
// [ledger.Ledger], one test each.
package ledgertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Harness makes the ledgers to be tested.
type Harness struct {
	// Open returns a ledger with nothing in it, ready, that hands work out again
	// after ackWait, and closes it when the test ends.
	Open func(t *testing.T, ackWait time.Duration) ledger.Ledger
	// Reopen closes a ledger from Open and returns one with the same records,
	// as the next process would have it.
	Reopen func(t *testing.T, l ledger.Ledger) ledger.Ledger
	// AckWait is what the ledgers of those tests are set to that wait for it;
	// around 500 ms.
	AckWait time.Duration
}

// unhurried is the AckWait of those tests in which nothing may be handed out
// twice, however slow the machine is.
const unhurried = time.Hour

// inTime plays a test of what a ledger does for whoever answers within AckWait.
// Where that fails it is played again with longer ones, since the machine may
// have been too slow for a short one: it has to hold for one of them.
func (h Harness) inTime(t *testing.T, play func(l ledger.Ledger, ackWait time.Duration) error) {
	t.Helper()
	for ackWait := h.AckWait; ; ackWait *= 3 {
		err := play(h.Open(t, ackWait), ackWait)
		if err == nil {
			return
		}
		if ackWait > 5*h.AckWait {
			t.Fatal(err)
		}
		t.Logf("with an AckWait of %v: %v", ackWait, err)
	}
}

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// Run tests the ledgers of the harness.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"Append":             testAppend,
		"AppendExpects":      testAppendExpects,
		"AppendRefuses":      testAppendRefuses,
		"AppendOneWinner":    testAppendOneWinner,
		"AppendReadsBack":    testAppendReadsBack,
		"LastAfterConflict":  testLastAfterConflict,
		"Newest":             testNewest,
		"Find":               testFind,
		"RecordsAreCopies":   testRecordsAreCopies,
		"FollowOrder":        testFollowOrder,
		"FollowResume":       testFollowResume,
		"FollowSlow":         testFollowSlow,
		"FollowEnds":         testFollowEnds,
		"NextHandsOut":       testNextHandsOut,
		"NextEachOnce":       testNextEachOnce,
		"NextAgain":          testNextAgain,
		"NextProgress":       testNextProgress,
		"NextLater":          testNextLater,
		"NextDone":           testNextDone,
		"NextReplaced":       testNextReplaced,
		"NextEnded":          testNextEnded,
		"NextLeavesNothing":  testNextLeavesNothing,
		"WorkEndsOnce":       testWorkEndsOnce,
		"Notes":              testNotes,
		"Open":               testOpen,
		"Close":              testClose,
		"ReopenKeepsRecords": testReopenKeepsRecords,
		"ReopenKeepsWork":    testReopenKeepsWork,
	} {
		t.Run(name, func(t *testing.T) { test(t, h) })
	}
}

// ChannelSID is the SID of the n-th channel of a test.
func ChannelSID(n int) string { return fmt.Sprintf("UO%032x", n) }

// TransferID is the ID of the only transfer in the n-th channel's records.
func TransferID(n int) string { return fmt.Sprintf("transfer-%d", n) }

// NewRecord is a record about the n-th channel, whose only transfer is in the
// phase.
func NewRecord(n int, id string, phase transfer.Phase) ledger.Record {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	t := transfer.Transfer{
		ID:          TransferID(n),
		Mode:        transfer.ModeCold,
		From:        transfer.Agent{WorkerSID: fmt.Sprintf("WK%032x", n), Name: "Anna"},
		RequestedBy: fmt.Sprintf("WK%032x", n),
		Phase:       phase,
		Attempt:     1,
		RequestedAt: at,
	}
	if !phase.Ended() {
		t.Due = at.Add(time.Minute)
	}
	return ledger.Record{
		ID: id, Origin: "ledgertest", Event: "test",
		State: transfer.State{
			Version:               transfer.StateVersion,
			InteractionSID:        fmt.Sprintf("KD%032x", n),
			InteractionChannelSID: ChannelSID(n),
			Transfers:             []transfer.Transfer{t},
		},
	}
}

// soon is a context for what has to come.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// add appends and fails the test if that does not work.
func add(t *testing.T, l ledger.Ledger, r ledger.Record, expected uint64) uint64 {
	t.Helper()
	sequence, err := l.Append(soon(t), r, expected)
	if err != nil {
		t.Fatalf("Append %s: %v", r.ID, err)
	}
	return sequence
}

// next returns the next work and fails the test if none comes.
func next(t *testing.T, l ledger.Ledger) ledger.Work {
	t.Helper()
	w, err := l.Next(soon(t))
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return w
}

// nothing fails the test if work comes within d.
func nothing(t *testing.T, l ledger.Ledger, d time.Duration) {
	t.Helper()
	if err := rests(l, d); err != nil {
		t.Fatal(err)
	}
}

// rests is an error if work comes within d.
func rests(l ledger.Ledger, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	w, err := l.Next(ctx)
	if err == nil {
		return fmt.Errorf("Next handed out record %s of channel %s", w.Record().ID, w.Record().Channel())
	}
	if ctx.Err() == nil {
		return fmt.Errorf("Next: %w", err)
	}
	return nil
}

// must fails the test on an error.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
