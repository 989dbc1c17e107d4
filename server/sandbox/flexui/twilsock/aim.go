package twilsock

import (
	"net/http"
	"strconv"
)

// clientURL is the address of Conversations' interface for SDKs.
const clientURL = "https://aim.us1.twilio.com/Client/v2"

const base = "Client/v2/"

// serveConversations answers Conversations' interface for SDKs. Source: npm @twilio/conversations 2.5 and 2.6.
func serveConversations(q *request) (answer, error) {
	for _, r := range []struct {
		method, template string
		serve            service
	}{
		{"GET", "Configuration", getConfiguration},
		{"GET", "MyConversations", listMine},
		{"GET", "MyConversations/{CH}", getMine},
		{"POST", "MyConversations/{CH}", updateMine},
		{"GET", "Users/{identity}", getUser},
		{"POST", "Users/{identity}", updateUser},
		{"POST", "Typing", startTyping},
		{"GET", "Conversations/{CH}", getConversation},
		{"POST", "Conversations/{CH}", updateConversation},
		{"GET", "Conversations/{CH}/Participants", listParticipants},
		{"POST", "Conversations/{CH}/Participants", addParticipant},
		{"POST", "Conversations/{CH}/Participants/{MB}", updateParticipant},
		{"DELETE", "Conversations/{CH}/Participants/{MB}", removeParticipant},
		{"GET", "Conversations/{CH}/Messages", listMessages},
		{"POST", "Conversations/{CH}/Messages", sendMessage},
		{"POST", "Conversations/{CH}/Messages/{IM}", updateMessage},
		{"GET", "Conversations/{CH}/Messages/{IM}/Receipts", emptyList("delivery_receipts")},
		{"GET", "Conversations/{CH}/Messages/{IM}/ChannelMetadata", noMetadata},
		{"GET", "Conversations/{CH}/MessageRecipients", emptyList("message_recipients")},
	} {
		if q.match(r.method, base+r.template) {
			return r.serve(q)
		}
	}
	return answer{}, q.notFound()
}

func getConfiguration(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	u := q.hub.user(q.session.Identity)
	media := "https://mcs.us1.twilio.com/v1/Services/" + q.hub.account.ChatServiceSID()
	return answer{body: map[string]any{
		"identity": u.identity,
		"links": map[string]string{
			"my_conversations": clientURL + "/MyConversations", "conversations": clientURL + "/Conversations",
			"users": clientURL + "/Users", "current_user": clientURL + "/Users/" + pathEscape(u.identity),
			"typing": clientURL + "/Typing", "media_service": media + "/Media", "media_set_service": media + "/MediaSet",
			"messages_receipts": clientURL + "/Conversations/%s/Messages/%s/Receipts",
		},
		"options": map[string]any{
			"media_attachments_count_limit": 10, "media_attachment_size_limit_in_mb": 150,
			"media_attachments_total_size_limit_in_mb": 150,
			"email_histories_allowed_mime_types":       []string{"text/html", "text/plain"},
			"email_bodies_allowed_mime_types":          []string{"text/html", "text/plain"}, "reachability_enabled": true,
			"user_infos_to_subscribe": 100, "http_cache_interval": "PT5S", "consumption_report_interval": "PT1S",
		},
		"sync_objects": map[string]string{"my_user_info": u.info.name, "my_conversations": u.conversations.name},
	}}, nil
}

// viewFor is a conversation as this interface shows it to somebody. It wants the hub's lock held.
func (q *request) viewFor(c *conversation) map[string]any {
	u := clientURL + "/Conversations/" + c.view.SID
	v := map[string]any{
		"sid": c.view.SID, "conversation_sid": c.view.SID, "friendly_name": c.view.FriendlyName,
		"unique_name": c.view.UniqueName, "attributes": c.view.Attributes, "created_by": "system", "state": c.view.State,
		"date_created": c.view.DateCreated, "date_updated": c.view.DateUpdated, "status": "notParticipating",
		"participants_count": len(c.members), "messages_count": len(c.messages.items), "unread_messages_count": nil,
		"last_read_message_index": nil, "notification_level": "default", "url": u,
		"links":        map[string]string{"self": u, "messages": u + "/Messages", "participants": u + "/Participants"},
		"sync_objects": map[string]string{"conversation": c.channel.name, "messages": c.messages.name, "roster": c.roster.name},
	}
	if m := c.memberOf(q.session.Identity); m != nil {
		v["status"], v["participant_sid"], v["notification_level"] = "joined", m.view.SID, m.notifyWhen
		v["last_read_message_index"], v["unread_messages_count"] = m.readIndex, c.unread(m)
	}
	return v
}

// conversation finds the conversation that the path names, by SID or unique name, if the user may read it. It wants the
// hub's lock held.
func (q *request) conversation(name string) (*conversation, error) {
	c := q.hub.conversations[name]
	for _, other := range q.hub.conversations {
		if c == nil && other.view.UniqueName != nil && *other.view.UniqueName == name {
			c = other
		}
	}
	if c == nil {
		return nil, q.notFound()
	}
	if !c.mayRead(q.session) {
		return nil, q.notIn(c)
	}
	return c, nil
}

func (q *request) notIn(c *conversation) error {
	return refused(http.StatusForbidden, 50400, "%q is not a participant of conversation %s", q.session.Identity, c.view.SID)
}

// minePage is how many conversations a page of MyConversations has.
const minePage = 100

func listMine(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	mine := q.hub.user(q.session.Identity).conversations.items
	start, err := strconv.Atoi(orZero(q.params.Get("PageToken")))
	if err != nil || start < 0 {
		return answer{}, refused(http.StatusBadRequest, 20001, "PageToken is not valid")
	}
	start = min(start, len(mine))
	end := min(start+minePage, len(mine))
	list := []any{}
	for _, i := range mine[start:end] {
		if c := q.hub.conversations[i.key]; c != nil {
			list = append(list, q.viewFor(c))
		}
	}
	next := ""
	if end < len(mine) {
		next = strconv.Itoa(end)
	}
	return answer{body: map[string]any{"conversations": list,
		"meta": map[string]any{"key": "conversations", "page_size": minePage, "next_token": orNull(next),
			"previous_token": nil}}}, nil
}

func getMine(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c, err := q.conversation(q.path[3])
	if err != nil {
		return answer{}, err
	}
	if c.memberOf(q.session.Identity) == nil {
		return answer{}, q.notFound()
	}
	return answer{body: q.viewFor(c)}, nil
}

// updateMine notes how far the user has read, and what it wants to be told.
func updateMine(q *request) (answer, error) {
	var in map[string]any
	if err := q.json(&in); err != nil {
		return answer{}, err
	}
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c, err := q.conversation(q.path[3])
	if err != nil {
		return answer{}, err
	}
	m := c.memberOf(q.session.Identity)
	if m == nil {
		return answer{}, q.notFound()
	}
	if level, ok := in["notification_level"].(string); ok {
		m.notifyWhen = level
	}
	if index, given := in["last_read_message_index"]; given {
		m.readIndex, m.readAt = nil, ""
		if n, ok := index.(float64); ok {
			read := int(n)
			m.readIndex, m.readAt = &read, moment(q.hub.now())
		}
	}
	q.hub.refreshMember(c, m)
	return answer{body: q.viewFor(c)}, nil
}

func getConversation(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c, err := q.conversation(q.path[3])
	if err != nil {
		return answer{}, err
	}
	return answer{body: q.viewFor(c)}, nil
}
