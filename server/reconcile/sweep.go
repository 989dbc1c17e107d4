package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// overFor is how long it is remembered that a conversation has ended: longer
// than Twilio keeps tasks that are over, but for those that wrap up, about which
// it is asked again.
const overFor = time.Hour

// unreadMost is how many records that cannot be read a sweep passes over. Where
// there are more it is the ledger that does not answer.
const unreadMost = 10

// knownFor is how long it is remembered where a conversation belongs of which
// nothing is heard: longer than most conversations take.
const knownFor = 24 * time.Hour

// floor is what a sweep sees of one conversation.
type floor struct {
	place
	conversation   string
	live, assigned bool
	ended          time.Time // when the last of its tasks that are over changed
	stamped        []twilioapi.ListedTask
}

// sweepOnce goes through the tasks that are open or have lately ended, and
// through what the ledger has open, and asks for a look where something may be
// wrong.
func (r *Reconciler) sweepOnce(ctx context.Context) (Decision, error) {
	ctx, cancel := r.Schedule.Within(ctx, sweepLimit)
	defer cancel()
	began, had := r.Clock(), false
	last, ours, due, err := r.claim(ctx, keySweep, &r.sweep, r.SweepEvery)
	defer func() { r.endRound(&r.sweep, due, had) }()
	if err != nil {
		return DecisionRetry, fmt.Errorf("take turns at the sweep: %w", err)
	}
	r.forget()
	restored := r.heardOf(last)
	if !ours {
		had = true
		return DecisionNotOurs, nil
	}
	ctx = r.hurry(ctx, "")
	tasks, err := r.Twilio.Tasks(ctx, "pending", "reserved", "assigned", "wrapping", "canceled", "completed")
	if err != nil {
		due = r.Clock().Add(retryAfter)
		return DecisionRetry, fmt.Errorf("read the open tasks: %w", err)
	}
	floors := r.floorsOf(tasks)
	var unread []error
	var strays []string
	for _, f := range floors {
		strange, err := r.sweepOne(ctx, f)
		if strange {
			strays = append(strays, f.channel)
		}
		if err == nil || errors.Is(err, ledger.ErrNewer) {
			continue // what a newer version wrote, a backend of that version looks at
		}
		if unread = append(unread, fmt.Errorf("conversation %s: %w", f.channel, err)); len(unread) == unreadMost {
			due = r.Clock().Add(retryAfter)
			return DecisionRetry, errors.Join(unread...)
		}
	}
	if err := r.sweepLedger(ctx); err != nil {
		due = r.Clock().Add(retryAfter)
		return DecisionRetry, err
	}
	r.vanished(floors)
	r.tidy(floors)
	if !restored {
		r.sweptAll(ctx, began, strays)
	}
	had = true
	return DecisionSwept, errors.Join(unread...)
}

// label is what a task's attributes tell. Most tasks keep theirs from one sweep
// to the next, so they are read once.
type label struct {
	attributes   string
	place        place
	placed       bool
	conversation string // CH…; empty where they name none
	stamped      bool   // by a transfer
}

func labelOf(attributes string) label {
	l := linksOf(attributes)
	n := label{attributes: attributes, stamped: transfer.ReadTransferID(attributes) != ""}
	if n.place, n.placed = l.place(); transfer.ValidSID(l.Conversation, "CH") {
		n.conversation = l.Conversation
	}
	return n
}

// floorsOf groups tasks by conversation, in the order of their channels.
func (r *Reconciler) floorsOf(tasks []twilioapi.ListedTask) []*floor {
	byChannel, before := make(map[string]*floor, len(tasks)), r.labels
	r.labels = make(map[string]label, len(tasks))
	for _, t := range tasks {
		l, read := before[t.SID]
		if !read || l.attributes != t.Attributes {
			l = labelOf(t.Attributes)
		}
		r.labels[t.SID] = l
		if !l.placed {
			continue
		}
		f := byChannel[l.place.channel]
		if f == nil {
			f = &floor{place: l.place}
			byChannel[l.place.channel] = f
		}
		if f.interaction == "" {
			f.interaction = l.place.interaction
		}
		if l.conversation != "" {
			f.conversation = l.conversation
		}
		switch t.AssignmentStatus {
		case "pending", "reserved":
			f.live = true
		case "assigned":
			f.assigned = true
		default:
			if t.Updated.After(f.ended) {
				f.ended = t.Updated
			}
			continue
		}
		if l.stamped {
			f.stamped = append(f.stamped, t)
		}
	}
	sorted := make([]*floor, 0, len(byChannel))
	for _, channel := range slices.Sorted(maps.Keys(byChannel)) {
		sorted = append(sorted, byChannel[channel])
	}
	return sorted
}

// sweepOne asks for a look at a conversation that nobody seems to attend to, or
// one of whose invites is not what is recorded, and reports whether it is the
// latter.
func (r *Reconciler) sweepOne(ctx context.Context, f *floor) (strange bool, err error) {
	r.mu.Lock()
	_, over := r.over[f.channel]
	if f.conversation != "" {
		r.places[f.conversation] = known{f.place, r.Clock()}
	}
	r.mu.Unlock()
	if !f.live && !f.assigned && !over {
		r.ask(f.place, r.graceAfter(f.ended), false)
	}
	if len(f.stamped) == 0 {
		return false, nil
	}
	last, err := r.Ledger.Last(ctx, f.channel)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return false, err
	}
	for _, t := range f.stamped {
		if stray(last.State, t) {
			r.ask(f.place, r.Clock(), true)
			return true, nil
		}
	}
	return false, nil
}

// stray reports whether the invite of the task may not be the one that is
// recorded, or somebody has accepted one that is not.
func stray(s transfer.State, task twilioapi.ListedTask) bool {
	id, round := transfer.ReadStamp(task.Attributes)
	t, known := s.Find(id)
	if task.AssignmentStatus == "assigned" {
		return !known && len(s.Transfers) == 0 || known && t.Invite.TaskSID != "" && t.Invite.TaskSID != task.SID && round == t.Round
	}
	return !known || !t.Open() || round < t.Round || (t.Invite.TaskSID != "" && t.Invite.TaskSID != task.SID)
}

// sweepLedger asks for a look at what is long overdue.
func (r *Reconciler) sweepLedger(ctx context.Context) error {
	opens, ok := r.Ledger.(ledger.Opens)
	if !ok {
		return nil
	}
	open, err := opens.Open(ctx)
	if err != nil {
		return fmt.Errorf("read what is open: %w", err)
	}
	now := r.Clock()
	for _, record := range open {
		if len(record.State.Hanging(now)) > 0 {
			r.ask(place{record.State.InteractionSID, record.Channel()}, now, false)
		}
	}
	return nil
}

// vanished asks for a look at conversations of which the last sweep saw a task
// and this one none.
func (r *Reconciler) vanished(floors []*floor) {
	r.mu.Lock()
	before := r.floor
	r.floor = make(map[string]place, len(floors))
	for _, f := range floors {
		r.floor[f.channel] = f.place
		delete(before, f.channel)
	}
	maps.DeleteFunc(before, func(channel string, _ place) bool { _, over := r.over[channel]; return over })
	r.mu.Unlock()
	for _, channel := range slices.Sorted(maps.Keys(before)) {
		r.ask(before[channel], r.Clock(), false)
	}
}

// forget forgets what was heard too long ago, also where another process sweeps.
func (r *Reconciler) forget() {
	now := r.Clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.over, func(_ string, at time.Time) bool { return now.Sub(at) > overFor })
	maps.DeleteFunc(r.looked, func(_ string, at time.Time) bool { return now.Sub(at) > max(overFor, 2*r.CloseLookEvery) })
	maps.DeleteFunc(r.places, func(_ string, k known) bool { return now.Sub(k.at) > knownFor })
}

// tidy asks for a close look at some conversations that seem well, those that
// were looked at longest ago first, and forgets what is not open any more.
func (r *Reconciler) tidy(floors []*floor) {
	now := r.Clock()
	r.mu.Lock()
	open := make(map[string]bool, len(floors))
	var closer []*floor
	for _, f := range floors {
		if _, over := r.over[f.channel]; over {
			continue
		}
		open[f.channel] = true
		if _, seen := r.looked[f.channel]; !seen {
			r.looked[f.channel] = now.Add(-r.CloseLookEvery / 2) // not all at once after a start
		}
		if now.Sub(r.looked[f.channel]) >= r.CloseLookEvery {
			closer = append(closer, f)
		}
	}
	slices.SortStableFunc(closer, func(a, b *floor) int { return r.looked[a.channel].Compare(r.looked[b.channel]) })
	maps.DeleteFunc(r.looked, func(channel string, _ time.Time) bool { return !open[channel] })
	r.mu.Unlock()
	for _, f := range closer[:min(len(closer), r.CloseLooks)] {
		r.ask(f.place, now, false)
	}
}
