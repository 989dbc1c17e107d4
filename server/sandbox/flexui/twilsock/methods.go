package twilsock

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// handle answers a frame. It says whether the link goes on.
func (l *link) handle(f frame) bool {
	switch f.header.Method {
	case "reply": // to a notification
		return true
	case "close":
		return false
	case "init":
		l.init(f)
		return true
	}
	if !l.isSignedIn() {
		l.reply(f.header, header{Status: &status{Code: 401, Status: "UNAUTHORIZED", Description: "There was no init"}}, nil)
		return true
	}
	switch f.header.Method {
	case "update":
		l.update(f)
	case "message":
		l.message(f)
	case "put_notification_ctx":
		l.putContext(f)
	case "delete_notification_ctx":
		l.hub.mu.Lock()
		delete(l.contexts, f.header.NotificationContextID)
		l.hub.mu.Unlock()
		l.reply(f.header, header{}, nil)
	case "telemetry.v1", "ping":
		l.reply(f.header, header{}, nil)
	default:
		l.reply(f.header, header{Status: &status{Code: 501, Status: "NOT_IMPLEMENTED", Description: f.header.Method}}, nil)
	}
	return true
}

// init signs the link in. Source: npm twilsock, protocol/messages/init.js and initReply.js.
func (l *link) init(f frame) {
	if l.isSignedIn() {
		l.reply(f.header, header{Status: &status{Code: 400, Status: "BAD_REQUEST", Description: "There was an init already"}}, nil)
		return
	}
	session, err := l.hub.account.FlexSession(f.header.Token)
	if err != nil {
		l.reply(f.header, header{Status: unauthorized(err)}, nil)
		return
	}
	continuation := f.header.ContinuationToken
	h := header{ContinuationToken: continuation, ContinuationTokenStatus: &continuationTokenStatus{},
		Capabilities: []string{"client_update", "offline_storage", "telemetry.v1"}, OfflineStorage: map[string]storage{},
		DebugInfo: map[string]string{}}
	if continuation == "" {
		h.ContinuationToken = randomID("CT")
		h.ContinuationTokenStatus = &continuationTokenStatus{Reissued: true, ReissueReason: "MISSING"}
	}
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.signIn(f.header.Token, session)
	for _, r := range f.header.Registrations {
		id := randomID("NC")
		l.contexts[id] = r.MessageTypes
		h.InitRegistrations = append(h.InitRegistrations, confirmedRegistration{r, id})
		h.OfflineStorage[r.Product] = storage{randomID("SS")}
	}
	l.hub.join(l)
	l.reply(f.header, h, nil)
	l.hub.logger.Debug("twilsock: signed in", "identity", session.Identity)
}

// update changes the link's token.
func (l *link) update(f frame) {
	session, err := l.hub.account.FlexSession(f.header.Token)
	if err != nil {
		l.reply(f.header, header{Status: unauthorized(err)}, nil)
		return
	}
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if session.Identity != l.session.Identity {
		l.reply(f.header, header{Status: &status{Code: 403, Status: "FORBIDDEN",
			Description: "The token is somebody else's", ErrorCode: 20403}}, nil)
		return
	}
	l.signIn(f.header.Token, session)
	l.reply(f.header, header{}, nil)
}

// putContext notes which notifications the SDK wants. Source: npm twilsock, services/registrations.js.
func (l *link) putContext(f frame) {
	var context struct {
		MessageTypes []string `json:"message_types"`
	}
	if err := json.Unmarshal(f.payload, &context); err != nil || f.header.NotificationContextID == "" {
		l.reply(f.header, header{Status: &status{Code: 400, Status: "BAD_REQUEST",
			Description: "notification_ctx_id and a JSON payload with message_types are needed"}}, nil)
		return
	}
	l.hub.mu.Lock()
	l.contexts[f.header.NotificationContextID] = slices.Clone(context.MessageTypes)
	l.hub.mu.Unlock()
	l.reply(f.header, header{}, nil)
}

func unauthorized(err error) *status {
	s := &status{Code: 401, Status: "UNAUTHORIZED", Description: err.Error()}
	var e *sandbox.Error
	if errors.As(err, &e) {
		s.Description, s.ErrorCode = e.Message, e.Code
	}
	return s
}

// message answers an HTTP request. A token that has gone bad since ends the link.
func (l *link) message(f frame) {
	l.hub.mu.Lock()
	token := l.token
	l.hub.mu.Unlock()
	session, err := l.hub.account.FlexSession(token)
	if err != nil {
		why := *unauthorized(err)
		l.reply(f.header, header{Status: unauthorized(err)}, nil)
		if why.ErrorCode == 20104 {
			why.Code, why.Status = 410, "TOKEN_EXPIRED"
		}
		l.end(why)
		return
	}
	if f.header.HTTPRequest == nil {
		l.reply(f.header, header{Status: &status{Code: 400, Status: "BAD_REQUEST", Description: "http_request: is missing"}}, nil)
		return
	}
	code, body, then := l.serve(f, session)
	h := header{HTTPStatus: &status{Code: code, Status: http.StatusText(code)},
		HTTPHeaders: map[string]string{"Content-Type": "application/json"}}
	var payload []byte
	if body != nil {
		payload = toJSON(body)
	}
	l.hub.logger.Debug("twilsock: request", "identity", session.Identity, "method", f.header.HTTPRequest.Method,
		"host", f.header.HTTPRequest.Host, "path", f.header.HTTPRequest.Path, "status", code)
	l.reply(f.header, h, payload)
	if then != nil {
		then()
	}
}
