package transfer

import (
	"slices"
	"time"
)

// freshly is how long somebody who has joined may be missing from Twilio's
// lists.
const freshly = 10 * time.Second

// leaving is the agent of the task, as a participant of the conversation.
func (f *Facts) leaving() (Agent, bool) {
	for i := range f.Participants {
		if p := &f.Participants[i]; same(p.TaskSID, f.Task.SID) && p.TaskSID != "" && p.Type == typeAgent && !f.gone(p.SID) {
			return f.agent(*p), true
		}
	}
	return Agent{}, false
}

func (f *Facts) agent(p ParticipantRecord) Agent {
	return Agent{WorkerSID: p.WorkerSID, ParticipantSID: p.SID, TaskSID: p.TaskSID, Name: f.nameOf(p.WorkerSID)}
}

// Present are the agents in the conversation, by their SIDs.
func (f *Facts) Present() []Agent {
	var present []Agent
	for _, p := range f.Participants {
		if p.WorkerSID != "" && !f.gone(p.SID) {
			present = append(present, Agent{WorkerSID: p.WorkerSID, ParticipantSID: p.SID, TaskSID: p.TaskSID})
		}
	}
	return present
}

// gone reports whether our own record says that the participant has left:
// Twilio's lists lag behind that.
func (f *Facts) gone(participantSID string) bool {
	return gone(f.Transfers, f.Departures, participantSID)
}

// Gone reports whether it is recorded that the participant has left.
func (s State) Gone(participantSID string) bool {
	return gone(s.Transfers, s.Departures, participantSID) || slices.Contains(s.LongGone, participantSID)
}

// Listed are the participants of Twilio's list without those who left long ago:
// who wraps up stays on that list.
func (s State) Listed(participants []ParticipantRecord) []ParticipantRecord {
	if len(s.LongGone) == 0 {
		return participants
	}
	return slices.DeleteFunc(slices.Clone(participants), func(p ParticipantRecord) bool { return slices.Contains(s.LongGone, p.SID) })
}

// Leaving reports whether it is recorded that the participant has left, or is to.
func (s State) Leaving(participantSID string) bool {
	f := Facts{Transfers: s.Transfers, Departures: s.Departures}
	return s.Gone(participantSID) || f.departing(participantSID)
}

func gone(transfers []Transfer, departures []Departure, participantSID string) bool {
	for i := range transfers {
		if t := &transfers[i]; same(t.From.ParticipantSID, participantSID) && !t.LeftAt.IsZero() {
			return true
		}
	}
	for i := range departures {
		if d := &departures[i]; same(d.Agent.ParticipantSID, participantSID) && d.left() {
			return true
		}
	}
	return false
}

// departing reports whether the participant is about to leave.
func (f *Facts) departing(participantSID string) bool {
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Open() && (d.Kind == DepartureEnd || d.Agent.ParticipantSID == participantSID) {
			return true
		}
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.Mode == ModeCold && same(t.From.ParticipantSID, participantSID) && t.removes(f.accepted(t)) {
			return true
		}
	}
	return false
}

// accepted reports whether somebody has accepted the invite: by our own record,
// or by their being in the conversation with its task, which may be seen first.
func (f *Facts) accepted(t *Transfer) bool {
	if t.AcceptedBy != "" {
		return true
	}
	if t.Invite.TaskSID == "" || t.Phase.Ended() {
		return false
	}
	if f.listed(t.Invite.TaskSID) {
		return true
	}
	for i := range f.Departures {
		if same(f.Departures[i].Agent.TaskSID, t.Invite.TaskSID) { // who leaves has joined
			return true
		}
	}
	return false
}

// removes reports whether the transfer is going to remove its agent without
// waiting for anybody.
func (t *Transfer) removes(accepted bool) bool {
	if t.Mode != ModeCold || !t.LeftAt.IsZero() || t.Over != "" {
		return false
	}
	switch t.Phase {
	case PhaseLeaving:
		return true
	case PhaseInviting, PhaseSearching, PhaseRinging:
		return t.leavesAtOnce() || accepted
	}
	return false
}

// staying reports whether an agent other than the participant is in the
// conversation and not about to leave: somebody on the list, or somebody who
// joined so lately that the list may not show it.
func (f *Facts) staying(otherThan string) bool {
	for i := range f.Participants {
		if p := &f.Participants[i]; p.Type == typeAgent && !same(p.SID, otherThan) && f.stays(*p) {
			return true
		}
	}
	for i := range f.Transfers {
		t := &f.Transfers[i]
		if f.joinedLately(t) && !f.listed(t.Invite.TaskSID) && !f.leavingWith(t.Invite.TaskSID) {
			return true
		}
	}
	return false
}

// stays reports whether the participant is an agent who is in and stays in.
func (f *Facts) stays(p ParticipantRecord) bool {
	return p.Type == typeAgent && !f.gone(p.SID) && !f.departing(p.SID)
}

// listed reports whether whoever has the task is on the list of participants. By
// an earlier task of theirs, which they have left, the same worker may be.
func (f *Facts) listed(taskSID string) bool {
	for i := range f.Participants {
		if same(f.Participants[i].TaskSID, taskSID) {
			return true
		}
	}
	return false
}

// joinedLately reports whether somebody joined by the transfer's invite so
// lately that Twilio's lists may not show it, and is not known to have left.
func (f *Facts) joinedLately(t *Transfer) bool {
	return t.AcceptedBy != "" && t.Invite.TaskSID != "" && f.Now.Sub(t.AcceptedAt) < freshly &&
		!goneWith(f.Transfers, f.Departures, t.Invite.TaskSID)
}

// leavingWith reports whether the agent who has the task is about to leave.
func (f *Facts) leavingWith(taskSID string) bool {
	for i := range f.Departures {
		if d := &f.Departures[i]; d.Open() && d.Agent.TaskSID == taskSID {
			return true
		}
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.Mode == ModeCold && same(t.From.TaskSID, taskSID) && t.removes(f.accepted(t)) {
			return true
		}
	}
	return false
}

// goneWith reports whether it is recorded that the agent who had the task has
// left. Times would not tell: an acceptance may be heard of after that.
func goneWith(transfers []Transfer, departures []Departure, taskSID string) bool {
	for i := range transfers {
		if t := &transfers[i]; same(t.From.TaskSID, taskSID) && !t.LeftAt.IsZero() {
			return true
		}
	}
	for i := range departures {
		if d := &departures[i]; same(d.Agent.TaskSID, taskSID) && d.left() {
			return true
		}
	}
	return false
}

// live reports whether a target is being asked.
func (f *Facts) live() bool {
	for i := range f.Transfers {
		if f.asking(&f.Transfers[i]) {
			return true
		}
	}
	return false
}

// asking reports whether the transfer's target is being asked and nobody has
// accepted.
func (f *Facts) asking(t *Transfer) bool { return t.Live() && !f.accepted(t) }

// nameOf is the name of a worker, or empty where it is not known.
func (f *Facts) nameOf(workerSID string) string {
	if workerSID == "" {
		return ""
	}
	if same(workerSID, f.Me.SID) {
		return f.Me.Name
	}
	for i := range f.Workers {
		if same(f.Workers[i].SID, workerSID) {
			return f.Workers[i].Name
		}
	}
	for i := range f.Transfers {
		switch t := &f.Transfers[i]; {
		case same(t.From.WorkerSID, workerSID) && t.From.Name != "":
			return t.From.Name
		case same(t.Target.SID, workerSID):
			return t.Target.Name
		}
	}
	return ""
}

// participating reports whether the worker is in the conversation.
func (f *Facts) participating(workerSID string) bool {
	if workerSID == "" {
		return false
	}
	for i := range f.Participants {
		if p := &f.Participants[i]; same(p.WorkerSID, workerSID) && !f.gone(p.SID) {
			return true
		}
	}
	for i := range f.Transfers {
		if t := &f.Transfers[i]; same(t.AcceptedBy, workerSID) && f.joinedLately(t) {
			return true
		}
	}
	return false
}

// workersIn are the workers in the conversation, whom the routing leaves out.
func (f *Facts) workersIn() []string {
	var sids []string
	for _, p := range f.Participants {
		if p.WorkerSID != "" && !f.gone(p.SID) {
			sids = append(sids, p.WorkerSID)
		}
	}
	return sids
}
