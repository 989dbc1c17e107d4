package simulate

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// door is Twilio as package twilioapi shows it, without HTTP and JSON: three
// times as many hours are simulated in the same time. A test holds it to the
// real client.
type door struct{ short sandbox.Shortcut }

// account is the account as backends need it.
type accountDoor interface {
	coordinator.Twilio
	TasksOf(ctx context.Context, interactionChannelSID string) ([]twilioapi.ListedTask, error)
	Tasks(ctx context.Context, statuses ...string) ([]twilioapi.ListedTask, error)
	Events(ctx context.Context, q twilioapi.EventQuery) ([]twilioapi.TaskRouterEvent, error)
}

var _, _ accountDoor = door{}, (*twilioapi.Client)(nil)

// as turns the account's refusals into those of package twilioapi.
func as(op string, err error) error {
	var refusal *sandbox.Error
	if !errors.As(err, &refusal) {
		return err
	}
	e := &twilioapi.Error{Endpoint: op, Status: refusal.Status, Code: refusal.Code, Message: refusal.Message, Outcome: twilioapi.Refused}
	if refusal.Status == http.StatusNotFound {
		e.Outcome = twilioapi.NotFound
	}
	return e
}

// Invite implements coordinator.Twilio.
func (d door) Invite(_ context.Context, r twilioapi.InviteRequest) (twilioapi.Invite, error) {
	i, err := d.short.Invite(r.InteractionSID, r.InteractionChannelSID, r.WorkflowSID, r.TaskChannelName, r.Attributes)
	return twilioapi.Invite(i), as("Invites.create", err)
}

// Invites implements coordinator.Twilio.
func (d door) Invites(_ context.Context, interaction, channel string) ([]twilioapi.Invite, error) {
	list, err := d.short.Invites(interaction, channel)
	invites := make([]twilioapi.Invite, len(list))
	for i := range list {
		invites[i] = twilioapi.Invite(list[i])
	}
	return invites, as("Invites.list", err)
}

// Participants implements coordinator.Twilio.
func (d door) Participants(_ context.Context, interaction, channel string) ([]transfer.ParticipantRecord, error) {
	list, err := d.short.Participants(interaction, channel)
	records := make([]transfer.ParticipantRecord, len(list))
	for i, p := range list {
		records[i] = transfer.ParticipantRecord{SID: p.SID, Type: p.Type}
		if r := p.RoutingProperties; r != nil {
			records[i].TaskSID, records[i].WorkerSID, records[i].ReservationSID = r.TaskSID, r.WorkerSID, r.ReservationSID
		}
	}
	return records, as("Participants.list", err)
}

// LeaveParticipant implements coordinator.Twilio.
func (d door) LeaveParticipant(_ context.Context, interaction, channel, participant string, how transfer.LeaveAs) error {
	status := "closed"
	if how == transfer.LeaveWrapup {
		status = "wrapup"
	}
	return as("Participants.update", d.short.UpdateParticipant(interaction, channel, participant, status))
}

// CloseChannel implements coordinator.Twilio.
func (d door) CloseChannel(_ context.Context, interaction, channel string, how transfer.LeaveAs) error {
	return as("Channels.update", d.short.CloseChannel(interaction, channel, how != transfer.LeaveWrapup))
}

// Channel implements coordinator.Twilio.
func (d door) Channel(_ context.Context, interaction, channel string) (transfer.ChannelRecord, error) {
	kind, status, err := d.short.Channel(interaction, channel)
	if err != nil {
		return transfer.ChannelRecord{}, as("Channels.fetch", err)
	}
	return transfer.ChannelRecord{SID: channel, InteractionSID: interaction, Type: kind, Status: status}, nil
}

// Task implements coordinator.Twilio.
func (d door) Task(_ context.Context, task string) (twilioapi.Task, error) {
	t, err := d.short.Task(task)
	if err != nil {
		return twilioapi.Task{}, as("Tasks.fetch", err)
	}
	return taskOf(&t), nil
}

func taskOf(t *sandbox.ShortTask) twilioapi.Task {
	return twilioapi.Task{
		TaskRecord: transfer.TaskRecord{
			SID: t.SID, AssignmentStatus: t.AssignmentStatus, Attributes: t.Attributes, TaskChannelName: t.ChannelName,
			QueueName: t.QueueName, QueueSID: t.QueueSID,
		},
		ETag: t.ETag, Priority: t.Priority, Reason: t.Reason, WorkflowSID: t.WorkflowSID, Created: t.Created,
	}
}

// Tasks implements reconcile.Twilio.
func (d door) Tasks(_ context.Context, statuses ...string) ([]twilioapi.ListedTask, error) {
	return d.listed(statuses, ""), nil
}

// TasksOf implements reconcile.Twilio.
func (d door) TasksOf(_ context.Context, channel string) ([]twilioapi.ListedTask, error) {
	return d.listed(nil, channel), nil
}

func (d door) listed(statuses []string, channel string) []twilioapi.ListedTask {
	list := []twilioapi.ListedTask(nil)
	d.short.Tasks(statuses, channel, func(t *sandbox.ShortTask) {
		list = append(list, twilioapi.ListedTask{Task: taskOf(t), Updated: t.Updated})
		list[len(list)-1].ETag = ""
	})
	return list
}

// Events implements reconcile.Twilio.
func (d door) Events(_ context.Context, q twilioapi.EventQuery) ([]twilioapi.TaskRouterEvent, error) {
	found := d.short.Events(q.Type, q.TaskSID, q.Since.UTC().Truncate(time.Second))
	events := make([]twilioapi.TaskRouterEvent, len(found))
	for i, e := range found {
		events[i] = twilioapi.TaskRouterEvent{SID: e.SID, Type: e.Type, At: e.At, TaskSID: e.TaskSID, TaskAttributes: e.TaskAttributes, QueueSID: e.QueueSID}
	}
	return events, nil
}

// CancelTask implements coordinator.Twilio.
func (d door) CancelTask(_ context.Context, task, etag, reason string) error {
	return as("Tasks.update", d.short.CancelTask(task, etag, reason))
}

// TaskReservations implements coordinator.Twilio.
func (d door) TaskReservations(_ context.Context, task string) ([]twilioapi.Reservation, error) {
	list, err := d.short.Reservations(task)
	reservations := make([]twilioapi.Reservation, len(list))
	for i, r := range list {
		reservations[i] = twilioapi.Reservation{SID: r.SID, TaskSID: task, WorkerSID: r.WorkerSID, WorkerName: r.WorkerName, Status: r.Status}
	}
	return reservations, as("Tasks.Reservations.list", err)
}
