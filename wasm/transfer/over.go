package transfer

import (
	"cmp"
	"time"
)

// How a transfer goes on once its target will not take over.

// keepWhoIsNeeded ends a transfer whose agent would leave since somebody has
// accepted, where that somebody is leaving already: it became known too late who
// they are.
func (s *State) keepWhoIsNeeded() {
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Phase != PhaseLeaving || t.leavesAtOnce() || t.Invite.TaskSID == "" {
			continue
		}
		for j := range s.Departures {
			if d := &s.Departures[j]; d.Agent.TaskSID == t.Invite.TaskSID && d.Phase != DepartureFailed {
				t.end(PhaseDeclined, t.AcceptedAt, ReasonTargetWentOff, "")
			}
		}
	}
}

// over notes that the present target will not take over, and goes on where
// nothing else is under way.
func (t *Transfer) over(why Reason, at time.Time) bool {
	if t.AcceptedBy != "" || t.Over != "" {
		return false
	}
	switch t.Phase {
	case PhaseRinging:
		t.Phase, t.Due = PhaseWithdrawing, at
	case PhaseLeaving:
		t.Due = at.Add(lookAfter) // the removal may be on its way
	case PhaseInviting, PhaseSearching:
		// The answer to the invite comes first.
	default:
		return false
	}
	t.Over = why
	return true
}

func (e InviteEnded) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if e.TaskSID != "" && t.asked(e.TaskSID) {
			return false
		}
		t.FailureDetail = e.Detail
		return t.settled(e.TaskSID, ReasonInviteCanceled, e.At) || t.over(ReasonInviteCanceled, e.At)
	})
}

// settled notes that the task is that of the present invite, about which
// nothing was known yet, and that it is over.
func (t *Transfer) settled(taskSID string, why Reason, at time.Time) bool {
	if taskSID == "" || !t.InviteUnsettled() || t.AcceptedBy != "" {
		return false
	}
	if t.Over == "" {
		t.Over = why
	}
	t.forgetFormer()
	t.Invite.TaskSID = taskSID
	t.Phase, t.Due = PhaseWithdrawing, at
	return true
}

func (e Declined) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if e.TaskSID != "" && t.asked(e.TaskSID) || t.Target.Kind != TargetWorker {
			return false
		}
		return t.settled(e.TaskSID, e.Reason, e.At) || t.over(e.Reason, e.At)
	})
}

func (e TimedOut) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseRinging || t.Deadline.IsZero() || e.At.Before(t.Deadline) {
			return false
		}
		return t.over(ReasonInviteTimedOut, e.At)
	})
}

func (e Canceled) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase == PhaseLeaving || !t.over(ReasonInviteWithdrawn, e.At) {
			return false
		}
		if t.Phase == PhaseWithdrawing {
			t.Due = e.At.Add(departEvery) // whoever recorded it takes the step at once
		}
		return true
	})
}

func (e Withdrawn) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if t.Phase != PhaseWithdrawing {
			return false
		}
		switch e.Next.Kind {
		case NextTarget:
			former := t.Stands()
			t.next(e.Next, e.At)
			if e.Standing {
				t.Invite.After = former
			}
		case NextClose:
			t.Invite.After = ""
			t.Phase, t.Due = PhaseClosing, e.At
		default:
			t.Invite.After = ""
			t.end(endOf(t.Over), e.At, t.Over, t.FailureDetail)
		}
		return true
	})
}

// Stands is the task of the invite that stands for the customer: the present
// target's, or where that was never made a former one's; empty where there is
// none.
func (t Transfer) Stands() string { return cmp.Or(t.Invite.TaskSID, t.Invite.After) }

// next asks the next target.
func (t *Transfer) next(n Next, at time.Time) {
	before := len(t.Tried)
	if before > 0 && t.Over == ReasonInviteRefused && t.Tried[before-1].Outcome == t.Over && t.Tried[before-1].Target.Same(t.Target) {
		before-- // refused again and again: one entry says so
	}
	t.Tried = append(t.Tried[:before:before], Tried{Target: t.Target, Outcome: t.Over, At: at, TaskSID: t.Invite.TaskSID})
	t.Target, t.Over, t.FailureDetail = n.Target, "", ""
	t.Round++
	t.Invite = Invite{TaskChannelName: t.Invite.TaskChannelName, Attributes: n.Attributes}
	t.DroppedAttributes = n.DroppedAttributes
	t.Phase, t.Attempt, t.Due = PhaseInviting, 1, at.Add(CheckEvery)
	t.Deadline, t.TimeoutSeconds = time.Time{}, int(n.Timeout/time.Second)
}

// OverBefore is why the target that was asked by the task will not take over: the
// present one, or a former one.
func (t Transfer) OverBefore(taskSID string) Reason {
	for i := range t.Tried {
		if tried := &t.Tried[i]; tried.TaskSID == taskSID && taskSID != "" {
			return tried.Outcome
		}
	}
	return t.Over
}

// endOf is the phase in which a transfer ends whose target is over.
func endOf(why Reason) Phase {
	switch why {
	case ReasonTargetDeclined, ReasonTargetWentOff:
		return PhaseDeclined
	case ReasonInviteTimedOut:
		return PhaseTimedOut
	case ReasonInviteRefused, ReasonInviteNotStored:
		return PhaseFailed
	}
	return PhaseCanceled
}

func (e Closed) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		return t.Phase == PhaseClosing && t.end(endOf(t.Over), e.At, t.Over, t.FailureDetail)
	})
}

func (e Abandoned) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		t.Invite.After = ""
		return t.end(PhaseAbandoned, e.At, ReasonCustomerLeft, "")
	})
}

func (t *Transfer) end(phase Phase, at time.Time, why Reason, detail string) bool {
	t.Phase, t.EndedAt, t.Due, t.Deadline = phase, at, time.Time{}, time.Time{}
	t.Over, t.Failure, t.FailureDetail = "", why, detail
	t.Invite.Attributes = ""
	t.DigestWanted = t.DigestWanted && phase == PhaseCompleted
	return true
}
