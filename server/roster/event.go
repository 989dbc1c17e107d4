package roster

import (
	"strconv"
	"time"
)

// WebhookEvent is an event of TaskRouter as its webhook brings it, verified.
// Source: https://www.twilio.com/docs/taskrouter/api/event/reference
type WebhookEvent struct {
	Type   string            // EventType, such as "worker.activity.update"
	Fields map[string]string // the form
}

// at is when it happened by Twilio's clock, and whether that is known to the millisecond.
func (e WebhookEvent) at() (at time.Time, exact bool) {
	if ms, err := strconv.ParseInt(e.Fields["TimestampMs"], 10, 64); err == nil && ms > 0 {
		return time.UnixMilli(ms), true
	}
	if s, err := strconv.ParseInt(e.Fields["Timestamp"], 10, 64); err == nil && s > 0 {
		return time.Unix(s, 0), false
	}
	for _, key := range []string{"TimestampMs", "Timestamp"} {
		if t, err := time.Parse(time.RFC3339, e.Fields[key]); err == nil {
			return t, t.Nanosecond() != 0
		}
	}
	return time.Time{}, false
}

// kind is what the roster does about an event.
type kind uint8

const (
	ignored kind = iota
	workerChanged
	workerDeleted
	activityChanged
	queueChanged
	queueDeleted
	workflowChanged
)

// kinds are the events that matter. task-queue.entered, workflow.timeout and their like are about tasks.
var kinds = map[string]kind{
	"worker.created": workerChanged, "worker.activity.update": workerChanged, "worker.attributes.update": workerChanged,
	"worker.deleted":   workerDeleted,
	"activity.created": activityChanged, "activity.updated": activityChanged,
	"task-queue.created": queueChanged, "task-queue.updated": queueChanged,
	"task-queue.expression.updated": queueChanged, "task-queue.deleted": queueDeleted,
	"workflow.created": workflowChanged, "workflow.updated": workflowChanged, "workflow.deleted": workflowChanged,
}

// Concerns reports whether [Roster.Apply] does anything about events of the type.
func (e WebhookEvent) Concerns() bool { return kinds[e.Type] != ignored }
