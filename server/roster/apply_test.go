package roster

import (
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestEventsChangeWorkers(t *testing.T) {
	r, f := newRoster(t)
	var told []transfer.WorkerRecord
	cancel := r.Subscribe(func(w transfer.WorkerRecord) { told = append(told, w) })
	f.pass(time.Minute)
	onBreak := with(bea, "Break")
	r.Apply(f.event("worker.activity.update", onBreak))
	wantWorker(t, r, onBreak)
	renamed := with(bea, "Break")
	renamed.Attributes = `{"full_name":"Beatriz"}`
	f.pass(time.Second)
	r.Apply(f.event("worker.attributes.update", renamed))
	wantWorker(t, r, renamed)
	r.Apply(f.event("worker.attributes.update", renamed)) // delivered twice
	dora := transfer.WorkerRecord{SID: sid("WK", "d"), FriendlyName: "dora", Attributes: "{}", ActivityName: "Available", Available: true}
	r.Apply(f.event("worker.created", dora))
	wantWorker(t, r, dora)
	f.pass(time.Second)
	r.Apply(f.event("worker.deleted", ada))
	if n := f.count("Worker"); n != 0 {
		t.Errorf("%d reads: an event confirms", n)
	}
	f.change(func() { f.workers = []transfer.WorkerRecord{bea, chidi} })
	if got, _, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: ada.SID}); got != nil || err != nil {
		t.Errorf("%+v, %v was deleted", got, err)
	}
	want := []transfer.WorkerRecord{onBreak, renamed, dora, departed(ada)}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("told %+v, want %+v", told, want)
	}
	cancel()
	f.pass(time.Second)
	r.Apply(f.event("worker.activity.update", bea))
	if len(told) != len(want) {
		t.Error("told after the subscription was canceled")
	}
}

func TestEventsOutOfOrder(t *testing.T) {
	r, f := newRoster(t)
	f.pass(10 * time.Second)
	older := f.event("worker.activity.update", with(ada, "Offline"))
	gone := f.event("worker.deleted", bea)
	f.pass(10 * time.Second)
	newer := f.event("worker.activity.update", with(ada, "Break"))
	r.Apply(newer)
	r.Apply(older)
	wantWorker(t, r, with(ada, "Break"))
	r.Apply(f.event("worker.activity.update", with(bea, "Break")))
	r.Apply(gone)
	wantWorker(t, r, with(bea, "Break"))
	if n := f.count("Worker"); n != 0 {
		t.Errorf("%d reads", n)
	}
}

func TestEventsOlderThanARead(t *testing.T) {
	r, f := newRoster(t)
	late := f.event("worker.activity.update", with(ada, "Offline"))
	stranger := f.event("worker.activity.update", transfer.WorkerRecord{SID: sid("WK", "9"), FriendlyName: "deleted long ago", ActivityName: "Available"})
	f.pass(time.Minute)
	if err := r.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Apply(late)
	wantWorker(t, r, ada)
	r.Apply(stranger)
	if _, ok := r.Known(sid("WK", "9")); ok {
		t.Error("an old event brought a worker back")
	}
}

func TestLateEventsDoNotBringTheDeletedBack(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Minute)
	r.Apply(f.event("worker.deleted", ada))
	f.pass(time.Millisecond)
	r.Apply(f.event("worker.activity.update", ada))
	if _, ok := r.Known(ada.SID); ok {
		t.Error("an update brought a deleted worker back")
	}
	f.pass(time.Millisecond)
	r.Apply(f.event("worker.created", ada))
	wantWorker(t, r, ada)
}

func TestEventDuringARead(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Minute)
	f.change(func() {
		f.onWorker = func() {
			f.pass(50 * time.Millisecond)
			r.Apply(f.event("worker.activity.update", with(ada, "Break")))
		}
	})
	wantWorker(t, r, with(ada, "Break"))
}

func TestEventsDuringAFullRead(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Minute)
	dora := transfer.WorkerRecord{SID: sid("WK", "d"), FriendlyName: "dora", Attributes: "{}", ActivityName: "Available", Available: true}
	f.change(func() {
		f.onQueues = func() {
			f.pass(50 * time.Millisecond)
			r.Apply(f.event("worker.created", dora))
			r.Apply(f.event("worker.deleted", ada))
			r.Apply(WebhookEvent{Type: "workflow.updated", Fields: map[string]string{"WorkflowSid": workflowSID}})
		}
	})
	if err := r.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantWorker(t, r, dora)
	if _, ok := r.Known(ada.SID); ok {
		t.Error("a list that was older brought a worker back")
	}
	f.change(func() { f.onQueues = nil })
	before := f.count("Workflow")
	if _, _, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetQueue, SID: billing.SID}); err != nil || f.count("Workflow") != before+1 {
		t.Errorf("%v: the workflow that was read is older than its change", err)
	}
}

// Nobody is in the activity when the directory is read; whoever goes there is not available, and no call is made for it.
func TestActivityThatNobodyIsIn(t *testing.T) {
	f := &fake{
		now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), workers: []transfer.WorkerRecord{bea, ada}, resting: []string{"Lunch"},
		down: map[string]bool{"Activities": true}, calls: map[string]int{},
	}
	r := New(Options{API: f, Clock: f.clock})
	if err := r.RunOnce(t.Context()); !errors.Is(err, errDown) || r.Ready() == nil {
		t.Fatalf("%v: the activities could not be read", err)
	}
	f.down["Activities"] = false
	if err := r.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.pass(time.Second)
	r.Apply(f.event("worker.activity.update", with(ada, "Lunch")))
	if now, _ := r.Known(ada.SID); now != with(ada, "Lunch") {
		t.Errorf("%+v", now)
	}
	wantWorker(t, r, with(ada, "Lunch"))
	select {
	case <-r.Wake():
		t.Error("a full read is asked for")
	default:
	}
	if n := f.count("Worker"); n != 0 {
		t.Errorf("%d reads, want none", n)
	}
}

// An event names the activity only: whether workers are available in it is learned from reads, and from events about
// activities.
func TestActivityThatIsNotKnown(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Second)
	inbox := with(ada, "Inbox only")
	inbox.Available = true
	f.change(func() { f.workers[2] = inbox })
	unsubscribe := r.Subscribe(func(w transfer.WorkerRecord) {
		if !w.Available {
			t.Errorf("%s is told to be unavailable, and it is not known", w.FriendlyName)
		}
	})
	before, _ := r.Known(ada.SID)
	r.Apply(f.event("worker.activity.update", inbox))
	if now, _ := r.Known(ada.SID); !before.Available || !now.Available {
		t.Errorf("before %+v, now %+v", before, now)
	}
	select {
	case <-r.Wake():
	default:
		t.Error("the directory is not read anew, and would show what was before for minutes")
	}
	wantWorker(t, r, inbox)
	if n := f.count("Worker"); n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
	f.pass(time.Second)
	beaToo := with(bea, "Inbox only")
	beaToo.Available = true
	r.Apply(f.event("worker.activity.update", beaToo))
	wantWorker(t, r, beaToo)
	unsubscribe()
	r.Apply(WebhookEvent{Type: "activity.created", Fields: map[string]string{"ActivityName": "Training", "ActivityAvailable": "false"}})
	f.pass(time.Second)
	r.Apply(f.event("worker.activity.update", with(bea, "Training")))
	wantWorker(t, r, with(bea, "Training"))
	if n := f.count("Worker"); n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
}

// Twilio's Timestamp has whole seconds: of two events within one, the order is not known, so the worker is read.
func TestEventsOfTheSameSecond(t *testing.T) {
	r, f := newRoster(t)
	f.pass(time.Minute)
	seconds := func(w transfer.WorkerRecord) WebhookEvent {
		e := f.event("worker.activity.update", w)
		delete(e.Fields, "TimestampMs")
		e.Fields["Timestamp"] = strconv.FormatInt(f.clock().Unix(), 10)
		return e
	}
	r.Apply(seconds(with(ada, "Break")))
	wantWorker(t, r, with(ada, "Break"))
	if n := f.count("Worker"); n != 0 {
		t.Errorf("%d reads", n)
	}
	r.Apply(seconds(with(ada, "Available")))
	f.change(func() { f.workers[2] = with(ada, "Break") })
	wantWorker(t, r, with(ada, "Break"))
}

func TestQueueAndWorkflowEvents(t *testing.T) {
	r, f := newRoster(t)
	woken := func() bool {
		select {
		case <-r.Wake():
			return true
		default:
			return false
		}
	}
	f.pass(time.Second)
	for _, kind := range []string{"task-queue.entered", "workflow.target-matched", "workflow.timeout", "reservation.accepted", "worker.capacity.update", ""} {
		r.Apply(WebhookEvent{Type: kind, Fields: map[string]string{"TaskQueueSid": billing.SID, "WorkflowSid": workflowSID}})
	}
	r.Apply(WebhookEvent{Type: "workflow.updated", Fields: map[string]string{"WorkflowSid": sid("WW", "9")}})
	if woken() {
		t.Error("woken by what does not concern the roster")
	}
	f.change(func() {
		f.config = config(`{"expression":"transferQueueName == 'Archive'","targets":[{"queue":"WQ4"}]}`)
	})
	r.Apply(WebhookEvent{Type: "workflow.updated", Fields: map[string]string{"WorkflowSid": workflowSID}})
	if !woken() {
		t.Error("not woken by the workflow")
	}
	_, q, err := r.Target(t.Context(), transfer.Target{Kind: transfer.TargetQueue, SID: archive.SID})
	if err != nil || q == nil || q.Unserved {
		t.Errorf("%+v, %v: the new workflow serves it", q, err)
	}
	if r.Serves("", billing) {
		t.Error("the new workflow does not serve Billing")
	}
	r.Apply(WebhookEvent{Type: "task-queue.deleted", Fields: map[string]string{"TaskQueueSid": archive.SID}})
	r.Apply(WebhookEvent{Type: "task-queue.created", Fields: map[string]string{"TaskQueueSid": returns.SID, "TaskQueueName": returns.FriendlyName}})
	if _, queues := r.Directory(); len(queues) != 2 || queues[1].SID != returns.SID || !queues[1].Unserved || !woken() {
		t.Errorf("queues %+v", queues)
	}
}

func TestEventTimes(t *testing.T) {
	for _, c := range []struct {
		fields map[string]string
		want   int64 // ms
		exact  bool
	}{
		{map[string]string{"Timestamp": "1767323045", "TimestampMs": "1767323045678"}, 1767323045678, true},
		{map[string]string{"Timestamp": "1767323045"}, 1767323045000, false},
		{map[string]string{"Timestamp": "2026-01-02T03:04:05.678Z"}, 1767323045678, true},
		{map[string]string{"Timestamp": "2026-01-02T03:04:05Z"}, 1767323045000, false},
	} {
		at, exact := WebhookEvent{Fields: c.fields}.at()
		if at.UnixMilli() != c.want || exact != c.exact {
			t.Errorf("%v: %v, %v", c.fields, at, exact)
		}
	}
	if at, _ := (WebhookEvent{}).at(); !at.IsZero() {
		t.Errorf("%v without a time", at)
	}
	r, _ := newRoster(t)
	for _, fields := range []map[string]string{nil, {"WorkerSid": "../x", "TimestampMs": "9999999999999"}, {"WorkerSid": ada.SID, "WorkerActivityName": "Break"}} {
		r.Apply(WebhookEvent{Type: "worker.activity.update", Fields: fields})
	}
	wantWorker(t, r, ada)
}
