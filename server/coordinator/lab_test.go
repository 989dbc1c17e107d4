package coordinator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// lab is a simulated account in which Ada talks to a customer, and a store of
// records that processes open. Its clock stands still unless it is moved, and
// its webhooks wait until they are delivered.
type lab struct {
	testing  fataler
	clock    *sandbox.ManualClock
	account  *sandbox.Account
	client   *twilioapi.Client
	store    *memory.Store
	workflow string
	conv     sandbox.InteractionChannel
	ids      atomic.Int64

	mu    sync.Mutex
	hooks []url.Values
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

var interactionWorld = func() sandbox.World {
	w := sandbox.DemoWorld()
	w.Conversations = []sandbox.WorldConversation{{Customer: sandbox.Customer{Name: "Cust Omer"}, Agents: []string{"ada"}}}
	return w
}()

func newLab(t testing.TB) *lab {
	t.Helper()
	l := makeLab(t)
	t.Cleanup(l.close)
	return l
}

// makeLab leaves the closing to the caller.
func makeLab(t fataler) *lab {
	t.Helper()
	return makeLabOf(t, interactionWorld)
}

func makeLabOf(t fataler, world sandbox.World) *lab {
	t.Helper()
	l := &lab{testing: t, clock: sandbox.NewManualClock(time.Time{})}
	l.account = sandbox.New(sandbox.Options{
		Seed: 5, Clock: l.clock, Limits: &sandbox.Limits{}, WebhookClient: &http.Client{Transport: l},
	})
	l.check(l.account.Load(world))
	l.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: "http://backend/webhooks", InteractionsURL: "http://backend/webhooks"})
	var err error
	l.client, err = twilioapi.New(twilioapi.Options{
		AccountSID: l.account.AccountSID(), AuthToken: l.account.AuthToken(), WorkspaceSID: l.account.WorkspaceSID(),
		Transport: l.account.RoundTripper(), Pace: twilioapi.Unpaced,
	})
	l.check(err)
	l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
	l.workflow = l.account.WorkflowSID("Chat Transfer")
	l.clock.Advance(time.Minute) // longer than lists lag
	l.conv = l.account.Snapshot().InteractionChannels[0]
	return l
}

func (l *lab) close() { _ = l.account.Close() }

func (l *lab) check(err error) {
	l.testing.Helper()
	if err != nil {
		l.testing.Fatalf("%v", err)
	}
}

// RoundTrip keeps a webhook until it is delivered.
func (l *lab) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.hooks = append(l.hooks, form)
	l.mu.Unlock()
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// takeHooks returns the webhooks that have come and forgets them.
func (l *lab) takeHooks() []url.Values {
	l.testing.Helper()
	l.check(l.account.WaitIdle(context.Background()))
	l.mu.Lock()
	defer l.mu.Unlock()
	hooks := l.hooks
	l.hooks = nil
	return hooks
}

// deliver brings one webhook to the process.
func (l *lab) deliver(p *process, form url.Values) error {
	ctx := context.Background()
	if task := form.Get("TaskSid"); task != "" && strings.Contains(form.Get("EventType"), ".") {
		return p.ApplyTask(ctx, TaskEvent{
			Type: form.Get("EventType"), TaskSID: task, TaskAttributes: form.Get("TaskAttributes"),
			WorkerSID: form.Get("WorkerSid"), Reason: form.Get("TaskCanceledReason"),
		})
	}
	return p.ApplyChannel(ctx, form.Get("ChannelSid"), form.Get("ChannelStatus"))
}

// deliverAll brings everything to the process.
func (l *lab) deliverAll(p *process) {
	l.testing.Helper()
	for _, form := range l.takeHooks() {
		l.check(l.deliver(p, form))
	}
}

// The people of the lab.

func (l *lab) worker(name string) string { return l.account.WorkerSID(name) }

func (l *lab) as(name string, roles ...string) Caller {
	return Caller{WorkerSID: l.worker(name), Roles: append(roles, "agent")}
}

// reservation is a worker's chance at a task.
type reservation struct {
	sandbox.GlanceReservation
	TaskSID string
}

// reservation is the worker's, in one of the statuses.
func (l *lab) reservation(name string, statuses ...string) (reservation, bool) {
	for _, task := range l.account.Glance(l.conv.SID).Tasks {
		for _, r := range task.Reservations {
			if r.WorkerName == name && slices.Contains(statuses, r.Status) {
				return reservation{r, task.SID}, true
			}
		}
	}
	return reservation{}, false
}

func (l *lab) accept(name string) {
	l.testing.Helper()
	r, ok := l.reservation(name, "pending")
	if !ok {
		l.testing.Fatalf("%s is not asked", name)
	}
	_, err := l.account.AcceptReservation(r.SID)
	l.check(err)
}

// request is one to hand the agent's conversation to a worker.
func (l *lab) request(from, to string) transfer.Request {
	l.testing.Helper()
	r, ok := l.reservation(from, "accepted")
	if !ok {
		l.testing.Fatalf("%s has no conversation", from)
	}
	return transfer.Request{
		Mode: transfer.ModeCold, InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID, TaskSID: r.TaskSID,
		Target: transfer.Target{Kind: transfer.TargetWorker, SID: l.worker(to)},
	}
}

// start begins Ada's transfer to Bea.
func (l *lab) start(p *process) Outcome {
	l.testing.Helper()
	o, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
	l.check(err)
	return o
}

// due reports whether there is work now.
func (l *lab) due() bool {
	at, any := l.store.NextDue()
	return any && !at.After(l.clock.Now())
}

// run does what is due now, and returns the decisions.
func (l *lab) run(p *process) []Decision {
	l.testing.Helper()
	var made []Decision
	for l.due() && !p.dead() {
		if len(made) > 100 {
			l.testing.Fatalf("the work does not end: %v", made[90:])
		}
		d, _ := p.RunOnce(context.Background())
		made = append(made, d)
	}
	return made
}

// until runs the process, moving the clock, until the transfer is in the phase.
func (l *lab) until(p *process, phase transfer.Phase) transfer.Transfer {
	l.testing.Helper()
	for range 200 {
		l.run(p)
		if t := l.last(); t.Phase == phase {
			return t
		}
		l.clock.Advance(time.Second)
	}
	l.testing.Fatalf("the transfer does not get to %s: %+v", phase, l.last())
	return transfer.Transfer{}
}

// untilRound runs the process, moving the clock, until the transfer rings at
// its target of the round.
func (l *lab) untilRound(p *process, round int) transfer.Transfer {
	l.testing.Helper()
	for range 200 {
		l.run(p)
		if t := l.last(); t.Phase == transfer.PhaseRinging && t.Round == round {
			return t
		}
		l.clock.Advance(time.Second)
	}
	l.testing.Fatalf("the transfer does not get to round %d: %+v", round, l.last())
	return transfer.Transfer{}
}

// state is what is recorded of the conversation.
func (l *lab) state() transfer.State {
	l.testing.Helper()
	s, _ := l.stateAt()
	return s
}

// stateAt is what is recorded of the conversation, and the record's sequence.
func (l *lab) stateAt() (transfer.State, uint64) {
	l.testing.Helper()
	r, err := l.store.Open().Last(context.Background(), l.conv.SID)
	if errors.Is(err, ledger.ErrNotFound) {
		return transfer.State{}, 0
	}
	l.check(err)
	return r.State, r.Sequence
}

// last is the newest transfer.
func (l *lab) last() transfer.Transfer {
	l.testing.Helper()
	s := l.state()
	if len(s.Transfers) == 0 {
		l.testing.Fatalf("nothing is recorded")
	}
	return s.Transfers[len(s.Transfers)-1]
}

func (l *lab) count(q sandbox.Query) int { return len(l.account.Record().Entries(q)) }

// invites are the tasks that were made for the transfer, whatever became of them.
func (l *lab) invites(transferID string) (tasks []string) {
	for _, e := range l.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"}) {
		if transfer.ReadTransferID(e.Detail) == transferID && !slices.Contains(tasks, e.SID) {
			tasks = append(tasks, e.SID) // a rejected reservation makes a task pending again
		}
	}
	return tasks
}

// post posts a form to Twilio as somebody else does.
func (l *lab) post(host, path, body string) {
	l.testing.Helper()
	q, err := http.NewRequest("POST", "https://"+host+path, strings.NewReader(body))
	l.check(err)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.SetBasicAuth(l.account.AccountSID(), l.account.AuthToken())
	resp, err := l.account.RoundTripper().RoundTrip(q)
	l.check(err)
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		l.testing.Fatalf("%s: %d", path, resp.StatusCode)
	}
}

// closeChannel ends the conversation.
func (l *lab) closeChannel() {
	l.testing.Helper()
	l.post("flex-api.twilio.com", "/v1/Interactions/"+l.conv.InteractionSID+"/Channels/"+l.conv.SID, `Status=closed&Routing={"status":"closed"}`)
}

// setAttributes is what an agent's script may do to the own task.
func (l *lab) setAttributes(taskSID, attributes string) {
	l.testing.Helper()
	l.post("taskrouter.twilio.com", "/v1/Workspaces/"+l.account.WorkspaceSID()+"/Tasks/"+taskSID, url.Values{"Attributes": {attributes}}.Encode())
}
