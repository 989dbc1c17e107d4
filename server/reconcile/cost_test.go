package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestTransfersCostNoLook: a transfer that goes as it should is known to be
// attended to by the record alone.
func TestTransfersCostNoLook(t *testing.T) {
	l := newLab(t)
	l.pass(2 * time.Minute)
	reads := func() int { return len(l.requests("/Participants")) }
	l.start(transfer.ModeCold, "", l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	before := reads()
	l.pass(12 * time.Second) // the look after Ada has left
	l.accept("bea")
	l.pass(15 * time.Second)
	if after := reads(); after != before {
		t.Errorf("the participants were read %d times", after-before)
	}
	l.found()
}

// TestSweepCostsWhatIsOpen: what is long over, and what goes well, is not read
// one by one, and thousands of conversations that have ended cost nothing at all.
func TestSweepCostsWhatIsOpen(t *testing.T) {
	quiet := func(endedBefore, endedEachSecond int) int {
		l := newLab(t, func(w *sandbox.World) { w.Conversations = append(w.Conversations, talks(40, "sam")...) })
		l.account.SetWebhooks(sandbox.Webhooks{})
		l.ended(endedBefore)
		l.clock.Advance(6 * time.Hour) // longer than whoever begins looks back
		l.account.SetWebhooks(webhooks)
		l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
		for n := range endedBefore {
			_, err := l.store.Open().Append(t.Context(), ledgertest.NewRecord(n, "ended", transfer.PhaseCompleted), 0)
			l.check(err)
		}
		l.process = l.open()
		l.pass(time.Minute)
		for range 10 {
			l.ended(endedEachSecond)
			l.pass(time.Second)
		}
		l.pass(10 * time.Minute) // longer than Twilio keeps tasks that are over
		before := l.account.Trace().Count()
		l.pass(2 * time.Minute)
		calls := 0
		for _, e := range l.requests("") {
			if e.ID > before {
				calls++
			}
		}
		return calls
	}
	calls := quiet(0, 0)
	// 4 sweeps and 2 looks at the events, of four kinds each: a call for each.
	if calls < 4 || calls > 4+8+2 {
		t.Errorf("%d calls in two quiet minutes", calls)
	}
	if after := quiet(2000, 10); after != calls {
		t.Errorf("%d calls in two quiet minutes, and %d after 2100 conversations have ended", calls, after)
	}
}

// talks are conversations with the agent.
func talks(n int, agent string) []sandbox.WorldConversation {
	one := sandbox.WorldConversation{Customer: sandbox.Customer{Name: "Another"}, Agents: []string{agent}}
	return slices.Repeat([]sandbox.WorldConversation{one}, n)
}

// ended lets more conversations begin and end.
func (l *lab) ended(n int) {
	l.Helper()
	before := len(l.account.Snapshot().InteractionChannels)
	l.check(l.account.Load(sandbox.World{Conversations: talks(n, "chidi")}))
	for _, c := range l.account.Snapshot().InteractionChannels[before:] {
		l.post("flex-api.twilio.com/v1/Interactions/"+c.InteractionSID+"/Channels/"+c.SID, "Status", "closed", "Routing", `{"status":"closed"}`)
	}
}

// requests are the newest requests to the account whose path template ends so.
func (l *lab) requests(path string) (all []sandbox.TraceEntry) {
	for _, e := range l.account.Trace().Last(1000) {
		if !e.Out && strings.HasSuffix(e.Template, path) {
			all = append(all, e)
		}
	}
	return all
}

// TestReplicasTakeTurns: two sweep and read no more than one does.
func TestReplicasTakeTurns(t *testing.T) {
	l := newLab(t)
	other := l.open()
	sweeps := func() int {
		return l.process.decisions[reconcile.DecisionSwept] + other.decisions[reconcile.DecisionSwept]
	}
	l.work(other)
	before := sweeps()
	for range 300 {
		l.clock.Advance(time.Second)
		l.work(other)
		l.work(l.process)
	}
	if n := sweeps() - before; n < 9 || n > 12 {
		t.Errorf("%d sweeps in five minutes", n)
	}
	if other.decisions[reconcile.DecisionNotOurs]+l.process.decisions[reconcile.DecisionNotOurs] == 0 {
		t.Error("nobody stood back")
	}
}

// TestConversationsWebhookIsHeard: of the three products, only Conversations
// tells.
func TestConversationsWebhookIsHeard(t *testing.T) {
	l := newLab(t)
	l.deaf = true
	l.complete(l.task("ada"))
	l.process.reconciler.ConversationEvent("onParticipantRemoved", l.account.Snapshot().Conversations[0].SID)
	l.pass(noticed)
	l.found(transfer.FindingStranded)
	if alone := l.longestAlone(); alone > noticed {
		t.Errorf("the customer was alone for %v", alone)
	}
}
