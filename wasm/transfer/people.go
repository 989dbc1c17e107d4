package transfer

import "time"

// freshly is how long somebody who has joined may be missing from Twilio's
// lists.
const freshly = 10 * time.Second

// leaving is the agent of the task, as a participant of the conversation.
func (f Facts) leaving() (Agent, bool) {
	for _, p := range f.Participants {
		if p.Type == typeAgent && p.TaskSID == f.Task.SID && p.TaskSID != "" && !f.gone(p.SID) {
			return f.agent(p), true
		}
	}
	return Agent{}, false
}

func (f Facts) agent(p ParticipantRecord) Agent {
	return Agent{WorkerSID: p.WorkerSID, ParticipantSID: p.SID, TaskSID: p.TaskSID, Name: f.nameOf(p.WorkerSID)}
}

// gone reports whether our own record says that the participant has left:
// Twilio's lists lag behind that.
func (f Facts) gone(participantSID string) bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.From.ParticipantSID == participantSID && !t.LeftAt.IsZero() {
			return true
		}
	}
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Kind != DepartureEnd && d.Agent.ParticipantSID == participantSID && d.Phase == DepartureGone {
			return true
		}
	}
	return false
}

// departing reports whether the participant is about to leave.
func (f Facts) departing(participantSID string) bool {
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Open() && (d.Kind == DepartureEnd || d.Agent.ParticipantSID == participantSID) {
			return true
		}
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.From.ParticipantSID == participantSID && t.removes() {
			return true
		}
	}
	return false
}

// removes reports whether the transfer is going to remove its agent without
// waiting for anybody.
func (t *Transfer) removes() bool {
	if t.Mode != ModeCold || !t.LeftAt.IsZero() || t.Over != "" {
		return false
	}
	switch t.Phase {
	case PhaseLeaving:
		return true
	case PhaseInviting, PhaseSearching, PhaseRinging:
		return t.leavesAtOnce() || t.AcceptedBy != ""
	}
	return false
}

// staying reports whether an agent other than the participant is in the
// conversation and not about to leave: somebody on the list, or somebody who
// joined so lately that the list may not show it.
func (f Facts) staying(otherThan string) bool {
	for _, p := range f.Participants {
		if p.SID != otherThan && f.stays(p) {
			return true
		}
	}
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if t.AcceptedBy != "" && f.Now.Sub(t.AcceptedAt) < freshly && !f.listed(t.AcceptedBy) && !f.leftLately(t.AcceptedBy) {
			return true
		}
	}
	return false
}

// stays reports whether the participant is an agent who is in and stays in.
func (f Facts) stays(p ParticipantRecord) bool {
	return p.Type == typeAgent && !f.gone(p.SID) && !f.departing(p.SID)
}

// listed reports whether the worker is on the list of participants.
func (f Facts) listed(workerSID string) bool {
	for _, p := range f.Participants {
		if p.WorkerSID == workerSID {
			return true
		}
	}
	return false
}

// leftLately reports whether the worker has left, or is leaving, since they
// may have joined.
func (f Facts) leftLately(workerSID string) bool {
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Agent.WorkerSID == workerSID && f.Now.Sub(d.RequestedAt) < freshly {
			return true
		}
	}
	return false
}

// live reports whether a target is being asked.
func (f Facts) live() bool {
	for i := range f.Transfers {
		if f.Transfers[i].Live() {
			return true
		}
	}
	return false
}

// nameOf is the name of a worker, or empty where it is not known.
func (f Facts) nameOf(workerSID string) string {
	if workerSID == "" {
		return ""
	}
	if workerSID == f.Me.SID {
		return f.Me.Name
	}
	for i := range f.Workers {
		if f.Workers[i].SID == workerSID {
			return f.Workers[i].Name
		}
	}
	for i := range f.Transfers {
		switch t := &f.Transfers[i]; {
		case t.From.WorkerSID == workerSID && t.From.Name != "":
			return t.From.Name
		case t.Target.SID == workerSID:
			return t.Target.Name
		}
	}
	return ""
}

// participating reports whether the worker is in the conversation.
func (f Facts) participating(workerSID string) bool {
	for _, p := range f.Participants {
		if p.WorkerSID == workerSID && workerSID != "" && !f.gone(p.SID) {
			return true
		}
	}
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if t.AcceptedBy == workerSID && workerSID != "" && f.Now.Sub(t.AcceptedAt) < freshly && !f.leftLately(workerSID) {
			return true
		}
	}
	return false
}

// workersIn are the workers in the conversation, whom the routing leaves out.
func (f Facts) workersIn() []string {
	var sids []string
	for _, p := range f.Participants {
		if p.WorkerSID != "" && !f.gone(p.SID) {
			sids = append(sids, p.WorkerSID)
		}
	}
	return sids
}
