package dropin

import (
	"context"
	"errors"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// statusCanceled is the one status that a plugin may set. Source: the
// template's cancelChatParticipantInvite.
const statusCanceled = "canceled"

// cancel takes an invite back by its task. No other task is touched.
func (d *DropIn) cancel(ctx context.Context, by Caller, p *parameters) (any, error) {
	taskSID := p.sid("taskSid", "WT")
	if p.get("assignmentStatus") != statusCanceled {
		p.note("Invalid", "assignmentStatus", "only canceled is possible here")
	}
	if err := p.problem(); err != nil {
		return nil, err
	}
	s, t, err := d.inviteOf(ctx, taskSID)
	if err != nil {
		return nil, err
	}
	r := transfer.Request{
		Action: transfer.ActionCancel, TransferID: t.ID,
		InteractionSID: s.InteractionSID, InteractionChannelSID: s.InteractionChannelSID,
	}
	participants, err := d.participants(ctx, r.InteractionSID, r.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	r.TaskSID = ownTask(s, participants, by) // empty: who asked for the transfer may have left by it
	if t, err = d.Engine.Cancel(ctx, by, r); err != nil {
		return nil, err
	}
	return canceled(t, taskSID)
}

// inviteOf is the transfer whose invite made the task, and its record.
func (d *DropIn) inviteOf(ctx context.Context, taskSID string) (transfer.State, transfer.Transfer, error) {
	none := &transfer.Refusal{Reason: transfer.ReasonForbidden, Field: "taskSid", Detail: "Only the invite of a transfer can be canceled here."}
	task, err := d.Twilio.Task(ctx, taskSID)
	if err != nil {
		return transfer.State{}, transfer.Transfer{}, notFoundAs(err, transfer.ReasonInviteOver)
	}
	id := transfer.ReadTransferID(task.Attributes)
	f, err := transfer.Records{Task: task}.Facts()
	if id == "" || err != nil || f.Task.InteractionChannelSID == "" {
		return transfer.State{}, transfer.Transfer{}, none
	}
	s, err := d.Engine.State(ctx, f.Task.InteractionChannelSID)
	if err != nil {
		return transfer.State{}, transfer.Transfer{}, err
	}
	t, ok := s.Find(id)
	switch {
	case !ok:
		return s, t, none
	case t.Invite.TaskSID != taskSID: // a former target's, or a surplus one, which goes by itself
		return s, t, &transfer.Refusal{Reason: transfer.ReasonInviteOver}
	}
	return s, t, nil
}

// canceled is the answer once the invite was to be taken back: somebody may have
// accepted meanwhile.
func canceled(t transfer.Transfer, taskSID string) (any, error) {
	switch {
	case t.AcceptedBy != "":
		return nil, &transfer.Refusal{Reason: transfer.ReasonInviteOver}
	case t.Open() && t.Invite.TaskSID == taskSID && t.Phase != transfer.PhaseClosing:
		return nil, &transfer.Refusal{Reason: transfer.ReasonRequestUnderWay}
	}
	return success{true}, nil
}

// notFoundAs gives what does not exist the reason that it means here.
func notFoundAs(err error, reason transfer.Reason) error {
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) && refusal.Reason == transfer.ReasonNotFound {
		return &transfer.Refusal{Reason: reason, Cause: refusal.Cause}
	}
	return err
}
