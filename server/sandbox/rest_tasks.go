package sandbox

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
)

func taskRoutes(get, post, del func(string, handler)) {
	const ws = "/v1/Workspaces/{WorkspaceSid}"
	get(ws+"/Tasks", restListTasks)
	post(ws+"/Tasks", restCreateTask)
	get(ws+"/Tasks/{Sid}", restFetchTask)
	post(ws+"/Tasks/{Sid}", restUpdateTask)
	del(ws+"/Tasks/{Sid}", restDeleteTask)
	get(ws+"/Tasks/{TaskSid}/Reservations", restListTaskReservations)
	get(ws+"/Tasks/{TaskSid}/Reservations/{Sid}", restFetchReservation)
	post(ws+"/Tasks/{TaskSid}/Reservations/{Sid}", restUpdateReservation)
	get(ws+"/Workers/{WorkerSid}/Reservations", restListWorkerReservations)
	get(ws+"/Workers/{WorkerSid}/Reservations/{Sid}", restFetchReservation)
	post(ws+"/Workers/{WorkerSid}/Reservations/{Sid}", restUpdateReservation)
}

func (a *Account) findTask(c *call, variable string) (*task, error) {
	if t, ok := a.store.tasks.get(c.value(variable)); ok {
		return t, nil
	}
	return nil, c.notFound()
}

// taskQuery is the query of a list of tasks.
type taskQuery struct {
	statuses            []string
	workflow, workflows string
	queue, queues       string
	priority            string
	attributes          *expression.Expression
	asOf                time.Time // zero: now
}

func readTaskQuery(a *Account, c *call) (taskQuery, error) {
	q := taskQuery{
		workflow: c.query.Get("WorkflowSid"), workflows: c.query.Get("WorkflowName"), queue: c.query.Get("TaskQueueSid"),
		queues: c.query.Get("TaskQueueName"), priority: c.query.Get("Priority"),
	}
	if q.priority != "" {
		if _, err := strconv.Atoi(q.priority); err != nil {
			return q, invalid("Priority %q is not a number", q.priority)
		}
	}
	for _, status := range c.query["AssignmentStatus"] {
		for s := range strings.SplitSeq(status, ",") {
			if !slices.Contains([]string{statusPending, statusReserved, statusAssigned, statusCanceled, statusCompleted, statusWrapping}, s) {
				return q, invalid("AssignmentStatus %q is not valid", s)
			}
			q.statuses = append(q.statuses, s)
		}
	}
	if source := c.query.Get("EvaluateTaskAttributes"); source != "" {
		e, err := expression.Parse(source)
		if err != nil {
			return q, invalid("EvaluateTaskAttributes is not a valid expression: %v", err)
		}
		q.attributes = e
	}
	if _, _, lag := a.faults.listLag(); lag > 0 {
		q.asOf = a.now().Add(-lag)
	}
	return q, nil
}

// candidates are the tasks that may match; where one status is asked for, only those that have it.
func (q *taskQuery) candidates(a *Account) iter.Seq[*task] {
	if len(q.statuses) == 1 && q.asOf.IsZero() {
		if tasks := a.store.tasksByStatus[q.statuses[0]]; tasks != nil {
			sorted := slices.Collect(tasks.all()) // by when they got the status: bring them back in order of creation
			slices.SortFunc(sorted, func(x, y *task) int { return int(int64(x.seq) - int64(y.seq)) })
			return slices.Values(sorted)
		}
		return func(func(*task) bool) {}
	}
	return a.store.tasks.all()
}

func (q *taskQuery) matches(t *task) bool {
	m, ok := t.moment(q.asOf)
	is := func(want, got string) bool { return want == "" || want == got }
	return ok && (len(q.statuses) == 0 || slices.Contains(q.statuses, m.status)) &&
		(q.workflow == "" || t.workflow != nil && t.workflow.sid == q.workflow) &&
		(q.workflows == "" || t.workflow != nil && t.workflow.name == q.workflows) &&
		(q.queue == "" || t.queue != nil && t.queue.sid == q.queue) &&
		(q.queues == "" || t.queue != nil && t.queue.name == q.queues) &&
		is(q.priority, itoa(t.priority)) &&
		(q.attributes == nil || q.attributes.Matches(expression.Scope{Bare: t.document}))
}

// moment is the task as it was at a time (zero: now); ok is false before it was made.
func (t *task) moment(at time.Time) (m taskMoment, ok bool) {
	if at.IsZero() {
		return t.history[len(t.history)-1], true
	}
	for _, h := range t.history {
		if h.at.After(at) {
			break
		}
		m, ok = h, true
	}
	return m, ok
}

func restListTasks(a *Account, c *call) (answer, error) {
	q, err := readTaskQuery(a, c)
	if err != nil {
		return answer{}, err
	}
	return answerList(c, "tasks", keep(q.candidates(a), q.matches), func(t *task) Task {
		v := a.viewTask(t)
		if m, ok := t.moment(q.asOf); ok {
			v.AssignmentStatus, v.Attributes = m.status, m.attributes
		}
		return v
	})
}

func restCreateTask(a *Account, c *call) (answer, error) {
	spec := taskSpec{attributes: orObject(c.form.Get("Attributes"))}
	var err error
	if spec.priority, err = c.number("Priority", 0, 0); err != nil {
		return answer{}, err
	}
	if spec.timeout, err = c.number("Timeout", defaultTaskTimeout, 1); err != nil {
		return answer{}, err
	}
	if spec.channel = a.taskChannelNamed(c.form.Get("TaskChannel")); spec.channel == nil {
		return answer{}, invalid("TaskChannel %q does not exist", c.form.Get("TaskChannel"))
	}
	var ok bool
	switch workflowSID, queueSID := c.form.Get("WorkflowSid"), c.form.Get("TaskQueueSid"); {
	case workflowSID != "":
		if spec.workflow, ok = a.store.workflows.get(workflowSID); !ok {
			return answer{}, invalid("WorkflowSid %q does not exist", workflowSID)
		}
	case queueSID != "":
		if spec.queue, ok = a.store.queues.get(queueSID); !ok {
			return answer{}, invalid("TaskQueueSid %q does not exist", queueSID)
		}
	default:
		if spec.workflow, ok = a.store.workflows.first(); !ok || a.store.workflows.len() > 1 {
			return answer{}, invalid("WorkflowSid is required")
		}
	}
	t, err := a.createTask(spec)
	if err != nil {
		return answer{}, err
	}
	c.summary = "task " + t.sid + t.whereabouts()
	return answer{status: http.StatusCreated, body: a.viewTask(t), etag: &t.entity}, nil
}

func restFetchTask(a *Account, c *call) (answer, error) {
	t, err := a.findTask(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewTask(t), etag: &t.entity}, nil
}

func restUpdateTask(a *Account, c *call) (answer, error) {
	t, err := a.findTask(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(&t.entity); err != nil {
		return answer{}, err
	}
	status := c.form.Get("AssignmentStatus")
	if status != "" {
		if err := taskStatusRefusal(t, status); err != nil {
			return answer{}, err
		}
	}
	priority, err := c.number("Priority", t.priority, 0)
	if err != nil {
		return answer{}, err
	}
	if attributes := c.optional("Attributes"); attributes != nil {
		if err := a.updateTaskAttributes(t, *attributes); err != nil {
			return answer{}, err
		}
	}
	if priority != t.priority {
		a.updateTaskPriority(t, priority)
	}
	reason := c.optional("Reason")
	switch status {
	case statusCanceled:
		a.cancelTask(t, deref(reason))
	case statusWrapping:
		a.wrapUpTask(t, reason)
	case statusCompleted:
		a.completeTask(t, reason)
	}
	c.summary = strings.TrimSpace("task " + t.sid + " " + status)
	return answer{body: a.viewTask(t), etag: &t.entity}, nil
}

func restDeleteTask(a *Account, c *call) (answer, error) {
	t, err := a.findTask(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(&t.entity); err != nil {
		return answer{}, err
	}
	a.deleteTask(t, "task.deleted")
	return answer{}, nil
}

func (a *Account) viewReservationIn(c *call) func(r *reservation) Reservation {
	return func(r *reservation) Reservation {
		v := a.viewReservation(r)
		if c.value("WorkerSid") != "" {
			v.URL = a.workspaceURL() + "/Workers/" + r.worker.sid + "/Reservations/" + r.sid
		}
		return v
	}
}

func restListTaskReservations(a *Account, c *call) (answer, error) {
	t, err := a.findTask(c, "TaskSid")
	if err != nil {
		return answer{}, err
	}
	status, worker := c.query.Get("ReservationStatus"), c.query.Get("WorkerSid")
	wanted := keep(slices.Values(t.reservations), func(r *reservation) bool {
		return (status == "" || r.status == status) && (worker == "" || r.worker.sid == worker)
	})
	return answerList(c, "reservations", wanted, a.viewReservationIn(c))
}

func restListWorkerReservations(a *Account, c *call) (answer, error) {
	w, err := a.findWorker(c, "WorkerSid")
	if err != nil {
		return answer{}, err
	}
	status := c.query.Get("ReservationStatus")
	from := w.reservations
	if status == statusPending || status == statusAccepted || status == statusWrapping {
		from = w.open
	}
	wanted := keep(from.all(), func(r *reservation) bool { return status == "" || r.status == status })
	return answerList(c, "reservations", wanted, a.viewReservationIn(c))
}

func (a *Account) findReservation(c *call) (*reservation, error) {
	r := a.store.reservations[c.value("Sid")]
	if r == nil || c.value("TaskSid") != "" && r.task.sid != c.value("TaskSid") ||
		c.value("WorkerSid") != "" && r.worker.sid != c.value("WorkerSid") {
		return nil, c.notFound()
	}
	return r, nil
}

func restFetchReservation(a *Account, c *call) (answer, error) {
	r, err := a.findReservation(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewReservationIn(c)(r), etag: &r.entity}, nil
}

// restUpdateReservation takes a ReservationStatus; of the Instructions it knows accept and reject.
func restUpdateReservation(a *Account, c *call) (answer, error) {
	r, err := a.findReservation(c)
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(&r.entity); err != nil {
		return answer{}, err
	}
	var next *activity
	if sid := c.form.Get("WorkerActivitySid"); sid != "" {
		var ok bool
		if next, ok = a.store.activities.get(sid); !ok {
			return answer{}, invalid("WorkerActivitySid %q does not exist", sid)
		}
	}
	status := strings.ToLower(c.form.Get("ReservationStatus") + c.form.Get("Instruction"))
	switch status {
	case statusAccepted, "accept":
		err = a.accept(r)
	case statusRejected, "reject":
		err = a.reject(r, next)
	case statusWrapping:
		err = a.wrapUp(r)
	case statusCompleted:
		err = a.complete(r)
	default:
		err = invalid("ReservationStatus %q is not one of accepted, rejected, wrapping, completed", status)
	}
	if err != nil {
		return answer{}, err
	}
	c.summary = r.worker.name + " " + r.status
	return answer{body: a.viewReservationIn(c)(r), etag: &r.entity}, nil
}
