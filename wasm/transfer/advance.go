package transfer

import (
	"errors"
	"fmt"
	"time"
)

const (
	// CheckEvery is how long a transfer that waits for its target is left alone
	// before it is compared with Twilio, should no webhook come, and again.
	CheckEvery = 30 * time.Second
	// searchAgain is the pause before an invite that must exist is looked for again.
	searchAgain = 5 * time.Second
	// maxAttempts is how often Twilio is asked for one invite.
	maxAttempts = 5
	// keepEnded is how many ended transfers a state keeps.
	keepEnded = 10
)

// Errors of [Advance]. The event changes nothing then.
var (
	ErrUnknownTransfer = errors.New("transfer: no such transfer")
	// ErrPointless says that the event is old news: a repeated or late one.
	ErrPointless = errors.New("transfer: the event changes nothing")
	// ErrTransferOpen says that a transfer cannot begin, since another is open.
	ErrTransferOpen = errors.New("transfer: another transfer of the conversation is open")
)

// StepKind is what has to be done.
type StepKind string

// The steps.
const (
	StepInvite StepKind = "invite" // ask Twilio for the invite
	StepFind   StepKind = "find"   // look the invite up by the transfer's ID
	StepRemove StepKind = "remove" // remove the transferring agent
	StepCheck  StepKind = "check"  // compare with Twilio, should a webhook have been lost
)

// Step is what has to be done next about a transfer.
type Step struct {
	Kind      StepKind
	Transfer  Transfer
	NotBefore time.Time // zero means at once
}

// Steps says what has to be done next, a step for each open transfer.
func (s State) Steps() []Step {
	var steps []Step
	for _, t := range s.Transfers {
		switch t.Phase {
		case PhaseInviting:
			steps = append(steps, Step{Kind: StepInvite, Transfer: t})
		case PhaseSearching:
			steps = append(steps, Step{Kind: StepFind, Transfer: t, NotBefore: t.Due})
		case PhaseLeaving:
			steps = append(steps, Step{Kind: StepRemove, Transfer: t})
		case PhaseRinging:
			steps = append(steps, Step{Kind: StepCheck, Transfer: t, NotBefore: t.Due})
		}
	}
	return steps
}

// Advance takes the state through the event and says what has to be done
// next. The state that it is given is not changed. Events that repeat what is
// known, or that come after the end, are refused with [ErrPointless].
func Advance(s State, e Event) (State, []Step, error) {
	s.Transfers = append([]Transfer(nil), s.Transfers...)
	if r, ok := e.(Requested); ok {
		if err := s.open(r); err != nil {
			return State{}, nil, err
		}
		return s, s.Steps(), nil
	}
	id, at := subject(e)
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == id {
			if !t.Open() || !t.apply(e, at) {
				return State{}, nil, fmt.Errorf("%w: %s in phase %s", ErrPointless, e.Name(), t.Phase)
			}
			s.forget()
			return s, s.Steps(), nil
		}
	}
	return State{}, nil, fmt.Errorf("%w: %q", ErrUnknownTransfer, id)
}

func (s *State) open(r Requested) error {
	p := r.Plan
	if s.Version == 0 {
		*s = State{Version: StateVersion, InteractionSID: p.InteractionSID, InteractionChannelSID: p.InteractionChannelSID}
	}
	for _, t := range s.Transfers {
		if t.Open() || t.ID == p.TransferID {
			return ErrTransferOpen
		}
	}
	s.Transfers = append(s.Transfers, Transfer{
		ID: p.TransferID, Mode: p.Mode, From: p.From, Target: p.Target, RequestedBy: p.RequestedBy,
		Phase: PhaseInviting, Attempt: 1, Due: r.At.Add(CheckEvery), RequestedAt: r.At,
		Invite:            Invite{TaskChannelName: p.TaskChannelName, Attributes: p.Attributes},
		DroppedAttributes: p.DroppedAttributes,
	})
	s.forget()
	return nil
}

// subject is the transfer that an event is about, and when it happened.
func subject(e Event) (id string, at time.Time) {
	switch e := e.(type) {
	case Invited:
		return e.TransferID, e.At
	case InviteRefused:
		return e.TransferID, e.At
	case InviteUnknown:
		return e.TransferID, e.At
	case InviteMissing:
		return e.TransferID, e.At
	case Left:
		return e.TransferID, e.At
	case Accepted:
		return e.TransferID, e.At
	case InviteEnded:
		return e.TransferID, e.At
	case Abandoned:
		return e.TransferID, e.At
	}
	return "", time.Time{}
}

// apply takes an open transfer through the event. It returns false where the
// event changes nothing in this phase.
func (t *Transfer) apply(e Event, at time.Time) bool {
	switch e := e.(type) {
	case Invited:
		return t.invited(e)
	case InviteRefused:
		return t.InviteUnsettled() && t.end(PhaseFailed, at, e.Reason, e.Detail)
	case InviteUnknown:
		if t.Phase != PhaseInviting {
			return false
		}
		t.Phase, t.Due = PhaseSearching, e.Due
	case InviteMissing:
		return t.tryAgain(at)
	case Left:
		return t.left(at)
	case Accepted:
		return t.accepted(e)
	case InviteEnded:
		// Where the agent has not been removed yet, they stay. It may be known
		// before the invite's own answer. Whoever has accepted is in: then the
		// task ended after that, and the agent is still to leave.
		return t.AcceptedBy == "" && t.end(PhaseCanceled, at, ReasonInviteCanceled, e.Detail)
	case Abandoned:
		return t.end(PhaseAbandoned, at, ReasonCustomerLeft, "")
	default:
		return false
	}
	return true
}

// InviteUnsettled reports whether it is not known yet whether the invite exists.
func (t Transfer) InviteUnsettled() bool {
	return t.Phase == PhaseInviting || t.Phase == PhaseSearching
}

func (t *Transfer) invited(e Invited) bool {
	if !t.InviteUnsettled() {
		return false
	}
	t.Invite.SID, t.Invite.TaskSID, t.Invite.Attributes = e.InviteSID, e.TaskSID, ""
	t.Phase, t.InvitedAt, t.Due = PhaseLeaving, e.At, e.At.Add(CheckEvery)
	return true
}

// tryAgain asks for the invite again. Where somebody has accepted it, it
// exists, whatever the list said: then it is only looked for again.
func (t *Transfer) tryAgain(at time.Time) bool {
	if t.Phase != PhaseSearching {
		return false
	}
	if t.Attempt >= maxAttempts {
		return t.end(PhaseFailed, at, ReasonInviteNotStored, "")
	}
	t.Attempt++
	if t.AcceptedBy != "" {
		t.Due = at.Add(searchAgain)
		return true
	}
	t.Phase, t.Due = PhaseInviting, at.Add(CheckEvery)
	return true
}

func (t *Transfer) left(at time.Time) bool {
	if t.Phase != PhaseLeaving {
		return false
	}
	t.LeftAt = at
	if t.AcceptedBy != "" {
		return t.end(PhaseCompleted, at, "", "")
	}
	t.Phase, t.Due = PhaseRinging, at.Add(CheckEvery)
	return true
}

// accepted ends the transfer, unless the agent has not left yet: then it is
// only noted, and the removal ends it.
func (t *Transfer) accepted(e Accepted) bool {
	if t.AcceptedBy != "" {
		return false
	}
	t.AcceptedBy = e.WorkerSID
	if t.Phase == PhaseRinging {
		return t.end(PhaseCompleted, e.At, "", "")
	}
	return true
}

func (t *Transfer) end(phase Phase, at time.Time, why Reason, detail string) bool {
	t.Phase, t.EndedAt, t.Due = phase, at, time.Time{}
	t.Failure, t.FailureDetail = why, detail
	t.Invite.Attributes = ""
	return true
}

// forget drops the oldest ended transfers past keepEnded.
func (s *State) forget() {
	ended := 0
	for _, t := range s.Transfers {
		if !t.Open() {
			ended++
		}
	}
	kept := s.Transfers[:0]
	for _, t := range s.Transfers {
		if !t.Open() && ended > keepEnded {
			ended--
			continue
		}
		kept = append(kept, t)
	}
	s.Transfers = kept
}
