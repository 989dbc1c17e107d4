package coordinator

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// several is a lab with one process whose settings are these.
func several(t *testing.T, change func(l *lab, s *transfer.Settings)) (*lab, *process) {
	l := newLab(t)
	s := transfer.Settings{ColdTransfer: true, MultiParticipant: true, LeaveOnChoice: true, InviteTimeout: 20 * time.Second}
	if change != nil {
		change(l, &s)
	}
	return l, l.open(func(o *Options) { o.Settings = func() transfer.Settings { return s } })
}

func (l *lab) ask(p *process, by string, change func(r *transfer.Request)) Outcome {
	l.testing.Helper()
	r := l.request(by, "bea")
	change(&r)
	o, err := p.Start(context.Background(), l.as(by), r, "key of "+by)
	l.check(err)
	return o
}

// joins lets Ada bring Bea in by the process, and time pass.
func (l *lab) joins(p *process) {
	l.testing.Helper()
	l.ask(p, "ada", warm)
	l.accept("bea")
	l.deliverAll(p)
	l.run(p)
	l.clock.Advance(freshlyJoined)
}

func (l *lab) in(name string) bool {
	_, ok := l.reservation(name, "accepted")
	return ok
}

func warm(r *transfer.Request)     { r.Mode = transfer.ModeWarm }
func onAccept(r *transfer.Request) { r.LeaveOn = transfer.LeaveOnAccept }

func TestWarmTransfer(t *testing.T) {
	l, p := several(t, nil)
	if o := l.ask(p, "ada", warm); o.Transfer.Phase != transfer.PhaseRinging {
		t.Errorf("%+v", o.Transfer)
	}
	l.accept("bea")
	l.deliverAll(p)
	if got := l.until(p, transfer.PhaseCompleted); got.AcceptedBy != l.worker("bea") || !l.in("ada") || !l.in("bea") {
		t.Errorf("%+v", got)
	}
	// Ada leaves; Bea goes on, and is the last one then.
	leave := l.request("ada", "bea")
	leave.Action = transfer.ActionLeave
	o, err := p.Depart(t.Context(), l.as("ada"), leave)
	if err != nil || o.Departure.Phase != transfer.DepartureGone || l.in("ada") {
		t.Errorf("%+v %v", o, err)
	}
	if again, err := p.Depart(t.Context(), l.as("ada"), leave); err != nil || !again.Repeated {
		t.Errorf("repeated: %+v %v", again, err)
	}
	last := l.request("bea", "ada")
	last.Action = transfer.ActionLeave
	_, err = p.Depart(t.Context(), l.as("bea"), last)
	wantReason(t, err, transfer.ReasonLastAgent)
	last.Action = transfer.ActionEnd
	if _, err := p.Depart(t.Context(), l.as("bea"), last); err != nil {
		t.Error(err)
	}
	if c := l.account.Snapshot().InteractionChannels[0]; c.Status != "closed" {
		t.Errorf("the conversation is %s", c.Status)
	}
}

func TestLeaveOnAccept(t *testing.T) {
	l, p := several(t, nil)
	l.ask(p, "ada", onAccept)
	l.until(p, transfer.PhaseRinging)
	if !l.in("ada") {
		t.Error("ada was removed although nobody has accepted")
	}
	l.accept("bea")
	l.deliverAll(p)
	l.until(p, transfer.PhaseCompleted)
	if l.in("ada") || !l.in("bea") {
		t.Error("bea has accepted, and ada is still there")
	}
}

func TestDeclined(t *testing.T) {
	for _, c := range []struct {
		name   string
		how    func(r *transfer.Request)
		change func(l *lab, s *transfer.Settings)
		play   func(l *lab, p *process)
		phase  transfer.Phase
		why    transfer.Reason
		asked  string // who is asked next, in round 1
	}{
		{"ada is still there", onAccept, nil, decline, transfer.PhaseDeclined, transfer.ReasonTargetDeclined, ""},
		{"… and the webhook is lost", onAccept, func(_ *lab, s *transfer.Settings) { s.InviteTimeout = 0 }, func(l *lab, p *process) { decline(l, p); l.takeHooks() }, transfer.PhaseDeclined, transfer.ReasonTargetDeclined, ""},
		{"a warm invite", warm, nil, decline, transfer.PhaseDeclined, transfer.ReasonTargetDeclined, ""},
		{"ada has left: back to her", func(*transfer.Request) {}, nil, decline, transfer.PhaseRinging, "", "ada"},
		{"… to the next on the list", func(*transfer.Request) {}, func(l *lab, s *transfer.Settings) {
			s.Fallbacks = []transfer.Fallback{{Kind: transfer.FallbackWorker, SID: l.worker("sam")}}
			l.be("sam", "Available")
		}, decline, transfer.PhaseRinging, "", "sam"},
		{"… by policy nobody: closed", func(*transfer.Request) {}, func(_ *lab, s *transfer.Settings) {
			s.Fallbacks = []transfer.Fallback{{Kind: transfer.FallbackClose}}
		}, decline, transfer.PhaseDeclined, transfer.ReasonTargetDeclined, ""},
		{"nobody answers in time", onAccept, nil, func(l *lab, p *process) { l.clock.Advance(20 * time.Second) }, transfer.PhaseTimedOut, transfer.ReasonInviteTimedOut, ""},
		{"bea goes off", onAccept, nil, func(l *lab, p *process) { l.be("bea", "Offline"); l.clock.Advance(time.Minute) }, transfer.PhaseTimedOut, transfer.ReasonInviteTimedOut, ""},
		{"taken back", onAccept, nil, func(l *lab, p *process) {
			r := l.request("ada", "bea")
			r.TransferID = l.last().ID
			o, err := p.Cancel(context.Background(), l.as("ada"), r)
			l.check(err)
			if o.Transfer.Phase != transfer.PhaseCanceled {
				l.testing.Fatalf("%+v", o.Transfer)
			}
		}, transfer.PhaseCanceled, transfer.ReasonInviteWithdrawn, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, p := several(t, c.change)
			l.ask(p, "ada", c.how)
			l.until(p, transfer.PhaseRinging)
			c.play(l, p)
			l.deliverAll(p)
			var got transfer.Transfer
			if c.asked != "" {
				got = l.untilRound(p, 1)
				if _, ok := l.reservation(c.asked, "pending"); !ok {
					t.Errorf("%s is not asked: %+v", c.asked, got)
				}
				if len(got.Tried) != 1 || got.Tried[0].Target.SID != l.worker("bea") || got.Tried[0].Outcome != transfer.ReasonTargetDeclined {
					t.Errorf("tried %+v", got.Tried)
				}
			} else {
				got = l.until(p, c.phase)
				if _, ringing := l.reservation("bea", "pending"); ringing {
					t.Error("bea is still asked")
				}
			}
			if got.Failure != c.why {
				t.Errorf("failure %q", got.Failure)
			}
		})
	}
}

func decline(l *lab, _ *process) {
	r, ok := l.reservation("bea", "pending")
	if !ok {
		l.testing.Fatalf("bea is not asked")
	}
	_, err := l.account.RejectReservation(r.SID)
	l.check(err)
}

func (l *lab) be(name, activity string) {
	l.testing.Helper()
	_, err := l.account.SetActivity(l.worker(name), l.account.ActivitySID(activity))
	l.check(err)
}

// TestWhoGoesOff while being asked is asked no longer, at once.
func TestWhoGoesOff(t *testing.T) {
	l, p := several(t, nil)
	l.ask(p, "ada", onAccept)
	l.until(p, transfer.PhaseRinging)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	l.be("bea", "Offline")
	go func() { ended <- p.WatchTargets(ctx) }()
	defer func() { stop(); <-ended }()
	for deadline := time.Now().Add(time.Minute); l.last().Phase == transfer.PhaseRinging; {
		if time.Now().After(deadline) {
			t.Fatalf("bea is still asked: %+v", l.last())
		}
		p.roster.changed(transfer.WorkerRecord{SID: l.worker("bea")}) // again, until the watch listens
		time.Sleep(time.Millisecond)
	}
	if got := l.until(p, transfer.PhaseDeclined); got.Failure != transfer.ReasonTargetWentOff {
		t.Errorf("%+v", got)
	}
}

// TestTheBriefingTravels with the invite, and not to the customer.
func TestTheBriefingTravels(t *testing.T) {
	l, p := several(t, func(_ *lab, s *transfer.Settings) {
		s.Handover = transfer.HandoverSettings{Reasons: []transfer.ReasonOption{{Code: "billing"}}, Required: true, Digest: true}
	})
	p.Digest = func(context.Context, transfer.State, transfer.Transfer) transfer.Digest {
		return transfer.Digest{Text: "a digest"}
	}
	o := l.ask(p, "ada", func(r *transfer.Request) { warm(r); r.Reason, r.Notes = "billing", "be kind" })
	l.run(p)
	got := l.last()
	if got.Briefing.Notes != "be kind" || got.Digest == nil || got.Digest.Text != "a digest" || got.DigestWanted {
		t.Errorf("%+v", got)
	}
	task, err := l.client.Task(t.Context(), o.Transfer.Invite.TaskSID)
	l.check(err)
	for _, want := range []string{`"transferReason":"billing"`, `"transferNotes":"be kind"`, `"transferFromName"`} {
		if !strings.Contains(task.Attributes, want) {
			t.Errorf("no %s in %s", want, task.Attributes)
		}
	}
	for _, c := range l.account.Snapshot().Conversations {
		if strings.Contains(c.Attributes, "be kind") || strings.Contains(c.Attributes, "billing") {
			t.Errorf("the customer may read %s", c.Attributes)
		}
	}
}

// TestWhoIsInTwice is in once: Bea was asked by name and by her queue, and
// accepts both.
func TestWhoIsInTwice(t *testing.T) {
	l, p := several(t, nil)
	l.be("chidi", "Offline")
	l.ask(p, "ada", warm)
	r := l.request("ada", "bea")
	r.Mode = transfer.ModeWarm
	r.Target = transfer.Target{Kind: transfer.TargetQueue, SID: l.account.QueueSID("Everyone")}
	_, err := p.Start(t.Context(), l.as("ada"), r, "queue")
	l.check(err)
	l.accept("bea")
	l.accept("bea")
	l.deliverAll(p)
	for range 5 {
		l.run(p)
		l.clock.Advance(time.Second)
	}
	if n := l.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: l.worker("bea")}); n != 2 {
		t.Fatalf("bea joined %d times", n)
	}
	if n := l.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: l.worker("bea")}); n != 1 || !l.in("bea") {
		t.Errorf("bea was taken out %d times", n)
	}
}
