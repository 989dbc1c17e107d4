package transfer

import (
	"fmt"
	"slices"
	"time"
)

// TaskRouter's words for tasks that are over, and what [Scene] calls one that
// Twilio has deleted.
const (
	taskPending   = "pending"
	taskReserved  = "reserved"
	taskWrapping  = "wrapping"
	taskCompleted = "completed"
	taskCanceled  = "canceled"
	TaskDeleted   = "deleted"
)

// ReasonConversationEnded is why an invite is withdrawn whose conversation has
// ended: by it the end of its task is known as our own doing.
const ReasonConversationEnded = "The conversation has ended"

// hangsAfter is how long something may be overdue before it counts as hanging:
// several times what any step takes to be handed out again.
const hangsAfter = 2 * time.Minute

// Scene is what Twilio and the ledger say about one conversation, for [Audit].
// The state was read last.
type Scene struct {
	Now      time.Time
	Settings Settings
	State    State // zero where nothing is recorded
	Channel  ChannelRecord
	// Participants, and the tasks of the channel that Twilio still has. A task of a
	// participant that Twilio has deleted has the status [TaskDeleted].
	Participants []ParticipantRecord
	Tasks        []SceneTask
	// Invites are all invites that were ever made into the channel; nil where they
	// were not read. Their attributes nobody can have changed.
	Invites []SceneInvite
	// Shown are the tasks of the invites that the conversation's attributes show,
	// if ShownRead.
	Shown     []string
	ShownRead bool
}

// SceneTask is a task of the channel.
type SceneTask struct {
	TaskRecord
	Reason           string // why it was canceled or completed
	Created, Changed time.Time
}

// SceneInvite is an invite of the channel.
type SceneInvite struct {
	SID        string // KG…
	TaskSID    string // WT…
	Attributes string // a JSON object, as it was when the invite was made
}

// Finding is something that is not as it should be, and what is to be done.
type Finding struct {
	Code FindingCode
	// Subject is the SID or ID of what is wrong: together with Code it names the
	// finding.
	Subject string
	// Words say what is wrong and what is done about it, for operators.
	Words string
	// TransferID is the transfer that it belongs to; empty where it is the
	// conversation's.
	TransferID string
	// Lasting says that it counts only once it has lasted for the grace period:
	// Twilio's lists lag, and what is under way looks the same. Since is when it
	// began, where that is known.
	Lasting bool
	Since   time.Time
	// NotBefore puts off a repair that has failed before.
	NotBefore time.Time
	// What is done: Event is recorded; the task Withdraw is canceled, for Reason;
	// the customer is rescued, by policy.
	Event    Event
	Withdraw string
	Reason   string
	Rescue   bool
}

// audit is a scene with what follows from it.
type audit struct {
	Scene
	f        Facts
	findings []Finding
}

// Audit compares what is recorded of a conversation with what Twilio has, and
// says what is wrong, what has to be put right first coming first.
func Audit(s Scene) []Finding {
	a := audit{Scene: s, f: Facts{
		Now: s.Now, Settings: s.Settings, Channel: s.Channel, Participants: s.State.Listed(s.Participants),
		Transfers: s.State.Transfers, Departures: s.State.Departures,
	}}
	a.hangs()
	switch {
	case s.Over():
		a.leftovers()
		return a.findings
	case s.Channel.Status != channelActive:
		return a.findings
	}
	a.unnoticed()
	a.unknown()
	a.invites()
	a.surplus()
	a.entrants()
	a.doubled()
	a.mirrored()
	a.stranded()
	return a.findings
}

// The statuses of a channel that has ended.
const (
	channelClosed = "closed"
	channelFailed = "failed"
)

// Over reports whether the conversation has ended for good.
func (s Scene) Over() bool {
	return s.Channel.Status == channelClosed || s.Channel.Status == channelFailed
}

func (a *audit) found(f Finding) { a.findings = append(a.findings, f) }

// task is the task with the SID.
func (s Scene) task(sid string) (SceneTask, bool) {
	if i := slices.IndexFunc(s.Tasks, func(t SceneTask) bool { return t.SID == sid && sid != "" }); i >= 0 {
		return s.Tasks[i], true
	}
	return SceneTask{}, false
}

// live reports whether somebody is still being asked by the task.
func (t SceneTask) live() bool {
	return t.AssignmentStatus == taskPending || t.AssignmentStatus == taskReserved
}

// ended reports whether whoever had the task is out of the conversation.
func (t SceneTask) ended() bool {
	switch t.AssignmentStatus {
	case taskWrapping, taskCompleted, taskCanceled, TaskDeleted:
		return true
	}
	return false
}

// in reports whether the participant is an agent who is truly in, whatever is
// recorded. Twilio lists who wraps up as a participant; their task tells.
func (s Scene) in(p ParticipantRecord) bool {
	t, _ := s.task(p.TaskSID)
	return p.Type == typeAgent && !t.ended()
}

// others reports whether an agent other than the participant is in and stays.
func (a *audit) others(than string) bool {
	return slices.ContainsFunc(a.Participants, func(p ParticipantRecord) bool {
		return p.SID != than && a.in(p) && a.f.stays(p)
	})
}

// asked reports whether a task of the channel other than that one asks somebody.
func (a *audit) asked(than string) bool {
	return slices.ContainsFunc(a.Tasks, func(t SceneTask) bool { return t.SID != than && t.live() })
}

// unnoticed finds agents who have left by other means than ours and whom Twilio
// still lists, since they wrap up: the rules would count them as staying. Whom a
// transfer is just taking out is its own step's to look for, also where they are
// to stay after all, since the target has declined meanwhile.
func (a *audit) unnoticed() {
	for _, p := range a.Participants {
		if p.Type != typeAgent || a.in(p) || a.State.Leaving(p.SID) {
			continue
		}
		if slices.ContainsFunc(a.State.Transfers, func(t Transfer) bool { return t.Phase == PhaseLeaving && t.From.ParticipantSID == p.SID }) {
			continue
		}
		agent := a.f.agent(p)
		finding := Finding{Code: FindingLeftUnnoticed, Subject: p.SID,
			Words: fmt.Sprintf("agent %s has left by other means (task %s); noted", p.WorkerSID, p.TaskSID)}
		for i := range a.State.Transfers {
			if t := &a.State.Transfers[i]; t.Open() && t.From.ParticipantSID == p.SID {
				finding.Code, finding.TransferID = FindingStayerGone, t.ID
			}
		}
		finding.Event = FoundGone{At: a.Now, Departure: Departure{Kind: DepartureLeave, Agent: agent, RequestedBy: p.WorkerSID}}
		a.found(finding)
	}
}

// invites finds open transfers whose invite is over or answered, and nobody has
// said so.
func (a *audit) invites() {
	for i := range a.State.Transfers {
		t := &a.State.Transfers[i]
		task, known := a.task(t.Invite.TaskSID)
		if t.Phase != PhaseRinging || t.Over != "" || t.AcceptedBy != "" || !known {
			continue
		}
		switch {
		case task.AssignmentStatus == taskCanceled && task.Reason != ReasonConversationEnded, task.AssignmentStatus == TaskDeleted:
			a.found(Finding{Code: FindingDeadInvite, Subject: task.SID, TransferID: t.ID,
				Words: fmt.Sprintf("the invite's task %s is %s: %s; what follows is decided", task.SID, task.AssignmentStatus, task.Reason),
				Event: InviteEnded{TransferID: t.ID, TaskSID: task.SID, Detail: "the invite's task was " + task.AssignmentStatus, At: a.Now}})
		case task.AssignmentStatus == taskAssigned:
			a.missedAccept(t, task.SID)
		}
	}
}

// missedAccept finds who joined by the task of an open transfer.
func (a *audit) missedAccept(t *Transfer, taskSID string) {
	for _, p := range a.Participants {
		if p.TaskSID == taskSID && p.Type == typeAgent {
			a.found(Finding{Code: FindingMissedAccept, Subject: taskSID, TransferID: t.ID, Lasting: true,
				Words: fmt.Sprintf("agent %s has joined by task %s; recorded", p.WorkerSID, taskSID),
				Event: Accepted{TransferID: t.ID, WorkerSID: p.WorkerSID, TaskSID: taskSID, At: a.Now}})
		}
	}
}

// doubled finds workers who are twice in, and lets their newer participant go.
func (a *audit) doubled() {
	for i, p := range a.Participants {
		first := slices.IndexFunc(a.Participants[:i], func(o ParticipantRecord) bool {
			return o.WorkerSID == p.WorkerSID && a.in(o) && !a.State.Leaving(o.SID)
		})
		if first < 0 || p.WorkerSID == "" || !a.in(p) || a.State.Leaving(p.SID) || a.undoubles(p.WorkerSID) {
			continue
		}
		a.found(a.removal(FindingDoubled, p, "", fmt.Sprintf("agent %s is twice in; participant %s is removed", p.WorkerSID, p.SID)))
	}
}

// undoubles reports whether the worker's second participant is being removed.
func (a *audit) undoubles(workerSID string) bool {
	return slices.ContainsFunc(a.State.Transfers, func(t Transfer) bool { return t.Doubled && t.AcceptedBy == workerSID })
}

func (a *audit) removal(code FindingCode, p ParticipantRecord, transferID, words string) Finding {
	return Finding{Code: code, Subject: p.SID, TransferID: transferID, Lasting: true, Words: words,
		Event: DepartureRequested{
			Departure: Departure{Kind: DepartureRemove, Agent: a.f.agent(p), LeaveAs: LeaveCompleted}, Present: a.f.Present(),
			InteractionSID: a.Channel.InteractionSID, InteractionChannelSID: a.Channel.SID, At: a.Now,
		}}
}

// mirrored finds conversation attributes that show what is not outstanding: a
// process that was held up may have written them late.
func (a *audit) mirrored() {
	if !a.ShownRead || a.State.MirrorPending || a.State.ConversationSID == "" || !a.State.mirrors() {
		return
	}
	shown, want := slices.Clone(a.Shown), slices.Clone(a.State.Mirrored)
	slices.Sort(shown)
	slices.Sort(want)
	if !slices.Equal(shown, want) {
		a.found(Finding{Code: FindingStaleMirror, Subject: a.State.ConversationSID, Lasting: true,
			Words: fmt.Sprintf("the conversation's attributes show the invites %v instead of %v; written anew", shown, want),
			Event: MirrorFound{At: a.Now}})
	}
}

// hangs finds what is long overdue. A new record is new work, whatever became
// of the old one.
func (a *audit) hangs() {
	for _, h := range a.State.Hanging(a.Now) {
		a.found(Finding{Code: FindingHangs, Subject: h.ID, TransferID: h.ID,
			Words: fmt.Sprintf("nothing has been done about it although it was due at %s; handed out anew", h.Due.Format(time.RFC3339))})
	}
}

// Hanging are the open transfers, and departures by their ID and due time, that
// are so long overdue that whoever was to see to them must have lost them.
func (s State) Hanging(now time.Time) (hanging []Transfer) {
	lately := func(list []Repair) bool {
		return slices.ContainsFunc(list, func(r Repair) bool { return r.Code == FindingHangs && now.Sub(r.At) < hangsAfter })
	}
	for _, t := range s.Transfers {
		if due := t.overdueFrom(); t.Open() && !due.IsZero() && now.Sub(due) > hangsAfter && !lately(t.Repairs) {
			t.Due = due
			hanging = append(hanging, t)
		}
	}
	for _, d := range s.Departures {
		if d.Open() && now.Sub(d.Due) > hangsAfter && !lately(s.Repairs) {
			hanging = append(hanging, Transfer{ID: d.ID, Due: d.Due})
		}
	}
	return hanging
}

// overdueFrom is when something has to have been recorded about an open
// transfer. One that rings may be looked at again and again and nothing comes of
// it, until its deadline; zero where it has none.
func (t *Transfer) overdueFrom() time.Time {
	if t.Phase == PhaseRinging {
		return t.Deadline
	}
	return t.Due
}
