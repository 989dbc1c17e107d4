package reconcile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// invite invites somebody as a program beside the backend does, or as a request
// of ours that takes effect long after it was given up.
func (l *lab) invite(attributes string) (taskSID string) {
	l.Helper()
	routing, err := json.Marshal(map[string]any{"properties": map[string]any{
		"workspace_sid": l.account.WorkspaceSID(), "workflow_sid": l.account.WorkflowSID("Chat Transfer"),
		"task_channel_unique_name": "chat", "attributes": json.RawMessage(attributes),
	}})
	l.check(err)
	var made struct {
		Routing struct {
			Properties struct {
				SID string `json:"sid"`
			} `json:"properties"`
		} `json:"routing"`
	}
	l.check(json.Unmarshal([]byte(l.send("POST", l.channelURL()+"/Invites", url.Values{"Routing": {string(routing)}}.Encode())), &made))
	return made.Routing.Properties.SID
}

// attributesOf are those with which a task was made.
func (l *lab) attributesOf(taskSID string) string {
	return l.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending", TaskSID: taskSID})[0].Detail
}

func (l *lab) transfer() transfer.Transfer {
	l.Helper()
	s := l.state()
	if len(s.Transfers) == 0 {
		l.Fatal("nothing is recorded")
	}
	return s.Transfers[len(s.Transfers)-1]
}

// TestInviteCanceledInTheConsole: the customer has nobody, and nobody heard of it.
func TestInviteCanceledInTheConsole(t *testing.T) {
	l := newLab(t)
	l.only("ada", "bea")
	l.start(transfer.ModeCold, "", l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	l.deaf = true
	l.post(l.taskURL(l.transfer().Invite.TaskSID), "AssignmentStatus", "canceled", "Reason", "console")
	l.pass(45 * time.Second)
	if len(l.live()) != 1 || l.transfer().Round == 0 {
		t.Errorf("nobody else is asked: %+v", l.transfer())
	}
	if alone := l.longestAlone(); alone > 40*time.Second {
		t.Errorf("the customer was alone for %v", alone)
	}
}

// TestLateInvite: an invite takes effect long after the transfer has ended.
func TestLateInvite(t *testing.T) {
	l := newLab(t)
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	attributes := l.attributesOf(l.transfer().Invite.TaskSID)
	l.accept("bea")
	l.pass(3 * time.Second)
	late := l.invite(attributes)
	l.pass(35 * time.Second)
	if len(l.live()) != 0 {
		t.Errorf("task %s still asks somebody", late)
	}
	l.found(transfer.FindingSurplusInvite)
	if repairs := l.transfer().Repairs; len(repairs) != 1 || repairs[0].Code != transfer.FindingSurplusInvite {
		t.Errorf("the story tells %+v", repairs)
	}
}

// TestLateInviteIsAccepted: somebody else has taken over already.
func TestLateInviteIsAccepted(t *testing.T) {
	l := newLab(t)
	l.start(transfer.ModeCold, "", l.toQueue("Everyone"), "key")
	l.pass(3 * time.Second)
	attributes := l.attributesOf(l.transfer().Invite.TaskSID)
	l.only("bea")
	for _, name := range []string{"bea", "chidi", "sam", "ada"} {
		if _, asked := l.reservation(name, "pending"); asked {
			l.accept(name)
			break
		}
	}
	l.pass(2 * time.Second)
	winner := l.transfer().AcceptedBy
	l.invite(attributes)
	l.only("chidi", "sam")
	for _, name := range []string{"chidi", "sam", "bea"} {
		if _, asked := l.reservation(name, "pending"); asked {
			l.accept(name)
			break
		}
	}
	l.pass(60 * time.Second)
	var in []string
	for _, p := range l.account.Glance(l.conv.SID).Participants {
		if p.WorkerSID != "" {
			in = append(in, p.WorkerSID)
		}
	}
	if len(in) != 1 || in[0] != winner {
		t.Errorf("in are %v, the winner is %s: %+v", in, winner, l.process.reports)
	}
	if l.repaired(transfer.FindingSurplusAgent) != 1 && l.repaired(transfer.FindingSurplusInvite) != 1 {
		t.Errorf("%+v", l.process.reports)
	}
}

// TestLateInviteOfNobody: somebody comes by an invite that takes effect after
// its transfer was canceled, or had failed since nothing was known of one. They are
// let go, as those were told who stay; while nobody else is there they stay.
func TestLateInviteOfNobody(t *testing.T) {
	for _, c := range []struct {
		name   string
		alone  bool // with nobody else in
		before func(l *lab, id string)
		phase  transfer.Phase
	}{
		{"canceled", false, (*lab).cancel, transfer.PhaseCanceled},
		{"declined", false, (*lab).declined, transfer.PhaseDeclined},
		{"canceled, and who asked has gone", true, (*lab).cancel, transfer.PhaseCanceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			tr := l.start(transfer.ModeWarm, "", l.toWorker("bea"), "key")
			l.pass(3 * time.Second)
			attributes := l.attributesOf(l.transfer().Invite.TaskSID)
			c.before(l, tr.ID)
			l.pass(5 * time.Second)
			if got := l.transfer(); got.Phase != c.phase {
				t.Fatalf("%+v", got)
			}
			l.invite(attributes)
			l.accept("bea")
			if c.alone {
				l.complete(l.task("ada"))
			}
			l.pass(12 * time.Minute)
			want := []string{"ada"}
			if c.alone {
				want = []string{"bea"}
			}
			if in := l.agents(); !slices.Equal(in, want) {
				t.Errorf("in are %v, want %v: %+v", in, want, l.process.reports)
			}
			if got := l.transfer(); got.Phase != c.phase {
				t.Errorf("%+v", got)
			}
		})
	}
}

// cancel takes the invite back, as Ada does.
func (l *lab) cancel(transferID string) {
	l.Helper()
	_, err := l.process.Cancel(context.Background(), coordinator.Caller{WorkerSID: l.account.WorkerSID("ada")}, transfer.Request{
		Action: transfer.ActionCancel, TransferID: transferID, InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID, TaskSID: l.task("ada"),
	})
	l.check(err)
}

// declined is Bea who declines.
func (l *lab) declined(string) {
	l.Helper()
	r, _ := l.reservation("bea", "pending")
	_, err := l.account.RejectReservation(r.SID)
	l.check(err)
}

// TestWorkerTwiceIn: a program beside the backend invites somebody who is in.
func TestWorkerTwiceIn(t *testing.T) {
	l := newLab(t)
	l.only("ada")
	l.invite(`{"transferTargetType":"worker","transferTargetSid":"` + l.account.WorkerSID("ada") + `"}`)
	l.accept("ada")
	l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
	l.pass(15 * time.Second)
	l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
	l.pass(15 * time.Second)
	if got := l.agents(); len(got) != 1 {
		t.Errorf("in are %v", got)
	}
	l.found(transfer.FindingDoubled)
	if alone := l.longestAlone(); alone != 0 {
		t.Errorf("the customer was alone for %v", alone)
	}
}

// TestWhoWrapsUpInFlexDoesNotCount: two agents are in; one wraps up in Flex, the
// other wants to leave.
func TestWhoWrapsUpInFlexDoesNotCount(t *testing.T) {
	l := newLab(t, func(w *sandbox.World) { w.Conversations[0].Agents = []string{"ada", "bea"} })
	r, _ := l.reservation("bea", "accepted")
	_, err := l.account.WrapUp(r.SID)
	l.check(err)
	l.pass(15 * time.Second)
	l.found(transfer.FindingLeftUnnoticed)
	_, err = l.process.Depart(t.Context(), coordinator.Caller{WorkerSID: l.account.WorkerSID("ada")}, transfer.Request{
		Action: transfer.ActionLeave, InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID, TaskSID: l.task("ada"),
	})
	if err == nil || !strings.Contains(err.Error(), "last agent") {
		t.Errorf("Ada may leave the customer alone: %v", err)
	}
}

// TestMirrorWrittenLate: a process that was held up writes what is long over.
func TestMirrorWrittenLate(t *testing.T) {
	l := newLab(t)
	l.policy.Mirror = true
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	l.accept("bea")
	l.pass(3 * time.Second)
	l.post("conversations.twilio.com/v1/Conversations/"+l.state().ConversationSID, "Attributes", `{"theirs":1,"invites":{"WT1":{"invitesTaskSid":"WT1"}}}`)
	for range 2 {
		l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
		l.pass(15 * time.Second)
	}
	l.found(transfer.FindingStaleMirror)
	for _, c := range l.account.Snapshot().Conversations {
		if c.SID == l.state().ConversationSID && c.Attributes != `{"theirs":1,"invites":{}}` && c.Attributes != `{"theirs":1}` {
			t.Errorf("%s", c.Attributes)
		}
	}
}

// TestHangingTransferIsHandedOutAnew: the ledger's work has lost a record.
func TestHangingTransferIsHandedOutAnew(t *testing.T) {
	l := newLab(t)
	l.only()
	l.start(transfer.ModeCold, "", l.toQueue("Everyone"), "key")
	for work, ok := l.process.ledger.TryNext(); ok; work, ok = l.process.ledger.TryNext() {
		l.check(work.Later(24 * time.Hour))
	}
	l.pass(2 * time.Minute)
	if phase := l.transfer().Phase; phase != transfer.PhaseLeaving {
		t.Fatalf("the transfer does not hang: %s", phase)
	}
	l.pass(2 * time.Minute)
	l.found(transfer.FindingHangs)
	if phase := l.transfer().Phase; phase != transfer.PhaseRinging || len(l.agents()) != 0 {
		t.Errorf("the transfer is %s, in are %v", phase, l.agents())
	}
}

// TestLedgerLost deletes all that was recorded while transfers of every kind
// ring.
func TestLedgerLost(t *testing.T) {
	for _, c := range []struct {
		name string
		mode transfer.Mode
		on   transfer.LeaveOn
		to   string // a worker, or else a queue
		// early loses it before the agent has left.
		early bool
		// accepted: Bea accepts while nothing is recorded.
		accepted bool
		in       []string // in the end
	}{
		{"cold", transfer.ModeCold, "", "bea", false, false, []string{"bea"}},
		{"cold, before the agent has left", transfer.ModeCold, "", "bea", true, false, []string{"bea"}},
		{"cold, accepted meanwhile", transfer.ModeCold, "", "bea", true, true, []string{"bea"}},
		{"on accept", transfer.ModeCold, transfer.LeaveOnAccept, "bea", false, false, []string{"bea"}},
		{"on accept, accepted meanwhile", transfer.ModeCold, transfer.LeaveOnAccept, "bea", false, true, []string{"bea"}},
		{"warm", transfer.ModeWarm, "", "bea", false, false, []string{"ada", "bea"}},
		{"to a queue", transfer.ModeCold, "", "", false, false, []string{"bea"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			l.only("bea")
			to := l.toQueue("Everyone")
			if c.to != "" {
				to = l.toWorker(c.to)
			}
			lost := l.start(c.mode, c.on, to, "key")
			if !c.early {
				l.pass(3 * time.Second)
			}
			_ = l.process.ledger.Close()
			l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
			if c.accepted {
				l.clock.Advance(2 * time.Second)
				l.accept("bea")
				l.check(l.account.WaitIdle(t.Context()))
				l.hooks = nil
				l.clock.Advance(5 * time.Second)
			}
			l.process = l.open()
			l.pass(3 * time.Second)
			found := l.transfer()
			if found.ID != lost.ID || found.Mode != c.mode || found.Target.Name != lost.Target.Name {
				t.Errorf("%+v is not %+v", found, lost)
			}
			if !c.accepted {
				l.accept("bea")
			}
			l.pass(20 * time.Second)
			if got := l.agents(); strings.Join(got, " ") != strings.Join(c.in, " ") {
				t.Errorf("in are %v, want %v: %+v", got, c.in, l.process.reports)
			}
			if phase := l.transfer().Phase; phase != transfer.PhaseCompleted {
				t.Errorf("it is %s", phase)
			}
			if n := len(l.account.Record().Entries(sandbox.Query{Kind: "invite"})); n != 2 { // with the first one
				t.Errorf("%d invites", n)
			}
			if alone := l.longestAlone(); alone != 0 {
				t.Errorf("the customer was alone for %v", alone)
			}
		})
	}
}

// TestForgedStampIsNoTransfer: an agent's script writes the stamp of a transfer
// onto the own task; nobody is removed by it.
func TestForgedStampIsNoTransfer(t *testing.T) {
	l := newLab(t, func(w *sandbox.World) { w.Conversations[0].Agents = []string{"ada", "bea"} })
	var other sandbox.GlanceParticipant
	for _, p := range l.account.Glance(l.conv.SID).Participants {
		if p.WorkerSID == l.account.WorkerSID("ada") {
			other = p
		}
	}
	forged, err := json.Marshal(map[string]any{
		"flexInteractionSid": l.conv.InteractionSID, "flexInteractionChannelSid": l.conv.SID,
		"transferId": "XT" + strings.Repeat("0", 32), "transferTargetType": "worker", "transferTargetSid": l.account.WorkerSID("bea"),
		"transferPlan": map[string]any{"mode": "cold", "leaveOn": "accept", "fromWorkerSid": other.WorkerSID, "fromParticipantSid": other.SID, "fromTaskSid": other.TaskSID},
	})
	l.check(err)
	l.post(l.taskURL(l.task("bea")), "Attributes", string(forged))
	l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
	l.pass(2 * time.Minute)
	if got := l.agents(); len(got) != 2 {
		t.Errorf("in are %v: %+v", got, l.process.reports)
	}
	l.found()
}

// TestTwilioIsDown: nothing is taken for gone because it cannot be read.
func TestTwilioIsDown(t *testing.T) {
	l := newLab(t)
	l.check(l.account.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: "status", Status: 503}}}}))
	l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
	for range 3 {
		l.clock.Advance(time.Minute)
		_, err := l.process.reconciler.RunOnce(t.Context())
		if err == nil {
			t.Error("no error is told")
		}
	}
	l.account.Faults().Clear()
	l.found()
	l.complete(l.task("ada"))
	l.pass(2 * time.Minute)
	l.found(transfer.FindingStranded)
}

// cutOff is a ledger whose process hears of nothing any more: what it knows is as of a record, by which there were more
// transfers than are remembered.
type cutOff struct {
	*memory.Ledger
	sequence uint64
}

func (c cutOff) Last(_ context.Context, channel string) (ledger.Record, error) {
	r, err := c.LastAsOf(channel, time.Time{}, c.sequence)
	for i := range 30 {
		former := r.State.Transfers[0]
		former.ID = fmt.Sprintf("XT%032x", i)
		r.State.Transfers = append(r.State.Transfers, former)
	}
	return r, err
}

// TestWhoIsCutOffWithdrawsNothing: an invite that another backend has made since this one was cut off from the ledger is
// none that nobody knows of.
func TestWhoIsCutOffWithdrawsNothing(t *testing.T) {
	l := newLab(t)
	l.only("bea", "chidi")
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "one")
	l.pass(time.Second)
	l.accept("bea")
	l.pass(5 * time.Second)
	last, err := l.process.ledger.Last(t.Context(), l.conv.SID)
	l.check(err)
	l.start(transfer.ModeWarm, "", l.toWorker("chidi"), "two")
	p := &process{Coordinator: l.process.Coordinator}
	alone := l.reconciler(p, cutOff{l.process.ledger, last.Sequence}, l.clock.Now)
	for range 30 {
		l.clock.Advance(time.Second)
		l.check(alone.Look(l.conv.InteractionSID, l.conv.SID))
		_, _ = alone.RunOnce(t.Context())
	}
	if len(p.reports) == 0 || len(l.live()) != 1 {
		t.Errorf("asked by %+v: %+v", l.live(), p.reports)
	}
	for _, r := range p.reports {
		if r.Outcome != reconcile.OutcomeMoot {
			t.Errorf("%+v", r)
		}
	}
}
