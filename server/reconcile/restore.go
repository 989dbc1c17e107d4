package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// A ledger that has just been made may stand in the place of one that was lost.
// Nobody can tell from it, so until all open tasks have been gone through once
// and what they told has been recorded, nothing may be concluded from what it
// does not have. That this has been done is in the sweep's note (how far it
// came), which is lost with the rest.

const (
	// recallWithin is how long the note may take to be read while an agent waits,
	// and recallEvery the pause before it is read again for another one.
	recallWithin = time.Second
	recallEvery  = time.Second
	// forgetSeen is how many conversations are kept as seen.
	forgetSeen = 10_000
)

// restored is how much of what Twilio has is known to be in the ledger.
type restored struct {
	done    bool            // all of it
	seen    map[string]bool // by channel: until then, all of that conversation
	awaited map[string]bool // by channel: what the last sweep asked for and is still to be looked at; nil before a sweep
	began   time.Time       // when that sweep began
	recall  time.Time       // when the note may be read again
}

// Restore makes sure, before anything is decided about the conversation, that the
// transfers whose invites Twilio has are in the ledger: its data may have been
// lost. Where they are not, they are recorded, as a visit does. It costs nothing
// once a sweep has been through on this ledger, and until then a look at each
// conversation. After an error nobody knows what is missing.
func (r *Reconciler) Restore(ctx context.Context, interactionSID, interactionChannelSID string) error {
	p, ok := placeOf(interactionSID, interactionChannelSID)
	if !ok || r.restoredHere(p.channel) || r.recall(ctx) {
		return nil
	}
	for {
		switch err := r.restore(ctx, p); {
		case errors.Is(err, errUnknownPlace):
			return nil // and nobody has a transfer in it
		case !errors.Is(err, errMoot):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// restore looks at the conversation once; errMoot where somebody else writes
// about it meanwhile.
func (r *Reconciler) restore(ctx context.Context, p place) error {
	s, err := r.look(ctx, p, true)
	if err != nil {
		return err
	}
	for _, f := range transfer.Audit(s.scene) {
		if _, lost := f.Event.(transfer.Rebuilt); !lost {
			continue
		}
		if err := r.put(ctx, s, f, s.scene.Now); err != nil {
			return err
		}
	}
	if !s.scene.Over() { // so looks one that is asked for under another interaction's name
		r.lookedThrough(ctx, p.channel)
	}
	return nil
}

// restoredHere reports whether this process knows that the ledger has what Twilio
// has of the conversation.
func (r *Reconciler) restoredHere(channel string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.whole.done || r.whole.seen[channel]
}

// recall reports whether a sweep has been through on this ledger, by the note
// that all processes share. A note that cannot be read says nothing.
func (r *Reconciler) recall(ctx context.Context) bool {
	notes, shared := r.Ledger.(ledger.Notes)
	now := r.Clock()
	r.mu.Lock()
	wait := r.whole.recall.Sub(now)
	if !shared || wait > 0 && wait <= recallEvery {
		r.mu.Unlock()
		return false
	}
	r.whole.recall = now.Add(recallEvery)
	r.mu.Unlock()
	ctx, cancel := r.Schedule.Within(ctx, recallWithin)
	defer cancel()
	text, _, err := notes.Note(ctx, keySweep)
	if err != nil {
		r.Logger.Debug("it cannot be read whether a sweep has been through on this ledger", "error", err)
		return false
	}
	return r.heardOf(parseTurn(text))
}

// heardOf takes in how far the sweeps of all processes have come, and reports
// whether one has been through.
func (r *Reconciler) heardOf(last turn) bool {
	if last.through.IsZero() {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = restored{done: true}
	return true
}

// hurry is the context of a sweep, or of a visit to the channel: agents wait for
// it until a sweep has been through.
func (r *Reconciler) hurry(ctx context.Context, channel string) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.whole.done || channel != "" && !r.whole.awaited[channel] {
		return ctx
	}
	return twilioapi.WithClass(ctx, twilioapi.ClassInvite)
}

// sweptAll takes in that a sweep went through all open tasks and asked for looks
// at the strays, where no sweep was known to have been through. Some have been
// looked at by now.
func (r *Reconciler) sweptAll(ctx context.Context, began time.Time, strays []string) {
	r.mu.Lock()
	r.whole.began, r.whole.awaited = began, map[string]bool{}
	for _, channel := range strays {
		if !r.whole.done && !r.whole.seen[channel] {
			r.whole.awaited[channel] = true
		}
	}
	r.mu.Unlock()
	r.noteRestored(ctx)
}

// lookedThrough takes in that all that Twilio has of a conversation is recorded.
func (r *Reconciler) lookedThrough(ctx context.Context, channel string) {
	r.mu.Lock()
	if r.whole.done {
		r.mu.Unlock()
		return
	}
	if r.whole.seen == nil || len(r.whole.seen) >= forgetSeen {
		r.whole.seen = map[string]bool{} // the others are looked at once more
	}
	r.whole.seen[channel] = true
	delete(r.whole.awaited, channel)
	r.mu.Unlock()
	r.noteRestored(ctx)
}

// noteRestored notes that a sweep has been through, once all is recorded that it
// has found. Where the note cannot be written, a later sweep will.
func (r *Reconciler) noteRestored(ctx context.Context) {
	r.mu.Lock()
	began, done := r.whole.began, r.whole.awaited != nil && len(r.whole.awaited) == 0
	if done {
		r.whole = restored{done: true}
	}
	r.mu.Unlock()
	if !done {
		return
	}
	if err := r.came(ctx, keySweep, began); err != nil {
		r.Logger.Warn("other processes are not told yet that a sweep has been through on this ledger", "error", err)
	}
}
