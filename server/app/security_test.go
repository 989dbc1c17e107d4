package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// The tests in this file look at the backend as an attacker would. What the
// wrong words in a request do is in badinput_test.go: another agent's
// conversation, a foreign account's token, SIDs with paths in them, huge and
// deep JSON, forged webhooks.

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "k"}
}

// unchanged fails where something has happened at Twilio meanwhile.
func (r *rig) unchanged() (check func()) {
	before := len(r.account.Record().Entries(sandbox.Query{}))
	return func() {
		r.Helper()
		if after := len(r.account.Record().Entries(sandbox.Query{})); after != before {
			r.Errorf("%d things have happened at Twilio", after-before)
		}
	}
}

// TestWhoHasNoBusinessHere sends good requests of those who may not make them,
// on every route.
func TestWhoHasNoBusinessHere(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	task := r.taskOf("ada")
	made := r.post("ada", r.body(task, "worker", r.worker("bea").SID), "first")
	r.phase("ada", made.id(), "ringing")
	stranger := sandbox.New(sandbox.Options{Seed: 99})
	defer stranger.Close()
	if err := stranger.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	var foreign string
	for _, w := range stranger.Snapshot().Workers {
		if w.FriendlyName == "ada" {
			var err error
			if foreign, err = stranger.IssueToken(w.SID, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	conversation := `{"wire":1,"interactionSid":"` + r.conv.interaction + `","interactionChannelSid":"` + r.conv.channel + `","taskSid":"` + task + `"`
	defer r.unchanged()()
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/transfers", conversation + `,"rules":"x","mode":"cold","target":{"kind":"worker","sid":"` + r.worker("chidi").SID + `"}}`},
		{"POST", "/v1/transfers/" + made.id() + "/cancel", conversation + "}"},
		{"POST", "/v1/departures", conversation + `,"kind":"leave"}`},
		{"POST", "/v1/departures", conversation + `,"kind":"end"}`},
		{"GET", "/v1/transfers/" + made.id(), ""},
		{"GET", "/v1/config", ""},
	} {
		for name, token := range map[string]string{"nobody": "", "somebody who made their token up": "eyJhbGciOiJub25lIn0.e30.", "another account's agent": foreign} {
			header := bearer(token)
			if token == "" {
				delete(header, "Authorization")
			}
			if a := r.send(c.method, c.path, c.body, header); a.status != http.StatusUnauthorized || a.code() != "UNAUTHENTICATED" {
				t.Errorf("%s %s by %s: %d %s", c.method, c.path, name, a.status, a.text)
			}
		}
		a := r.sendUntilAnswered(c.method, c.path, c.body, bearer(r.token("chidi")))
		if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
			t.Errorf("%s %s by an agent of another conversation: %d %s", c.method, c.path, a.status, a.text)
		}
		if strings.Contains(a.text, r.conv.channel) || strings.Contains(a.text, r.worker("ada").SID) {
			t.Errorf("%s %s tells somebody else about the conversation: %s", c.method, c.path, a.text)
		}
	}
	for _, path := range []string{"/v1/directory", "/v1/events"} {
		if a := r.send("GET", path+"?token="+url.QueryEscape(r.token("ada")), "", nil); a.status != http.StatusUnauthorized {
			t.Errorf("%s takes a token from the address: %d", path, a.status)
		}
	}
}

// TestReplayedWebhooks sends what Twilio has signed once more, elsewhere and
// with other words.
func TestReplayedWebhooks(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	made := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	ringing := r.phase("ada", made.id(), "ringing")
	invite, _ := ringing["invite"].(map[string]any)
	task, _ := invite["taskSid"].(string)
	form := url.Values{"EventType": {"task.updated"}, "TaskSid": {task}, "WorkerSid": {r.worker("bea").SID}}
	address := r.server.URL + "/webhooks/taskrouter"
	signature := sandbox.Sign(r.account.AuthToken(), address, form)
	send := func(path, body, signature string) int {
		return r.send("POST", path, body, map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}).status
	}
	accepted := url.Values{"EventType": {"reservation.accepted"}, "TaskSid": {task}, "WorkerSid": {r.worker("bea").SID}}
	for name, c := range map[string]struct {
		path, body, signature string
		want                  int
	}{
		"as it was":                  {"/webhooks/taskrouter", form.Encode(), signature, http.StatusNoContent},
		"once more":                  {"/webhooks/taskrouter", form.Encode(), signature, http.StatusNoContent},
		"at another address":         {"/webhooks/interactions", form.Encode(), signature, http.StatusForbidden},
		"with a query":               {"/webhooks/taskrouter?x=1", form.Encode(), signature, http.StatusForbidden},
		"with other words":           {"/webhooks/taskrouter", accepted.Encode(), signature, http.StatusForbidden},
		"with a field more":          {"/webhooks/taskrouter", form.Encode() + "&Reason=x", signature, http.StatusForbidden},
		"with a field twice":         {"/webhooks/taskrouter", form.Encode() + "&EventType=reservation.accepted", signature, http.StatusForbidden},
		"signed with another secret": {"/webhooks/taskrouter", accepted.Encode(), sandbox.Sign("guess", address, accepted), http.StatusForbidden},
		"signed with no secret":      {"/webhooks/taskrouter", accepted.Encode(), sandbox.Sign("", address, accepted), http.StatusForbidden},
	} {
		if got := send(c.path, c.body, c.signature); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if still := r.phase("ada", made.id(), "ringing"); still["acceptedBy"] != "" {
		t.Errorf("a forgery was believed: %v", still)
	}
	r.accept("bea")
	done := r.phase("ada", made.id(), "completed")
	// An acceptance that is repeated after the end changes nothing.
	if got := send("/webhooks/taskrouter", accepted.Encode(), sandbox.Sign(r.account.AuthToken(), address, accepted)); got != http.StatusNoContent {
		t.Errorf("a repeat after the end: %d", got)
	}
	if again := r.phase("ada", made.id(), "completed"); fmt.Sprint(again["endedAt"]) != fmt.Sprint(done["endedAt"]) {
		t.Errorf("a repeat has changed what was over: %v, %v", again, done)
	}
	r.once("ada", "bea")
}

// TestOneAgentsFlood fills one agent's bucket through the whole backend: they
// are told when to come again, everybody else goes on, and Twilio notices
// nothing.
func TestOneAgentsFlood(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold, config: func(c *Config) { c.Listen.AgentRate = 1 }})
	chidi, ada := r.token("chidi"), r.token("ada")
	body, err := json.Marshal(r.body(r.taskOf("ada"), "worker", r.worker("bea").SID))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	through, refused := 0, 0
	for i := range 40 {
		header := bearer(chidi)
		header["Idempotency-Key"] = fmt.Sprint("flood", i)
		switch a := r.send("POST", "/v1/transfers", string(body), header); a.status {
		case http.StatusTooManyRequests:
			refused++
			if a.header.Get("Retry-After") != "1" || a.code() != "TOO_MANY_REQUESTS" {
				t.Errorf("%s %v", a.text, a.header)
			}
		default:
			through++
		}
		if i == 20 {
			a := answer{status: http.StatusServiceUnavailable}
			for a.status == http.StatusServiceUnavailable { // the machine may be slow
				a = r.send("POST", "/v1/transfers", string(body), bearer(ada))
			}
			if a.status >= 300 {
				t.Errorf("somebody else in the middle of it: %d %s", a.status, a.text)
			}
		}
	}
	took := time.Since(began)
	if most := 4 + int(took.Seconds()) + 1; through > most || refused == 0 && took < 20*time.Second {
		t.Errorf("%d of 40 requests in %v went through, %d were refused", through, took, refused)
	}
	r.eventually("the invite is made", func() bool { return r.invites() > 0 })
	if n := r.invites(); n != 1 {
		t.Errorf("%d invites", n)
	}
}

// TestOneAgentsFloodThroughTheDropIn: the template's functions and the API are
// asked out of one bucket, and none where the setting lifts it.
func TestOneAgentsFloodThroughTheDropIn(t *testing.T) {
	t.Parallel()
	flood := func(r *rig, requests int) (through int, took time.Duration) {
		chidi, began := r.token("chidi"), time.Now()
		for i := range requests {
			var a answer
			if i%2 == 0 {
				a = r.ask("GET", dropInQueues+"?Token="+url.QueryEscape(chidi), "", nil)
			} else {
				a = r.send("GET", "/v1/directory", "", bearer(chidi))
			}
			switch {
			case a.header.Get("Retry-After") == "1" && a.status == http.StatusTooManyRequests &&
				(a.code() == "TOO_MANY_REQUESTS" || a.field("message") == "Too many requests. Wait a moment."):
			case a.status == http.StatusOK:
				through++
			default:
				t.Errorf("request %d: %d %s %v", i, a.status, a.text, a.header)
			}
		}
		return through, time.Since(began)
	}
	r := dropInRigWith(t, func(c *Config) { c.Listen.AgentRate = 1 })
	through, took := flood(r, 40)
	if most := 4 + int(took.Seconds()) + 1; through > most || through < 4 {
		t.Errorf("%d of 40 requests in %v went through", through, took)
	}
	if a := r.ask("GET", dropInQueues+"?Token="+url.QueryEscape(r.token("ada")), "", nil); a.status != http.StatusOK {
		t.Errorf("somebody else: %d %s", a.status, a.text)
	}
	if through, took := flood(dropInRig(t), 300); through != 300 {
		t.Errorf("%d of 300 requests in %v went through where any number may", through, took)
	}
}

// TestSlowClients does not wait for ever for those who say little.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, r.backend.Handler, func() {}, func() error { return nil }) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	var all sync.WaitGroup
	for name, say := range map[string]string{
		"nothing":         "",
		"half a header":   "POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthoriz",
		"half a body":     "POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + r.token("ada") + "\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"wire\":1,",
		"half a webhook":  "POST /webhooks/taskrouter HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: x\r\nContent-Length: 500\r\n\r\nEventType=",
		"a chunk too few": "POST /v1/departures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + r.token("ada") + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"wir\r\n",
	} {
		all.Go(func() {
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
			if _, err := io.WriteString(conn, say); err != nil {
				t.Error(err)
			}
			if answer, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: the connection is still open: %v %q", name, err, answer)
			} else if bytes.Contains(answer, []byte(" 200 ")) || bytes.Contains(answer, []byte(" 201 ")) {
				t.Errorf("%s: %q", name, answer)
			}
		})
	}
	all.Wait()
}

// TestHeadersOfEveryAnswer looks at what browsers are told: on pages, answers,
// files, errors and refusals.
func TestHeadersOfEveryAnswer(t *testing.T) {
	r := newRig(t, rigOptions{features: cold, config: func(c *Config) { c.Pages = true; c.Listen.Origins = []string{"https://flex.twilio.com"} }})
	for _, path := range []string{"/", "/web/", "/web/demo/desk.js", "/v1/directory", "/v1/nothing", "/v1/openapi.yaml", "/healthz", "/readyz",
		"/metrics", "/wasm/loader.js", "/wasm/nothing.wasm", "/nowhere", "/web/nothing.html", "/webhooks/taskrouter"} {
		h := r.send("GET", path, "", nil).header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
		csp := h.Get("Content-Security-Policy")
		if isModule := strings.HasPrefix(path, "/wasm/"); !isModule && (!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe-inline") || strings.Contains(csp, "*")) {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
		if got := h.Get("Server") + h.Get("X-Powered-By"); got != "" {
			t.Errorf("%s names what it runs on: %s", path, got)
		}
	}
	for origin, allowed := range map[string]bool{
		"https://flex.twilio.com": true, "https://flex.twilio.com.evil.example": false, "http://flex.twilio.com": false, "null": false, "https://evil.example": false,
	} {
		for _, method := range []string{"OPTIONS", "GET"} {
			a := r.send(method, "/v1/directory", "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"})
			if got := a.header.Get("Access-Control-Allow-Origin"); (got == origin) != allowed || got == "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %s: %q", method, origin, got)
			}
		}
	}
}

// TestHeaderInjection sends line breaks wherever something of a request comes
// back in an answer or goes on to Twilio.
func TestHeaderInjection(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	defer r.unchanged()()
	token, address := r.token("ada"), strings.TrimPrefix(r.server.URL, "http://")
	for _, lines := range []string{
		"GET /v1/transfers/XT%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x",
		"GET /%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x",
		"GET /v1/directory?interactionSid=KD%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: x",
		"GET /v1/directory HTTP/1.1\r\nHost: x\r\nX-Request-Id: aaaaaaaa\rSet-Cookie: a=b",
		"GET /v1/directory HTTP/1.1\r\nHost: x\r\nOrigin: https://a\rSet-Cookie: a=b",
		"GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1%0d%0aSet-Cookie: a=b",
		"GET /v1/directory HTTP/1.1\r\nHost: x\r\nAccept-Language: en\rSet-Cookie: a=b",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "%s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", lines, token)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		if resp.Header.Get("Set-Cookie") != "" || resp.StatusCode >= 500 {
			t.Errorf("%q: %s %v", lines, resp.Status, resp.Header)
		}
		resp.Body.Close()
		conn.Close()
	}
}

// everything keeps what is logged, at every level.
type everything struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (e *everything) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(p)
}

func (e *everything) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.String()
}

// TestSecretsStayInside plays a story with everything that goes wrong in it, and
// looks for secrets in all that was logged at level debug, and in all answers.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	var log everything
	r := newRig(t, rigOptions{features: cold, config: func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Pages = true
	}})
	secrets := map[string]string{
		"the auth token":  r.account.AuthToken(),
		"the API secret":  r.config.Account.APISecret,
		"the credentials": base64.StdEncoding.EncodeToString([]byte(r.config.Account.APIKey + ":" + r.config.Account.APISecret)),
		"ada's token":     r.token("ada"),
		"a forged token":  "eyJmb3JnZWQiOiJ0b2tlbiJ9.forged.signature",
		"the notes":       "the customer's card is 4111",
	}
	var answers strings.Builder
	note := func(a answer) answer { fmt.Fprintf(&answers, "%v %s\n", a.header, a.text); return a }
	ada := secrets["ada's token"]
	note(r.send("GET", "/v1/directory", "", bearer(secrets["a forged token"])))
	note(r.send("GET", "/v1/events?token="+url.QueryEscape(ada)+"&access_token="+url.QueryEscape(r.account.AuthToken()), "", nil))
	note(r.send("GET", "/v1/"+url.PathEscape("x")+"?a="+url.QueryEscape(ada), "", bearer(ada)))
	note(r.send("POST", "/v1/transfers", `{"wire":1,"token":"`+ada+`"}`, bearer(ada)))
	note(r.send("POST", "/webhooks/taskrouter", "EventType=x&Token="+url.QueryEscape(ada), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}))
	body := r.body(r.taskOf("ada"), "worker", r.worker("bea").SID)
	body["notes"] = secrets["the notes"]
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for i, do := range []sandbox.Action{
		{Kind: sandbox.FaultStatus, Status: 500}, {Kind: sandbox.FaultStatus, Status: 401}, {Kind: sandbox.FaultStatus, Status: 429},
	} {
		if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Path: pathInvites, Method: "POST"}, Do: do, Times: 1}); err != nil {
			t.Fatal(err)
		}
		header := bearer(ada)
		header["Idempotency-Key"] = fmt.Sprint("k", i)
		note(r.send("POST", "/v1/transfers", string(text), header))
	}
	r.account.Faults().Clear()
	r.eventually("a transfer rings", func() bool {
		_, ok := r.reservation("bea", "pending")
		if !ok {
			r.send("POST", "/v1/transfers", string(text), bearer(ada))
		}
		return ok
	})
	r.accept("bea")
	r.eventually("it is over", func() bool { return strings.Contains(log.String(), "phase=completed") })
	note(r.send("GET", "/metrics", "", nil))
	note(r.send("GET", "/readyz", "", nil))
	logged := log.String()
	if !strings.Contains(logged, "level=DEBUG") || !strings.Contains(logged, "twilio call failed") {
		t.Error("the log does not show what it should: the test sees nothing")
	}
	for name, secret := range secrets {
		for where, text := range map[string]string{"the log": logged, "an answer": answers.String()} {
			if secret == "" {
				t.Fatalf("no secret: %s", name)
			}
			for _, form := range []string{secret, url.QueryEscape(secret), strings.ReplaceAll(secret, "/", `\/`)} {
				if at := strings.Index(text, form); at >= 0 && !(name == "the notes" && where == "an answer") {
					t.Errorf("%s is in %s: …%s…", name, where, text[max(at-200, 0):at])
				}
			}
		}
	}
}
