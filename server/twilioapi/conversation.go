package twilioapi

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	conversations "github.com/twilio/twilio-go/rest/conversations/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var (
	conversationsFetch  = read("Conversations.fetch", ClassInvite)
	conversationsUpdate = write("Conversations.update", ClassInvite)
	messagesList        = read("Conversations.Messages.list", ClassInvite)
	membersList         = read("Conversations.Participants.list", ClassInvite)
)

// Conversation is a Conversation.
type Conversation struct {
	SID   string // CH…
	State string // initializing, active, inactive, closed
	// Attributes are any JSON, as text, of at most 16 KB. Everybody in the conversation can read them, customers too.
	Attributes string
	Created    time.Time
	Updated    time.Time
}

// Conversation reads a conversation.
func (c *Client) Conversation(ctx context.Context, conversationSID string) (Conversation, error) {
	if err := checkConversation(conversationsFetch, conversationSID); err != nil {
		return Conversation{}, err
	}
	return run(about(ctx, conversationSID), c, conversationsFetch, func(a *attempt) (Conversation, error) {
		conv, err := a.conversations().FetchConversation(conversationSID)
		if err != nil {
			return Conversation{}, err
		}
		if text(conv.Sid) == "" {
			return Conversation{}, errIncomplete
		}
		return Conversation{
			SID: text(conv.Sid), State: text(conv.State), Attributes: text(conv.Attributes),
			Created: when(conv.DateCreated), Updated: when(conv.DateUpdated),
		}, nil
	})
}

// UpdateConversationAttributes replaces the attributes, which must be JSON. The last write wins: Twilio has no ETag for
// conversations. It is made once, and causes no webhook; the SDKs of those in the conversation are told.
func (c *Client) UpdateConversationAttributes(ctx context.Context, conversationSID, attributes string) error {
	if err := checkConversation(conversationsUpdate, conversationSID); err != nil {
		return err
	}
	if !json.Valid([]byte(attributes)) {
		return invalid(conversationsUpdate.name, "attributes: not JSON")
	}
	params := (&conversations.UpdateConversationParams{}).SetAttributes(attributes)
	_, err := run(about(ctx, conversationSID), c, conversationsUpdate, func(a *attempt) (struct{}, error) {
		conv, err := a.conversations().UpdateConversation(conversationSID, params)
		if err == nil && text(conv.Sid) == "" {
			err = errIncomplete
		}
		return struct{}{}, err
	})
	return err
}

// Message is a Message of a Conversation.
type Message struct {
	SID            string // IM…
	Author         string // an identity or an address
	ParticipantSID string // MB…; empty for Twilio's own, and for those of who was never in
	Body           string
	Media          bool // something is attached
	Created        time.Time
	Index          int // counts up in a conversation, not always by one
}

// messagesPage is the most that Twilio gives at once. Source: the Messages resource.
const messagesPage = 100

// Messages reads the newest messages, at most so many, the newest last.
func (c *Client) Messages(ctx context.Context, conversationSID string, newest int) ([]Message, error) {
	if err := checkConversation(messagesList, conversationSID); err != nil {
		return nil, err
	}
	if newest <= 0 {
		return nil, invalid(messagesList.name, "newest: %d is not positive", newest)
	}
	params := (&conversations.ListConversationMessageParams{}).SetOrder("desc").SetPageSize(min(newest, messagesPage))
	messages, err := pagesUpTo(about(ctx, conversationSID), c, messagesList, newest, func(a *attempt) (page[Message], error) {
		list, err := a.conversations().PageConversationMessage(conversationSID, params, "", "")
		if err != nil {
			return page[Message]{}, err
		}
		messages := make([]Message, len(list.Messages))
		for i := range list.Messages {
			messages[i] = messageOf(&list.Messages[i])
		}
		return page[Message]{messages, list.Meta.NextPageUrl}, nil
	})
	slices.Reverse(messages)
	return messages, err
}

func messageOf(m *conversations.ConversationsV1ConversationMessage) Message {
	return Message{
		SID: text(m.Sid), Author: text(m.Author), ParticipantSID: text(m.ParticipantSid), Body: text(m.Body),
		Media: m.Media != nil && len(*m.Media) > 0, Created: when(m.DateCreated), Index: m.Index,
	}
}

// ConversationParticipant is a Participant of a Conversation: who reads and writes in it, by SDK or by address.
type ConversationParticipant struct {
	SID      string // MB…
	Identity string // of who uses the SDK: agents, customers in web chats; otherwise empty
	// Address of who does not, such as +15017122661, whatsapp:+15017122661 or cleo@example.com; otherwise empty. Its
	// BindingType is sms, whatsapp, email, …
	Address, BindingType string
	Attributes           string // any JSON, as text
	Created              time.Time
}

// ConversationParticipants lists who is in the conversation.
func (c *Client) ConversationParticipants(ctx context.Context, conversationSID string) ([]ConversationParticipant, error) {
	if err := checkConversation(membersList, conversationSID); err != nil {
		return nil, err
	}
	params := (&conversations.ListConversationParticipantParams{}).SetPageSize(messagesPage)
	return pages(about(ctx, conversationSID), c, membersList, func(a *attempt) (page[ConversationParticipant], error) {
		list, err := a.conversations().PageConversationParticipant(conversationSID, params, "", "")
		if err != nil {
			return page[ConversationParticipant]{}, err
		}
		members := make([]ConversationParticipant, len(list.Participants))
		for i, p := range list.Participants {
			var binding map[string]any
			if p.MessagingBinding != nil {
				binding = object(*p.MessagingBinding)
			}
			members[i] = ConversationParticipant{
				SID: text(p.Sid), Identity: text(p.Identity), Address: field(binding, "address"),
				BindingType: field(binding, "type"), Attributes: text(p.Attributes), Created: when(p.DateCreated),
			}
		}
		return page[ConversationParticipant]{members, list.Meta.NextPageUrl}, nil
	})
}

func checkConversation(ep *endpoint, conversationSID string) error {
	if !transfer.ValidSID(conversationSID, "CH") {
		return invalid(ep.name, "conversationSID: not a conversation SID")
	}
	return nil
}
