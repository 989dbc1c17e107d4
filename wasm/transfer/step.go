package transfer

import (
	"slices"
	"time"
)

// StepKind is what has to be done.
type StepKind string

// The steps, in the order in which those that are due are taken.
const (
	StepRemove   StepKind = "remove"    // remove the transferring agent
	StepInvite   StepKind = "invite"    // ask Twilio for the invite
	StepDepart   StepKind = "depart"    // remove who leaves, or close the channel
	StepWithdraw StepKind = "withdraw"  // take the invite back and decide what follows
	StepClose    StepKind = "close"     // close the channel: nobody took over
	StepTakeBack StepKind = "take-back" // take a former target's invite back that still stands
	StepUndouble StepKind = "undouble"  // remove who accepted although they were in already
	StepLook     StepKind = "look"      // look whether the agent who was to be removed is still in
	StepFind     StepKind = "find"      // look the invite up by the transfer's ID
	StepMirror   StepKind = "mirror"    // write the outstanding invites into the conversation's attributes
	StepDigest   StepKind = "digest"    // make the digest
	StepCheck    StepKind = "check"     // compare with Twilio, should a webhook have been lost
)

// order is the rank of the kinds of step.
var order = [...]StepKind{
	StepRemove, StepInvite, StepDepart, StepWithdraw, StepClose, StepTakeBack, StepUndouble, StepLook, StepFind, StepMirror, StepDigest, StepCheck,
}

// Step is what has to be done next about a transfer, a departure, or the
// conversation.
type Step struct {
	Kind StepKind
	// Transfer is what it is about; the zero value for StepDepart and StepMirror.
	Transfer Transfer
	// Departure is what StepDepart is about.
	Departure Departure
	NotBefore time.Time // zero means at once
}

// Steps says what has to be done: one step for each open transfer and
// departure, one for the mirror if it is stale, one for each digest that is
// wanted, one for each former invite that still stands. They are in the order of
// their rank; each may be taken by itself.
func (s State) Steps() []Step {
	var steps []Step
	for _, t := range s.Transfers {
		if kind, notBefore := t.step(); kind != "" {
			steps = append(steps, Step{Kind: kind, Transfer: t, NotBefore: notBefore})
		}
		if t.formerStands() {
			steps = append(steps, Step{Kind: StepTakeBack, Transfer: t})
		}
		if t.Doubled && t.Invite.TaskSID != "" {
			steps = append(steps, Step{Kind: StepUndouble, Transfer: t})
		}
		if t.DigestWanted && !t.InvitedAt.IsZero() {
			steps = append(steps, Step{Kind: StepDigest, Transfer: t})
		}
	}
	for _, d := range s.Departures {
		if d.Open() {
			steps = append(steps, Step{Kind: StepDepart, Departure: d, NotBefore: d.Due})
		}
	}
	if s.MirrorPending {
		steps = append(steps, Step{Kind: StepMirror, NotBefore: s.MirrorDue})
	}
	if len(steps) > 1 {
		slices.SortStableFunc(steps, func(a, b Step) int {
			return slices.Index(order[:], a.Kind) - slices.Index(order[:], b.Kind)
		})
	}
	return steps
}

// step is what an open transfer needs next.
func (t Transfer) step() (kind StepKind, notBefore time.Time) {
	switch t.Phase {
	case PhaseInviting:
		return StepInvite, time.Time{}
	case PhaseSearching:
		return StepFind, t.Due
	case PhaseLeaving:
		if t.Over != "" {
			return StepLook, t.Due
		}
		return StepRemove, time.Time{}
	case PhaseRinging:
		return StepCheck, t.Due
	case PhaseWithdrawing:
		return StepWithdraw, t.Due
	case PhaseClosing:
		return StepClose, time.Time{}
	}
	return "", time.Time{}
}

// Open reports whether something is still to be done about the conversation.
func (s State) Open() bool {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.Open() || (t.DigestWanted && !t.InvitedAt.IsZero()) || (t.Doubled && t.Invite.TaskSID != "") || t.formerStands() {
			return true
		}
	}
	for i := range s.Departures {
		if s.Departures[i].Open() {
			return true
		}
	}
	return s.MirrorPending
}
