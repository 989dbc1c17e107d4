package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// firstLook is how far back the events are read where no process has read any.
	firstLook = 4 * time.Hour
	// longestLook is how far back they are read at most: what ended before is over,
	// or the sweep finds it.
	longestLook = 7 * 24 * time.Hour
	// overlap is how late an event may come.
	overlap = 2 * time.Minute
	// keyEvents and keySweep are the notes of the turns.
	keyEvents = "reconcile-events"
	keySweep  = "reconcile-sweep"
)

// catchUp goes through TaskRouter's events since the last time, for webhooks
// that never came.
func (r *Reconciler) catchUp(ctx context.Context) (Decision, error) {
	ctx, cancel := r.Schedule.Within(ctx, sweepLimit)
	defer cancel()
	began, had := r.Clock(), false
	last, ours, due, err := r.claim(ctx, keyEvents, &r.events, r.EventsEvery)
	defer func() { r.endRound(&r.events, due, had) }()
	if err != nil {
		return DecisionRetry, fmt.Errorf("take turns at the events: %w", err)
	}
	if !ours {
		had = true
		return DecisionNotOurs, nil
	}
	since := last.through.Add(-overlap)
	if last.through.IsZero() {
		since = began.Add(-firstLook)
	}
	if oldest := began.Add(-longestLook); since.Before(oldest) {
		since = oldest
	}
	for _, kind := range leaving {
		events, err := r.Twilio.Events(ctx, twilioapi.EventQuery{Type: kind, Since: since})
		if err != nil {
			due = r.Clock().Add(retryAfter)
			return DecisionRetry, fmt.Errorf("read the events %s: %w", kind, err)
		}
		for _, e := range events {
			r.missed(e)
		}
	}
	had = true
	through := r.caughtUpTo(began)
	return DecisionCaughtUp, r.came(ctx, keyEvents, through)
}

// caughtUpTo is the time up to which every event has had its look, so that none
// is lost if this process dies. It forgets the events that will not be listed
// again.
func (r *Reconciler) caughtUpTo(began time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	through := r.agenda.oldestMissed(began)
	for sid, at := range r.seen {
		if at.Before(through.Add(-2 * overlap)) {
			delete(r.seen, sid)
		}
	}
	return through
}

// missed asks for a look after an event, unless it was seen before.
func (r *Reconciler) missed(e twilioapi.TaskRouterEvent) {
	r.mu.Lock()
	_, seen := r.seen[e.SID]
	r.mu.Unlock()
	if seen {
		return
	}
	l := linksOf(e.TaskAttributes)
	p, ok := l.place()
	if !ok {
		return
	}
	r.mu.Lock()
	_, over := r.over[p.channel]
	r.seen[e.SID] = e.At
	if !over && transfer.ValidSID(l.Conversation, "CH") {
		r.places[l.Conversation] = known{p, r.Clock()}
	}
	r.mu.Unlock()
	if over {
		return
	}
	r.after(p, e.At, true)
}
