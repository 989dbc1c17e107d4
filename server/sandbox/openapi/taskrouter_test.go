package openapi_test

import (
	"net/url"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (f *fixture) workspace() string {
	return taskrouterAPI + "/v1/Workspaces/" + f.account.WorkspaceSID()
}

func driveWorkspace(f *fixture) {
	ws := f.account.WorkspaceSID()
	fetched := ok[*taskrouter.TaskrouterV1Workspace](f.T)(f.taskrouter.FetchWorkspace(ws))
	is(f.T, "sid", fetched.Sid, ws)
	updated := ok[*taskrouter.TaskrouterV1Workspace](f.T)(f.taskrouter.UpdateWorkspace(ws, (&taskrouter.UpdateWorkspaceParams{}).
		SetEventCallbackUrl("https://example.com/events").SetEventsFilter("task.created,reservation.created")))
	is(f.T, "event_callback_url", updated.EventCallbackUrl, "https://example.com/events")
	f.account.SetWebhooks(noWebhooks)
	workspaces := ok[[]taskrouter.TaskrouterV1Workspace](f.T)(f.taskrouter.ListWorkspace(&taskrouter.ListWorkspaceParams{}))
	if len(workspaces) != 1 {
		f.Errorf("%d workspaces, want 1", len(workspaces))
	}
	driveActivities(f, ws)
}

func driveActivities(f *fixture, ws string) {
	activities := ok[[]taskrouter.TaskrouterV1Activity](f.T)(f.taskrouter.ListActivity(ws, &taskrouter.ListActivityParams{}))
	if len(activities) != 4 {
		f.Errorf("%d activities, want the demo's 4", len(activities))
	}
	activity := ok[*taskrouter.TaskrouterV1Activity](f.T)(f.taskrouter.FetchActivity(ws, f.account.ActivitySID("Offline")))
	is(f.T, "available", activity.Available, false)
	available := ok[[]taskrouter.TaskrouterV1Activity](f.T)(f.taskrouter.ListActivity(ws,
		(&taskrouter.ListActivityParams{}).SetAvailable("true")))
	if len(available) == 0 || len(available) == len(activities) {
		f.Errorf("%d of %d activities are available", len(available), len(activities))
	}
	f.drivePages(f.workspace()+"/Activities", "activities", len(activities))
	made := ok[*taskrouter.TaskrouterV1Activity](f.T)(f.taskrouter.CreateActivity(ws,
		(&taskrouter.CreateActivityParams{}).SetFriendlyName("Lunch").SetAvailable(false)))
	is(f.T, "friendly_name", made.FriendlyName, "Lunch")
}

// drivePages reads a list two at a time, by the next_page_url of each page.
func (f *fixture) drivePages(address, key string, want int) {
	f.Helper()
	seen, pages := map[any]bool{}, 0
	for next := address + "?PageSize=2"; next != ""; pages++ {
		page := f.send("GET", next, nil, 200)
		items, _ := page[key].([]any)
		if len(items) == 0 || len(items) > 2 || pages > want {
			f.Fatalf("page %d of %s has %d items", pages, key, len(items))
		}
		for _, item := range items {
			seen[item.(object)["sid"]] = true
		}
		meta := page["meta"].(object)
		if meta["key"] != key || meta["page_size"] != 2.0 {
			f.Errorf("meta %v", meta)
		}
		next, _ = meta["next_page_url"].(string)
	}
	if len(seen) != want {
		f.Errorf("%d %s on %d pages, want %d", len(seen), key, pages, want)
	}
}

func driveWorkers(f *fixture) {
	ws, ada := f.account.WorkspaceSID(), f.account.WorkerSID("ada")
	workers := ok[[]taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.ListWorker(ws, &taskrouter.ListWorkerParams{}))
	if len(workers) != 4 {
		f.Errorf("%d workers, want the demo's 4", len(workers))
	}
	f.drivePages(f.workspace()+"/Workers", "workers", 4)
	named := ok[[]taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.ListWorker(ws,
		(&taskrouter.ListWorkerParams{}).SetFriendlyName("ada")))
	if len(named) != 1 || *named[0].Sid != ada {
		f.Errorf("workers named ada: %d", len(named))
	}
	skilled := ok[[]taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.ListWorker(ws,
		(&taskrouter.ListWorkerParams{}).SetTargetWorkersExpression(`routing.skills HAS "returns"`)))
	if len(skilled) != 1 || *skilled[0].Sid != f.account.WorkerSID("chidi") {
		f.Errorf("workers with returns: %d", len(skilled))
	}
	f.driveWorkerUpdate(ws, ada)
	f.driveWorkerLife(ws)
	f.driveWorkerChannels(ws, ada)
}

// driveWorkerUpdate changes a worker with the ETag that fetching it gave.
func (f *fixture) driveWorkerUpdate(ws, sid string) {
	req := newRequest(f.T, f.account, "GET", f.workspace()+"/Workers/"+sid, nil)
	resp, err := f.checker.RoundTrip(req)
	if err != nil {
		f.Fatal(err)
	}
	resp.Body.Close()
	etag := resp.Header.Get("ETag")
	if etag == "" {
		f.Fatal("fetching a worker gives no ETag")
	}
	update := &taskrouter.UpdateWorkerParams{}
	update.SetActivitySid(f.account.ActivitySID("Break")).SetIfMatch(etag)
	worker := ok[*taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.UpdateWorker(ws, sid, update))
	is(f.T, "activity_name", worker.ActivityName, "Break")
	refused := f.send("POST", f.workspace()+"/Workers/"+sid, url.Values{"FriendlyName": {"x"}}, 412, "If-Match", etag)
	if refused["code"] != 20412.0 {
		f.Errorf("a stale ETag is refused with %v", refused)
	}
	fetched := ok[*taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.FetchWorker(ws, sid))
	is(f.T, "friendly_name", fetched.FriendlyName, "ada")
	f.send("POST", f.workspace()+"/Workers/"+sid, url.Values{"ActivitySid": {f.account.ActivitySID("Offline")}}, 200)
}

func (f *fixture) driveWorkerLife(ws string) {
	created := ok[*taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.CreateWorker(ws, (&taskrouter.CreateWorkerParams{}).
		SetFriendlyName("dora").SetAttributes(`{"routing":{"skills":["chat"]}}`).SetActivitySid(f.account.ActivitySID("Offline"))))
	is(f.T, "friendly_name", created.FriendlyName, "dora")
	if err := f.taskrouter.DeleteWorker(ws, *created.Sid, &taskrouter.DeleteWorkerParams{}); err != nil {
		f.Error(err)
	}
	f.send("GET", f.workspace()+"/Workers/"+*created.Sid, nil, 404)
}

func (f *fixture) driveWorkerChannels(ws, sid string) {
	channels := ok[[]taskrouter.TaskrouterV1WorkerChannel](f.T)(f.taskrouter.ListWorkerChannel(ws, sid,
		&taskrouter.ListWorkerChannelParams{}))
	if len(channels) == 0 {
		f.Fatal("the worker has no channels")
	}
	one := ok[*taskrouter.TaskrouterV1WorkerChannel](f.T)(f.taskrouter.FetchWorkerChannel(ws, sid, *channels[0].Sid))
	capacity := one.ConfiguredCapacity
	changed := ok[*taskrouter.TaskrouterV1WorkerChannel](f.T)(f.taskrouter.UpdateWorkerChannel(ws, sid, *one.Sid,
		(&taskrouter.UpdateWorkerChannelParams{}).SetCapacity(capacity+3)))
	if changed.ConfiguredCapacity != capacity+3 {
		f.Errorf("configured_capacity is %d, want %d", changed.ConfiguredCapacity, capacity+3)
	}
	byName := f.send("GET", f.workspace()+"/Workers/"+sid+"/Channels/"+*one.TaskChannelUniqueName, nil, 200)
	if byName["sid"] != *one.Sid {
		f.Errorf("the channel named %s is %v", *one.TaskChannelUniqueName, byName["sid"])
	}
	taskChannels := ok[[]taskrouter.TaskrouterV1TaskChannel](f.T)(f.taskrouter.ListTaskChannel(ws,
		&taskrouter.ListTaskChannelParams{}))
	ok[*taskrouter.TaskrouterV1TaskChannel](f.T)(f.taskrouter.FetchTaskChannel(ws, *taskChannels[0].Sid))
}

func driveQueues(f *fixture) {
	ws := f.account.WorkspaceSID()
	queues := ok[[]taskrouter.TaskrouterV1TaskQueue](f.T)(f.taskrouter.ListTaskQueue(ws, &taskrouter.ListTaskQueueParams{}))
	if want := len(sandbox.DemoWorld().Queues); len(queues) != want {
		f.Errorf("%d queues, want the demo's %d", len(queues), want)
	}
	f.drivePages(f.workspace()+"/TaskQueues", "task_queues", len(queues))
	of := ok[[]taskrouter.TaskrouterV1TaskQueue](f.T)(f.taskrouter.ListTaskQueue(ws,
		(&taskrouter.ListTaskQueueParams{}).SetFriendlyName("Billing")))
	if len(of) != 1 || *of[0].Sid != f.account.QueueSID("Billing") {
		f.Errorf("queues named Billing: %d", len(of))
	}
	created := ok[*taskrouter.TaskrouterV1TaskQueue](f.T)(f.taskrouter.CreateTaskQueue(ws, (&taskrouter.CreateTaskQueueParams{}).
		SetFriendlyName("Night").SetTargetWorkers(`routing.skills HAS "night"`)))
	fetched := ok[*taskrouter.TaskrouterV1TaskQueue](f.T)(f.taskrouter.FetchTaskQueue(ws, *created.Sid))
	is(f.T, "target_workers", fetched.TargetWorkers, `routing.skills HAS "night"`)
	updated := ok[*taskrouter.TaskrouterV1TaskQueue](f.T)(f.taskrouter.UpdateTaskQueue(ws, *created.Sid,
		(&taskrouter.UpdateTaskQueueParams{}).SetMaxReservedWorkers(3).SetTaskOrder("LIFO")))
	is(f.T, "max_reserved_workers", &updated.MaxReservedWorkers, 3)
	if err := f.taskrouter.DeleteTaskQueue(ws, *created.Sid); err != nil {
		f.Error(err)
	}
	ok[*taskrouter.TaskrouterV1TaskQueueRealTimeStatistics](f.T)(f.taskrouter.FetchTaskQueueRealTimeStatistics(ws,
		f.account.QueueSID("Everyone"), &taskrouter.FetchTaskQueueRealTimeStatisticsParams{}))
}

func driveWorkflows(f *fixture) {
	ws := f.account.WorkspaceSID()
	workflows := ok[[]taskrouter.TaskrouterV1Workflow](f.T)(f.taskrouter.ListWorkflow(ws, &taskrouter.ListWorkflowParams{}))
	if len(workflows) != 2 {
		f.Errorf("%d workflows, want the demo's 2", len(workflows))
	}
	configuration := jsonOf(object{"task_routing": object{"default_filter": object{"queue": f.account.QueueSID("Everyone")}}})
	created := ok[*taskrouter.TaskrouterV1Workflow](f.T)(f.taskrouter.CreateWorkflow(ws, (&taskrouter.CreateWorkflowParams{}).
		SetFriendlyName("Other").SetConfiguration(configuration)))
	fetched := ok[*taskrouter.TaskrouterV1Workflow](f.T)(f.taskrouter.FetchWorkflow(ws, *created.Sid))
	is(f.T, "friendly_name", fetched.FriendlyName, "Other")
	updated := ok[*taskrouter.TaskrouterV1Workflow](f.T)(f.taskrouter.UpdateWorkflow(ws, *created.Sid,
		(&taskrouter.UpdateWorkflowParams{}).SetTaskReservationTimeout(30)))
	is(f.T, "task_reservation_timeout", &updated.TaskReservationTimeout, 30)
	if err := f.taskrouter.DeleteWorkflow(ws, *created.Sid); err != nil {
		f.Error(err)
	}
}

func driveTasks(f *fixture) {
	ws := f.account.WorkspaceSID()
	created := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.CreateTask(ws, (&taskrouter.CreateTaskParams{}).
		SetAttributes(`{"transferId":"abc","n":1}`).SetWorkflowSid(f.account.WorkflowSID("Assign to Anyone")).
		SetTaskChannel("chat").SetPriority(5).SetTimeout(600)))
	sid := *created.Sid
	is(f.T, "assignment_status", created.AssignmentStatus, "pending")
	is(f.T, "priority", &created.Priority, 5)
	fetched := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.FetchTask(ws, sid))
	is(f.T, "attributes", fetched.Attributes, `{"transferId":"abc","n":1}`)
	found := ok[[]taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.ListTask(ws, (&taskrouter.ListTaskParams{}).
		SetEvaluateTaskAttributes(`transferId == "abc"`).SetAssignmentStatus([]string{"pending", "reserved"})))
	if len(found) != 1 || *found[0].Sid != sid {
		f.Errorf("%d tasks found by their attributes", len(found))
	}
	none := ok[[]taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.ListTask(ws, (&taskrouter.ListTaskParams{}).
		SetEvaluateTaskAttributes(`transferId == "other"`)))
	if len(none) != 0 {
		f.Errorf("%d tasks of another transfer", len(none))
	}
	updated := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.UpdateTask(ws, sid, (&taskrouter.UpdateTaskParams{}).
		SetAttributes(`{"n":2}`)))
	is(f.T, "attributes", updated.Attributes, `{"n":2}`)
	refused := f.send("POST", f.workspace()+"/Tasks/"+sid, url.Values{"Priority": {"9"}}, 412, "If-Match", `"0-stale"`)
	if refused["code"] != 20412.0 {
		f.Errorf("a stale ETag is refused with %v", refused)
	}
	canceled := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.UpdateTask(ws, sid, (&taskrouter.UpdateTaskParams{}).
		SetAssignmentStatus("canceled").SetReason("withdrawn")))
	is(f.T, "reason", canceled.Reason, "withdrawn")
	if err := f.taskrouter.DeleteTask(ws, sid, &taskrouter.DeleteTaskParams{}); err != nil {
		f.Error(err)
	}
	f.send("GET", f.workspace()+"/Tasks/"+sid, nil, 404)
	f.driveEvents(sid)
}

func (f *fixture) driveEvents(task string) {
	ws := f.account.WorkspaceSID()
	events := ok[[]taskrouter.TaskrouterV1Event](f.T)(f.taskrouter.ListEvent(ws, (&taskrouter.ListEventParams{}).
		SetTaskSid(task).SetMinutes(5)))
	kinds := map[string]bool{}
	for _, e := range events {
		kinds[*e.EventType] = true
	}
	for _, kind := range []string{"task.created", "task.updated", "task.canceled", "task-queue.entered"} {
		if !kinds[kind] {
			f.Errorf("no event %s among %v", kind, kinds)
		}
	}
	only := ok[[]taskrouter.TaskrouterV1Event](f.T)(f.taskrouter.ListEvent(ws, (&taskrouter.ListEventParams{}).
		SetTaskSid(task).SetEventType("task.canceled")))
	if len(only) != 1 {
		f.Fatalf("%d events task.canceled, want 1", len(only))
	}
	one := ok[*taskrouter.TaskrouterV1Event](f.T)(f.taskrouter.FetchEvent(ws, *only[0].Sid))
	is(f.T, "event_type", one.EventType, "task.canceled")
}

func driveReservations(f *fixture) {
	ws, ada := f.account.WorkspaceSID(), f.account.WorkerSID("ada")
	c := f.chatWith("ada")
	ofTask := ok[[]taskrouter.TaskrouterV1TaskReservation](f.T)(f.taskrouter.ListTaskReservation(ws, c.TaskSID,
		&taskrouter.ListTaskReservationParams{}))
	if len(ofTask) != 1 || *ofTask[0].Sid != c.Reservation.SID {
		f.Fatalf("%d reservations of the task", len(ofTask))
	}
	one := ok[*taskrouter.TaskrouterV1TaskReservation](f.T)(f.taskrouter.FetchTaskReservation(ws, c.TaskSID, c.Reservation.SID))
	is(f.T, "reservation_status", one.ReservationStatus, "accepted")
	ofWorker := ok[[]taskrouter.TaskrouterV1WorkerReservation](f.T)(f.taskrouter.ListWorkerReservation(ws, ada,
		(&taskrouter.ListWorkerReservationParams{}).SetReservationStatus("accepted")))
	if len(ofWorker) != 1 {
		f.Errorf("%d accepted reservations of the worker", len(ofWorker))
	}
	ok[*taskrouter.TaskrouterV1WorkerReservation](f.T)(f.taskrouter.FetchWorkerReservation(ws, ada, c.Reservation.SID))
	wrapping := ok[*taskrouter.TaskrouterV1TaskReservation](f.T)(f.taskrouter.UpdateTaskReservation(ws, c.TaskSID, c.Reservation.SID,
		(&taskrouter.UpdateTaskReservationParams{}).SetReservationStatus("wrapping")))
	is(f.T, "reservation_status", wrapping.ReservationStatus, "wrapping")
	completed := ok[*taskrouter.TaskrouterV1WorkerReservation](f.T)(f.taskrouter.UpdateWorkerReservation(ws, ada, c.Reservation.SID,
		(&taskrouter.UpdateWorkerReservationParams{}).SetReservationStatus("completed")))
	is(f.T, "reservation_status", completed.ReservationStatus, "completed")
	task := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.FetchTask(ws, c.TaskSID))
	is(f.T, "assignment_status", task.AssignmentStatus, "completed")
	f.driveRESTAnswers(ws, ada)
}

// driveRESTAnswers answers offers by REST, as a worker's own client does.
func (f *fixture) driveRESTAnswers(ws, ada string) {
	task := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.CreateTask(ws, (&taskrouter.CreateTaskParams{}).
		SetAttributes(`{}`).SetWorkflowSid(f.account.WorkflowSID("Assign to Anyone")).SetTaskChannel("chat")))
	offered := f.reservation(*task.Sid)
	rejected := ok[*taskrouter.TaskrouterV1WorkerReservation](f.T)(f.taskrouter.UpdateWorkerReservation(ws, ada, offered.SID,
		(&taskrouter.UpdateWorkerReservationParams{}).SetReservationStatus("rejected").
			SetWorkerActivitySid(f.account.ActivitySID("Break"))))
	is(f.T, "reservation_status", rejected.ReservationStatus, "rejected")
	worker := ok[*taskrouter.TaskrouterV1Worker](f.T)(f.taskrouter.FetchWorker(ws, ada))
	is(f.T, "activity_name", worker.ActivityName, "Break")
	f.send("POST", f.workspace()+"/Workers/"+ada, url.Values{"ActivitySid": {f.account.ActivitySID("Available")}}, 200)
	again := f.reservation(*task.Sid)
	accepted := ok[*taskrouter.TaskrouterV1TaskReservation](f.T)(f.taskrouter.UpdateTaskReservation(ws, *task.Sid, again.SID,
		(&taskrouter.UpdateTaskReservationParams{}).SetReservationStatus("accepted")))
	is(f.T, "reservation_status", accepted.ReservationStatus, "accepted")
	completed := ok[*taskrouter.TaskrouterV1Task](f.T)(f.taskrouter.UpdateTask(ws, *task.Sid, (&taskrouter.UpdateTaskParams{}).
		SetAssignmentStatus("completed")))
	is(f.T, "assignment_status", completed.AssignmentStatus, "completed")
}
