package openapi_test

import (
	"fmt"
	"net/url"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
)

func driveConversations(f *fixture) {
	made := ok[*conversations.ConversationsV1Conversation](f.T)(f.conversations.CreateConversation(
		(&conversations.CreateConversationParams{}).SetFriendlyName("Talk").SetUniqueName("talk-1").SetAttributes(`{"a":1}`)))
	fetched := ok[*conversations.ConversationsV1Conversation](f.T)(f.conversations.FetchConversation(*made.Sid))
	is(f.T, "attributes", fetched.Attributes, `{"a":1}`)
	byName := f.send("GET", conversationsAPI+"/v1/Conversations/talk-1", nil, 200)
	if byName["sid"] != *made.Sid {
		f.Errorf("talk-1 is %v", byName["sid"])
	}
	updated := ok[*conversations.ConversationsV1Conversation](f.T)(f.conversations.UpdateConversation(*made.Sid,
		(&conversations.UpdateConversationParams{}).SetAttributes(`{"a":2}`).SetXTwilioWebhookEnabled("true")))
	is(f.T, "attributes", updated.Attributes, `{"a":2}`)
	closed := ok[*conversations.ConversationsV1Conversation](f.T)(f.conversations.UpdateConversation(*made.Sid,
		(&conversations.UpdateConversationParams{}).SetState("closed")))
	is(f.T, "state", closed.State, "closed")
	listed := ok[[]conversations.ConversationsV1Conversation](f.T)(f.conversations.ListConversation(
		&conversations.ListConversationParams{}))
	if len(listed) < 2 {
		f.Errorf("%d conversations", len(listed))
	}
	f.drivePages(conversationsAPI+"/v1/Conversations", "conversations", len(listed))
	if err := f.conversations.DeleteConversation(*made.Sid, &conversations.DeleteConversationParams{}); err != nil {
		f.Error(err)
	}
	f.send("GET", conversationsAPI+"/v1/Conversations/"+*made.Sid, nil, 404)
}

func driveMessages(f *fixture) {
	c := f.chatWith("ada")
	for i := range 4 {
		sent := ok[*conversations.ConversationsV1ConversationMessage](f.T)(f.conversations.CreateConversationMessage(c.ConversationSID,
			(&conversations.CreateConversationMessageParams{}).SetAuthor(c.Identity).SetBody(fmt.Sprint("message ", i)).
				SetAttributes(`{"n":1}`)))
		is(f.T, "author", sent.Author, c.Identity)
	}
	listed := ok[[]conversations.ConversationsV1ConversationMessage](f.T)(f.conversations.ListConversationMessage(
		c.ConversationSID, (&conversations.ListConversationMessageParams{}).SetOrder("desc")))
	if len(listed) != 5 {
		f.Fatalf("%d messages, want 5", len(listed))
	}
	is(f.T, "body of the newest", listed[0].Body, "message 3")
	is(f.T, "index of the newest", &listed[0].Index, 4)
	f.drivePages(conversationsAPI+"/v1/Conversations/"+c.ConversationSID+"/Messages", "messages", 5)
	one := ok[*conversations.ConversationsV1ConversationMessage](f.T)(f.conversations.FetchConversationMessage(
		c.ConversationSID, *listed[0].Sid))
	is(f.T, "body", one.Body, "message 3")
	updated := ok[*conversations.ConversationsV1ConversationMessage](f.T)(f.conversations.UpdateConversationMessage(
		c.ConversationSID, *one.Sid, (&conversations.UpdateConversationMessageParams{}).SetBody("corrected")))
	is(f.T, "body", updated.Body, "corrected")
	if err := f.conversations.DeleteConversationMessage(c.ConversationSID, *one.Sid,
		&conversations.DeleteConversationMessageParams{}); err != nil {
		f.Error(err)
	}
	f.send("GET", conversationsAPI+"/v1/Conversations/"+c.ConversationSID+"/Messages/"+*one.Sid, nil, 404)
}

func driveConversationParticipants(f *fixture) {
	c := f.chatWith("ada")
	added := ok[*conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.CreateConversationParticipant(c.ConversationSID,
		(&conversations.CreateConversationParticipantParams{}).SetIdentity("guest").SetAttributes(`{"role":"guest"}`)))
	fetched := ok[*conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.FetchConversationParticipant(
		c.ConversationSID, *added.Sid))
	is(f.T, "identity", fetched.Identity, "guest")
	updated := ok[*conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.UpdateConversationParticipant(
		c.ConversationSID, *added.Sid, (&conversations.UpdateConversationParticipantParams{}).SetAttributes(`{"role":"host"}`)))
	is(f.T, "attributes", updated.Attributes, `{"role":"host"}`)
	texting := ok[*conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.CreateConversationParticipant(c.ConversationSID,
		(&conversations.CreateConversationParticipantParams{}).
			SetMessagingBindingAddress("+15005550006").SetMessagingBindingProxyAddress("+15005550010")))
	if texting.Identity != nil {
		f.Errorf("identity of somebody who texts: %q", *texting.Identity)
	}
	listed := ok[[]conversations.ConversationsV1ConversationParticipant](f.T)(f.conversations.ListConversationParticipant(
		c.ConversationSID, &conversations.ListConversationParticipantParams{}))
	if len(listed) != 4 {
		f.Errorf("%d participants, want customer, agent and two guests", len(listed))
	}
	of := ok[[]conversations.ConversationsV1ParticipantConversation](f.T)(f.conversations.ListParticipantConversation(
		(&conversations.ListParticipantConversationParams{}).SetIdentity("guest")))
	if len(of) != 1 || *of[0].ConversationSid != c.ConversationSID {
		f.Errorf("%d conversations of the guest, want 1", len(of))
	}
	if err := f.conversations.DeleteConversationParticipant(c.ConversationSID, *added.Sid,
		&conversations.DeleteConversationParticipantParams{}); err != nil {
		f.Error(err)
	}
	f.send("GET", conversationsAPI+"/v1/Conversations/"+c.ConversationSID+"/Participants/"+*added.Sid, nil, 404)
}

// driveService reaches the same conversations by the paths of their service.
func driveService(f *fixture) {
	c := f.chatWith("ada")
	all := conversationsAPI + "/v1/Services/" + f.account.ChatServiceSID() + "/Conversations"
	f.send("GET", all, nil, 200)
	one := all + "/" + c.ConversationSID
	if got := f.send("GET", one, nil, 200); got["sid"] != c.ConversationSID {
		f.Errorf("fetched %v", got["sid"])
	}
	f.send("POST", one, url.Values{"Attributes": {`{"b":1}`}}, 200)
	f.send("GET", one+"/Messages", nil, 200)
	sent := f.send("POST", one+"/Messages", url.Values{"Author": {c.Identity}, "Body": {"Hi"}}, 201)
	message := one + "/Messages/" + sent["sid"].(string)
	f.send("GET", message, nil, 200)
	f.send("POST", message, url.Values{"Body": {"Hello"}}, 200)
	f.send("DELETE", message, nil, 204)
	f.send("GET", one+"/Participants", nil, 200)
	added := f.send("POST", one+"/Participants", url.Values{"Identity": {"guest"}}, 201)
	participant := one + "/Participants/" + added["sid"].(string)
	f.send("GET", participant, nil, 200)
	f.send("POST", participant, url.Values{"Attributes": {`{"c":1}`}}, 200)
	f.send("DELETE", participant, nil, 204)
	made := f.send("POST", all, url.Values{"FriendlyName": {"Other"}}, 201)
	f.send("DELETE", all+"/"+made["sid"].(string), nil, 204)
}

func driveConversationWebhooks(f *fixture) {
	ok[*conversations.ConversationsV1Configuration](f.T)(f.conversations.FetchConfiguration())
	ok[*conversations.ConversationsV1ConfigurationWebhook](f.T)(f.conversations.FetchConfigurationWebhook())
	updated := ok[*conversations.ConversationsV1ConfigurationWebhook](f.T)(f.conversations.UpdateConfigurationWebhook(
		(&conversations.UpdateConfigurationWebhookParams{}).SetMethod("POST").SetTarget("webhook").
			SetFilters([]string{"onMessageAdded", "onConversationStateUpdated"}).SetPostWebhookUrl("https://example.com/talk")))
	is(f.T, "post_webhook_url", updated.PostWebhookUrl, "https://example.com/talk")
	f.account.SetWebhooks(noWebhooks)
}
