package sandbox_test

import (
	"testing"
	"time"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (l *lab) newTask(workflow string) string {
	l.t.Helper()
	p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID(workflow)).SetTaskChannel("chat")
	return *must[*taskrouter.TaskrouterV1Task](l.t)(l.taskrouter.CreateTask(l.ws, p)).Sid
}

func (l *lab) reservation(sid string) string {
	l.t.Helper()
	for _, r := range l.Snapshot().Reservations {
		if r.SID == sid {
			return r.ReservationStatus
		}
	}
	l.t.Fatalf("there is no reservation %s", sid)
	return ""
}

func TestARejectedTaskGoesToOthersAndThenBack(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.setActivity("chidi", "Break")
	task := l.newTask("Assign to Anyone")
	first := l.pending(task)
	is(t, "first", *first.WorkerName, "ada")
	must[sandbox.Reservation](t)(l.RejectReservation(*first.Sid))
	is(t, "reservation", l.reservation(*first.Sid), "rejected")
	second := l.pending(task)
	is(t, "second", *second.WorkerName, "bea")
	must[sandbox.Reservation](t)(l.RejectReservation(*second.Sid))
	is(t, "after others again", *l.pending(task).WorkerName, "ada")
	_, err := l.RejectReservation(*first.Sid)
	wantError(t, err, 400, 20001)
}

func TestARejectedTaskWaitsForWhoeverComes(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.setActivity("bea", "Break")
	l.setActivity("chidi", "Break")
	task := l.newTask("Assign to Anyone")
	p := (&taskrouter.UpdateTaskReservationParams{}).SetReservationStatus("rejected").SetWorkerActivitySid(l.ActivitySID("Unavailable"))
	must[*taskrouter.TaskrouterV1TaskReservation](t)(l.taskrouter.UpdateTaskReservation(l.ws, task, *l.pending(task).Sid, p))
	is(t, "status", l.status(task), "pending")
	is(t, "ada's activity", l.activity("ada"), "Unavailable")
	l.setActivity("ada", "Available")
	is(t, "available anew", *l.pending(task).WorkerName, "ada")
}

func (l *lab) activity(worker string) string {
	l.t.Helper()
	return *must[*taskrouter.TaskrouterV1Worker](l.t)(l.taskrouter.FetchWorker(l.ws, l.WorkerSID(worker))).ActivityName
}

func TestReservationTimeout(t *testing.T) {
	world := sandbox.DemoWorld()
	world.TimeoutActivity = "Unavailable"
	l := newLabOf(t, sandbox.Options{}, world)
	task := l.newTask("Assign to Anyone")
	first := l.pending(task)
	l.clock.Advance(119 * time.Second)
	is(t, "reservation", l.reservation(*first.Sid), "pending")
	l.clock.Advance(time.Second)
	is(t, "reservation", l.reservation(*first.Sid), "timeout")
	is(t, "activity", l.activity("ada"), "Unavailable")
	is(t, "next", *l.pending(task).WorkerName, "bea")
	_, err := l.AcceptReservation(*first.Sid)
	wantError(t, err, 400, 20001)
}

func TestCapacityIsPerTaskChannel(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.setActivity("bea", "Break")
	l.setActivity("chidi", "Break")
	setCapacity(l, "ada", 2)
	tasks := []string{l.newTask("Assign to Anyone"), l.newTask("Assign to Anyone"), l.newTask("Assign to Anyone")}
	l.accept(tasks[0])
	l.accept(tasks[1])
	l.noPending(tasks[2])
	p := (&taskrouter.CreateTaskParams{}).SetWorkflowSid(l.WorkflowSID("Assign to Anyone")).SetTaskChannel("voice")
	voice := must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.CreateTask(l.ws, p))
	is(t, "another channel", *l.pending(*voice.Sid).WorkerName, "ada")
	c := must[*taskrouter.TaskrouterV1WorkerChannel](t)(l.taskrouter.FetchWorkerChannel(l.ws, l.WorkerSID("ada"), "chat"))
	is(t, "assigned_tasks", c.AssignedTasks, 2)
	is(t, "available_capacity_percentage", c.AvailableCapacityPercentage, 0)
	wrapping := must[sandbox.Reservation](t)(l.WrapUp(reservationOf(l, tasks[0])))
	is(t, "task", l.status(tasks[0]), "wrapping")
	l.noPending(tasks[2]) // wrapping takes capacity too
	must[sandbox.Reservation](t)(l.CompleteTask(wrapping.SID))
	is(t, "freed capacity", *l.pending(tasks[2]).WorkerName, "ada")
	setCapacity(l, "ada", 9)
	is(t, "more capacity leaves the reservation", *l.pending(tasks[2]).WorkerName, "ada")
}

func TestTheLongestIdleWorkerComesFirst(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	for _, want := range []string{"ada", "bea", "chidi", "ada"} {
		l.clock.Advance(time.Second)
		task := l.newTask("Assign to Anyone")
		is(t, "offered to", *l.pending(task).WorkerName, want)
		l.accept(task)
		must[sandbox.Reservation](t)(l.CompleteTask(reservationOf(l, task)))
	}
}

func TestOneOfSeveralReservationsIsAccepted(t *testing.T) {
	world := sandbox.DemoWorld()
	world.Queues[0].MaxReserved = 2
	l := newLabOf(t, sandbox.Options{}, world)
	task := l.newTask("Assign to Anyone")
	list := must[[]taskrouter.TaskrouterV1TaskReservation](t)(l.taskrouter.ListTaskReservation(l.ws, task, nil))
	is(t, "reservations", len(list), 2)
	must[sandbox.Reservation](t)(l.RejectReservation(*list[0].Sid))
	is(t, "still reserved", l.status(task), "reserved")
	must[sandbox.Reservation](t)(l.AcceptReservation(*list[1].Sid))
	is(t, "assigned", l.status(task), "assigned")

	task = l.newTask("Assign to Anyone")
	list = must[[]taskrouter.TaskrouterV1TaskReservation](t)(l.taskrouter.ListTaskReservation(l.ws, task, nil))
	must[sandbox.Reservation](t)(l.AcceptReservation(*list[0].Sid))
	is(t, "the other", l.reservation(*list[1].Sid), "rescinded")
}

func TestAnUnavailableWorkerKeepsItsReservation(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	task := l.newTask("Assign to Anyone")
	r := l.pending(task)
	l.setActivity("ada", "Break")
	is(t, "reservation", l.reservation(*r.Sid), "pending")
	p := (&taskrouter.UpdateWorkerParams{}).SetActivitySid(l.ActivitySID("Offline")).SetRejectPendingReservations(true)
	must[*taskrouter.TaskrouterV1Worker](t)(l.taskrouter.UpdateWorker(l.ws, l.WorkerSID("ada"), p))
	is(t, "reservation", l.reservation(*r.Sid), "rejected")
	is(t, "next", *l.pending(task).WorkerName, "bea")
}

func TestReservationsOfAWorker(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	task := l.newTask("Assign to Anyone")
	r := l.accept(task)
	p := (&taskrouter.ListWorkerReservationParams{}).SetReservationStatus("accepted")
	list := must[[]taskrouter.TaskrouterV1WorkerReservation](t)(l.taskrouter.ListWorkerReservation(l.ws, l.WorkerSID("ada"), p))
	is(t, "reservations", len(list), 1)
	is(t, "sid", *list[0].Sid, r.SID)
	_, err := l.taskrouter.FetchWorkerReservation(l.ws, l.WorkerSID("bea"), r.SID)
	wantError(t, err, 404, 20404)
	u := (&taskrouter.UpdateWorkerReservationParams{}).SetReservationStatus("completed").SetIfMatch("77")
	_, err = l.taskrouter.UpdateWorkerReservation(l.ws, l.WorkerSID("ada"), r.SID, u)
	wantError(t, err, 412, 20412)
	u = (&taskrouter.UpdateWorkerReservationParams{}).SetReservationStatus("completed")
	must[*taskrouter.TaskrouterV1WorkerReservation](t)(l.taskrouter.UpdateWorkerReservation(l.ws, l.WorkerSID("ada"), r.SID, u))
	is(t, "task", l.status(task), "completed")
}
