package roster

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var errDown = &twilioapi.Error{Endpoint: "x", Outcome: twilioapi.Unknown, Message: "down"}

// fake is an account that a test fills.
type fake struct {
	mu       sync.Mutex
	now      time.Time
	workers  []transfer.WorkerRecord
	queues   []transfer.QueueRecord
	config   string
	resting  []string        // activities that nobody is in, and nobody is available in
	down     map[string]bool // Workers, Worker, Activities, Queues, Workflow
	calls    map[string]int
	onWorker func() // called within a read of a worker, after it was read
	onQueues func() // likewise, of the queues
	figures  map[string]transfer.QueueFigures
}

func (f *fake) QueueFigures(_ context.Context, sid string) (transfer.QueueFigures, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.call("QueueFigures")
	return f.figures[sid], err
}

func (f *fake) call(name string) error {
	f.calls[name]++
	if f.down[name] {
		return errDown
	}
	return nil
}

func (f *fake) Workers(context.Context) ([]transfer.WorkerRecord, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.workers), f.call("Workers")
}

func (f *fake) Worker(_ context.Context, sid string) (transfer.WorkerRecord, error) {
	f.mu.Lock()
	if f.onWorker != nil {
		defer f.onWorker()
	}
	defer f.mu.Unlock()
	if err := f.call("Worker"); err != nil {
		return transfer.WorkerRecord{}, err
	}
	for _, w := range f.workers {
		if w.SID == sid {
			return w, nil
		}
	}
	return transfer.WorkerRecord{}, &twilioapi.Error{Outcome: twilioapi.NotFound, Status: 404}
}

func (f *fake) Activities(context.Context) (map[string]bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	activities := map[string]bool{}
	for _, w := range f.workers {
		activities[w.ActivityName] = w.Available
	}
	for _, name := range f.resting {
		activities[name] = false
	}
	return activities, f.call("Activities")
}

func (f *fake) Queues(context.Context) ([]transfer.QueueRecord, error) {
	f.mu.Lock()
	if f.onQueues != nil {
		defer f.onQueues()
	}
	defer f.mu.Unlock()
	return slices.Clone(f.queues), f.call("Queues")
}

func (f *fake) Workflow(_ context.Context, sid string) (twilioapi.Workflow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return twilioapi.Workflow{SID: sid, Configuration: f.config}, f.call("Workflow")
}

func (f *fake) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[name]
}

func (f *fake) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *fake) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fake) pass(d time.Duration) { f.change(func() { f.now = f.now.Add(d) }) }

var (
	workflowSID = sid("WW", "1")
	ada         = transfer.WorkerRecord{SID: sid("WK", "a"), FriendlyName: "ada", Attributes: `{"full_name":"Ada"}`, ActivityName: "Available", Available: true}
	bea         = transfer.WorkerRecord{SID: sid("WK", "b"), FriendlyName: "Bea", Attributes: `{"full_name":"Bea"}`, ActivityName: "Available", Available: true}
	chidi       = transfer.WorkerRecord{SID: sid("WK", "c"), FriendlyName: "chidi", Attributes: `{"full_name":"Chidi"}`, ActivityName: "Break"}
)

const onlyBilling = `{"expression":"transferQueueName == 'Billing'","targets":[{"queue":"WQ2"}]}`

// newRoster has read ada, Bea and chidi (on a break), and a workflow that serves Billing but not Archive.
func newRoster(t *testing.T) (*Roster, *fake) {
	t.Helper()
	f := &fake{
		now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), workers: []transfer.WorkerRecord{chidi, bea, ada},
		queues: []transfer.QueueRecord{billing, archive}, config: config(onlyBilling), down: map[string]bool{}, calls: map[string]int{},
	}
	r := New(Options{API: f, WorkflowSID: workflowSID, Clock: f.clock})
	if !errors.Is(r.Ready(), ErrNotRead) || !r.Serves("", archive) {
		t.Error("ready, or sure of a queue, before anything was read")
	}
	if err := r.RunOnce(t.Context()); err != nil || r.Ready() != nil {
		t.Fatal(err, r.Ready())
	}
	return r, f
}

// event is one of a worker, at the fake's time.
func (f *fake) event(kind string, w transfer.WorkerRecord) WebhookEvent {
	return WebhookEvent{Type: kind, Fields: map[string]string{
		"EventType": kind, "WorkerSid": w.SID, "WorkerName": w.FriendlyName, "WorkerAttributes": w.Attributes,
		"WorkerActivityName": w.ActivityName, "TimestampMs": strconv.FormatInt(f.clock().UnixMilli(), 10),
	}}
}

func with(w transfer.WorkerRecord, activity string) transfer.WorkerRecord {
	w.ActivityName, w.Available = activity, activity == "Available"
	return w
}

func wantWorker(t *testing.T, r *Roster, want transfer.WorkerRecord) {
	t.Helper()
	got, queue, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: want.SID})
	if err != nil || queue != nil || got == nil || *got != want {
		t.Errorf("target is %+v, %v, %v, want %+v", got, queue, err, want)
	}
}

func TestDirectory(t *testing.T) {
	r, _ := newRoster(t)
	workers, queues := r.Directory()
	if !slices.Equal(workers, []transfer.WorkerRecord{ada, bea, chidi}) {
		t.Errorf("workers %+v", workers)
	}
	unserved := archive
	unserved.Unserved = true
	if !reflect.DeepEqual(queues, []transfer.QueueRecord{unserved, billing}) {
		t.Errorf("queues %+v", queues)
	}
	workers[0].FriendlyName = "changed by the caller"
	if again, _ := r.Directory(); again[0] != ada {
		t.Error("the caller's copy is the roster's")
	}
	if known, ok := r.Known(bea.SID); !ok || known != bea {
		t.Errorf("known %+v", known)
	}
	if !r.Serves(`{}`, billing) || r.Serves(`{}`, archive) {
		t.Error("Serves disagrees with the directory")
	}
}

func TestTargetIsTrustedForAWhile(t *testing.T) {
	r, f := newRoster(t)
	f.change(func() { f.workers = []transfer.WorkerRecord{with(ada, "Offline"), bea} })
	f.pass(DefaultTrust)
	wantWorker(t, r, ada)
	if n := f.count("Worker"); n != 0 {
		t.Errorf("%d reads within the time of trust", n)
	}
	f.pass(time.Millisecond)
	wantWorker(t, r, with(ada, "Offline"))
	wantWorker(t, r, with(ada, "Offline"))
	if n := f.count("Worker"); n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
}

func TestTargetsThatDoNotExist(t *testing.T) {
	r, f := newRoster(t)
	f.change(func() { f.workers = []transfer.WorkerRecord{ada} })
	f.pass(time.Minute)
	for _, target := range []transfer.Target{
		{Kind: transfer.TargetWorker, SID: bea.SID}, {Kind: transfer.TargetWorker, SID: sid("WK", "f")}, {Kind: transfer.TargetWorker, SID: billing.SID},
		{Kind: transfer.TargetWorker, SID: "../x"}, {Kind: transfer.TargetQueue, SID: sid("WQ", "9")}, {Kind: transfer.TargetQueue, SID: ""}, {SID: ada.SID}, {},
	} {
		worker, queue, err := r.Target(t.Context(), target)
		if worker != nil || queue != nil || err != nil {
			t.Errorf("%+v: %v, %v, %v", target, worker, queue, err)
		}
	}
	if _, ok := r.Known(bea.SID); ok {
		t.Error("a worker who was deleted is still known")
	}
	if workers, _ := r.Directory(); len(workers) != 2 {
		t.Errorf("%d workers", len(workers))
	}
	f.change(func() { f.down["Worker"] = true })
	if _, _, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: ada.SID}); !errors.Is(err, errDown) {
		t.Errorf("%v: not knowing is not the same as not existing", err)
	}
}

func TestTargetQueue(t *testing.T) {
	r, f := newRoster(t)
	target := transfer.Target{Kind: transfer.TargetQueue, SID: billing.SID}
	for range 3 {
		f.pass(time.Minute)
		_, q, err := r.Target(t.Context(), target)
		if err != nil || q == nil || !reflect.DeepEqual(*q, billing) {
			t.Errorf("%+v, %v", q, err)
		}
	}
	if n := f.count("Queues"); n != 1 {
		t.Errorf("%d reads", n)
	}
	f.change(func() { f.queues = append(f.queues, returns) })
	_, q, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetQueue, SID: returns.SID})
	if err != nil || q == nil || !q.Unserved || f.count("Queues") != 2 {
		t.Errorf("a new queue: %+v, %v after %d reads", q, err, f.count("Queues"))
	}
	for range 5 {
		_, _, _ = r.Target(t.Context(), transfer.Target{Kind: transfer.TargetQueue, SID: sid("WQ", "9")})
	}
	if n := f.count("Queues"); n != 2 {
		t.Errorf("%d reads for a queue that does not exist", n)
	}
	f.change(func() { f.down["Workflow"] = true })
	f.pass(time.Hour)
	if _, q, err := r.Target(t.Context(), target); q != nil || !errors.Is(err, errDown) {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestManyAskOnce(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Minute)
	release := make(chan struct{})
	f.change(func() { f.onWorker = func() { <-release } })
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() { wantWorker(t, r, ada) })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := r.Target(ctx, transfer.Target{Kind: transfer.TargetWorker, SID: ada.SID}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v: who cannot wait must not", err)
	}
	close(release)
	asking.Wait()
	if n := f.count("Worker"); n > 3 { // a late goroutine may come after the answer, but then it is trusted
		t.Errorf("%d reads for 20 who asked at once", n)
	}
}

func TestReadThatFailsInPart(t *testing.T) {
	r, f := newRoster(t)
	f.change(func() {
		f.down["Workflow"] = true
		f.workers, f.queues = []transfer.WorkerRecord{ada}, []transfer.QueueRecord{billing, archive, returns}
	})
	f.pass(time.Second)
	if err := r.RunOnce(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("%v", err)
	}
	workers, queues := r.Directory()
	if len(workers) != 1 || len(queues) != 3 || !queues[0].Unserved || queues[1].Unserved {
		t.Errorf("%+v, %+v: what could be read counts, with the workflow that is known", workers, queues)
	}
	f.change(func() { f.down["Workers"], f.down["Workflow"] = true, false })
	if err := r.RunOnce(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("%v", err)
	}
	if workers, _ := r.Directory(); len(workers) != 1 {
		t.Errorf("%d workers after a read that failed", len(workers))
	}
}

func TestListWithoutAttributes(t *testing.T) {
	r, f := newRoster(t)
	f.change(func() { f.workers[2].Attributes = "" })
	f.pass(time.Minute)
	if err := r.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantWorker(t, r, ada)
}

func TestNoWorkflow(t *testing.T) {
	_, f := newRoster(t)
	r := New(Options{API: f, Clock: f.clock})
	if err := r.RunOnce(t.Context()); err != nil || f.count("Workflow") != 1 {
		t.Fatal(err)
	}
	if _, queues := r.Directory(); queues[0].Unserved || !r.Serves("", archive) {
		t.Error("without a workflow nobody can say that a queue is not served")
	}
}
