package transfer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
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

// Unknown reports whether a task of the channel carries the stamp of a transfer
// of which nothing is recorded, so that the invites have to be read.
func (s Scene) Unknown() bool {
	return slices.ContainsFunc(s.Tasks, func(t SceneTask) bool {
		id, _ := ReadStamp(t.Attributes)
		_, known := s.State.Find(id)
		return id != "" && !known && !t.ended()
	})
}

// unknown finds invites of transfers of which nothing is recorded, and makes the
// transfers anew out of what was stamped on them. What an invite was made with
// counts, since an agent's script may change a task's attributes.
func (a *audit) unknown() {
	var done []string
	for _, i := range slices.Backward(a.Invites) {
		p, ok := readPlan(i.Attributes)
		task, there := a.task(i.TaskSID)
		if _, known := a.State.Find(p.TransferID); !ok || !there || known || task.ended() || a.full() || slices.Contains(done, p.TransferID) {
			continue
		}
		t, code := a.rebuild(p, i, task)
		if code == "" {
			continue
		}
		done = append(done, t.ID)
		a.found(Finding{Code: code, Subject: t.ID, TransferID: t.ID,
			Words: fmt.Sprintf("task %s belongs to a transfer of which nothing is recorded; the transfer is known again and goes on as %s", task.SID, t.Phase),
			Event: Rebuilt{Transfer: t, At: a.Now}})
	}
}

// rebuild makes the transfer of an invite, and says what was wrong; no code
// where nothing is left to be done about it.
func (a *audit) rebuild(p stamped, i SceneInvite, task SceneTask) (Transfer, FindingCode) {
	t := Transfer{
		ID: p.TransferID, Mode: p.Mode, LeaveOn: p.LeaveOn, From: p.From, Target: p.Target, OriginQueueSID: p.OriginQueueSID,
		RequestedBy: p.RequestedBy, Rescue: p.Rescue, Round: p.round, Attempt: 1, Briefing: p.Briefing,
		Invite:      Invite{SID: i.SID, TaskSID: i.TaskSID, TaskChannelName: task.TaskChannelName},
		RequestedAt: task.Created, InvitedAt: task.Created, TimeoutSeconds: int(a.Settings.timeout(p.Target.Kind) / time.Second),
	}
	if t.Mode == ModeCold {
		t.LeaveAs = a.Settings.leaveAs()
	}
	in := a.agentIn(p.From)
	if !task.live() {
		for _, who := range a.Participants {
			if who.TaskSID == task.SID && in && t.Mode == ModeCold {
				t.AcceptedBy, t.AcceptedAt, t.Phase, t.Due = who.WorkerSID, task.Changed, PhaseLeaving, a.Now
				return t, FindingUnfinished
			}
		}
		return t, ""
	}
	t.Deadline = task.Created.Add(time.Duration(t.TimeoutSeconds) * time.Second)
	t.ring(a.Now)
	switch {
	case t.Mode != ModeCold:
	case !in:
		t.LeftAt = a.Now
	case t.leavesAtOnce():
		t.Phase, t.Due = PhaseLeaving, a.Now
	}
	return t, FindingUnknownInvite
}

// agentIn reports whether the agent is in the conversation.
func (a *audit) agentIn(who Agent) bool {
	return slices.ContainsFunc(a.Participants, func(p ParticipantRecord) bool {
		return p.SID == who.ParticipantSID && p.WorkerSID == who.WorkerSID && a.in(p)
	})
}

// readPlan reads what [Plan] was stamped into the attributes of an invite's
// task. It is false where that is missing or makes no sense.
func readPlan(attributes string) (p stamped, ok bool) {
	if !strings.Contains(attributes, AttributeTransferPlan) {
		return p, false
	}
	r := json.NewReader(attributes)
	err := r.Object(func(key string) error {
		if key == AttributeTransferPlan {
			return members(r, func(key string) error { return p.readStamp(r, key) })
		}
		if r.Kind() != json.String {
			return r.Skip()
		}
		switch key {
		case AttributeTransferID:
			return readText(r, &p.TransferID)
		case attrTargetType:
			return readText(r, (*string)(&p.Target.Kind))
		case attrTargetSID:
			return readText(r, &p.Target.SID)
		case attrQueueName:
			return readText(r, &p.Target.Name)
		case attrReason:
			return readText(r, &p.Briefing.Reason)
		case attrNotes:
			return readText(r, &p.Briefing.Notes)
		case attrFromName:
			return readText(r, &p.Briefing.From)
		}
		return r.Skip()
	})
	p.From.Name = p.Briefing.From
	return p, err == nil && p.makesSense()
}

// readStamp reads one member of the plan.
func (p *stamped) readStamp(r *json.Reader, key string) error {
	switch kind := r.Kind(); {
	case key == "round" && kind == json.Number:
		n, err := r.Int()
		p.round = int(n)
		return err
	case key == "rescue" && (kind == json.Bool):
		yes, err := r.Bool()
		p.Rescue = yes
		return err
	case kind != json.String:
		return r.Skip()
	}
	switch key {
	case "mode":
		return readText(r, (*string)(&p.Mode))
	case "leaveOn":
		return readText(r, (*string)(&p.LeaveOn))
	case "originQueueSid":
		return readSID(r, &p.OriginQueueSID, "WQ")
	case "requestedBy":
		return readSID(r, &p.RequestedBy, "WK")
	case "fromWorkerSid":
		return readSID(r, &p.From.WorkerSID, "WK")
	case "fromParticipantSid":
		return readSID(r, &p.From.ParticipantSID, "UT")
	case "fromTaskSid":
		return readSID(r, &p.From.TaskSID, "WT")
	}
	return r.Skip()
}

func (p *stamped) makesSense() bool {
	target := p.Target.Kind == TargetWorker && ValidSID(p.Target.SID, "WK") || p.Target.Kind == TargetQueue && ValidSID(p.Target.SID, "WQ")
	mode := p.Mode == ModeWarm && p.LeaveOn == "" || p.Mode == ModeCold && (p.LeaveOn == LeaveOnInvite || p.LeaveOn == LeaveOnAccept)
	return len(p.TransferID) == 34 && p.TransferID[:2] == "XT" && target && mode && p.round >= 0
}
