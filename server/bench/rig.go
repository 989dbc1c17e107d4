package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/flex-transfer/flex-transfer/server/app"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// envBackend makes this program be the backend that it measures.
const envBackend = "FLEX_TRANSFER_BENCH_BACKEND"

func runBackend() int {
	env := os.Getenv
	offerProfiles(env(envProfile))
	serve := &app.Serve{
		Listen: app.Listen{Addr: env("ADDR"), PublicURL: env("PUBLIC_URL"), DataDir: env("DATA_DIR"), Runners: 32},
		Account: app.Account{
			AccountSID: env("TWILIO_ACCOUNT_SID"), AuthToken: env("TWILIO_AUTH_TOKEN"), WorkspaceSID: env("TWILIO_FLEX_WORKSPACE_SID"),
			WorkflowSID: env("TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID"), BaseURL: env("TWILIO_BASE_URL"), Rate: 0,
		},
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := serve.Run(context.Background(), io.Discard, logger); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// rig is a simulated account in this process and a backend in another one.
type rig struct {
	account *sandbox.Account
	twilio  *httptest.Server
	backend *exec.Cmd
	url     string
	dir     string
	client  *http.Client

	profiles string // where the backend offers its profiles; empty: nowhere
}

// newRig starts both. The world is the demo's, with as many conversations as
// asked for, each with an agent of its own in it.
func newRig(conversations int) (*rig, error) {
	r := &rig{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute}}
	r.account = sandbox.New(sandbox.Options{Seed: 7, Limits: &sandbox.Limits{RequestsPerSecond: 0}, RecordLimit: -1})
	if err := r.account.Load(world(conversations)); err != nil {
		return nil, err
	}
	r.twilio = httptest.NewServer(r.account.Handler())
	var err error
	if r.dir, err = os.MkdirTemp("", "flex-transfer-bench-"); err != nil {
		return nil, err
	}
	return r, errors.Join(r.startBackend())
}

// agents is how many agents the conversations are spread over.
const agents = 128

// world is the demo's with conversations added and agents who are in them. Bea
// takes everything that is transferred to her.
func world(conversations int) sandbox.World {
	w := sandbox.DemoWorld()
	for i := range min(agents, conversations) {
		w.Workers = append(w.Workers, sandbox.WorldWorker{FriendlyName: fmt.Sprint("agent", i), FullName: "Agent " + strconv.Itoa(i), Activity: "Available"})
	}
	for i := range w.Workers {
		w.Workers[i].Capacity = map[string]int{"chat": 1 << 20, "default": 1 << 20}
	}
	for i := range conversations {
		w.Conversations = append(w.Conversations, sandbox.WorldConversation{
			Customer: sandbox.Customer{Name: fmt.Sprint("Customer ", i)}, Agents: []string{fmt.Sprint("agent", i%agents)},
		})
	}
	return w
}

// firstSweep is more than the first sweep takes: until then, a click on a ledger
// that has just been made looks whether something was lost.
const firstSweep = 2 * time.Second

func (r *rig) startBackend() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	if profiles != "" {
		if r.profiles, err = freeAddr(); err != nil {
			return err
		}
	}
	r.url = "http://" + addr
	workflow := ""
	for _, w := range r.account.Snapshot().Workflows {
		if w.FriendlyName == "Chat Transfer" {
			workflow = w.SID
		}
	}
	r.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: r.url + "/webhooks/taskrouter", InteractionsURL: r.url + "/webhooks/interactions",
		TaskRouterEvents: []string{"reservation.accepted", "task.canceled", "worker.activity.update"}, InteractionsFor: []string{"onChannelStatusUpdated"}})
	r.backend = exec.Command(exe)
	r.backend.Stderr = os.Stderr
	r.backend.Env = append(os.Environ(), envBackend+"=1", "ADDR="+addr, "PUBLIC_URL="+r.url, "DATA_DIR="+r.dir, envProfile+"="+r.profiles,
		"TWILIO_ACCOUNT_SID="+r.account.AccountSID(), "TWILIO_AUTH_TOKEN="+r.account.AuthToken(),
		"TWILIO_FLEX_WORKSPACE_SID="+r.account.WorkspaceSID(), "TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID="+workflow, "TWILIO_BASE_URL="+r.twilio.URL)
	if err := r.backend.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if resp, err := r.client.Get(r.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				time.Sleep(firstSweep)
				return nil
			}
		}
	}
	return errors.New("the backend is not ready after 30 s")
}

func (r *rig) close() {
	_ = r.backend.Process.Kill()
	_ = r.backend.Wait()
	_ = r.account.Close()
	r.twilio.CloseClientConnections()
	r.twilio.Close()
	_ = os.RemoveAll(r.dir)
}

// job is one transfer to be asked for.
type job struct {
	worker, token, interaction, channel, task string
}

// jobs are the conversations that can be transferred, each by its agent.
func (r *rig) jobs() ([]job, error) {
	tokens := map[string]string{} // by worker
	var jobs []job
	for _, p := range r.account.Snapshot().InteractionParticipants {
		if p.RoutingProperties == nil {
			continue
		}
		worker := p.RoutingProperties.WorkerSID
		if tokens[worker] == "" {
			token, err := r.account.IssueToken(worker, time.Hour)
			if err != nil {
				return nil, err
			}
			tokens[worker] = token
		}
		jobs = append(jobs, job{worker: worker, token: tokens[worker], interaction: p.InteractionSID, channel: p.ChannelSID, task: p.RoutingProperties.TaskSID})
	}
	return jobs, nil
}

// worker is the SID of the worker with the friendly name.
func (r *rig) worker(name string) string {
	for _, w := range r.account.Snapshot().Workers {
		if w.FriendlyName == name {
			return w.SID
		}
	}
	return ""
}

// post asks for the transfer.
func (r *rig) post(j job, target string) error {
	body, err := json.Marshal(map[string]any{
		"wire": 1, "rules": "bench", "mode": "cold", "interactionSid": j.interaction, "interactionChannelSid": j.channel,
		"taskSid": j.task, "target": map[string]string{"kind": "worker", "sid": target},
	})
	if err != nil {
		return err
	}
	return r.send("POST", "/v1/transfers", j.token, j.task, body, http.StatusCreated)
}

// warm does what opening the directory does.
func (r *rig) warm(j job) error {
	return r.send("GET", "/v1/directory?interactionSid="+j.interaction+"&interactionChannelSid="+j.channel+"&taskSid="+j.task, j.token, "", nil, http.StatusOK)
}

func (r *rig) send(method, path, token, key string, body []byte, want int) error {
	q, err := http.NewRequest(method, r.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+token)
	q.Header.Set("Content-Type", "application/json")
	if key != "" {
		q.Header.Set("Idempotency-Key", key)
	}
	resp, err := r.client.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	return err
}

// memory is the backend's resident memory now and at its highest, in kB.
func (r *rig) memory() (now, highest int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.backend.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kB int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kB); n == 1 {
			now = kB
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kB); n == 1 {
			highest = kB
		}
	}
	return now, highest, nil
}

// cpu is the processor time that the backend has used so far, and that this
// process has, which stands for Twilio and for the agents.
func (r *rig) cpu() (backend, here time.Duration, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.backend.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	// The fields after the name, which is in brackets: user and system time are
	// the 12th and 13th, in hundredths of a second.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0, err
	}
	return time.Duration(user+system) * 10 * time.Millisecond, time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// metric reads a counter of the backend's, summed over its labels that hold
// the text.
func (r *rig) metric(name, label string) (float64, error) {
	resp, err := r.client.Get(r.url + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	sum := 0.0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name+"{") && strings.Contains(line, label) {
			v, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 64)
			sum += v
		}
	}
	return sum, err
}

// autoAccept lets every agent who is asked accept at once.
func (r *rig) autoAccept() (stop func()) {
	pending := make(chan string, 1<<16)
	cancel := r.account.Subscribe(func(c sandbox.Change) {
		if res, ok := c.Object.(sandbox.Reservation); ok && c.Kind == "reservation" && res.ReservationStatus == "pending" {
			pending <- res.SID
		}
	})
	var all sync.WaitGroup
	all.Go(func() {
		for sid := range pending {
			_, _ = r.account.AcceptReservation(sid) // it may have been withdrawn meanwhile
		}
	})
	return func() { cancel(); close(pending); all.Wait() }
}
