package transfer

// View says what the agent's screen shows.
func View(f Facts) Screen {
	var s Screen
	f.Show(&s)
	return s
}

// Show is [View] on a screen that may have been used before; its lists give their
// memory to the new ones.
func (f *Facts) Show(s *Screen) {
	access := f.Access()
	*s = Screen{
		Cold: f.kind(ModeCold, access), Warm: f.kind(ModeWarm, access), Exit: f.exit(), Progress: f.progress(), Briefing: f.told(),
		Participants: s.Participants[:0], Invites: s.Invites[:0], Targets: s.Targets[:0],
	}
	s.Button = either(s.Cold, s.Warm)
	if f.Settings.NativeTransfers && f.Task.Conversation() {
		s.Notice = ReasonNativeTransfersOn
	}
	f.participants(s)
	f.invites(s)
	f.targets(s, access)
}

// kind is the button of one kind of transfer: not there where the kind does
// not apply, disabled with its reason where it applies but cannot be used now.
func (f *Facts) kind(m Mode, a Access) Button {
	reason := f.hindrance(m, a)
	switch reason {
	case ReasonNativeTransfersOn, ReasonColdTransferOff, ReasonMultiParticipantOff, ReasonNotAConversation,
		ReasonTaskNotAssigned, ReasonModeNotAllowed:
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

// either is the button that opens what two buttons offer: it is as good as the
// better of both.
func either(a, b Button) Button {
	if rank(b.State) > rank(a.State) {
		return b
	}
	return a
}

func rank(s ButtonState) int {
	switch s {
	case ButtonEnabled:
		return 3
	case ButtonBusy:
		return 2
	case ButtonDisabled:
		return 1
	}
	return 0
}

// exit is the way out of the conversation: Leave where somebody goes on, else
// End.
func (f *Facts) exit() Exit {
	if f.Settings.NativeTransfers || !f.Task.Conversation() {
		return Exit{Kind: ExitEnd, Button: Button{State: ButtonHidden, Reason: f.standstill()}}
	}
	if reason := f.held(); reason != "" {
		e := Exit{Kind: ExitEnd, Button: Button{State: ButtonDisabled, Reason: reason}}
		switch reason {
		case ReasonTaskNotAssigned:
			e.State = ButtonHidden
		case ReasonTransferUnderWay, ReasonLeavingUnderWay:
			e.Kind, e.State = ExitLeave, ButtonBusy
		}
		return e
	}
	me, _ := f.leaving()
	kind := ExitEnd
	if f.leaveHindrance(me.ParticipantSID) == "" {
		kind = ExitLeave
	}
	if f.Requesting {
		return Exit{Kind: kind, Button: Button{State: ButtonBusy, Reason: ReasonRequestUnderWay}}
	}
	if kind == ExitLeave {
		return Exit{Kind: ExitLeave, Button: Button{State: ButtonEnabled}}
	}
	if reason := f.endHindrance(me.ParticipantSID); reason != "" {
		return Exit{Kind: ExitEnd, Button: Button{State: ButtonDisabled, Reason: reason}}
	}
	return Exit{Kind: ExitEnd, Button: Button{State: ButtonEnabled}}
}

// participants lists the participants, without those who have left, and counts
// the parties.
func (f *Facts) participants(s *Screen) {
	me, _ := f.leaving()
	held := f.held()
	customers := false
	for i := range f.Participants {
		p := &f.Participants[i]
		if f.gone(p.SID) {
			continue
		}
		v := ParticipantView{
			SID: p.SID, Type: p.Type, WorkerSID: p.WorkerSID, Name: f.nameOf(p.WorkerSID),
			Me: p.WorkerSID != "" && same(p.WorkerSID, f.Me.SID), Leaving: f.departing(p.SID),
		}
		switch reason := f.removeHindrance(p); {
		case p.Type != typeAgent, same(p.SID, me.ParticipantSID), reason == ReasonCannotRemoveSelf:
			v.Remove = Button{State: ButtonHidden, Reason: reason}
		case held == ReasonNativeTransfersOn, held == ReasonTaskNotAssigned:
			v.Remove = Button{State: ButtonHidden, Reason: held}
		case held != "":
			v.Remove = Button{State: ButtonDisabled, Reason: held}
		case reason == ReasonLeavingUnderWay:
			v.Remove = Button{State: ButtonBusy, Reason: reason}
		case reason != "":
			v.Remove = Button{State: ButtonDisabled, Reason: reason}
		default:
			v.Remove = Button{State: ButtonEnabled}
		}
		switch {
		case p.Type == typeAgent, p.Type == typeSupervisor:
			s.Parties++
		case !customers:
			customers = true
			s.Parties++
		}
		s.Participants = append(s.Participants, v)
	}
}

// invites lists the outstanding invites.
func (f *Facts) invites(s *Screen) {
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if t.Phase.Ended() || t.Phase == PhaseClosing || f.accepted(t) {
			continue
		}
		since := t.InvitedAt
		if since.IsZero() {
			since = t.RequestedAt
		}
		s.Invites = append(s.Invites, InviteView{
			TransferID: t.ID, Target: t.Target, Mode: t.Mode, Phase: t.Phase, By: t.From.Name, Since: since,
			Deadline: t.Deadline, Mine: f.mine(t.ID), Cancel: f.cancel(t),
		})
	}
}

// cancel is the button that takes an invite back.
func (f *Facts) cancel(t *Transfer) Button {
	switch reason := f.cancelHindrance(t); reason {
	case "":
		return Button{State: ButtonEnabled}
	case ReasonInviteOver:
		return Button{State: ButtonHidden, Reason: reason}
	case ReasonCancelUnderWay:
		return Button{State: ButtonBusy, Reason: reason}
	default:
		return Button{State: ButtonDisabled, Reason: reason}
	}
}

// progress is the open transfer of the conversation, one's own before others',
// else the last one.
func (f *Facts) progress() *ProgressView {
	var shown *Transfer
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if shown == nil || shown.Phase.Ended() || (!t.Phase.Ended() && (f.mine(t.ID) || !f.mine(shown.ID))) {
			shown = t
		}
	}
	if shown == nil {
		return nil
	}
	return &ProgressView{
		TransferID: shown.ID, Mode: shown.Mode, LeaveOn: shown.LeaveOn, Phase: shown.Phase, Target: shown.Target,
		Asked: shown.Asked, From: shown.From, Tried: shown.Tried, Over: shown.Over,
		AcceptedBy: shown.AcceptedBy, Since: shown.RequestedAt, Ringing: shown.InvitedAt, Deadline: shown.Deadline,
		Ended: shown.EndedAt, Failure: shown.Failure, Mine: f.mine(shown.ID), Cancel: f.cancel(shown),
	}
}

// told is what the one who looks was told with the conversation: by the record
// of the transfer that brought it, else by the attributes of the task.
func (f *Facts) told() *BriefingView {
	for i := len(f.Transfers) - 1; i >= 0; i-- {
		t := &f.Transfers[i]
		me := same(t.AcceptedBy, f.Me.SID) || (t.AcceptedBy == "" && same(t.Target.SID, f.Me.SID) && !t.Phase.Ended())
		if me && f.Me.SID != "" {
			if t.Briefing == (Briefing{}) && t.Digest == nil && !t.DigestWanted && !t.Rescue {
				break
			}
			return &BriefingView{Briefing: t.Briefing, Rescued: t.Rescue, Digest: t.Digest, Pending: t.DigestWanted}
		}
	}
	if f.Task.Briefing == (Briefing{}) && !f.Task.Rescued {
		return nil
	}
	return &BriefingView{Briefing: f.Task.Briefing, Rescued: f.Task.Rescued}
}

// targets lists the directory's lines: agents first, the agent who leaves not
// among them.
func (f *Facts) targets(s *Screen, a Access) {
	if len(f.Workers) == 0 && len(f.Queues) == 0 {
		return
	}
	from, ok := f.leaving()
	if !ok {
		from = Agent{WorkerSID: f.Me.SID}
	}
	add := func(t Target, detail string, reason Reason) {
		s.Targets = append(s.Targets, TargetView{Target: t, Detail: detail, Enabled: reason == "", Reason: reason})
	}
	for i := range f.Workers {
		if w := &f.Workers[i]; !same(w.SID, from.WorkerSID) {
			add(Target{Kind: TargetWorker, SID: w.SID, Name: w.Name}, w.Activity, f.workerHindrance(*w, from, a))
		}
	}
	for _, q := range f.Queues {
		add(Target{Kind: TargetQueue, SID: q.SID, Name: q.FriendlyName}, "", f.queueHindrance(q, a))
	}
}
