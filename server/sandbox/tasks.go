package sandbox

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

const (
	maxTaskAttributes  = 4096 // characters, see Twilio's Task resource
	defaultTaskTimeout = 24 * 60 * 60
	endedTasksLive     = 5 * time.Minute // TaskRouter deletes completed and canceled tasks then
)

// taskSpec is what a new task is made of.
type taskSpec struct {
	attributes string
	document   map[string]any // that attributes stand for
	workflow   *workflow
	queue      *queue  // without a workflow
	worker     *worker // without a workflow: nobody else may get it
	channel    *taskChannel
	priority   int
	timeout    int // seconds, 0 means Twilio's default of a day
	invite     *invite
}

// createTask makes a task and starts its routing.
func (a *Account) createTask(spec taskSpec) (*task, error) {
	var err error
	if spec.document, err = taskDocument(spec.attributes); err != nil {
		return nil, err
	}
	t := a.newTask(spec)
	a.startTask(t, spec)
	return t, nil
}

func (a *Account) newTask(spec taskSpec) *task {
	if spec.timeout == 0 {
		spec.timeout = defaultTaskTimeout
	}
	return &task{
		entity: a.entity("WT", ""), attributes: spec.attributes, document: spec.document, priority: spec.priority,
		channel: spec.channel, timeout: spec.timeout, workflow: spec.workflow, invite: spec.invite,
	}
}

func (a *Account) startTask(t *task, spec taskSpec) {
	a.store.tasks.put(t.sid, t)
	a.setTaskStatus(t, statusPending)
	a.taskEvent("task.created", t, nil)
	t.lifeTimer = a.after(time.Duration(t.timeout)*time.Second, func() {
		if t.status == statusPending || t.status == statusReserved {
			a.cancelTask(t, "Task TTL Exceeded")
		}
	})
	if spec.workflow != nil {
		a.enterWorkflow(t)
		return
	}
	t.direct = spec.worker
	queue := spec.queue
	if queue == nil {
		queue, _ = a.store.queues.first()
	}
	if queue == nil {
		return
	}
	t.target = &routing.Target{QueueSID: queue.sid}
	a.enterQueue(t, queue)
	if spec.worker != nil {
		t.knownOnly, t.known = true, spec.worker.sid
	}
	a.offerOrWait(t)
}

// taskDocument parses task attributes and holds them to Twilio's limit.
func taskDocument(attributes string) (map[string]any, error) {
	if err := checkTaskAttributes(attributes); err != nil {
		return nil, err
	}
	document := map[string]any{}
	if err := json.Unmarshal([]byte(attributes), &document); err != nil || document == nil {
		return nil, invalid("Attributes must be a valid JSON object")
	}
	return document, nil
}

func checkTaskAttributes(attributes string) error {
	if n := utf8.RuneCountInString(attributes); n > maxTaskAttributes {
		return invalid("Attributes are limited to %d characters, got %d", maxTaskAttributes, n)
	}
	return nil
}

// setTaskStatus moves the task in the indexes, and tells everybody.
func (a *Account) setTaskStatus(t *task, status string) {
	if t.status == status {
		return
	}
	if t.status != "" {
		a.store.tasksByStatus[t.status].delete(t.sid)
		a.touch(&t.entity)
	}
	t.status = status
	if a.store.tasksByStatus[status] == nil {
		a.store.tasksByStatus[status] = newOrdered[*task]()
	}
	a.store.tasksByStatus[status].put(t.sid, t)
	t.noteMoment(a.now())
	a.recordTask(t, status)
	a.taskChanged(t)
}

func (t *task) noteMoment(now time.Time) {
	t.history = append(t.history, taskMoment{at: now, status: t.status, attributes: t.attributes})
}

func (a *Account) taskChanged(t *task) {
	a.changed("task", func() any { return a.viewTask(t) })
}

func (a *Account) recordTask(t *task, status string) {
	e := RecordEntry{Kind: "task", SID: t.sid, TaskSID: t.sid, Status: status}
	if status == statusPending {
		e.Detail = t.attributes
	} else if t.reason != nil {
		e.Detail = *t.reason
	}
	if t.invite != nil {
		e.ChannelSID, e.InteractionSID = t.invite.channel.sid, t.invite.channel.interaction.sid
		e.ConversationSID = t.invite.channel.conversation.sid
	}
	a.remember(e)
}

// updateTaskAttributes replaces the attributes. Routing goes on with the new ones at the step where the task is.
func (a *Account) updateTaskAttributes(t *task, attributes string) error {
	document, err := taskDocument(attributes)
	if err != nil {
		return err
	}
	t.attributes, t.document = attributes, document
	a.touch(&t.entity)
	t.noteMoment(a.now())
	a.taskEvent("task.updated", t, nil)
	a.taskChanged(t)
	if t.status == statusPending && t.workflow != nil {
		a.leaveStep(t)
		a.enterWorkflow(t)
	}
	return nil
}

// updateTaskPriority changes the priority of a task, and its place in its queue.
func (a *Account) updateTaskPriority(t *task, priority int) {
	waiting := t.waiting
	if waiting {
		t.queue.unwait(t)
	}
	t.priority = priority
	if waiting {
		t.queue.wait(t)
	}
	a.touch(&t.entity)
	a.taskChanged(t)
}

// cancelTask ends a task that nobody has accepted, with all its reservations.
func (a *Account) cancelTask(t *task, reason string) {
	for _, r := range t.reservations {
		if r.status == statusPending {
			a.endReservation(r, statusCanceled)
		}
	}
	t.reason = &reason
	a.endTask(t, statusCanceled)
	a.taskEvent("task.canceled", t, nil)
	a.routeFreed(t)
}

// completeTask ends a task that was accepted, with all its reservations; the agent leaves the interaction.
func (a *Account) completeTask(t *task, reason *string) {
	for _, r := range t.reservations {
		if r.open() {
			a.endReservation(r, statusCompleted)
		}
	}
	if reason != nil {
		t.reason = reason
	}
	a.endTask(t, statusCompleted)
	a.taskEvent("task.completed", t, nil)
	a.agentsLeave(t)
	a.routeFreed(t)
}

// wrapUpTask ends the talk: the agent still has the task, and its capacity is still used.
func (a *Account) wrapUpTask(t *task, reason *string) {
	for _, r := range t.reservations {
		if r.status == statusAccepted {
			a.setReservationStatus(r, statusWrapping)
			a.taskEvent("reservation.wrapup", t, r)
		}
	}
	if reason != nil {
		t.reason = reason
	}
	a.setTaskStatus(t, statusWrapping)
	a.taskEvent("task.wrapup", t, nil)
}

// deleteTask removes a task whatever its status is.
func (a *Account) deleteTask(t *task, event string) {
	for _, r := range t.reservations {
		if r.open() {
			a.endReservation(r, statusCanceled)
		}
	}
	if t.live() {
		a.endTask(t, statusCanceled)
		a.agentsLeave(t)
	}
	a.taskEvent(event, t, nil)
	a.forgetTask(t)
	a.routeFreed(t)
}

// endTask stops everything that was still to happen to a task.
func (a *Account) endTask(t *task, status string) {
	a.leaveStep(t)
	stopTimer(&t.lifeTimer)
	if t.queue != nil {
		t.queue.live.delete(t.sid)
	}
	t.ended = a.now()
	a.setTaskStatus(t, status)
	if a.store.endedTasks = append(a.store.endedTasks, t); len(a.store.endedTasks) == 1 {
		a.after(endedTasksLive, a.deleteEndedTasks)
	}
}

// deleteEndedTasks removes the tasks that ended five minutes ago, and comes back when the next one is due.
func (a *Account) deleteEndedTasks() {
	line := a.store.endedTasks
	for len(line) > 0 && a.now().Sub(line[0].ended) >= endedTasksLive {
		if t := line[0]; a.hasTask(t) {
			a.taskEvent("task.system-deleted", t, nil)
			a.forgetTask(t)
		}
		line[0] = nil
		line = line[1:]
	}
	a.store.endedTasks = line
	if len(line) > 0 {
		a.after(endedTasksLive-a.now().Sub(line[0].ended), a.deleteEndedTasks)
	}
}

func (a *Account) hasTask(t *task) bool {
	_, ok := a.store.tasks.get(t.sid)
	return ok
}

func (a *Account) forgetTask(t *task) {
	a.store.tasks.delete(t.sid)
	a.store.tasksByStatus[t.status].delete(t.sid)
	for _, r := range t.reservations {
		delete(a.store.reservations, r.sid)
		r.worker.reservations.delete(r.sid)
	}
	a.recordTask(t, "deleted")
	a.changed("task_deleted", func() any { return a.viewTask(t) })
	t.document, t.history, t.declined = nil, nil, nil // its interaction still knows it: keep little of it
}

// routeFreed gives the workers whom an ended task has freed something new to do.
func (a *Account) routeFreed(t *task) {
	for _, r := range t.reservations {
		a.routeWorker(r.worker)
	}
}

func stopTimer(t *Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}

// taskStatusRefusal says why a task cannot get a status by REST; source: the Task resource's AssignmentStatus.
func taskStatusRefusal(t *task, status string) error {
	may := map[string][]string{
		statusCanceled:  {statusPending, statusReserved},
		statusWrapping:  {statusAssigned},
		statusCompleted: {statusAssigned, statusWrapping},
	}
	allowed, known := may[status]
	if !known {
		return invalid("AssignmentStatus %s is not valid", status)
	}
	for _, s := range allowed {
		if t.status == s {
			return nil
		}
	}
	return invalid("Cannot %s task %s because it is not %s. Current status: %s",
		map[string]string{statusCanceled: "cancel", statusWrapping: "wrap", statusCompleted: "complete"}[status], t.sid,
		fmt.Sprint(allowed), t.status)
}
