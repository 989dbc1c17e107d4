package twilioapi

import (
	"context"
	"time"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// What a look at everything that is open needs. All of it waits behind requests that somebody waits for.
var (
	tasksList  = read("Tasks.list", ClassSweep)
	eventsList = read("Events.list", ClassSweep)
)

// ListedTask is a task as a list shows it, which may lag.
type ListedTask struct {
	Task
	Updated time.Time
}

// Tasks lists the workspace's tasks that have one of the assignment statuses. Twilio deletes tasks five minutes after
// they were completed or canceled. They may be very many: of the attributes there is only what says to which conversation
// and transfer the task belongs.
func (c *Client) Tasks(ctx context.Context, statuses ...string) ([]ListedTask, error) {
	if len(statuses) == 0 {
		return nil, invalid(tasksList.name, "statuses: at least one is needed")
	}
	return c.tasks(ctx, (&taskrouter.ListTaskParams{}).SetAssignmentStatus(statuses), belonging)
}

// TasksOf lists the tasks whose attributes name the interaction channel, in any status.
func (c *Client) TasksOf(ctx context.Context, interactionChannelSID string) ([]ListedTask, error) {
	if !transfer.ValidSID(interactionChannelSID, "UO") {
		return nil, invalid(tasksList.name, "interactionChannelSID: not an interaction channel SID")
	}
	params := (&taskrouter.ListTaskParams{}).SetEvaluateTaskAttributes(`flexInteractionChannelSid == "` + interactionChannelSID + `"`)
	return c.tasks(ctx, params, whole)
}

// tasks reads a list of tasks, with what attributes makes of their attributes.
func (c *Client) tasks(ctx context.Context, params *taskrouter.ListTaskParams, attributes func(string) string) ([]ListedTask, error) {
	params.SetPageSize(pageSize)
	reader := taskReader{attributes: attributes, seen: map[string]string{}}
	return pages(ctx, c, tasksList, func(a *attempt) (page[ListedTask], error) {
		a.unread = true
		if _, err := a.taskrouter().PageTask(c.workspace, params, "", ""); err != nil {
			return page[ListedTask]{}, err
		}
		return reader.page(a.body.String())
	})
}

// TaskRouterEvent is an Event of the workspace about a task.
type TaskRouterEvent struct {
	SID            string // EV…
	Type           string // task.canceled, …
	At             time.Time
	TaskSID        string
	TaskAttributes string // a JSON object
	QueueSID       string // the task's queue
}

// EventQuery narrows the list of events.
type EventQuery struct {
	Type    string    // such as task.canceled; empty: all
	Since   time.Time // Twilio keeps attributes of events for 30 days
	TaskSID string    // empty: of all tasks
}

// Events lists the workspace's events, the newest first. They may be late. Source: the Events resource, whose event_data
// has the fields of the event callbacks in snake_case.
func (c *Client) Events(ctx context.Context, q EventQuery) ([]TaskRouterEvent, error) {
	if q.Since.IsZero() {
		return nil, invalid(eventsList.name, "Since: is needed")
	}
	if q.TaskSID != "" && !transfer.ValidSID(q.TaskSID, "WT") {
		return nil, invalid(eventsList.name, "TaskSID: not a task SID")
	}
	params := (&taskrouter.ListEventParams{}).SetStartDate(q.Since.UTC().Truncate(time.Second)).SetPageSize(pageSize)
	if q.Type != "" {
		params.SetEventType(q.Type)
	}
	if q.TaskSID != "" {
		params.SetTaskSid(q.TaskSID)
	}
	return pages(ctx, c, eventsList, func(a *attempt) (page[TaskRouterEvent], error) {
		list, err := a.taskrouter().PageEvent(c.workspace, params, "", "")
		if err != nil {
			return page[TaskRouterEvent]{}, err
		}
		events := make([]TaskRouterEvent, len(list.Events))
		for i := range list.Events {
			events[i] = eventOf(&list.Events[i])
		}
		return page[TaskRouterEvent]{events, list.Meta.NextPageUrl}, nil
	})
}

func eventOf(e *taskrouter.TaskrouterV1Event) TaskRouterEvent {
	data := object(e.EventData)
	event := TaskRouterEvent{
		SID: text(e.Sid), Type: text(e.EventType), At: when(e.EventDate), TaskSID: field(data, "task_sid"),
		TaskAttributes: field(data, "task_attributes"), QueueSID: field(data, "task_queue_sid"),
	}
	if e.EventDateMs != nil {
		event.At = time.UnixMilli(*e.EventDateMs).UTC()
	}
	return event
}
