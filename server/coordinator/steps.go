package coordinator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// stepTimeout bounds one step: shorter than the lease, so that nobody else
// looks for an invite that is still being asked for.
func (c *Coordinator) stepTimeout() time.Duration { return c.Lease * 4 / 5 }

// carryOn takes the step that this process has just recorded as intended, if
// it is an invite, and records what came of it. It returns the last record
// that it knows of.
func (c *Coordinator) carryOn(ctx context.Context, record ledger.Record) ledger.Record {
	for _, step := range record.State.Steps() {
		if step.Kind != transfer.StepInvite {
			continue
		}
		next, _, err := c.take(ctx, record, step)
		if err != nil {
			c.own.drop(record.ID)
			c.Logger.Error("the outcome of an invite could not be recorded; it will be looked up",
				"transfer", step.Transfer.ID, "error", err)
			return record
		}
		c.own.answered(record.ID)
		return next
	}
	return record
}

// take takes one step at Twilio and records what came of it, as
// [Coordinator.record] does. A step that came to nothing returns the record
// that it was given.
func (c *Coordinator) take(ctx context.Context, record ledger.Record, step transfer.Step) (next ledger.Record, written bool, err error) {
	if step.Kind == transfer.StepInvite {
		return c.takeInvite(ctx, record, step.Transfer)
	}
	stepCtx, cancel := context.WithTimeout(ctx, c.stepTimeout())
	defer cancel()
	var e transfer.Event
	switch step.Kind {
	case transfer.StepFind:
		e, err = c.find(stepCtx, record.State, step.Transfer)
	case transfer.StepRemove:
		e, err = c.remove(stepCtx, record.State, step.Transfer)
	case transfer.StepCheck:
		e, err = c.check(stepCtx, record.State, step.Transfer)
	}
	if err != nil || e == nil {
		return record, false, err
	}
	return c.record(ctx, record, e)
}

// takeInvite asks for the invite and records the answer. The time that it took
// to write the record counts: others count the lease from then on.
func (c *Coordinator) takeInvite(ctx context.Context, record ledger.Record, t transfer.Transfer) (ledger.Record, bool, error) {
	stepCtx, cancel := context.WithTimeout(ctx, record.Time.Add(c.stepTimeout()).Sub(c.Clock()))
	defer cancel()
	e := c.invite(stepCtx, record.State, t)
	next, written, err := c.record(ctx, record, e)
	if made, ok := e.(transfer.Invited); ok && err == nil && !written {
		// The transfer ended in the meantime, or has another invite.
		if now, _ := next.State.Find(t.ID); now.Invite.SID != made.InviteSID {
			if err := c.withdraw(ctx, made.TaskSID, "the transfer no longer needs it"); err != nil {
				c.Logger.Error("an invite that is not needed any more could not be withdrawn", "transfer", t.ID, "task", made.TaskSID, "error", err)
			}
		}
	}
	return next, written, err
}

// withdraw cancels the task of an invite, if nobody has accepted it yet. One
// that cannot be canceled any more, or is gone, needs no withdrawing.
func (c *Coordinator) withdraw(ctx context.Context, taskSID, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, c.stepTimeout())
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
		return transfer.Invited{TransferID: t.ID, InviteSID: invite.SID, TaskSID: invite.TaskSID, At: now}
	case twilioapi.IsRefused(err), twilioapi.OutcomeOf(err) == twilioapi.Invalid:
		return transfer.InviteRefused{TransferID: t.ID, Reason: transfer.ReasonInviteRefused, Detail: err.Error(), At: now}
	}
	c.Logger.Warn("an invite has no clear answer; it will be looked up", "transfer", t.ID, "error", err)
	return transfer.InviteUnknown{TransferID: t.ID, Due: now.Add(c.Settling), At: now}
}

// find looks the invite up by the transfer's ID. One whose task has ended
// already is no reason for the agent to leave.
func (c *Coordinator) find(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	var found transfer.Event = transfer.InviteMissing{TransferID: t.ID, At: c.Clock()}
	for _, i := range invites {
		if transfer.ReadTransferID(i.Attributes) != t.ID {
			continue
		}
		task, err := c.Twilio.Task(ctx, i.TaskSID)
		switch {
		case err != nil && !twilioapi.IsNotFound(err):
			return nil, err
		case t.AcceptedBy != "", err == nil && task.AssignmentStatus != taskCanceled:
			return transfer.Invited{TransferID: t.ID, InviteSID: i.SID, TaskSID: i.TaskSID, At: c.Clock()}, nil
		}
		found = transfer.InviteEnded{TransferID: t.ID, Detail: "the invite's task was canceled: " + task.Reason, At: c.Clock()}
	}
	return found, nil
}

// remove closes the transferring agent's participant, which completes their
// task and leaves the channel active. One who has left already has left.
func (c *Coordinator) remove(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	err := c.Twilio.CloseParticipant(ctx, s.InteractionSID, s.InteractionChannelSID, t.From.ParticipantSID)
	c.facts.changed(s.InteractionChannelSID)
	switch {
	case err == nil, twilioapi.IsNotFound(err):
		return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
	case !twilioapi.IsRefused(err):
		return nil, err
	}
	gone, listErr := c.gone(ctx, s, t.From.ParticipantSID)
	if listErr == nil && gone {
		return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
	}
	ended, channelErr := c.checkChannel(ctx, s, t)
	if channelErr == nil && ended != nil {
		return ended, nil
	}
	return nil, errors.Join(err, listErr, channelErr)
}

// gone reports whether the participant is no longer in the channel.
func (c *Coordinator) gone(ctx context.Context, s transfer.State, participantSID string) (bool, error) {
	participants, err := c.Twilio.Participants(ctx, s.InteractionSID, s.InteractionChannelSID)
	for _, p := range participants {
		if p.SID == participantSID {
			return false, err
		}
	}
	return err == nil, err
}

// withdrawOthers withdraws the invites that were made beside the recorded one:
// an attempt that was given up may have taken effect much later.
func (c *Coordinator) withdrawOthers(ctx context.Context, s transfer.State, t transfer.Transfer) error {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return err
	}
	for _, i := range invites {
		if i.SID == t.Invite.SID || transfer.ReadTransferID(i.Attributes) != t.ID {
			continue
		}
		if err := c.withdraw(ctx, i.TaskSID, "the invite was made twice"); err != nil {
			return err
		}
	}
	return nil
}

// check compares a transfer that waits for its target with Twilio: a webhook
// may have been lost.
func (c *Coordinator) check(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	if t.Attempt > 1 {
		if err := c.withdrawOthers(ctx, s, t); err != nil {
			return nil, err
		}
	}
	task, err := c.Twilio.Task(ctx, t.Invite.TaskSID)
	now := c.Clock()
	switch {
	case twilioapi.IsNotFound(err):
		return transfer.InviteEnded{TransferID: t.ID, Detail: "the invite's task no longer exists", At: now}, nil
	case err != nil:
		return nil, err
	case task.AssignmentStatus == taskCanceled && task.Reason == reasonConversationEnded:
		return transfer.Abandoned{TransferID: t.ID, At: now}, nil
	case task.AssignmentStatus == taskCanceled:
		return transfer.InviteEnded{TransferID: t.ID, Detail: "the invite's task was canceled", At: now}, nil
	case task.AssignmentStatus == "pending" || task.AssignmentStatus == "reserved":
		return c.checkChannel(ctx, s, t)
	}
	reservations, err := c.Twilio.TaskReservations(ctx, t.Invite.TaskSID)
	if err != nil {
		return nil, err
	}
	for _, r := range reservations {
		switch r.Status {
		case "accepted", "wrapping", "completed":
			return transfer.Accepted{TransferID: t.ID, WorkerSID: r.WorkerSID, At: now}, nil
		}
	}
	return nil, nil
}

// reasonConversationEnded is why an invite is withdrawn whose conversation has
// ended: by it the end of its task is known as our own doing.
const reasonConversationEnded = "The conversation has ended"

// taskCanceled is TaskRouter's word.
const taskCanceled = "canceled"

// checkChannel ends a transfer whose conversation has ended. The invite is
// withdrawn before that is recorded, so that a crash in between leaves nothing
// that rings for ever.
func (c *Coordinator) checkChannel(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	channel, err := c.Twilio.Channel(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil && !twilioapi.IsNotFound(err) {
		return nil, err
	}
	if err == nil && !channelEnded(channel.Status) {
		return nil, nil
	}
	if err := c.withdraw(ctx, t.Invite.TaskSID, reasonConversationEnded); err != nil {
		return nil, err
	}
	return transfer.Abandoned{TransferID: t.ID, At: c.Clock()}, nil
}

// channelEnded reports whether a channel in the status is over.
func channelEnded(status string) bool { return status == "closed" || status == "failed" }
