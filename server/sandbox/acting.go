package sandbox

import (
	"net/http"
	"strings"
)

// StartConversation lets a customer begin a conversation: it makes the conversation with its first message, the
// interaction, its channel, the customer in both, and the task that routes it to an agent. It refuses an unknown
// ChannelType or Workflow, and a customer without the address that its channel needs.
func (a *Account) StartConversation(customer Customer, firstMessage string) (StartedConversation, error) {
	var started StartedConversation
	err := a.do(func() error {
		c, inv, err := a.startConversation(customer, firstMessage)
		if err != nil {
			return err
		}
		first, _ := c.conversation.members.first()
		started = StartedConversation{ConversationSID: c.conversation.sid, InteractionSID: c.interaction.sid,
			InteractionChannelSID: c.sid, Identity: first.author(), TaskSID: inv.task.sid}
		return nil
	})
	return started, err
}

// proxyAddresses are the account's own ends of the channels.
var proxyAddresses = map[string]string{
	"sms": "+15005550006", "whatsapp": "whatsapp:+15005550006", "email": "support@example.com",
}

func (a *Account) startConversation(customer Customer, firstMessage string) (*channel, *invite, error) {
	flow, err := a.startingWorkflow(customer)
	if err != nil {
		return nil, nil, err
	}
	kind := orWeb(customer.ChannelType)
	spec := memberSpec{attributes: compactJSON(map[string]any{"friendlyName": customer.Name}), sdk: true}
	if proxy := proxyAddresses[kind]; proxy != "" {
		spec.binding = map[string]string{"type": kind, "address": customer.Address, "proxy_address": proxy}
	} else {
		spec.identity = slug(customer.Name) + "-" + a.made.hex("customer")[:8]
	}
	author := (&member{identity: spec.identity, binding: spec.binding}).author()
	routing := a.startingRouting(kind, author, customer, flow)
	if err := a.checkInvite(routing); err != nil {
		return nil, nil, err
	}
	conv, err := a.addConversation(orNil(customer.Name), nil, "{}", false)
	if err != nil {
		return nil, nil, err
	}
	m := a.addMember(conv, spec)
	if firstMessage != "" {
		if _, err := a.addMessage(conv, m.author(), "", &firstMessage, true); err != nil {
			return nil, nil, err
		}
	}
	c := a.newInteraction(kind, conv)
	a.addParticipant(c, "customer", m, nil)
	inv, err := a.addInvite(c, routing)
	if err != nil {
		return nil, nil, err
	}
	c.interaction.invite = inv
	return c, inv, nil
}

// startingWorkflow checks a customer and finds the workflow for it.
func (a *Account) startingWorkflow(customer Customer) (*workflow, error) {
	if customer.Name == "" {
		return nil, invalid("name: is missing")
	}
	switch customer.ChannelType {
	case "web", "":
	case "sms", "whatsapp", "email":
		if customer.Address == "" {
			return nil, invalid("address: is missing for channel_type %s", customer.ChannelType)
		}
	default:
		return nil, invalid("channel_type: %q is not one of web, sms, whatsapp, email", customer.ChannelType)
	}
	if customer.Workflow != "" {
		if flow := a.workflowNamed(customer.Workflow); flow != nil {
			return flow, nil
		}
		return nil, invalid("workflow: %q does not exist", customer.Workflow)
	}
	flow, ok := a.store.workflows.first()
	if !ok {
		return nil, invalid("workflow: the account has none")
	}
	return flow, nil
}

// startingRouting is what Flex asks for when a customer writes: the attributes are those of its own tasks.
func (a *Account) startingRouting(kind, address string, customer Customer, flow *workflow) *inviteRouting {
	attributes := map[string]any{
		"channelType": kind, "direction": "inbound", "initiatedBy": "customer", "from": customer.Name,
		"customerName": customer.Name, "customerAddress": address, "name": customer.Name,
		"customers":     map[string]any{"name": customer.Name},
		"conversations": map[string]any{"initiated_by": "customer"},
	}
	if len(customer.PreEngagement) > 0 {
		attributes["pre_engagement_data"] = customer.PreEngagement
	}
	r := &inviteRouting{}
	r.Properties.WorkspaceSID, r.Properties.WorkflowSID = a.workspaceSID, flow.sid
	r.Properties.TaskChannelUniqueName = "chat"
	if kind == "email" {
		r.Properties.TaskChannelUniqueName = "email"
	}
	r.Properties.Attributes = []byte(compactJSON(attributes))
	return r
}

// slug makes a readable part of an identity out of a name.
func slug(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-' || r == '_':
			return '-'
		}
		return -1
	}
	if s := strings.Trim(strings.Map(keep, strings.ToLower(name)), "-"); s != "" {
		return s
	}
	return "customer"
}

// SendMessage lets a participant of a conversation write: author is its identity or address. Who is not in the
// conversation is refused (403), and so is a closed conversation.
func (a *Account) SendMessage(conversationSID, author, body string) (Message, error) {
	var v Message
	err := a.do(func() error {
		c, err := a.conversation(conversationSID)
		if err != nil {
			return err
		}
		if c.memberByAuthor(author) == nil {
			return refused(http.StatusForbidden, 50400, "%q is not a participant of conversation %s", author, c.sid)
		}
		m, err := a.addMessage(c, author, "", &body, true)
		if err == nil {
			v = a.viewMessage(m)
		}
		return err
	})
	return v, err
}

// CustomerLeaves takes a customer, by identity or address, out of a conversation and its interaction.
func (a *Account) CustomerLeaves(conversationSID, identity string) error {
	return a.do(func() error {
		c, err := a.conversation(conversationSID)
		if err != nil {
			return err
		}
		m := c.memberByAuthor(identity)
		if m == nil {
			return notFound("/Conversations/" + conversationSID + "/Participants/" + identity)
		}
		if c.channel != nil {
			for _, p := range c.channel.participants {
				if p.member == m && p.present() {
					if p.reservation != nil {
						return invalid("identity: %q is an agent", identity)
					}
					a.leave(p)
				}
			}
		}
		if !m.left {
			a.removeMember(m, true)
		}
		return nil
	})
}

// conversation finds a conversation by SID or unique name.
func (a *Account) conversation(name string) (*conversation, error) {
	if c, ok := a.store.conversations.get(name); ok {
		return c, nil
	}
	if c := a.store.byUniqueName[name]; c != nil {
		return c, nil
	}
	return nil, notFound("/Conversations/" + name)
}

// SetActivity changes a worker's activity, as the agent does in Flex.
func (a *Account) SetActivity(workerSID, activitySID string) (Worker, error) {
	var v Worker
	err := a.do(func() error {
		w, ok := a.store.workers.get(workerSID)
		if !ok {
			return notFound("/Workers/" + workerSID)
		}
		to, ok := a.store.activities.get(activitySID)
		if !ok {
			return notFound("/Activities/" + activitySID)
		}
		a.setActivity(w, to)
		v = a.viewWorker(w)
		return nil
	})
	return v, err
}

// AcceptReservation accepts a pending reservation, as the agent does in Flex, and brings the agent into the conversation.
func (a *Account) AcceptReservation(reservationSID string) (Reservation, error) {
	return a.actOn(reservationSID, a.accept)
}

// RejectReservation rejects a pending reservation; its task returns to its queue.
func (a *Account) RejectReservation(reservationSID string) (Reservation, error) {
	return a.actOn(reservationSID, func(r *reservation) error { return a.reject(r, nil) })
}

// WrapUp ends the agent's talk. Where no other agent is in the channel this is the Flex UI's End chat: the channel is
// closed and the task goes to wrapping; otherwise only this agent's participant is wrapped up.
func (a *Account) WrapUp(reservationSID string) (Reservation, error) {
	return a.actOn(reservationSID, func(r *reservation) error {
		if r.status != statusAccepted {
			return invalid("Reservation %s is not accepted: %s", r.sid, r.status)
		}
		p, alone := a.participantOf(r)
		switch {
		case p == nil:
			return a.wrapUp(r)
		case alone:
			a.updateChannel(p.channel, stateClosed, false)
			return nil
		default:
			return a.updateParticipant(p, "wrapup")
		}
	})
}

// CompleteTask completes the agent's task. Where it was still talking and no other agent is in the channel, the channel
// is closed first.
func (a *Account) CompleteTask(reservationSID string) (Reservation, error) {
	return a.actOn(reservationSID, func(r *reservation) error {
		if p, alone := a.participantOf(r); p != nil && alone && r.status == statusAccepted {
			a.updateChannel(p.channel, stateClosed, false)
		}
		return a.complete(r)
	})
}

// participantOf finds the present participant whom a reservation brought, and whether no other agent is with it.
func (a *Account) participantOf(r *reservation) (*participant, bool) {
	if r.task.invite == nil {
		return nil, false
	}
	var own *participant
	alone := true
	for _, p := range r.task.invite.channel.participants {
		switch {
		case !p.present():
		case p.reservation == r:
			own = p
		case p.reservation != nil && !p.wrapping:
			alone = false
		}
	}
	return own, alone
}

func (a *Account) actOn(reservationSID string, act func(*reservation) error) (Reservation, error) {
	var v Reservation
	err := a.do(func() error {
		r := a.store.reservations[reservationSID]
		if r == nil {
			return notFound("/Reservations/" + reservationSID)
		}
		err := act(r)
		if err == nil {
			v = a.viewReservationAndTask(r)
		}
		return err
	})
	return v, err
}

// WorkerSID returns the SID of the worker of that friendly name, "" if there is none.
func (a *Account) WorkerSID(friendlyName string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.store.workersByName[friendlyName]; w != nil {
		return w.sid
	}
	return ""
}

// ActivitySID returns the SID of the activity of that friendly name, "" if there is none.
func (a *Account) ActivitySID(friendlyName string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if v := a.activityNamed(friendlyName); v != nil {
		return v.sid
	}
	return ""
}

// QueueSID returns the SID of the task queue of that friendly name, "" if there is none.
func (a *Account) QueueSID(friendlyName string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if q := a.queueNamed(friendlyName); q != nil {
		return q.sid
	}
	return ""
}

// WorkflowSID returns the SID of the workflow of that friendly name, "" if there is none.
func (a *Account) WorkflowSID(friendlyName string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.workflowNamed(friendlyName); w != nil {
		return w.sid
	}
	return ""
}
