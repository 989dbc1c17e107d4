package coordinator

import (
	"context"
	"fmt"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TaskRouter's words.
const (
	taskPending         = "pending"
	taskReserved        = "reserved"
	taskCanceled        = "canceled"
	taskWrapping        = "wrapping"
	taskCompleted       = "completed"
	reservationRejected = "rejected"
	reservationTimeout  = "timeout"
)

// reasonConversationEnded is why an invite is withdrawn whose conversation has
// ended: by it the end of its task is known as our own doing.
const reasonConversationEnded = transfer.ReasonConversationEnded

// check compares a transfer that waits for its target with Twilio: a webhook
// may have been lost, the target may have gone off, or the time may be over.
func (c *Coordinator) check(ctx context.Context, record ledger.Record, t transfer.Transfer) (transfer.Event, error) {
	s := record.State
	if t.Attempt > 1 {
		if err := c.withdrawOthers(ctx, s, t); err != nil {
			return nil, err
		}
	}
	task, err := c.Twilio.Task(ctx, t.Invite.TaskSID)
	now := c.Clock()
	switch {
	case twilioapi.IsNotFound(err):
		return transfer.InviteEnded{TransferID: t.ID, TaskSID: t.Invite.TaskSID, Detail: "the invite's task no longer exists", At: now}, nil
	case err != nil:
		return nil, err
	case task.AssignmentStatus == taskCanceled && task.Reason == reasonConversationEnded:
		return transfer.Abandoned{TransferID: t.ID, At: now}, nil
	case task.AssignmentStatus == taskCanceled:
		return transfer.InviteEnded{TransferID: t.ID, TaskSID: t.Invite.TaskSID, Detail: "the invite's task was canceled", At: now}, nil
	case task.AssignmentStatus == taskPending || task.AssignmentStatus == taskReserved:
		return c.checkWaiting(ctx, record, t, task)
	}
	return c.acceptance(ctx, t, t.Invite.TaskSID)
}

// acceptance finds out who accepted the task of an invite; nil if nobody is
// said to have, yet.
func (c *Coordinator) acceptance(ctx context.Context, t transfer.Transfer, taskSID string) (transfer.Event, error) {
	reservations, err := c.Twilio.TaskReservations(ctx, taskSID)
	if err != nil {
		return nil, err
	}
	for _, r := range reservations {
		switch r.Status {
		case "accepted", "wrapping", "completed":
			return transfer.Accepted{TransferID: t.ID, WorkerSID: r.WorkerSID, TaskSID: taskSID, At: c.Clock()}, nil
		}
	}
	return nil, nil
}

// checkWaiting checks a transfer that nobody has accepted. Whether the target has
// declined is asked before whether their time is over: it is the truer answer, and
// what was declined may stand until the next one is asked.
func (c *Coordinator) checkWaiting(ctx context.Context, record ledger.Record, t transfer.Transfer, task twilioapi.Task) (transfer.Event, error) {
	if ended, err := c.checkChannel(ctx, record.State, t); ended != nil || err != nil {
		return ended, err
	}
	toWorker := t.Target.Kind == transfer.TargetWorker
	if toWorker && task.AssignmentStatus == taskPending { // else they are being asked
		reservations, err := c.Twilio.TaskReservations(ctx, t.Invite.TaskSID)
		if err != nil {
			return nil, err
		}
		for _, r := range reservations {
			if r.WorkerSID == t.Target.SID && (r.Status == reservationRejected || r.Status == reservationTimeout) {
				return transfer.Declined{TransferID: t.ID, TaskSID: t.Invite.TaskSID, Reason: transfer.ReasonTargetDeclined, At: c.Clock()}, nil
			}
		}
	}
	now := c.Clock()
	if c.overdue(record, t, now) {
		return transfer.TimedOut{TransferID: t.ID, At: now}, nil
	}
	if w, ok := c.Roster.Known(t.Target.SID); !toWorker || !ok || w.Available {
		return nil, nil
	}
	off, err := c.wentOff(ctx, t.Target.SID)
	if err != nil {
		return nil, err
	}
	if off {
		return transfer.Declined{TransferID: t.ID, TaskSID: t.Invite.TaskSID, Reason: transfer.ReasonTargetWentOff, At: now}, nil
	}
	return nil, nil
}

// checkChannel ends a transfer whose conversation has ended. The invite is
// withdrawn before that is recorded, so that a crash in between leaves nothing
// that rings for ever.
func (c *Coordinator) checkChannel(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	over, err := c.channelOver(ctx, s)
	if err != nil || !over {
		return nil, err
	}
	for _, sid := range []string{t.Invite.TaskSID, t.Invite.After} {
		if sid == "" {
			continue
		}
		if err := c.withdraw(ctx, sid, reasonConversationEnded); err != nil {
			return nil, err
		}
	}
	return transfer.Abandoned{TransferID: t.ID, At: c.Clock()}, nil
}

// channelOver reports whether the interaction channel has ended, or is gone.
func (c *Coordinator) channelOver(ctx context.Context, s transfer.State) (bool, error) {
	channel, err := c.Twilio.Channel(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil && !twilioapi.IsNotFound(err) {
		return false, err
	}
	return err != nil || channelEnded(channel.Status), nil
}

// channelEnded reports whether a channel in the status is over.
func channelEnded(status string) bool { return status == "closed" || status == "failed" }

// look finds out whether the agent who was to be removed is still in, after an
// invite ended that their leaving had followed.
func (c *Coordinator) look(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	if ended, err := c.checkChannel(ctx, s, t); ended != nil || err != nil {
		return ended, err
	}
	gone, err := c.gone(ctx, s, t.From)
	switch {
	case err != nil:
		return nil, err
	case gone:
		return transfer.Left{TransferID: t.ID, At: c.Clock()}, nil
	}
	return transfer.Stayed{TransferID: t.ID, At: c.Clock()}, nil
}

// takeUndouble lets the participant go whom a worker became by an invite
// although they were in the conversation already, if they still are twice in. It
// is decided anew if somebody wrote about the conversation meanwhile: their first
// participant may be leaving.
func (c *Coordinator) takeUndouble(ctx context.Context, record ledger.Record, t transfer.Transfer) (ledger.Record, bool, error) {
	if left := t.AcceptedAt.Add(c.Settling).Sub(c.Clock()); left > 0 && !farAhead(left, c.Settling) {
		return record, false, nil // the list may not show it yet
	}
	ctx, cancel := c.Schedule.Within(ctx, c.stepTimeout())
	defer cancel()
	over, err := c.channelOver(ctx, record.State)
	if err != nil {
		return record, false, err
	}
	return c.recordDecided(ctx, record, func(s transfer.State) (transfer.Event, error) {
		e := transfer.Undoubled{TransferID: t.ID, At: c.Clock()}
		if over {
			return e, nil
		}
		participants, err := c.Twilio.Participants(ctx, s.InteractionSID, s.InteractionChannelSID)
		if err != nil {
			return nil, err
		}
		e.Departure = c.second(s, t, participants)
		return e, nil
	})
}

// second is the departure of the participant that the worker became by the
// invite; nil where they are in the conversation only by it.
func (c *Coordinator) second(s transfer.State, t transfer.Transfer, participants []transfer.ParticipantRecord) *transfer.Departure {
	var second *transfer.ParticipantRecord
	first := false
	for i, p := range participants {
		switch {
		case p.WorkerSID != t.AcceptedBy || s.Leaving(p.SID):
		case p.TaskSID == t.Invite.TaskSID:
			second = &participants[i]
		default:
			first = true
		}
	}
	if second == nil || !first {
		return nil
	}
	c.Logger.Warn("a worker joined who was in the conversation already; they stay once", "transfer", t.ID, "worker", t.AcceptedBy)
	return &transfer.Departure{
		ID: departureID(s.InteractionChannelSID, second.SID, transfer.DepartureRemove), Kind: transfer.DepartureRemove,
		Agent:   transfer.Agent{WorkerSID: t.AcceptedBy, ParticipantSID: second.SID, TaskSID: second.TaskSID},
		LeaveAs: transfer.LeaveCompleted,
	}
}

// close closes the conversation that nobody took over.
func (c *Coordinator) close(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	err := c.Twilio.CloseChannel(ctx, s.InteractionSID, s.InteractionChannelSID, t.LeaveAs)
	c.facts.changed(s.InteractionChannelSID)
	if err != nil && !twilioapi.IsNotFound(err) {
		over, overErr := c.channelOver(ctx, s)
		if overErr != nil || !over {
			return nil, fmt.Errorf("close the conversation: %w", err)
		}
	}
	return transfer.Closed{TransferID: t.ID, At: c.Clock()}, nil
}

// mirror writes the outstanding invites into the conversation's attributes.
func (c *Coordinator) mirror(ctx context.Context, s transfer.State) (transfer.Event, error) {
	outstanding := s.Outstanding()
	if c.Mirror != nil {
		if err := c.Mirror(ctx, s.ConversationSID, outstanding); err != nil {
			return nil, fmt.Errorf("mirror the invites: %w", err)
		}
	}
	e := transfer.Mirrored{Instead: s.Mirrored, At: c.Clock()}
	for _, t := range outstanding {
		e.TaskSIDs = append(e.TaskSIDs, t.Invite.TaskSID)
	}
	return e, nil
}

// digest makes the digest of a transfer.
func (c *Coordinator) digest(ctx context.Context, s transfer.State, t transfer.Transfer) transfer.Event {
	d := transfer.Digest{Failure: transfer.ReasonDigestFailed}
	if c.Digest != nil {
		d = c.Digest(ctx, s, t)
	}
	return transfer.DigestMade{TransferID: t.ID, Digest: d, At: c.Clock()}
}
