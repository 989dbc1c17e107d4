package sandbox

import "time"

// Addresses of the products.
const (
	taskRouterURL    = "https://taskrouter.twilio.com/v1/Workspaces/"
	flexURL          = "https://flex-api.twilio.com/v1/"
	conversationsURL = "https://conversations.twilio.com/v1/"
)

// stamp writes a time as Twilio's REST does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a *Account) workspaceURL() string { return taskRouterURL + a.workspaceSID }

func (a *Account) viewWorkspace() Workspace {
	u := a.workspaceURL()
	v := Workspace{
		SID: a.workspaceSID, AccountSID: a.accountSID, FriendlyName: a.store.workspaceName,
		DateCreated: stamp(a.store.workspaceBorn), DateUpdated: stamp(a.store.workspaceUpdate),
		EventCallbackURL: orNil(a.webhooks.taskRouter.url), EventsFilter: orNil(joinComma(a.webhooks.taskRouter.events)),
		MultiTaskEnabled: a.store.multiTask, PrioritizeQueueOrder: a.store.queueOrder, URL: u,
		Links: map[string]string{"activities": u + "/Activities", "tasks": u + "/Tasks", "workers": u + "/Workers",
			"task_queues": u + "/TaskQueues", "workflows": u + "/Workflows", "events": u + "/Events",
			"task_channels": u + "/TaskChannels"},
	}
	if d := a.store.defaultActivity; d != nil {
		v.DefaultActivitySID, v.DefaultActivityName = &d.sid, &d.name
	}
	if d := a.store.timeoutActivity; d != nil {
		v.TimeoutActivitySID, v.TimeoutActivityName = &d.sid, &d.name
	}
	return v
}

func (a *Account) viewActivity(v *activity) Activity {
	u := a.workspaceURL()
	return Activity{SID: v.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, FriendlyName: v.name,
		Available: v.available, DateCreated: stamp(v.created), DateUpdated: stamp(v.updated),
		URL: u + "/Activities/" + v.sid, Links: map[string]string{"workspace": u}}
}

func (a *Account) viewWorker(w *worker) Worker {
	ws := a.workspaceURL()
	u := ws + "/Workers/" + w.sid
	return Worker{
		SID: w.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, FriendlyName: w.name,
		ActivityName: w.activity.name, ActivitySID: w.activity.sid, Attributes: w.attributes,
		Available: w.activity.available, DateCreated: stamp(w.created), DateStatusChanged: stamp(w.statusChanged),
		DateUpdated: stamp(w.updated), URL: u,
		Links: map[string]string{"channels": u + "/Channels", "worker_channels": u + "/Channels",
			"activity": ws + "/Activities/" + w.activity.sid, "workspace": ws, "reservations": u + "/Reservations"},
	}
}

func (a *Account) viewWorkerChannel(w *worker, c *workerChannel) WorkerChannel {
	free := 100
	if c.capacity > 0 {
		free = max(0, (c.capacity-c.used)*100/c.capacity)
	}
	return WorkerChannel{
		SID: c.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, WorkerSID: w.sid,
		TaskChannelSID: c.channel.sid, TaskChannelUniqueName: c.channel.uniqueName, ConfiguredCapacity: c.capacity,
		AvailableCapacityPercentage: free, AssignedTasks: w.assigned(c.channel), Available: c.available,
		DateCreated: stamp(c.created), DateUpdated: stamp(c.updated),
		URL: a.workspaceURL() + "/Workers/" + w.sid + "/Channels/" + c.sid,
	}
}

func (w *worker) assigned(tc *taskChannel) int {
	n := 0
	for r := range w.open.all() {
		if r.task.channel == tc && r.status != statusPending {
			n++
		}
	}
	return n
}

func (a *Account) viewTaskChannel(c *taskChannel) TaskChannel {
	u := a.workspaceURL()
	return TaskChannel{SID: c.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, FriendlyName: c.name,
		UniqueName: c.uniqueName, DateCreated: stamp(c.created), DateUpdated: stamp(c.updated),
		URL: u + "/TaskChannels/" + c.sid, Links: map[string]string{"workspace": u}}
}

func (a *Account) viewQueue(q *queue) TaskQueue {
	ws := a.workspaceURL()
	u := ws + "/TaskQueues/" + q.sid
	return TaskQueue{
		SID: q.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, FriendlyName: q.name,
		TargetWorkers: q.targetWorkers, MaxReservedWorkers: q.maxReserved, TaskOrder: q.order,
		DateCreated: stamp(q.created), DateUpdated: stamp(q.updated), URL: u,
		Links: map[string]string{"workspace": ws, "real_time_statistics": u + "/RealTimeStatistics"},
	}
}

func (a *Account) viewWorkflow(w *workflow) Workflow {
	u := a.workspaceURL() + "/Workflows/" + w.sid
	return Workflow{
		SID: w.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, FriendlyName: w.name,
		Configuration: w.configuration, DocumentContentType: "application/json",
		TaskReservationTimeout: w.reservationTimeout, AssignmentCallbackURL: w.assignmentCallback,
		FallbackAssignmentCallbackURL: w.fallbackCallback, DateCreated: stamp(w.created), DateUpdated: stamp(w.updated),
		URL: u, Links: map[string]string{},
	}
}

func (a *Account) viewTask(t *task) Task {
	ws := a.workspaceURL()
	u := ws + "/Tasks/" + t.sid
	v := Task{
		SID: t.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, Age: int(a.now().Sub(t.created) / time.Second),
		AssignmentStatus: t.status, Attributes: t.attributes, Addons: "{}", DateCreated: stamp(t.created),
		DateUpdated: stamp(t.updated), Priority: t.priority, Reason: t.reason, TaskChannelSID: t.channel.sid,
		TaskChannelUniqueName: t.channel.uniqueName, Timeout: t.timeout, VirtualStartTime: stamp(t.created), URL: u,
		Links: map[string]string{"workspace": ws, "reservations": u + "/Reservations"},
	}
	if t.queue != nil {
		entered := stamp(t.queueEntered)
		v.TaskQueueSID, v.TaskQueueFriendlyName, v.TaskQueueEnteredDate = &t.queue.sid, &t.queue.name, &entered
		v.Links["task_queue"] = ws + "/TaskQueues/" + t.queue.sid
	}
	if t.workflow != nil {
		v.WorkflowSID, v.WorkflowFriendlyName = &t.workflow.sid, &t.workflow.name
		v.Links["workflow"] = ws + "/Workflows/" + t.workflow.sid
	}
	if t.direct != nil {
		v.RoutingTarget = &t.direct.sid
	}
	return v
}

func (a *Account) viewReservation(r *reservation) Reservation {
	ws := a.workspaceURL()
	task := ws + "/Tasks/" + r.task.sid
	return Reservation{
		SID: r.sid, AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID, TaskSID: r.task.sid, WorkerSID: r.worker.sid,
		WorkerName: r.worker.name, ReservationStatus: r.status, DateCreated: stamp(r.created),
		DateUpdated: stamp(r.updated), URL: task + "/Reservations/" + r.sid,
		Links: map[string]string{"task": task, "worker": ws + "/Workers/" + r.worker.sid, "workspace": ws},
	}
}

func (a *Account) viewReservationAndTask(r *reservation) Reservation {
	v := a.viewReservation(r)
	t := a.viewTask(r.task)
	v.Task = &t
	return v
}

func (a *Account) viewInteraction(i *interaction) Interaction {
	u := flexURL + "Interactions/" + i.sid
	v := Interaction{SID: i.sid, InteractionContextSID: i.contextSID, WebhookTtid: i.webhookTtid, URL: u,
		Channel: map[string]any{"type": i.channel.kind, "sid": i.channel.sid},
		Links:   map[string]string{"channels": u + "/Channels"}}
	if i.invite != nil {
		v.Routing = i.invite.answer(a.accountSID, a.workspaceSID)
	}
	return v
}

func (c *channel) url() string {
	return flexURL + "Interactions/" + c.interaction.sid + "/Channels/" + c.sid
}

func (a *Account) viewChannel(c *channel) InteractionChannel {
	u := c.url()
	return InteractionChannel{SID: c.sid, InteractionSID: c.interaction.sid, Type: c.kind, Status: c.status, URL: u,
		Links: map[string]string{"participants": u + "/Participants", "invites": u + "/Invites"}}
}

func (a *Account) viewChannelForObservers(c *channel) InteractionChannel {
	v := a.viewChannel(c)
	v.ConversationSID = c.conversation.sid
	return v
}

func (a *Account) viewParticipant(p *participant) InteractionParticipant {
	v := InteractionParticipant{SID: p.sid, Type: p.kind, InteractionSID: p.channel.interaction.sid,
		ChannelSID: p.channel.sid, URL: p.channel.url() + "/Participants/" + p.sid}
	if r := p.reservation; r != nil {
		v.RoutingProperties = &RoutingProperties{TaskSID: r.task.sid, WorkerSID: r.worker.sid, ReservationSID: r.sid}
	}
	return v
}

func (a *Account) viewParticipantForObservers(p *participant) InteractionParticipant {
	v := a.viewParticipant(p)
	v.Left = !p.present()
	if p.member != nil {
		v.MediaProperties = &MediaProperties{SID: p.member.sid, Identity: p.member.author(),
			ConversationSID: p.member.conversation.sid}
	}
	return v
}

func (a *Account) viewInvite(i *invite) Invite {
	return Invite{SID: i.sid, InteractionSID: i.channel.interaction.sid, ChannelSID: i.channel.sid,
		Routing: i.answer(a.accountSID, a.workspaceSID), URL: i.channel.url() + "/Invites/" + i.sid}
}

func (a *Account) viewConversation(c *conversation) Conversation {
	u := conversationsURL + "Conversations/" + c.sid
	return Conversation{
		SID: c.sid, AccountSID: a.accountSID, ChatServiceSID: a.chatServiceSID, FriendlyName: c.name,
		UniqueName: c.uniqueName, Attributes: c.attributes, State: c.state, DateCreated: stamp(c.created),
		DateUpdated: stamp(c.updated), Timers: map[string]string{}, Bindings: c.bindings(), URL: u,
		Links: map[string]string{"participants": u + "/Participants", "messages": u + "/Messages",
			"webhooks": u + "/Webhooks"},
	}
}

// bindings are the account's own ends of a conversation. The shape is that of the parameters Bindings.Email.Address and
// Bindings.Email.Name; the document calls it untyped.
func (c *conversation) bindings() map[string]any {
	if c.mailbox == "" {
		return map[string]any{}
	}
	return map[string]any{"email": map[string]any{"address": c.mailbox, "name": nil}}
}

func (a *Account) viewMember(m *member) ConversationParticipant {
	return ConversationParticipant{
		SID: m.sid, AccountSID: a.accountSID, ConversationSID: m.conversation.sid, Identity: orNil(m.identity),
		Attributes: m.attributes, MessagingBinding: m.binding, RoleSID: m.roleSID, DateCreated: stamp(m.created),
		DateUpdated: stamp(m.updated), Left: m.left,
		URL: conversationsURL + "Conversations/" + m.conversation.sid + "/Participants/" + m.sid,
	}
}

func (a *Account) viewMessage(m *message) Message {
	u := conversationsURL + "Conversations/" + m.conversation.sid + "/Messages/" + m.sid
	return Message{
		SID: m.sid, AccountSID: a.accountSID, ConversationSID: m.conversation.sid, Index: m.index, Author: m.author,
		Body: m.body, Attributes: m.attributes, ParticipantSID: orNil(m.member), DateCreated: stamp(m.created),
		DateUpdated: stamp(m.updated), Subject: m.subject, URL: u, Links: map[string]string{"delivery_receipts": u + "/Receipts"},
	}
}
