package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// eventsBack is how far back the queue of a deleted task is looked for.
const eventsBack = 7 * 24 * time.Hour

// rescue gets a customer who is alone back to somebody: a queue is asked to take
// them over, or the conversation is closed; errMoot where somebody has come
// meanwhile.
func (r *Reconciler) rescue(ctx context.Context, s *sight, f *transfer.Finding) error {
	policy := r.Policy()
	if policy.Then == ThenClose {
		f.Words += "; the conversation is closed"
		if err := r.stillAlone(ctx, s); err != nil {
			return err
		}
		return r.record(ctx, s, *f, s.scene.End(r.Clock()))
	}
	plan, err := r.rescuePlan(ctx, s, policy)
	if err != nil {
		return err
	}
	if err := r.stillAlone(ctx, s); err != nil {
		return err
	}
	f.Words += fmt.Sprintf("; the queue %s is asked", plan.Target.Name)
	return r.record(ctx, s, *f, transfer.Requested{Plan: plan, At: r.Clock()})
}

// stillAlone reads once more who is in the conversation: much may have been read
// since the look. It returns errMoot where somebody has come whom that did not
// see, whom no transfer may have brought.
func (r *Reconciler) stillAlone(ctx context.Context, s *sight) error {
	now, err := r.participants(twilioapi.WithClass(ctx, twilioapi.ClassInvite), s)
	if err != nil {
		return err
	}
	for _, p := range now {
		seen := slices.ContainsFunc(s.scene.Participants, func(q transfer.ParticipantRecord) bool { return q.SID == p.SID })
		if !seen && p.TaskSID != "" {
			return errMoot
		}
	}
	return nil
}

// rescuePlan asks the first queue that there is and that the transfer workflow
// serves: the policy's, those that the conversation came from, and the one that
// its deleted tasks were in.
func (r *Reconciler) rescuePlan(ctx context.Context, s *sight, policy Policy) (transfer.Plan, error) {
	id := r.Engine.RescueID(s.channel)
	tried := map[string]bool{"": true}
	try := func(sid string) (transfer.Plan, bool, error) {
		if tried[sid] {
			return transfer.Plan{}, false, nil
		}
		tried[sid] = true
		_, queue, err := r.Roster.Target(ctx, transfer.Target{Kind: transfer.TargetQueue, SID: sid})
		if err != nil || queue == nil {
			return transfer.Plan{}, false, err
		}
		plan, err := s.scene.Rescue(id, *queue)
		return plan, err == nil && !queue.Unserved && r.Roster.Serves(plan.Attributes, *queue), err
	}
	for _, sid := range append([]string{policy.QueueSID}, s.scene.Origins()...) {
		if plan, ok, err := try(sid); ok || err != nil {
			return plan, err
		}
	}
	sid, err := r.formerQueue(ctx, s)
	if err != nil {
		return transfer.Plan{}, err
	}
	if plan, ok, err := try(sid); ok || err != nil {
		return plan, err
	}
	return transfer.Plan{}, errNoQueue
}

// formerQueue is the queue that the conversation's first task was in, by
// TaskRouter's events: the task itself may have been deleted.
func (r *Reconciler) formerQueue(ctx context.Context, s *sight) (string, error) {
	for _, i := range s.scene.Invites {
		if !transfer.ValidSID(i.TaskSID, "WT") {
			continue
		}
		events, err := r.Twilio.Events(ctx, twilioapi.EventQuery{Since: r.Clock().Add(-eventsBack), TaskSID: i.TaskSID})
		var refused *twilioapi.Error
		if err != nil && !errors.As(err, &refused) {
			return "", err
		}
		for _, e := range events {
			if e.QueueSID != "" {
				return e.QueueSID, nil
			}
		}
	}
	return "", nil
}
