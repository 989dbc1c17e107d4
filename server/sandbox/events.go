package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// pairs are the fields of a webhook, in the order Twilio's documentation lists them.
type pairs [][2]string

// eventLogSize is how many TaskRouter events the Events resource still has.
const eventLogSize = 10_000

// event is a TaskRouter event. Source: https://www.twilio.com/docs/taskrouter/api/event/reference
type event struct {
	entity
	kind, description         string
	resourceType, resourceSID string
	taskSID, workerSID        string
	reservationSID            string
	queueSID, workflowSID     string
	taskChannel               string
	data                      pairs
}

// eventLog is a ring of the last events.
type eventLog struct {
	ring  []*event
	total int
}

func (l *eventLog) add(e *event) {
	if len(l.ring) < eventLogSize {
		l.ring = append(l.ring, e)
	} else {
		l.ring[l.total%eventLogSize] = e
	}
	l.total++
}

// newestFirst goes through the events from the newest to the oldest.
func (l *eventLog) newestFirst(yield func(*event) bool) {
	for i := 1; i <= len(l.ring); i++ {
		if !yield(l.ring[(l.total-i)%len(l.ring)]) {
			return
		}
	}
}

// taskEvent tells of a task, or of one of its reservations.
func (a *Account) taskEvent(kind string, t *task, r *reservation) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "task", t.sid)
	e.taskSID, e.taskChannel = t.sid, t.channel.uniqueName
	e.data = append(e.data, a.taskPairs(t)...)
	if t.queue != nil {
		e.queueSID = t.queue.sid
	}
	if t.workflow != nil {
		e.workflowSID = t.workflow.sid
	}
	if r != nil {
		e.resourceType, e.resourceSID, e.reservationSID = "reservation", r.sid, r.sid
		e.workerSID = r.worker.sid
		e.data = append(e.data, [2]string{"ReservationSid", r.sid}, [2]string{"ReservationStatus", r.status},
			[2]string{"ReservationVersion", strconv.Itoa(r.version)})
		e.data = append(e.data, workerPairs(r.worker)...)
	}
	a.emitEvent(e)
}

// workflowEvent tells how a task goes through its workflow.
func (a *Account) workflowEvent(kind string, t *task) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "workflow", t.workflow.sid)
	e.taskSID, e.workflowSID, e.taskChannel = t.sid, t.workflow.sid, t.channel.uniqueName
	e.data = a.taskPairs(t)
	a.emitEvent(e)
}

func (a *Account) workerEvent(kind string, w *worker) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "worker", w.sid)
	e.workerSID = w.sid
	e.data = workerPairs(w)
	if kind == "worker.activity.update" {
		spent := a.now().Sub(w.statusChanged)
		e.data = append(e.data, [2]string{"WorkerPreviousActivitySid", w.before.sid},
			[2]string{"WorkerPreviousActivityName", w.before.name},
			[2]string{"WorkerTimeInPreviousActivity", strconv.Itoa(int(spent.Seconds()))},
			[2]string{"WorkerTimeInPreviousActivityMs", strconv.FormatInt(spent.Milliseconds(), 10)})
	}
	a.emitEvent(e)
}

func (a *Account) taskQueueEvent(kind string, q *queue) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "task-queue", q.sid)
	e.queueSID = q.sid
	e.data = pairs{{"TaskQueueSid", q.sid}, {"TaskQueueName", q.name}, {"TaskQueueTargetExpression", q.targetWorkers}}
	a.emitEvent(e)
}

func (a *Account) newEvent(kind, resourceType, resourceSID string) *event {
	return &event{entity: a.entity("EV", ""), kind: kind, resourceType: resourceType, resourceSID: resourceSID,
		description: strings.ToUpper(kind[:1]) + strings.ReplaceAll(kind[1:], ".", " ")}
}

func (a *Account) emitEvent(e *event) {
	a.store.events.add(e)
	a.taskRouterHook(e)
}

func (a *Account) taskPairs(t *task) pairs {
	p := pairs{
		{"TaskSid", t.sid}, {"TaskPriority", strconv.Itoa(t.priority)},
		{"TaskAge", strconv.Itoa(int(a.now().Sub(t.created) / time.Second))}, {"TaskAttributes", t.attributes},
		{"TaskAssignmentStatus", t.status}, {"TaskChannelSid", t.channel.sid},
		{"TaskChannelUniqueName", t.channel.uniqueName}, {"TaskVersion", strconv.Itoa(t.version)},
	}
	if t.status == statusCanceled && t.reason != nil {
		p = append(p, [2]string{"TaskCanceledReason", *t.reason})
	}
	if t.status == statusCompleted && t.reason != nil {
		p = append(p, [2]string{"TaskCompletedReason", *t.reason})
	}
	if t.workflow != nil {
		p = append(p, [2]string{"WorkflowSid", t.workflow.sid}, [2]string{"WorkflowName", t.workflow.name})
	}
	if t.filter != nil {
		p = append(p, [2]string{"WorkflowFilterName", t.filter.Name})
	}
	if t.queue != nil {
		p = append(p, [2]string{"TaskQueueSid", t.queue.sid}, [2]string{"TaskQueueName", t.queue.name},
			[2]string{"TaskQueueTargetExpression", t.queue.targetWorkers},
			[2]string{"TaskQueueEnteredDate", strconv.FormatInt(t.queueEntered.Unix(), 10)})
	}
	return p
}

func workerPairs(w *worker) pairs {
	return pairs{
		{"WorkerSid", w.sid}, {"WorkerName", w.name}, {"WorkerAttributes", w.attributes},
		{"WorkerActivitySid", w.activity.sid}, {"WorkerActivityName", w.activity.name},
		{"WorkerVersion", strconv.Itoa(w.version)},
	}
}

// common are the fields that every event callback has.
func (a *Account) common(e *event) pairs {
	return pairs{
		{"EventType", e.kind}, {"Sid", e.sid}, {"AccountSid", a.accountSID}, {"WorkspaceSid", a.workspaceSID},
		{"WorkspaceName", a.store.workspaceName}, {"EventDescription", e.description}, {"ResourceType", e.resourceType},
		{"ResourceSid", e.resourceSID}, {"Timestamp", strconv.FormatInt(e.created.Unix(), 10)},
		{"TimestampMs", strconv.FormatInt(e.created.UnixMilli(), 10)},
	}
}

// eventData is the event_data of the Events resource: the same fields, named in snake_case.
func (e *event) eventData() map[string]any {
	data := make(map[string]any, len(e.data))
	for _, p := range e.data {
		data[snakeCase(p[0])] = p[1]
	}
	return data
}

func snakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
