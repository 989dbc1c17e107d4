package transfer

import (
	"errors"
	"time"
)

const (
	// CheckEvery is how long a transfer that waits for its target is left alone
	// before it is compared with Twilio, should no webhook come, and again.
	CheckEvery = 30 * time.Second
	// searchAgain is the pause before an invite that must exist is looked for again.
	searchAgain = 5 * time.Second
	// lookAfter is the pause before it is looked whether an agent whose removal
	// may have been on its way is still in: longer than a removal takes, and than
	// Twilio's lists lag behind it.
	lookAfter = 6 * time.Second
	// maxAttempts is how often Twilio is asked for one invite.
	maxAttempts = 5
	// keepEnded is how many ended transfers, and departures, a state keeps.
	keepEnded = 20
)

// Errors of [Advance]. The event changes nothing then.
var (
	ErrUnknownTransfer = errors.New("transfer: no such transfer")
	// ErrPointless says that the event is old news: a repeated or late one.
	ErrPointless = errors.New("transfer: the event changes nothing")
	// ErrTransferOpen says that a transfer cannot begin, since it is there already.
	ErrTransferOpen = errors.New("transfer: the transfer has begun already")
)

// Advance takes the state through the event. The state that it is given is not
// changed. Events that repeat what is known, or that come after the end, are
// refused with [ErrPointless]; [State.Steps] says what has to be done next.
func Advance(s State, e Event) (State, error) {
	s.Transfers = append([]Transfer(nil), s.Transfers...)
	s.Departures = append([]Departure(nil), s.Departures...)
	if err := e.apply(&s); err != nil {
		return State{}, err
	}
	s.keepWhoIsNeeded()
	s.MirrorPending = s.ConversationSID != "" && (s.MirrorPending || !s.mirrors())
	s.forget()
	return s, nil
}

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

// on applies change to the open transfer with the ID.
func (s *State) on(id string, change func(t *Transfer) bool) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == id {
			if !t.Open() || !change(t) {
				return ErrPointless
			}
			return nil
		}
	}
	return ErrUnknownTransfer
}

// begin gives the state of a conversation about which nothing was recorded its
// name.
func (s *State) begin(interactionSID, channelSID, conversationSID string) {
	if s.InteractionChannelSID == "" {
		s.InteractionSID, s.InteractionChannelSID = interactionSID, channelSID
	}
	s.Version = StateVersion
	if s.ConversationSID == "" {
		s.ConversationSID = conversationSID
	}
}

func (e Requested) apply(s *State) error {
	p := e.Plan
	s.begin(p.InteractionSID, p.InteractionChannelSID, p.ConversationSID)
	if _, there := s.Find(p.TransferID); there {
		return ErrTransferOpen
	}
	s.Present = p.Present
	s.Transfers = append(s.Transfers, Transfer{
		ID: p.TransferID, Mode: p.Mode, LeaveOn: p.LeaveOn, LeaveAs: p.LeaveAs, From: p.From,
		Target: p.Target, Asked: p.Asked, OriginQueueSID: p.OriginQueueSID, RequestedBy: p.RequestedBy,
		Phase: PhaseInviting, Attempt: 1, Due: e.At.Add(CheckEvery), RequestedAt: e.At,
		TimeoutSeconds:    int(p.Timeout / time.Second),
		Invite:            Invite{TaskChannelName: p.TaskChannelName, Attributes: p.Attributes},
		DroppedAttributes: p.DroppedAttributes, Briefing: p.Briefing, DigestWanted: p.Digest,
	})
	return nil
}

func (e Invited) apply(s *State) error {
	return s.on(e.TransferID, func(t *Transfer) bool {
		if !t.InviteUnsettled() {
			return false
		}
		t.Invite.SID, t.Invite.TaskSID, t.Invite.Attributes = e.InviteSID, e.TaskSID, ""
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
	t.Phase, t.Due = PhaseRinging, at.Add(CheckEvery)
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
		if !t.InviteUnsettled() {
			return false
		}
		if t.AcceptedBy != "" { // by an earlier attempt, whose answer was lost
			t.Phase, t.Due = PhaseSearching, e.At.Add(searchAgain)
			return true
		}
		if t.Round > 0 || s.leaves(t) { // somebody else may have to be asked
			t.Over, t.Phase, t.Due = e.Reason, PhaseWithdrawing, e.At
			t.FailureDetail = e.Detail
			return true
		}
		return t.end(PhaseFailed, e.At, e.Reason, e.Detail)
	})
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
		if t.Phase != PhaseInviting {
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
		if t.Phase != PhaseSearching {
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
		if t.AcceptedBy != "" || (e.TaskSID != "" && t.asked(e.TaskSID)) {
			return false
		}
		t.AcceptedBy, t.AcceptedAt, t.Doubled = e.WorkerSID, e.At, in
		if t.Invite.TaskSID == "" {
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

// apply lets the participant of the second invite go; also after the end of the
// transfer.
func (e Undoubled) apply(s *State) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == e.TransferID && t.Doubled {
			t.Doubled = false
			if e.Departure != nil {
				d := *e.Departure
				d.Phase, d.RequestedAt, d.Due = DepartureLeaving, e.At, e.At
				s.Departures = append(s.Departures, d)
			}
			return nil
		}
	}
	return ErrPointless
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
			t.next(e.Next, e.At)
		case NextClose:
			t.Phase, t.Due = PhaseClosing, e.At
		default:
			t.end(endOf(t.Over), e.At, t.Over, t.FailureDetail)
		}
		return true
	})
}

// next asks the next target.
func (t *Transfer) next(n Next, at time.Time) {
	t.Tried = append(t.Tried[:len(t.Tried):len(t.Tried)], Tried{Target: t.Target, Outcome: t.Over, At: at, TaskSID: t.Invite.TaskSID})
	t.Target, t.Over, t.FailureDetail = n.Target, "", ""
	t.Round++
	t.Invite = Invite{TaskChannelName: t.Invite.TaskChannelName, Attributes: n.Attributes}
	t.DroppedAttributes = n.DroppedAttributes
	t.Phase, t.Attempt, t.Due = PhaseInviting, 1, at.Add(CheckEvery)
	t.Deadline, t.TimeoutSeconds = time.Time{}, int(n.Timeout/time.Second)
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
		return t.end(PhaseAbandoned, e.At, ReasonCustomerLeft, "")
	})
}

func (e DigestMade) apply(s *State) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == e.TransferID && t.DigestWanted {
			made := e.Digest
			t.Digest, t.DigestWanted = &made, false
			return nil
		}
	}
	return ErrPointless
}

func (e Mirrored) apply(s *State) error {
	s.Mirrored, s.MirrorPending = e.TaskSIDs, false
	return nil
}

// InviteUnsettled reports whether it is not known yet whether the invite exists.
func (t Transfer) InviteUnsettled() bool {
	return t.Phase == PhaseInviting || t.Phase == PhaseSearching
}

func (t *Transfer) end(phase Phase, at time.Time, why Reason, detail string) bool {
	t.Phase, t.EndedAt, t.Due, t.Deadline = phase, at, time.Time{}, time.Time{}
	t.Over, t.Failure, t.FailureDetail = "", why, detail
	t.Invite.Attributes = ""
	t.DigestWanted = t.DigestWanted && phase == PhaseCompleted
	return true
}

// forget drops the oldest of what has ended, past keepEnded.
func (s *State) forget() {
	s.Transfers = dropEnded(s.Transfers, func(t *Transfer) bool { return t.Open() || t.DigestWanted || t.Doubled })
	s.Departures = dropEnded(s.Departures, func(d *Departure) bool { return d.Open() })
}

func dropEnded[T any](all []T, open func(*T) bool) []T {
	ended := 0
	for i := range all {
		if !open(&all[i]) {
			ended++
		}
	}
	kept := all[:0]
	for i := range all {
		if !open(&all[i]) && ended > keepEnded {
			ended--
			continue
		}
		kept = append(kept, all[i])
	}
	return kept
}
