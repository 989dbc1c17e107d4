package sandbox

import (
	"net/http"
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
		m, err := a.addMessage(c, messageSpec{author: author, body: &body, hooks: true})
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
