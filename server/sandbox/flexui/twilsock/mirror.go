package twilsock

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// conversation is a conversation with its Sync objects: the document CH….channel, the map CH….roster and the list
// CH….messages. The hub's lock guards it.
type conversation struct {
	view                      sandbox.Conversation
	stateSince                string
	members                   map[string]*member
	texts                     []sandbox.Message // by index
	lastMessage               *lastMessage
	channel, roster, messages *object
}

type lastMessage struct {
	Index     int    `json:"index"`
	Timestamp string `json:"timestamp"`
}

// member is a participant, and what the sandbox itself does not keep: how far it has read, and what it wants to hear.
type member struct {
	view       sandbox.ConversationParticipant
	readIndex  *int
	readAt     string
	notifyWhen string
}

func (m *member) identity() string {
	if m.view.Identity == nil {
		return ""
	}
	return *m.view.Identity
}

func (c *conversation) memberOf(identity string) *member {
	for _, m := range c.members {
		if identity != "" && m.identity() == identity {
			return m
		}
	}
	return nil
}

// mayRead says who may see a conversation: who is in it, and who oversees all.
func (c *conversation) mayRead(s sandbox.FlexSession) bool {
	return s.Oversees() || c.memberOf(s.Identity) != nil
}

func (h *hub) setConversation(v sandbox.Conversation) {
	c := h.conversations[v.SID]
	if c == nil {
		c = &conversation{members: map[string]*member{}}
		h.conversations[v.SID] = c
		c.channel = h.addObject(kindDocument, v.SID+".channel", c.mayRead)
		c.roster = h.addObject(kindMap, v.SID+".roster", c.mayRead)
		c.messages = h.addObject(kindList, v.SID+".messages", c.mayRead)
	}
	if c.view.State != v.State {
		c.stateSince = v.DateUpdated
	}
	c.view = v
	h.refreshChannel(c)
}

// refreshChannel writes the conversation's document anew. Source: @twilio/conversations, conversation.js (_update).
func (h *hub) refreshChannel(c *conversation) {
	data := map[string]any{
		"messages": c.messages.name, "roster": c.roster.name, "friendlyName": c.view.FriendlyName,
		"uniqueName": c.view.UniqueName, "attributes": c.view.Attributes, "createdBy": "system",
		"dateCreated": c.view.DateCreated, "dateUpdated": c.view.DateUpdated,
		"state": map[string]string{"current": c.view.State, "dateUpdated": c.stateSince},
	}
	if c.lastMessage != nil {
		data["lastMessage"] = c.lastMessage
	}
	h.setDocument(c.channel, toJSON(data))
}

func (h *hub) removeConversation(sid string) {
	c := h.conversations[sid]
	if c == nil {
		return
	}
	for _, m := range c.members {
		if u := h.users[m.identity()]; u != nil {
			h.removeItem(u.conversations, sid)
		}
	}
	for _, o := range []*object{c.messages, c.roster, c.channel} {
		h.removeObject(o)
	}
	delete(h.conversations, sid)
}

func (h *hub) setMember(v sandbox.ConversationParticipant) {
	c := h.conversations[v.ConversationSID]
	if c == nil {
		return
	}
	m := c.members[v.SID]
	if m == nil {
		m = &member{notifyWhen: "default"}
		c.members[v.SID] = m
	}
	m.view = v
	h.refreshMember(c, m)
}

// refreshMember writes a participant's item of the roster, and for an identity the item of its list of conversations.
// Source: @twilio/conversations, participant.js and data/conversations.js.
func (h *hub) refreshMember(c *conversation, m *member) {
	kind := "chat"
	if m.identity() == "" && m.view.MessagingBinding["type"] != "" {
		kind = m.view.MessagingBinding["type"]
	}
	data := map[string]any{
		"identity": m.view.Identity, "attributes": m.view.Attributes, "dateCreated": m.view.DateCreated,
		"dateUpdated": m.view.DateUpdated, "roleSid": m.view.RoleSID, "type": kind, "lastConsumedMessageIndex": m.readIndex,
		"lastConsumptionTimestamp": orNull(m.readAt),
	}
	if m.identity() == "" {
		h.setItem(c.roster, m.view.SID, toJSON(data))
		return
	}
	u := h.user(m.identity())
	u.nameFrom(m.view.Attributes)
	h.refreshUser(u.identity)
	data["userInfo"] = u.info.name
	h.setItem(c.roster, m.view.SID, toJSON(data))
	h.setItem(u.conversations, c.view.SID, toJSON(map[string]any{
		"status": "joined", "channel": c.channel.name, "messages": c.messages.name, "roster": c.roster.name,
		"createdBy": "system", "dateCreated": c.view.DateCreated, "notificationLevel": m.notifyWhen,
		"lastConsumedMessageIndex": m.readIndex,
	}))
}

// removeMember takes a participant out. Those who watch the conversation hear of it, the participant too; then it hears no
// more of the conversation.
func (h *hub) removeMember(conversationSID, memberSID string) {
	c := h.conversations[conversationSID]
	if c == nil || c.members[memberSID] == nil {
		return
	}
	identity := c.members[memberSID].identity()
	delete(c.members, memberSID)
	h.removeItem(c.roster, memberSID)
	if u := h.users[identity]; u != nil {
		h.removeItem(u.conversations, conversationSID)
	}
	for l := range h.links {
		if l.session.Identity != identity || c.mayRead(l.session) {
			continue
		}
		for _, o := range []*object{c.channel, c.roster, c.messages} {
			h.unwatch(l, o)
		}
	}
}

// setMessage writes a message's item, and what the conversation's document says about the last one. Source:
// @twilio/conversations, message.js.
func (h *hub) setMessage(v sandbox.Message) {
	c := h.conversations[v.ConversationSID]
	if c == nil {
		return
	}
	h.setItem(c.messages, strconv.Itoa(v.Index), toJSON(map[string]any{
		"sid": v.SID, "author": v.Author, "text": v.Body, "type": "text", "memberSid": v.ParticipantSID,
		"attributes": v.Attributes, "timestamp": v.DateCreated, "dateUpdated": v.DateUpdated, "lastUpdatedBy": nil,
	}))
	at, found := slices.BinarySearchFunc(c.texts, v.Index, func(m sandbox.Message, index int) int { return m.Index - index })
	if found {
		c.texts[at] = v
	} else {
		c.texts = slices.Insert(c.texts, at, v)
	}
	if c.lastMessage == nil || v.Index > c.lastMessage.Index {
		c.lastMessage = &lastMessage{v.Index, v.DateCreated}
		h.refreshChannel(c)
	}
}

// unread counts the messages that a member has not read, nil where it has never said how far it read.
func (c *conversation) unread(m *member) *int {
	if m == nil || m.readIndex == nil {
		return nil
	}
	n := 0
	for _, i := range c.messages.items {
		if i.index > *m.readIndex {
			n++
		}
	}
	return &n
}

// user is somebody with an identity: the map US….info says who it is, the map US….convs which conversations it is in.
type user struct {
	identity            string
	name, attributes    string
	fixedName           bool // the name is the worker's, or one that the user has chosen
	sid                 string
	info, conversations *object
}

// user finds a user, or makes one.
func (h *hub) user(identity string) *user {
	if u := h.users[identity]; u != nil {
		return u
	}
	u := &user{identity: identity, name: identity, attributes: "{}", sid: sidOf("US", identity)}
	h.users[identity] = u
	u.info = h.addObject(kindMap, u.sid+".info", func(sandbox.FlexSession) bool { return true })
	u.conversations = h.addObject(kindMap, u.sid+".convs", func(s sandbox.FlexSession) bool { return s.Identity == identity })
	h.refreshUser(identity)
	return u
}

// nameFrom takes the name that a customer's participant has in its attributes.
func (u *user) nameFrom(attributes string) {
	var a struct {
		FriendlyName string `json:"friendlyName"`
	}
	if !u.fixedName && json.Unmarshal([]byte(attributes), &a) == nil && a.FriendlyName != "" {
		u.name = a.FriendlyName
	}
}

// setWorker takes over who a worker is.
func (h *hub) setWorker(w sandbox.Worker) {
	var a struct {
		ContactURI string `json:"contact_uri"`
		FullName   string `json:"full_name"`
	}
	_ = json.Unmarshal([]byte(w.Attributes), &a)
	identity := w.FriendlyName
	if rest, ok := cutClient(a.ContactURI); ok {
		identity = rest
	}
	u := h.user(identity)
	u.fixedName = true
	if u.name = w.FriendlyName; a.FullName != "" {
		u.name = a.FullName
	}
	h.refreshUser(identity)
}

// refreshUser writes a user's map anew. Source: @twilio/conversations, user.js.
func (h *hub) refreshUser(identity string) {
	u := h.users[identity]
	if u == nil {
		return
	}
	h.setItem(u.info, "friendlyName", toJSON(map[string]string{"value": u.name}))
	h.setItem(u.info, "attributes", toJSON(map[string]string{"value": u.attributes}))
	h.setItem(u.info, "reachability", toJSON(map[string]bool{"online": h.online(identity), "notifiable": false}))
}

func (h *hub) online(identity string) bool {
	for l := range h.links {
		if l.session.Identity == identity {
			return true
		}
	}
	return false
}
