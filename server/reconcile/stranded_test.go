package reconcile_test

import (
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// noticed is the longest that a customer may be alone where a webhook tells.
const noticed = grace + 3*time.Second

// swept is the longest where nothing but the sweep finds it.
const swept = grace + 33*time.Second

// waysToLeave leave the customer alone behind the backend's back.
var waysToLeave = []struct {
	name string
	do   func(*lab)
}{
	{"the task is completed in the console", func(l *lab) { l.complete(l.task("ada")) }},
	{"the task is deleted", func(l *lab) { l.send("DELETE", l.taskURL(l.task("ada")), "") }},
	{"the task goes to wrap-up", func(l *lab) {
		l.post(l.taskURL(l.task("ada")), "AssignmentStatus", "wrapping", "Reason", "console")
	}},
	{"the agent is taken out of the interaction", func(l *lab) {
		for _, p := range l.account.Glance(l.conv.SID).Participants {
			if p.Type == "agent" {
				l.post(l.channelURL()+"/Participants/"+p.SID, "Status", "closed")
			}
		}
	}},
	{"the task is completed and the worker deleted", func(l *lab) {
		l.complete(l.task("ada"))
		l.send("DELETE", "taskrouter.twilio.com/v1/Workspaces/"+l.account.WorkspaceSID()+"/Workers/"+l.account.WorkerSID("ada"), "")
	}},
}

func TestCustomerLeftAloneIsRescued(t *testing.T) {
	for _, way := range waysToLeave {
		for name, deaf := range map[string]bool{"with webhooks": false, "without": true} {
			t.Run(way.name+" "+name, func(t *testing.T) {
				l := newLab(t)
				l.only("bea")
				l.deaf = deaf
				most := noticed
				if deaf {
					most = swept
				}
				way.do(l)
				l.pass(most)
				l.deaf = false
				l.accept("bea")
				l.pass(20 * time.Second)
				if alone := l.longestAlone(); alone > most || alone < grace-time.Second {
					t.Errorf("the customer was alone for %v", alone)
				}
				if n := l.repaired(transfer.FindingStranded); n != 1 {
					t.Errorf("rescued %d times: %+v", n, l.process.reports)
				}
				rescue := l.state().Transfers[0]
				if !rescue.Rescue || rescue.Phase != transfer.PhaseCompleted || rescue.AcceptedBy != l.account.WorkerSID("bea") ||
					rescue.Target.Name != "Everyone" || len(rescue.Repairs) != 1 {
					t.Errorf("%+v", rescue)
				}
			})
		}
	}
}

// TestWhoJoinsDuringALookIsSeen: the reads of a look may lie seconds apart, since one of them hung and was made anew;
// somebody whom a program beside ours has asked takes the customer over in between.
func TestWhoJoinsDuringALookIsSeen(t *testing.T) {
	for _, after := range []string{"tasks", "participants", "invites"} {
		t.Run("after the read of "+after, func(t *testing.T) {
			l := newLab(t)
			l.only("bea")
			l.deaf = true
			l.complete(l.task("ada"))
			left, reads := l.clock.Now(), 0
			l.onRead = func(what string) {
				if what != after || l.clock.Now().Sub(left) < grace {
					return
				}
				if reads++; reads == 1 {
					l.invite(`{"transferTargetType":"worker","transferTargetSid":"` + l.account.WorkerSID("bea") + `"}`)
					l.check(l.account.WaitIdle(t.Context()))
					l.accept("bea")
					l.clock.Advance(5 * time.Second)
				}
			}
			l.pass(swept)
			if reads == 0 || len(l.agents()) != 1 {
				t.Fatalf("%d reads, in are %v", reads, l.agents())
			}
			l.found()
		})
	}
}

// TestWhatChangesDuringALookIsLookedAtAgain: what the conversation's attributes showed before an invite was accepted, or
// made, is not compared with what was recorded after.
func TestWhatChangesDuringALookIsLookedAtAgain(t *testing.T) {
	l := newLab(t)
	l.only("bea", "chidi")
	l.policy.Mirror = true
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "one")
	l.pass(2 * time.Second)
	look := func() { l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID)) }
	meanwhile := func(what func()) {
		look()
		done := false
		l.onRead = func(read string) {
			if read == "conversation" && !done {
				done = true
				what()
				for range 5 { // until the mirror is written
					l.deliver(l.process)
					if at, any := l.store.NextDue(); any && !at.After(l.clock.Now()) {
						_, _ = l.process.Coordinator.RunOnce(t.Context())
					}
				}
			}
		}
		l.work(l.process)
		if !done {
			t.Fatal("it was not looked at")
		}
	}
	meanwhile(func() { l.accept("bea") })
	l.clock.Advance(grace)
	meanwhile(func() { l.start(transfer.ModeWarm, "", l.toWorker("chidi"), "two") })
	l.pass(time.Minute)
	l.found()
}

func TestConversationIsClosedWherePolicySaysSo(t *testing.T) {
	l := newLab(t)
	l.policy.Then = reconcile.ThenClose
	l.complete(l.task("ada"))
	l.pass(noticed)
	if status := l.account.Glance(l.conv.SID).Status; status != "closed" {
		t.Errorf("the channel is %s", status)
	}
	l.pass(time.Minute)
	l.found(transfer.FindingStranded)
}

func TestQueueOfThePolicyIsAskedFirst(t *testing.T) {
	l := newLab(t)
	l.policy.QueueSID = l.account.QueueSID("Billing")
	l.complete(l.task("ada"))
	l.pass(noticed)
	if rescue := l.state().Transfers[0]; rescue.Target.Name != "Billing" {
		t.Errorf("%+v", rescue.Target)
	}
}

// TestConversationNobodyEverTook: the conversation began before this backend
// existed, and its task was canceled before anybody took it.
func TestConversationNobodyEverTook(t *testing.T) {
	l := newLab(t, func(w *sandbox.World) { w.Conversations[0].Agents = nil })
	l.deaf = true
	for _, task := range l.live() {
		l.post(l.taskURL(task.SID), "AssignmentStatus", "canceled", "Reason", "console")
	}
	l.pass(swept)
	if len(l.live()) != 1 {
		t.Errorf("asked by %+v", l.live())
	}
	l.found(transfer.FindingStranded)
}

// TestAllIsWell: conversations that end as they should are left
// alone, and so are those that somebody attends to.
func TestAllIsWell(t *testing.T) {
	l := newLab(t)
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "key")
	l.pass(20 * time.Second)
	l.accept("bea")
	l.pass(time.Minute)
	l.complete(l.task("ada")) // Bea is still there
	l.pass(time.Minute)
	r, _ := l.reservation("bea", "accepted")
	_, err := l.account.CompleteTask(r.SID) // Flex's End: the channel is closed
	l.check(err)
	l.pass(10 * time.Minute)
	l.found()
	if l.process.decisions[reconcile.DecisionSwept] < 10 || l.process.decisions[reconcile.DecisionCaughtUp] < 5 {
		t.Errorf("it did not look: %v", l.process.decisions)
	}
}

// TestOutage restarts the backend after hours in which no webhook arrived, when
// Twilio has deleted the tasks.
func TestOutage(t *testing.T) {
	l := newLab(t)
	l.pass(2 * time.Minute) // it has caught up
	l.deaf = true
	_ = l.process.ledger.Close()
	l.complete(l.task("ada"))
	l.clock.Advance(3 * time.Hour)
	l.deliver(l.process) // into the void
	l.deaf = false
	l.process = l.open()
	l.pass(3 * time.Second)
	if len(l.live()) != 1 {
		t.Errorf("nobody is asked: %+v, %v", l.process.reports, l.process.decisions)
	}
	l.found(transfer.FindingStranded)
}

// TestEventsAreNotLostByASecondDeath: what was read of an outage and not yet
// looked at is read again.
func TestEventsAreNotLostByASecondDeath(t *testing.T) {
	l := newLab(t)
	l.pass(2 * time.Minute)
	_ = l.process.ledger.Close()
	l.complete(l.task("ada"))
	l.clock.Advance(3 * time.Hour)
	l.check(l.account.WaitIdle(t.Context()))
	l.hooks = nil
	l.process = l.open()
	for range 50 {
		if result, err := l.process.reconciler.RunOnce(t.Context()); err != nil || result.Decision == reconcile.DecisionCaughtUp {
			break
		}
	}
	l.restart() // before the visit
	l.pass(3 * time.Second)
	l.found(transfer.FindingStranded)
}

// TestTwoReplicasMakeOneRescue: both notice at once.
func TestTwoReplicasMakeOneRescue(t *testing.T) {
	for range 20 {
		l := newLab(t)
		other := l.open()
		l.complete(l.task("ada"))
		l.clock.Advance(grace + 2*time.Second)
		for _, p := range []*process{l.process, other} {
			l.check(p.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 10 {
				_, _ = other.reconciler.RunOnce(t.Context())
			}
		}()
		for range 10 {
			_, _ = l.process.reconciler.RunOnce(t.Context())
		}
		<-done
		l.pass(30 * time.Second)
		if len(l.live()) != 1 || len(l.state().Transfers) != 1 {
			t.Fatalf("%d invites, %d transfers", len(l.live()), len(l.state().Transfers))
		}
	}
}

// TestRescueGoesOn: the queue does not answer, and Twilio refuses for a while.
func TestRescueGoesOn(t *testing.T) {
	l := newLab(t)
	l.settings.QueueTimeout = 20 * time.Second
	l.only()
	l.complete(l.task("ada"))
	l.pass(10 * time.Minute)
	if len(l.live()) != 1 {
		t.Errorf("asked by %+v", l.live())
	}
	if alone := l.longestAlone(); alone > noticed {
		t.Errorf("the customer was alone for %v", alone)
	}
	l.only("chidi")
	l.accept("chidi")
	l.pass(time.Minute)
	if got := l.agents(); len(got) != 1 || got[0] != "chidi" {
		t.Errorf("%v are in", got)
	}
}

// TestNoQueueCanBeAsked is told, not hidden, and tried again.
func TestNoQueueCanBeAsked(t *testing.T) {
	l := newLab(t)
	l.complete(l.task("ada"))
	l.unserved = true
	l.pass(time.Minute)
	if len(l.live()) != 0 || len(l.process.reports) == 0 || l.process.reports[0].Outcome != reconcile.OutcomeNoQueue {
		t.Errorf("%+v", l.process.reports)
	}
	l.unserved = false
	l.pass(6 * time.Minute)
	l.found(transfer.FindingStranded)
}
