package reconcile

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
)

// Decision is what a turn came to.
type Decision string

// The decisions of a turn.
const (
	DecisionWait      Decision = "wait"      // nothing is due
	DecisionNotReady  Decision = "not-ready" // the ledger has not caught up
	DecisionWell      Decision = "well"      // a conversation was looked at: nothing is wrong
	DecisionSuspected Decision = "suspected" // something looks wrong and has not lasted yet
	DecisionRepaired  Decision = "repaired"  // something was put right
	DecisionRetry     Decision = "retry"     // it could not be looked at or put right; again later
	DecisionSwept     Decision = "swept"     // the open tasks were gone through
	DecisionCaughtUp  Decision = "caught-up" // TaskRouter's events were gone through
	DecisionNotOurs   Decision = "not-ours"  // another process has just done so
)

// Result is what a turn came to.
type Result struct {
	Decision Decision
	// Channel is the conversation that was looked at; empty where none was.
	Channel string
	// Next is when something is due again if nothing happens before.
	Next time.Time
}

// The limits of a turn in time. Sweeps wait for whoever else asks Twilio.
const (
	visitLimit = time.Minute
	sweepLimit = 5 * time.Minute
	retryAfter = 5 * time.Second
	retryMost  = 5 * time.Minute
	// firstAfter lets a process that has just begun answer its agents first.
	firstAfter = time.Second
)

// Reconciler looks at conversations and puts right what is wrong. Its methods
// may be called from any goroutine.
type Reconciler struct {
	Options

	mu      sync.Mutex
	ready   bool // the ledger has caught up
	agenda  agenda
	sweep   round
	events  round
	seen    map[string]time.Time // events by their SID, so that each counts once
	places  map[string]known     // by conversation SID, of what was open lately
	looked  map[string]time.Time // by channel: when it was last looked at closely
	floor   map[string]place     // by channel: what the last sweep saw
	over    map[string]time.Time // by channel: when it was seen to have ended
	unshown map[string]time.Time // by channel: when it was said that its attributes cannot show the invites
	changed chan struct{}        // closed when something is due earlier

	labels map[string]label // by task SID, of the last sweep; only the sweep uses them

	whole restored // under mu: how much of what Twilio has is known to be in the ledger
}

// known is where a conversation belongs, and when that was last heard.
type known struct {
	place
	at time.Time
}

// round is work that comes round.
type round struct {
	due   time.Time
	busy  bool
	begun bool // this process has had its last turn: it has not failed, or was another's
}

// New returns a reconciler. It starts nothing: call [Reconciler.RunOnce].
func New(o Options) (*Reconciler, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	first := round{due: o.Clock().Add(firstAfter)}
	return &Reconciler{
		Options: o, sweep: first, events: first, seen: map[string]time.Time{}, places: map[string]known{}, looked: map[string]time.Time{},
		over: map[string]time.Time{}, unshown: map[string]time.Time{}, changed: make(chan struct{}),
	}, nil
}

// RunOnce does the first thing that is due: it looks at one conversation and
// puts right what is wrong, goes through the open tasks, or goes through
// TaskRouter's events. It does not wait for anything to become due and starts no
// goroutine but those of Schedule.Together. Whatever fails is tried again later:
// the error is for the log.
func (r *Reconciler) RunOnce(ctx context.Context) (Result, error) {
	if err := r.whenReady(ctx); err != nil {
		return Result{Decision: DecisionNotReady, Next: r.Clock().Add(time.Second)}, err
	}
	ctx = twilioapi.WithClass(ctx, twilioapi.ClassSweep)
	v, decision, run := r.take()
	var err error
	switch {
	case v != nil:
		decision, err = r.visit(ctx, v)
	case run != nil:
		decision, err = run(ctx)
	}
	result := Result{Decision: decision, Next: r.next()}
	if v != nil {
		result.Channel = v.channel
	}
	return result, err
}

// whenReady is nil once the ledger has caught up: what it does not know then, it
// has lost.
func (r *Reconciler) whenReady(ctx context.Context) error {
	r.mu.Lock()
	ready := r.ready
	r.mu.Unlock()
	if ready {
		return nil
	}
	if err := r.Ledger.Ready(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = true
	return nil
}

// take takes what is due first.
func (r *Reconciler) take() (*visit, Decision, func(context.Context) (Decision, error)) {
	now := r.Clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	due, any := r.agenda.next()
	isDue := func(at time.Time) bool { return !at.After(now) }
	switch {
	case !r.events.busy && isDue(r.events.due) && (!any || !r.events.due.After(due)):
		r.events.busy = true
		return nil, "", r.catchUp
	case !r.sweep.busy && isDue(r.sweep.due) && (!any || !r.sweep.due.After(due)):
		r.sweep.busy = true
		return nil, "", r.sweepOnce
	case any && isDue(due):
		return r.agenda.begin(), "", nil
	}
	return nil, DecisionWait, nil
}

// next is when something is due.
func (r *Reconciler) next() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, any := r.agenda.next()
	for _, round := range []round{r.events, r.sweep} {
		if !round.busy && (!any || round.due.Before(next)) {
			next, any = round.due, true
		}
	}
	if !any {
		next = r.Clock().Add(time.Second)
	}
	return next
}

// Changed is closed once something may be due earlier than a [Result] has said
// that was returned before.
func (r *Reconciler) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// ask asks for a look at the conversation at the time, or earlier.
func (r *Reconciler) ask(p place, due time.Time, closely bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.agenda.add(p, due, closely)
	close(r.changed)
	r.changed = make(chan struct{})
}

// endVisit ends a visit; a due time asks for another one.
func (r *Reconciler) endVisit(v *visit, made bool, due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.agenda.end(v, made, due)
}

// endRound ends a round that was begun. Whose turn has failed takes the next one
// whoever had the last.
func (r *Reconciler) endRound(of *round, due time.Time, had bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of.busy, of.begun, of.due = false, had, due
}

// Look asks for a look at the conversation now, for whoever suspects something.
func (r *Reconciler) Look(interactionSID, interactionChannelSID string) error {
	p, ok := placeOf(interactionSID, interactionChannelSID)
	if !ok {
		return errors.New("reconcile: not the SIDs of an interaction and its channel")
	}
	r.ask(p, r.Clock(), true)
	return nil
}
