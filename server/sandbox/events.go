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

// event is a TaskRouter event: what was so when it happened. Its fields are written out only for those who ask. Source:
// https://www.twilio.com/docs/taskrouter/api/event/reference
type event struct {
	entity
	kind                      string
	resourceType, resourceSID string
	task                      *taskFacts
	reservation               *reservationFacts
	worker                    *workerFacts
	queue                     *queue // of a queue's own events
}

type taskFacts struct {
	task                       *task
	attributes, status, reason string
	priority, version          int
	queue                      *queue
	queueEntered               time.Time
	filter                     string
}

type reservationFacts struct {
	sid, status string
	version     int
}

type workerFacts struct {
	worker           *worker
	attributes       string
	activity, before *activity // before is nil unless the activity changed
	spent            time.Duration
	version          int
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
	e.task = t.facts()
	if r != nil {
		e.resourceType, e.resourceSID = "reservation", r.sid
		e.reservation = &reservationFacts{sid: r.sid, status: r.status, version: r.version}
		e.worker = r.worker.facts()
	}
	a.emitEvent(e)
}

// workflowEvent tells how a task goes through its workflow.
func (a *Account) workflowEvent(kind string, t *task) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "workflow", t.workflow.sid)
	e.task = t.facts()
	a.emitEvent(e)
}

func (a *Account) workerEvent(kind string, w *worker) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "worker", w.sid)
	e.worker = w.facts()
	if kind == "worker.activity.update" {
		e.worker.before, e.worker.spent = w.before, a.now().Sub(w.statusChanged)
	}
	a.emitEvent(e)
}

func (a *Account) taskQueueEvent(kind string, q *queue) {
	if a.quiet {
		return
	}
	e := a.newEvent(kind, "task-queue", q.sid)
	e.queue = q
	a.emitEvent(e)
}

func (a *Account) newEvent(kind, resourceType, resourceSID string) *event {
	return &event{entity: a.entity("EV", ""), kind: kind, resourceType: resourceType, resourceSID: resourceSID}
}

func (a *Account) emitEvent(e *event) {
	a.store.events.add(e)
	a.taskRouterHook(e)
}

func (t *task) facts() *taskFacts {
	f := &taskFacts{task: t, attributes: t.attributes, status: t.status, reason: deref(t.reason), priority: t.priority,
		version: t.version, queue: t.queue, queueEntered: t.queueEntered}
	if t.filter != nil {
		f.filter = t.filter.Name
	}
	return f
}

func (w *worker) facts() *workerFacts {
	return &workerFacts{worker: w, attributes: w.attributes, activity: w.activity, version: w.version}
}

// description says in words what happened.
func (e *event) description() string {
	return strings.ToUpper(e.kind[:1]) + strings.ReplaceAll(e.kind[1:], ".", " ")
}

// pairs are the fields that depend on the kind of event.
func (e *event) pairs() pairs {
	p := make(pairs, 0, 32)
	if e.task != nil {
		p = e.task.pairs(p, e.created)
	}
	if r := e.reservation; r != nil {
		p = append(p, [2]string{"ReservationSid", r.sid}, [2]string{"ReservationStatus", r.status},
			[2]string{"ReservationVersion", strconv.Itoa(r.version)})
	}
	if e.worker != nil {
		p = e.worker.pairs(p)
	}
	if q := e.queue; q != nil {
		p = append(p, [2]string{"TaskQueueSid", q.sid}, [2]string{"TaskQueueName", q.name},
			[2]string{"TaskQueueTargetExpression", q.targetWorkers})
	}
	return p
}

func (f *taskFacts) pairs(p pairs, now time.Time) pairs {
	t := f.task
	p = append(p, pairs{
		{"TaskSid", t.sid}, {"TaskPriority", strconv.Itoa(f.priority)},
		{"TaskAge", strconv.Itoa(int(now.Sub(t.created) / time.Second))}, {"TaskAttributes", f.attributes},
		{"TaskAssignmentStatus", f.status}, {"TaskChannelSid", t.channel.sid},
		{"TaskChannelUniqueName", t.channel.uniqueName}, {"TaskVersion", strconv.Itoa(f.version)},
	}...)
	switch {
	case f.reason == "":
	case f.status == statusCanceled:
		p = append(p, [2]string{"TaskCanceledReason", f.reason})
	case f.status == statusCompleted:
		p = append(p, [2]string{"TaskCompletedReason", f.reason})
	}
	if t.workflow != nil {
		p = append(p, [2]string{"WorkflowSid", t.workflow.sid}, [2]string{"WorkflowName", t.workflow.name})
	}
	if f.filter != "" {
		p = append(p, [2]string{"WorkflowFilterName", f.filter})
	}
	if q := f.queue; q != nil {
		p = append(p, [2]string{"TaskQueueSid", q.sid}, [2]string{"TaskQueueName", q.name},
			[2]string{"TaskQueueTargetExpression", q.targetWorkers},
			[2]string{"TaskQueueEnteredDate", strconv.FormatInt(f.queueEntered.Unix(), 10)})
	}
	return p
}

func (f *workerFacts) pairs(p pairs) pairs {
	p = append(p, pairs{
		{"WorkerSid", f.worker.sid}, {"WorkerName", f.worker.name}, {"WorkerAttributes", f.attributes},
		{"WorkerActivitySid", f.activity.sid}, {"WorkerActivityName", f.activity.name},
		{"WorkerVersion", strconv.Itoa(f.version)},
	}...)
	if f.before == nil {
		return p
	}
	return append(p, pairs{
		{"WorkerPreviousActivitySid", f.before.sid}, {"WorkerPreviousActivityName", f.before.name},
		{"WorkerTimeInPreviousActivity", strconv.Itoa(int(f.spent.Seconds()))},
		{"WorkerTimeInPreviousActivityMs", strconv.FormatInt(f.spent.Milliseconds(), 10)},
	}...)
}

// common are the fields that every event callback has.
func (a *Account) common(e *event) pairs {
	return pairs{
		{"EventType", e.kind}, {"Sid", e.sid}, {"AccountSid", a.accountSID}, {"WorkspaceSid", a.workspaceSID},
		{"WorkspaceName", a.store.workspaceName}, {"EventDescription", e.description()}, {"ResourceType", e.resourceType},
		{"ResourceSid", e.resourceSID}, {"Timestamp", strconv.FormatInt(e.created.Unix(), 10)},
		{"TimestampMs", strconv.FormatInt(e.created.UnixMilli(), 10)},
	}
}

// eventData is the event_data of the Events resource: the same fields, named in snake_case.
func (e *event) eventData() map[string]any {
	data := map[string]any{}
	for _, p := range e.pairs() {
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
