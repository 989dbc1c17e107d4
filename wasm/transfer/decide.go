package transfer

// The assignment status and channel status in which a conversation can be
// transferred, in Twilio's words.
const (
	taskAssigned  = "assigned"
	channelActive = "active"
	typeAgent     = "agent"
)

// Decide says what the backend does about a request. It refuses with a
// *[Refusal]. The server's answer on fresh facts counts; the browser's saves
// the agent a round trip.
func Decide(f Facts, r Request) (Plan, error) {
	if r.Mode != ModeCold {
		return Plan{}, &Refusal{Reason: ReasonModeNotEnabled, Field: "mode"}
	}
	if r.TaskSID != f.Task.SID || r.InteractionSID != f.Task.InteractionSID || r.InteractionChannelSID != f.Task.InteractionChannelSID {
		return Plan{}, &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	if f.outsider() { // before anything that would tell how the conversation stands
		return Plan{}, &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	if reason := f.hindrance(); reason != "" {
		return Plan{}, &Refusal{Reason: reason}
	}
	from, ok := f.leaving()
	if !ok {
		return Plan{}, &Refusal{Reason: ReasonNotInConversation, Field: "taskSid"}
	}
	target, reason := f.resolve(r.Target, from)
	if reason != "" {
		return Plan{}, &Refusal{Reason: reason, Field: "target"}
	}
	p := Plan{
		TransferID: r.TransferID, Mode: r.Mode, RequestedBy: f.Me.SID, From: from, Target: target,
		TaskChannelName: f.Task.TaskChannelName,
		InteractionSID:  f.Task.InteractionSID, InteractionChannelSID: f.Task.InteractionChannelSID,
	}
	var err error
	p.Attributes, p.DroppedAttributes, err = inviteAttributes(p, f.Task.Attributes, f.workersIn())
	return p, err
}

// hindrance says why the conversation cannot be transferred to anybody.
func (f Facts) hindrance() Reason {
	switch {
	case f.Settings.NativeTransfers:
		return ReasonNativeTransfersOn
	case !f.Settings.ColdTransfer:
		return ReasonColdTransferOff
	case !f.Task.Conversation():
		return ReasonNotAConversation
	case f.Task.Status != taskAssigned:
		return ReasonTaskNotAssigned
	case f.Channel.Status != "" && f.Channel.Status != channelActive:
		return ReasonConversationNotActive
	}
	if f.outsider() {
		return ReasonNotInConversation
	}
	return f.outstanding()
}

// outsider reports whether the one who looks or asks neither is the agent of
// the task in the conversation nor may act for them. It is false while the
// participants are not known.
func (f Facts) outsider() bool {
	if f.Participants == nil {
		return false
	}
	from, in := f.leaving()
	return !in || (from.WorkerSID != f.Me.SID && !f.Supervisor)
}

// outstanding says which open transfer stands in the way of a cold one.
func (f Facts) outstanding() Reason {
	reason := Reason("")
	for _, t := range f.Transfers {
		switch {
		case !t.Open():
		case t.From.TaskSID == f.Task.SID:
			return ReasonTransferUnderWay
		default:
			reason = ReasonInviteOutstanding
		}
	}
	return reason
}

// leaving is the agent whose task is to be transferred.
func (f Facts) leaving() (Agent, bool) {
	for _, p := range f.Participants {
		if p.Type == typeAgent && p.TaskSID == f.Task.SID && p.TaskSID != "" {
			a := Agent{WorkerSID: p.WorkerSID, ParticipantSID: p.SID, TaskSID: p.TaskSID}
			a.Name = f.nameOf(p.WorkerSID)
			return a, true
		}
	}
	return Agent{}, false
}

// nameOf is the name of a worker, or empty where it is not known.
func (f Facts) nameOf(workerSID string) string {
	if workerSID == "" {
		return ""
	}
	if workerSID == f.Me.SID {
		return f.Me.Name
	}
	for _, w := range f.Workers {
		if w.SID == workerSID {
			return w.Name
		}
	}
	return ""
}

// participating reports whether the worker is in the conversation.
func (f Facts) participating(workerSID string) bool {
	for _, p := range f.Participants {
		if p.WorkerSID == workerSID && p.WorkerSID != "" {
			return true
		}
	}
	return false
}

// workersIn are the workers in the conversation, whom the routing leaves out.
func (f Facts) workersIn() []string {
	var sids []string
	for _, p := range f.Participants {
		if p.WorkerSID != "" {
			sids = append(sids, p.WorkerSID)
		}
	}
	return sids
}

// resolve finds the target among the facts and says why it cannot be one.
func (f Facts) resolve(t Target, from Agent) (Target, Reason) {
	switch t.Kind {
	case TargetWorker:
		for _, w := range f.Workers {
			if w.SID == t.SID {
				return Target{Kind: t.Kind, SID: w.SID, Name: w.Name}, f.workerHindrance(w, from)
			}
		}
		if t.SID == from.WorkerSID {
			return t, ReasonTargetIsSelf
		}
	case TargetQueue:
		for _, q := range f.Queues {
			if q.SID == t.SID {
				return Target{Kind: t.Kind, SID: q.SID, Name: q.FriendlyName}, f.queueHindrance(q)
			}
		}
	}
	return Target{}, ReasonTargetNotFound
}

func (f Facts) workerHindrance(w Colleague, from Agent) Reason {
	switch {
	case w.SID == from.WorkerSID:
		return ReasonTargetIsSelf
	case f.participating(w.SID):
		return ReasonTargetAlreadyParticipating
	case f.invited(Target{Kind: TargetWorker, SID: w.SID}):
		return ReasonTargetAlreadyInvited
	case !w.Available:
		return ReasonTargetUnavailable
	}
	return ""
}

func (f Facts) queueHindrance(q QueueRecord) Reason {
	switch {
	case q.Unserved:
		return ReasonQueueNotServed
	case f.invited(Target{Kind: TargetQueue, SID: q.SID}):
		return ReasonTargetAlreadyInvited
	}
	return ""
}

// invited reports whether an open transfer asks the target already.
func (f Facts) invited(t Target) bool {
	for _, tr := range f.Transfers {
		if tr.Open() && tr.Target.Same(t) {
			return true
		}
	}
	return false
}
