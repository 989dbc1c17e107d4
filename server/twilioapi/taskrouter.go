package twilioapi

import (
	"context"
	"time"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var (
	tasksFetch       = read("Tasks.fetch", ClassInvite)
	tasksUpdate      = write("Tasks.update", ClassRemoval)
	reservationsList = read("Tasks.Reservations.list", ClassInvite)
	workersFetch     = read("Workers.fetch", ClassInvite)
	workersList      = read("Workers.list", ClassSweep)
	activitiesList   = read("Activities.list", ClassSweep)
	queuesList       = read("TaskQueues.list", ClassSweep)
	workflowsFetch   = read("Workflows.fetch", ClassSweep)
)

// Task is a TaskRouter Task.
type Task struct {
	transfer.TaskRecord
	ETag        string // for CancelTask; changes with every change of the task
	Age         time.Duration
	Created     time.Time
	Priority    int
	Reason      string // why it was canceled or completed
	WorkflowSID string // WW…
}

// Task reads a task. NotFound means that Twilio has deleted it, as it does some minutes after it ended.
func (c *Client) Task(ctx context.Context, taskSID string) (Task, error) {
	if !transfer.ValidSID(taskSID, "WT") {
		return Task{}, invalid(tasksFetch.name, "taskSID: not a task SID")
	}
	return run(about(ctx, taskSID), c, tasksFetch, func(a *attempt) (Task, error) {
		t, err := a.taskrouter().FetchTask(c.workspace, taskSID)
		if err != nil {
			return Task{}, err
		}
		if text(t.Sid) == "" {
			return Task{}, errIncomplete
		}
		return taskOf(t, a.etag), nil
	})
}

func taskOf(t *taskrouter.TaskrouterV1Task, etag string) Task {
	task := Task{
		TaskRecord: transfer.TaskRecord{
			SID: text(t.Sid), AssignmentStatus: text(t.AssignmentStatus), Attributes: text(t.Attributes),
			TaskChannelName: text(t.TaskChannelUniqueName), QueueName: text(t.TaskQueueFriendlyName),
			QueueSID: text(t.TaskQueueSid),
		},
		ETag: etag, Age: time.Duration(t.Age) * time.Second, Priority: t.Priority, Reason: text(t.Reason),
		WorkflowSID: text(t.WorkflowSid),
	}
	if t.DateCreated != nil {
		task.Created = *t.DateCreated
	}
	return task
}

// CancelTask withdraws the task of an invite, if it still is as it was when etag was read (empty: however it is). A
// task can be canceled only while pending or reserved: after that Twilio refuses. [IsConflict] tells that somebody,
// such as an agent who accepted, was faster. It is made once.
func (c *Client) CancelTask(ctx context.Context, taskSID, etag, reason string) error {
	if !transfer.ValidSID(taskSID, "WT") {
		return invalid(tasksUpdate.name, "taskSID: not a task SID")
	}
	params := (&taskrouter.UpdateTaskParams{}).SetAssignmentStatus("canceled").SetReason(reason)
	if etag != "" {
		params.SetIfMatch(etag)
	}
	_, err := run(about(ctx, taskSID), c, tasksUpdate, func(a *attempt) (struct{}, error) {
		t, err := a.taskrouter().UpdateTask(c.workspace, taskSID, params)
		if err == nil && text(t.Sid) == "" {
			err = errIncomplete
		}
		return struct{}{}, err
	})
	return err
}

// Reservation is a Reservation of a task: who was asked, and what became of it.
type Reservation struct {
	SID        string // WR…
	TaskSID    string // WT…
	WorkerSID  string // WK…
	WorkerName string // friendly name
	Status     string // pending, accepted, rejected, timeout, canceled, rescinded, wrapping, completed
	Created    time.Time
}

// TaskReservations lists the reservations of a task.
func (c *Client) TaskReservations(ctx context.Context, taskSID string) ([]Reservation, error) {
	if !transfer.ValidSID(taskSID, "WT") {
		return nil, invalid(reservationsList.name, "taskSID: not a task SID")
	}
	params := (&taskrouter.ListTaskReservationParams{}).SetPageSize(pageSize)
	return pages(about(ctx, taskSID), c, reservationsList, func(a *attempt) (page[Reservation], error) {
		list, err := a.taskrouter().PageTaskReservation(c.workspace, taskSID, params, "", "")
		if err != nil {
			return page[Reservation]{}, err
		}
		reservations := make([]Reservation, len(list.Reservations))
		for i, r := range list.Reservations {
			reservations[i] = Reservation{
				SID: text(r.Sid), TaskSID: text(r.TaskSid), WorkerSID: text(r.WorkerSid), WorkerName: text(r.WorkerName),
				Status: text(r.ReservationStatus),
			}
			if r.DateCreated != nil {
				reservations[i].Created = *r.DateCreated
			}
		}
		return page[Reservation]{reservations, list.Meta.NextPageUrl}, nil
	})
}

// Worker reads a worker.
func (c *Client) Worker(ctx context.Context, workerSID string) (transfer.WorkerRecord, error) {
	if !transfer.ValidSID(workerSID, "WK") {
		return transfer.WorkerRecord{}, invalid(workersFetch.name, "workerSID: not a worker SID")
	}
	return run(ctx, c, workersFetch, func(a *attempt) (transfer.WorkerRecord, error) {
		w, err := a.taskrouter().FetchWorker(c.workspace, workerSID)
		if err != nil {
			return transfer.WorkerRecord{}, err
		}
		if text(w.Sid) == "" {
			return transfer.WorkerRecord{}, errIncomplete
		}
		return workerOf(w), nil
	})
}

func workerOf(w *taskrouter.TaskrouterV1Worker) transfer.WorkerRecord {
	return transfer.WorkerRecord{
		SID: text(w.Sid), FriendlyName: text(w.FriendlyName), Attributes: text(w.Attributes),
		ActivityName: text(w.ActivityName), Available: w.Available != nil && *w.Available,
	}
}

// Workers reads all workers of the workspace.
func (c *Client) Workers(ctx context.Context) ([]transfer.WorkerRecord, error) {
	params := (&taskrouter.ListWorkerParams{}).SetPageSize(pageSize)
	return pages(ctx, c, workersList, func(a *attempt) (page[transfer.WorkerRecord], error) {
		list, err := a.taskrouter().PageWorker(c.workspace, params, "", "")
		if err != nil {
			return page[transfer.WorkerRecord]{}, err
		}
		workers := make([]transfer.WorkerRecord, len(list.Workers))
		for i := range list.Workers {
			workers[i] = workerOf(&list.Workers[i])
		}
		return page[transfer.WorkerRecord]{workers, list.Meta.NextPageUrl}, nil
	})
}

// Activities reads all activities of the workspace: by name, whether workers are available in it.
func (c *Client) Activities(ctx context.Context) (map[string]bool, error) {
	params := (&taskrouter.ListActivityParams{}).SetPageSize(pageSize)
	list, err := pages(ctx, c, activitiesList, func(a *attempt) (page[taskrouter.TaskrouterV1Activity], error) {
		list, err := a.taskrouter().PageActivity(c.workspace, params, "", "")
		if err != nil {
			return page[taskrouter.TaskrouterV1Activity]{}, err
		}
		return page[taskrouter.TaskrouterV1Activity]{list.Activities, list.Meta.NextPageUrl}, nil
	})
	available := make(map[string]bool, len(list))
	for _, activity := range list {
		available[text(activity.FriendlyName)] = activity.Available != nil && *activity.Available
	}
	return available, err
}

// Queues reads all task queues of the workspace. Whether the transfer workflow serves them is not known here.
func (c *Client) Queues(ctx context.Context) ([]transfer.QueueRecord, error) {
	params := (&taskrouter.ListTaskQueueParams{}).SetPageSize(pageSize)
	return pages(ctx, c, queuesList, func(a *attempt) (page[transfer.QueueRecord], error) {
		list, err := a.taskrouter().PageTaskQueue(c.workspace, params, "", "")
		if err != nil {
			return page[transfer.QueueRecord]{}, err
		}
		queues := make([]transfer.QueueRecord, len(list.TaskQueues))
		for i, q := range list.TaskQueues {
			queues[i] = transfer.QueueRecord{
				SID: text(q.Sid), FriendlyName: text(q.FriendlyName), Skills: skillsOf(text(q.TargetWorkers)),
			}
		}
		return page[transfer.QueueRecord]{queues, list.Meta.NextPageUrl}, nil
	})
}

// Workflow is a TaskRouter Workflow.
type Workflow struct {
	SID           string // WW…
	FriendlyName  string
	Configuration string // JSON: {"task_routing": {"filters": […], "default_filter": …}}
}

// Workflow reads a workflow.
func (c *Client) Workflow(ctx context.Context, workflowSID string) (Workflow, error) {
	if !transfer.ValidSID(workflowSID, "WW") {
		return Workflow{}, invalid(workflowsFetch.name, "workflowSID: not a workflow SID")
	}
	return run(ctx, c, workflowsFetch, func(a *attempt) (Workflow, error) {
		w, err := a.taskrouter().FetchWorkflow(c.workspace, workflowSID)
		if err != nil {
			return Workflow{}, err
		}
		if text(w.Sid) == "" {
			return Workflow{}, errIncomplete
		}
		return Workflow{SID: text(w.Sid), FriendlyName: text(w.FriendlyName), Configuration: text(w.Configuration)}, nil
	})
}
