package twilioapi

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	flex "github.com/twilio/twilio-go/rest/flex/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var (
	invitesCreate      = &endpoint{name: "Invites.create", class: ClassInvite, most: inviteAttempts, repeat: func(o Outcome) bool { return o == Throttled }}
	invitesList        = read("Invites.list", ClassInvite)
	participantsList   = read("Participants.list", ClassInvite)
	participantsUpdate = write("Participants.update", ClassRemoval)
	channelsFetch      = read("Channels.fetch", ClassInvite)
	channelsUpdate     = write("Channels.update", ClassRemoval)
)

var (
	errIncomplete = errors.New("its SID is missing")
	errNoVerdict  = errors.New("it does not say whether the token is valid")
)

// InviteRequest asks for somebody to be invited into an interaction channel: Twilio makes a task of it, which the
// workflow routes.
type InviteRequest struct {
	InteractionSID        string // KD…
	InteractionChannelSID string // UO…
	WorkflowSID           string // WW…
	TaskChannelName       string // task_channel_unique_name, such as "chat"; empty means Twilio's choice
	// Attributes of the new task, a JSON object. Nothing of the old task's is carried over by Twilio, which adds
	// flexInteractionSid, flexInteractionChannelSid, flexChannelInviteSid, conversationSid and conversations.
	Attributes string
	Priority   int           // 0 means Twilio's choice
	Timeout    time.Duration // of the task; rounded down to seconds, 0 means Twilio's choice
}

// Invite is an Interaction Channel Invite.
type Invite struct {
	SID         string // KG…
	TaskSID     string // WT… of the task that it made
	Attributes  string // of that task at the time of the invite, a JSON object
	WorkflowSID string // WW…
}

// routing is the form field Routing of an invite.
type routing struct {
	Properties routingProperties `json:"properties"`
}

type routingProperties struct {
	WorkspaceSID string          `json:"workspace_sid"`
	WorkflowSID  string          `json:"workflow_sid"`
	TaskChannel  string          `json:"task_channel_unique_name,omitempty"`
	Attributes   json.RawMessage `json:"attributes"`
	Priority     int             `json:"priority,omitempty"`
	Timeout      int             `json:"timeout,omitempty"`
}

// Invite invites. After an outcome of Unknown the invite may exist: look with [Client.Invites] before asking again.
func (c *Client) Invite(ctx context.Context, r InviteRequest) (Invite, error) {
	if err := checkChannel(invitesCreate, r.InteractionSID, r.InteractionChannelSID); err != nil {
		return Invite{}, err
	}
	if !transfer.ValidSID(r.WorkflowSID, "WW") {
		return Invite{}, invalid(invitesCreate.name, "WorkflowSID: not a workflow SID")
	}
	attributes, ok := jsonObject(r.Attributes)
	if !ok {
		return Invite{}, invalid(invitesCreate.name, "Attributes: not a JSON object")
	}
	params := (&flex.CreateInteractionChannelInviteParams{}).SetRouting(routing{routingProperties{
		WorkspaceSID: c.workspace, WorkflowSID: r.WorkflowSID, TaskChannel: r.TaskChannelName,
		Attributes: attributes, Priority: r.Priority, Timeout: int(r.Timeout / time.Second),
	}})
	return run(about(ctx, r.InteractionChannelSID), c, invitesCreate, func(a *attempt) (Invite, error) {
		made, err := a.flex().CreateInteractionChannelInvite(r.InteractionSID, r.InteractionChannelSID, params)
		if err != nil {
			return Invite{}, err
		}
		invite := inviteOf(made)
		if !transfer.ValidSID(invite.SID, "KG") || !transfer.ValidSID(invite.TaskSID, "WT") {
			return Invite{}, errIncomplete
		}
		return invite, nil
	})
}

// jsonObject returns s as raw JSON if it is an object; an empty string is an empty one.
func jsonObject(s string) (json.RawMessage, bool) {
	if s == "" {
		return json.RawMessage("{}"), true
	}
	for i := range len(s) {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return json.RawMessage(s), json.Valid([]byte(s))
		}
		break
	}
	return nil, false
}

func inviteOf(i *flex.FlexV1InteractionChannelInvite) Invite {
	properties := object(object(i.Routing)["properties"])
	return Invite{
		SID: text(i.Sid), TaskSID: field(properties, "sid"), Attributes: field(properties, "attributes"),
		WorkflowSID: field(properties, "workflow_sid"),
	}
}

// Invites lists all invites ever made into the channel. Twilio's lists may lag behind its writes.
func (c *Client) Invites(ctx context.Context, interactionSID, channelSID string) ([]Invite, error) {
	if err := checkChannel(invitesList, interactionSID, channelSID); err != nil {
		return nil, err
	}
	params := (&flex.ListInteractionChannelInviteParams{}).SetPageSize(pageSize)
	return pages(about(ctx, channelSID), c, invitesList, func(a *attempt) (page[Invite], error) {
		list, err := a.flex().PageInteractionChannelInvite(interactionSID, channelSID, params, "", "")
		if err != nil {
			return page[Invite]{}, err
		}
		invites := make([]Invite, len(list.Invites))
		for i := range list.Invites {
			invites[i] = inviteOf(&list.Invites[i])
		}
		return page[Invite]{invites, list.Meta.NextPageUrl}, nil
	})
}

// Participants lists who is in the channel. Twilio's lists may lag behind its writes.
func (c *Client) Participants(ctx context.Context, interactionSID, channelSID string) ([]transfer.ParticipantRecord, error) {
	if err := checkChannel(participantsList, interactionSID, channelSID); err != nil {
		return nil, err
	}
	params := (&flex.ListInteractionChannelParticipantParams{}).SetPageSize(pageSize)
	return pages(about(ctx, channelSID), c, participantsList, func(a *attempt) (page[transfer.ParticipantRecord], error) {
		list, err := a.flex().PageInteractionChannelParticipant(interactionSID, channelSID, params, "", "")
		if err != nil {
			return page[transfer.ParticipantRecord]{}, err
		}
		records := make([]transfer.ParticipantRecord, len(list.Participants))
		for i, p := range list.Participants {
			properties := object(p.RoutingProperties)
			records[i] = transfer.ParticipantRecord{
				SID: text(p.Sid), Type: text(p.Type), TaskSID: field(properties, "task_sid"),
				WorkerSID: field(properties, "worker_sid"), ReservationSID: field(properties, "reservation_sid"),
			}
		}
		return page[transfer.ParticipantRecord]{records, list.Meta.NextPageUrl}, nil
	})
}

// participantStatus is the Status that takes an agent out of a channel. Source: the Interaction Channel Participants
// resource, whose enumeration is closed and wrapup.
var participantStatus = map[transfer.LeaveAs]string{
	transfer.LeaveCompleted: "closed", transfer.LeaveWrapup: "wrapup", "": "closed",
}

// LeaveParticipant takes an agent out of the channel, which stays active. Their task is completed, or moves to wrapping
// with [transfer.LeaveWrapup]; an empty as is [transfer.LeaveCompleted]. It is made once: after Unknown, look who is in
// the channel. NotFound means that the participant is gone already.
func (c *Client) LeaveParticipant(ctx context.Context, interactionSID, interactionChannelSID, participantSID string, as transfer.LeaveAs) error {
	if err := checkChannel(participantsUpdate, interactionSID, interactionChannelSID); err != nil {
		return err
	}
	if !transfer.ValidSID(participantSID, "UT") {
		return invalid(participantsUpdate.name, "participantSID: not an interaction participant SID")
	}
	status := participantStatus[as]
	if status == "" {
		return invalid(participantsUpdate.name, "as: %q is neither completed nor wrapup", as)
	}
	params := (&flex.UpdateInteractionChannelParticipantParams{}).SetStatus(status)
	_, err := run(about(ctx, interactionChannelSID), c, participantsUpdate, func(a *attempt) (struct{}, error) {
		p, err := a.flex().UpdateInteractionChannelParticipant(interactionSID, interactionChannelSID, participantSID, params)
		if err == nil && text(p.Sid) == "" {
			err = errIncomplete
		}
		return struct{}{}, err
	})
	return err
}

// channelRouting is the form field Routing of a channel's update: what becomes of its tasks.
type channelRouting struct {
	Status string `json:"status"`
}

// CloseChannel ends the channel and its conversation. The agents' tasks are completed, or move to wrapping with
// [transfer.LeaveWrapup]; an empty as is [transfer.LeaveCompleted]. Twilio knows one value of Routing, closed: without
// it, "all tasks will be set to wrapping" (Source: the Interaction Channels resource). Tasks of unanswered invites have
// to be withdrawn by themselves. It is made once: after Unknown, read the channel.
func (c *Client) CloseChannel(ctx context.Context, interactionSID, interactionChannelSID string, as transfer.LeaveAs) error {
	if err := checkChannel(channelsUpdate, interactionSID, interactionChannelSID); err != nil {
		return err
	}
	params := (&flex.UpdateInteractionChannelParams{}).SetStatus("closed")
	switch as {
	case transfer.LeaveCompleted, "":
		params.SetRouting(channelRouting{Status: "closed"})
	case transfer.LeaveWrapup:
	default:
		return invalid(channelsUpdate.name, "as: %q is neither completed nor wrapup", as)
	}
	_, err := run(about(ctx, interactionChannelSID), c, channelsUpdate, func(a *attempt) (struct{}, error) {
		ch, err := a.flex().UpdateInteractionChannel(interactionSID, interactionChannelSID, params)
		if err == nil && text(ch.Sid) == "" {
			err = errIncomplete
		}
		return struct{}{}, err
	})
	return err
}

// Channel reads the interaction channel.
func (c *Client) Channel(ctx context.Context, interactionSID, channelSID string) (transfer.ChannelRecord, error) {
	if err := checkChannel(channelsFetch, interactionSID, channelSID); err != nil {
		return transfer.ChannelRecord{}, err
	}
	return run(about(ctx, channelSID), c, channelsFetch, func(a *attempt) (transfer.ChannelRecord, error) {
		ch, err := a.flex().FetchInteractionChannel(interactionSID, channelSID)
		if err != nil {
			return transfer.ChannelRecord{}, err
		}
		if text(ch.Sid) == "" {
			return transfer.ChannelRecord{}, errIncomplete
		}
		return transfer.ChannelRecord{
			SID: text(ch.Sid), InteractionSID: text(ch.InteractionSid), Type: text(ch.Type), Status: text(ch.Status),
		}, nil
	})
}

func checkChannel(ep *endpoint, interactionSID, channelSID string) error {
	if !transfer.ValidSID(interactionSID, "KD") {
		return invalid(ep.name, "interactionSID: not an interaction SID")
	}
	if !transfer.ValidSID(channelSID, "UO") {
		return invalid(ep.name, "channelSID: not an interaction channel SID")
	}
	return nil
}
