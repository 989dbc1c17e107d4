package twilsock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// request is an HTTP request that came through the socket.
type request struct {
	link    *link
	hub     *hub
	session sandbox.FlexSession
	method  string
	path    []string // segments, unescaped
	params  url.Values
	headers map[string]string
	body    []byte
	then    func() // to do once the answer is under way
}

// answer is what a request is answered with: 200 unless it says otherwise, and a body that JSON can hold, or nil.
type answer struct {
	status int
	body   any
}

// service answers the requests to one host of Twilio's, by its first label.
type service func(*request) (answer, error)

var services = map[string]service{"aim": serveConversations, "cds": serveSync, "ers": serveRegistrations,
	"flex-sdk": serveTelemetry}

// serve answers a request, and says what is to be done once its answer is under way.
func (l *link) serve(f frame, session sandbox.FlexSession) (int, any, func()) {
	in := f.header.HTTPRequest
	q := &request{link: l, hub: l.hub, session: session, method: strings.ToUpper(in.Method), headers: in.Headers, body: f.payload}
	ans, err := q.answer(in)
	if err != nil {
		var e *sandbox.Error
		if !errors.As(err, &e) {
			e = &sandbox.Error{Status: http.StatusBadRequest, Code: 20001, Message: err.Error()}
		}
		return e.Status, map[string]any{"status": e.Status, "code": e.Code, "message": e.Message,
			"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", e.Code)}, nil
	}
	if ans.status == 0 {
		ans.status = http.StatusOK
	}
	return ans.status, ans.body, q.then
}

func (q *request) answer(in *httpRequest) (answer, error) {
	for segment := range strings.SplitSeq(strings.Trim(in.Path, "/"), "/") {
		s, err := url.PathUnescape(segment)
		if err != nil {
			return answer{}, fmt.Errorf("http_request.path: %w", err)
		}
		q.path = append(q.path, s)
	}
	var err error
	if q.params, err = queryOf(in.Params); err != nil {
		return answer{}, err
	}
	host, _, _ := strings.Cut(strings.ToLower(in.Host), ".")
	serve := services[host]
	if serve == nil {
		return answer{}, q.notFound()
	}
	return serve(q)
}

// queryOf reads the parameters of a query: the SDKs take it apart and leave its values escaped.
func queryOf(params map[string]any) (url.Values, error) {
	values := url.Values{}
	for name, v := range params {
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, fmt.Errorf("http_request.params: %w", err)
		}
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, v := range list {
			text, err := url.QueryUnescape(fmt.Sprint(v))
			if err != nil {
				return nil, fmt.Errorf("http_request.params: %s: %w", name, err)
			}
			values.Add(name, text)
		}
	}
	return values, nil
}

// match compares the request with a method and a path template; {…} takes any segment.
func (q *request) match(method, template string) bool {
	segments := strings.Split(template, "/")
	if q.method != method || len(segments) != len(q.path) {
		return false
	}
	for i, s := range segments {
		if s != q.path[i] && !strings.HasPrefix(s, "{") {
			return false
		}
	}
	return true
}

// json reads the body.
func (q *request) json(v any) error {
	if len(q.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(q.body, v); err != nil {
		return refused(http.StatusBadRequest, 20001, "The body is not the JSON that is expected: %v", err)
	}
	return nil
}

func (q *request) notFound() error {
	return refused(http.StatusNotFound, 20404, "The requested resource /%s was not found", strings.Join(q.path, "/"))
}

func refused(status, code int, format string, args ...any) error {
	return &sandbox.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// serveRegistrations answers the service that registers devices for push notifications: it takes all and sends none.
func serveRegistrations(q *request) (answer, error) {
	if q.method == http.MethodPost {
		return answer{http.StatusCreated, map[string]string{"id": randomID("BS")}}, nil
	}
	return answer{http.StatusNoContent, nil}, nil
}

// serveTelemetry takes what Flex tells of its own use, and forgets it.
func serveTelemetry(q *request) (answer, error) {
	if q.match(http.MethodPost, "v1/Telemetry/Events") {
		return answer{body: map[string]any{}}, nil
	}
	return answer{}, q.notFound()
}
