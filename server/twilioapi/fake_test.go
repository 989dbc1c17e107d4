package twilioapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// sid makes a SID that passes for one of Twilio's.
func sid(prefix string, last string) string {
	return prefix + strings.Repeat("0", 32-len(last)) + last
}

var (
	accountSID     = sid("AC", "1")
	workspaceSID   = sid("WS", "1")
	interactionSID = sid("KD", "1")
	channelSID     = sid("UO", "1")
	participantSID = sid("UT", "1")
	workflowSID    = sid("WW", "1")
	taskSID        = sid("WT", "1")
	workerSID      = sid("WK", "1")
)

const (
	testToken  = "0123456789abcdefauthtoken"
	testSecret = "averysecretapisecret"
)

// fake is a Twilio that answers what a test wants, and counts.
type fake struct {
	server *httptest.Server
	client *Client

	mu       sync.Mutex
	requests []request
	calls    []Call
	conns    int
}

// request is what reached the fake.
type request struct {
	method, host, path, query, user, password, ifMatch string
	form                                               map[string][]string
	body                                               string
}

func newFake(t *testing.T, answer http.HandlerFunc, change ...func(*Options)) *fake {
	t.Helper()
	f := &fake{}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.note(r)
		answer(w, r)
	}))
	f.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.mu.Lock()
			f.conns++
			f.mu.Unlock()
		}
	}
	f.server.Start()
	o := Options{
		AccountSID: accountSID, WorkspaceSID: workspaceSID, APIKey: sid("SK", "1"), APISecret: testSecret,
		AuthToken: testToken, BaseURL: f.server.URL, Pace: Unpaced,
		Observe: func(c Call) { f.mu.Lock(); f.calls = append(f.calls, c); f.mu.Unlock() },
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if f.client, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.client.Close()
		f.server.CloseClientConnections()
		f.server.Close()
	})
	return f
}

func (f *fake) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	seen := request{
		method: r.Method, host: r.Host, path: r.URL.Path, query: r.URL.RawQuery, body: string(body),
		ifMatch: r.Header.Get("If-Match"),
	}
	seen.user, seen.password, _ = r.BasicAuth()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		seen.form, _ = url.ParseQuery(seen.body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, seen)
}

func (f *fake) seen() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.requests...)
}

// reply answers with status and JSON (or whatever body is).
func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cut closes the connection without an answer, or within one.
func cut(partial string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, partial)
		_ = conn.Close()
	}
}

// hang answers only when the client has gone away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

const madeInvite = `{"sid":"KG00000000000000000000000000000001","routing":{"properties":{` +
	`"sid":"WT00000000000000000000000000000001","workflow_sid":"WW00000000000000000000000000000001",` +
	`"attributes":"{\"transferId\":\"x\"}"},"reservation":null}}`

func (f *fake) invite(ctx context.Context) (Invite, error) {
	return f.client.Invite(ctx, InviteRequest{
		InteractionSID: interactionSID, InteractionChannelSID: channelSID, WorkflowSID: workflowSID,
		TaskChannelName: "chat", Attributes: `{"transferId":"x"}`,
	})
}

func wantOutcome(t *testing.T, err error, want Outcome) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	if e.Outcome != want {
		t.Fatalf("outcome is %s (%v), want %s", e.Outcome, e, want)
	}
	return e
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
