package twilsock

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
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
			"media_attachments_total_size_limit_in_mb": 150, "email_histories_allowed_mime_types": []string{"text/html", "text/plain"},
			"email_bodies_allowed_mime_types": []string{"text/html", "text/plain"}, "reachability_enabled": true,
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
		return nil, refused(http.StatusForbidden, 50400, "%q is not a participant of conversation %s", q.session.Identity, c.view.SID)
	}
	return c, nil
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
		"meta": map[string]any{"key": "conversations", "page_size": minePage, "next_token": orNull(next), "previous_token": nil}}}, nil
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

// act lets the account serve a change, as who is signed in; the hub's lock must not be held.
func (q *request) act(method, rest string, form url.Values) (any, error) {
	conversationSID := q.path[3]
	return q.hub.account.ServeSDK(sandbox.SDKRequest{Method: method, Path: "/v1/Conversations/" + conversationSID + rest,
		Form: form, ConversationSID: conversationSID, Identity: q.session.Identity, Overseer: q.session.Oversees()})
}

// formOf takes what was given of a JSON body's texts for a form: names are Twilio's in both.
func (q *request) formOf(names map[string]string) (url.Values, error) {
	var in map[string]any
	if err := q.json(&in); err != nil {
		return nil, err
	}
	form := url.Values{}
	for from, to := range names {
		switch v := in[from].(type) {
		case nil:
		case string:
			form.Set(to, v)
		default:
			return nil, refused(http.StatusBadRequest, 20001, "%s is not a text", from)
		}
	}
	return form, nil
}

func updateConversation(q *request) (answer, error) {
	form, err := q.formOf(map[string]string{"attributes": "Attributes", "friendly_name": "FriendlyName", "unique_name": "UniqueName"})
	if err != nil {
		return answer{}, err
	}
	body, err := q.act(http.MethodPost, "", form)
	return answer{body: body}, err
}

// sendMessage lets the user write. A supervisor may write without being in the conversation.
func sendMessage(q *request) (answer, error) {
	var in struct {
		MediaSIDs []string `json:"media_sids"`
		Content   *string  `json:"content_sid"`
	}
	if err := q.json(&in); err != nil {
		return answer{}, err
	}
	if len(in.MediaSIDs) > 0 || in.Content != nil {
		return answer{}, refused(http.StatusBadRequest, 20001, "media_sids and content_sid are not imitated by this sandbox")
	}
	form, err := q.formOf(map[string]string{"attributes": "Attributes", "body": "Body"})
	if err != nil {
		return answer{}, err
	}
	form.Set("Author", q.session.Identity)
	body, err := q.act(http.MethodPost, "/Messages", form)
	return answer{http.StatusCreated, body}, err
}

// updateMessage lets an author change a message.
func updateMessage(q *request) (answer, error) {
	form, err := q.formOf(map[string]string{"attributes": "Attributes", "body": "Body"})
	if err != nil {
		return answer{}, err
	}
	message, err := q.act(http.MethodGet, "/Messages/"+q.path[5], nil)
	if err != nil {
		return answer{}, err
	}
	if m, ok := message.(sandbox.Message); ok && m.Author != q.session.Identity {
		return answer{}, refused(http.StatusForbidden, 50403, "The message is somebody else's")
	}
	body, err := q.act(http.MethodPost, "/Messages/"+q.path[5], form)
	return answer{body: body}, err
}

func listMessages(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c, err := q.conversation(q.path[3])
	if err != nil {
		return answer{}, err
	}
	order, size, from, err := paging(q)
	if err != nil {
		return answer{}, err
	}
	list, next := []any{}, ""
	for _, m := range messagesFrom(c, order, from) {
		if len(list) == size {
			next = pageToken(order, size, strconv.Itoa(m.Index))
			break
		}
		list = append(list, m)
	}
	return answer{body: map[string]any{"messages": list, "meta": map[string]any{"key": "messages", "page_size": size,
		"direction": "backwards", "previous_token": nil, "next_token": orNull(next)}}}, nil
}

// messagesFrom are a conversation's messages in an order, from an index on.
func messagesFrom(c *conversation, order, from string) []sandbox.Message {
	all := slices.Clone(c.texts)
	if order == "desc" {
		slices.Reverse(all)
	}
	for i, m := range all {
		if from == "" || strconv.Itoa(m.Index) == from {
			return all[i:]
		}
	}
	return nil
}

func listParticipants(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c, err := q.conversation(q.path[3])
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	for _, i := range c.roster.items {
		list = append(list, c.members[i.key].view)
	}
	return answer{body: map[string]any{"participants": list, "meta": map[string]any{"key": "participants", "next_token": nil}}}, nil
}

// addParticipant lets supervisors join, or bring others.
func addParticipant(q *request) (answer, error) {
	form, err := q.formOf(map[string]string{"identity": "Identity", "attributes": "Attributes"})
	if err != nil {
		return answer{}, err
	}
	if !q.session.Oversees() {
		return answer{}, refused(http.StatusForbidden, 50403, "%q may not add participants", q.session.Identity)
	}
	body, err := q.act(http.MethodPost, "/Participants", form)
	return answer{http.StatusCreated, body}, err
}

// own says whether a participant, by SID or identity, is the user.
func (q *request) own(name string) bool {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c := q.hub.conversations[q.path[3]]
	if c == nil {
		return false
	}
	m := c.memberOf(q.session.Identity)
	return m != nil && (m.view.SID == name || m.identity() == name)
}

func updateParticipant(q *request) (answer, error) {
	form, err := q.formOf(map[string]string{"attributes": "Attributes"})
	if err != nil {
		return answer{}, err
	}
	if !q.own(q.path[5]) && !q.session.Oversees() {
		return answer{}, refused(http.StatusForbidden, 50403, "%q may not change other participants", q.session.Identity)
	}
	body, err := q.act(http.MethodPost, "/Participants/"+q.path[5], form)
	return answer{body: body}, err
}

// removeParticipant lets the user leave. Supervisors may remove others.
func removeParticipant(q *request) (answer, error) {
	if !q.own(q.path[5]) && !q.session.Oversees() {
		return answer{}, refused(http.StatusForbidden, 50403, "%q may not remove other participants", q.session.Identity)
	}
	_, err := q.act(http.MethodDelete, "/Participants/"+q.path[5], nil)
	return answer{http.StatusNoContent, nil}, err
}

func emptyList(key string) service {
	return func(q *request) (answer, error) {
		return answer{body: map[string]any{key: []any{}, "meta": map[string]any{"key": key, "next_token": nil, "previous_token": nil,
			"direction": "backwards"}}}, nil
	}
}

// noMetadata is the answer that tells the SDK to ask no more: 50530.
func noMetadata(*request) (answer, error) {
	return answer{}, refused(http.StatusNotFound, 50530, "The message has no channel metadata")
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
