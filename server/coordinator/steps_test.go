package coordinator

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// sound judges a transfer that came to its end with Bea in and Ada out.
func (l *lab) sound(t *testing.T) {
	t.Helper()
	got := l.last()
	if got.Phase != transfer.PhaseCompleted || got.AcceptedBy != l.worker("bea") {
		t.Errorf("phase %s, accepted by %q", got.Phase, got.AcceptedBy)
	}
	if made := l.invites(got.ID); len(made) != 1 || made[0] != got.Invite.TaskSID {
		t.Errorf("invites %v, recorded %s", made, got.Invite.TaskSID)
	}
	if n := l.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: l.worker("ada")}); n != 1 {
		t.Errorf("ada left %d times", n)
	}
	if n := l.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: l.worker("bea"), TaskSID: got.Invite.TaskSID}); n != 1 {
		t.Errorf("bea joined %d times", n)
	}
}

// finish runs what is left of a transfer whose target accepts.
func (l *lab) finish(t *testing.T, p *process) {
	t.Helper()
	l.until(p, transfer.PhaseRinging)
	l.accept("bea")
	l.deliverAll(p)
	l.sound(t)
	if l.clock.Advance(time.Hour); len(l.run(p)) != 0 {
		t.Error("there is work left")
	}
}

func TestFromClickToEnd(t *testing.T) {
	l := newLab(t)
	p := l.open()
	if o := l.start(p); o.Transfer.Phase != transfer.PhaseLeaving || o.Repeated || o.InteractionChannelSID != l.conv.SID {
		t.Fatalf("%+v", o)
	}
	l.finish(t, p)
	if n := p.count("append"); n != 4 {
		t.Errorf("%d appends, want requested, invited, left, accepted", n)
	}
}

// TestAnswersAreLost loses what can be lost on each step, on either side.
func TestAnswersAreLost(t *testing.T) {
	for _, c := range []struct {
		name, op string
		lose     func(func() error) error
	}{
		{"the invite's answer", "invite", lostAnswer},
		{"the invite", "invite", notReached},
		{"the removal's answer", "remove", lostAnswer},
		{"the removal", "remove", notReached},
		{"the search", "invites", notReached},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			p := l.open()
			if c.op == "invites" {
				p.once("invite", func(do func() error) error { p.once(c.op, c.lose); return lostAnswer(do) })
			} else {
				p.once(c.op, c.lose)
			}
			l.start(p)
			l.finish(t, p)
		})
	}
}

// TestListsLag shows that the settling time covers Twilio's lag.
func TestListsLag(t *testing.T) {
	l := newLab(t)
	l.check(l.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: 1900, ParticipantsMS: 1900}}))
	p := l.open()
	p.once("invite", lostAnswer)
	if o := l.start(p); o.Transfer.Phase != transfer.PhaseSearching {
		t.Fatalf("%+v", o.Transfer)
	}
	l.finish(t, p)
}

// TestKilledInTheMiddle kills the first process at each of its calls and
// appends, before and after their effect; a second one carries on.
func TestKilledInTheMiddle(t *testing.T) {
	for _, op := range []string{"append", "invite", "remove"} {
		for _, after := range []bool{false, true} {
			for nth := 1; nth <= 3; nth++ {
				l := newLab(t)
				a, seen := l.open(), 0
				a.around = func(now string, do func() error) error {
					if now != op {
						return do()
					}
					if seen++; seen != nth {
						return do()
					}
					if after {
						_ = do()
					}
					a.kill()
					return errLost("everything")
				}
				_, _ = a.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
				l.run(a)
				a.Wait()
				b := l.open()
				if len(l.state().Transfers) == 0 {
					l.start(b) // it was killed before anything was recorded
				}
				t.Logf("%s %d, after its effect: %v", op, nth, after)
				l.finish(t, b)
			}
		}
	}
}

// TestTheLeaseIsWaitedOut shows what a second process does about an invite
// that the first one has in hand, and when.
func TestTheLeaseIsWaitedOut(t *testing.T) {
	l := newLab(t)
	l.check(l.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: 1900}}))
	a, b := l.open(), l.open()
	a.once("invite", func(do func() error) error {
		if got := l.run(b); len(got) != 1 || got[0] != DecisionWait {
			t.Errorf("at once: %v", got)
		}
		l.clock.Advance(3900 * time.Millisecond)
		if got := l.run(b); len(got) != 0 {
			t.Errorf("within the lease: %v", got)
		}
		_ = do() // just in time
		l.clock.Advance(1100 * time.Millisecond)
		if got := l.run(b); len(got) != 2 || got[0] != DecisionTookOver || got[1] != DecisionWait {
			t.Errorf("after the lease: %v", got)
		}
		l.clock.Advance(10 * time.Second)
		if got := l.run(b); len(got) == 0 || got[0] != DecisionStep {
			t.Errorf("after the settling time: %v", got)
		}
		return nil // the answer, much too late
	})
	l.start(a)
	l.finish(t, b)
}

// TestAppendThatTookTheWholeLease does not ask for an invite that others may
// be looking for by then.
func TestAppendThatTookTheWholeLease(t *testing.T) {
	l := newLab(t)
	p := l.open()
	p.once("append", func(do func() error) error {
		err := do()
		l.clock.Advance(4500 * time.Millisecond)
		return err
	})
	if o := l.start(p); o.Transfer.Phase != transfer.PhaseSearching {
		t.Errorf("%+v", o.Transfer)
	}
	if n := len(l.invites(l.last().ID)); n != 0 {
		t.Errorf("%d invites", n)
	}
	l.finish(t, p)
}

// TestOnlyTheWriterCarriesOn lets two runners find at once that an invite is
// missing: one of them records that it is asked for again, and only that one asks.
func TestOnlyTheWriterCarriesOn(t *testing.T) {
	l := newLab(t)
	a, b := l.open(), l.open()
	a.once("invite", notReached)
	l.start(a)
	l.clock.Advance(3 * time.Second)
	a.once("invites", func(do func() error) error {
		err := do()
		l.clock.Advance(6 * time.Second) // no sign of life: the same work is handed out again
		b.once("invite", func(doB func() error) error {
			errB := doB()
			b.kill() // its record stands at inviting while a goes on
			return errB
		})
		l.run(b)
		return err
	})
	if d, err := a.RunOnce(context.Background()); d != DecisionNothing || err != nil {
		t.Errorf("%s %v", d, err)
	}
	if n := len(l.invites(l.last().ID)); n != 1 {
		t.Fatalf("%d invites", n)
	}
	l.finish(t, l.open())
}

func TestRefusedInvite(t *testing.T) {
	for _, outcome := range []twilioapi.Outcome{twilioapi.Refused, twilioapi.NotFound, twilioapi.Invalid} {
		l := newLab(t)
		p := l.open()
		p.once("invite", func(func() error) error { return &twilioapi.Error{Outcome: outcome, Message: "no"} })
		if o := l.start(p); o.Transfer.Phase != transfer.PhaseFailed || o.Transfer.Failure != transfer.ReasonInviteRefused {
			t.Errorf("%s: %+v", outcome, o.Transfer)
		}
	}
}

func TestAnInviteThatNeverGetsThroughFails(t *testing.T) {
	l := newLab(t)
	p := l.open()
	p.around = func(op string, do func() error) error {
		if op == "invite" {
			return errLost("the request")
		}
		return do()
	}
	l.start(p)
	if got := l.until(p, transfer.PhaseFailed); got.Failure != transfer.ReasonInviteNotStored || p.count("invite") != 5 {
		t.Errorf("%s after %d tries", got.Failure, p.count("invite"))
	}
	if n := l.count(sandbox.Query{Kind: "participant", Status: "left"}); n != 0 {
		t.Error("the agent was removed")
	}
}

// TestAcceptedBeforeEverythingElse hears of the acceptance before the invite's
// own answer, which is lost, while the list does not show the invite yet.
func TestAcceptedBeforeEverythingElse(t *testing.T) {
	l := newLab(t)
	l.check(l.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: 6000}}))
	p := l.open()
	p.once("invite", func(do func() error) error {
		_ = do()
		l.accept("bea")
		l.deliverAll(p)
		return errLost("the answer")
	})
	l.start(p)
	if got := l.last(); got.Phase != transfer.PhaseSearching || got.AcceptedBy != l.worker("bea") {
		t.Fatalf("%+v", got)
	}
	l.until(p, transfer.PhaseCompleted)
	l.sound(t)
}

// TestTheCheckFindsAnAcceptance that no webhook told of.
func TestTheCheckFindsAnAcceptance(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	l.until(p, transfer.PhaseRinging)
	l.accept("bea")
	l.takeHooks()
	l.until(p, transfer.PhaseCompleted)
	l.sound(t)
}

// TestAnInviteThatIsNotNeededIsWithdrawn: the transfer was ended while the
// invite was on its way.
func TestAnInviteThatIsNotNeededIsWithdrawn(t *testing.T) {
	l := newLab(t)
	p := l.open()
	p.once("invite", func(do func() error) error {
		last, err := p.Ledger.Last(context.Background(), l.conv.SID)
		l.check(err)
		if _, _, err := p.record(context.Background(), last, transfer.InviteEnded{TransferID: last.State.Transfers[0].ID, At: l.clock.Now()}); err != nil {
			t.Error(err)
		}
		return do()
	})
	l.start(p)
	l.until(p, transfer.PhaseCanceled)
	if _, ringing := l.reservation("bea", "pending"); ringing || len(l.invites(l.last().ID)) != 1 {
		t.Error("the target is still asked")
	}
}

// TestAnInviteThatTookEffectLate is one that was given up and asked for again:
// the second one is withdrawn, and its end is not that of the transfer.
// TestOfTwoInvitesTheAcceptedOneCounts: one took effect after it was given up, so
// there are two, and the answer to the second is lost too. Bea accepts the second;
// the lookup finds both.
func TestOfTwoInvitesTheAcceptedOneCounts(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.check(l.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Method: "POST", Path: "*/Invites"},
		Do: sandbox.Action{Kind: sandbox.FaultLate, DelayMS: 2500}, Times: 1}))
	l.start(p)
	p.once("invite", lostAnswer)
	l.clock.Advance(2 * time.Second) // it is looked up, not found, and asked for again
	l.run(p)
	p.Wait()
	l.clock.Advance(600 * time.Millisecond)
	tasks := l.invites(l.last().ID)
	if len(tasks) != 2 {
		t.Fatalf("%d invites", len(tasks))
	}
	for _, r := range l.account.Snapshot().Reservations {
		if r.TaskSID == tasks[1] && r.ReservationStatus == "pending" {
			_, err := l.account.AcceptReservation(r.SID)
			l.check(err)
		}
	}
	l.deliverAll(p)
	for range 20 {
		l.run(p)
		l.deliverAll(p)
		l.clock.Advance(time.Second)
	}
	got := l.last()
	if got.Phase != transfer.PhaseCompleted || got.AcceptedBy != l.worker("bea") || got.Invite.TaskSID != tasks[1] {
		t.Errorf("%+v", got)
	}
	if _, ringing := l.reservation("bea", "pending"); ringing {
		t.Error("bea is still asked by the other one")
	}
}

func TestAnInviteThatTookEffectLate(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.check(l.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Method: "POST", Path: "*/Invites"},
		Do: sandbox.Action{Kind: sandbox.FaultLate, DelayMS: 10_000}, Times: 1}))
	l.start(p)
	l.until(p, transfer.PhaseRinging)
	l.clock.Advance(time.Minute)
	if n := len(l.invites(l.last().ID)); n != 2 {
		t.Fatalf("%d invites, so this tests nothing", n)
	}
	l.run(p)
	l.deliverAll(p)
	if got := l.last(); got.Phase != transfer.PhaseRinging || got.Attempt != 2 {
		t.Fatalf("%+v", got)
	}
	l.accept("bea")
	l.deliverAll(p)
	if got := l.last(); got.Phase != transfer.PhaseCompleted {
		t.Errorf("%+v", got)
	}
	if _, still := l.reservation("bea", "pending"); still {
		t.Error("the target is asked twice")
	}
}

// TestWebhooksThatMeanNothing changes nothing and fails nothing.
func TestWebhooksThatMeanNothing(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	before := p.count("append")
	ours := `{"flexInteractionChannelSid":"` + l.conv.SID + `","transferId":"` + l.last().ID + `"}`
	own := l.last().Invite.TaskSID
	for _, e := range []TaskEvent{
		{Type: "reservation.accepted", TaskSID: own, TaskAttributes: "not JSON", WorkerSID: l.worker("bea")},
		{Type: "reservation.accepted", TaskSID: own, TaskAttributes: "{}", WorkerSID: l.worker("bea")},
		{Type: "reservation.accepted", TaskSID: own, TaskAttributes: ours, WorkerSID: "bea"},
		{Type: "reservation.created", TaskSID: own, TaskAttributes: ours, WorkerSID: l.worker("bea")},
		{Type: "reservation.accepted", TaskSID: "WT0", TaskAttributes: ours, WorkerSID: l.worker("bea")},
		{Type: "task.canceled", TaskSID: "WT0", TaskAttributes: ours},
		{Type: "reservation.accepted", TaskSID: own, WorkerSID: l.worker("bea"),
			TaskAttributes: `{"flexInteractionChannelSid":"` + l.conv.SID + `","transferId":"XT0"}`},
		{Type: "reservation.accepted", TaskSID: own, WorkerSID: l.worker("bea"),
			TaskAttributes: `{"flexInteractionChannelSid":"UO00000000000000000000000000000000","transferId":"` + l.last().ID + `"}`},
	} {
		l.check(p.ApplyTask(context.Background(), e))
	}
	l.check(p.ApplyChannel(context.Background(), "UO1", "closed"))
	l.check(p.ApplyChannel(context.Background(), "UO00000000000000000000000000000000", "closed"))
	l.check(p.ApplyChannel(context.Background(), l.conv.SID, "active"))
	if n := p.count("append") - before; n != 0 {
		t.Errorf("%d appends", n)
	}
}

// TestAWebhookThatCannotBeRecordedIsRefused, so that it comes again.
func TestAWebhookThatCannotBeRecordedIsRefused(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	l.until(p, transfer.PhaseRinging)
	l.accept("bea")
	p.kill()
	failed := 0
	for _, form := range l.takeHooks() {
		if errors.Is(l.deliver(p, form), ledger.ErrClosed) {
			failed++
		}
	}
	if failed == 0 {
		t.Error("nothing was refused")
	}
}

// TestWhoStoodStillTakesNothingAway: a process was handed work about a removal and stood still; others have carried that on
// since. Whoever holds the last record removes, however old it is.
func TestWhoStoodStillTakesNothingAway(t *testing.T) {
	l := newLab(t)
	p := l.open()
	removals := 0
	p.around = func(op string, do func() error) error {
		if op == "remove" {
			removals++
		}
		return do()
	}
	begun := l.start(p).Transfer.ID
	leaving := func() (ledger.Record, transfer.Step) {
		for sequence := uint64(1); ; sequence++ {
			r, err := p.ledger.LastAsOf(l.conv.SID, time.Time{}, sequence)
			l.check(err)
			if step, ok := stepAbout(r.State, begun); ok && step.Kind == transfer.StepRemove {
				return r, step
			}
		}
	}
	held, step := leaving()
	l.clock.Advance(time.Minute)
	if _, _, err := p.take(t.Context(), held, step); err != nil || removals != 1 {
		t.Fatalf("%d removals, %v: nobody has carried it on", removals, err)
	}
	newest := l.last()
	next, written, err := p.take(t.Context(), held, step)
	if err != nil || written || next.Sequence <= held.Sequence || removals != 1 || newest.Phase != transfer.PhaseRinging {
		t.Errorf("%d removals, %+v, %v, %v, %s", removals, next, written, err, newest.Phase)
	}
}
