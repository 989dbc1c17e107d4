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

// attributes are those that were asked for, as an object or as a JSON string, with what Twilio adds to them; as text and
// as the document that it stands for.
func (r *inviteRouting) attributes(interaction, channel, invite, conversation string) (string, map[string]any, error) {
	raw := r.Properties.Attributes
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", nil, invalid("Routing.properties.attributes: %v", err)
		}
		raw = json.RawMessage(text)
	}
	attributes := map[string]any{}
	if len(raw) > 0 && string(raw) != "null" {
		if err := json.Unmarshal(raw, &attributes); err != nil || attributes == nil {
			return "", nil, invalid("Routing.properties.attributes is not a JSON object")
		}
	}
	attributes["flexInteractionSid"], attributes["flexInteractionChannelSid"] = interaction, channel
	attributes["flexChannelInviteSid"], attributes["conversationSid"] = invite, conversation
	conversations, _ := attributes["conversations"].(map[string]any)
	if conversations == nil {
		conversations = map[string]any{}
	}
	if _, given := conversations["conversation_id"]; !given {
		conversations["conversation_id"] = interaction
	}
	conversations["media"] = []any{map[string]any{"type": "ChatTranscript", "sid": conversation}}
	attributes["conversations"] = conversations
	text := compactJSON(attributes)
	return text, attributes, checkTaskAttributes(text)
}

// anySID is as long as a SID, for checks before there is one.
const anySID = "XX00000000000000000000000000000000"

// checkInvite refuses all that addInvite would refuse, save what depends on the channel: for when that is still to be made.
func (a *Account) checkInvite(r *inviteRouting) error {
	if _, err := a.checkRouting(r); err != nil {
		return err
	}
	_, _, err := r.attributes(anySID, anySID, anySID, anySID)
	return err
}

// checkRouting reads where an invite is to go.
func (a *Account) checkRouting(r *inviteRouting) (taskSpec, error) {
	p, spec := r.Properties, taskSpec{}
	if p.WorkspaceSID != a.workspaceSID {
		return spec, invalid("Routing.properties.workspace_sid %q is not a workspace of this account", p.WorkspaceSID)
	}
	if p.Priority < 0 || p.Timeout < 0 {
		return spec, invalid("Routing.properties.priority and timeout must not be negative")
	}
	spec.priority, spec.timeout = p.Priority, p.Timeout
	channelName := p.TaskChannelSID
	if channelName == "" {
		channelName = p.TaskChannelUniqueName
	}
	if spec.channel = a.taskChannelNamed(channelName); spec.channel == nil {
		return spec, invalid("Routing.properties.task_channel_unique_name %q does not exist", channelName)
	}
	err := a.findTarget(r, &spec)
	return spec, err
}

// findTarget finds the worker, else the queue, else the workflow that an invite is for.
func (a *Account) findTarget(r *inviteRouting, spec *taskSpec) error {
	p, ok := r.Properties, false
	if p.WorkerSID != "" {
		if spec.worker, ok = a.store.workers.get(p.WorkerSID); !ok {
			return invalid("Routing.properties.worker_sid %q does not exist", p.WorkerSID)
		}
	}
	if p.QueueSID != "" {
		if spec.queue, ok = a.store.queues.get(p.QueueSID); !ok {
			return invalid("Routing.properties.queue_sid %q does not exist", p.QueueSID)
		}
	}
	if spec.worker != nil || spec.queue != nil {
		return nil
	}
	if spec.workflow, ok = a.store.workflows.get(p.WorkflowSID); !ok {
		return invalid("Routing.properties.workflow_sid %q does not exist", p.WorkflowSID)
	}
	return nil
}

// addInvite invites somebody into a channel: it makes a task, which routing brings to an agent.
func (a *Account) addInvite(c *channel, r *inviteRouting) (*invite, error) {
	if !c.isOpen() {
		return nil, refused(http.StatusBadRequest, codeChannelNotOpen, "Interaction channel %s is not open", c.sid)
	}
	spec, err := a.checkRouting(r)
	if err != nil {
		return nil, err
	}
	if spec.worker != nil && c.hasWorker(spec.worker) {
		return nil, refused(http.StatusBadRequest, codeAlreadyInInteraction,
			"Worker %s is already a participant of the interaction", spec.worker.sid)
	}
	inv := &invite{entity: a.entity("KG", ""), channel: c}
	spec.invite = inv
	spec.attributes, spec.document, err = r.attributes(c.interaction.sid, c.sid, inv.sid, c.conversation.sid)
	if err != nil {
		return nil, err
	}
	t := a.newTask(spec)
	inv.task, inv.attributes, inv.priority = t, t.attributes, t.priority
	inv.queueSID, inv.workerSID = r.Properties.QueueSID, r.Properties.WorkerSID
	c.invites = append(c.invites, inv)
	a.remember(RecordEntry{Kind: "invite", SID: inv.sid, Status: "created", InteractionSID: c.interaction.sid,
		ChannelSID: c.sid, ConversationSID: c.conversation.sid, TaskSID: t.sid})
	a.startTask(t, spec)
	a.changed("invite", func() any { return a.viewInvite(inv) })
	return inv, nil
}

func (c *channel) hasWorker(w *worker) bool {
	for _, p := range c.participants {
		if p.present() && p.reservation != nil && p.reservation.worker == w {
			return true
		}
	}
	return false
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
