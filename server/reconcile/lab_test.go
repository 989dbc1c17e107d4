package reconcile_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const grace = 10 * time.Second

// lab is a simulated account in which Ada talks to a customer, and a backend
// with its reconciler. The clock stands still unless it is moved.
type lab struct {
	*testing.T
	clock    *sandbox.ManualClock
	account  *sandbox.Account
	client   *twilioapi.Client
	store    *memory.Store
	conv     sandbox.InteractionChannel
	ids      int
	settings transfer.Settings
	policy   reconcile.Policy
	process  *process
	deaf     bool              // webhooks are lost
	unserved bool              // no queue is served
	log      io.Writer         // of the reconcilers that are made from then on
	onRead   func(what string) // called after each read of tasks, participants, invites or the conversation by the reconciler
	reading  sync.Mutex
	mu       sync.Mutex
	hooks    []url.Values
}

// webhooks are where the account's go.
var webhooks = sandbox.Webhooks{TaskRouterURL: "http://backend/taskrouter", InteractionsURL: "http://backend/interactions", ConversationsURL: "http://backend/conversations"}

// process is one backend.
type process struct {
	*coordinator.Coordinator
	ledger     *memory.Ledger
	reconciler *reconcile.Reconciler
	reports    []reconcile.Report
	decisions  map[reconcile.Decision]int
}

func newLab(t *testing.T, change ...func(*sandbox.World)) *lab {
	t.Helper()
	world := sandbox.DemoWorld()
	world.Conversations = []sandbox.WorldConversation{{Customer: sandbox.Customer{Name: "Cust Omer"}, Agents: []string{"ada"}}}
	for i := range world.Workers {
		world.Workers[i].Activity, world.Workers[i].Capacity = "Available", map[string]int{"chat": 5}
	}
	for _, f := range change {
		f(&world)
	}
	l := &lab{
		T: t, clock: sandbox.NewManualClock(time.Time{}), settings: transfer.Settings{ColdTransfer: true, MultiParticipant: true},
		policy: reconcile.Policy{Grace: grace, Then: reconcile.ThenReroute},
	}
	l.account = sandbox.New(sandbox.Options{Seed: 5, Clock: l.clock, Limits: &sandbox.Limits{}, WebhookClient: &http.Client{Transport: l}})
	t.Cleanup(func() { _ = l.account.Close() })
	l.check(l.account.Load(world))
	l.account.SetWebhooks(webhooks)
	l.check(l.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: 900, ParticipantsMS: 900, TasksMS: 900}}))
	var err error
	l.client, err = twilioapi.New(twilioapi.Options{
		AccountSID: l.account.AccountSID(), AuthToken: l.account.AuthToken(), WorkspaceSID: l.account.WorkspaceSID(),
		Transport: l.account.RoundTripper(), Pace: twilioapi.Unpaced,
	})
	l.check(err)
	l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
	l.clock.Advance(time.Minute) // longer than lists lag
	l.conv = l.account.Snapshot().InteractionChannels[0]
	l.process = l.open()
	l.pass(time.Second)
	return l
}

func (l *lab) check(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
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
	form.Set("product", strings.TrimPrefix(r.URL.Path, "/"))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hooks = append(l.hooks, form)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// newID may be called by several goroutines.
func (l *lab) newID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids++
	return fmt.Sprint("id", l.ids)
}

// open starts a backend on the store.
func (l *lab) open(change ...func(*coordinator.Options)) *process {
	l.Helper()
	p := &process{ledger: l.store.Open(), decisions: map[reconcile.Decision]int{}}
	o := coordinator.Options{
		Ledger: p.ledger, Twilio: l.client, Roster: labRoster{l}, Settings: func() transfer.Settings { return l.settings },
		WorkflowSID: l.account.WorkflowSID("Chat Transfer"), Clock: l.clock.Now, Origin: l.newID(), NewID: l.newID, Logger: labLogger(),
		Mirror: func(ctx context.Context, conversationSID string, outstanding []transfer.Transfer) error {
			if !l.policy.Mirror {
				return nil
			}
			_, err := mirror.Write(ctx, l.client, conversationSID, outstanding, nil)
			return err
		},
		Restore: func(ctx context.Context, interactionSID, channelSID string) error {
			return p.reconciler.Restore(ctx, interactionSID, channelSID)
		},
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	p.Coordinator, err = coordinator.New(o)
	l.check(err)
	p.reconciler = l.reconciler(p, p.ledger, l.clock.Now)
	return p
}

// reconciler is one of the process, on a ledger and a clock that may be its own.
func (l *lab) reconciler(p *process, of ledger.Ledger, clock func() time.Time) *reconcile.Reconciler {
	l.Helper()
	r, err := reconcile.New(reconcile.Options{
		Ledger: of, Twilio: labTwilio{l.client, l}, Engine: p.Coordinator, Roster: labRoster{l}, Settings: func() transfer.Settings { return l.settings },
		Policy: func() reconcile.Policy { return l.policy }, Clock: clock, Logger: l.logger(),
		Observe: func(r reconcile.Report) { p.reports = append(p.reports, r) },
		MirrorHindrance: func(c twilioapi.Conversation, outstanding []transfer.Transfer) string {
			return string(mirror.Hindrance(c, outstanding))
		},
	})
	l.check(err)
	return r
}

// logger is where the reconciler's words go.
func (l *lab) logger() *slog.Logger {
	if l.log != nil {
		return slog.New(slog.NewTextHandler(l.log, nil))
	}
	return labLogger()
}

func labLogger() *slog.Logger {
	if os.Getenv("TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// restart kills the backend and opens another one.
func (l *lab) restart() {
	l.Helper()
	_ = l.process.ledger.Close()
	l.process = l.open()
}

// pass lets so much time pass, a second at a time, while everything works.
func (l *lab) pass(d time.Duration) {
	l.Helper()
	for ; d > 0; d -= time.Second {
		l.clock.Advance(time.Second)
		l.work(l.process)
	}
}

// work does what is due now.
func (l *lab) work(p *process) {
	l.Helper()
	for range 300 {
		l.deliver(p)
		at, any := l.store.NextDue()
		due := any && !at.After(l.clock.Now())
		if due {
			_, _ = p.RunOnce(context.Background()) // what fails is tried again
		}
		result, err := p.reconciler.RunOnce(context.Background())
		p.decisions[result.Decision]++
		if err != nil {
			l.Logf("%s: %v", result.Decision, err)
		}
		if !due && result.Decision == reconcile.DecisionWait {
			return
		}
	}
	l.Fatal("the work does not end")
}

// deliver brings the webhooks that have come to the process, as package app does.
func (l *lab) deliver(p *process) {
	l.Helper()
	l.check(l.account.WaitIdle(context.Background()))
	l.mu.Lock()
	hooks := l.hooks
	l.hooks = nil
	l.mu.Unlock()
	if l.deaf {
		return
	}
	for _, form := range hooks {
		kind := form.Get("EventType")
		switch form.Get("product") {
		case "taskrouter":
			p.reconciler.TaskEvent(kind, form.Get("TaskAttributes"))
			if form.Get("TaskSid") != "" {
				l.check(p.ApplyTask(context.Background(), coordinator.TaskEvent{
					Type: kind, TaskSID: form.Get("TaskSid"), TaskAttributes: form.Get("TaskAttributes"),
					WorkerSID: form.Get("WorkerSid"), Reason: form.Get("TaskCanceledReason"),
				}))
			}
		case "interactions":
			p.reconciler.ChannelEvent(kind, form.Get("InteractionSid"), form.Get("ChannelSid"), form.Get("MediaChannelSid"), form.Get("ChannelStatus"))
			l.check(p.ApplyChannel(context.Background(), form.Get("ChannelSid"), form.Get("ChannelStatus")))
		case "conversations":
			p.reconciler.ConversationEvent(kind, form.Get("ConversationSid"))
		}
	}
}

// The people.

func (l *lab) reservation(worker string, statuses ...string) (sandbox.Reservation, bool) {
	for _, r := range l.account.Snapshot().Reservations {
		for _, status := range statuses {
			if r.WorkerName == worker && r.ReservationStatus == status {
				return r, true
			}
		}
	}
	return sandbox.Reservation{}, false
}

func (l *lab) task(worker string) string {
	l.Helper()
	r, ok := l.reservation(worker, "accepted", "wrapping")
	if !ok {
		l.Fatalf("%s has no conversation", worker)
	}
	return r.TaskSID
}

func (l *lab) accept(worker string) {
	l.Helper()
	r, ok := l.reservation(worker, "pending")
	if !ok {
		l.Fatalf("%s is not asked: %+v", worker, l.state())
	}
	_, err := l.account.AcceptReservation(r.SID)
	l.check(err)
}

// start begins a transfer of Ada's.
func (l *lab) start(mode transfer.Mode, on transfer.LeaveOn, to transfer.Target, key string) transfer.Transfer {
	l.Helper()
	return l.startFrom(l.task("ada"), mode, on, to, key)
}

// startFrom begins one from one of her tasks.
func (l *lab) startFrom(taskSID string, mode transfer.Mode, on transfer.LeaveOn, to transfer.Target, key string) transfer.Transfer {
	l.Helper()
	if on == transfer.LeaveOnAccept {
		l.settings.LeaveOnChoice = true
	}
	o, err := l.process.Start(context.Background(), coordinator.Caller{WorkerSID: l.account.WorkerSID("ada"), Roles: []string{"agent"}}, transfer.Request{
		Mode: mode, LeaveOn: on, InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID, TaskSID: taskSID, Target: to,
	}, key)
	l.check(err)
	return o.Transfer
}

func (l *lab) toWorker(name string) transfer.Target {
	return transfer.Target{Kind: transfer.TargetWorker, SID: l.account.WorkerSID(name)}
}

func (l *lab) toQueue(name string) transfer.Target {
	return transfer.Target{Kind: transfer.TargetQueue, SID: l.account.QueueSID(name)}
}

// only lets these workers be available, so that it is known who is asked.
func (l *lab) only(names ...string) {
	l.Helper()
	for _, w := range l.account.Snapshot().Workers {
		activity := "Offline"
		for _, name := range names {
			if name == w.FriendlyName {
				activity = "Available"
			}
		}
		_, err := l.account.SetActivity(w.SID, l.account.ActivitySID(activity))
		l.check(err)
	}
	l.pass(time.Second)
}

// post posts a form to Twilio as somebody else does; del deletes.
func (l *lab) post(address string, pairs ...string) string {
	l.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return l.send("POST", address, form.Encode())
}

func (l *lab) send(method, address, body string) string {
	l.Helper()
	q, err := http.NewRequest(method, "https://"+address, strings.NewReader(body))
	l.check(err)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.SetBasicAuth(l.account.AccountSID(), l.account.AuthToken())
	resp, err := l.account.RoundTripper().RoundTrip(q)
	l.check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	l.check(err)
	if resp.StatusCode >= 300 {
		l.Fatalf("%s %s: %d %s", method, address, resp.StatusCode, text)
	}
	return string(text)
}

func (l *lab) taskURL(sid string) string {
	return "taskrouter.twilio.com/v1/Workspaces/" + l.account.WorkspaceSID() + "/Tasks/" + sid
}

func (l *lab) channelURL() string {
	return "flex-api.twilio.com/v1/Interactions/" + l.conv.InteractionSID + "/Channels/" + l.conv.SID
}

// complete completes a task as the console does: its agent is out, and the
// conversation stays open.
func (l *lab) complete(taskSID string) {
	l.Helper()
	l.post(l.taskURL(taskSID), "AssignmentStatus", "completed", "Reason", "console")
}

// labTwilio lets things happen between two reads.
type labTwilio struct {
	*twilioapi.Client
	l *lab
}

func (t labTwilio) read(what string) {
	t.l.reading.Lock()
	defer t.l.reading.Unlock()
	if t.l.onRead != nil {
		t.l.onRead(what)
	}
}

func (t labTwilio) TasksOf(ctx context.Context, channel string) ([]twilioapi.ListedTask, error) {
	defer t.read("tasks")
	return t.Client.TasksOf(ctx, channel)
}

func (t labTwilio) Conversation(ctx context.Context, sid string) (twilioapi.Conversation, error) {
	defer t.read("conversation")
	return t.Client.Conversation(ctx, sid)
}

func (t labTwilio) Invites(ctx context.Context, interaction, channel string) ([]twilioapi.Invite, error) {
	defer t.read("invites")
	return t.Client.Invites(ctx, interaction, channel)
}

func (t labTwilio) Participants(ctx context.Context, interaction, channel string) ([]transfer.ParticipantRecord, error) {
	defer t.read("participants")
	return t.Client.Participants(ctx, interaction, channel)
}

// labRoster answers from the account itself.
type labRoster struct{ l *lab }

func (r labRoster) Known(sid string) (transfer.WorkerRecord, bool) {
	for _, w := range r.l.account.Snapshot().Workers {
		if w.SID == sid {
			return transfer.WorkerRecord{SID: sid, FriendlyName: w.FriendlyName, ActivityName: w.ActivityName, Attributes: w.Attributes, Available: w.Available}, true
		}
	}
	return transfer.WorkerRecord{}, false
}

func (r labRoster) Fresh(ctx context.Context, sid string) (*transfer.WorkerRecord, error) {
	w, _, err := r.Target(ctx, transfer.Target{Kind: transfer.TargetWorker, SID: sid})
	return w, err
}

func (r labRoster) Target(_ context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error) {
	if w, ok := r.Known(t.SID); ok {
		return &w, nil, nil
	}
	for _, q := range r.l.account.Snapshot().Queues {
		if q.SID == t.SID {
			return nil, &transfer.QueueRecord{SID: q.SID, FriendlyName: q.FriendlyName}, nil
		}
	}
	return nil, nil, nil
}

func (r labRoster) Serves(string, transfer.QueueRecord) bool { return !r.l.unserved }

func (r labRoster) Directory() ([]transfer.WorkerRecord, []transfer.QueueRecord) { return nil, nil }

func (r labRoster) Subscribe(func(transfer.WorkerRecord)) (cancel func()) { return func() {} }
