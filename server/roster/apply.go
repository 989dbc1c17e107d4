package roster

import (
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// clockSkew is how much older than a read an event may look and still be newer.
const clockSkew = 2 * time.Second

// Apply takes in an event of TaskRouter; most kinds do not concern the roster. Events may come twice and in any order:
// one that happened before what is known already changes nothing.
func (r *Roster) Apply(e WebhookEvent) {
	switch kinds[e.Type] {
	case workerChanged:
		r.change(func() []transfer.WorkerRecord { return r.applyWorker(e) })
	case workerDeleted:
		r.change(func() []transfer.WorkerRecord { return r.applyDeleted(e) })
	case activityChanged:
		r.applyActivity(e)
	case queueChanged, queueDeleted:
		r.applyQueue(e)
	case workflowChanged:
		if sid := e.first("WorkflowSid", "ResourceSid"); r.workflowSID != "" && (sid == "" || sid == r.workflowSID) {
			r.outdated()
		}
	case ignored:
	}
}

func (e WebhookEvent) first(keys ...string) string {
	for _, key := range keys {
		if v := e.Fields[key]; v != "" {
			return v
		}
	}
	return ""
}

// eventWorker is the worker that the event is about, made if need be, or nil where the event is older than what is
// known. It notes that the event was heard. r.mu is held.
func (r *Roster) eventWorker(e WebhookEvent) *worker {
	sid := e.first("WorkerSid", "ResourceSid")
	if !transfer.ValidSID(sid, "WK") {
		return nil
	}
	w := r.workers[sid]
	if w == nil {
		w = &worker{record: transfer.WorkerRecord{SID: sid}, read: r.readAt}
	}
	at, exact := e.at()
	if at.Before(w.event) || at.Before(w.read.Add(-clockSkew)) {
		return nil
	}
	// Of two events in the same second nobody knows which is the later one.
	w.doubt = w.doubt || !exact && at.Equal(w.event)
	w.event, w.heard = at, r.clock()
	r.workers[sid] = w
	return w
}

func (r *Roster) applyWorker(e WebhookEvent) []transfer.WorkerRecord {
	w := r.eventWorker(e)
	if w == nil || w.gone && e.Type != "worker.created" {
		return nil
	}
	before, wasGone := w.record, w.gone
	set(&w.record.FriendlyName, e.Fields["WorkerName"])
	set(&w.record.Attributes, e.Fields["WorkerAttributes"])
	if activity := e.Fields["WorkerActivityName"]; activity != "" {
		// The event names the activity, but does not say whether it is one of those in which workers are available.
		// One that no read has told of yet is read at once; until it is, the worker counts as before.
		available, known := r.activities[activity]
		if known {
			w.record.Available = available
		} else {
			r.wakeUp()
		}
		w.record.ActivityName, w.doubt = activity, w.doubt || !known
	}
	w.doubt = w.doubt || w.record.ActivityName == ""
	w.gone, w.confirmed = false, r.clock()
	if w.record == before && !wasGone {
		return nil
	}
	return []transfer.WorkerRecord{w.record}
}

func set(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func (r *Roster) applyDeleted(e WebhookEvent) []transfer.WorkerRecord {
	w := r.eventWorker(e)
	if w == nil || w.gone {
		return nil
	}
	w.gone = true
	w.record = departed(w.record)
	return []transfer.WorkerRecord{w.record}
}

func (r *Roster) applyActivity(e WebhookEvent) {
	name, available := e.Fields["ActivityName"], e.Fields["ActivityAvailable"]
	if name == "" || available == "" {
		return
	}
	r.mu.Lock()
	r.activities[name] = available == "true" || available == "True" || available == "1"
	r.mu.Unlock()
	r.wakeUp() // it may be an old one by a new name
}

func (r *Roster) applyQueue(e WebhookEvent) {
	sid := e.first("TaskQueueSid", "ResourceSid")
	r.mu.Lock()
	if kinds[e.Type] == queueDeleted {
		delete(r.queues, sid)
	} else if name := e.Fields["TaskQueueName"]; name != "" && transfer.ValidSID(sid, "WQ") {
		r.takeQueue(transfer.QueueRecord{SID: sid, FriendlyName: name})
	}
	r.mu.Unlock()
	r.outdated()
}

// outdated makes the next transfer to a queue read queues and workflow anew, and asks for a full read.
func (r *Roster) outdated() {
	r.state.Add(1)
	r.mu.Lock()
	r.queuesAt, r.outdatedAt = time.Time{}, r.clock()
	r.mu.Unlock()
	r.wakeUp()
}
