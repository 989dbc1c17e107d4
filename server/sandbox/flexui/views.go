package flexui

import (
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// The shapes of this file are what npm twilio-taskrouter 2.1 and the interactions part of @twilio/flex-sdk 3.0 parse: the
// REST API's names, dates as seconds since 1970, versions as text, attributes as JSON text. twilio-taskrouter refuses an
// object that lacks any of the properties in its lists (WorkerProperties, TaskProperties, …).

type object = map[string]any

// epoch makes seconds since 1970 of a date of the REST API, nil of none.
func epoch(stamp string) any {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return nil
	}
	return t.Unix()
}

func viewActivity(v sandbox.Activity) object {
	return object{"account_sid": v.AccountSID, "available": v.Available, "date_created": epoch(v.DateCreated),
		"date_updated": epoch(v.DateUpdated), "friendly_name": v.FriendlyName, "sid": v.SID, "workspace_sid": v.WorkspaceSID}
}

func viewWorker(w sandbox.Worker, version int) object {
	return object{"account_sid": w.AccountSID, "activity_name": w.ActivityName, "activity_sid": w.ActivitySID,
		"attributes": w.Attributes, "available": w.Available, "date_created": epoch(w.DateCreated),
		"date_status_changed": epoch(w.DateStatusChanged), "date_updated": epoch(w.DateUpdated),
		"friendly_name": w.FriendlyName, "sid": w.SID, "workspace_sid": w.WorkspaceSID, "version": version}
}

func viewWorkerChannel(c sandbox.WorkerChannel) object {
	return object{"account_sid": c.AccountSID, "assigned_tasks": c.AssignedTasks, "available": c.Available,
		"available_capacity_percentage": c.AvailableCapacityPercentage, "configured_capacity": c.ConfiguredCapacity,
		"date_created": epoch(c.DateCreated), "date_updated": epoch(c.DateUpdated), "last_reserved_time": nil, "sid": c.SID,
		"task_channel_sid": c.TaskChannelSID, "task_channel_unique_name": c.TaskChannelUniqueName,
		"worker_sid": c.WorkerSID, "workspace_sid": c.WorkspaceSID}
}

func viewTask(t sandbox.Task, version int) object {
	return object{"account_sid": t.AccountSID, "addons": t.Addons, "age": t.Age, "attributes": t.Attributes,
		"date_created": epoch(t.DateCreated), "date_updated": epoch(t.DateUpdated), "priority": t.Priority,
		"queue_name": t.TaskQueueFriendlyName, "queue_sid": t.TaskQueueSID, "reason": t.Reason, "routing_target": t.RoutingTarget,
		"sid": t.SID, "assignment_status": t.AssignmentStatus, "task_channel_unique_name": t.TaskChannelUniqueName,
		"task_channel_sid": t.TaskChannelSID, "timeout": t.Timeout, "workflow_name": t.WorkflowFriendlyName,
		"workflow_sid": t.WorkflowSID, "version": version, "virtual_start_time": epoch(t.VirtualStartTime),
		"workspace_sid": t.WorkspaceSID}
}

func viewReservation(r sandbox.FlexReservation) object {
	v := object{"account_sid": r.AccountSID, "date_created": epoch(r.DateCreated), "date_updated": epoch(r.DateUpdated),
		"reservation_status": r.ReservationStatus, "sid": r.SID, "task": nil, "task_sid": r.TaskSID,
		"reservation_timeout": r.Timeout, "worker_sid": r.WorkerSID, "workspace_sid": r.WorkspaceSID, "version": r.Version}
	if r.Task != nil {
		v["task"] = viewTask(*r.Task, r.TaskVersion)
	}
	return v
}

func viewQueue(q sandbox.TaskQueue) object {
	return object{"friendly_name": q.FriendlyName, "reservation_activity_name": q.ReservationActivityName,
		"assignment_activity_name": q.AssignmentActivityName, "target_workers": q.TargetWorkers,
		"max_reserved_workers": q.MaxReservedWorkers, "task_order": q.TaskOrder,
		"reservation_activity_sid": q.ReservationActivitySID, "assignment_activity_sid": q.AssignmentActivitySID,
		"workspace_sid": q.WorkspaceSID, "account_sid": q.AccountSID, "sid": q.SID, "date_created": epoch(q.DateCreated),
		"date_updated": epoch(q.DateUpdated), "lifo_queue": q.TaskOrder == "LIFO"}
}

// viewParticipant is a participant in a channel of that type; media_properties has a Conversations participant's SID.
func viewParticipant(p sandbox.InteractionParticipant, channelType string) object {
	v := object{"sid": p.SID, "participant_sid": p.SID, "type": p.Type, "channel_sid": p.ChannelSID,
		"interaction_sid": p.InteractionSID, "channel_type": channelType, "routing_properties": nil, "media_properties": nil}
	if r := p.RoutingProperties; r != nil {
		v["routing_properties"] = object{"task_sid": r.TaskSID, "worker_sid": r.WorkerSID, "reservation_sid": r.ReservationSID}
	}
	if m := p.MediaProperties; m != nil {
		v["media_properties"] = object{"sid": m.SID, "identity": m.Identity, "conversation_sid": m.ConversationSID, "type": channelType}
	}
	return v
}
