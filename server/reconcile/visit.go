package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The outcomes of a [Report].
const (
	OutcomeRepaired = "repaired"
	OutcomeFailed   = "failed"
	OutcomeNoQueue  = "no-queue"
	OutcomeMoot     = "moot"
)

// repairsAtOnce is how many repairs one visit makes; what is left comes with the
// next one.
const repairsAtOnce = 10

// lookAgain is the pause before a conversation is looked at again that somebody
// has changed meanwhile.
const lookAgain = time.Second

// errNoQueue says that no queue can be asked to rescue a customer.
var errNoQueue = errors.New("reconcile: no queue that the transfer workflow serves can be asked to take the customer over; set rescue.queueSid")

// visit looks at a conversation and puts right what is wrong.
func (r *Reconciler) visit(ctx context.Context, v *visit) (Decision, error) {
	ctx, cancel := r.Schedule.Within(r.hurry(ctx, v.channel), visitLimit)
	defer cancel()
	decision, due, err := r.inspect(ctx, v)
	switch {
	case errors.Is(err, errUnknownPlace):
		decision, due, err = DecisionWell, time.Time{}, nil
		r.lookedThrough(ctx, v.channel)
	case err != nil:
		decision, due = DecisionRetry, r.Clock().Add(min(retryMost, retryAfter<<min(v.failures, 10)))
		v.failures++
		err = fmt.Errorf("conversation %s: %w", v.channel, err)
	default:
		v.failures = 0
	}
	r.endVisit(v, err == nil, due)
	return decision, err
}

// inspect says when the conversation is to be looked at again; never for a zero
// time.
func (r *Reconciler) inspect(ctx context.Context, v *visit) (Decision, time.Time, error) {
	if !v.closely && len(v.suspected) == 0 {
		if last, err := r.lastOf(ctx, v.channel); err != nil || attended(last.State, v.told, r.Clock()) {
			return DecisionWell, time.Time{}, err
		}
	}
	s, err := r.look(ctx, v.place, v.closely)
	if errors.Is(err, errMoot) {
		return DecisionSuspected, r.Clock().Add(lookAgain), nil
	}
	if err != nil {
		return DecisionRetry, time.Time{}, err
	}
	now := s.scene.Now
	r.note(s)
	decision, done := DecisionWell, map[string]bool{}
	for range repairsAtOnce {
		f, since, _ := r.first(v, s.scene, done)
		if f == nil {
			break
		}
		if f.Rescue && !s.closer {
			if err := r.lookCloser(ctx, s); err != nil {
				return DecisionRetry, time.Time{}, err
			}
			continue
		}
		done[keyOf(*f)] = true
		err := r.put(ctx, s, *f, since)
		if errors.Is(err, errMoot) {
			return DecisionSuspected, now.Add(lookAgain), nil
		}
		if err != nil {
			return DecisionRetry, time.Time{}, err
		}
		decision = DecisionRepaired
	}
	_, _, next := r.first(v, s.scene, done)
	switch {
	case !next.IsZero() && decision == DecisionWell:
		decision = DecisionSuspected
	case next.IsZero() && decision == DecisionRepaired:
		next = now.Add(r.Policy().Grace) // whether it has helped
	}
	if next.IsZero() {
		v.closely = false
	}
	r.lookedThrough(ctx, v.channel)
	return decision, next, nil
}

// attended reports whether, by the record, somebody has joined the conversation
// since an event that may have left the customer alone, or is being asked:
// whoever carries that transfer on compares it with Twilio. So most transfers
// cost no look.
func attended(s transfer.State, since, now time.Time) bool {
	if since.IsZero() || len(s.Hanging(now)) > 0 {
		return false
	}
	return slices.ContainsFunc(s.Transfers, func(t transfer.Transfer) bool {
		joined := t.AcceptedBy != "" && t.AcceptedAt.After(since) && s.Member(t.AcceptedBy)
		return joined || t.Open()
	})
}

// note keeps what is learnt about the conversation beside what is wrong.
func (r *Reconciler) note(s *sight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.scene.Over() {
		r.over[s.channel] = s.scene.Now
	}
	r.looked[s.channel] = s.scene.Now
}

// first is the first finding that is to be acted on now, and since when it has
// been so; where there is none, when one may have to be, if any.
func (r *Reconciler) first(v *visit, scene transfer.Scene, done map[string]bool) (*transfer.Finding, time.Time, time.Time) {
	var next time.Time
	suspected := map[string]time.Time{}
	var act *transfer.Finding
	var actSince time.Time
	for _, f := range transfer.Audit(scene) {
		key := keyOf(f)
		if done[key] {
			continue
		}
		since, known := v.suspected[key]
		if !known {
			since = scene.Now
		}
		begun := f.Since
		if f.Rescue && begun.IsZero() {
			begun = v.told // Twilio has forgotten the tasks
		}
		if !begun.IsZero() && begun.Before(since) {
			since = begun
		}
		suspected[key] = since
		due := f.NotBefore
		if lasting := since.Add(r.Policy().Grace); f.Lasting && lasting.After(due) {
			due = lasting
		}
		switch {
		case !due.After(scene.Now):
			if act == nil {
				act, actSince = &f, since
			}
		case next.IsZero() || due.Before(next):
			next = due
		}
	}
	v.suspected = suspected
	return act, actSince, next
}

func keyOf(f transfer.Finding) string { return string(f.Code) + " " + f.Subject }

// errMoot says that a finding was true no more.
var errMoot = errors.New("reconcile: it has changed meanwhile")

// put puts one finding right and tells of it.
func (r *Reconciler) put(ctx context.Context, s *sight, f transfer.Finding, since time.Time) error {
	var err error
	switch {
	case f.Withdraw != "":
		err = r.withdraw(ctx, s, f)
	case f.Rescue:
		err = r.rescue(ctx, s, &f)
	default:
		err = r.record(ctx, s, f, f.Event)
	}
	report := Report{Finding: f, InteractionSID: s.interaction, ChannelSID: s.channel, Outcome: OutcomeRepaired}
	switch {
	case errors.Is(err, errMoot):
		report.Outcome = OutcomeMoot
	case errors.Is(err, errNoQueue):
		report.Outcome = OutcomeNoQueue
	case err != nil:
		report.Outcome = OutcomeFailed
	}
	r.Observe(report)
	r.Logger.Warn("reconciled", "finding", f.Code, "outcome", report.Outcome, "channel", s.channel, "transfer", f.TransferID,
		"since", since, "detail", f.Words)
	return err
}

// record has the repair recorded and carried on.
func (r *Reconciler) record(ctx context.Context, s *sight, f transfer.Finding, e transfer.Event) error {
	ctx = twilioapi.WithClass(ctx, twilioapi.ClassInvite) // a customer waits
	last, err := r.Engine.Repair(ctx, s.last, transfer.Repaired{
		Repair: transfer.Repair{Code: f.Code, At: r.Clock(), Detail: f.Words}, TransferID: f.TransferID, Event: r.withNames(ctx, e),
		InteractionSID: s.interaction, InteractionChannelSID: s.channel, ConversationSID: s.conversation,
	})
	if errors.Is(err, ledger.ErrConflict) || errors.Is(err, transfer.ErrPointless) {
		return errMoot
	}
	if err != nil {
		return err
	}
	s.last, s.scene.State = last, last.State
	return nil
}

// withNames gives a rebuilt transfer the name of the worker whom it asks: it is
// not stamped on the invite.
func (r *Reconciler) withNames(ctx context.Context, e transfer.Event) transfer.Event {
	rebuilt, ok := e.(transfer.Rebuilt)
	if !ok || rebuilt.Transfer.Target.Kind != transfer.TargetWorker {
		return e
	}
	w, _, err := r.Roster.Target(ctx, rebuilt.Transfer.Target)
	if err != nil || w == nil {
		return e // it goes on without a name
	}
	if facts, err := (transfer.Records{Worker: *w}).Facts(); err == nil {
		rebuilt.Transfer.Target.Name = facts.Me.Name
	}
	return rebuilt
}

// withdraw cancels the task of an invite. One that somebody has accepted
// meanwhile, or that is gone, is another finding or none. All other repairs begin
// in the ledger; this one asks it first, since a process that is cut off from it
// knows nothing of the invites that others have made since.
func (r *Reconciler) withdraw(ctx context.Context, s *sight, f transfer.Finding) error {
	newest, err := r.Ledger.Newest(ctx, s.channel)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return fmt.Errorf("withdraw task %s: is anything newer recorded: %w", f.Withdraw, err)
	}
	if newest.Sequence != s.last.Sequence {
		return errMoot
	}
	err = r.Twilio.CancelTask(twilioapi.WithClass(ctx, twilioapi.ClassRemoval), f.Withdraw, "", f.Reason)
	if twilioapi.IsRefused(err) {
		return errMoot
	}
	if err != nil {
		return fmt.Errorf("withdraw task %s: %w", f.Withdraw, err)
	}
	for i := range s.scene.Tasks {
		if t := &s.scene.Tasks[i]; t.SID == f.Withdraw {
			t.AssignmentStatus = "canceled"
		}
	}
	if s.last.Sequence == 0 {
		return nil // there is no story that it belongs to
	}
	return r.record(ctx, s, f, nil)
}
