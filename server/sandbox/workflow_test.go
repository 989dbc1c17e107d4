package sandbox_test

import (
	"testing"
	"time"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

type object = map[string]any

// flowLab is a demo account whose workflow "Flow" has one filter with the given targets.
func flowLab(t *testing.T, fallback any, targets ...any) *lab {
	t.Helper()
	routing := object{"filters": []any{object{"expression": "go == true", "targets": targets}}}
	if fallback != nil {
		routing["default_filter"] = fallback
	}
	world := sandbox.DemoWorld()
	world.Workflows = append(world.Workflows, sandbox.WorldWorkflow{FriendlyName: "Flow", TaskReservationTimeout: 20,
		Configuration: object{"task_routing": routing}})
	return newLabOf(t, sandbox.Options{}, world)
}

func (l *lab) flow(attributes string) string {
	l.t.Helper()
	p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID("Flow")).SetTaskChannel("chat").SetAttributes(attributes)
	return *must[*taskrouter.TaskrouterV1Task](l.t)(l.taskrouter.CreateTask(l.ws, p)).Sid
}

func TestKnownWorkerWaitsForExactlyThatWorker(t *testing.T) {
	for name, attributes := range map[string]string{
		"null": `{"go":true,"agent":null}`, "missing": `{"go":true}`, "unknown": `{"go":true,"agent":"WKffffffffffffffffffffffffffffffff"}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := flowLab(t, nil, object{"queue": "Everyone", "known_worker_sid": "task.agent", "timeout": 60})
			task := l.flow(attributes)
			is(t, "status", l.status(task), "pending")
			l.clock.Advance(59 * time.Second)
			is(t, "status", l.status(task), "pending")
			l.clock.Advance(time.Second)
			is(t, "status after the timeout", l.status(task), "canceled")
		})
	}
	l := flowLab(t, nil, object{"queue": "Everyone", "known_worker_sid": "task.agent"})
	task := l.flow(`{"go":true,"agent":"` + l.WorkerSID("sam") + `"}`)
	is(t, "while sam is offline", l.status(task), "pending")
	l.setActivity("sam", "Available")
	is(t, "offered to", *l.pending(task).WorkerName, "sam")
}

func TestKnownWorkerByFriendlyName(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Everyone", "known_worker_friendly_name": "task.name"})
	is(t, "offered to", *l.pending(l.flow(`{"go":true,"name":"chidi"}`)).WorkerName, "chidi")
}

func TestKnownWorkerOutsideTheQueueIs40152(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Returns", "known_worker_sid": "task.agent"})
	task := l.flow(`{"go":true,"agent":"` + l.WorkerSID("ada") + `"}`)
	is(t, "status", l.status(task), "pending")
	errors := l.Record().Entries(sandbox.Query{Kind: "error", TaskSID: task})
	is(t, "errors", len(errors), 1)
	is(t, "code", errors[0].Status, "40152")
	l.setActivity("ada", "Break")
	l.setActivity("ada", "Available")
	l.noPending(task)
}

func TestARejectedKnownWorkerIsNotReplaced(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Everyone", "known_worker_sid": "task.agent"})
	task := l.flow(`{"go":true,"agent":"` + l.WorkerSID("bea") + `"}`)
	must[sandbox.Reservation](t)(l.RejectReservation(*l.pending(task).Sid))
	is(t, "status", l.status(task), "pending")
	l.noPending(task)
	l.setActivity("bea", "Break")
	l.setActivity("bea", "Available")
	is(t, "offered again to", *l.pending(task).WorkerName, "bea")
}

func TestStepsTimeOutOneAfterTheOther(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Billing", "expression": "worker.sid == 'nobody'", "timeout": 10},
		object{"expression": "worker.sid == 'nobody'", "timeout": 15}, object{"queue": "Returns"})
	task := l.flow(`{"go":true}`)
	is(t, "first queue", *l.task(task).TaskQueueFriendlyName, "Billing")
	l.clock.Advance(10 * time.Second)
	is(t, "a step without a queue stays", *l.task(task).TaskQueueFriendlyName, "Billing")
	l.clock.Advance(14 * time.Second)
	is(t, "status", l.status(task), "pending")
	l.clock.Advance(time.Second)
	is(t, "last queue", *l.task(task).TaskQueueFriendlyName, "Returns")
	is(t, "offered to", *l.pending(task).WorkerName, "chidi")
}

func TestAStepThatEndsWhileReservedGoesOnAfterwards(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Billing", "timeout": 5}, object{"queue": "Returns"})
	task := l.flow(`{"go":true}`)
	is(t, "offered to", *l.pending(task).WorkerName, "ada")
	l.clock.Advance(6 * time.Second)
	is(t, "status", l.status(task), "reserved")
	must[sandbox.Reservation](t)(l.RejectReservation(*l.pending(task).Sid))
	is(t, "then offered to", *l.pending(task).WorkerName, "chidi")
}

func TestSkipIf(t *testing.T) {
	steps := []any{object{"queue": "Returns", "skip_if": "workers.available == 0"}, object{"queue": "Billing", "skip_if": "1==1"}}
	t.Run("not while somebody can take it", func(t *testing.T) {
		l := flowLab(t, nil, steps...)
		is(t, "offered to", *l.pending(l.flow(`{"go":true}`)).WorkerName, "chidi")
	})
	t.Run("to the next step", func(t *testing.T) {
		l := flowLab(t, nil, steps...)
		l.setActivity("chidi", "Break")
		is(t, "offered to", *l.pending(l.flow(`{"go":true}`)).WorkerName, "ada")
	})
	t.Run("past the last step to the default filter", func(t *testing.T) {
		l := flowLab(t, object{"queue": "Everyone"}, steps...)
		for _, name := range []string{"ada", "bea", "chidi"} {
			l.setActivity(name, "Break")
		}
		task := l.flow(`{"go":true}`)
		is(t, "status", l.status(task), "pending")
		is(t, "queue", *l.task(task).TaskQueueFriendlyName, "Everyone")
	})
	t.Run("past the last step without one", func(t *testing.T) {
		l := flowLab(t, nil, steps...)
		for _, name := range []string{"ada", "bea", "chidi"} {
			l.setActivity(name, "Break")
		}
		is(t, "status", l.status(l.flow(`{"go":true}`)), "canceled")
	})
}

func TestDefaultFilterOnlyWhenNothingMatched(t *testing.T) {
	l := flowLab(t, object{"queue": "Returns"}, object{"queue": "Billing", "expression": "worker.sid == 'nobody'", "timeout": 5})
	is(t, "unmatched goes to", *l.task(l.flow(`{"go":false}`)).TaskQueueFriendlyName, "Returns")
	matched := l.flow(`{"go":true}`)
	l.clock.Advance(5 * time.Second)
	is(t, "matched and timed out", l.status(matched), "canceled")
	is(t, "reason", *l.task(matched).Reason, "Workflow Timeout")
}

func TestATaskLivesAsLongAsItsTimeToLive(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Everyone", "expression": "worker.sid == 'nobody'"})
	p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID("Flow")).SetAttributes(`{"go":true}`).SetTimeout(300)
	task := *must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.CreateTask(l.ws, p)).Sid
	l.clock.Advance(299 * time.Second)
	is(t, "status", l.status(task), "pending")
	l.clock.Advance(time.Second)
	is(t, "status", l.status(task), "canceled")
	is(t, "reason", *l.task(task).Reason, "Task TTL Exceeded")
}

func TestOrderByAndPriority(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Billing", "order_by": "worker.routing.levels.billing DESC", "priority": "task.weight"})
	is(t, "the most able gets", *l.pending(l.flow(`{"go":true,"weight":4}`)).WorkerName, "bea")
	for _, name := range []string{"ada", "bea"} {
		l.setActivity(name, "Break")
	}
	low, high, next := l.flow(`{"go":true,"weight":1}`), l.flow(`{"go":true,"weight":9}`), l.flow(`{"go":true,"weight":9}`)
	is(t, "priority", l.task(high).Priority, 9)
	setCapacity(l, "ada", 1)
	l.setActivity("ada", "Available")
	is(t, "first comes the higher priority", *l.pending(high).WorkerName, "ada")
	l.noPending(low)
	must[sandbox.Reservation](t)(l.AcceptReservation(*l.pending(high).Sid))
	must[sandbox.Reservation](t)(l.CompleteTask(reservationOf(l, high)))
	is(t, "then the next of the same priority", *l.pending(next).WorkerName, "ada")
}

func setCapacity(l *lab, worker string, capacity int) {
	l.t.Helper()
	p := (&taskrouter.UpdateWorkerChannelParams{}).SetCapacity(capacity)
	must[*taskrouter.TaskrouterV1WorkerChannel](l.t)(l.taskrouter.UpdateWorkerChannel(l.ws, l.WorkerSID(worker), "chat", p))
}

func TestAttributesThatChangeRouteAnew(t *testing.T) {
	l := flowLab(t, object{"queue": "Returns"}, object{"queue": "Billing"})
	l.setActivity("chidi", "Break")
	task := l.flow(`{"go":false}`)
	is(t, "status", l.status(task), "pending")
	p := (&taskrouter.UpdateTaskParams{}).SetAttributes(`{"go":true}`)
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, task, p))
	is(t, "offered to", *l.pending(task).WorkerName, "ada")
}

func TestAWorkerWhoLearnsIsRouted(t *testing.T) {
	l := flowLab(t, nil, object{"queue": "Returns"})
	l.setActivity("chidi", "Break")
	task := l.flow(`{"go":true}`)
	l.noPending(task)
	p := (&taskrouter.UpdateWorkerParams{}).SetAttributes(`{"routing":{"skills":["returns"]}}`)
	must[*taskrouter.TaskrouterV1Worker](t)(l.taskrouter.UpdateWorker(l.ws, l.WorkerSID("ada"), p))
	is(t, "offered to", *l.pending(task).WorkerName, "ada")
}

func TestWorkflowsAndQueuesByREST(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	_, err := l.taskrouter.CreateWorkflow(l.ws, (&taskrouter.CreateWorkflowParams{}).SetFriendlyName("Bad").
		SetConfiguration(`{"task_routing":{"default_filter":{"queue":"WQ00000000000000000000000000000000"}}}`))
	wantError(t, err, 400, 20001)
	_, err = l.taskrouter.CreateTaskQueue(l.ws, (&taskrouter.CreateTaskQueueParams{}).SetFriendlyName("Bad").SetTargetWorkers("skills HAS"))
	wantError(t, err, 400, 20001)
	q := must[*taskrouter.TaskrouterV1TaskQueue](t)(l.taskrouter.CreateTaskQueue(l.ws,
		(&taskrouter.CreateTaskQueueParams{}).SetFriendlyName("North").SetTargetWorkers(`team == "Care North"`)))
	workers := must[[]taskrouter.TaskrouterV1Worker](t)(l.taskrouter.ListWorker(l.ws, (&taskrouter.ListWorkerParams{}).SetTaskQueueSid(*q.Sid)))
	is(t, "workers of North", len(workers), 3)
	w := must[*taskrouter.TaskrouterV1Workflow](t)(l.taskrouter.CreateWorkflow(l.ws, (&taskrouter.CreateWorkflowParams{}).
		SetFriendlyName("North").SetConfiguration(`{"task_routing":{"default_filter":{"queue":"`+*q.Sid+`"}}}`).SetTaskReservationTimeout(7)))
	wantError(t, l.taskrouter.DeleteTaskQueue(l.ws, *q.Sid), 400, 20001)
	task := must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.CreateTask(l.ws, (&taskrouter.CreateTaskParams{}).SetWorkflowSid(*w.Sid)))
	is(t, "offered to", *l.pending(*task.Sid).WorkerName, "ada")
	l.clock.Advance(7 * time.Second)
	is(t, "after the workflow's reservation timeout to", *l.pending(*task.Sid).WorkerName, "bea")
}
