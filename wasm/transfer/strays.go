package transfer

import "fmt"

// What an audit finds about invites and those who came by them.

// leftovers finds live invites of a conversation that has ended.
func (a *audit) leftovers() {
	for _, t := range a.Tasks {
		id, _ := ReadStamp(t.Attributes)
		if recorded, known := a.State.Find(id); id == "" || !t.live() || known && recorded.InviteUnsettled() {
			continue
		}
		a.found(Finding{Code: FindingSurplusInvite, Subject: t.SID, TransferID: id, Withdraw: t.SID, Reason: ReasonConversationEnded,
			Words: fmt.Sprintf("the conversation has ended and the invite of task %s is still out; withdrawn", t.SID)})
	}
}

// surplus finds live invites with one of our stamps that nobody waits for. One
// stays while there is nobody else for the customer: whoever accepts it helps.
func (a *audit) surplus() {
	for _, task := range a.Tasks {
		id, round := ReadStamp(task.Attributes)
		t, known := a.State.Find(id)
		if id == "" || !task.live() || !known && !a.full() || !a.others("") && !a.asked(task.SID) {
			continue
		}
		why := ""
		switch {
		case known && t.Invite.After == task.SID: // a step takes it back: right before the next one is asked for, or after that
		case !known:
			why = "its transfer is long over"
		case !t.Open():
			why = "its transfer has ended"
		case round < t.Round:
			why = "another target is being asked by now"
		case round == t.Round && t.Invite.TaskSID != "" && t.Invite.TaskSID != task.SID:
			why = "the invite was made twice"
		}
		if why != "" {
			a.found(Finding{Code: FindingSurplusInvite, Subject: task.SID, TransferID: id, Withdraw: task.SID, Reason: why,
				Words: fmt.Sprintf("task %s still asks somebody, but %s; withdrawn", task.SID, why)})
		}
	}
}

// full reports whether the record may have forgotten older transfers.
func (a *audit) full() bool { return len(a.State.Transfers) >= keepEnded }

// entrants finds agents who are in although they should not be: by an invite
// that somebody else has won, by a second one of a transfer that has ended with
// nobody, or after they have left by our own record. None is removed while the
// customer would be alone without them. Who came by the second invite of a round
// that is still open has accepted.
func (a *audit) entrants() {
	for _, p := range a.Participants {
		task, _ := a.task(p.TaskSID)
		if !a.in(p) || a.f.departing(p.SID) {
			continue
		}
		if a.State.Gone(p.SID) {
			if a.others(p.SID) || a.asked("") {
				a.found(a.removal(FindingStillIn, p, a.leaverOf(p.SID), fmt.Sprintf("agent %s is recorded as gone and is in (participant %s); removed", p.WorkerSID, p.SID)))
			}
			continue
		}
		id, round := ReadStamp(task.Attributes)
		t, known := a.State.Find(id)
		switch {
		case !known || t.Open() && t.Invite.TaskSID == "" || t.Invite.TaskSID == p.TaskSID || t.triedBy(p.TaskSID):
		case t.AcceptedBy != "" && a.others(p.SID):
			a.found(a.removal(FindingSurplusAgent, p, id, fmt.Sprintf("agent %s came by task %s, but %s has taken over; removed", p.WorkerSID, p.TaskSID, t.AcceptedBy)))
		case !t.Open() && t.AcceptedBy == "" && a.others(p.SID):
			a.found(a.removal(FindingSurplusAgent, p, id, fmt.Sprintf("agent %s came by task %s of a transfer that had ended (%s); removed", p.WorkerSID, p.TaskSID, t.Phase)))
		case t.Phase == PhaseRinging && t.AcceptedBy == "" && round == t.Round:
			a.missedAccept(&t, p.TaskSID)
		}
	}
}

// triedBy reports whether the task is that of a former target, who accepted
// after all: somebody is with the customer, which is what the transfer is for.
func (t *Transfer) triedBy(taskSID string) bool { return t.AcceptedBy == "" && t.asked(taskSID) }

// leaverOf is the transfer that the agent left by.
func (a *audit) leaverOf(participantSID string) string {
	for i := range a.State.Transfers {
		if t := &a.State.Transfers[i]; t.From.ParticipantSID == participantSID && !t.LeftAt.IsZero() {
			return t.ID
		}
	}
	return ""
}
