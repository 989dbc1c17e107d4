package twilsock

import (
	"net/http"
	"net/url"
	"strings"
)

// typingSeconds is how long somebody counts as typing.
const typingSeconds = 5

// typingType is the type of the notifications that somebody is typing.
const typingType = "twilio.ipmsg.typing_indicator"

func (q *request) viewUser(u *user) map[string]any {
	return map[string]any{"sid": u.sid, "user_sid": u.sid, "identity": u.identity, "friendly_name": u.name,
		"attributes": u.attributes, "is_online": q.hub.online(u.identity), "is_notifiable": false,
		"url": clientURL + "/Users/" + pathEscape(u.identity), "sync_objects": map[string]string{"user_info_map": u.info.name}}
}

func getUser(q *request) (answer, error) {
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	u := q.hub.users[q.path[3]]
	if u == nil {
		return answer{}, q.notFound()
	}
	return answer{body: q.viewUser(u)}, nil
}

// updateUser lets a user choose its name and attributes. The sandbox keeps them as long as the handler lives.
func updateUser(q *request) (answer, error) {
	form, err := q.formOf(map[string]string{"friendly_name": "name", "attributes": "attributes"})
	if err != nil {
		return answer{}, err
	}
	if q.path[3] != q.session.Identity {
		return answer{}, refused(http.StatusForbidden, 50403, "%q may not change other users", q.session.Identity)
	}
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	u := q.hub.user(q.session.Identity)
	if form.Has("name") {
		u.name, u.fixedName = form.Get("name"), true
	}
	if form.Has("attributes") {
		u.attributes = form.Get("attributes")
	}
	q.hub.refreshUser(u.identity)
	return answer{body: q.viewUser(u)}, nil
}

// startTyping tells the others in a conversation that the user is typing. Source: @twilio/conversations,
// services/typing-indicator.js.
func startTyping(q *request) (answer, error) {
	form, err := url.ParseQuery(strings.TrimSpace(string(q.body)))
	if err != nil {
		return answer{}, refused(http.StatusBadRequest, 20001, "The body is not a valid form")
	}
	q.hub.mu.Lock()
	defer q.hub.mu.Unlock()
	c := q.hub.conversations[form.Get("ChannelSid")]
	if c == nil {
		return answer{}, q.notFound()
	}
	m := c.memberOf(q.session.Identity)
	if m == nil {
		return answer{}, q.notIn(c)
	}
	payload := toJSON(map[string]any{"channel_sid": c.view.SID, "conversation_sid": c.view.SID, "identity": q.session.Identity,
		"participant_sid": m.view.SID, "typing_timeout": typingSeconds})
	for l := range q.hub.links {
		if l.session.Identity != q.session.Identity && c.mayRead(l.session) {
			l.push(typingType, payload)
		}
	}
	return answer{body: map[string]any{"typing_timeout": typingSeconds}}, nil
}
