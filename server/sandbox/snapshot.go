package sandbox

import (
	"iter"
	"strings"
)

// snapshotTrace is how much of the trace a Snapshot shows.
const snapshotTrace = 50

// Snapshot returns the account as it is now.
func (a *Account) Snapshot() Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.snapshot()
}

func (a *Account) snapshot() Snapshot {
	s := Snapshot{
		AccountSID: a.accountSID, WorkspaceSID: a.workspaceSID,
		Activities: views(a.store.activities.all(), a.viewActivity), Workers: views(a.store.workers.all(), a.viewWorker),
		Queues:    views(a.store.queues.all(), a.viewQueue),
		Workflows: views(a.store.workflows.all(), a.viewWorkflow), Tasks: views(a.store.tasks.all(), a.viewTask),
		Conversations: views(a.store.conversations.all(), a.viewConversation), Reservations: []Reservation{},
		ConversationParticipants: []ConversationParticipant{}, InteractionParticipants: []InteractionParticipant{},
		Messages:            map[string][]Message{},
		InteractionChannels: views(a.store.channels.all(), a.viewChannelForObservers), Trace: a.trace.Last(snapshotTrace),
	}
	for t := range a.store.tasks.all() {
		for _, r := range t.reservations {
			s.Reservations = append(s.Reservations, a.viewReservationAndTask(r))
		}
	}
	for c := range a.store.conversations.all() {
		s.Messages[c.sid] = views(c.messages.all(), a.viewMessage)
		s.ConversationParticipants = append(s.ConversationParticipants, views(c.members.all(), a.viewMember)...)
	}
	for c := range a.store.channels.all() {
		for _, p := range c.participants {
			if p.present() {
				s.InteractionParticipants = append(s.InteractionParticipants, a.viewParticipantForObservers(p))
			}
		}
	}
	return s
}

// views is never nil, so that it is [] in JSON.
func views[T, V any](all iter.Seq[T], view func(T) V) []V {
	list := []V{}
	for x := range all {
		list = append(list, view(x))
	}
	return list
}

func joinComma(list []string) string { return strings.Join(list, ",") }
