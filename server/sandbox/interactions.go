package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// newInteraction makes an interaction with one channel, bound to a conversation.
func (a *Account) newInteraction(kind string, conv *conversation) *channel {
	i := &interaction{entity: a.entity("KD", "")}
	c := &channel{entity: a.entity("UO", ""), interaction: i, kind: kind, status: stateActive, conversation: conv}
	i.channel, conv.channel = c, c
	a.store.interactions[i.sid] = i
	a.store.channels.put(c.sid, c)
	a.remember(RecordEntry{Kind: "interaction", SID: i.sid, Status: "created", Type: kind, InteractionSID: i.sid,
		ChannelSID: c.sid, ConversationSID: conv.sid})
	a.recordChannel(c)
	a.interactionHook("onInteractionCreated", c, nil)
	a.interactionHook("onChannelCreated", c, nil)
	a.channelChanged(c)
	return c
}

func (a *Account) recordChannel(c *channel) {
	a.remember(RecordEntry{Kind: "channel", SID: c.sid, Status: c.status, Type: c.kind, InteractionSID: c.interaction.sid,
		ChannelSID: c.sid, ConversationSID: c.conversation.sid})
}

func (a *Account) channelChanged(c *channel) {
	a.changed("interaction_channel", func() any { return a.viewChannelForObservers(c) })
}

// addParticipant lets somebody into a channel. A nil reservation means that no task brought them.
func (a *Account) addParticipant(c *channel, kind string, m *member, r *reservation) *participant {
	p := &participant{entity: a.entity("UT", ""), kind: kind, channel: c, member: m, reservation: r}
	c.participants = append(c.participants, p)
	a.store.participants[p.sid] = p
	a.recordParticipant(p, "joined")
	a.interactionHook("onParticipantJoined", c, p)
	a.participantChanged(p)
	return p
}

func (a *Account) recordParticipant(p *participant, status string) {
	e := RecordEntry{Kind: "participant", SID: p.sid, Status: status, Type: p.kind, ChannelSID: p.channel.sid,
		InteractionSID: p.channel.interaction.sid, ConversationSID: p.channel.conversation.sid}
	if p.reservation != nil {
		e.TaskSID, e.WorkerSID = p.reservation.task.sid, p.reservation.worker.sid
	}
	a.remember(e)
}

func (a *Account) participantChanged(p *participant) {
	a.changed("interaction_participant", func() any { return a.viewParticipantForObservers(p) })
}

// agentJoins brings the agent who accepted an invite's task into the channel and the conversation. A channel that was
// closed meanwhile lets nobody in: the task stays assigned, and nothing is behind it.
func (a *Account) agentJoins(r *reservation) {
	c := r.task.invite.channel
	if !c.isOpen() {
		return
	}
	identity := r.worker.identity()
	m := c.conversation.memberByIdentity(identity)
	if m == nil {
		m = a.addMember(c.conversation, memberSpec{identity: identity, sdk: true})
	}
	a.addParticipant(c, "agent", m, r)
}

// agentsLeave takes those whom a task brought out of its channel.
func (a *Account) agentsLeave(t *task) {
	if t.invite == nil {
		return
	}
	for _, p := range t.invite.channel.participants {
		if p.present() && p.reservation != nil && p.reservation.task == t {
			a.leave(p)
		}
	}
}

// leave takes a participant out of its channel, and out of the conversation unless another participant is the same
// person there.
func (a *Account) leave(p *participant) {
	if !p.present() {
		return
	}
	p.left = a.now()
	a.touch(&p.entity)
	a.recordParticipant(p, "left")
	a.interactionHook("onParticipantLeft", p.channel, p)
	a.participantChanged(p)
	a.leaveConversation(p)
}

func (a *Account) leaveConversation(p *participant) {
	if p.member == nil || p.member.left {
		return
	}
	for _, other := range p.channel.participants {
		if other != p && other.present() && !other.wrapping && other.member == p.member {
			return
		}
	}
	a.removeMember(p.member, true)
}

// updateParticipant closes a participant (its task is completed) or wraps it up (its task goes on as wrapping, it talks
// no more). Source: the Interaction Channel Participants resource.
func (a *Account) updateParticipant(p *participant, status string) error {
	if !p.present() {
		return notFound("/Participants/" + p.sid)
	}
	r := p.reservation
	switch status {
	case stateClosed:
		a.leave(p)
		if r != nil && r.task.live() {
			a.completeTask(r.task, nil)
		}
	case "wrapup":
		p.wrapping = true
		a.touch(&p.entity)
		a.recordParticipant(p, "wrapup")
		a.leaveConversation(p)
		if r != nil && r.status == statusAccepted {
			a.wrapUpTask(r.task, nil)
		}
		a.interactionHook("onParticipantUpdated", p.channel, p)
		a.participantChanged(p)
	default:
		return invalid("Status %q is not one of closed, wrapup", status)
	}
	return nil
}

// updateChannel ends a channel. Its agents' tasks go to wrapping, or are completed where completeTasks is set; invites
// that nobody has answered are left as they are. Source: the Interaction Channels resource.
func (a *Account) updateChannel(c *channel, status string, completeTasks bool) {
	if c.status == status {
		return
	}
	c.status = status
	a.touch(&c.entity)
	a.recordChannel(c)
	a.interactionHook("onChannelStatusUpdated", c, nil)
	a.channelChanged(c)
	a.setConversationState(c.conversation, status, "API", true)
	for _, p := range c.participants {
		if !p.present() || p.reservation == nil {
			continue
		}
		switch t := p.reservation.task; {
		case completeTasks && t.live():
			a.completeTask(t, nil)
		case t.status == statusAssigned:
			p.wrapping = true
			a.wrapUpTask(t, nil)
		}
	}
}

// inviteRouting is the Routing parameter of an invite or an interaction.
type inviteRouting struct {
	Properties struct {
		WorkspaceSID          string          `json:"workspace_sid"`
		WorkflowSID           string          `json:"workflow_sid"`
		QueueSID              string          `json:"queue_sid"`
		WorkerSID             string          `json:"worker_sid"`
		TaskChannelSID        string          `json:"task_channel_sid"`
		TaskChannelUniqueName string          `json:"task_channel_unique_name"`
		Attributes            json.RawMessage `json:"attributes"`
		Priority              int             `json:"priority"`
		Timeout               int             `json:"timeout"`
	} `json:"properties"`
}

func parseRouting(text string) (*inviteRouting, error) {
	r := &inviteRouting{}
	if text == "" {
		return nil, invalid("Missing required parameter Routing in the post body")
	}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, invalid("Routing is not valid: %v", err)
	}
	return r, nil
}

// attributes reads the attributes as an object, whether they came as one or as a JSON string.
func (r *inviteRouting) attributes() (map[string]any, error) {
	raw := r.Properties.Attributes
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, invalid("Routing.properties.attributes: %v", err)
		}
		raw = json.RawMessage(text)
	}
	attributes := map[string]any{}
	if len(raw) == 0 || string(raw) == "null" {
		return attributes, nil
	}
	if err := json.Unmarshal(raw, &attributes); err != nil {
		return nil, invalid("Routing.properties.attributes is not a JSON object")
	}
	return attributes, nil
}

// addInvite invites somebody into a channel: it makes a task, which routing brings to an agent.
func (a *Account) addInvite(c *channel, r *inviteRouting) (*invite, error) {
	if !c.isOpen() {
		return nil, refused(http.StatusBadRequest, codeChannelNotOpen, "Interaction channel %s is not open", c.sid)
	}
	spec, err := a.inviteSpec(c, r)
	if err != nil {
		return nil, err
	}
	inv := &invite{entity: a.entity("KG", ""), channel: c}
	attributes, err := r.attributes()
	if err != nil {
		return nil, err
	}
	addInteractionKeys(attributes, inv)
	spec.attributes, spec.invite = compactJSON(attributes), inv
	t, err := a.newTask(spec)
	if err != nil {
		return nil, err
	}
	inv.task, inv.attributes, inv.priority = t, t.attributes, t.priority
	inv.queueSID, inv.workerSID = r.Properties.QueueSID, r.Properties.WorkerSID
	c.invites = append(c.invites, inv)
	a.remember(RecordEntry{Kind: "invite", SID: inv.sid, Status: "created", InteractionSID: c.interaction.sid,
		ChannelSID: c.sid, ConversationSID: c.conversation.sid, TaskSID: t.sid})
	a.startTask(t, spec)
	a.changed("invite", func() any { return a.viewInvite(inv) })
	return inv, nil
}

// inviteSpec reads where an invite is to go.
func (a *Account) inviteSpec(c *channel, r *inviteRouting) (taskSpec, error) {
	p, spec := r.Properties, taskSpec{}
	if p.WorkspaceSID != a.workspaceSID {
		return spec, invalid("Routing.properties.workspace_sid %q is not a workspace of this account", p.WorkspaceSID)
	}
	spec.priority, spec.timeout = p.Priority, p.Timeout
	channelName := p.TaskChannelSID
	if channelName == "" {
		channelName = p.TaskChannelUniqueName
	}
	if spec.channel = a.taskChannelNamed(channelName); spec.channel == nil {
		return spec, invalid("Routing.properties.task_channel_unique_name %q does not exist", channelName)
	}
	var ok bool
	if p.WorkerSID != "" {
		if spec.worker, ok = a.store.workers.get(p.WorkerSID); !ok {
			return spec, invalid("Routing.properties.worker_sid %q does not exist", p.WorkerSID)
		}
		if c.hasWorker(spec.worker) {
			return spec, refused(http.StatusBadRequest, codeAlreadyInInteraction,
				"Worker %s is already a participant of the interaction", p.WorkerSID)
		}
	}
	if p.QueueSID != "" {
		if spec.queue, ok = a.store.queues.get(p.QueueSID); !ok {
			return spec, invalid("Routing.properties.queue_sid %q does not exist", p.QueueSID)
		}
	}
	if spec.worker != nil || spec.queue != nil {
		return spec, nil
	}
	if spec.workflow, ok = a.store.workflows.get(p.WorkflowSID); !ok {
		return spec, invalid("Routing.properties.workflow_sid %q does not exist", p.WorkflowSID)
	}
	return spec, nil
}

func (c *channel) hasWorker(w *worker) bool {
	for _, p := range c.participants {
		if p.present() && p.reservation != nil && p.reservation.worker == w {
			return true
		}
	}
	return false
}

// addInteractionKeys adds what Twilio adds to the attributes of an invite's task.
func addInteractionKeys(attributes map[string]any, inv *invite) {
	c := inv.channel
	attributes["flexInteractionSid"] = c.interaction.sid
	attributes["flexInteractionChannelSid"] = c.sid
	attributes["flexChannelInviteSid"] = inv.sid
	attributes["conversationSid"] = c.conversation.sid
	conversations, _ := attributes["conversations"].(map[string]any)
	if conversations == nil {
		conversations = map[string]any{}
	}
	if _, given := conversations["conversation_id"]; !given {
		conversations["conversation_id"] = c.interaction.sid
	}
	conversations["media"] = []any{map[string]any{"type": "ChatTranscript", "sid": c.conversation.sid}}
	attributes["conversations"] = conversations
}

// answer is the routing object of an invite: the task as it was made.
func (inv *invite) answer(accountSID, workspaceSID string) any {
	t, born := inv.task, inv.created.Unix()
	properties := map[string]any{
		"account_sid": accountSID, "workspace_sid": workspaceSID, "sid": t.sid, "date_created": born,
		"date_updated": born, "attributes": inv.attributes, "assignment_status": statusPending,
		"priority": inv.priority, "age": 0, "reason": "", "timeout": t.timeout, "assignmentCounter": 0,
		"task_channel_sid": t.channel.sid, "task_channel_unique_name": t.channel.uniqueName, "workflow_sid": nil,
		"workflow_name": nil, "queue_sid": nilIfEmpty(inv.queueSID), "queue_name": nil,
		"routing_target": nilIfEmpty(inv.workerSID), "task_queue_entered_date": born, "age_in_queue": 0, "addons": "{}",
	}
	if t.workflow != nil {
		properties["workflow_sid"], properties["workflow_name"] = t.workflow.sid, t.workflow.name
	}
	return map[string]any{"reservation": nil, "properties": properties}
}

func nilIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func compactJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: cannot write %T as JSON: %v", v, err)) // only for values that came out of JSON
	}
	return string(text)
}
