package sandbox

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

const maxConversationAttributes = 16 * 1024 // bytes, see Twilio's Conversations limits

func (a *Account) addConversation(name, uniqueName *string, attributes string, quiet bool) (*conversation, error) {
	if attributes == "" {
		attributes = "{}"
	}
	if err := checkConversationAttributes(attributes); err != nil {
		return nil, err
	}
	if uniqueName != nil && a.store.byUniqueName[*uniqueName] != nil {
		return nil, refused(http.StatusConflict, codeUniqueNameTaken, "Conversation with provided unique name already exists")
	}
	c := &conversation{entity: a.entity("CH", ""), name: name, uniqueName: uniqueName, attributes: attributes,
		state: stateActive, members: newOrdered[*member](), messages: newOrdered[*message]()}
	a.store.conversations.put(c.sid, c)
	if uniqueName != nil {
		a.store.byUniqueName[*uniqueName] = c
	}
	a.recordConversation(c)
	if !quiet {
		a.conversationHook("onConversationAdded", c, nil)
	}
	a.conversationChanged(c)
	return c, nil
}

func checkConversationAttributes(attributes string) error {
	if len(attributes) > maxConversationAttributes {
		return invalid("Attributes are limited to %d bytes, got %d", maxConversationAttributes, len(attributes))
	}
	if !json.Valid([]byte(attributes)) {
		return invalid("Attributes must be valid JSON")
	}
	return nil
}

func (a *Account) recordConversation(c *conversation) {
	a.remember(RecordEntry{Kind: "conversation", SID: c.sid, Status: c.state, ConversationSID: c.sid})
}

func (a *Account) conversationChanged(c *conversation) {
	a.changed("conversation", func() any { return a.viewConversation(c) })
}

// setConversationState moves a conversation to a state; closed is final. Webhooks go out where hooks is set.
func (a *Account) setConversationState(c *conversation, state, reason string, hooks bool) {
	if c.state == state || c.state == stateClosed {
		return
	}
	from := c.state
	c.state = state
	a.touch(&c.entity)
	a.recordConversation(c)
	if hooks {
		a.conversationHook("onConversationStateUpdated", c, pairs{
			{"StateFrom", from}, {"StateTo", state}, {"Reason", reason}, {"StateUpdated", stamp(c.updated)},
		})
	}
	a.conversationChanged(c)
}

// memberSpec is what a new ConversationParticipant is made of.
type memberSpec struct {
	identity   string
	attributes string
	binding    map[string]string
	roleSID    *string
	sdk        bool // webhooks go out, as for all that does not come by REST
}

func (a *Account) addMember(c *conversation, spec memberSpec) *member {
	if spec.attributes == "" {
		spec.attributes = "{}"
	}
	m := &member{entity: a.entity("MB", ""), conversation: c, identity: spec.identity, attributes: spec.attributes,
		binding: spec.binding, roleSID: spec.roleSID}
	c.members.put(m.sid, m)
	a.store.members[m.sid] = m
	a.recordMember(m, "joined")
	if spec.sdk {
		a.conversationHook("onParticipantAdded", c, m.pairs())
	}
	a.memberChanged(m)
	return m
}

func (a *Account) recordMember(m *member, status string) {
	a.remember(RecordEntry{Kind: "member", SID: m.sid, Status: status, ConversationSID: m.conversation.sid, Detail: m.author()})
}

func (a *Account) memberChanged(m *member) {
	a.changed("conversation_participant", func() any { return a.viewMember(m) })
}

func (a *Account) removeMember(m *member, hooks bool) {
	m.left = true
	m.conversation.members.delete(m.sid)
	delete(a.store.members, m.sid)
	a.recordMember(m, "left")
	if hooks {
		a.conversationHook("onParticipantRemoved", m.conversation, m.pairs())
	}
	a.memberChanged(m)
}

func (c *conversation) memberByIdentity(identity string) *member {
	for m := range c.members.all() {
		if m.identity == identity {
			return m
		}
	}
	return nil
}

// memberByAuthor finds whose messages carry an author: an identity or an address.
func (c *conversation) memberByAuthor(author string) *member {
	for m := range c.members.all() {
		if m.author() == author {
			return m
		}
	}
	return nil
}

// messageSpec is what a new message is made of.
type messageSpec struct {
	author     string // empty means system
	attributes string
	body       *string
	subject    *string // of mails
	hooks      bool    // webhooks go out
}

const maxSubject = 256 // characters, see the Messages resource

func (a *Account) addMessage(c *conversation, spec messageSpec) (*message, error) {
	if c.state == stateClosed {
		return nil, refused(http.StatusBadRequest, codeConversationClosed, "Conversation %s is closed", c.sid)
	}
	spec.attributes = orObject(spec.attributes)
	if err := checkConversationAttributes(spec.attributes); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(deref(spec.subject)) > maxSubject {
		return nil, invalid("Subject is limited to %d characters", maxSubject)
	}
	if spec.author == "" {
		spec.author = "system"
	}
	m := &message{entity: a.entity("IM", ""), conversation: c, index: c.nextIndex, author: spec.author, body: spec.body,
		subject: spec.subject, attributes: spec.attributes}
	if from := c.memberByAuthor(spec.author); from != nil {
		m.member = from.sid
	}
	c.nextIndex++
	c.messages.put(m.sid, m)
	if c.state == stateInactive {
		a.setConversationState(c, stateActive, "EVENT", spec.hooks)
	}
	e := RecordEntry{Kind: "message", SID: m.sid, Status: "added", ConversationSID: c.sid}
	e.Detail = deref(spec.body)
	a.remember(e)
	if spec.hooks {
		a.conversationHook("onMessageAdded", c, m.pairs())
	}
	a.changed("message", func() any { return a.viewMessage(m) })
	return m, nil
}

func (a *Account) updateConversationAttributes(c *conversation, attributes string, hooks bool) error {
	if err := checkConversationAttributes(attributes); err != nil {
		return err
	}
	c.attributes = attributes
	a.touch(&c.entity)
	if hooks {
		a.conversationHook("onConversationUpdated", c, nil)
	}
	a.conversationChanged(c)
	return nil
}

func (a *Account) deleteConversation(c *conversation, hooks bool) {
	a.store.conversations.delete(c.sid)
	if c.uniqueName != nil {
		delete(a.store.byUniqueName, *c.uniqueName)
	}
	for m := range c.members.all() {
		delete(a.store.members, m.sid)
	}
	if hooks {
		a.conversationHook("onConversationRemoved", c, nil)
	}
	a.changed("conversation_deleted", func() any { return a.viewConversation(c) })
}
