package transfer

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func opened(t testing.TB) State {
	t.Helper()
	s, err := Advance(State{}, Requested{Plan: Plan{
		TransferID: "XT1", Mode: ModeCold, From: Agent{WorkerSID: ada, ParticipantSID: utA, TaskSID: wt},
		Target: Target{Kind: TargetWorker, SID: bea}, Attributes: "{}", InteractionSID: kd, InteractionChannelSID: uo,
	}, At: noon})
	if steps := s.Steps(); err != nil || len(steps) != 1 || steps[0].Kind != StepInvite {
		t.Fatalf("%+v %v", s, err)
	}
	return s
}

// walk takes the state through the events, and fails the test if one is refused.
func walk(t *testing.T, s State, events ...Event) State {
	t.Helper()
	for _, e := range events {
		var err error
		if s, err = Advance(s, e); err != nil {
			t.Fatalf("%s: %v", e.Name(), err)
		}
	}
	return s
}

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func TestColdTransferFromClickToEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []Event
		phase  Phase
		step   StepKind
		why    Reason
	}{
		{"invited", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}}, PhaseLeaving, StepRemove, ""},
		{"left", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}}, PhaseRinging, StepCheck, ""},
		{"accepted", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, Accepted{"XT1", bea, "", at(3)}}, PhaseCompleted, "", ""},
		{"accepted before the removal", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Accepted{"XT1", bea, "", at(2)}}, PhaseLeaving, StepRemove, ""},
		{"… and removed then", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Accepted{"XT1", bea, "", at(2)}, Left{"XT1", at(3)}}, PhaseCompleted, "", ""},
		{"accepted before the answer to the invite", []Event{Accepted{"XT1", bea, "", at(1)}, Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(2)}, Left{"XT1", at(3)}}, PhaseCompleted, "", ""},
		{"refused", []Event{InviteRefused{TransferID: "XT1", Reason: ReasonInviteRefused, Detail: "80906", At: at(1)}}, PhaseFailed, "", ReasonInviteRefused},
		{"answer lost", []Event{InviteUnknown{TransferID: "XT1", Due: at(3), At: at(1)}}, PhaseSearching, StepFind, ""},
		{"… found", []Event{InviteUnknown{TransferID: "XT1", Due: at(3), At: at(1)}, Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(4)}}, PhaseLeaving, StepRemove, ""},
		{"… missing, tried again", []Event{InviteUnknown{TransferID: "XT1", Due: at(3), At: at(1)}, InviteMissing{TransferID: "XT1", At: at(4)}}, PhaseInviting, StepInvite, ""},
		{"canceled", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"… and nobody else is needed", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{TransferID: "XT1", Next: Next{}, At: at(4)}}, PhaseCanceled, "", ReasonInviteCanceled},
		{"… and another is asked", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{TransferID: "XT1", Next: Next{Kind: NextTarget}, At: at(4)}}, PhaseInviting, StepInvite, ""},
		{"… and it is closed", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{TransferID: "XT1", Next: Next{Kind: NextClose}, At: at(4)}}, PhaseClosing, StepClose, ""},
		{"canceled before the agent left", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, InviteEnded{"XT1", "", "console", at(2)}}, PhaseLeaving, StepLook, ""},
		{"… who stays", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, InviteEnded{"XT1", "", "console", at(2)}, Stayed{"XT1", at(9)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"… who has left", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, InviteEnded{"XT1", "", "console", at(2)}, Left{"XT1", at(9)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"canceled before the answer to the invite", []Event{InviteEnded{"XT1", "", "no filter", at(1)}, Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(2)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"canceled while it is searched for", []Event{InviteUnknown{TransferID: "XT1", Due: at(3), At: at(1)}, InviteEnded{"XT1", "", "no filter", at(2)}, InviteMissing{TransferID: "XT1", At: at(4)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"accepted, so it exists although the list lags", []Event{InviteUnknown{TransferID: "XT1", Due: at(3), At: at(1)}, Accepted{"XT1", bea, "", at(2)}, InviteMissing{TransferID: "XT1", At: at(4)}}, PhaseSearching, StepFind, ""},
		{"customer left", []Event{Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Left{"XT1", at(2)}, Abandoned{"XT1", at(3)}}, PhaseAbandoned, "", ReasonCustomerLeft},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := walk(t, opened(t), c.events...)
			tr := s.Transfers[0]
			if tr.Phase != c.phase || tr.Failure != c.why {
				t.Errorf("phase %s, failure %q", tr.Phase, tr.Failure)
			}
			steps := s.Steps()
			if c.step == "" && len(steps) != 0 || c.step != "" && (len(steps) != 1 || steps[0].Kind != c.step) {
				t.Errorf("steps %+v, want %s", steps, c.step)
			}
			if tr.Open() == tr.Due.IsZero() || tr.Open() == !tr.EndedAt.IsZero() {
				t.Errorf("due %v, ended %v in phase %s", tr.Due, tr.EndedAt, tr.Phase)
			}
		})
	}
}

// TestWhoHasAcceptedIsIn shows that the end of a task that was accepted, such as
// its deletion, is not taken for the end of the invite.
func TestWhoHasAcceptedIsIn(t *testing.T) {
	s := walk(t, opened(t), Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(1)}, Accepted{"XT1", bea, "", at(2)})
	if _, err := Advance(s, InviteEnded{"XT1", "", "deleted", at(3)}); !errors.Is(err, ErrPointless) {
		t.Errorf("%v", err)
	}
}

func TestAnInviteIsTriedOnlySoOften(t *testing.T) {
	s := opened(t)
	for i := 1; i < maxAttempts; i++ {
		s = walk(t, s, InviteUnknown{TransferID: "XT1", Due: at(2), At: at(1)}, InviteMissing{TransferID: "XT1", At: at(3)})
	}
	s = walk(t, s, InviteUnknown{TransferID: "XT1", Due: at(2), At: at(1)}, InviteMissing{TransferID: "XT1", At: at(3)})
	if tr := s.Transfers[0]; tr.Phase != PhaseFailed || tr.Failure != ReasonInviteNotStored || tr.Attempt != maxAttempts {
		t.Errorf("%+v", tr)
	}
}

func TestATransferBeginsOnce(t *testing.T) {
	s := opened(t)
	if _, err := Advance(s, Requested{Plan: Plan{TransferID: "XT1"}, At: noon}); !errors.Is(err, ErrTransferOpen) {
		t.Errorf("same ID again: %v", err)
	}
	s = walk(t, s, Requested{Plan: Plan{TransferID: "XT2", Mode: ModeWarm}, At: noon})
	if len(s.Transfers) != 2 || len(s.Steps()) != 2 {
		t.Errorf("%+v", s)
	}
	if _, err := Advance(s, Left{"XT9", at(1)}); !errors.Is(err, ErrUnknownTransfer) {
		t.Errorf("unknown: %v", err)
	}
}

// TestAnswersOfFormerInvites: what becomes known late of the invite of a former
// target, or of a former attempt, says nothing about the present one.
func TestAnswersOfFormerInvites(t *testing.T) {
	second := walk(t, opened(t), Declined{"XT1", "WT2", ReasonTargetDeclined, at(1)},
		Withdrawn{TransferID: "XT1", Next: Next{Kind: NextTarget, Target: Target{Kind: TargetWorker, SID: cyd}}, At: at(2)})
	again := walk(t, opened(t), InviteUnknown{TransferID: "XT1", Attempt: 1, Due: at(3), At: at(1)}, InviteMissing{TransferID: "XT1", Attempt: 1, At: at(4)})
	searched := walk(t, again, InviteUnknown{TransferID: "XT1", Attempt: 2, Due: at(9), At: at(8)})
	for _, c := range []struct {
		name string
		in   State
		late Event
	}{
		{"made for the former target", second, Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(5)}},
		{"refused for the former target", second, InviteRefused{TransferID: "XT1", Attempt: 1, Reason: ReasonInviteRefused, At: at(5)}},
		{"unknown of the former target", second, InviteUnknown{TransferID: "XT1", Attempt: 1, Due: at(7), At: at(5)}},
		{"missing of the former target", walk(t, second, InviteUnknown{TransferID: "XT1", Round: 1, Attempt: 1, Due: at(7), At: at(5)}),
			InviteMissing{TransferID: "XT1", Attempt: 1, At: at(6)}},
		{"refused at the former attempt", again, InviteRefused{TransferID: "XT1", Attempt: 1, Reason: ReasonInviteRefused, At: at(5)}},
		{"unknown of the former attempt", again, InviteUnknown{TransferID: "XT1", Attempt: 1, Due: at(7), At: at(5)}},
		{"missing at the former attempt", searched, InviteMissing{TransferID: "XT1", Attempt: 1, At: at(9)}},
	} {
		if s, err := Advance(c.in, c.late); !errors.Is(err, ErrPointless) {
			t.Errorf("%s: %v, %+v", c.name, err, s)
		}
	}
	if s := walk(t, again, Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT2", At: at(5)}); s.Transfers[0].Phase != PhaseLeaving {
		t.Errorf("an invite that a former attempt made is one of the same target: %+v", s.Transfers[0])
	}
}

func TestOldTransfersAreForgotten(t *testing.T) {
	s := opened(t)
	for i := range 3 * keepEnded {
		id := string(rune('a' + i))
		s = walk(t, s, InviteRefused{TransferID: s.Transfers[len(s.Transfers)-1].ID, Reason: ReasonInviteRefused, At: at(1)},
			Requested{Plan: Plan{TransferID: id}, At: noon})
	}
	if len(s.Transfers) > keepEnded+1 || !s.Open() {
		t.Errorf("%d kept", len(s.Transfers))
	}
}

// TestWhoLeftIsNotForgotten plays more departures than a state keeps while
// everybody who left still wraps up, which is to be on Twilio's list.
func TestWhoLeftIsNotForgotten(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave func(t *testing.T, s State, id string, who Agent) State
	}{
		{"by a transfer", func(t *testing.T, s State, id string, who Agent) State {
			return walk(t, s,
				Requested{Plan: Plan{TransferID: id, Mode: ModeCold, LeaveOn: LeaveOnInvite, From: who}, At: noon},
				Invited{TransferID: id, InviteSID: "KG1", TaskSID: "WT" + id, At: at(1)},
				Left{TransferID: id, At: at(2)},
				Accepted{TransferID: id, WorkerSID: "WK" + id, TaskSID: "WT" + id, At: at(3)})
		}},
		{"by a departure", func(t *testing.T, s State, id string, who Agent) State {
			return walk(t, s,
				DepartureRequested{Departure: Departure{ID: id, Kind: DepartureLeave, Agent: who}, At: noon},
				Departed{DepartureID: id, At: at(1)})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, listed := State{InteractionChannelSID: "UO1"}, []ParticipantRecord{{SID: "UTc", Type: "customer"}}
			for i := range 2 * keepEnded {
				who := Agent{WorkerSID: "WK1", ParticipantSID: fmt.Sprint("UT", i), TaskSID: fmt.Sprint("WTa", i)}
				listed = append(listed, ParticipantRecord{SID: who.ParticipantSID, Type: typeAgent, WorkerSID: who.WorkerSID, TaskSID: who.TaskSID})
				s = c.leave(t, s, fmt.Sprint("D", i), who)
			}
			f := Facts{Now: at(100), Participants: s.Listed(listed), Transfers: s.Transfers, Departures: s.Departures}
			if f.staying("") {
				t.Errorf("somebody is believed to stay; long gone are %v", s.LongGone)
			}
			if len(s.LongGone) != keepEnded || !s.Gone("UT0") || s.Gone("UTc") {
				t.Errorf("long gone are %v", s.LongGone)
			}
		})
	}
}

// TestTheFormerInviteStands while the next target is chosen, until that is asked.
func TestTheFormerInviteStands(t *testing.T) {
	invited := walk(t, opened(t), Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT1", At: at(1)}, Left{"XT1", at(2)},
		Declined{TransferID: "XT1", TaskSID: "WT1", Reason: ReasonTargetDeclined, At: at(3)})
	next := Next{Kind: NextTarget, Target: Target{Kind: TargetWorker, SID: cyd}, Attributes: "{}"}
	chosen := walk(t, invited, Withdrawn{TransferID: "XT1", Next: next, Standing: true, At: at(4)})
	if got := chosen.Transfers[0]; got.Phase != PhaseInviting || got.Invite.After != "WT1" || got.OverBefore("WT1") != ReasonTargetDeclined {
		t.Fatalf("%+v", got)
	}
	for _, c := range []struct {
		name  string
		event Event
		after string
	}{
		{"asked", Invited{TransferID: "XT1", Round: 1, InviteSID: "KG2", TaskSID: "WT2", At: at(5)}, "WT1"},
		{"refused", InviteRefused{TransferID: "XT1", Round: 1, Attempt: 1, Reason: ReasonInviteRefused, At: at(5)}, "WT1"},
		{"unknown", InviteUnknown{TransferID: "XT1", Round: 1, Attempt: 1, Due: at(7), At: at(5)}, "WT1"},
		{"declined at once", Declined{TransferID: "XT1", TaskSID: "WT2", Reason: ReasonTargetDeclined, At: at(5)}, "WT1"},
	} {
		if got := walk(t, chosen, c.event).Transfers[0]; got.Invite.After != c.after {
			t.Errorf("%s: %+v", c.name, got.Invite)
		}
	}
	for _, e := range []Event{InviteEnded{"XT1", "WT1", "", at(5)}, Declined{TransferID: "XT1", TaskSID: "WT1", Reason: ReasonTargetDeclined, At: at(5)}} {
		if s, err := Advance(chosen, e); !errors.Is(err, ErrPointless) {
			t.Errorf("%s of the former invite: %v %+v", e.Name(), err, s.Transfers)
		}
	}
	got := walk(t, chosen, Accepted{TransferID: "XT1", WorkerSID: bea, TaskSID: "WT1", At: at(5)}).Transfers[0]
	if got.Phase != PhaseCompleted || got.Target.SID != bea || len(got.Tried) != 0 || got.Invite.TaskSID != "WT1" || got.Invite.After != "" {
		t.Errorf("the former target was faster: %+v", got)
	}
}

// TestTheAcceptedInviteCounts of two that one round has, whichever is found.
func TestTheAcceptedInviteCounts(t *testing.T) {
	s := walk(t, opened(t), InviteUnknown{TransferID: "XT1", Attempt: 1, Due: at(3), At: at(1)},
		Accepted{TransferID: "XT1", WorkerSID: bea, TaskSID: "WT2", At: at(2)},
		Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT1", At: at(3)})
	if got := s.Transfers[0]; got.Invite.TaskSID != "WT2" || got.Invite.SID != "" {
		t.Errorf("%+v", got.Invite)
	}
}

// TestWhoIsTwiceInAndCouldNotBeRemoved is let go by the same departure again.
func TestWhoIsTwiceInAndCouldNotBeRemoved(t *testing.T) {
	second := Departure{ID: "XD1", Kind: DepartureRemove, Agent: Agent{WorkerSID: bea, ParticipantSID: utB, TaskSID: "WT1"}}
	s := walk(t, opened(t), Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT1", At: at(1)})
	s.Present = []Agent{{WorkerSID: bea, ParticipantSID: "UT9", TaskSID: "WT9"}}
	s = walk(t, s, Accepted{TransferID: "XT1", WorkerSID: bea, TaskSID: "WT1", At: at(2)},
		DepartureRequested{Departure: second, InteractionChannelSID: uo, Present: s.Present, At: at(3)},
		DepartureRefused{DepartureID: "XD1", Reason: ReasonLeaveRefused, At: at(4)},
		Undoubled{TransferID: "XT1", Departure: &second, At: at(5)})
	if len(s.Departures) != 1 || !s.Departures[0].Open() {
		t.Fatalf("%+v", s.Departures)
	}
	if s = walk(t, s, Departed{DepartureID: "XD1", At: at(6)}); s.Departures[0].Phase != DepartureGone {
		t.Errorf("%+v", s.Departures)
	}
}

// TestWhoLeftIsGoneAlthoughItWasSaidToHaveFailed: two processes asked Twilio, one
// was refused, and was the first to say so.
func TestWhoLeftIsGoneAlthoughItWasSaidToHaveFailed(t *testing.T) {
	s := walk(t, State{}, DepartureRequested{Departure: Departure{ID: "XD1", Kind: DepartureLeave, Agent: Agent{ParticipantSID: utA}}, InteractionChannelSID: uo, At: noon},
		DepartureRefused{DepartureID: "XD1", Reason: ReasonLeaveRefused, At: at(1)}, Departed{DepartureID: "XD1", At: at(2)})
	if d := s.Departures[0]; d.Phase != DepartureGone || d.Failure != "" || !s.Gone(utA) {
		t.Errorf("%+v", d)
	}
	if _, err := Advance(s, Departed{DepartureID: "XD1", At: at(3)}); !errors.Is(err, ErrPointless) {
		t.Errorf("twice: %v", err)
	}
}

// TestWhatIsDeclinedIsTakenBackLast: the invite of a target who has declined stands until the next one is there, and is
// then taken back, also after the end; whoever of the two accepts first has won, and the other's is taken back.
func TestWhatIsDeclinedIsTakenBackLast(t *testing.T) {
	next := Next{Kind: NextTarget, Target: Target{Kind: TargetWorker, SID: cyd}, Attributes: "{}"}
	asked := walk(t, opened(t), Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT1", At: at(1)}, Left{"XT1", at(2)},
		Declined{TransferID: "XT1", TaskSID: "WT1", Reason: ReasonTargetDeclined, At: at(3)},
		Withdrawn{TransferID: "XT1", Next: next, Standing: true, At: at(4)}, Invited{TransferID: "XT1", Round: 1, InviteSID: "KG2", TaskSID: "WT2", At: at(5)})
	takesBack := func(s State) bool {
		return slices.ContainsFunc(s.Steps(), func(st Step) bool { return st.Kind == StepTakeBack })
	}
	back := FormerTakenBack{TransferID: "XT1", TaskSID: "WT1", At: at(6)}
	for name, c := range map[string]struct {
		events           []Event
		winner, tookBack string // the task that won; the one that is still to be taken back
	}{
		"nobody yet":              {},
		"the present one accepts": {events: []Event{Accepted{TransferID: "XT1", WorkerSID: cyd, TaskSID: "WT2", At: at(6)}}, winner: "WT2", tookBack: "WT1"},
		"the former one accepts":  {events: []Event{Accepted{TransferID: "XT1", WorkerSID: bea, TaskSID: "WT1", At: at(6)}}, winner: "WT1", tookBack: "WT2"},
	} {
		s := walk(t, asked, c.events...)
		got := s.Transfers[0]
		if !takesBack(s) || !s.Open() || c.winner != "" && (got.Phase != PhaseCompleted || got.Invite.TaskSID != c.winner || got.Invite.After != c.tookBack) {
			t.Errorf("%s: %+v, %+v", name, got, s.Steps())
		}
		if c.tookBack != "" {
			s = walk(t, s, FormerTakenBack{TransferID: "XT1", TaskSID: c.tookBack, At: at(7)})
			if takesBack(s) {
				t.Errorf("%s: still to be taken back: %+v", name, s.Steps())
			}
		}
	}
	// The next target's invite was never made: what the first one declined goes on standing, for the one after.
	third := Next{Kind: NextTarget, Target: Target{Kind: TargetQueue, SID: sid("WQ", 1)}, Attributes: "{}"}
	again := walk(t, opened(t), Invited{TransferID: "XT1", InviteSID: "KG1", TaskSID: "WT1", At: at(1)}, Left{"XT1", at(2)},
		Declined{TransferID: "XT1", TaskSID: "WT1", Reason: ReasonTargetDeclined, At: at(3)},
		Withdrawn{TransferID: "XT1", Next: next, Standing: true, At: at(4)},
		InviteRefused{TransferID: "XT1", Round: 1, Attempt: 1, Reason: ReasonInviteRefused, At: at(5)},
		Withdrawn{TransferID: "XT1", Next: third, Standing: true, At: at(6)})
	if got := again.Transfers[0]; got.Invite.After != "WT1" || !got.FormerDeclined() || len(got.Tried) != 2 {
		t.Errorf("%+v", got)
	}
	if got := walk(t, again, Accepted{TransferID: "XT1", WorkerSID: bea, TaskSID: "WT1", At: at(7)}).Transfers[0]; got.Target.SID != bea || len(got.Tried) != 0 || got.Phase != PhaseCompleted {
		t.Errorf("the first one after all: %+v", got)
	}
	done := walk(t, asked, back)
	if takesBack(done) || done.Transfers[0].Phase != PhaseRinging {
		t.Errorf("%+v", done.Transfers[0])
	}
	if s, err := Advance(done, back); !errors.Is(err, ErrPointless) {
		t.Errorf("twice: %v %+v", err, s)
	}
}
