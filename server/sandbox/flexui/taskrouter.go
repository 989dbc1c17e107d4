package flexui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

var taskRouterCalls routes

func init() {
	taskRouterCalls = routes{
		{"GET Activities", (*call).activities},
		{"GET Workers", (*call).workers},
		{"GET Workers/*", (*call).worker},
		{"POST Workers/*", (*call).updateWorker},
		{"GET Workers/*/WorkerChannels", (*call).workerChannels},
		{"POST Workers/*/WorkerChannels/*", (*call).updateWorkerChannel},
		{"GET Workers/*/Reservations", (*call).reservations},
		{"GET Workers/*/Reservations/*", (*call).reservation},
		{"POST Workers/*/Reservations/*", (*call).updateReservation},
		{"GET TaskQueues", (*call).queues},
		{"GET TaskQueues/*", (*call).queue},
		{"GET Tasks/*", (*call).task},
		{"POST Tasks/*", (*call).updateTask},
	}
}

// taskRouter serves the calls of twilio-taskrouter. Source: its Routes and WorkspaceRoutes.
func (c *call) taskRouter() (any, error) {
	if len(c.path) >= 2 && c.path[0] == "Workers" && len(c.path) > 2 && c.path[1] != c.session.WorkerSID && !c.session.Oversees() {
		return nil, forbidden("acting for another worker")
	}
	return c.route(taskRouterCalls)
}

// contents is a whole list: nothing is behind it.
func contents(list []any) any {
	return object{"contents": list, "after_sid": nil, "meta": object{"next_token": nil}}
}

func (c *call) activities() (any, error) {
	list := []any{}
	for _, v := range c.account.Snapshot().Activities {
		list = append(list, viewActivity(v))
	}
	return contents(list), nil
}

// workers is what the directory and the team view list, filtered by a TargetWorkersExpression.
func (c *call) workers() (any, error) {
	query := url.Values{"PageSize": {"1000"}}
	for _, name := range []string{"FriendlyName", "ActivitySid", "ActivityName", "TargetWorkersExpression"} {
		if v := c.text(name); v != "" {
			query.Set(name, v)
		}
	}
	all, err := restList[sandbox.Worker](c, "Workers", "workers", query)
	if err != nil {
		return nil, err
	}
	key := map[string]func(sandbox.Worker) string{
		"DateStatusChanged": func(w sandbox.Worker) string { return w.DateStatusChanged },
		"DateUpdated":       func(w sandbox.Worker) string { return w.DateUpdated },
		"DateCreated":       func(w sandbox.Worker) string { return w.DateCreated },
		"FriendlyName":      func(w sandbox.Worker) string { return strings.ToLower(w.FriendlyName) },
		"ActivityName":      func(w sandbox.Worker) string { return w.ActivityName },
	}
	return page(c, all, key, func(w sandbox.Worker) string { return w.SID },
		func(w sandbox.Worker) any { return viewWorker(w, c.account.Version(w.SID)) })
}

func (c *call) queues() (any, error) {
	query := url.Values{"PageSize": {"1000"}}
	for _, name := range []string{"FriendlyName", "WorkerSid"} {
		if v := c.text(name); v != "" {
			query.Set(name, v)
		}
	}
	all, err := restList[sandbox.TaskQueue](c, "TaskQueues", "task_queues", query)
	if err != nil {
		return nil, err
	}
	key := map[string]func(sandbox.TaskQueue) string{
		"DateUpdated":  func(q sandbox.TaskQueue) string { return q.DateUpdated },
		"DateCreated":  func(q sandbox.TaskQueue) string { return q.DateCreated },
		"FriendlyName": func(q sandbox.TaskQueue) string { return strings.ToLower(q.FriendlyName) },
	}
	return page(c, all, key, func(q sandbox.TaskQueue) string { return q.SID }, func(q sandbox.TaskQueue) any { return viewQueue(q) })
}

// restList reads all pages of a list of the REST API.
func restList[T any](c *call, path, key string, query url.Values) ([]T, error) {
	var all []T
	for {
		v, err := c.rest(http.MethodGet, path, query, nil)
		if err != nil {
			return nil, err
		}
		list, _ := v.(map[string]any)[key].([]T)
		all = append(all, list...)
		next := sandbox.NextPage(v)
		if next == "" {
			return all, nil
		}
		address, err := url.Parse(next)
		if err != nil {
			return nil, err
		}
		query = address.Query()
	}
}

// page cuts a list. An Ordering is a field with :asc or :desc behind it, and pages follow each other by next_token;
// without one they come in order of creation and follow by after_sid. Either is the SID that came last.
func page[T any](c *call, all []T, keys map[string]func(T) string, sid func(T) string, view func(T) any) (any, error) {
	after := c.text("AfterSid")
	if ordering := c.text("Ordering"); ordering != "" {
		after = c.text("NextToken")
		field, direction, _ := strings.Cut(ordering, ":")
		key := keys[field]
		if key == nil {
			return nil, invalid("Ordering: " + field + " is not a field to sort by")
		}
		slices.SortStableFunc(all, func(x, y T) int { return strings.Compare(key(x), key(y)) })
		if strings.EqualFold(direction, "desc") {
			slices.Reverse(all)
		}
	}
	if i := slices.IndexFunc(all, func(v T) bool { return sid(v) == after }); i >= 0 {
		all = all[i+1:]
	}
	list, more := []any{}, any(nil)
	for i, v := range all {
		if i == c.pageSize() {
			more = sid(all[i-1])
			break
		}
		list = append(list, view(v))
	}
	return object{"contents": list, "after_sid": more, "meta": object{"next_token": more}}, nil
}

func (c *call) worker() (any, error) {
	v, err := c.rest(http.MethodGet, strings.Join(c.path, "/"), nil, nil)
	return c.viewed(v, err)
}

// viewed makes the shapes of the event bridge of what the REST API answers.
func (c *call) viewed(v any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case sandbox.Worker:
		return viewWorker(v, c.account.Version(v.SID)), nil
	case sandbox.Task:
		return viewTask(v, c.account.Version(v.SID)), nil
	case sandbox.TaskQueue:
		return viewQueue(v), nil
	case sandbox.WorkerChannel:
		return viewWorkerChannel(v), nil
	case sandbox.Reservation:
		r, err := c.account.FlexReservation(v.SID)
		if err != nil {
			return nil, err
		}
		return viewReservation(r), nil
	}
	return v, nil
}

// updateWorker changes a worker's activity or attributes. A worker may change its own, a supervisor anybody's.
func (c *call) updateWorker() (any, error) {
	sid := c.path[1]
	if sid != c.session.WorkerSID && !c.session.Oversees() {
		return nil, forbidden("changing another worker")
	}
	form := c.form()
	if activity := form.Get("ActivitySid"); activity != "" && len(form) == 1 {
		v, err := c.account.SetActivity(sid, activity)
		return c.viewed(v, err)
	}
	v, err := c.rest(http.MethodPost, "Workers/"+sid, nil, form)
	return c.viewed(v, err)
}

func (c *call) workerChannels() (any, error) {
	list := []any{}
	for _, v := range c.account.FlexWorkerChannels(c.path[1]) {
		list = append(list, viewWorkerChannel(v))
	}
	return contents(list), nil
}

func (c *call) updateWorkerChannel() (any, error) {
	v, err := c.rest(http.MethodPost, "Workers/"+c.path[1]+"/Channels/"+c.path[3], nil, c.form())
	return c.viewed(v, err)
}

// reservations are those that are open: Flex asks with Active true.
func (c *call) reservations() (any, error) {
	list := []any{}
	for _, r := range c.account.FlexReservations(c.path[1]) {
		list = append(list, viewReservation(r))
	}
	return contents(list), nil
}

func (c *call) reservation() (any, error) {
	r, err := c.ownReservation()
	if err != nil {
		return nil, err
	}
	return viewReservation(r), nil
}

func (c *call) ownReservation() (sandbox.FlexReservation, error) {
	r, err := c.account.FlexReservation(c.path[3])
	if err == nil && r.WorkerSID != c.path[1] {
		err = c.notFound()
	}
	return r, err
}

// updateReservation does what the agent does in Flex, as the stage does it.
func (c *call) updateReservation() (any, error) {
	r, err := c.ownReservation()
	if err != nil {
		return nil, err
	}
	act := map[string]func(string) (sandbox.Reservation, error){
		"accepted": c.account.AcceptReservation, "rejected": c.account.RejectReservation, "wrapping": c.account.WrapUp,
		"completed": c.account.CompleteTask,
	}[strings.ToLower(c.text("ReservationStatus"))]
	if act == nil || c.text("WorkerActivitySid") != "" {
		v, err := c.rest(http.MethodPost, strings.Join(c.path, "/"), nil, c.form())
		return c.viewed(v, err)
	}
	v, err := act(r.SID)
	return c.viewed(v, err)
}

func (c *call) queue() (any, error) { return c.worker() }

func (c *call) task() (any, error) { return c.worker() }

// updateTask changes the attributes or the status of a task that the worker has. To wrap up and to complete is the same as
// for its reservation.
func (c *call) updateTask() (any, error) {
	sid := c.path[1]
	reservation := ""
	for _, r := range c.account.FlexReservations(c.session.WorkerSID) {
		if r.TaskSID == sid {
			reservation = r.SID
		}
	}
	if reservation == "" && !c.session.Oversees() {
		return nil, forbidden("changing another worker's task")
	}
	act := map[string]func(string) (sandbox.Reservation, error){
		"wrapping": c.account.WrapUp, "completed": c.account.CompleteTask,
	}[c.text("AssignmentStatus")]
	if act == nil || reservation == "" {
		v, err := c.rest(http.MethodPost, "Tasks/"+sid, nil, c.form())
		return c.viewed(v, err)
	}
	if _, err := act(reservation); err != nil {
		return nil, err
	}
	return c.task()
}
