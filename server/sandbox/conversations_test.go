package sandbox_test

import (
	"strings"
	"testing"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (l *lab) setAttributes(sid, attributes string) error {
	p := (&conversations.UpdateConversationParams{}).SetAttributes(attributes)
	_, err := l.conversations.UpdateConversation(sid, p)
	return err
}

func TestConversationAttributesLastWriteWins(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	noError(t, l.setAttributes(s.ConversationSID, `{"a":1}`))
	noError(t, l.setAttributes(s.ConversationSID, `{"b":2}`))
	is(t, "attributes", *l.conversation(s.ConversationSID).Attributes, `{"b":2}`)
	wantError(t, l.setAttributes(s.ConversationSID, `{`), 400, 20001)
	noError(t, l.setAttributes(s.ConversationSID, `{"a":"`+strings.Repeat("x", 16*1024-8)+`"}`))
	wantError(t, l.setAttributes(s.ConversationSID, `{"a":"`+strings.Repeat("x", 16*1024-7)+`"}`), 400, 20001)
	p := (&conversations.UpdateConversationParams{}).SetFriendlyName("New name")
	must[*conversations.ConversationsV1Conversation](t)(l.conversations.UpdateConversation(s.ConversationSID, p))
	if n := len(*l.conversation(s.ConversationSID).Attributes); n != 16*1024 {
		t.Fatalf("a new name left %d bytes of attributes", n)
	}
}

func TestAClosedConversationIsFinal(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	p := (&conversations.UpdateConversationParams{}).SetState("closed")
	must[*conversations.ConversationsV1Conversation](t)(l.conversations.UpdateConversation(s.ConversationSID, p))
	_, err := l.conversations.UpdateConversation(s.ConversationSID, (&conversations.UpdateConversationParams{}).SetState("active"))
	wantError(t, err, 400, 20001)
	_, err = l.conversations.CreateConversationMessage(s.ConversationSID, (&conversations.CreateConversationMessageParams{}).SetBody("hi"))
	wantError(t, err, 400, 20001)
}

func TestMessagesComeInPagesAndBothOrders(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	for range 120 {
		p := (&conversations.CreateConversationMessageParams{}).SetAuthor("ada").SetBody("text")
		must[*conversations.ConversationsV1ConversationMessage](t)(l.conversations.CreateConversationMessage(s.ConversationSID, p))
	}
	list := func(p *conversations.ListConversationMessageParams) []conversations.ConversationsV1ConversationMessage {
		t.Helper()
		return must[[]conversations.ConversationsV1ConversationMessage](t)(l.conversations.ListConversationMessage(s.ConversationSID, p))
	}
	all := list((&conversations.ListConversationMessageParams{}).SetPageSize(50))
	is(t, "messages", len(all), 121)
	for i, m := range all {
		is(t, "index", m.Index, i)
	}
	newest := list((&conversations.ListConversationMessageParams{}).SetPageSize(50).SetOrder("desc"))
	is(t, "messages", len(newest), 121)
	is(t, "newest index", newest[0].Index, 120)
	is(t, "oldest index", newest[120].Index, 0)
	if all[1].ParticipantSid == nil || *all[1].Author != "ada" {
		t.Fatal("a message does not know its participant")
	}
}

func TestConversationsMadeByREST(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	p := (&conversations.CreateConversationParams{}).SetFriendlyName("Room").SetUniqueName("room-1").SetAttributes(`{"x":1}`)
	made := must[*conversations.ConversationsV1Conversation](t)(l.conversations.CreateConversation(p))
	is(t, "by unique name", *l.conversation("room-1").Sid, *made.Sid)
	_, err := l.conversations.CreateConversation(p)
	wantError(t, err, 409, 50353)
	add := (&conversations.CreateConversationParticipantParams{}).SetIdentity("guest").SetAttributes(`{"r":1}`)
	m := must[*conversations.ConversationsV1ConversationParticipant](t)(l.conversations.CreateConversationParticipant(*made.Sid, add))
	_, err = l.conversations.CreateConversationParticipant(*made.Sid, add)
	wantError(t, err, 409, 50433)
	mine := must[[]conversations.ConversationsV1ParticipantConversation](t)(
		l.conversations.ListParticipantConversation((&conversations.ListParticipantConversationParams{}).SetIdentity("guest")))
	is(t, "conversations of guest", len(mine), 1)
	noError(t, l.conversations.DeleteConversationParticipant(*made.Sid, *m.Sid, nil))
	_, err = l.conversations.FetchConversationParticipant(*made.Sid, *m.Sid)
	wantError(t, err, 404, 20404)
	noError(t, l.conversations.DeleteConversation(*made.Sid, nil))
	_, err = l.conversations.FetchConversation("room-1")
	wantError(t, err, 404, 20404)
	in := must[*conversations.ConversationsV1ServiceConversation](t)(
		l.conversations.CreateServiceConversation(l.ChatServiceSID(), &conversations.CreateServiceConversationParams{}))
	is(t, "service", *in.ChatServiceSid, l.ChatServiceSID())
	_, err = l.conversations.FetchServiceConversation("IS00000000000000000000000000000000", *in.Sid)
	wantError(t, err, 404, 20404)
}
