package dropin

import (
	"context"
	"errors"
	"slices"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// rounds is how often it is decided anew how somebody leaves, where others come
// and go at the same moment.
const rounds = 4

// remove lets a participant go: oneself, or another agent. The last agent ends
// the conversation, where nobody is being asked to take over: the template
// closes the channel then.
func (d *DropIn) remove(ctx context.Context, by Caller, p *parameters) (any, error) {
	r := transfer.Request{
		InteractionSID: p.sid("flexInteractionSid", "KD"), InteractionChannelSID: p.sid("flexInteractionChannelSid", "UO"),
		ParticipantSID: p.sid("flexInteractionParticipantSid", "UT"),
	}
	if err := p.problem(); err != nil {
		return nil, err
	}
	s, err := d.Engine.State(ctx, r.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	if leftBefore(s, by, r.ParticipantSID) {
		return success{true}, nil
	}
	if r, err = d.departure(ctx, s, by, r); err != nil {
		return nil, err
	}
	return d.leave(ctx, by, r)
}

// leftBefore reports whether it is recorded that the participant has left, and
// the caller has a part in that.
func leftBefore(s transfer.State, by Caller, participantSID string) bool {
	for _, t := range s.Transfers {
		if t.From.ParticipantSID == participantSID && !t.LeftAt.IsZero() && (t.From.WorkerSID == by.WorkerSID || t.RequestedBy == by.WorkerSID) {
			return true
		}
	}
	return slices.ContainsFunc(s.Departures, func(d transfer.Departure) bool {
		return d.Agent.ParticipantSID == participantSID && d.Phase == transfer.DepartureGone && mine(d, by)
	})
}

func mine(d transfer.Departure, by Caller) bool {
	return d.Agent.WorkerSID == by.WorkerSID || d.RequestedBy == by.WorkerSID
}

// departure completes the request: who asks to be removed leaves, who asks for
// another agent removes them, and a supervisor who is not in the conversation
// lets them leave.
func (d *DropIn) departure(ctx context.Context, s transfer.State, by Caller, r transfer.Request) (transfer.Request, error) {
	for _, before := range s.Departures { // a repeat: who leaves may be on no list any more
		if before.Agent.ParticipantSID == r.ParticipantSID && before.Open() && mine(before, by) {
			r.Action, r.TaskSID = transfer.Action(before.Kind), before.Agent.TaskSID
			return r, nil
		}
	}
	participants, err := d.participants(ctx, r.InteractionSID, r.InteractionChannelSID)
	if err != nil {
		return r, err
	}
	own := ownTask(s, participants, by)
	i := slices.IndexFunc(participants, func(p transfer.ParticipantRecord) bool { return p.SID == r.ParticipantSID })
	switch {
	case own == "" && !by.supervises():
		return r, &transfer.Refusal{Reason: transfer.ReasonNotInConversation}
	case i < 0:
		return r, &transfer.Refusal{Reason: transfer.ReasonParticipantNotFound, Field: "flexInteractionParticipantSid"}
	}
	who := participants[i]
	switch {
	case who.TaskSID == "":
		return r, &transfer.Refusal{Reason: transfer.ReasonCannotRemoveCustomer, Field: "flexInteractionParticipantSid"}
	case who.WorkerSID == by.WorkerSID || own == "":
		r.Action, r.TaskSID, r.ParticipantSID = transfer.ActionLeave, who.TaskSID, ""
	default:
		r.Action, r.TaskSID = transfer.ActionRemove, own
	}
	return r, nil
}

// ownTask is the caller's task in the conversation; empty if they are not in it.
func ownTask(s transfer.State, participants []transfer.ParticipantRecord, by Caller) string {
	for _, p := range participants {
		if p.WorkerSID == by.WorkerSID && !s.Gone(p.SID) {
			return p.TaskSID
		}
	}
	return ""
}

// leave carries the departure out. Whether an agent leaves or ends the
// conversation is for the rules to say.
func (d *DropIn) leave(ctx context.Context, by Caller, r transfer.Request) (any, error) {
	for round := 1; ; round++ {
		out, err := d.Engine.Depart(ctx, by, r)
		var refusal *transfer.Refusal
		switch {
		case errors.As(err, &refusal) && round < rounds && other(r.Action, refusal.Reason) != "":
			r.Action = other(r.Action, refusal.Reason)
			continue
		case err != nil:
			return nil, err
		case out.Open():
			return nil, &transfer.Refusal{Reason: transfer.ReasonRequestUnderWay}
		case out.Phase == transfer.DepartureFailed:
			return nil, &transfer.Refusal{Reason: transfer.ReasonLeaveRefused, Cause: errors.New(out.FailureDetail)}
		}
		return success{true}, nil
	}
}

// other is what to ask for where the rules refuse a way of leaving since the
// other one is due; empty where it is not.
func other(a transfer.Action, reason transfer.Reason) transfer.Action {
	switch {
	case a == transfer.ActionLeave && reason == transfer.ReasonLastAgent:
		return transfer.ActionEnd
	case a == transfer.ActionEnd && (reason == transfer.ReasonOthersInConversation || reason == transfer.ReasonInviteOutstanding):
		return transfer.ActionLeave
	}
	return ""
}
