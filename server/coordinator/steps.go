package coordinator

import (
	"context"
	"errors"
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
		next, err := c.take(ctx, record, step)
		if err != nil || next.Sequence == record.Sequence {
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

// take takes one step at Twilio and records what came of it. A step that came
// to nothing returns the record that it was given.
func (c *Coordinator) take(ctx context.Context, record ledger.Record, step transfer.Step) (ledger.Record, error) {
	stepCtx, cancel := context.WithTimeout(ctx, c.stepTimeout())
	defer cancel()
	var (
		e   transfer.Event
		err error
	)
	switch step.Kind {
	case transfer.StepInvite:
		e = c.invite(stepCtx, record.State, step.Transfer)
	case transfer.StepFind:
		e, err = c.find(stepCtx, record.State, step.Transfer)
	case transfer.StepRemove:
		e, err = c.remove(stepCtx, record.State, step.Transfer)
	case transfer.StepCheck:
		e, err = c.check(stepCtx, record.State, step.Transfer)
	}
	if err != nil || e == nil {
		return record, err
	}
	return c.record(ctx, record, e)
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
	case twilioapi.IsRefused(err):
		return transfer.InviteRefused{TransferID: t.ID, Reason: transfer.ReasonInviteRefused, Detail: err.Error(), At: now}
	}
	c.Logger.Warn("an invite has no clear answer; it will be looked up", "transfer", t.ID, "error", err)
	return transfer.InviteUnknown{TransferID: t.ID, Due: now.Add(c.Settling), At: now}
}

// find looks the invite up by the transfer's ID.
func (c *Coordinator) find(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	for _, i := range invites {
		if transfer.ReadTransferID(i.Attributes) == t.ID {
			return transfer.Invited{TransferID: t.ID, InviteSID: i.SID, TaskSID: i.TaskSID, At: c.Clock()}, nil
		}
	}
	return transfer.InviteMissing{TransferID: t.ID, At: c.Clock()}, nil
}

// remove closes the transferring agent's participant, which completes their
// task and leaves the channel active. One who has left already has left.
func (c *Coordinator) remove(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	err := c.Twilio.CloseParticipant(ctx, s.InteractionSID, s.InteractionChannelSID, t.From.ParticipantSID)
	c.facts.changed(s.InteractionChannelSID)
	if err != nil {
		if !twilioapi.IsRefused(err) && !twilioapi.IsNotFound(err) {
			return nil, err
		}
		gone, listErr := c.gone(ctx, s, t.From.ParticipantSID)
		if listErr != nil || !gone {
			return nil, errors.Join(err, listErr)
		}
	}
	return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
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

// check compares a transfer that waits for its target with Twilio: a webhook
// may have been lost.
func (c *Coordinator) check(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	task, err := c.Twilio.Task(ctx, t.Invite.TaskSID)
	now := c.Clock()
	switch {
	case twilioapi.IsNotFound(err):
		return transfer.InviteEnded{TransferID: t.ID, Detail: "the invite's task no longer exists", At: now}, nil
	case err != nil:
		return nil, err
	case task.AssignmentStatus == "canceled":
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

// checkChannel ends a transfer whose conversation has ended.
func (c *Coordinator) checkChannel(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	channel, err := c.Twilio.Channel(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil || !channelEnded(channel.Status) {
		return nil, err
	}
	return transfer.Abandoned{TransferID: t.ID, At: c.Clock()}, nil
}

// channelEnded reports whether a channel in the status is over.
func channelEnded(status string) bool { return status == "closed" || status == "failed" }
