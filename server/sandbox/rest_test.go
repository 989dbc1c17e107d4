package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// send makes a request as the account and returns the answer's document.
func (l *lab) send(method, address string, form url.Values, status int, headers ...string) map[string]any {
	l.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	noError(l.t, err)
	req.SetBasicAuth(l.APIKey(), l.APISecret())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := l.Client().Do(req)
	noError(l.t, err)
	body, err := io.ReadAll(res.Body)
	noError(l.t, err)
	if res.StatusCode != status {
		l.t.Fatalf("%s %s: %d %s, want %d", method, address, res.StatusCode, body, status)
	}
	document := map[string]any{}
	if len(body) > 0 {
		noError(l.t, json.Unmarshal(body, &document))
	}
	return document
}

func (l *lab) get(address string, status int) map[string]any {
	l.t.Helper()
	return l.send("GET", address, nil, status)
}

func (l *lab) post(address string, form url.Values, status int, headers ...string) map[string]any {
	l.t.Helper()
	return l.send("POST", address, form, status, headers...)
}

func TestRefusalsHaveTwiliosShape(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	tasks := "https://taskrouter.twilio.com/v1/Workspaces/" + l.WorkspaceSID() + "/Tasks"
	for _, c := range []struct {
		method, address string
		status          int
		code            float64
	}{
		{"GET", tasks + "/WT00000000000000000000000000000000", 404, 20404},
		{"GET", "https://taskrouter.twilio.com/v1/Workspaces/WS00000000000000000000000000000000/Tasks", 404, 20404},
		{"GET", "https://taskrouter.twilio.com/v1/Nothing", 404, 20404},
		{"GET", "https://taskrouter.twilio.com/v1/Workspaces/" + l.WorkspaceSID() + "/Workers/Statistics", 404, 20404},
		{"PUT", tasks, 405, 20004},
		{"POST", tasks, 400, 20001}, // which of the two workflows?
		{"GET", tasks + "?PageSize=0", 400, 20001},
		{"GET", tasks + "?PageToken=x", 400, 20001},
		{"GET", tasks + "?EvaluateTaskAttributes=a+HAS", 400, 20001},
		{"GET", "https://video.twilio.com/v1/Rooms", 404, 20404},
		{"GET", "https://example.com/v1/Interactions", 404, 20404},
	} {
		got := l.send(c.method, c.address, nil, c.status)
		if got["code"] != c.code || got["status"] != float64(c.status) || got["message"] == "" || got["more_info"] == "" {
			t.Errorf("%s %s: %v", c.method, c.address, got)
		}
	}
}

func TestOnlyTheAccountsCredentialsAreTaken(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for _, c := range []struct {
		user, secret string
		want         int
	}{
		{l.AccountSID(), l.AuthToken(), 200}, {l.APIKey(), l.APISecret(), 200}, {l.AccountSID(), l.APISecret(), 401},
		{l.APIKey(), "", 401}, {"AC00000000000000000000000000000000", l.AuthToken(), 401}, {"", "", 401},
	} {
		req, _ := http.NewRequest("GET", "https://taskrouter.twilio.com/v1/Workspaces/"+l.WorkspaceSID(), nil)
		req.SetBasicAuth(c.user, c.secret)
		res, err := l.Client().Do(req)
		noError(t, err)
		if res.StatusCode != c.want {
			t.Errorf("%s is answered with %d, want %d", c.user, res.StatusCode, c.want)
		}
		_ = res.Body.Close()
	}
	ts := taskrouter.NewApiServiceWithClient(twilioClient(l.AccountSID(), "wrong", l.RoundTripper()))
	_, err := ts.FetchWorkspace(l.WorkspaceSID())
	wantError(t, err, 401, 20003)
}

func TestTheRateLimitIsPerEndpoint(t *testing.T) {
	limits := sandbox.DefaultLimits()
	l := newLab(t, sandbox.Options{Limits: &limits})
	s := must[sandbox.StartedConversation](t)(l.StartConversation(sandbox.Customer{Name: "Chris"}, ""))
	invite := func() error {
		_, err := l.transfer(s, toWorker("WKffffffffffffffffffffffffffffffff"))
		return err
	}
	for range 20 {
		noError(t, invite())
	}
	wantError(t, invite(), 429, 45780)
	is(t, "the refused one made no task", len(l.Record().Entries(sandbox.Query{Kind: "invite"})), 21) // and the customer's own
	l.participants(s)                                                                                 // another endpoint
	for range 20 {
		l.task(s.TaskSID)
	}
	_, err := l.taskrouter.FetchTask(l.ws, s.TaskSID)
	wantError(t, err, 429, 20429)
	l.clock.Advance(999e6)
	wantError(t, invite(), 429, 45780)
	l.clock.Advance(1e6)
	noError(t, invite())
	l.SetLimits(sandbox.Limits{})
	for range 50 {
		l.task(s.TaskSID)
	}
}

func TestTheTraceShowsRequests(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea"))))
	_, err := l.taskrouter.FetchTask(l.ws, "WT00000000000000000000000000000000")
	wantError(t, err, 404, 20404)
	last := l.Trace().Last(2)
	invite, fetch := last[0], last[1]
	is(t, "template", invite.Template, "/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Invites")
	is(t, "product", invite.Product, sandbox.ProductFlex)
	is(t, "status", invite.Status, 200)
	is(t, "by", invite.By, l.AccountSID())
	if !strings.Contains(invite.Summary, "reserved for bea") {
		t.Errorf("summary is %q", invite.Summary)
	}
	is(t, "status", fetch.Status, 404)
	is(t, "code", fetch.Code, 20404)
	is(t, "id", fetch.ID, invite.ID+1)
	for range 1100 {
		l.task(s.TaskSID)
	}
	is(t, "kept", len(l.Trace().Last(5000)), 1000)
}
