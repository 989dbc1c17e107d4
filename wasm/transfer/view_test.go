package transfer

import "testing"

func TestButton(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Records)
		want   Button
	}{
		{"enabled", func(*Records) {}, Button{State: ButtonEnabled}},
		{"no task", func(r *Records) { r.Task = TaskRecord{} }, Button{ButtonHidden, ReasonNotAConversation}},
		{"voice", func(r *Records) { r.Task.Attributes = `{"call_sid":"CA1"}` }, Button{ButtonHidden, ReasonNotAConversation}},
		{"not a SID", func(r *Records) { r.Task.Attributes = `{"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1"}` }, Button{ButtonHidden, ReasonNotAConversation}},
		{"ringing", func(r *Records) { r.Task.AssignmentStatus = "reserved" }, Button{ButtonHidden, ReasonTaskNotAssigned}},
		{"wrapping", func(r *Records) { r.Task.AssignmentStatus = "wrapping" }, Button{ButtonHidden, ReasonTaskNotAssigned}},
		{"off", func(r *Records) { r.Settings.ColdTransfer = false }, Button{ButtonHidden, ReasonColdTransferOff}},
		{"native", func(r *Records) { r.Settings.NativeTransfers = true }, Button{ButtonHidden, ReasonNativeTransfersOn}},
		{"requesting", func(r *Records) { r.Requesting = true }, Button{ButtonBusy, ReasonRequestUnderWay}},
		{"mine under way", func(r *Records) {
			r.Transfers = []Transfer{{Mode: ModeCold, Phase: PhaseSearching, From: Agent{TaskSID: wt}}}
		}, Button{ButtonBusy, ReasonTransferUnderWay}},
		{"another's invite", func(r *Records) {
			r.Transfers = []Transfer{{Mode: ModeCold, Phase: PhaseRinging, From: Agent{TaskSID: sid("WT", 3)}}}
		}, Button{ButtonDisabled, ReasonInviteOutstanding}},
		{"failed before", func(r *Records) {
			r.Transfers = []Transfer{{Mode: ModeCold, Phase: PhaseFailed, From: Agent{TaskSID: wt}}}
		}, Button{State: ButtonEnabled}},
		{"participants not known yet", func(r *Records) { r.Participants = nil }, Button{State: ButtonEnabled}},
		{"closed", func(r *Records) { r.Channel.Status = "closed" }, Button{ButtonDisabled, ReasonConversationNotActive}},
	} {
		r := records()
		c.change(&r)
		f, err := r.Facts()
		if err != nil {
			t.Fatal(err)
		}
		s := View(f)
		if s.Button != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, s.Button, c.want)
		}
		if (s.Notice != "") != (c.name == "native") {
			t.Errorf("%s: notice %q", c.name, s.Notice)
		}
	}
}

func TestScreen(t *testing.T) {
	r := records()
	r.Workers = append(r.Workers, r.Worker)
	r.Transfers = []Transfer{
		{ID: "XT1", Phase: PhaseFailed, From: Agent{WorkerSID: ada}, RequestedAt: noon},
		{ID: "XT2", Phase: PhaseRinging, From: Agent{WorkerSID: cyd}, Target: Target{Kind: TargetWorker, SID: bea}, RequestedAt: noon},
	}
	f, err := r.Facts()
	if err != nil {
		t.Fatal(err)
	}
	s := View(f)
	if len(s.Participants) != 2 || s.Participants[0].Me || !s.Participants[1].Me || s.Participants[1].Name != "Ada Lindqvist" {
		t.Errorf("participants %+v", s.Participants)
	}
	if s.Progress == nil || s.Progress.TransferID != "XT2" || s.Progress.Mine {
		t.Errorf("progress %+v", s.Progress)
	}
	want := []TargetView{
		{Target{TargetWorker, bea, "Bea Ortiz"}, "Available", false, ReasonTargetAlreadyInvited},
		{Target{TargetWorker, cyd, "chidi"}, "Offline", false, ReasonTargetUnavailable},
		{Target{TargetQueue, wqB, "Billing"}, "", true, ""},
	}
	if len(s.Targets) != len(want) {
		t.Fatalf("targets %+v", s.Targets)
	}
	for i := range want {
		if s.Targets[i] != want[i] {
			t.Errorf("target %d: %+v, want %+v", i, s.Targets[i], want[i])
		}
	}
}
