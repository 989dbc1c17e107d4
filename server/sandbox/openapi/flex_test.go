package openapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// noWebhooks keeps the sandbox from delivering to nowhere.
var noWebhooks = sandbox.Webhooks{}

func (f *fixture) interactionChannel(c chat) string {
	return flexAPI + "/v1/Interactions/" + c.InteractionSID + "/Channels/" + c.InteractionChannelSID
}

func driveInteractions(f *fixture) {
	created := ok[*flex.FlexV1Interaction](f.T)(f.flex.CreateInteraction((&flex.CreateInteractionParams{}).
		SetChannel(object{"type": "web", "initiated_by": "api", "participants": []object{{"identity": "cara"}}}).
		SetRouting(object{"properties": object{
			"workspace_sid": f.account.WorkspaceSID(), "workflow_sid": f.account.WorkflowSID("Assign to Anyone"),
			"task_channel_unique_name": "chat", "attributes": object{"customerName": "Cara"},
		}})))
	fetched := ok[*flex.FlexV1Interaction](f.T)(f.flex.FetchInteraction(*created.Sid))
	is(f.T, "sid", fetched.Sid, *created.Sid)
	updated := ok[*flex.FlexV1Interaction](f.T)(f.flex.UpdateInteraction(*created.Sid,
		(&flex.UpdateInteractionParams{}).SetWebhookTtid("ttid")))
	is(f.T, "sid", updated.Sid, *created.Sid)
	channels := ok[[]flex.FlexV1InteractionChannel](f.T)(f.flex.ListInteractionChannel(*created.Sid,
		&flex.ListInteractionChannelParams{}))
	if len(channels) != 1 {
		f.Fatalf("%d channels, want 1", len(channels))
	}
	one := ok[*flex.FlexV1InteractionChannel](f.T)(f.flex.FetchInteractionChannel(*created.Sid, *channels[0].Sid))
	is(f.T, "status", one.Status, "active")
	is(f.T, "type", one.Type, "web")
	closed := ok[*flex.FlexV1InteractionChannel](f.T)(f.flex.UpdateInteractionChannel(*created.Sid, *one.Sid,
		(&flex.UpdateInteractionChannelParams{}).SetStatus("closed").SetRouting(object{"status": "closed"})))
	is(f.T, "status", closed.Status, "closed")

	c := f.chatWith("ada")
	inactive := ok[*flex.FlexV1InteractionChannel](f.T)(f.flex.UpdateInteractionChannel(c.InteractionSID, c.InteractionChannelSID,
		(&flex.UpdateInteractionChannelParams{}).SetStatus("inactive").SetRouting(object{"status": "closed"})))
	is(f.T, "status", inactive.Status, "inactive")
}

// invite asks for a worker through the transfer workflow.
func (f *fixture) invite(worker string) *flex.CreateInteractionChannelInviteParams {
	return (&flex.CreateInteractionChannelInviteParams{}).SetRouting(object{"properties": object{
		"workspace_sid": f.account.WorkspaceSID(), "workflow_sid": f.account.WorkflowSID("Chat Transfer"),
		"task_channel_unique_name": "chat",
		"attributes": object{
			"transferTargetType": "worker", "transferTargetSid": f.account.WorkerSID(worker), "transferId": "t1",
		},
	}})
}

func driveInvites(f *fixture) {
	c := f.chatWith("ada")
	ok[sandbox.Worker](f.T)(f.account.SetActivity(f.account.WorkerSID("bea"), f.account.ActivitySID("Available")))
	made := ok[*flex.FlexV1InteractionChannelInvite](f.T)(f.flex.CreateInteractionChannelInvite(
		c.InteractionSID, c.InteractionChannelSID, f.invite("bea")))
	routing := (*made.Routing).(object)
	properties := routing["properties"].(object)
	taskSID, _ := properties["sid"].(string)
	if reservation, present := routing["reservation"]; !present || reservation != nil {
		f.Errorf("routing.reservation is %v, want null", reservation)
	}
	f.checkInviteTask(c, *made.Sid, taskSID, properties)
	listed := ok[[]flex.FlexV1InteractionChannelInvite](f.T)(f.flex.ListInteractionChannelInvite(
		c.InteractionSID, c.InteractionChannelSID, &flex.ListInteractionChannelInviteParams{}))
	if !containsInvite(listed, *made.Sid) {
		f.Errorf("the invite is not among the %d listed", len(listed))
	}
	ok[sandbox.Reservation](f.T)(f.account.AcceptReservation(f.reservation(taskSID).SID))
}

func containsInvite(invites []flex.FlexV1InteractionChannelInvite, sid string) bool {
	for _, i := range invites {
		if *i.Sid == sid {
			return true
		}
	}
	return false
}

// checkInviteTask wants what Twilio adds to an invite's task.
func (f *fixture) checkInviteTask(c chat, invite, task string, properties object) {
	f.Helper()
	if text, isString := properties["attributes"].(string); !isString {
		f.Errorf("routing.properties.attributes is %T, want a JSON string", properties["attributes"])
	} else if !json.Valid([]byte(text)) {
		f.Errorf("routing.properties.attributes is not JSON: %s", text)
	}
	fetched := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.FetchTask(f.account.WorkspaceSID(), task))
	var attributes object
	if err := json.Unmarshal([]byte(*fetched.Attributes), &attributes); err != nil {
		f.Fatal(err)
	}
	wanted := object{
		"flexInteractionSid": c.InteractionSID, "flexInteractionChannelSid": c.InteractionChannelSID,
		"flexChannelInviteSid": invite, "conversationSid": c.ConversationSID, "transferId": "t1",
	}
	for key, want := range wanted {
		if attributes[key] != want {
			f.Errorf("attribute %s is %v, want %v", key, attributes[key], want)
		}
	}
	if _, isObject := attributes["conversations"].(object); !isObject {
		f.Errorf("attribute conversations is %v", attributes["conversations"])
	}
	if _, carried := attributes["customerName"]; carried {
		f.Error("the old task's attributes were carried over")
	}
}

func driveInteractionParticipants(f *fixture) {
	c := f.chatWith("ada")
	listed := ok[[]flex.FlexV1InteractionChannelParticipant](f.T)(f.flex.ListInteractionChannelParticipant(
		c.InteractionSID, c.InteractionChannelSID, &flex.ListInteractionChannelParticipantParams{}))
	var agent flex.FlexV1InteractionChannelParticipant
	for _, p := range listed {
		switch *p.Type {
		case "agent":
			agent = p
		case "customer":
			if p.RoutingProperties != nil && *p.RoutingProperties != nil {
				f.Errorf("routing_properties of the customer: %v", *p.RoutingProperties)
			}
		}
	}
	if agent.Sid == nil {
		f.Fatalf("no agent among %d participants", len(listed))
	}
	routing, _ := (*agent.RoutingProperties).(object)
	if routing["task_sid"] != c.TaskSID || routing["worker_sid"] != c.Reservation.WorkerSID ||
		routing["reservation_sid"] != c.Reservation.SID {
		f.Errorf("routing_properties of the agent: %v", routing)
	}
	wrapped := ok[*flex.FlexV1InteractionChannelParticipant](f.T)(f.flex.UpdateInteractionChannelParticipant(
		c.InteractionSID, c.InteractionChannelSID, *agent.Sid,
		(&flex.UpdateInteractionChannelParticipantParams{}).SetStatus("wrapup")))
	is(f.T, "sid", wrapped.Sid, *agent.Sid)
	ok[*flex.FlexV1InteractionChannelParticipant](f.T)(f.flex.UpdateInteractionChannelParticipant(
		c.InteractionSID, c.InteractionChannelSID, *agent.Sid,
		(&flex.UpdateInteractionChannelParticipantParams{}).SetStatus("closed")))
	task := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.FetchTask(f.account.WorkspaceSID(), c.TaskSID))
	is(f.T, "assignment_status", task.AssignmentStatus, "completed")
	channel := ok[*flex.FlexV1InteractionChannel](f.T)(f.flex.FetchInteractionChannel(c.InteractionSID, c.InteractionChannelSID))
	is(f.T, "status", channel.Status, "active")
	added := ok[*flex.FlexV1InteractionChannelParticipant](f.T)(f.flex.CreateInteractionChannelParticipant(
		c.InteractionSID, c.InteractionChannelSID, (&flex.CreateInteractionChannelParticipantParams{}).
			SetType("customer").SetMediaProperties(object{"identity": "cousin"})))
	is(f.T, "type", added.Type, "customer")
	members := ok[[]conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.ListConversationParticipant(
		c.ConversationSID, &conversations.ListConversationParticipantParams{}))
	for _, m := range members {
		if m.Identity != nil && *m.Identity == c.Reservation.WorkerName {
			f.Errorf("the agent who left is still in the conversation")
		}
	}
}

// driveInteractionWebhooks uses an endpoint that no document has, so what is
// wanted of it is said here.
func driveInteractionWebhooks(f *fixture) {
	address := flexAPI + "/v1/Instances/" + f.account.InstanceSID() + "/InteractionWebhooks"
	made := f.send("POST", address, url.Values{
		"Type": {"interaction"}, "WebhookUrl": {"https://example.com/interactions"},
		"WebhookEvents": {"onParticipantJoined", "onChannelStatusUpdated"}, "WebhookMethod": {"POST"},
	}, 201)
	if made["webhook_url"] != "https://example.com/interactions" {
		f.Errorf("made: %v", made)
	}
	f.send("GET", address, nil, 200)
	f.account.SetWebhooks(noWebhooks)
}

// driveTokens uses an endpoint that no document has, so what is wanted of it is
// said here.
func driveTokens(f *fixture) {
	good := ok[string](f.T)(f.account.IssueToken(f.account.WorkerSID("sam"), time.Minute))
	short := ok[string](f.T)(f.account.IssueToken(f.account.WorkerSID("ada"), 0))
	for token, valid := range map[string]bool{good: true, short: false, "forged": false} {
		got := f.validate(token)
		if got["valid"] != valid {
			f.Errorf("validation of %.8s…: %v", token, got)
		}
		for _, key := range []string{"valid", "code", "message", "expiration", "realm_user_id", "identity", "roles", "worker_sid"} {
			if _, present := got[key]; !present {
				f.Errorf("%s is missing in %v", key, got)
			}
		}
		if valid && (got["worker_sid"] != f.account.WorkerSID("sam") || jsonOf(got["roles"]) != `["supervisor"]`) {
			f.Errorf("the token of sam: %v", got)
		}
		if code, _ := got["code"].(float64); !valid && code < 20000 {
			f.Errorf("a token that is not good has code %v", got["code"])
		}
	}
}

func (f *fixture) validate(token string) object {
	f.Helper()
	address := iamAPI + "/v1/Accounts/" + f.account.AccountSID() + "/Tokens/validate"
	req, err := http.NewRequest("POST", address, bytes.NewReader([]byte(jsonOf(object{"token": token}))))
	if err != nil {
		f.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(f.account.APIKey(), f.account.APISecret())
	resp, err := f.checker.RoundTrip(req)
	if err != nil {
		f.Fatal(err)
	}
	defer resp.Body.Close()
	var got object
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != 200 {
		f.Fatalf("answer %d: %v", resp.StatusCode, err)
	}
	return got
}
