package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// illegible is a ledger in which one channel's record cannot be read.
type illegible struct {
	*memory.Ledger
	channel string
	why     error
}

func (i illegible) Last(ctx context.Context, channel string) (ledger.Record, error) {
	if channel == i.channel {
		return ledger.Record{}, i.why
	}
	return i.Ledger.Last(ctx, channel)
}

// TestSweepPassesOverWhatItCannotRead: beside a conversation whose record a newer version wrote, or nobody can read, a
// customer who was left alone is found.
func TestSweepPassesOverWhatItCannotRead(t *testing.T) {
	for name, why := range map[string]error{"newer": fmt.Errorf("%w: its layout is 9", ledger.ErrNewer), "broken": errors.New("not JSON")} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, func(w *sandbox.World) {
				w.Conversations = append(w.Conversations, sandbox.WorldConversation{Customer: sandbox.Customer{Name: "Another"}, Agents: []string{"ada"}})
			})
			first, second := l.account.Snapshot().InteractionChannels[0], l.account.Snapshot().InteractionChannels[1]
			if second.SID < first.SID { // a sweep goes through them in this order
				first, second = second, first
			}
			taskIn := func(c sandbox.InteractionChannel) string { return l.account.Glance(c.SID).Tasks[0].SID }
			l.only("bea", "ada")
			l.conv = first
			l.startFrom(taskIn(first), transfer.ModeWarm, "", l.toWorker("bea"), "key")
			l.process.reconciler = l.reconciler(l.process, illegible{l.process.ledger, first.SID, why}, l.clock.Now)
			l.pass(2 * time.Second)
			l.deaf = true
			l.conv = second
			l.complete(taskIn(second))
			l.pass(swept)
			l.found(transfer.FindingStranded)
			if alone := l.longestAlone(); alone > swept {
				t.Errorf("the customer was alone for %v", alone)
			}
		})
	}
}

// TestFailedSweepIsMadeAnew: whose turn has failed does not wait for the next one.
func TestFailedSweepIsMadeAnew(t *testing.T) {
	l := newLab(t)
	l.pass(2 * time.Minute)
	l.check(l.account.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: "status", Status: 503}}}}))
	failed := func() int { return l.process.decisions[reconcile.DecisionRetry] }
	for before := failed(); failed() == before; {
		l.pass(time.Second)
	}
	l.account.Faults().Clear()
	before := l.process.decisions[reconcile.DecisionSwept] + l.process.decisions[reconcile.DecisionCaughtUp]
	l.pass(6 * time.Second)
	if l.process.decisions[reconcile.DecisionSwept]+l.process.decisions[reconcile.DecisionCaughtUp] == before {
		t.Errorf("%v", l.process.decisions)
	}
}

// TestClockBehindTwilios: on a machine whose clock is an hour slow a customer is not left alone for longer.
func TestClockBehindTwilios(t *testing.T) {
	for _, wrong := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(wrong.String(), func(t *testing.T) {
			l := newLab(t)
			l.only("bea")
			l.process.reconciler = l.reconciler(l.process, l.process.ledger, func() time.Time { return l.clock.Now().Add(wrong) })
			l.pass(2 * time.Second)
			l.deaf = true
			l.complete(l.task("ada"))
			l.pass(swept)
			if n := l.repaired(transfer.FindingStranded); n != 1 {
				t.Errorf("rescued %d times: %+v", n, l.process.reports)
			}
			l.accept("bea")
			if alone := l.longestAlone(); alone > swept {
				t.Errorf("the customer was alone for %v", alone)
			}
		})
	}
}
