package twilsock

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

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
	form, err := q.formOf(map[string]string{"attributes": "Attributes", "friendly_name": "FriendlyName",
		"unique_name": "UniqueName"})
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
	return answer{body: map[string]any{"participants": list,
		"meta": map[string]any{"key": "participants", "next_token": nil}}}, nil
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
		return answer{body: map[string]any{key: []any{}, "meta": map[string]any{"key": key, "next_token": nil,
			"previous_token": nil, "direction": "backwards"}}}, nil
	}
}

// noMetadata is the answer that tells the SDK to ask no more: 50530.
func noMetadata(*request) (answer, error) {
	return answer{}, refused(http.StatusNotFound, 50530, "The message has no channel metadata")
}
