package transfer

// View says what the agent's screen shows.
func View(f Facts) Screen {
	s := Screen{Button: f.button(), Progress: f.progress()}
	if f.Settings.NativeTransfers && f.Task.Conversation() {
		s.Notice = ReasonNativeTransfersOn
	}
	for _, p := range f.Participants {
		s.Participants = append(s.Participants, ParticipantView{
			SID: p.SID, Type: p.Type, WorkerSID: p.WorkerSID, Name: f.nameOf(p.WorkerSID),
			Me: p.WorkerSID != "" && p.WorkerSID == f.Me.SID,
		})
	}
	s.Targets = f.targets()
	return s
}

// button is the transfer button: not there where the feature does not apply,
// disabled with its reason where it applies but cannot be used now.
func (f Facts) button() Button {
	reason := f.hindrance()
	switch reason {
	case ReasonNativeTransfersOn, ReasonColdTransferOff, ReasonNotAConversation, ReasonTaskNotAssigned:
		return Button{State: ButtonHidden, Reason: reason}
	case ReasonTransferUnderWay:
		return Button{State: ButtonBusy, Reason: reason}
	case "":
		if f.Requesting {
			return Button{State: ButtonBusy, Reason: ReasonRequestUnderWay}
		}
		return Button{State: ButtonEnabled}
	}
	return Button{State: ButtonDisabled, Reason: reason}
}

// progress is the open transfer of the conversation, else the last one.
func (f Facts) progress() *ProgressView {
	var shown *Transfer
	for i := range f.Transfers {
		if t := &f.Transfers[i]; shown == nil || t.Open() || !shown.Open() {
			shown = t
		}
	}
	if shown == nil {
		return nil
	}
	return &ProgressView{
		TransferID: shown.ID, Phase: shown.Phase, Target: shown.Target, From: shown.From,
		AcceptedBy: shown.AcceptedBy, Since: shown.RequestedAt, Ended: shown.EndedAt,
		Failure: shown.Failure, Mine: shown.From.WorkerSID == f.Me.SID,
	}
}

// targets are the directory's lines: agents first, the agent who leaves not
// among them.
func (f Facts) targets() []TargetView {
	from, ok := f.leaving()
	if !ok {
		from = Agent{WorkerSID: f.Me.SID}
	}
	var lines []TargetView
	add := func(t Target, detail string, reason Reason) {
		lines = append(lines, TargetView{Target: t, Detail: detail, Enabled: reason == "", Reason: reason})
	}
	for _, w := range f.Workers {
		if w.SID != from.WorkerSID {
			add(Target{Kind: TargetWorker, SID: w.SID, Name: w.Name}, w.Activity, f.workerHindrance(w, from))
		}
	}
	for _, q := range f.Queues {
		add(Target{Kind: TargetQueue, SID: q.SID, Name: q.FriendlyName}, "", f.queueHindrance(q))
	}
	return lines
}
