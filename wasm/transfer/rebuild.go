package transfer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// How transfers are known again of which the ledger has lost the record.

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
	case key == stampRescue && kind == json.Bool:
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
