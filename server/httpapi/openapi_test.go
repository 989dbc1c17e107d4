package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// contract is the API's document, ready to be checked against.
type contract struct {
	doc     *openapi3.T
	router  routers.Router
	checked map[string]bool // operation and status → an answer was checked
}

func loadContract(t *testing.T) *contract {
	t.Helper()
	text, err := document.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{doc: doc, router: router, checked: map[string]bool{}}
}

// check sends the request and holds its answer, and where it is agreed to the
// request too, against the document.
func (c *contract) check(t *testing.T, a *API, r *http.Request, body string, status int) {
	t.Helper()
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s is not in the document: %v", r.Method, r.URL.Path, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}}
	r.Body = io.NopCloser(strings.NewReader(body))
	resp := do(a, r)
	answer := bodyOf(t, resp)
	name := r.Method + " " + route.Path
	if resp.StatusCode != status {
		t.Fatalf("%s: status %d, want %d: %s", name, resp.StatusCode, status, answer)
	}
	if status < 300 {
		r.Body = io.NopCloser(strings.NewReader(body))
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s agrees to a request that the document does not describe: %v\n%s", name, err, body)
		}
	}
	if err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: resp.Header, Body: io.NopCloser(strings.NewReader(answer)), Options: in.Options,
	}); err != nil {
		t.Errorf("%s: %v\n%s", name, err, answer)
	}
	c.checked[name+" "+strconv.Itoa(status)] = true
}

// fullWorld is one in which every member of every answer has a value.
func fullWorld() *world {
	w := newWorld()
	w.settings = transfer.Settings{
		ColdTransfer: true, LeaveOn: transfer.LeaveOnAccept, InviteTimeout: time.Minute,
		PingPong: transfer.PingPong{Transfers: 3, Within: time.Hour, QueueSID: sid("WQ")},
		Handover: transfer.HandoverSettings{Reasons: []transfer.ReasonOption{{Code: "billing", Labels: map[string]string{"": "Billing"}}}},
		Permissions: []transfer.Permission{{Name: "p", Workers: []string{"A*"}, Teams: []string{"x"}, Roles: []string{"agent"}, Skills: []string{"en"},
			FromQueues: []string{"*"}, NoWarm: true, ToQueues: transfer.Patterns{Allow: []string{"a"}, Deny: []string{"b"}}}},
	}
	w.directory = func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		return []transfer.WorkerRecord{{SID: sid("WK"), FriendlyName: "grace", Attributes: "{}"}}, []transfer.QueueRecord{
			{SID: sid("WQ"), FriendlyName: "Billing", Skills: []string{"en"}, Figures: &transfer.QueueFigures{Waiting: 1}}, {SID: sid("WQ")}}, nil
	}
	w.find = func(context.Context, Caller, string) (Outcome, error) {
		return fullOutcome(transfer.PhaseTimedOut), nil
	}
	w.cancel = func(context.Context, Caller, transfer.Request) (Outcome, error) {
		return fullOutcome(transfer.PhaseWithdrawing), nil
	}
	return w
}

func fullOutcome(phase transfer.Phase) Outcome {
	o := outcome(phase)
	t, now := &o.Transfer, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	target := transfer.Target{Kind: transfer.TargetQueue, SID: sid("WQ"), Name: "Billing"}
	t.From = transfer.Agent{WorkerSID: sid("WK"), Name: "Ada", ParticipantSID: sid("UT"), TaskSID: sid("WT")}
	t.Asked, t.RequestedBy, t.LeaveOn, t.LeaveAs = &target, sid("WK"), transfer.LeaveOnAccept, transfer.LeaveWrapup
	t.Tried = []transfer.Tried{{Target: target, Outcome: transfer.ReasonTargetDeclined, At: now}}
	t.Invite = transfer.Invite{SID: sid("KG"), TaskSID: sid("WT")}
	t.InvitedAt, t.Deadline, t.AcceptedAt, t.LeftAt, t.EndedAt = now, now, now, now, now
	t.Round, t.Over, t.AcceptedBy, t.Failure = 1, transfer.ReasonInviteTimedOut, sid("WK"), transfer.ReasonInviteTimedOut
	t.DroppedAttributes = []string{"big"}
	t.Briefing = transfer.Briefing{From: "Ada", Reason: "billing", Notes: "n"}
	t.Digest, t.DigestWanted = &transfer.Digest{Text: "d", Service: true, Failure: transfer.ReasonSummaryFailed}, true
	return o
}

func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	c, w := loadContract(t), fullWorld()
	a := w.api(t, documented)
	json := func(method, path, body string, status int) {
		t.Helper()
		c.check(t, a, signedIn(method, path, body, "Content-Type", "application/json", "Idempotency-Key", "k"), body, status)
	}
	cancel := strings.Replace(cancelPath, "{id}", sid("XT"), 1)
	for _, s := range []struct {
		phase    transfer.Phase
		repeated bool
		status   int
	}{{transfer.PhaseRinging, false, 201}, {transfer.PhaseRinging, true, 200}, {transfer.PhaseInviting, false, 202}, {transfer.PhaseFailed, false, 409}} {
		w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
			o := fullOutcome(s.phase)
			o.Repeated = s.repeated
			return o, nil
		}
		json("POST", "/v1/transfers", goodBody(), s.status)
	}
	json("POST", "/v1/transfers", strings.Replace(goodBody(), `"mode":"cold"`, `"mode":"warm","leaveOn":"accept","reason":"","notes":"n"`, 1), 409)
	json("POST", "/v1/transfers", "{}", 400)
	json("POST", "/v1/transfers", goodBody()+strings.Repeat(" ", maxRequest), 413)
	json("GET", "/v1/transfers/"+sid("XT"), "", 200)
	json("GET", "/v1/transfers/x", "", 404)
	json("POST", cancel, conversationBody(""), 200)
	json("POST", cancel, strings.Replace(conversationBody(""), sid("WT"), "", 1), 200)
	json("POST", cancel, "{}", 400)
	for _, s := range []struct {
		phase  transfer.DeparturePhase
		more   string
		again  bool
		status int
	}{
		{transfer.DepartureGone, `,"kind":"leave"`, false, 201}, {transfer.DepartureGone, `,"kind":"end"`, true, 200},
		{transfer.DepartureLeaving, removal(), false, 202}, {transfer.DepartureFailed, removal(), false, 409},
	} {
		w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
			o := departure(s.phase)
			o.Repeated = s.again
			return o, nil
		}
		json("POST", "/v1/departures", conversationBody(s.more), s.status)
	}
	json("POST", "/v1/departures", "[]", 400)
	json("GET", "/v1/directory", "", 200)
	json("GET", "/v1/directory?interactionSid="+sid("KD")+"&interactionChannelSid="+sid("UO")+"&taskSid="+sid("WT"), "", 200)
	json("GET", "/v1/directory?taskSid=x", "", 400)
	json("GET", "/v1/events?after=x", "", 400)
	json("GET", "/v1/config", "", 403)
	json("GET", "/healthz", "", 200)
	json("GET", "/readyz", "", 200)
	json("HEAD", "/readyz", "", 200)
	json("GET", "/wasm/manifest.json", "", 200)
	json("GET", "/wasm/none.js", "", 404)
	form := request("POST", "/webhooks/taskrouter", "", "Content-Type", formType, "X-Twilio-Signature", "s")
	c.check(t, a, form, "EventType=x&TaskSid=y", 204)
	w.verify = func(context.Context, string) (Caller, error) {
		return Caller{WorkerSID: sid("WK"), Roles: []string{"admin"}}, nil
	}
	json("GET", "/v1/config", "", 200)
	c.refusals(t, a, w)
	for _, o := range c.operations() {
		if !slices.ContainsFunc(c.seen(), func(s string) bool { return strings.HasPrefix(s, o+" ") }) && !unchecked[o] {
			t.Errorf("no answer of %s was checked", o)
		}
	}
}

// unchecked are the operations whose answers are checked elsewhere, or are none
// of ours: the stream, and files.
var unchecked = map[string]bool{
	"GET /v1/events": true, "GET /v1/openapi.yaml": true, "GET /metrics": true, "HEAD /healthz": true, "HEAD /wasm/{name}": true,
}

// refusals checks that every reason that the rules may give is described for
// every operation that asks them.
func (c *contract) refusals(t *testing.T, a *API, w *world) {
	t.Helper()
	var refusal error
	w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) { return Outcome{}, refusal }
	w.cancel = func(context.Context, Caller, transfer.Request) (Outcome, error) { return Outcome{}, refusal }
	w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
		return DepartureOutcome{}, refusal
	}
	for _, reason := range transfer.Reasons() {
		if statuses[reason] == http.StatusMethodNotAllowed {
			continue
		}
		refusal = &transfer.Refusal{Reason: reason, Field: "target"}
		for path, body := range map[string]string{"/v1/transfers": goodBody(), cancelPath: conversationBody(""), "/v1/departures": conversationBody(removal())} {
			status := statuses[reason]
			if status == http.StatusUnauthorized || status == http.StatusNotFound && path == "/v1/transfers" {
				continue // given before the rules are asked, or by nobody here
			}
			r := small(path, body)
			r.Header.Set("Idempotency-Key", "k")
			c.check(t, a, r, body, status)
		}
	}
}

func documented(o *Options) {
	o.Module = fstest.MapFS{"manifest.json": {Data: []byte(`{"module":"m","exec":"e","rules":"r","bytes":1}`)}}
	o.ModuleScripts = fstest.MapFS{}
	o.Metrics = http.NotFoundHandler()
	o.ConfigStatus = func() ConfigStatus {
		return ConfigStatus{Account: "AC1", Since: time.Unix(1, 0), Problems: []string{"x"}, RejectedAt: time.Unix(2, 0)}
	}
}

// operations are those of the document: "GET /v1/directory".
func (c *contract) operations() (all []string) {
	for path, item := range c.doc.Paths.Map() {
		for method := range item.Operations() {
			all = append(all, method+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

func (c *contract) seen() (all []string) {
	for s := range c.checked {
		all = append(all, s)
	}
	return all
}

// TestTheDocumentHasEveryRoute compares the document with the router.
func TestTheDocumentHasEveryRoute(t *testing.T) {
	a := newWorld().api(t, documented)
	var routes []string
	expression := regexp.MustCompile(`\{(\w+):[^}]*\}`)
	err := a.routes().Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		for _, m := range methods {
			routes = append(routes, m+" "+expression.ReplaceAllString(path, "{$1}"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(routes)
	if want := loadContract(t).operations(); !slices.Equal(routes, want) {
		t.Errorf("the router has\n%s\nand the document\n%s", strings.Join(routes, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	a := newWorld().api(t)
	resp := do(a, request("GET", "/v1/openapi.yaml", ""))
	want, _ := document.ReadFile("openapi.yaml")
	if got := bodyOf(t, resp); resp.StatusCode != 200 || got != string(want) || resp.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %s %.100s", resp.StatusCode, resp.Header.Get("Content-Type"), got)
	}
	again := do(a, request("GET", "/v1/openapi.yaml", "", "If-None-Match", resp.Header.Get("ETag")))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", again.StatusCode)
	}
}

// TestEventsAreAsTheDocumentSays holds what the stream sends against the
// document's schemas.
func TestEventsAreAsTheDocumentSays(t *testing.T) {
	c, w := loadContract(t), fullWorld()
	w.follow = func(_ context.Context, _ Caller, _ uint64, to Listener) error {
		workers, queues, _ := w.directory(t.Context(), ada, Conversation{})
		for _, err := range []error{
			to.Transferred(1, fullOutcome(transfer.PhaseRinging)), to.Departed(1, departure(transfer.DepartureLeaving)), to.Settings(w.settings),
			to.Worker(workers[0]), to.Queue(queues[0]), to.Queue(queues[1]),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}
	schemas := map[string]string{"hello": "Hello", "settings": "Hello", "transfer": "Transfer", "departure": "Departure", "worker": "Worker", "queue": "Queue"}
	text := bodyOf(t, do(w.api(t), signedIn("GET", "/v1/events", "")))
	seen := map[string]bool{}
	for event := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		_, rest, _ := strings.Cut(event, "event: ")
		name, data, _ := strings.Cut(rest, "\ndata: ")
		schema := c.doc.Components.Schemas[schemas[name]]
		if schema == nil {
			t.Errorf("the event %q is not in the document", name)
			continue
		}
		var v any
		if err := json.NewDecoder(bytes.NewBufferString(data)).Decode(&v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
		seen[name] = true
	}
	if len(seen) != len(schemas) {
		t.Errorf("the stream sent %v", seen)
	}
}
