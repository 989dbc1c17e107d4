package flexui

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

var interactionCalls routes

func init() {
	interactionCalls = routes{
		{"GET Interactions/*", (*call).interaction},
		{"GET Interactions/*/Channels", (*call).interactionChannels},
		{"GET Interactions/*/Channels/*", (*call).interaction},
		{"POST Interactions/*/Channels/*", (*call).updateInteractionChannel},
		{"GET Interactions/*/Channels/*/Participants", (*call).participants},
		{"POST Interactions/*/Channels/*/Participants", (*call).addParticipant},
		{"POST Interactions/*/Channels/*/Participants/*", (*call).updateParticipant},
		{"POST Interactions/*/Channels/*/Invites/*", (*call).answerInvite},
	}
}

// interactions serves the calls of the interactions part of @twilio/flex-sdk. Source: its routes (cbm-sdk).
func (c *call) interactions() (any, error) { return c.route(interactionCalls) }

func (c *call) flex(method string, form url.Values) (any, error) {
	return c.account.ServeFlex(sandbox.FlexRequest{Product: sandbox.ProductFlex, Method: method,
		Path: "/v1/" + strings.Join(c.path, "/"), Form: form})
}

func (c *call) interaction() (any, error) { return c.flex(http.MethodGet, nil) }

func (c *call) interactionChannels() (any, error) { return c.flex(http.MethodGet, nil) }

// mayAct returns the worker's open reservation in the channel. It refuses who has none and does not oversee the channel.
func (c *call) mayAct() (reservationSID string, err error) {
	for _, r := range c.account.FlexReservations(c.session.WorkerSID) {
		if channelOf(r.Task) == c.path[3] {
			return r.SID, nil
		}
	}
	if c.session.Oversees() {
		return "", nil
	}
	return "", forbidden("acting in this interaction")
}

// updateInteractionChannel ends a chat for everybody: with routing.status closed the agents' tasks are completed, with wrapup
// they go to wrapping. The latter is Flex's own; the REST API has it as closing without a Routing. A chat that is over already
// is how Flex completes a task that is wrapping: then it is the worker's own alone.
func (c *call) updateInteractionChannel() (any, error) {
	mine, err := c.mayAct()
	if err != nil {
		return nil, err
	}
	now, err := c.flex(http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	routing, _ := c.params["routing"].(map[string]any)
	status, tasks := c.text("status"), textOf(routing["status"])
	if tasks == "closed" && mine != "" && now.(sandbox.InteractionChannel).Status == status {
		_, err := c.account.CompleteTask(mine)
		return now, err
	}
	form := url.Values{"Status": {status}}
	if tasks != "" && tasks != "wrapup" {
		form.Set("Routing", c.text("routing"))
	}
	return c.flex(http.MethodPost, form)
}

func (c *call) participants() (any, error) {
	v, err := c.account.ServeFlex(sandbox.FlexRequest{Product: sandbox.ProductFlex, Method: http.MethodGet,
		Path: "/v1/" + strings.Join(c.path[:4], "/")})
	if err != nil {
		return nil, err
	}
	kind := v.(sandbox.InteractionChannel).Type
	list := []any{}
	for _, p := range c.account.FlexParticipants(c.path[3]) {
		list = append(list, viewParticipant(p, kind))
	}
	return object{"participants": list, "channel_type": kind, "meta": object{"key": "participants", "next_page_url": nil}}, nil
}

func (c *call) addParticipant() (any, error) {
	if _, err := c.mayAct(); err != nil {
		return nil, err
	}
	v, err := c.flex(http.MethodPost, url.Values{"Type": {c.text("type")}, "MediaProperties": {c.text("media_properties")}})
	return viewedParticipant(v, err)
}

// updateParticipant closes a participant, or wraps it up.
func (c *call) updateParticipant() (any, error) {
	if _, err := c.mayAct(); err != nil {
		return nil, err
	}
	v, err := c.flex(http.MethodPost, url.Values{"Status": {c.text("status")}})
	return viewedParticipant(v, err)
}

func viewedParticipant(v any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return viewParticipant(v.(sandbox.InteractionParticipant), "web"), nil
}

// answerInvite accepts or declines an invite: {action, routing: {type, reservation: {sid}}}.
func (c *call) answerInvite() (any, error) {
	routing, _ := c.params["routing"].(map[string]any)
	given, _ := routing["reservation"].(map[string]any)
	sid, err := c.account.InviteReservation(c.path[3], c.path[5], textOf(given["sid"]))
	if err != nil {
		return nil, err
	}
	r, err := c.account.FlexReservation(sid)
	if err == nil && r.WorkerSID != c.session.WorkerSID {
		err = forbidden("answering another worker's invite")
	}
	if err != nil {
		return nil, err
	}
	switch action := c.text("action"); action {
	case "accept":
		_, err = c.account.AcceptReservation(sid)
	case "decline":
		_, err = c.account.RejectReservation(sid)
	default:
		err = invalid("action: " + action + " is not accept or decline")
	}
	if err != nil {
		return nil, err
	}
	return object{"sid": c.path[5], "interaction_sid": c.path[1], "channel_sid": c.path[3], "routing": routing}, nil
}
