package roster

import (
	"log/slog"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// FuzzApply takes in what a webhook may say about workers and queues.
func FuzzApply(f *testing.F) {
	f.Add("worker.attributes.update", "WK00000000000000000000000000000001", "ada", `{"routing":{"skills":["a"]}}`, "Available", "1700000000000")
	f.Add("worker.activity.update", "x", "", `[`, "", "-1")
	f.Add("worker.deleted", "", "\x00", `null`, "Offline", "1e9")
	f.Add("task-queue.created", "WQ1", "q", ``, ``, ``)
	f.Fuzz(func(t *testing.T, kind, worker, name, attributes, activity, at string) {
		r, _ := newRoster(t)
		r.Apply(WebhookEvent{Type: kind, Fields: map[string]string{
			"WorkerSid": worker, "WorkerName": name, "WorkerAttributes": attributes, "WorkerActivityName": activity, "TimestampMs": at,
			"TaskQueueSid": worker, "TaskQueueName": name,
		}})
		workers, queues := r.Directory()
		for _, w := range workers {
			if !transfer.ValidSID(w.SID, "WK") {
				t.Errorf("%q is a worker", w.SID)
			}
		}
		for _, q := range queues {
			if !transfer.ValidSID(q.SID, "WQ") {
				t.Errorf("%q is a queue", q.SID)
			}
		}
	})
}

// FuzzWorkflow reads a workflow's configuration, which anybody may write in
// Twilio's console, and asks it where a task goes.
func FuzzWorkflow(f *testing.F) {
	f.Add(`{"task_routing":{"filters":[{"expression":"a == 'b'","targets":[{"queue":"WQ1","expression":"worker.sid IN task.x"}]}]}}`, `{"a":"b"}`)
	f.Add(`{"task_routing":null}`, `[]`)
	f.Add(`{"task_routing":{"filters":[{"expression":"((((","targets":[]}],"default_filter":{"queue":7}}}`, `{`)
	f.Fuzz(func(_ *testing.T, text, attributes string) {
		w, err := parseWorkflow(text, slog.New(slog.DiscardHandler))
		if err != nil || w == nil {
			return
		}
		queue := transfer.QueueRecord{SID: "WQ00000000000000000000000000000001", FriendlyName: "b"}
		w.serves(documentFor(attributes, queue), queue.SID)
	})
}
