package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func cancel(reason string) *taskrouter.UpdateTaskParams {
	return (&taskrouter.UpdateTaskParams{}).SetAssignmentStatus("canceled").SetReason(reason)
}

func TestWithdrawingATaskNeedsItsVersion(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	task := l.newTask("Assign to Anyone")
	l.task(task)
	before := l.etag()
	r := l.accept(task)
	_, err := l.taskrouter.UpdateTask(l.ws, task, cancel("withdrawn").SetIfMatch(before))
	wantError(t, err, 412, 20412)
	is(t, "status", l.status(task), "assigned")
	_, err = l.taskrouter.UpdateTask(l.ws, task, cancel("withdrawn").SetIfMatch(l.etag()))
	wantError(t, err, 400, 20001) // an assigned task cannot be canceled
	is(t, "reservation", l.reservation(r.SID), "accepted")
}

func TestCancelingATaskEndsItsReservation(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	setCapacity(l, "ada", 1)
	l.setActivity("bea", "Break")
	l.setActivity("chidi", "Break")
	task, next := l.newTask("Assign to Anyone"), l.newTask("Assign to Anyone")
	r := l.pending(task)
	l.noPending(next)
	l.task(task)
	canceled := must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, task, cancel("withdrawn").SetIfMatch(l.etag())))
	is(t, "status", *canceled.AssignmentStatus, "canceled")
	is(t, "reason", *canceled.Reason, "withdrawn")
	is(t, "reservation", l.reservation(*r.Sid), "canceled")
	_, err := l.AcceptReservation(*r.Sid)
	wantError(t, err, 400, 20001)
	is(t, "the next task", *l.pending(next).WorkerName, "ada")
	_, err = l.taskrouter.UpdateTask(l.ws, task, cancel("again"))
	wantError(t, err, 400, 20001)
}

func TestEndedTasksAreDeletedAfterFiveMinutes(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	first := l.newTask("Assign to Anyone")
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, first, cancel("")))
	l.clock.Advance(2 * time.Minute)
	second := l.newTask("Assign to Anyone")
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, second, cancel("")))
	l.clock.Advance(3*time.Minute - time.Second)
	l.task(first)
	l.clock.Advance(time.Second)
	_, err := l.taskrouter.FetchTask(l.ws, first)
	wantError(t, err, 404, 20404)
	l.task(second)
	l.clock.Advance(2 * time.Minute)
	_, err = l.taskrouter.FetchTask(l.ws, second)
	wantError(t, err, 404, 20404)
}

func TestListOfTasks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.setActivity("ada", "Break")
	l.setActivity("bea", "Break")
	l.setActivity("chidi", "Break")
	for i := range 7 {
		p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID("Assign to Anyone")).SetTaskChannel("chat").
			SetAttributes(fmt.Sprintf(`{"transferId":"t%d","odd":%v}`, i, i%2 == 1))
		must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.CreateTask(l.ws, p))
	}
	list := func(p *taskrouter.ListTaskParams) []taskrouter.TaskrouterV1Task {
		t.Helper()
		return must[[]taskrouter.TaskrouterV1Task](t)(l.taskrouter.ListTask(l.ws, p))
	}
	found := list((&taskrouter.ListTaskParams{}).SetEvaluateTaskAttributes(`transferId == "t5"`))
	is(t, "found", len(found), 1)
	is(t, "odd", len(list((&taskrouter.ListTaskParams{}).SetEvaluateTaskAttributes(`odd == true`))), 3)
	is(t, "none", len(list((&taskrouter.ListTaskParams{}).SetEvaluateTaskAttributes(`transferId == "x"`))), 0)
	all := list((&taskrouter.ListTaskParams{}).SetPageSize(3))
	is(t, "all, over three pages", len(all), 7)
	seen := map[string]bool{}
	for _, task := range all {
		seen[*task.Sid] = true
	}
	is(t, "different ones", len(seen), 7)
	l.setActivity("ada", "Available")
	is(t, "reserved", len(list((&taskrouter.ListTaskParams{}).SetAssignmentStatus([]string{"reserved"}))), 3)
	is(t, "pending or reserved", len(list((&taskrouter.ListTaskParams{}).SetAssignmentStatus([]string{"pending", "reserved"}))), 7)
	is(t, "queue", len(list((&taskrouter.ListTaskParams{}).SetTaskQueueName("Billing"))), 0)
	_, err := l.taskrouter.ListTask(l.ws, (&taskrouter.ListTaskParams{}).SetAssignmentStatus([]string{"gone"}))
	wantError(t, err, 400, 20001)
}

func TestTaskAttributesAreLimited(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	fill := func(n int) string { return `{"a":"` + strings.Repeat("ü", n-8) + `"}` }
	p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID("Assign to Anyone")).SetAttributes(fill(4096))
	task := must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.CreateTask(l.ws, p))
	_, err := l.taskrouter.CreateTask(l.ws, p.SetAttributes(fill(4097)))
	wantError(t, err, 400, 20001)
	_, err = l.taskrouter.UpdateTask(l.ws, *task.Sid, (&taskrouter.UpdateTaskParams{}).SetAttributes(fill(4097)))
	wantError(t, err, 400, 20001)
	_, err = l.taskrouter.UpdateTask(l.ws, *task.Sid, (&taskrouter.UpdateTaskParams{}).SetAttributes(`[1]`))
	wantError(t, err, 400, 20001)
	s := l.talk("Chris")
	_, err = l.transfer(s, map[string]any{"a": strings.Repeat("x", 4000)})
	wantError(t, err, 400, 20001) // Twilio's own keys count
}

func TestDeletingATask(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	task := l.newTask("Assign to Anyone")
	wantError(t, l.taskrouter.DeleteTask(l.ws, task, (&taskrouter.DeleteTaskParams{}).SetIfMatch("99")), 412, 20412)
	if err := l.taskrouter.DeleteTask(l.ws, task, nil); err != nil {
		t.Fatal(err)
	}
	_, err := l.taskrouter.FetchTask(l.ws, task)
	wantError(t, err, 404, 20404)
}

func TestEventsTellTheStoryNewestFirst(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	task := l.newTask("Assign to Anyone")
	l.accept(task)
	events := must[[]taskrouter.TaskrouterV1Event](t)(l.taskrouter.ListEvent(l.ws, (&taskrouter.ListEventParams{}).SetTaskSid(task)))
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, *e.EventType)
	}
	is(t, "events", strings.Join(kinds, " "),
		"reservation.accepted reservation.created task-queue.entered workflow.target-matched workflow.entered task.created")
	l.clock.Advance(10 * time.Minute)
	recent := (&taskrouter.ListEventParams{}).SetTaskSid(task).SetMinutes(5)
	is(t, "in the last minutes", len(must[[]taskrouter.TaskrouterV1Event](t)(l.taskrouter.ListEvent(l.ws, recent))), 0)
}
