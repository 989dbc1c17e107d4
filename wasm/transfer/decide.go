package transfer

import "unicode/utf8"

// The assignment status and channel status in which a conversation can be
// transferred, and types of participants, in Twilio's words.
const (
	taskAssigned   = "assigned"
	channelActive  = "active"
	typeAgent      = "agent"
	typeSupervisor = "supervisor"
)

// Decide says what the backend does about the request for a transfer. It
// refuses with a *[Refusal]. The server's answer on fresh facts counts; the
// browser's saves the agent a round trip.
func Decide(f Facts, r Request) (Plan, error) {
	if r.Mode != ModeCold && r.Mode != ModeWarm {
		return Plan{}, &Refusal{Reason: ReasonModeNotEnabled, Field: "mode"}
	}
	if err := f.standing(r); err != nil { // before anything that would tell how the conversation stands
		return Plan{}, err
	}
	access := f.Access()
	if reason := f.hindrance(r.Mode, access); reason != "" {
		return Plan{}, &Refusal{Reason: reason}
	}
	from, ok := f.leaving()
	if !ok {
		return Plan{}, &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	leaveOn, err := f.leaveOn(r)
	if err != nil {
		return Plan{}, err
	}
	briefing, err := f.briefing(r)
	if err != nil {
		return Plan{}, err
	}
	target, reason := f.resolve(r.Target, from, access)
	if reason != "" {
		return Plan{}, &Refusal{Reason: reason, Field: "target"}
	}
	p := Plan{
		TransferID: r.TransferID, Mode: r.Mode, LeaveOn: leaveOn, LeaveAs: f.Settings.leaveAs(),
		RequestedBy: f.Me.SID, From: from, Target: target, OriginQueueSID: f.Task.QueueSID,
		Present: f.Present(), Briefing: briefing, Digest: f.Settings.Handover.Digest,
		TaskChannelName: f.Task.TaskChannelName, ConversationSID: f.Task.ConversationSID,
		InteractionSID: f.Task.InteractionSID, InteractionChannelSID: f.Task.InteractionChannelSID,
	}
	f.guard(&p)
	p.Timeout = f.Settings.timeout(p.Target.Kind)
	p.Attributes, p.DroppedAttributes, err = inviteAttributes(p.stamp(0), f.Task.Attributes, f.workersIn())
	return p, err
}

// standing refuses a request that names another conversation than that of the
// task, and one of somebody who has no part in it.
func (f *Facts) standing(r Request) error {
	if r.TaskSID != f.Task.SID || r.InteractionSID != f.Task.InteractionSID ||
		r.InteractionChannelSID != f.Task.InteractionChannelSID || f.outsider() {
		return &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	return nil
}

// leaveOn is when the agent leaves; empty for a warm transfer.
func (f *Facts) leaveOn(r Request) (LeaveOn, error) {
	standard := f.Settings.leaveOn()
	switch {
	case r.Mode == ModeWarm:
		if r.LeaveOn != "" {
			return "", &Refusal{Reason: ReasonBadRequest, Field: "leaveOn", Detail: "leaveOn is for cold transfers only."}
		}
		return "", nil
	case r.LeaveOn == "" || r.LeaveOn == standard:
		return standard, nil
	case r.LeaveOn != LeaveOnInvite && r.LeaveOn != LeaveOnAccept:
		return "", &Refusal{Reason: ReasonBadRequest, Field: "leaveOn", Detail: "leaveOn must be invite or accept."}
	case !f.Settings.LeaveOnChoice:
		return "", &Refusal{Reason: ReasonLeaveOnNotChoosable, Field: "leaveOn"}
	}
	return r.LeaveOn, nil
}

// briefing checks what the agent says to the next one.
func (f *Facts) briefing(r Request) (Briefing, error) {
	h := f.Settings.Handover
	known := r.Reason == ""
	for i := range h.Reasons {
		known = known || h.Reasons[i].Code == r.Reason
	}
	switch {
	case !known:
		return Briefing{}, &Refusal{Reason: ReasonUnknownReason, Field: "reason"}
	case h.Required && r.Reason == "" && len(h.Reasons) > 0:
		return Briefing{}, &Refusal{Reason: ReasonReasonRequired, Field: "reason"}
	case utf8.RuneCountInString(r.Notes) > h.NotesLimit():
		return Briefing{}, &Refusal{Reason: ReasonNotesTooLong, Field: "notes"}
	}
	return Briefing{From: f.Me.Name, Reason: r.Reason, Notes: r.Notes}, nil
}

// guard sends a conversation that was handed round too often to the queue of
// supervisors, where that is known and served.
func (f *Facts) guard(p *Plan) {
	g := f.Settings.PingPong
	if g.Transfers <= 0 || p.Mode != ModeCold || f.Supervisor || p.Target.SID == g.QueueSID || f.handedRound() < g.Transfers {
		return
	}
	for i := range f.Queues {
		if q := &f.Queues[i]; q.SID == g.QueueSID && !q.Unserved {
			asked := p.Target
			p.Asked = &asked
			p.Target = Target{Kind: TargetQueue, SID: q.SID, Name: q.FriendlyName}
		}
	}
}

// handedRound counts the cold transfers of late that changed hands, or may.
func (f *Facts) handedRound() int {
	n := 0
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if t.Mode == ModeCold && (t.Open() || t.Phase == PhaseCompleted) && f.Now.Sub(t.RequestedAt) < f.Settings.PingPong.Within {
			n++
		}
	}
	return n
}

// hindrance says why the conversation cannot be transferred to anybody by the
// mode.
func (f *Facts) hindrance(m Mode, a Access) Reason {
	if reason := f.standstill(); reason != "" {
		return reason
	}
	switch {
	case m == ModeCold && !f.Settings.ColdTransfer:
		return ReasonColdTransferOff
	case m == ModeWarm && !f.Settings.MultiParticipant:
		return ReasonMultiParticipantOff
	}
	if reason := a.Mode(m); reason != "" {
		return reason
	}
	return f.outstanding(m)
}

// standstill says why nothing can be done about the conversation at all.
func (f *Facts) standstill() Reason {
	switch {
	case f.Settings.NativeTransfers:
		return ReasonNativeTransfersOn
	case !f.Task.Conversation():
		return ReasonNotAConversation
	case f.Task.Status != taskAssigned:
		return ReasonTaskNotAssigned
	case f.Channel.Status != "" && f.Channel.Status != channelActive:
		return ReasonConversationNotActive
	case f.outsider():
		return ReasonNotInConversation
	}
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Kind == DepartureEnd && d.Phase == DepartureGone {
			return ReasonConversationNotActive
		}
		if d := &f.Departures[i]; d.Open() && (d.Kind == DepartureEnd || d.Agent.TaskSID == f.Task.SID) {
			return ReasonLeavingUnderWay
		}
	}
	return ""
}

// outsider reports whether the one who looks or asks neither is the agent of
// the task in the conversation nor may act for them. It is false while the
// participants are not known.
func (f *Facts) outsider() bool {
	if f.Participants == nil {
		return false
	}
	from, in := f.leaving()
	return !in || (from.WorkerSID != f.Me.SID && !f.Supervisor)
}

// outstanding says which open transfer stands in the way of another: one's own
// cold one of any, an invite that nobody has answered yet of a cold one.
func (f *Facts) outstanding(m Mode) Reason {
	reason, open := Reason(""), 0
	for i := range f.Transfers {
		t := &f.Transfers[i]
		switch {
		case t.Phase.Ended():
			continue
		case t.Mode == ModeCold && same(t.From.TaskSID, f.Task.SID):
			return ReasonTransferUnderWay
		case m == ModeCold:
			reason = ReasonInviteOutstanding
		}
		open++
	}
	if reason == "" && m == ModeWarm && open >= f.Settings.maxInvites() {
		return ReasonTooManyInvites
	}
	return reason
}

// resolve finds the target among the facts and says why it cannot be one.
func (f *Facts) resolve(t Target, from Agent, a Access) (Target, Reason) {
	switch t.Kind {
	case TargetWorker:
		for _, w := range f.Workers {
			if w.SID == t.SID {
				return Target{Kind: t.Kind, SID: w.SID, Name: w.Name}, f.workerHindrance(w, from, a)
			}
		}
		if t.SID == from.WorkerSID {
			return t, ReasonTargetIsSelf
		}
	case TargetQueue:
		for _, q := range f.Queues {
			if q.SID == t.SID {
				return Target{Kind: t.Kind, SID: q.SID, Name: q.FriendlyName}, f.queueHindrance(q, a)
			}
		}
	}
	return Target{}, ReasonTargetNotFound
}

// WorkerHindrance says why the worker cannot be a target now; empty where they
// can. The access is that of [Facts.Access].
func (f *Facts) WorkerHindrance(w Colleague, a Access) Reason {
	from, ok := f.leaving()
	if !ok {
		from = Agent{WorkerSID: f.Me.SID}
	}
	return f.workerHindrance(w, from, a)
}

// QueueHindrance says why the queue cannot be a target now; empty where it can.
func (f *Facts) QueueHindrance(q QueueRecord, a Access) Reason { return f.queueHindrance(q, a) }

func (f *Facts) workerHindrance(w Colleague, from Agent, a Access) Reason {
	switch {
	case w.SID == from.WorkerSID:
		return ReasonTargetIsSelf
	case f.participating(w.SID):
		return ReasonTargetAlreadyParticipating
	case f.invited(Target{Kind: TargetWorker, SID: w.SID}):
		return ReasonTargetAlreadyInvited
	}
	if reason := a.Worker(w); reason != "" {
		return reason
	}
	if !w.Available {
		return ReasonTargetUnavailable
	}
	return ""
}

func (f *Facts) queueHindrance(q QueueRecord, a Access) Reason {
	switch {
	case q.Unserved:
		return ReasonQueueNotServed
	case f.invited(Target{Kind: TargetQueue, SID: q.SID}):
		return ReasonTargetAlreadyInvited
	}
	return a.Queue(q)
}

// invited reports whether an open transfer asks the target already.
func (f *Facts) invited(t Target) bool {
	for i := range f.Transfers {
		if tr := &f.Transfers[i]; same(tr.Target.SID, t.SID) && tr.Target.Kind == t.Kind && !tr.Phase.Ended() {
			return true
		}
	}
	return false
}
