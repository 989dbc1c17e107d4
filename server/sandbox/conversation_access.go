package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// FlexSession is whom a Flex token stands for, and until when.
type FlexSession struct {
	Identity  string // in Conversations
	WorkerSID string
	Roles     []string // agent, supervisor, admin, …
	Expires   time.Time
}

// Oversees says whether the session's roles let it look into conversations that it is not in.
func (s FlexSession) Oversees() bool {
	return slices.Contains(s.Roles, "supervisor") || slices.Contains(s.Roles, "admin")
}

// FlexSession returns whom a Flex token stands for. A token that is not good is an *Error with status 401 and the code of
// Twilio's token validation: 20101 unknown or revoked, 20104 expired.
func (a *Account) FlexSession(token string) (FlexSession, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.validateToken(token)
	if !v.Valid {
		return FlexSession{}, refused(http.StatusUnauthorized, v.Code, "%s", *v.Message)
	}
	return FlexSession{Identity: *v.Identity, WorkerSID: *v.WorkerSID, Roles: v.Roles, Expires: a.tokens[token].expires}, nil
}

// Clock returns the clock of the account, for what goes on beside it and should share its time.
func (a *Account) Clock() Clock { return a.clock }

// Done returns a channel that is closed when the account is.
func (a *Account) Done() <-chan struct{} { return a.closed }

// Observe calls f for every change after the snapshot that it returns, without a gap, under the promises of Subscribe.
func (a *Account) Observe(f func(Change)) (s Snapshot, cancel func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cancel = a.observe(f)
	return a.snapshot(), cancel
}

// SDKRequest is something that a browser's SDK asks of Conversations on behalf of who is signed in to it.
type SDKRequest struct {
	Method, Path string     // as in the REST API: /v1/Conversations/CH…/Messages
	Form         url.Values // its parameters, as in the REST API

	ConversationSID string
	Identity        string // must be in the conversation
	Overseer        bool   // need not be in it
}

// ServeSDK serves a request of an SDK by the code of the REST API, and as at Twilio webhooks tell of what it changes. It
// knows no credentials, limits and faults: those of the REST API are not for SDKs. The answer is the REST API's (a
// Conversation, ConversationParticipant or Message; nil where something was removed); a refusal is an *Error, 403 with code
// 50400 for an identity that is not in the conversation.
func (a *Account) ServeSDK(q SDKRequest) (any, error) {
	r, values, _ := a.routes[ProductConversations].find(q.Method, q.Path)
	if r == nil {
		return nil, notFound(q.Path)
	}
	c := &call{product: ProductConversations, path: q.Path, route: r, values: values, query: url.Values{}, form: q.Form,
		header: http.Header{"X-Twilio-Webhook-Enabled": {"true"}}}
	if c.form == nil {
		c.form = url.Values{}
	}
	var body any
	err := a.do(func() error {
		conv, err := a.conversation(q.ConversationSID)
		if err != nil {
			return err
		}
		if !q.Overseer && conv.memberByIdentity(q.Identity) == nil {
			return refused(http.StatusForbidden, 50400, "%q is not a participant of conversation %s", q.Identity, conv.sid)
		}
		ans, err := r.handle(a, c)
		body = ans.body
		return err
	})
	return body, err
}
