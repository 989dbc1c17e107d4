package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// rig is a whole backend on top of a simulated account in which a customer
// talks to agents: every part is the real one, the ledger on disk included.
type rig struct {
	*testing.T
	account *sandbox.Account
	backend *Backend
	config  Config // of the backend
	server  *httptest.Server
	// conv is the conversation that the world begins with.
	conv conversation
}

// conversation names one conversation.
type conversation struct{ interaction, channel, ch string }

type rigOptions struct {
	agents   []string // in the conversation; ada alone if empty
	features transfer.Settings
	world    func(*sandbox.World)
	config   func(*Config)
}

var cold = transfer.Settings{ColdTransfer: true}

func newRig(t *testing.T, o rigOptions) *rig {
	t.Helper()
	r := &rig{T: t}
	if o.agents == nil {
		o.agents = []string{"ada"}
	}
	world := sandbox.DemoWorld()
	world.Conversations = []sandbox.WorldConversation{{
		Customer: sandbox.Customer{Name: "Cust Omer", ChannelType: "web"}, Agents: o.agents,
		Messages: []sandbox.WorldMessage{{Author: "customer", Body: "Where is my order?"}},
	}}
	if o.world != nil {
		o.world(&world)
	}
	logger := slog.New(slog.NewTextHandler(newBacklog(t), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if os.Getenv("TEST_LOG") != "" {
		logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	r.account = sandbox.New(sandbox.Options{Seed: 7, Logger: logger})
	if err := r.account.Load(world); err != nil {
		t.Fatal(err)
	}
	var handler atomic.Pointer[http.Handler]
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { (*handler.Load()).ServeHTTP(w, q) }))
	account, err := accountOf(r.account)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Listen:  Listen{PublicURL: r.server.URL, DataDir: t.TempDir(), Runners: 8},
		Account: account, Settings: fixed(o.features), Transport: r.account.RoundTripper(), Logger: logger,
	}
	if o.config != nil {
		o.config(&c)
	}
	r.config = c
	r.backend = startBackend(t, c)
	handler.Store(&r.backend.Handler)
	r.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: r.server.URL + "/webhooks/taskrouter", InteractionsURL: r.server.URL + "/webhooks/interactions"})
	t.Cleanup(r.close)
	r.eventually("the backend is ready", func() bool { return r.backend.ready(t.Context()) == nil })
	s := r.account.Snapshot()
	if len(s.InteractionChannels) > 0 {
		ch := s.InteractionChannels[0]
		r.conv = conversation{interaction: ch.InteractionSID, channel: ch.SID, ch: s.Conversations[0].SID}
	}
	return r
}

// startBackend starts a backend, again where the machine is so busy that the
// ledger cannot be opened in time.
func startBackend(t *testing.T, c Config) *Backend {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		b, err := Start(t.Context(), c)
		switch {
		case err == nil:
			return b
		case time.Now().After(deadline):
			t.Fatal(err)
		}
		t.Logf("the backend is started again: %v", err)
	}
}

// fixed are settings without a file, and without the mirror.
func fixed(s transfer.Settings) *settings.Store { return settings.Fixed(settings.Config{Transfer: s}) }

func (r *rig) close() {
	r.closeBackend(r.backend)
	r.server.CloseClientConnections()
	r.server.Close()
}

// closeBackend closes one of the backends, the account's webhooks first.
func (r *rig) closeBackend(b *Backend) {
	_ = r.account.Close() // no webhooks into a backend that stops
	if err := b.Close(); err != nil {
		r.Errorf("close: %v", err)
	}
}

func (r *rig) eventually(what string, done func() bool) {
	r.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			r.Fatalf("not within 90 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (r *rig) worker(name string) sandbox.Worker {
	r.Helper()
	for _, w := range r.account.Snapshot().Workers {
		if w.FriendlyName == name {
			return w
		}
	}
	r.Fatalf("no worker %s", name)
	return sandbox.Worker{}
}

func (r *rig) queue(name string) string {
	r.Helper()
	for _, q := range r.account.Snapshot().Queues {
		if q.FriendlyName == name {
			return q.SID
		}
	}
	r.Fatalf("no queue %s", name)
	return ""
}

func (r *rig) token(worker string) string {
	r.Helper()
	token, err := r.account.IssueToken(r.worker(worker).SID, time.Hour)
	if err != nil {
		r.Fatal(err)
	}
	return token
}

func (r *rig) setActivity(worker, activity string) {
	r.Helper()
	for _, a := range r.account.Snapshot().Activities {
		if a.FriendlyName == activity {
			if _, err := r.account.SetActivity(r.worker(worker).SID, a.SID); err != nil {
				r.Fatal(err)
			}
			return
		}
	}
	r.Fatalf("no activity %s", activity)
}

// taskOf is the SID of the worker's task, in any of the reservation's statuses.
func (r *rig) reservation(worker string, statuses ...string) (sandbox.Reservation, bool) {
	for _, res := range r.account.Snapshot().Reservations {
		for _, status := range statuses {
			if res.WorkerName == worker && res.ReservationStatus == status {
				return res, true
			}
		}
	}
	return sandbox.Reservation{}, false
}

func (r *rig) taskOf(worker string) string {
	r.Helper()
	res, ok := r.reservation(worker, "accepted", "wrapping")
	if !ok {
		r.Fatalf("%s has no task", worker)
	}
	return res.TaskSID
}

func (r *rig) accept(worker string) {
	r.Helper()
	r.eventually(worker+" is asked", func() bool { _, ok := r.reservation(worker, "pending"); return ok })
	res, _ := r.reservation(worker, "pending")
	if _, err := r.account.AcceptReservation(res.SID); err != nil {
		r.Fatal(err)
	}
}

// body is a request to transfer the conversation from the agent's task.
func (r *rig) body(taskSID, kind, sid string) map[string]any {
	return map[string]any{
		"wire": 1, "rules": "test", "mode": "cold", "interactionSid": r.conv.interaction,
		"interactionChannelSid": r.conv.channel, "taskSid": taskSID, "target": map[string]any{"kind": kind, "sid": sid},
	}
}

// answer is what the backend answered.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
	again  bool // the backend, or Twilio, had no time before
}

func (a answer) code() string { s, _ := a.body["code"].(string); return s }
func (a answer) id() string   { s, _ := a.body["id"].(string); return s }

// busy reports whether the backend, or Twilio, had no time: the machine may be
// slow, and whoever asks again will hear.
func (a answer) busy() bool {
	return a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests
}

// begun reports whether this request made what it asked for: answered with 202
// where the machine was too slow to wait for what comes of it, and with 200 where
// it was too slow to answer at all, and the same was asked again.
func (a answer) begun() bool {
	return a.status == http.StatusCreated || a.status == http.StatusAccepted || a.again && a.status == http.StatusOK
}

// answered asks until the backend, or Twilio, has time for it.
func (r *rig) answered(ask func() answer) (a answer) {
	r.Helper()
	again := false
	r.eventually("the backend has time for the request", func() bool {
		a = ask()
		a.again, again = again, true
		return !a.busy()
	})
	return a
}

func (r *rig) sendUntilAnswered(method, path, body string, header map[string]string) answer {
	r.Helper()
	return r.answered(func() answer { return r.send(method, path, body, header) })
}

// post asks for a transfer as the worker, again with the same key while the
// backend, or Twilio, has no time.
func (r *rig) post(worker string, body any, key string) answer {
	r.Helper()
	return r.answered(func() answer { return r.postOnce(worker, body, key) })
}

// postOnce asks once.
func (r *rig) postOnce(worker string, body any, key string) answer {
	r.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		r.Fatal(err)
	}
	return r.send("POST", "/v1/transfers", string(text), map[string]string{
		"Authorization": "Bearer " + r.token(worker), "Content-Type": "application/json", "Idempotency-Key": key,
	})
}

func (r *rig) send(method, path, body string, header map[string]string) answer {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, r.server.URL+path, bytes.NewBufferString(body))
	if err != nil {
		r.Fatal(err)
	}
	for k, v := range header {
		q.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	return a
}

// phase waits until the transfer is in the phase, and returns it.
func (r *rig) phase(worker, id, phase string) map[string]any {
	r.Helper()
	token, last := r.token(worker), answer{}
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		last = r.send("GET", "/v1/transfers/"+id, "", map[string]string{"Authorization": "Bearer " + token})
		switch {
		case last.body["phase"] == phase:
			return last.body
		case last.status != http.StatusOK && !last.busy(), time.Now().After(deadline):
			r.Fatalf("transfer %s is not %s: %d %s", id, phase, last.status, last.text)
		}
	}
}

// count is how often something truly happened in the account.
func (r *rig) count(q sandbox.Query) int { return len(r.account.Record().Entries(q)) }

// invites is how many invites were truly made beside those of the world.
func (r *rig) invites() int { return len(r.invited()) }

// twilio posts a form to the account, as a program beside the backend would.
func (r *rig) twilio(address string, pairs ...string) map[string]any {
	r.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	q, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.SetBasicAuth(r.account.AccountSID(), r.account.AuthToken())
	resp, err := r.account.RoundTripper().RoundTrip(q)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode >= 300 {
		r.Fatalf("%s: %d %v, %v", address, resp.StatusCode, body, err)
	}
	return body
}

// invited are the tasks that transfers have made, with their attributes. One
// that returned to its queue is not another one.
func (r *rig) invited() []sandbox.RecordEntry {
	var made []sandbox.RecordEntry
	seen := map[string]bool{}
	for _, e := range r.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"}) {
		if strings.Contains(e.Detail, `"transferId"`) && !seen[e.SID] {
			seen[e.SID] = true
			made = append(made, e)
		}
	}
	return made
}

// once checks the account's own record: one invite, the agent left once, the
// target joined once.
func (r *rig) once(from, to string) {
	r.Helper()
	if n := r.invites(); n != 1 {
		r.Errorf("%d invites", n)
	}
	if n := r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker(from).SID}); n != 1 {
		r.Errorf("%s left %d times", from, n)
	}
	if n := r.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: r.worker(to).SID}); n != 1 {
		r.Errorf("%s joined %d times", to, n)
	}
}
