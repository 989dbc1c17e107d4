package transfer

import (
	"cmp"
	"slices"
	"time"
)

// rescueAgain is the longest pause before a customer whose rescue failed is
// rescued again.
const rescueAgain = 5 * time.Minute

// stranded finds a customer in an open conversation with nobody in it and
// nobody being asked. Open transfers see to their customers by themselves.
func (a *audit) stranded() {
	if !slices.ContainsFunc(a.Participants, customer) || a.asked("") || a.othersLately() || slices.ContainsFunc(a.Participants, a.in) {
		return
	}
	since := time.Time{}
	for i := range a.State.Transfers {
		t := &a.State.Transfers[i]
		if t.Open() {
			return
		}
		since = latest(since, t.EndedAt)
	}
	for i := range a.State.Departures {
		d := &a.State.Departures[i]
		if d.Open() {
			return
		}
		if d.Kind != DepartureLeave || d.RequestedBy != d.Agent.WorkerSID || !d.RequestedAt.Equal(d.EndedAt) {
			since = latest(since, d.EndedAt) // who was found gone had gone before
		}
	}
	for _, t := range a.Tasks {
		since = latest(since, t.Changed)
	}
	f := Finding{Code: FindingStranded, Subject: a.Channel.SID, Lasting: true, Since: since, Rescue: true,
		Words: "the customer is in an open conversation with no agent in it and nobody being asked"}
	f.NotBefore = a.rescueNotBefore()
	a.found(f)
}

// customer reports whether the participant is neither agent nor supervisor.
func customer(p ParticipantRecord) bool { return p.Type != typeAgent && p.Type != typeSupervisor }

// othersLately reports whether somebody joined so lately that the participants
// may not show it.
func (a *audit) othersLately() bool {
	for _, t := range a.Tasks {
		if t.AssignmentStatus == taskAssigned && a.Now.Sub(t.Changed) < freshly {
			return true
		}
	}
	return slices.ContainsFunc(a.State.Transfers, func(t Transfer) bool {
		task, _ := a.task(t.Invite.TaskSID)
		return a.f.joinedLately(&t) && !task.ended() && !a.f.listed(t.Invite.TaskSID)
	})
}

// rescueNotBefore puts off a further rescue after some that came to nothing.
func (a *audit) rescueNotBefore() time.Time {
	failed, at := 0, time.Time{}
	for i := range a.State.Transfers {
		switch t := &a.State.Transfers[i]; {
		case t.Phase == PhaseCompleted:
			failed = 0
		case t.Rescue && t.Phase == PhaseFailed:
			failed, at = failed+1, t.EndedAt
		}
	}
	if failed == 0 {
		return time.Time{}
	}
	return at.Add(min(rescueAgain, 5*time.Second<<min(failed, 10)))
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Origins are the queues that the conversation may go back to, the best first:
// those that its transfers came from, that its invites' stamps name, and that
// its tasks were in.
func (s Scene) Origins() []string {
	var sids []string
	add := func(sid string) {
		if ValidSID(sid, "WQ") && !slices.Contains(sids, sid) {
			sids = append(sids, sid)
		}
	}
	for _, t := range slices.Backward(s.State.Transfers) {
		add(t.OriginQueueSID)
	}
	for _, i := range slices.Backward(s.Invites) {
		if p, ok := readPlan(i.Attributes); ok {
			add(p.OriginQueueSID)
		}
	}
	for _, t := range s.byAge() {
		add(t.QueueSID)
	}
	return sids
}

// byAge are the tasks, the oldest first.
func (s Scene) byAge() []SceneTask {
	tasks := slices.Clone(s.Tasks)
	slices.SortStableFunc(tasks, func(a, b SceneTask) int { return a.Created.Compare(b.Created) })
	return tasks
}

// Attributes are those that a rescue's task carries on, a JSON object: of the
// newest task, else of the newest invite. TaskSID is whose they are.
func (s Scene) Attributes() (text, taskSID, taskChannelName string) {
	if tasks := s.byAge(); len(tasks) > 0 {
		t := tasks[len(tasks)-1]
		return t.Attributes, t.SID, t.TaskChannelName
	}
	for _, t := range s.State.Transfers {
		taskChannelName = cmp.Or(t.Invite.TaskChannelName, taskChannelName)
	}
	if n := len(s.Invites); n > 0 {
		return s.Invites[n-1].Attributes, s.Invites[n-1].TaskSID, taskChannelName
	}
	return "", "", taskChannelName
}

// taskChannels are Flex's task channels for the types of channel, where no task
// tells.
var taskChannels = map[string]string{"sms": "sms", "email": "email"}

// Rescue makes the plan of a transfer that nobody asked for: the queue is asked
// to take the customer over. It fails where the attributes are not the JSON
// object that Twilio promises, or leave no room.
func (s Scene) Rescue(id string, queue QueueRecord) (Plan, error) {
	text, taskSID, channelName := s.Attributes()
	task, err := TaskRecord{SID: taskSID, Attributes: text}.facts()
	if err != nil {
		return Plan{}, err
	}
	p := Plan{
		TransferID: id, Mode: ModeWarm, LeaveAs: s.Settings.leaveAs(), Rescue: true, LinkTaskSID: taskSID,
		Target:         Target{Kind: TargetQueue, SID: queue.SID, Name: queue.FriendlyName},
		OriginQueueSID: queue.SID, Timeout: s.Settings.timeout(TargetQueue), Digest: s.Settings.Handover.Digest,
		InteractionSID: s.Channel.InteractionSID, InteractionChannelSID: s.Channel.SID,
		ConversationSID: cmp.Or(s.State.ConversationSID, task.ConversationSID),
		TaskChannelName: cmp.Or(channelName, taskChannels[s.Channel.Type], "chat"),
	}
	p.Attributes, p.DroppedAttributes, err = inviteAttributes(p.stamp(0), text, nil)
	return p, err
}

// End is the event by which a conversation that cannot be rescued is closed.
func (s Scene) End(at time.Time) Event {
	return DepartureRequested{
		Departure:      Departure{Kind: DepartureEnd, LeaveAs: s.Settings.leaveAs()},
		InteractionSID: s.Channel.InteractionSID, InteractionChannelSID: s.Channel.SID, ConversationSID: s.State.ConversationSID, At: at,
	}
}
