package sandbox

import (
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shortcut is a small part of REST without HTTP and JSON, for simulations of many hours: what it does and refuses is
// what the same requests do and are refused, lagging lists included. Faults, limits, signing in and the trace are left
// out. A refusal is an *Error.
type Shortcut struct{ account *Account }

// Shortcut returns the account's.
func (a *Account) Shortcut() Shortcut { return Shortcut{a} }

// ShortTask is a Task. ETag is its version.
type ShortTask struct {
	SID, AssignmentStatus, Attributes, ChannelName, QueueSID, QueueName, WorkflowSID, Reason, ETag string
	Priority                                                                                       int
	Created, Updated                                                                               time.Time // whole seconds
}

// ShortEvent is a TaskRouter Event about a task.
type ShortEvent struct {
	SID, Type, TaskSID, TaskAttributes, QueueSID string
	At                                           time.Time // whole milliseconds
}

// ShortInvite is an Invite: its task's SID, attributes and workflow as they were when it was made.
type ShortInvite struct{ SID, TaskSID, Attributes, WorkflowSID string }

// ShortReservation is a Reservation of a task.
type ShortReservation struct{ SID, WorkerSID, WorkerName, Status string }

func (s Shortcut) channel(interactionSID, channelSID string) (*channel, error) {
	ch, ok := s.account.store.channels.get(channelSID)
	if !ok || ch.interaction.sid != interactionSID {
		return nil, notFound("/Interactions/" + interactionSID + "/Channels/" + channelSID)
	}
	return ch, nil
}

// Channel returns a channel's type and status.
func (s Shortcut) Channel(interactionSID, channelSID string) (kind, status string, err error) {
	err = s.account.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err == nil {
			kind, status = ch.kind, ch.status
		}
		return err
	})
	return kind, status, err
}

// Participants lists who is in a channel, or was as long ago as lists lag. Whether they wrap up is not told.
func (s Shortcut) Participants(interactionSID, channelSID string) (list []InteractionParticipant, err error) {
	a := s.account
	err = a.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err != nil {
			return err
		}
		lag, _, _ := a.faults.listLag()
		asOf := a.now().Add(-lag)
		for _, p := range ch.participants {
			if p.created.After(asOf) || !p.present() && !p.left.After(asOf) {
				continue
			}
			v := InteractionParticipant{SID: p.sid, Type: p.kind}
			if r := p.reservation; r != nil {
				v.RoutingProperties = &RoutingProperties{TaskSID: r.task.sid, WorkerSID: r.worker.sid, ReservationSID: r.sid}
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// UpdateParticipant takes a participant out of a channel: status is closed or wrapup.
func (s Shortcut) UpdateParticipant(interactionSID, channelSID, participantSID, status string) error {
	return s.account.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err != nil {
			return err
		}
		p := s.account.store.participants[participantSID]
		if p == nil || p.channel != ch || !p.present() {
			return notFound("/Participants/" + participantSID)
		}
		return s.account.updateParticipant(p, status)
	})
}

// CloseChannel closes a channel; its agents' tasks are completed, or wrapped up.
func (s Shortcut) CloseChannel(interactionSID, channelSID string, completeTasks bool) error {
	return s.account.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err == nil {
			s.account.updateChannel(ch, stateClosed, completeTasks)
		}
		return err
	})
}

// Invite makes an invite through a workflow; attributes are a JSON object.
func (s Shortcut) Invite(interactionSID, channelSID, workflowSID, taskChannel, attributes string) (made ShortInvite, err error) {
	a := s.account
	r := &inviteRouting{}
	r.Properties.WorkspaceSID, r.Properties.WorkflowSID = a.workspaceSID, workflowSID
	r.Properties.TaskChannelUniqueName, r.Properties.Attributes = taskChannel, json.RawMessage(attributes)
	err = a.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err != nil {
			return err
		}
		i, err := a.addInvite(ch, r)
		if err == nil {
			made = i.short()
		}
		return err
	})
	return made, err
}

func (inv *invite) short() ShortInvite {
	v := ShortInvite{SID: inv.sid, TaskSID: inv.task.sid, Attributes: inv.attributes}
	if inv.task.workflow != nil {
		v.WorkflowSID = inv.task.workflow.sid
	}
	return v
}

// Invites lists a channel's invites, as of as long ago as lists lag.
func (s Shortcut) Invites(interactionSID, channelSID string) (list []ShortInvite, err error) {
	a := s.account
	err = a.do(func() error {
		ch, err := s.channel(interactionSID, channelSID)
		if err != nil {
			return err
		}
		_, lag, _ := a.faults.listLag()
		for _, i := range ch.invites {
			if !i.created.After(a.now().Add(-lag)) {
				list = append(list, i.short())
			}
		}
		return nil
	})
	return list, err
}

// Task returns a task.
func (s Shortcut) Task(taskSID string) (v ShortTask, err error) {
	err = s.account.do(func() error {
		t, ok := s.account.store.tasks.get(taskSID)
		if !ok {
			return notFound("/Tasks/" + taskSID)
		}
		v = t.short()
		return nil
	})
	return v, err
}

func (t *task) short() ShortTask {
	v := ShortTask{SID: t.sid, AssignmentStatus: t.status, Attributes: t.attributes, ChannelName: t.channel.uniqueName,
		Reason: deref(t.reason), ETag: strconv.Itoa(t.version), Priority: t.priority,
		Created: t.created.UTC().Truncate(time.Second), Updated: t.updated.UTC().Truncate(time.Second)}
	if t.queue != nil {
		v.QueueSID, v.QueueName = t.queue.sid, t.queue.name
	}
	if t.workflow != nil {
		v.WorkflowSID = t.workflow.sid
	}
	return v
}

// tasksAbout are all tasks, or those that were made for a channel.
func (a *Account) tasksAbout(channelSID string) iter.Seq[*task] {
	ch, ok := a.store.channels.get(channelSID)
	if !ok {
		return a.store.tasks.all()
	}
	return func(yield func(*task) bool) {
		for _, i := range ch.invites {
			if a.hasTask(i.task) && !yield(i.task) {
				return
			}
		}
	}
}

// Tasks visits the tasks that have one of the statuses (any, where there are none) and whose attribute
// flexInteractionChannelSid is the channel's SID (any, where it is empty), as of as long ago as lists lag. Of those with
// an attribute, REST lists also tasks that were not made for the channel; this does not. A visit must not call
// the account, nor keep what it is shown.
func (s Shortcut) Tasks(statuses []string, channelSID string, visit func(*ShortTask)) {
	a := s.account
	q := taskQuery{statuses: statuses}
	_ = a.do(func() error {
		if _, _, lag := a.faults.listLag(); lag > 0 {
			q.asOf = a.now().Add(-lag)
		}
		for t := range a.tasksAbout(channelSID) {
			if channelSID != "" && t.document["flexInteractionChannelSid"] != channelSID || !q.matches(t) {
				continue
			}
			v := t.short()
			if m, ok := t.moment(q.asOf); ok {
				v.AssignmentStatus, v.Attributes = m.status, m.attributes
			}
			visit(&v)
		}
		return nil
	})
}

// Events lists the events of a type (any, where it is empty) about a task (any, likewise) since a time, newest first.
func (s Shortcut) Events(kind, taskSID string, since time.Time) (list []ShortEvent) {
	a := s.account
	_ = a.do(func() error {
		for e := range iter.Seq[*event](a.store.events.newestFirst) {
			if e.created.Before(since) {
				break // those before it are older
			}
			if kind != "" && e.kind != kind || taskSID != "" && (e.task == nil || e.task.task.sid != taskSID) {
				continue
			}
			v := ShortEvent{SID: e.sid, Type: e.kind, At: e.created.UTC().Truncate(time.Millisecond)}
			if f := e.task; f != nil {
				v.TaskSID, v.TaskAttributes = f.task.sid, f.attributes
				if f.queue != nil {
					v.QueueSID = f.queue.sid
				}
			}
			list = append(list, v)
		}
		return nil
	})
	return list
}

// CancelTask cancels a task that nobody has accepted, if it still has the version; an empty one matches any.
func (s Shortcut) CancelTask(taskSID, etag, reason string) error {
	a := s.account
	return a.do(func() error {
		t, ok := a.store.tasks.get(taskSID)
		if !ok {
			return notFound("/Tasks/" + taskSID)
		}
		if want := strings.Trim(etag, `"`); want != "" && want != strconv.Itoa(t.version) {
			return refused(http.StatusPreconditionFailed, codePreconditionFailed, "Precondition failed: %s has version %d, not %s", t.sid, t.version, want)
		}
		if err := taskStatusRefusal(t, statusCanceled); err != nil {
			return err
		}
		a.cancelTask(t, reason)
		return nil
	})
}

// Reservations lists the reservations of a task, oldest first.
func (s Shortcut) Reservations(taskSID string) (list []ShortReservation, err error) {
	err = s.account.do(func() error {
		t, ok := s.account.store.tasks.get(taskSID)
		if !ok {
			return notFound("/Tasks/" + taskSID)
		}
		for r := range slices.Values(t.reservations) {
			list = append(list, ShortReservation{SID: r.sid, WorkerSID: r.worker.sid, WorkerName: r.worker.name, Status: r.status})
		}
		return nil
	})
	return list, err
}
