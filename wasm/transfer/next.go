package transfer

import (
	"slices"
	"time"
)

// NextKind is what follows once a target has not taken over.
type NextKind string

// What follows.
const (
	NextNothing NextKind = ""       // somebody is with the customer: the transfer ends
	NextTarget  NextKind = "target" // another target is asked
	NextClose   NextKind = "close"  // the conversation is closed
)

// Next is what follows once a target has not taken over.
type Next struct {
	Kind NextKind
	// Target, Attributes and DroppedAttributes are those of the next invite, as
	// in a [Plan].
	Target            Target
	Attributes        string
	DroppedAttributes []string
	// Timeout is how long the target is asked; zero without a limit.
	Timeout time.Duration
	// Last says that nobody else is left to be asked: the invite stays until
	// somebody accepts it.
	Last bool
}

// NextTargets are the workers and queues that may be asked once the transfer's
// target has not taken over, for whoever gathers the facts.
func (s Settings) NextTargets(t Transfer) []Target {
	var targets []Target
	for _, fb := range append(slices.Clip(s.fallbacks()), Fallback{Kind: FallbackOrigin}) {
		if to, ok := fb.target(t); ok {
			targets = append(targets, to)
		}
	}
	return targets
}

// target is whom a fallback asks; false where it asks nobody.
func (b Fallback) target(t Transfer) (Target, bool) {
	switch b.Kind {
	case FallbackAgent:
		return Target{Kind: TargetWorker, SID: t.From.WorkerSID, Name: t.From.Name}, t.From.WorkerSID != ""
	case FallbackWorker:
		return Target{Kind: TargetWorker, SID: b.SID}, true
	case FallbackQueue:
		return Target{Kind: TargetQueue, SID: b.SID}, true
	case FallbackOrigin:
		return Target{Kind: TargetQueue, SID: t.OriginQueueSID}, t.OriginQueueSID != ""
	}
	return Target{}, false
}

// Next decides what follows once the target of a transfer has not taken over,
// by facts that were read after that: the participants, the workers and queues
// of [Settings.NextTargets], the task of the invite with its attributes as
// Facts.Task, and the transfers and departures as they are recorded.
//
// Where an agent is with the customer, or another transfer is open (which will
// decide in its turn), the transfer ends, unless the settings want all fallbacks tried. Where nobody is,
// the next fallback is asked that can be; when there is none, the queue that
// the conversation came from, without a limit in time.
func (f *Facts) Next(t Transfer) (Next, error) {
	attended := f.staying("") || f.otherOpen(t.ID)
	if attended && (!f.Settings.FallbackAlways || t.Over == ReasonInviteWithdrawn) {
		return Next{}, nil
	}
	list := f.Settings.fallbacks()
	for i, b := range list {
		if b.Kind == FallbackClose {
			if attended {
				return Next{}, nil
			}
			return Next{Kind: NextClose}, nil
		}
		to, ok := b.target(t)
		if !ok || t.triedAlready(to) || f.invited(to) {
			continue
		}
		if to, ok = f.reachable(to); !ok {
			continue
		}
		return f.ask(t, to, i == len(list)-1 && to.Kind == TargetQueue)
	}
	if attended {
		return Next{}, nil
	}
	return f.lastResort(t)
}

// otherOpen reports whether another transfer may still bring somebody in.
// Whoever has accepted one is in already, or has left again.
func (f *Facts) otherOpen(transferID string) bool {
	for i := range f.Transfers {
		if t := &f.Transfers[i]; t.ID != transferID && t.Open() && t.Phase != PhaseClosing && !f.accepted(t) {
			return true
		}
	}
	return false
}

// lastResort asks the queue that the conversation came from, also once more,
// else the queue that was asked before.
func (f *Facts) lastResort(t Transfer) (Next, error) {
	candidates := []Target{{Kind: TargetQueue, SID: t.OriginQueueSID}, t.Target}
	for i := len(t.Tried) - 1; i >= 0; i-- {
		candidates = append(candidates, t.Tried[i].Target)
	}
	for _, to := range candidates {
		if to.Kind == TargetQueue && to.SID != "" {
			if known, ok := f.reachable(to); ok {
				return f.ask(t, known, true)
			}
		}
	}
	return Next{}, nil
}

// triedAlready reports whether the target was asked in this transfer.
func (t Transfer) triedAlready(to Target) bool {
	for i := range t.Tried {
		if t.Tried[i].Target.Same(to) {
			return true
		}
	}
	return t.Target.Same(to)
}

// reachable finds the target among the facts and reports whether it can be
// asked now.
func (f *Facts) reachable(to Target) (Target, bool) {
	for i := range f.Workers {
		if w := &f.Workers[i]; to.Kind == TargetWorker && w.SID == to.SID {
			return Target{Kind: to.Kind, SID: w.SID, Name: w.Name}, w.Available && !f.participating(w.SID)
		}
	}
	for i := range f.Queues {
		if q := &f.Queues[i]; to.Kind == TargetQueue && q.SID == to.SID {
			return Target{Kind: to.Kind, SID: q.SID, Name: q.FriendlyName}, !q.Unserved
		}
	}
	return Target{}, false
}

// ask composes the invite of the next target.
func (f *Facts) ask(t Transfer, to Target, last bool) (Next, error) {
	p := Plan{
		TransferID: t.ID, Mode: t.Mode, LeaveOn: t.LeaveOn, RequestedBy: t.RequestedBy, From: t.From, Target: to,
		OriginQueueSID: t.OriginQueueSID, Briefing: t.Briefing, Rescue: t.Rescue,
	}
	n := Next{Kind: NextTarget, Target: to, Last: last}
	if !last {
		n.Timeout = f.Settings.timeout(to.Kind)
	}
	var err error
	n.Attributes, n.DroppedAttributes, err = inviteAttributes(p.stamp(t.Round+1), f.Task.Attributes, f.workersIn())
	return n, err
}
