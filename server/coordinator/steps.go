package coordinator

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

// stepTimeout bounds one step: shorter than the lease, so that nobody else
// looks for an invite that is still being asked for.
func (c *Coordinator) stepTimeout() time.Duration { return c.Lease * 4 / 5 }

// carryOn takes the step that this process has just recorded as intended about
// the transfer or departure, and records what came of it; where that is another
// step of the kind that is carried on, that too. It returns the last record
// that it knows of.
func (c *Coordinator) carryOn(ctx context.Context, record ledger.Record, about string) ledger.Record {
	for {
		step, ok := stepAbout(record.State, about)
		if !ok || !handled(step.Kind) {
			c.own.drop(record.ID) // nothing of it is left for this process
			return record
		}
		next, written, err := c.take(ctx, record, step)
		if err != nil || next.Sequence == record.Sequence {
			c.own.drop(record.ID)
			if err != nil {
				c.Logger.Warn("a step will be tried again", "step", step.Kind, "about", about, "error", err)
			}
			return record
		}
		c.own.answered(record.ID)
		if !written || !c.own.has(next.ID) {
			return next
		}
		record = next
	}
}

// handled reports whether a step of the kind is taken by whoever recorded it.
func handled(kind transfer.StepKind) bool {
	return kind == transfer.StepInvite || kind == transfer.StepDepart || kind == transfer.StepWithdraw || kind == transfer.StepTakeBack
}

// stepAbout is the step that a transfer or a departure needs.
func stepAbout(s transfer.State, about string) (transfer.Step, bool) {
	for _, step := range s.Steps() {
		if step.Kind != transfer.StepDigest && step.Kind != transfer.StepUndouble && (step.Transfer.ID == about || step.Departure.ID == about) {
			return step, true
		}
	}
	return transfer.Step{}, false
}

// take takes one step at Twilio and records what came of it, as
// [Coordinator.record] does. A step that came to nothing returns the record
// that it was given.
//
// A process that has stood still may hold a record that others have carried on
// since: before it takes anything from anybody it asks, and returns the newer one.
func (c *Coordinator) take(ctx context.Context, record ledger.Record, step transfer.Step) (next ledger.Record, written bool, err error) {
	if takesAway(step.Kind) && c.Clock().Sub(record.Time) > unquestioned {
		newest, err := c.Ledger.Newest(ctx, record.Channel())
		if err != nil {
			return record, false, fmt.Errorf("is it still the last record: %w", err)
		}
		if newest.Sequence != record.Sequence {
			return newest, false, nil
		}
	}
	switch step.Kind {
	case transfer.StepInvite:
		return c.takeInvite(ctx, record, step.Transfer)
	case transfer.StepWithdraw:
		return c.takeWithdraw(ctx, record, step.Transfer)
	case transfer.StepUndouble:
		return c.takeUndouble(ctx, record, step.Transfer)
	}
	stepCtx, cancel := c.Schedule.Within(ctx, c.limitOf(step.Kind))
	defer cancel()
	if patient(record.State, step.Kind, c.Clock()) {
		stepCtx = twilioapi.WithClass(stepCtx, twilioapi.ClassSweep)
	}
	e, err := c.outcomeOf(stepCtx, record, step)
	if err != nil || e == nil {
		return record, false, err
	}
	return c.record(ctx, record, e)
}

// unquestioned is how old a record may be that a process acts on without asking
// whether it is still the last one.
const unquestioned = 2 * time.Second

// takesAway reports whether a step of the kind does what cannot be undone: it
// takes somebody out, takes an invite back, or writes over what is shown.
func takesAway(kind transfer.StepKind) bool {
	switch kind {
	case transfer.StepRemove, transfer.StepDepart, transfer.StepWithdraw, transfer.StepTakeBack, transfer.StepUndouble, transfer.StepClose, transfer.StepMirror:
		return true
	}
	return false
}

// patient reports whether nobody waits for a step of the kind: at Twilio's limit
// it comes after all that somebody waits for. For an invite that has not been shown
// for a while somebody does.
func patient(s transfer.State, kind transfer.StepKind, now time.Time) bool {
	switch kind {
	case transfer.StepCheck, transfer.StepDigest:
		return true
	case transfer.StepMirror:
		return !slices.ContainsFunc(s.Outstanding(), func(t transfer.Transfer) bool {
			return !slices.Contains(s.Mirrored, t.Invite.TaskSID) && now.Sub(t.InvitedAt) > unshown
		})
	}
	return false
}

// unshown is how long an invite may wait in the line of what nobody waits for until
// it is shown. Most have been accepted by then, and need not be.
const unshown = 3 * time.Second

// limitOf bounds a step. What nobody waits for may take its time.
func (c *Coordinator) limitOf(kind transfer.StepKind) time.Duration {
	switch kind {
	case transfer.StepDigest:
		return 5 * c.stepTimeout()
	case transfer.StepMirror:
		return 2 * c.stepTimeout() // a write that is overtaken is made good soon after: after mirrorAgain in the rules
	}
	return c.stepTimeout()
}

// outcomeOf takes one step and returns what came of it; nil where nothing did.
func (c *Coordinator) outcomeOf(ctx context.Context, record ledger.Record, step transfer.Step) (transfer.Event, error) {
	s, t := record.State, step.Transfer
	switch step.Kind {
	case transfer.StepFind:
		return c.find(ctx, s, t)
	case transfer.StepRemove:
		return c.remove(ctx, s, t)
	case transfer.StepLook:
		return c.look(ctx, s, t)
	case transfer.StepCheck:
		return c.check(ctx, record, t)
	case transfer.StepDepart:
		return c.depart(ctx, s, step.Departure)
	case transfer.StepClose:
		return c.close(ctx, s, t)
	case transfer.StepTakeBack:
		return c.takeBackStanding(ctx, t)
	case transfer.StepMirror:
		return c.mirror(ctx, s)
	case transfer.StepDigest:
		return c.digest(ctx, s, t), nil
	}
	return nil, nil
}

// takeInvite asks for the invite and records the answer. The time that it took
// to write the record counts: others count the lease from then on.
func (c *Coordinator) takeInvite(ctx context.Context, record ledger.Record, t transfer.Transfer) (ledger.Record, bool, error) {
	spare := c.Lease - c.stepTimeout()
	left := min(leaseEnds(record, c.Lease).Sub(c.Clock()), max(record.Lease, c.Lease)) // not more, should the clock be set back
	stepCtx, cancel := c.Schedule.Within(ctx, left-spare)
	defer cancel()
	if t.Invite.After != "" && !t.FormerDeclined() {
		if e, err := c.takeBackFormer(stepCtx, (left-spare)*2/3, t); err != nil {
			return record, false, err
		} else if e != nil { // the former target was faster
			return c.record(ctx, record, e)
		}
	}
	e := c.invite(stepCtx, record.State, t)
	next, written, err := c.record(ctx, record, e)
	if made, ok := e.(transfer.Invited); ok && err == nil {
		// The transfer ended in the meantime, or has another invite.
		if now, _ := next.State.Find(t.ID); now.Invite.TaskSID != made.TaskSID {
			if err := c.withdraw(ctx, made.TaskSID, "the transfer no longer needs it"); err != nil {
				c.Logger.Error("an invite that is not needed any more could not be withdrawn", "transfer", t.ID, "task", made.TaskSID, "error", err)
			}
		}
	}
	return next, written, err
}

// stamped reports whether the attributes are those of the transfer's present
// invite.
func stamped(attributes string, t transfer.Transfer) bool {
	id, round := transfer.ReadStamp(attributes)
	return id == t.ID && round == t.Round
}

// withdraw cancels the task of an invite, if nobody has accepted it yet. One
// that cannot be canceled any more, or is gone, needs no withdrawing.
func (c *Coordinator) withdraw(ctx context.Context, taskSID, reason string) error {
	ctx, cancel := c.Schedule.Within(ctx, c.stepTimeout())
	defer cancel()
	if err := c.Twilio.CancelTask(ctx, taskSID, "", reason); err != nil && !twilioapi.IsRefused(err) {
		return fmt.Errorf("withdraw task %s: %w", taskSID, err)
	}
	return nil
}

// invite asks Twilio for the invite. Whatever does not say clearly that it was
// not made is unknown: it is looked up after the settling time.
func (c *Coordinator) invite(ctx context.Context, s transfer.State, t transfer.Transfer) transfer.Event {
	invite, err := c.Twilio.Invite(ctx, twilioapi.InviteRequest{
		InteractionSID: s.InteractionSID, InteractionChannelSID: s.InteractionChannelSID,
		WorkflowSID: c.WorkflowSID, TaskChannelName: t.Invite.TaskChannelName, Attributes: t.Invite.Attributes,
	})
	now := c.Clock()
	switch {
	case err == nil:
		return transfer.Invited{TransferID: t.ID, Round: t.Round, InviteSID: invite.SID, TaskSID: invite.TaskSID, At: now}
	case twilioapi.IsRefused(err), twilioapi.OutcomeOf(err) == twilioapi.Invalid:
		return transfer.InviteRefused{TransferID: t.ID, Round: t.Round, Attempt: t.Attempt, Reason: transfer.ReasonInviteRefused, Detail: err.Error(), At: now}
	}
	c.Logger.Warn("an invite has no clear answer; it will be looked up", "transfer", t.ID, "error", err)
	return transfer.InviteUnknown{TransferID: t.ID, Round: t.Round, Attempt: t.Attempt, Due: now.Add(c.Settling), At: now}
}

// find looks the invite up by the transfer's ID. One whose task has ended
// already is no reason for the agent to leave. Where somebody has accepted one
// of two, that is the one, and the other is withdrawn.
func (c *Coordinator) find(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	var found transfer.Event = transfer.InviteMissing{TransferID: t.ID, Round: t.Round, Attempt: t.Attempt, At: c.Clock()}
	for _, i := range invites {
		if !stamped(i.Attributes, t) {
			continue
		}
		if t.AcceptedBy != "" && t.Invite.TaskSID != "" && t.Invite.TaskSID != i.TaskSID {
			if err := c.withdraw(ctx, i.TaskSID, "the invite was made twice"); err != nil {
				return nil, err
			}
			continue
		}
		task, err := c.Twilio.Task(ctx, i.TaskSID)
		switch {
		case err != nil && !twilioapi.IsNotFound(err):
			return nil, err
		case t.AcceptedBy != "", err == nil && task.AssignmentStatus != taskCanceled:
			return transfer.Invited{TransferID: t.ID, Round: t.Round, InviteSID: i.SID, TaskSID: i.TaskSID, At: c.Clock()}, nil
		}
		found = transfer.InviteEnded{TransferID: t.ID, TaskSID: i.TaskSID, Detail: "the invite's task was canceled: " + task.Reason, At: c.Clock()}
	}
	return found, nil
}

// remove closes the transferring agent's participant, which completes their
// task and leaves the channel active. One who has left already has left.
func (c *Coordinator) remove(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	err := c.Twilio.LeaveParticipant(ctx, s.InteractionSID, s.InteractionChannelSID, t.From.ParticipantSID, t.LeaveAs)
	c.facts.changed(s.InteractionChannelSID)
	switch {
	case err == nil, twilioapi.IsNotFound(err):
		return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
	case !twilioapi.IsRefused(err):
		return nil, err
	}
	gone, listErr := c.gone(ctx, s, t.From)
	if listErr == nil && gone {
		return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
	}
	ended, channelErr := c.checkChannel(ctx, s, t)
	if channelErr == nil && ended != nil {
		return ended, nil
	}
	return nil, errors.Join(err, listErr, channelErr)
}

// gone reports whether the agent is no longer in the channel. Twilio lists who
// wraps up as a participant; their task tells.
func (c *Coordinator) gone(ctx context.Context, s transfer.State, who transfer.Agent) (bool, error) {
	participants, err := c.Twilio.Participants(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(participants, func(p transfer.ParticipantRecord) bool { return p.SID == who.ParticipantSID }) {
		return true, nil
	}
	task, err := c.Twilio.Task(ctx, who.TaskSID)
	if twilioapi.IsNotFound(err) {
		return true, nil
	}
	return err == nil && (task.AssignmentStatus == taskWrapping || task.AssignmentStatus == taskCompleted), err
}

// withdrawOthers withdraws the invites that were made beside the recorded one:
// an attempt that was given up may have taken effect much later.
func (c *Coordinator) withdrawOthers(ctx context.Context, s transfer.State, t transfer.Transfer) error {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return err
	}
	for _, i := range invites {
		if i.SID == t.Invite.SID || !stamped(i.Attributes, t) {
			continue
		}
		if err := c.withdraw(ctx, i.TaskSID, "the invite was made twice"); err != nil {
			return err
		}
	}
	return nil
}
