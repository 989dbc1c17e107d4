package transfer

import (
	"errors"
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
		{"invited", []Event{Invited{"XT1", "KG1", "WT2", at(1)}}, PhaseLeaving, StepRemove, ""},
		{"left", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}}, PhaseRinging, StepCheck, ""},
		{"accepted", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, Accepted{"XT1", bea, "", at(3)}}, PhaseCompleted, "", ""},
		{"accepted before the removal", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Accepted{"XT1", bea, "", at(2)}}, PhaseLeaving, StepRemove, ""},
		{"… and removed then", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Accepted{"XT1", bea, "", at(2)}, Left{"XT1", at(3)}}, PhaseCompleted, "", ""},
		{"accepted before the answer to the invite", []Event{Accepted{"XT1", bea, "", at(1)}, Invited{"XT1", "KG1", "WT2", at(2)}, Left{"XT1", at(3)}}, PhaseCompleted, "", ""},
		{"refused", []Event{InviteRefused{"XT1", ReasonInviteRefused, "80906", at(1)}}, PhaseFailed, "", ReasonInviteRefused},
		{"answer lost", []Event{InviteUnknown{"XT1", at(3), at(1)}}, PhaseSearching, StepFind, ""},
		{"… found", []Event{InviteUnknown{"XT1", at(3), at(1)}, Invited{"XT1", "KG1", "WT2", at(4)}}, PhaseLeaving, StepRemove, ""},
		{"… missing, tried again", []Event{InviteUnknown{"XT1", at(3), at(1)}, InviteMissing{"XT1", at(4)}}, PhaseInviting, StepInvite, ""},
		{"canceled", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"… and nobody else is needed", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{"XT1", Next{}, at(4)}}, PhaseCanceled, "", ReasonInviteCanceled},
		{"… and another is asked", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{"XT1", Next{Kind: NextTarget}, at(4)}}, PhaseInviting, StepInvite, ""},
		{"… and it is closed", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, InviteEnded{"XT1", "", "console", at(3)}, Withdrawn{"XT1", Next{Kind: NextClose}, at(4)}}, PhaseClosing, StepClose, ""},
		{"canceled before the agent left", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, InviteEnded{"XT1", "", "console", at(2)}}, PhaseLeaving, StepLook, ""},
		{"… who stays", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, InviteEnded{"XT1", "", "console", at(2)}, Stayed{"XT1", at(9)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"… who has left", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, InviteEnded{"XT1", "", "console", at(2)}, Left{"XT1", at(9)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"canceled before the answer to the invite", []Event{InviteEnded{"XT1", "", "no filter", at(1)}, Invited{"XT1", "KG1", "WT2", at(2)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"canceled while it is searched for", []Event{InviteUnknown{"XT1", at(3), at(1)}, InviteEnded{"XT1", "", "no filter", at(2)}, InviteMissing{"XT1", at(4)}}, PhaseWithdrawing, StepWithdraw, ""},
		{"accepted, so it exists although the list lags", []Event{InviteUnknown{"XT1", at(3), at(1)}, Accepted{"XT1", bea, "", at(2)}, InviteMissing{"XT1", at(4)}}, PhaseSearching, StepFind, ""},
		{"customer left", []Event{Invited{"XT1", "KG1", "WT2", at(1)}, Left{"XT1", at(2)}, Abandoned{"XT1", at(3)}}, PhaseAbandoned, "", ReasonCustomerLeft},
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
	s := walk(t, opened(t), Invited{"XT1", "KG1", "WT2", at(1)}, Accepted{"XT1", bea, "", at(2)})
	if _, err := Advance(s, InviteEnded{"XT1", "", "deleted", at(3)}); !errors.Is(err, ErrPointless) {
		t.Errorf("%v", err)
	}
}

func TestAnInviteIsTriedOnlySoOften(t *testing.T) {
	s := opened(t)
	for i := 1; i < maxAttempts; i++ {
		s = walk(t, s, InviteUnknown{"XT1", at(2), at(1)}, InviteMissing{"XT1", at(3)})
	}
	s = walk(t, s, InviteUnknown{"XT1", at(2), at(1)}, InviteMissing{"XT1", at(3)})
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

func TestOldTransfersAreForgotten(t *testing.T) {
	s := opened(t)
	for i := range 3 * keepEnded {
		id := string(rune('a' + i))
		s = walk(t, s, InviteRefused{s.Transfers[len(s.Transfers)-1].ID, ReasonInviteRefused, "", at(1)},
			Requested{Plan: Plan{TransferID: id}, At: noon})
	}
	if len(s.Transfers) > keepEnded+1 || !s.Open() {
		t.Errorf("%d kept", len(s.Transfers))
	}
}
