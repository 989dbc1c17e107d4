package sandbox_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (l *lab) setParticipant(s sandbox.StartedConversation, sid, status string) error {
	p := (&flex.UpdateInteractionChannelParticipantParams{}).SetStatus(status)
	_, err := l.flex.UpdateInteractionChannelParticipant(s.InteractionSID, s.InteractionChannelSID, sid, p)
	return err
}

func (l *lab) setChannel(s sandbox.StartedConversation, status string, routing any) error {
	p := (&flex.UpdateInteractionChannelParams{}).SetStatus(status)
	if routing != nil {
		p.SetRouting(routing)
	}
	_, err := l.flex.UpdateInteractionChannel(s.InteractionSID, s.InteractionChannelSID, p)
	return err
}

func (l *lab) conversation(sid string) *conversations.ConversationsV1Conversation {
	l.t.Helper()
	return must[*conversations.ConversationsV1Conversation](l.t)(l.conversations.FetchConversation(sid))
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWarmTransferKeepsEverybody(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	l.accept(must[string](t)(l.transfer(s, toWorker(l.WorkerSID("chidi")))))
	is(t, "agents", len(l.agents(s)), 2)
	noError(t, l.setParticipant(s, l.agents(s)[l.WorkerSID("ada")], "closed"))
	is(t, "agents left", len(l.agents(s)), 1)
	is(t, "ada's task", l.status(s.TaskSID), "completed")
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, "chidi", "I am still here"))
}

func TestWrapUpOfAParticipantLeavesTheTaskWrapping(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	ut := l.agents(s)[l.WorkerSID("ada")]
	noError(t, l.setParticipant(s, ut, "wrapup"))
	is(t, "task", l.status(s.TaskSID), "wrapping")
	_, err := l.SendMessage(s.ConversationSID, "ada", "hello?")
	wantError(t, err, 403, 50400)
	noError(t, l.setParticipant(s, ut, "closed"))
	is(t, "task", l.status(s.TaskSID), "completed")
	wantError(t, l.setParticipant(s, ut, "closed"), 404, 20404)
	wantError(t, l.setParticipant(s, "UT00000000000000000000000000000000", "closed"), 404, 20404)
}

func TestClosingAChannel(t *testing.T) {
	for name, c := range map[string]struct {
		status  string
		routing any
		task    string
	}{
		"closed":                     {"closed", nil, "wrapping"},
		"closed with its routing":    {"closed", object{"status": "closed"}, "completed"},
		"inactive needs its routing": {"inactive", object{"status": "closed"}, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			s := l.talk("Chris")
			noError(t, l.setChannel(s, c.status, c.routing))
			is(t, "task", l.status(s.TaskSID), c.task)
			is(t, "conversation", *l.conversation(s.ConversationSID).State, c.status)
			_, err := l.transfer(s, toWorker(l.WorkerSID("bea")))
			wantError(t, err, 400, 80906)
		})
	}
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	wantError(t, l.setChannel(s, "inactive", nil), 400, 20001)
	wantError(t, l.setChannel(s, "active", nil), 400, 20001)
	wantError(t, l.setChannel(s, "closed", object{"status": "wrapup"}), 400, 20001)
	is(t, "task", l.status(s.TaskSID), "assigned")
}

func TestAnInviteOutlivesItsChannel(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	task := must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea"))))
	noError(t, l.setChannel(s, "closed", nil))
	is(t, "the invite's task", l.status(task), "reserved")
	l.accept(task)
	is(t, "agents in the closed channel", len(l.agents(s)), 1)
}

func TestInvitingAWorkerDirectly(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	direct := func(sid string) object {
		return object{"worker_sid": sid, "queue_sid": l.QueueSID("Everyone"), "task_channel_unique_name": "chat"}
	}
	_, err := l.invite(s, direct(l.WorkerSID("ada")))
	wantError(t, err, 400, 80102)
	task := must[string](t)(l.invite(s, direct(l.WorkerSID("bea"))))
	must[sandbox.Reservation](t)(l.RejectReservation(*l.pending(task).Sid))
	is(t, "a declined direct invite", l.status(task), "canceled")
	_, err = l.invite(s, object{"workflow_sid": "WW00000000000000000000000000000000"})
	wantError(t, err, 400, 20001)
	p := (&flex.CreateInteractionChannelInviteParams{}).SetRouting(object{"properties": object{"workspace_sid": "WS1"}})
	_, err = l.flex.CreateInteractionChannelInvite(s.InteractionSID, s.InteractionChannelSID, p)
	wantError(t, err, 400, 20001)
	is(t, "invites", len(l.invites(s)), 2)
}

func (l *lab) invites(s sandbox.StartedConversation) []flex.FlexV1InteractionChannelInvite {
	l.t.Helper()
	return must[[]flex.FlexV1InteractionChannelInvite](l.t)(
		l.flex.ListInteractionChannelInvite(s.InteractionSID, s.InteractionChannelSID, nil))
}

func TestAgentsWhoCompleteByTaskRouterLeave(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	p := (&taskrouter.UpdateTaskParams{}).SetAssignmentStatus("completed").SetReason("done")
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, s.TaskSID, p))
	is(t, "agents", len(l.agents(s)), 0)
	channel := must[*flex.FlexV1InteractionChannel](t)(l.flex.FetchInteractionChannel(s.InteractionSID, s.InteractionChannelSID))
	is(t, "channel", *channel.Status, "active")
}

func TestACustomerLeaves(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	wantError(t, l.CustomerLeaves(s.ConversationSID, "ada"), 400, 20001)
	noError(t, l.CustomerLeaves(s.ConversationSID, s.Identity))
	is(t, "participants", len(l.participants(s)), 1)
	wantError(t, l.CustomerLeaves(s.ConversationSID, s.Identity), 404, 20404)
	is(t, "task", l.status(s.TaskSID), "assigned")
}

func TestCustomersOfOtherChannels(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	_, err := l.StartConversation(sandbox.Customer{Name: "Chris", ChannelType: "sms"}, "Hi")
	wantError(t, err, 400, 20001)
	_, err = l.StartConversation(sandbox.Customer{Name: "Chris", ChannelType: "fax"}, "Hi")
	wantError(t, err, 400, 20001)
	s := must[sandbox.StartedConversation](t)(l.StartConversation(
		sandbox.Customer{Name: "Chris", ChannelType: "email", Address: "chris@example.org", PreEngagement: object{"topic": "bill"}}, "Hi"))
	is(t, "identity", s.Identity, "chris@example.org")
	task := l.task(s.TaskSID)
	is(t, "task channel", *task.TaskChannelUniqueName, "email")
	is(t, "topic", attributesOf(t, *task.Attributes)["pre_engagement_data"].(object)["topic"], any("bill"))
	members := must[[]conversations.ConversationsV1ConversationParticipant](t)(l.conversations.ListConversationParticipant(s.ConversationSID, nil))
	is(t, "binding", (*members[0].MessagingBinding).(object)["address"], any("chris@example.org"))
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, "chris@example.org", "More"))
}

func TestTasksOfChannels(t *testing.T) {
	for kind, c := range map[string]struct{ address, from, taskChannel, customers string }{
		"web":      {"", "Chris", "chat", `{"name":"Chris"}`},
		"sms":      {"+12025550100", "+12025550100", "sms", `{"name":"Chris","phone":"+12025550100"}`},
		"whatsapp": {"whatsapp:+12025550100", "whatsapp:+12025550100", "chat", `{"name":"Chris","phone":"+12025550100"}`},
		"email":    {"chris@example.org", "chris@example.org", "email", `{"email":"chris@example.org","name":"Chris"}`},
	} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			s := must[sandbox.StartedConversation](t)(l.StartConversation(sandbox.Customer{Name: "Chris", ChannelType: kind, Address: c.address}, "Hi"))
			task := l.task(s.TaskSID)
			attributes := attributesOf(t, *task.Attributes)
			is(t, "task channel", *task.TaskChannelUniqueName, c.taskChannel)
			is(t, "from", attributes["from"], any(c.from))
			is(t, "channelType", attributes["channelType"], any(kind))
			is(t, "customerAddress", attributes["customerAddress"], any(s.Identity))
			customers, _ := json.Marshal(attributes["customers"])
			is(t, "customers", string(customers), c.customers)
			channel := must[*flex.FlexV1InteractionChannel](t)(l.flex.FetchInteractionChannel(s.InteractionSID, s.InteractionChannelSID))
			is(t, "channel", *channel.Type, kind)
		})
	}
}

func TestMailWithRecipients(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	mail := sandbox.Customer{Name: "Chris", ChannelType: "email", Address: "chris@example.org", Subject: "My bill",
		Recipients: []sandbox.Recipient{{Name: "Dana", Address: "dana@example.org"}, {Address: "eli@example.org", Level: "cc"}}}
	s := must[sandbox.StartedConversation](t)(l.StartConversation(mail, "Hi"))
	is(t, "identity", s.Identity, "chris@example.org")
	is(t, "subject is the name", *l.conversation(s.ConversationSID).FriendlyName, "My bill")
	is(t, "mailbox", (*l.conversation(s.ConversationSID).Bindings).(object)["email"].(object)["address"], any("support@example.com"))
	is(t, "customers in the interaction", len(l.participants(s)), 3)
	members := must[[]conversations.ConversationsV1ConversationParticipant](t)(l.conversations.ListConversationParticipant(s.ConversationSID, nil))
	for i, want := range []object{
		{"type": "email", "address": "chris@example.org", "name": "Chris", "level": "to"},
		{"type": "email", "address": "dana@example.org", "name": "Dana", "level": "to"},
		{"type": "email", "address": "eli@example.org", "name": "", "level": "cc"},
	} {
		got, _ := json.Marshal(*members[i].MessagingBinding)
		wanted, _ := json.Marshal(want)
		is(t, "binding", string(got), string(wanted))
		if members[i].Identity != nil {
			t.Errorf("identity %q", *members[i].Identity)
		}
	}
	is(t, "subject", *l.Snapshot().Messages[s.ConversationSID][0].Subject, "My bill")
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, "dana@example.org", "Me too"))
	noError(t, l.CustomerLeaves(s.ConversationSID, "dana@example.org"))
	is(t, "customers left", len(l.participants(s)), 2)
	for _, bad := range []func(*sandbox.Customer){
		func(c *sandbox.Customer) { c.Recipients[0].Address = "dana" },
		func(c *sandbox.Customer) { c.Recipients[0].Address = c.Address },
		func(c *sandbox.Customer) { c.Recipients[0].Level = "bcc" },
		func(c *sandbox.Customer) { c.Subject = strings.Repeat("x", 257) },
		func(c *sandbox.Customer) { c.ChannelType = "sms" },
	} {
		c := mail
		c.Recipients = slices.Clone(mail.Recipients)
		bad(&c)
		_, err := l.StartConversation(c, "Hi")
		wantError(t, err, 400, 20001)
	}
	add := (&flex.CreateInteractionChannelParticipantParams{}).SetType("customer").
		SetMediaProperties(object{"level": "cc", "name": "Fay", "address": "fay@example.org", "type": "email"})
	must[*flex.FlexV1InteractionChannelParticipant](t)(l.flex.CreateInteractionChannelParticipant(s.InteractionSID, s.InteractionChannelSID, add))
	is(t, "customers", len(l.participants(s)), 3)
}

func TestInteractionsMadeByREST(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	p := (&flex.CreateInteractionParams{}).SetChannel(object{"type": "sms", "initiated_by": "agent",
		"participants": []any{object{"address": "+15550001111", "proxy_address": "+15550002222"}}}).
		SetRouting(object{"properties": object{"workspace_sid": l.ws, "workflow_sid": l.WorkflowSID("Assign to Anyone"),
			"task_channel_unique_name": "chat", "attributes": object{"customerName": "Chris"}}})
	made := must[*flex.FlexV1Interaction](t)(l.flex.CreateInteraction(p))
	channel := (*made.Channel).(object)["sid"].(string)
	task := (*made.Routing).(object)["properties"].(object)["sid"].(string)
	l.accept(task)
	fetched := must[*flex.FlexV1Interaction](t)(l.flex.FetchInteraction(*made.Sid))
	is(t, "channel", (*fetched.Channel).(object)["sid"].(string), channel)
	s := sandbox.StartedConversation{InteractionSID: *made.Sid, InteractionChannelSID: channel}
	is(t, "participants", len(l.participants(s)), 2)
	add := (&flex.CreateInteractionChannelParticipantParams{}).SetType("supervisor").SetMediaProperties(object{"identity": "sam"})
	must[*flex.FlexV1InteractionChannelParticipant](t)(l.flex.CreateInteractionChannelParticipant(s.InteractionSID, channel, add))
	_, err := l.flex.CreateInteractionChannelParticipant(s.InteractionSID, channel, add)
	wantError(t, err, 400, 80102)
	_, err = l.flex.CreateInteraction((&flex.CreateInteractionParams{}).SetChannel(object{"type": "pigeon"}))
	wantError(t, err, 400, 20001)
	_, err = l.flex.FetchInteractionChannel("KD00000000000000000000000000000000", channel)
	wantError(t, err, 404, 20404)
}

func TestInteractionWebhooksAreRegistered(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	address := "https://flex-api.twilio.com/v1/Instances/" + l.InstanceSID() + "/InteractionWebhooks"
	made := l.post(address, url.Values{"Type": {"global"}, "WebhookUrl": {"https://x.example/hook"}, "WebhookMethod": {"POST"},
		"WebhookEvents": {"onParticipantJoined", "onParticipantLeft"}}, 201)
	if ttid, _ := made["ttid"].(string); !strings.HasPrefix(ttid, "flex_interactionwebhook_") {
		t.Fatalf("ttid is %v", made["ttid"])
	}
	is(t, "listed", len(l.get(address, 200)["interaction_webhooks"].([]any)), 1)
	l.post(address, url.Values{"WebhookUrl": {"ftp://x"}}, 400)
	l.get("https://flex-api.twilio.com/v1/Instances/GO00000000000000000000000000000000/InteractionWebhooks", 404)
}
