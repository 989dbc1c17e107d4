package twilsock

import (
	"encoding/json"
	"net/http"
)

// subscriptionType is the type of the notifications about subscriptions, and of the events that a subscriber has missed.
const subscriptionType = "twilio.sync.event"

type subscriptionBatch struct {
	Action        string          `json:"action"` // establish or cancel
	CorrelationID json.RawMessage `json:"correlation_id"`
	Requests      []struct {
		ObjectSID   string `json:"object_sid"`
		ObjectType  kind   `json:"object_type"`
		LastEventID *int64 `json:"last_event_id"` // nil: nothing was missed
	} `json:"requests"`
}

// subscribe begins or ends subscriptions. What comes of it is told by notifications. Source: npm twilio-sync,
// subscriptions.js.
func subscribe(q *request) (answer, error) {
	var batch subscriptionBatch
	if err := q.json(&batch); err != nil {
		return answer{}, err
	}
	if batch.Action != "establish" && batch.Action != "cancel" {
		return answer{}, refused(http.StatusBadRequest, 20001, "action %q is not one of establish, cancel", batch.Action)
	}
	q.then = func() {
		q.hub.mu.Lock()
		defer q.hub.mu.Unlock()
		for i := range batch.Requests {
			if batch.Action == "cancel" {
				q.cancel(batch, i)
			} else {
				q.establish(batch, i)
			}
		}
	}
	return answer{body: map[string]any{"max_batch_size": 1000, "estimated_delivery_in_ms": 5000}}, nil
}

func (q *request) cancel(batch subscriptionBatch, i int) {
	r := batch.Requests[i]
	if o := q.hub.objects[r.ObjectSID]; o != nil {
		q.hub.unwatch(q.link, o)
	}
	q.subscriptionEvent("subscription_canceled", batch, i, nil)
}

// establish lets the link hear what it has missed of an object, and from now on all.
func (q *request) establish(batch subscriptionBatch, i int) {
	r := batch.Requests[i]
	o := q.hub.objects[r.ObjectSID]
	switch {
	case o == nil || o.kind != r.ObjectType:
		q.subscriptionEvent("subscription_failed", batch, i, map[string]any{
			"error": map[string]any{"status": 404, "code": 54300, "message": "Not found"}})
		return
	case !o.mayRead(q.session):
		q.subscriptionEvent("subscription_failed", batch, i, map[string]any{
			"error": map[string]any{"status": 403, "code": 54007, "message": "Access forbidden"}})
		return
	}
	if r.LastEventID != nil {
		for _, e := range o.missed(*r.LastEventID) {
			q.link.push(subscriptionType, e.payload())
		}
	}
	q.hub.watch(q.link, o)
	q.subscriptionEvent("subscription_established", batch, i, map[string]any{
		"replay_status": "completed", "last_event_id": o.lastEvent})
}

func (q *request) subscriptionEvent(name string, batch subscriptionBatch, i int, more map[string]any) {
	body := map[string]any{"object_sid": batch.Requests[i].ObjectSID, "object_type": batch.Requests[i].ObjectType}
	for k, v := range more {
		body[k] = v
	}
	q.link.push(subscriptionType, toJSON(map[string]any{"event_type": name, "correlation_id": batch.CorrelationID,
		"event_protocol_version": 4, "event": body}))
}
