package dropin

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// invited is the answer to an invite. Source: the template's invite-participant.
type invited struct {
	Success              bool   `json:"success"`
	Message              string `json:"message"`
	ParticipantInviteSID string `json:"participantInviteSid"` // KG…
	InvitesTaskSID       string `json:"invitesTaskSid"`       // WT…
}

// invite begins a transfer: a cold one where a participant is to be removed,
// else a warm one. Whoever has the task leaves by it. The attributes of the new
// task are made from the task as Twilio has it, the names are those of the
// account's records: what the plugin says about them is only checked for form.
func (d *DropIn) invite(ctx context.Context, by Caller, p *parameters) (any, error) {
	target := p.sid("transferTargetSid", "WK", "WQ")
	r := transfer.Request{
		Mode: transfer.ModeWarm, TaskSID: p.sid("taskSid", "WT"),
		InteractionSID: p.sid("flexInteractionSid", "KD"), InteractionChannelSID: p.sid("flexInteractionChannelSid", "UO"),
		Target: targetOf(target),
	}
	if p.sid("removeFlexInteractionParticipantSid", "UT") != "" {
		r.Mode = transfer.ModeCold
	}
	p.object("jsonAttributes")
	p.object("workersToIgnore")
	if err := p.problem(); err != nil {
		return nil, err
	}
	t, err := d.begin(ctx, by, r)
	if err != nil {
		return nil, err
	}
	return invited{true, "Participant invite " + t.Invite.SID, t.Invite.SID, t.Invite.TaskSID}, nil
}

func targetOf(sid string) transfer.Target {
	if strings.HasPrefix(sid, "WK") {
		return transfer.Target{Kind: transfer.TargetWorker, SID: sid}
	}
	return transfer.Target{Kind: transfer.TargetQueue, SID: sid}
}

// payload is what the older sample sends. Its other members are the task's
// attributes, the worker and names, which Twilio's own records tell.
type payload struct {
	InteractionDetails struct {
		FlexInteractionSID            string `json:"flexInteractionSid"`
		FlexInteractionChannelSID     string `json:"flexInteractionChannelSid"`
		FlexInteractionParticipantSID string `json:"flexInteractionParticipantSid"`
	} `json:"interactionDetails"`
	TransferDetails struct {
		TransferTargetSID  string `json:"transferTargetSid"`
		TransferTargetType string `json:"transferTargetType"`
	} `json:"transferDetails"`
}

// transferConversation is the older sample's cold transfer. It names no task:
// that of the participant is meant.
func (d *DropIn) transferConversation(ctx context.Context, by Caller, p *parameters) (any, error) {
	r, participant, err := sampleRequest(p)
	if err != nil {
		return nil, err
	}
	if r.TaskSID, err = d.taskOf(ctx, by, r, participant); err != nil {
		return nil, err
	}
	if _, err := d.begin(ctx, by, r); err != nil {
		return nil, err
	}
	return success{true}, nil
}

func sampleRequest(p *parameters) (r transfer.Request, participantSID string, err error) {
	var sent payload
	if json.Unmarshal([]byte(p.get("Payload")), &sent) != nil {
		p.note("Invalid", "Payload", "a JSON object with interactionDetails and transferDetails is expected")
		return r, "", p.problem()
	}
	within, to := sent.InteractionDetails, sent.TransferDetails
	sid := func(name, value string, prefixes ...string) string {
		name = "Payload." + name
		p.set(name, value)
		p.need(name, "it is needed")
		return p.sid(name, prefixes...)
	}
	r = transfer.Request{
		Mode:                  transfer.ModeCold,
		InteractionSID:        sid("interactionDetails.flexInteractionSid", within.FlexInteractionSID, "KD"),
		InteractionChannelSID: sid("interactionDetails.flexInteractionChannelSid", within.FlexInteractionChannelSID, "UO"),
		Target:                targetOf(sid("transferDetails.transferTargetSid", to.TransferTargetSID, "WK", "WQ")),
	}
	participantSID = sid("interactionDetails.flexInteractionParticipantSid", within.FlexInteractionParticipantSID, "UT")
	if kind := to.TransferTargetType; kind != "" && kind != string(r.Target.Kind) && len(p.wrong) == 0 {
		p.note("Invalid", "Payload.transferDetails.transferTargetType", "transferTargetSid is that of a "+string(r.Target.Kind))
	}
	return r, participantSID, p.problem()
}

// taskOf is the task of the participant: on the record, where they have left by
// a transfer of theirs that may be asked for again, else on Twilio's list.
func (d *DropIn) taskOf(ctx context.Context, by Caller, r transfer.Request, participantSID string) (string, error) {
	s, err := d.Engine.State(ctx, r.InteractionChannelSID)
	if err != nil {
		return "", err
	}
	for _, t := range s.Transfers {
		if t.From.ParticipantSID == participantSID && t.RequestedBy == by.WorkerSID {
			return t.From.TaskSID, nil
		}
	}
	participants, err := d.participants(ctx, r.InteractionSID, r.InteractionChannelSID)
	if err != nil {
		return "", err
	}
	for _, p := range participants {
		if p.SID == participantSID && p.TaskSID != "" && (p.WorkerSID == by.WorkerSID || by.supervises()) {
			return p.TaskSID, nil
		}
	}
	return "", &transfer.Refusal{Reason: transfer.ReasonNotInConversation}
}

// participants are those of the channel. A conversation that does not exist is
// none that the caller is in.
func (d *DropIn) participants(ctx context.Context, interactionSID, channelSID string) ([]transfer.ParticipantRecord, error) {
	participants, err := d.Twilio.Participants(ctx, interactionSID, channelSID)
	return participants, notFoundAs(err, transfer.ReasonNotInConversation)
}
