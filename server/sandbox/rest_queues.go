package sandbox

import "net/http"

func queueRoutes(get, post, del func(string, handler)) {
	const ws = "/v1/Workspaces/{WorkspaceSid}"
	get(ws+"/TaskQueues", restListQueues)
	post(ws+"/TaskQueues", restCreateQueue)
	get(ws+"/TaskQueues/{Sid}", restFetchQueue)
	post(ws+"/TaskQueues/{Sid}", restUpdateQueue)
	del(ws+"/TaskQueues/{Sid}", restDeleteQueue)
	get(ws+"/TaskQueues/{TaskQueueSid}/RealTimeStatistics", restQueueStatistics)
	get(ws+"/Workflows", restListWorkflows)
	post(ws+"/Workflows", restCreateWorkflow)
	get(ws+"/Workflows/{Sid}", restFetchWorkflow)
	post(ws+"/Workflows/{Sid}", restUpdateWorkflow)
	del(ws+"/Workflows/{Sid}", restDeleteWorkflow)
}

func (a *Account) findQueue(c *call, variable string) (*queue, error) {
	if q, ok := a.store.queues.get(c.value(variable)); ok {
		return q, nil
	}
	return nil, c.notFound()
}

func restListQueues(a *Account, c *call) (answer, error) {
	attributes, err := parseWorkerExpression(c, "EvaluateWorkerAttributes")
	if err != nil {
		return answer{}, err
	}
	name, workerSID := c.query.Get("FriendlyName"), c.query.Get("WorkerSid")
	worker, _ := a.store.workers.get(workerSID)
	wanted := keep(a.store.queues.all(), func(q *queue) bool {
		return (name == "" || q.name == name) && (workerSID == "" || worker != nil && q.has(worker)) &&
			(attributes == nil || attributes.String() == q.targetWorkers)
	})
	return answerList(c, "task_queues", wanted, a.viewQueue)
}

func restCreateQueue(a *Account, c *call) (answer, error) {
	name, err := c.required("FriendlyName")
	if err != nil {
		return answer{}, err
	}
	if a.queueNamed(name) != nil {
		return answer{}, invalid("FriendlyName %q is already in use", name)
	}
	reserved, err := c.number("MaxReservedWorkers", 1, 1)
	if err != nil {
		return answer{}, err
	}
	order, err := taskOrder(c, "FIFO")
	if err != nil {
		return answer{}, err
	}
	q, err := a.addQueue("", name, c.form.Get("TargetWorkers"), reserved, order)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: a.viewQueue(q)}, nil
}

func taskOrder(c *call, otherwise string) (string, error) {
	order := c.form.Get("TaskOrder")
	switch order {
	case "":
		return otherwise, nil
	case "FIFO", "LIFO":
		return order, nil
	}
	return "", invalid("TaskOrder %q is not one of FIFO, LIFO", order)
}

func restFetchQueue(a *Account, c *call) (answer, error) {
	q, err := a.findQueue(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewQueue(q)}, nil
}

func restUpdateQueue(a *Account, c *call) (answer, error) {
	q, err := a.findQueue(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	reserved, err := c.number("MaxReservedWorkers", q.maxReserved, 1)
	if err != nil {
		return answer{}, err
	}
	order, err := taskOrder(c, q.order)
	if err != nil {
		return answer{}, err
	}
	if target := c.optional("TargetWorkers"); target != nil {
		if err := a.setTargetWorkers(q, *target); err != nil {
			return answer{}, err
		}
	}
	if name := c.form.Get("FriendlyName"); name != "" {
		q.name = name
	}
	q.maxReserved = reserved
	if order != q.order {
		q.order = order
		q.resort()
	}
	a.touch(&q.entity)
	a.queueChanged(q)
	return answer{body: a.viewQueue(q)}, nil
}

func restDeleteQueue(a *Account, c *call) (answer, error) {
	q, err := a.findQueue(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if q.live.len() > 0 {
		return answer{}, invalid("TaskQueue %s cannot be deleted: tasks are in it", q.sid)
	}
	for w := range a.store.workflows.all() {
		if w.parsed.Uses(q.sid) {
			return answer{}, invalid("TaskQueue %s cannot be deleted: workflow %s uses it", q.sid, w.sid)
		}
	}
	for w := range q.members.all() {
		w.leaveQueue(q)
	}
	a.store.queues.delete(q.sid)
	a.taskQueueEvent("task-queue.deleted", q)
	return answer{}, nil
}

func restQueueStatistics(a *Account, c *call) (answer, error) {
	q, err := a.findQueue(c, "TaskQueueSid")
	if err != nil {
		return answer{}, err
	}
	statuses := map[string]int{statusPending: 0, statusReserved: 0, statusAssigned: 0, statusWrapping: 0}
	priorities := map[string]int{}
	total, longest := 0, (*task)(nil)
	channel := a.taskChannelNamed(c.query.Get("TaskChannel"))
	for t := range q.live.all() {
		if c.query.Get("TaskChannel") != "" && t.channel != channel {
			continue
		}
		total++
		statuses[t.status]++
		priorities[itoa(t.priority)]++
		if t.status == statusPending && (longest == nil || t.seq < longest.seq) {
			longest = t
		}
	}
	presence := q.presence()
	activities := views(a.store.activities.all(), func(v *activity) map[string]any {
		return map[string]any{"sid": v.sid, "friendly_name": v.name, "workers": presence.ByActivitySID[v.sid]}
	})
	body := map[string]any{
		"account_sid": a.accountSID, "workspace_sid": a.workspaceSID, "task_queue_sid": q.sid,
		"activity_statistics": activities, "longest_task_waiting_age": 0, "longest_task_waiting_sid": nil,
		"longest_relative_task_age_in_queue": 0, "longest_relative_task_sid_in_queue": nil,
		"tasks_by_priority": priorities, "tasks_by_status": statuses, "total_tasks": total,
		"total_available_workers": presence.Available, "total_eligible_workers": q.members.len(),
		"url": a.workspaceURL() + "/TaskQueues/" + q.sid + "/RealTimeStatistics",
	}
	if longest != nil {
		body["longest_task_waiting_age"] = int(a.now().Sub(longest.created).Seconds())
		body["longest_relative_task_age_in_queue"] = int(a.now().Sub(longest.queueEntered).Seconds())
		body["longest_task_waiting_sid"], body["longest_relative_task_sid_in_queue"] = longest.sid, longest.sid
	}
	return answer{body: body}, nil
}

func (a *Account) findWorkflow(c *call) (*workflow, error) {
	if w, ok := a.store.workflows.get(c.value("Sid")); ok {
		return w, nil
	}
	return nil, c.notFound()
}

func restListWorkflows(a *Account, c *call) (answer, error) {
	name := c.query.Get("FriendlyName")
	wanted := keep(a.store.workflows.all(), func(w *workflow) bool { return name == "" || w.name == name })
	return answerList(c, "workflows", wanted, a.viewWorkflow)
}

func restCreateWorkflow(a *Account, c *call) (answer, error) {
	name, err := c.required("FriendlyName")
	if err != nil {
		return answer{}, err
	}
	configuration, err := c.required("Configuration")
	if err != nil {
		return answer{}, err
	}
	timeout, err := c.number("TaskReservationTimeout", defaultReservationTimeout, 1)
	if err != nil {
		return answer{}, err
	}
	w, err := a.addWorkflow("", name, configuration, timeout)
	if err != nil {
		return answer{}, err
	}
	w.assignmentCallback = c.optional("AssignmentCallbackUrl")
	w.fallbackCallback = c.optional("FallbackAssignmentCallbackUrl")
	return answer{status: http.StatusCreated, body: a.viewWorkflow(w)}, nil
}

func restFetchWorkflow(a *Account, c *call) (answer, error) {
	w, err := a.findWorkflow(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewWorkflow(w)}, nil
}

// restUpdateWorkflow changes a workflow for tasks to come; with ReEvaluateTasks the pending ones go through it again.
func restUpdateWorkflow(a *Account, c *call) (answer, error) {
	w, err := a.findWorkflow(c)
	if err != nil {
		return answer{}, err
	}
	timeout, err := c.number("TaskReservationTimeout", w.reservationTimeout, 1)
	if err != nil {
		return answer{}, err
	}
	again, err := c.boolean("ReEvaluateTasks", false)
	if err != nil {
		return answer{}, err
	}
	if configuration := c.form.Get("Configuration"); configuration != "" {
		parsed, err := a.parseWorkflow(configuration)
		if err != nil {
			return answer{}, err
		}
		w.configuration, w.parsed = configuration, parsed
	}
	if name := c.form.Get("FriendlyName"); name != "" {
		w.name = name
	}
	if address := c.optional("AssignmentCallbackUrl"); address != nil {
		w.assignmentCallback = address
	}
	if address := c.optional("FallbackAssignmentCallbackUrl"); address != nil {
		w.fallbackCallback = address
	}
	w.reservationTimeout = timeout
	a.touch(&w.entity)
	a.workflowChanged(w)
	if again {
		a.reevaluate(w)
	}
	return answer{body: a.viewWorkflow(w)}, nil
}

func (a *Account) reevaluate(w *workflow) {
	pending := a.store.tasksByStatus[statusPending]
	if pending == nil {
		return
	}
	for _, t := range views(pending.all(), func(t *task) *task { return t }) {
		if t.workflow == w {
			a.leaveStep(t)
			a.enterWorkflow(t)
		}
	}
}

func restDeleteWorkflow(a *Account, c *call) (answer, error) {
	w, err := a.findWorkflow(c)
	if err != nil {
		return answer{}, err
	}
	a.store.workflows.delete(w.sid)
	return answer{}, nil
}
