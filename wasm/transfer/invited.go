package transfer

import (
	"slices"
	"time"
)

// How a transfer goes on while its target is invited, asked and joins, and the
// agent leaves.

func (e Invited) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if !t.InviteUnsettled() || !t.asks(e.Round, 0) {
			return false
		}
		made := Invite{WorkflowSID: t.Invite.WorkflowSID, TaskChannelName: t.Invite.TaskChannelName, SID: e.InviteSID, TaskSID: e.TaskSID}
		if t.FormerDeclined() {
			made.After = t.Invite.After
		}
		if t.AcceptedBy != "" && t.Invite.TaskSID != "" && t.Invite.TaskSID != e.TaskSID {
			made.SID, made.TaskSID = "", t.Invite.TaskSID // of two invites of one round the accepted one counts
		}
		t.Invite = made
		t.InvitedAt, t.Due = e.At, e.At.Add(CheckEvery)
		if t.TimeoutSeconds > 0 {
			t.Deadline = e.At.Add(time.Duration(t.TimeoutSeconds) * time.Second)
		}
		switch {
		case t.Over != "":
			t.Phase = PhaseWithdrawing
		case t.leavesAtOnce() && t.LeftAt.IsZero():
			t.Phase = PhaseLeaving
		case t.AcceptedBy != "":
			t.joined(e.At)
		default:
			t.ring(e.At)
		}
		return true
	})
}

// ring waits for the target, until the deadline at most.
func (t *Transfer) ring(at time.Time) {
	t.Phase, t.Due = PhaseRinging, at.Add(FirstCheck)
	if !t.Deadline.IsZero() && t.Deadline.Before(t.Due) {
		t.Due = t.Deadline
	}
}

// joined goes on once the target is in.
func (t *Transfer) joined(at time.Time) {
	t.Over = ""
	if t.Mode == ModeCold && t.LeftAt.IsZero() {
		t.Phase, t.Due = PhaseLeaving, at.Add(CheckEvery)
		return
	}
	t.end(PhaseCompleted, at, "", "")
}

func (e InviteRefused) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if !t.InviteUnsettled() || !t.asks(e.Round, e.Attempt) {
			return false
		}
		t.forgetFormer()
		if t.AcceptedBy != "" { // by an earlier attempt, whose answer was lost
			t.Phase, t.Due = PhaseSearching, e.At.Add(searchAgain)
			return true
		}
		if t.Round > 0 || s.leaves(t) { // somebody else may have to be asked
			t.Over, t.Phase, t.Due = e.Reason, PhaseWithdrawing, e.At
			if t.refusedBefore(t.Target) {
				t.Due = e.At.Add(askAgain)
			}
			t.FailureDetail = e.Detail
			return true
		}
		return t.end(PhaseFailed, e.At, e.Reason, e.Detail)
	})
}

// askAgain is the pause before a target is asked once more for whom Twilio has
// refused an invite before: the queue that the conversation came from is asked
// for as long as there is nobody else.
const askAgain = 5 * time.Second

// refusedBefore reports whether Twilio has refused an invite for the target
// earlier in this transfer.
func (t *Transfer) refusedBefore(to Target) bool {
	return slices.ContainsFunc(t.Tried, func(o Tried) bool { return o.Target.Same(to) && o.Outcome == ReasonInviteRefused })
}

// leaves reports whether the agent of the transfer has left by something else,
// or is about to.
func (s *State) leaves(t *Transfer) bool {
	for i := range s.Departures {
		if d := &s.Departures[i]; d.Agent.TaskSID == t.From.TaskSID && d.Phase != DepartureFailed {
			return true
		}
	}
	for i := range s.Transfers {
		if o := &s.Transfers[i]; o.ID != t.ID && o.From.TaskSID == t.From.TaskSID && (!o.LeftAt.IsZero() || o.removes(o.AcceptedBy != "")) {
			return true
		}
	}
	return false
}

func (e InviteUnknown) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseInviting || !t.asks(e.Round, e.Attempt) {
			return false
		}
		t.Phase, t.Due = PhaseSearching, e.Due
		return true
	})
}

// apply asks for the invite again. Where somebody has accepted it, it exists,
// whatever the list said: then it is only looked for again.
func (e InviteMissing) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseSearching || !t.asks(e.Round, e.Attempt) {
			return false
		}
		if t.Over != "" && t.AcceptedBy == "" {
			t.Phase, t.Due = PhaseWithdrawing, e.At
			return true
		}
		if t.Attempt >= maxAttempts {
			if t.AcceptedBy != "" { // it need not be found to be believed
				t.joined(e.At)
				return true
			}
			if t.Round > 0 || s.leaves(t) {
				t.Over, t.Phase, t.Due = ReasonInviteNotStored, PhaseWithdrawing, e.At
				return true
			}
			return t.end(PhaseFailed, e.At, ReasonInviteNotStored, "")
		}
		t.Attempt++
		if t.AcceptedBy != "" {
			t.Due = e.At.Add(searchAgain)
			return true
		}
		t.Phase, t.Due = PhaseInviting, e.At.Add(CheckEvery)
		return true
	})
}

func (e Left) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseLeaving {
			return false
		}
		t.LeftAt = e.At
		switch {
		case t.AcceptedBy != "":
			t.end(PhaseCompleted, e.At, "", "")
		case t.Over != "":
			t.Phase, t.Due = PhaseWithdrawing, e.At
		default:
			t.ring(e.At)
		}
		return true
	})
}

func (e Stayed) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseLeaving || t.Over == "" {
			return false
		}
		t.Phase, t.Due = PhaseWithdrawing, e.At
		return true
	})
}

// apply ends the transfer, unless the agent has not left yet: then it is only
// noted, and the removal ends it. An accept that comes while the invite is
// being withdrawn has won.
func (e Accepted) apply(s *State) error {
	in := s.Member(e.WorkerSID)
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.AcceptedBy != "" {
			return false
		}
		if e.TaskSID != "" && e.TaskSID == t.Invite.After {
			t.backToFormer()
			t.AcceptedBy, t.AcceptedAt, t.Doubled = e.WorkerSID, e.At, in
			t.joined(e.At)
			return true
		}
		if e.TaskSID != "" && t.asked(e.TaskSID) {
			return false
		}
		t.AcceptedBy, t.AcceptedAt, t.Doubled = e.WorkerSID, e.At, in
		if e.TaskSID != "" { // of two invites of one round the accepted one counts
			t.Invite.TaskSID = e.TaskSID
		}
		switch t.Phase {
		case PhaseRinging, PhaseWithdrawing, PhaseClosing:
			t.joined(e.At)
		default:
			t.Over = ""
		}
		return true
	})
}

// backToFormer goes back to the target whose invite still stood: they accepted
// before it was taken back. The present one's, where there is one, is
// taken back instead.
func (t *Transfer) backToFormer() {
	present := t.Invite.TaskSID
	if of := slices.IndexFunc(t.Tried, func(o Tried) bool { return o.TaskSID == t.Invite.After }); of >= 0 {
		t.Target, t.Tried = t.Tried[of].Target, t.Tried[:of:of]
	}
	t.Invite = Invite{TaskChannelName: t.Invite.TaskChannelName, TaskSID: t.Invite.After, After: present}
}

// FormerDeclined reports whether the former target's invite still stands, and
// they have declined it. Nobody is asked by it any more, but as long as it is
// there the customer is not forgotten at Twilio, whatever becomes of us: it is
// taken back once the next one is there, and any other one before.
func (t Transfer) FormerDeclined() bool {
	return t.Invite.After != "" && t.OverBefore(t.Invite.After) == ReasonTargetDeclined
}

// forgetFormer forgets the former target's invite where Twilio's answer to the
// present one says that it has been taken back.
func (t *Transfer) forgetFormer() {
	if !t.FormerDeclined() {
		t.Invite.After = ""
	}
}

// formerStands reports whether the invite of another target is to be taken back
// that still stands beside the present one, also after the end. Before the
// present one is there, and while that is taken back too, the steps of those
// phases see to it.
func (t Transfer) formerStands() bool {
	return t.Invite.After != "" && !t.InviteUnsettled() && t.Phase != PhaseWithdrawing
}

// apply is also there after the end of the transfer.
func (e FormerTakenBack) apply(s *State) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == e.TransferID && e.TaskSID != "" && t.Invite.After == e.TaskSID {
			t.Invite.After = ""
			return nil
		}
	}
	return ErrPointless
}

// apply lets the participant of the second invite go; also after the end of the
// transfer.
func (e Undoubled) apply(s *State) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == e.TransferID && t.Doubled {
			t.Doubled = false
			if e.Departure != nil {
				s.depart(*e.Departure, e.At, e.At)
			}
			return nil
		}
	}
	return ErrPointless
}

// asks reports whether the invite of the round and the attempt (0: any of them)
// is the one that is being asked for: the answer to a former one may come late.
func (t *Transfer) asks(round, attempt int) bool {
	return t.Round == round && (attempt == 0 || t.Attempt == attempt)
}

// asked reports whether the task is that of a former target's invite.
func (t *Transfer) asked(taskSID string) bool {
	for _, tried := range t.Tried {
		if tried.TaskSID == taskSID {
			return true
		}
	}
	return false
}

// InviteUnsettled reports whether it is not known yet whether the invite exists.
func (t Transfer) InviteUnsettled() bool {
	return t.Phase == PhaseInviting || t.Phase == PhaseSearching
}
