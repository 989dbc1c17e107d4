package transfer

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAnyOrderOfEvents drives a transfer of each kind through random events:
// the state stays sound, the given state is never changed, and nothing leaves
// the end.
func TestAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := Plan{
			TransferID: "XT1", Attributes: "{}", InteractionChannelSID: uo, Timeout: 20 * time.Second,
			Mode:    rapid.SampledFrom([]Mode{ModeCold, ModeWarm}).Draw(t, "mode"),
			LeaveOn: rapid.SampledFrom([]LeaveOn{LeaveOnInvite, LeaveOnAccept}).Draw(t, "leave on"),
			Target:  Target{Kind: rapid.SampledFrom([]TargetKind{TargetWorker, TargetQueue}).Draw(t, "kind"), SID: bea},
		}
		s, err := Advance(State{}, Requested{Plan: plan, At: noon})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			e := drawEvent(t, at(5*i), s.Transfers[0].Round)
			before := s.Transfers[0]
			tried := slices.Clone(before.Tried)
			next, err := Advance(s, e)
			if now := s.Transfers[0]; now.Phase != before.Phase || now.AcceptedBy != before.AcceptedBy || !slices.Equal(now.Tried, tried) {
				t.Fatal("the given state was changed")
			}
			if err != nil {
				if !errors.Is(err, ErrPointless) {
					t.Fatalf("%s: %v", e.Name(), err)
				}
				continue
			}
			if _, back := e.(FormerTakenBack); !before.Open() && !back {
				t.Fatalf("%s changed an ended transfer", e.Name())
			}
			s = next
			sound(t, s)
		}
	})
}

// sound fails the test where the state contradicts itself.
func sound(t *rapid.T, s State) {
	tr, own, back := s.Transfers[0], 0, 0
	for _, step := range s.Steps() {
		if own++; step.Kind == StepTakeBack {
			own, back = own-1, back+1
		}
	}
	switch {
	case tr.Open() != (own == 1), own > 1, back > 1, (back == 1) && tr.Invite.After == "", s.Open() != (own+back > 0), tr.Open() == tr.Due.IsZero():
		t.Fatalf("phase %s: steps %v, due %v", tr.Phase, s.Steps(), tr.Due)
	case tr.Open() != tr.EndedAt.IsZero():
		t.Fatalf("phase %s, ended %v", tr.Phase, tr.EndedAt)
	case tr.Phase == PhaseCompleted && tr.AcceptedBy == "":
		t.Fatalf("completed, but nobody accepted: %+v", tr)
	case tr.Phase == PhaseCompleted && tr.LeftAt.IsZero() != (tr.Mode == ModeWarm):
		t.Fatalf("completed, but the agent is not where the mode says: %+v", tr)
	case tr.Mode == ModeWarm && !tr.LeftAt.IsZero():
		t.Fatalf("somebody left by a warm transfer: %+v", tr)
	case tr.Phase == PhaseLeaving && !tr.leavesAtOnce() && tr.AcceptedBy == "":
		t.Fatalf("the agent leaves although nobody has accepted: %+v", tr)
	case tr.Phase == PhaseRinging && tr.leavesAtOnce() && tr.LeftAt.IsZero():
		t.Fatalf("ringing, but nobody left: %+v", tr)
	case tr.Phase == PhaseRinging && (tr.Over != "" || tr.Invite.TaskSID == ""):
		t.Fatalf("ringing without an invite: %+v", tr)
	case tr.Phase == PhaseWithdrawing && tr.Over == "":
		t.Fatalf("withdrawing, and nobody knows why: %+v", tr)
	case tr.AcceptedBy != "" && tr.Over != "":
		t.Fatalf("accepted and over: %+v", tr)
	case len(tr.Tried) > tr.Round:
		t.Fatalf("round %d, tried %v", tr.Round, tr.Tried)
	}
}

// drawEvent draws what may happen while a transfer is in its round; answers may
// be those of a former one.
func drawEvent(t *rapid.T, when time.Time, round int) Event {
	round = rapid.SampledFrom([]int{round, round, round, 0}).Draw(t, "round")
	next := Next{
		Kind:   rapid.SampledFrom([]NextKind{NextNothing, NextTarget, NextTarget, NextTarget, NextClose}).Draw(t, "next"),
		Target: Target{Kind: rapid.SampledFrom([]TargetKind{TargetWorker, TargetQueue}).Draw(t, "next kind"), SID: cyd},
		Last:   rapid.Bool().Draw(t, "last"),
	}
	return rapid.SampledFrom([]Event{
		Invited{TransferID: "XT1", Round: round, InviteSID: "KG1", TaskSID: fmt.Sprint("WT", 2+round), At: when}, InviteRefused{TransferID: "XT1", Round: round, Reason: ReasonInviteRefused, At: when},
		InviteUnknown{TransferID: "XT1", Round: round, Due: when.Add(time.Second), At: when}, InviteMissing{TransferID: "XT1", Round: round, At: when}, Left{"XT1", when}, Stayed{"XT1", when},
		Accepted{"XT1", bea, "", when}, InviteEnded{"XT1", "", "", when}, Abandoned{"XT1", when},
		Declined{"XT1", "", ReasonTargetDeclined, when}, TimedOut{"XT1", when}, Canceled{"XT1", ada, when},
		Withdrawn{TransferID: "XT1", Next: next, At: when}, Withdrawn{TransferID: "XT1", Next: next, Standing: true, At: when}, Closed{"XT1", when},
		FormerTakenBack{"XT1", fmt.Sprint("WT", 1+round), when}, Accepted{"XT1", bea, fmt.Sprint("WT", 1+round), when},
	}).Draw(t, "event")
}
