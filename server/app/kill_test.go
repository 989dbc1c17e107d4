package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// envBackend makes the test binary be a backend: a process that can be killed.
const envBackend = "FLEX_TRANSFER_TEST_BACKEND"

func TestMain(m *testing.M) {
	if os.Getenv(envBackend) == "" {
		os.Exit(m.Run())
	}
	env := os.Getenv
	serve := &Serve{
		Listen: Listen{Addr: env("ADDR"), PublicURL: env("PUBLIC_URL"), DataDir: env("DATA_DIR"), Runners: 4},
		Account: Account{
			AccountSID: env("TWILIO_ACCOUNT_SID"), AuthToken: env("TWILIO_AUTH_TOKEN"), WorkspaceSID: env("TWILIO_FLEX_WORKSPACE_SID"),
			WorkflowSID: env("TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID"), BaseURL: env("TWILIO_BASE_URL"),
		},
	}
	if err := serve.Run(context.Background(), os.Stderr, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// killRig is a simulated account that outlives the backend, which is a process
// of its own.
type killRig struct {
	*rig
	gate    *gate // before Twilio
	hooks   *gate // before the backend, for webhooks alone
	env     []string
	url     string
	child   *exec.Cmd
	ended   chan struct{} // closed once child has ended
	log     *backlog
	waiting chan struct{}
}

// to matches requests by method and a part of the path.
func to(method, part string) func(*http.Request, string) bool {
	return func(q *http.Request, _ string) bool { return q.Method == method && strings.Contains(q.URL.Path, part) }
}

// reach waits for a held request.
func reach(t *testing.T, reached <-chan struct{}) {
	t.Helper()
	select {
	case <-reached:
	case <-time.After(time.Minute):
		t.Fatal("the step was not reached")
	}
}

func newKillRig(t *testing.T) *killRig {
	t.Helper()
	return newKillRigIn(t, t.TempDir())
}

// newKillRigIn keeps the ledger's files in the folder.
func newKillRigIn(t *testing.T, dir string) *killRig {
	t.Helper()
	r := &killRig{rig: &rig{T: t}, log: newBacklog(t)}
	world := sandbox.DemoWorld()
	world.Conversations = []sandbox.WorldConversation{{Customer: sandbox.Customer{Name: "Cust Omer"}, Agents: []string{"ada"}}}
	for i := range world.Workers {
		world.Workers[i].Capacity = map[string]int{"chat": 1 << 20, "default": 1 << 20}
	}
	r.account = sandbox.New(sandbox.Options{Seed: 7})
	if err := r.account.Load(world); err != nil {
		t.Fatal(err)
	}
	r.gate = &gate{next: r.account.Handler()}
	twilio := httptest.NewServer(r.gate)
	addr := ownAddr(t)
	r.url = "http://" + addr
	backend, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(backend)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // the backend is down at times
	r.hooks = &gate{next: proxy}
	public := httptest.NewServer(r.hooks)
	settings, err := accountOf(r.account)
	if err != nil {
		t.Fatal(err)
	}
	r.env = append(os.Environ(), envBackend+"=1", "ADDR="+addr, "PUBLIC_URL="+public.URL, "DATA_DIR="+dir,
		"TWILIO_ACCOUNT_SID="+settings.AccountSID, "TWILIO_AUTH_TOKEN="+settings.AuthToken, "TWILIO_FLEX_WORKSPACE_SID="+settings.WorkspaceSID,
		"TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID="+settings.WorkflowSID, "TWILIO_BASE_URL="+twilio.URL)
	r.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: public.URL + "/webhooks/taskrouter", InteractionsURL: public.URL + "/webhooks/interactions"})
	r.server = &httptest.Server{URL: r.url}
	s := r.account.Snapshot()
	r.conv = conversation{interaction: s.InteractionChannels[0].InteractionSID, channel: s.InteractionChannels[0].SID}
	t.Cleanup(func() {
		r.kill()
		_ = r.account.Close()
		for _, server := range []*httptest.Server{twilio, public} {
			server.CloseClientConnections()
			server.Close()
		}
	})
	r.start()
	return r
}

// ownAddr is an address that stays the test's own while nobody listens at it,
// because its backend is dead. It is outside of the range from which the system
// gives ports to whoever asks for any, and its neighbour is held until the end:
// who cannot have the neighbour does not get the address either.
func ownAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := 10_000 + 2*rand.IntN(2500)
		neighbour, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			continue
		}
		addr := fmt.Sprint("127.0.0.1:", port+1)
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			t.Cleanup(func() { _ = neighbour.Close() })
			return addr
		}
		_ = neighbour.Close()
	}
	t.Fatal("there is no free port between 10000 and 15000")
	return ""
}

// start starts the backend and waits until it is ready. One that cannot begin,
// since somebody else has its port for a moment, is started again.
func (r *killRig) start() {
	r.Helper()
	r.launch()
	r.eventually("the backend is ready", func() bool {
		select {
		case <-r.ended:
			r.Logf("the backend has ended by itself (%v) and is started again", r.child.ProcessState)
			time.Sleep(200 * time.Millisecond)
			r.launch()
		default:
		}
		resp, err := http.Get(r.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (r *killRig) launch() {
	r.Helper()
	exe, err := os.Executable()
	if err != nil {
		r.Fatal(err)
	}
	child, ended := exec.Command(exe), make(chan struct{})
	child.Env, child.Stdout, child.Stderr = r.env, r.log, r.log
	if err := child.Start(); err != nil {
		r.Fatal(err)
	}
	go func() {
		defer close(ended)
		_ = child.Wait() // it is killed on purpose
	}()
	r.child, r.ended = child, ended
}

// kill is kill -9.
func (r *killRig) kill() {
	if r.child == nil {
		return
	}
	_ = r.child.Process.Kill()
	<-r.ended
	r.child = nil
}

// ask posts the request as a browser would whose backend may die: it does not
// mind having no answer.
func (r *killRig) ask(body any) {
	text, err := json.Marshal(body)
	if err != nil {
		r.Fatal(err)
	}
	q, err := http.NewRequest("POST", r.url+"/v1/transfers", bytes.NewReader(text))
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.token("ada"))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", "click")
	r.waiting = make(chan struct{})
	go func() {
		defer close(r.waiting)
		if resp, err := http.DefaultClient.Do(q); err == nil {
			resp.Body.Close()
		}
	}()
}

// finish lets the same click be repeated, the target accept, and judges from
// the account's own record.
func (r *killRig) finish(body any) {
	r.Helper()
	r.Logf("killed with %d invites made and ada gone %d times", r.invites(),
		r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}))
	a := r.post("ada", body, "click")
	if a.status >= 300 {
		r.Fatalf("the repeated click: %d %s", a.status, a.text)
	}
	if a.status == http.StatusCreated {
		r.Log("after the restart: no transfer, the repeated click makes it")
	} else {
		r.Logf("after the restart: %v", a.body["phase"])
	}
	r.accept("bea")
	r.phase("ada", a.id(), "completed")
	r.handedOver(a.id(), r.conv.channel, "ada", "bea")
}

// TestKillAtEveryStep kills the backend with -9 at each step of a transfer,
// starts it again, and sees the transfer finished with one invite and one
// removal.
func TestKillAtEveryStep(t *testing.T) {
	for _, c := range []struct {
		name  string
		step  func(*http.Request, string) bool
		held  held
		queue string // where it goes, if not to Bea
	}{
		{"while the token is checked", to("POST", "/Tokens/validate"), heldBefore, ""},
		{"while the participants are read", to("GET", "/Participants"), heldBefore, ""},
		{"while the task is read", to("GET", "/Tasks/WT"), heldAfter, ""},
		{"before the invite takes effect", to("POST", "/Invites"), heldBefore, ""},
		{"after the invite took effect", to("POST", "/Invites"), heldAfter, ""},
		{"after the invite of a queue took effect", to("POST", "/Invites"), heldAfter, "Billing"},
		{"before the removal takes effect", to("POST", "/Participants/"), heldBefore, ""},
		{"before the removal, to a queue", to("POST", "/Participants/"), heldBefore, "Billing"},
		{"after the removal took effect", to("POST", "/Participants/"), heldAfter, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newKillRig(t)
			body := r.body(r.taskOf("ada"), "worker", r.worker("bea").SID)
			if c.queue != "" {
				body = r.body(r.taskOf("ada"), "queue", r.queue(c.queue))
			}
			reached, _ := r.gate.hold(c.held, c.step)
			r.ask(body)
			reach(t, reached)
			r.kill()
			<-r.waiting
			r.start()
			r.finish(body)
		})
	}
}

// TestKillWhileItRings kills the backend while the target is being asked; the
// acceptance happens while it is down, so that no webhook arrives.
func TestKillWhileItRings(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for half a minute until the transfer is compared with Twilio")
	}
	r := newKillRig(t)
	body := r.body(r.taskOf("ada"), "worker", r.worker("bea").SID)
	a := r.post("ada", body, "click")
	r.phase("ada", a.id(), "ringing")
	r.kill()
	r.accept("bea")
	time.Sleep(100 * time.Millisecond) // the webhook finds nobody
	r.start()
	r.found(a.id())
	r.once("ada", "bea")
}

// found waits until the transfer is found to be completed: by a look at Twilio
// half a minute later, where no webhook tells of it.
func (r *killRig) found(id string) {
	r.Helper()
	r.foundBy("ada", id)
}

func (r *killRig) foundBy(worker, id string) {
	r.Helper()
	token := r.token(worker)
	last := answer{}
	for deadline := time.Now().Add(150 * time.Second); last.body["phase"] != "completed"; time.Sleep(20 * time.Millisecond) {
		if last = r.send("GET", "/v1/transfers/"+id, "", map[string]string{"Authorization": "Bearer " + token}); time.Now().After(deadline) {
			r.Fatalf("the check does not find the acceptance: %d %s", last.status, last.text)
		}
	}
}

// read is what the backend says of a transfer.
func (r *killRig) read(worker, id string) answer {
	r.Helper()
	token := r.token(worker)
	return r.answered(func() answer {
		return r.send("GET", "/v1/transfers/"+id, "", map[string]string{"Authorization": "Bearer " + token})
	})
}

// TestKillWhileTheAcceptanceIsTold kills the backend while the webhook that
// tells of the acceptance is on its way to it, or has just been taken in.
func TestKillWhileTheAcceptanceIsTold(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for half a minute until the transfer is compared with Twilio")
	}
	for _, c := range []struct {
		name string
		held held
	}{
		{"on its way", heldBefore},
		{"taken in", heldAfter},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newKillRig(t)
			a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "click")
			r.phase("ada", a.id(), "ringing")
			reached, release := r.hooks.hold(c.held, func(_ *http.Request, body string) bool {
				return strings.Contains(body, "EventType=reservation.accepted")
			})
			r.accept("bea")
			reach(t, reached)
			r.kill()
			release()
			r.start()
			if told := r.read("ada", a.id()); c.held == heldAfter && told.body["phase"] != "completed" {
				t.Errorf("what was taken in is forgotten: %d %s", told.status, told.text)
			}
			r.found(a.id())
			r.once("ada", "bea")
		})
	}
}

func (r *rig) eventuallyWithin(d time.Duration, what string, done func() bool) {
	r.Helper()
	for deadline := time.Now().Add(d); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("not within %v: %s", d, what)
		}
	}
}

// TestKillAnytime kills the backend at random moments of a transfer.
func TestKillAnytime(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range 6 {
		delay := time.Duration(random.IntN(100_000)) * time.Microsecond
		t.Run(fmt.Sprint(i, " after ", delay), func(t *testing.T) {
			t.Parallel()
			r := newKillRig(t)
			body := r.body(r.taskOf("ada"), "worker", r.worker("bea").SID)
			r.ask(body)
			time.Sleep(delay)
			r.kill()
			<-r.waiting
			r.start()
			r.finish(body)
		})
	}
}
