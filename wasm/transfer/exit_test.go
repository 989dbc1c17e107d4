package transfer

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	utB = sid("UT", 2)
	utC = sid("UT", 3)
	wtB = sid("WT", 2)
	wtC = sid("WT", 3)
)

// facts are those of records, changed.
func facts(t testing.TB, changes ...func(*Records)) Facts {
	t.Helper()
	r := records()
	r.Settings.MultiParticipant = true
	for _, change := range changes {
		change(&r)
	}
	f, err := r.Facts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func withBea(r *Records) {
	r.Participants = append(r.Participants, ParticipantRecord{SID: utB, Type: "agent", TaskSID: wtB, WorkerSID: bea})
}

// asBea is Bea, who is in the conversation too, looking at her own task.
func asBea(r *Records) {
	withBea(r)
	r.Worker = r.Workers[0]
	r.Task.SID = wtB
}

func having(ts ...Transfer) func(*Records) {
	return func(r *Records) { r.Transfers = append(r.Transfers, ts...) }
}

func leaving(ds ...Departure) func(*Records) {
	return func(r *Records) { r.Departures = append(r.Departures, ds...) }
}

var (
	fromAda = Agent{WorkerSID: ada, ParticipantSID: utA, TaskSID: wt}
	fromBea = Agent{WorkerSID: bea, ParticipantSID: utB, TaskSID: wtB}
	toCyd   = Target{Kind: TargetWorker, SID: cyd}
)

func departure(kind DepartureKind, phase DeparturePhase, who Agent) Departure {
	return Departure{ID: "XD1", Kind: kind, Phase: phase, Agent: who, RequestedAt: noon.Add(-time.Second)}
}

// TestExit shows what each agent may do about leaving, by what is going on.
func TestExit(t *testing.T) {
	warm := Transfer{ID: "XT1", Mode: ModeWarm, Phase: PhaseRinging, From: fromAda, Target: toCyd}
	with := func(change func(*Transfer)) Transfer {
		c := warm
		change(&c)
		return c
	}
	leftByBea := departure(DepartureLeave, DepartureGone, fromBea)
	for _, c := range []struct {
		name       string
		records    []func(*Records)
		kind       ExitKind
		state      ButtonState
		leave, end Reason
	}{
		{"alone", nil, ExitEnd, ButtonEnabled, ReasonLastAgent, ""},
		{"with another", []func(*Records){withBea}, ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
		{"the other is leaving", []func(*Records){withBea, leaving(departure(DepartureLeave, DepartureLeaving, fromBea))},
			ExitEnd, ButtonEnabled, ReasonLastAgent, ""},
		{"the other has left, the list lags", []func(*Records){withBea, leaving(leftByBea)}, ExitEnd, ButtonEnabled, ReasonLastAgent, ""},
		{"the other could not leave", []func(*Records){withBea, leaving(departure(DepartureLeave, DepartureFailed, fromBea))},
			ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
		{"an invite is live", []func(*Records){having(warm)}, ExitLeave, ButtonEnabled, "", ReasonInviteOutstanding},
		{"an invite is on its way", []func(*Records){having(with(func(t *Transfer) { t.Phase = PhaseInviting }))},
			ExitEnd, ButtonDisabled, ReasonInviteUnderWay, ReasonInviteUnderWay},
		{"an invite is being taken back", []func(*Records){having(with(func(t *Transfer) { t.Phase, t.Over = PhaseWithdrawing, ReasonInviteWithdrawn }))},
			ExitEnd, ButtonDisabled, ReasonInviteUnderWay, ReasonInviteUnderWay},
		{"Bea has accepted, and only the list shows it", []func(*Records){asBea, having(with(func(t *Transfer) {
			t.Target, t.Invite.TaskSID = Target{Kind: TargetWorker, SID: bea}, wtB
		}))}, ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
		{"… by which Ada is going to leave", []func(*Records){asBea, having(with(func(t *Transfer) {
			t.Mode, t.LeaveOn, t.Target, t.Invite.TaskSID = ModeCold, LeaveOnAccept, Target{Kind: TargetWorker, SID: bea}, wtB
		}))}, ExitEnd, ButtonDisabled, ReasonInviteUnderWay, ReasonInviteUnderWay},
		{"somebody has just accepted, the list lags", []func(*Records){having(with(func(t *Transfer) {
			t.Phase, t.AcceptedBy, t.AcceptedAt, t.Invite.TaskSID = PhaseCompleted, cyd, noon.Add(-time.Second), wtC
		}))}, ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
		{"… who had left before, and the list still shows that", []func(*Records){func(r *Records) {
			r.Participants = append(r.Participants, ParticipantRecord{SID: utB, Type: typeAgent, TaskSID: wtB, WorkerSID: bea})
		}, leaving(departure(DepartureRemove, DepartureGone, fromBea)), having(with(func(t *Transfer) {
			t.Phase, t.AcceptedBy, t.AcceptedAt, t.Invite.TaskSID = PhaseCompleted, bea, noon.Add(-time.Second), wtC
		}))}, ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
		{"… and left again", []func(*Records){having(with(func(t *Transfer) {
			t.Phase, t.AcceptedBy, t.AcceptedAt, t.Invite.TaskSID = PhaseCompleted, cyd, noon.Add(-time.Second), wtC
		})), leaving(departure(DepartureLeave, DepartureGone, Agent{WorkerSID: cyd, ParticipantSID: utC, TaskSID: wtC}))},
			ExitEnd, ButtonEnabled, ReasonLastAgent, ""},
		{"somebody accepted long ago and is not there", []func(*Records){having(with(func(t *Transfer) {
			t.Phase, t.AcceptedBy, t.AcceptedAt = PhaseCompleted, cyd, noon.Add(-time.Hour)
		}))}, ExitEnd, ButtonEnabled, ReasonLastAgent, ""},
		{"handing over", []func(*Records){withBea, having(Transfer{ID: "XT1", Mode: ModeCold, Phase: PhaseInviting, From: fromAda, Target: toCyd})},
			ExitLeave, ButtonBusy, ReasonTransferUnderWay, ReasonTransferUnderWay},
		{"handing over on accept", []func(*Records){having(Transfer{ID: "XT1", Mode: ModeCold, LeaveOn: LeaveOnAccept, Phase: PhaseRinging, From: fromAda, Target: toCyd})},
			ExitLeave, ButtonBusy, ReasonTransferUnderWay, ReasonTransferUnderWay},
		{"leaving already", []func(*Records){withBea, leaving(departure(DepartureLeave, DepartureLeaving, fromAda))},
			ExitLeave, ButtonBusy, ReasonLeavingUnderWay, ReasonLeavingUnderWay},
		{"being ended", []func(*Records){leaving(departure(DepartureEnd, DepartureLeaving, fromAda))},
			ExitLeave, ButtonBusy, ReasonLeavingUnderWay, ReasonLeavingUnderWay},
		{"Bea, while Ada hands over at once", []func(*Records){asBea, having(Transfer{ID: "XT1", Mode: ModeCold, Phase: PhaseSearching, From: fromAda, Target: toCyd})},
			ExitEnd, ButtonDisabled, ReasonInviteUnderWay, ReasonInviteUnderWay},
		{"Bea, who has accepted what Ada took back before its answer was there", []func(*Records){asBea, func(r *Records) {
			r.Task.Attributes = strings.Replace(r.Task.Attributes, "{", `{"transferId":"XT1",`, 1)
		}, having(Transfer{ID: "XT1", Mode: ModeCold, Phase: PhaseSearching, Over: ReasonInviteWithdrawn, From: fromAda, Target: toCyd})},
			ExitEnd, ButtonDisabled, ReasonInviteUnderWay, ReasonInviteUnderWay},
		{"Bea, once Ada's invite is live", []func(*Records){asBea, having(Transfer{ID: "XT1", Mode: ModeCold, Phase: PhaseRinging, From: fromAda, Target: toCyd, LeftAt: noon})},
			ExitLeave, ButtonEnabled, "", ReasonInviteOutstanding},
		{"Bea, while Ada waits for an accept", []func(*Records){asBea, having(Transfer{ID: "XT1", Mode: ModeCold, LeaveOn: LeaveOnAccept, Phase: PhaseRinging, From: fromAda, Target: toCyd})},
			ExitLeave, ButtonEnabled, "", ReasonOthersInConversation},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t, c.records...)
			if e := View(f).Exit; e.Kind != c.kind || e.State != c.state {
				t.Errorf("shown %+v, want %s %s", e, c.kind, c.state)
			}
			for _, ask := range []struct {
				action Action
				want   Reason
			}{{ActionLeave, c.leave}, {ActionEnd, c.end}} {
				_, err := DecideDeparture(f, Request{Action: ask.action, InteractionSID: kd, InteractionChannelSID: uo, TaskSID: f.Task.SID})
				if got := reasonOf(err); got != ask.want {
					t.Errorf("%s: %q, want %q", ask.action, got, ask.want)
				}
			}
		})
	}
}

func reasonOf(err error) Reason {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

func TestRemove(t *testing.T) {
	ask := func(sid string) Request {
		return Request{Action: ActionRemove, InteractionSID: kd, InteractionChannelSID: uo, TaskSID: wt, ParticipantSID: sid}
	}
	for _, c := range []struct {
		name    string
		records []func(*Records)
		who     string
		want    Reason
	}{
		{"another agent", []func(*Records){withBea}, utB, ""},
		{"oneself", []func(*Records){withBea}, utA, ReasonCannotRemoveSelf},
		{"the customer", []func(*Records){withBea}, sid("UT", 9), ReasonCannotRemoveCustomer},
		{"nobody", []func(*Records){withBea}, utC, ReasonParticipantNotFound},
		{"somebody who has left", []func(*Records){withBea, leaving(departure(DepartureLeave, DepartureGone, fromBea))}, utB, ReasonParticipantNotFound},
		{"somebody who is leaving", []func(*Records){withBea, leaving(departure(DepartureRemove, DepartureLeaving, fromBea))}, utB, ReasonLeavingUnderWay},
		{"somebody who hands over", []func(*Records){withBea, having(Transfer{Mode: ModeCold, LeaveOn: LeaveOnAccept, Phase: PhaseRinging, From: fromBea, Target: toCyd})}, utB, ReasonTransferUnderWay},
		{"while handing over oneself", []func(*Records){withBea, having(Transfer{Mode: ModeCold, LeaveOn: LeaveOnAccept, Phase: PhaseRinging, From: fromAda, Target: toCyd})}, utB, ReasonTransferUnderWay},
		{"by an outsider", []func(*Records){withBea, func(r *Records) { r.Worker.SID = cyd }}, utB, ReasonNotInConversation},
		{"by a supervisor in an agent's name", []func(*Records){withBea, func(r *Records) { r.Worker.SID, r.Roles = cyd, []string{"supervisor"} }}, utB, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := DecideDeparture(facts(t, c.records...), ask(c.who))
			if got := reasonOf(err); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
			if err == nil && (d.Kind != DepartureRemove || d.Agent.ParticipantSID != c.who) {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	warm := Transfer{ID: "XT1", Mode: ModeWarm, Phase: PhaseRinging, From: fromAda, RequestedBy: ada, Target: toCyd}
	with := func(change func(*Transfer)) Transfer {
		c := warm
		change(&c)
		return c
	}
	left := with(func(t *Transfer) { t.Mode, t.LeftAt = ModeCold, noon })
	for _, c := range []struct {
		name    string
		records []func(*Records)
		want    Reason
	}{
		{"one's own", []func(*Records){having(warm)}, ""},
		{"a colleague's", []func(*Records){asBea, having(warm)}, ""},
		{"on its way", []func(*Records){having(with(func(t *Transfer) { t.Phase = PhaseInviting }))}, ""},
		{"accepted", []func(*Records){having(with(func(t *Transfer) { t.Phase, t.AcceptedBy = PhaseLeaving, cyd }))}, ReasonInviteOver},
		{"ended", []func(*Records){having(with(func(t *Transfer) { t.Phase = PhaseDeclined }))}, ReasonInviteOver},
		{"being taken back", []func(*Records){having(with(func(t *Transfer) { t.Phase, t.Over = PhaseWithdrawing, ReasonInviteTimedOut }))}, ReasonCancelUnderWay},
		{"the agent is being removed", []func(*Records){having(with(func(t *Transfer) { t.Mode, t.Phase = ModeCold, PhaseLeaving }))}, ReasonTransferUnderWay},
		{"nobody would stay", []func(*Records){func(r *Records) { r.Participants = r.Participants[:1] }, having(left)}, ReasonNobodyWouldStay},
		{"another is asked too", []func(*Records){func(r *Records) { r.Participants = r.Participants[:1] },
			having(left, Transfer{ID: "XT2", Mode: ModeWarm, Phase: PhaseRinging, Target: Target{Kind: TargetQueue, SID: wqB}})}, ""},
		{"by an outsider", []func(*Records){func(r *Records) { r.Worker.SID = cyd }, having(warm)}, ReasonNotInConversation},
		{"unknown", nil, ReasonNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(t, c.records...)
			err := DecideCancel(f, Request{Action: ActionCancel, TransferID: "XT1", InteractionSID: kd, InteractionChannelSID: uo, TaskSID: f.Task.SID})
			if got := reasonOf(err); got != c.want {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}
