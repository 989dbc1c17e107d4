package transfer

import (
	"slices"
	"time"
)

// StateVersion is the version of the layout of [State] as it is stored.
const StateVersion = 2

// State is all that is recorded of the transfers of one interaction channel:
// the aggregate of the ledger. Everything that happens to one conversation is
// decided on it, one after the other.
type State struct {
	Version               int    `json:"version"`
	InteractionSID        string `json:"interactionSid"`        // KD…
	InteractionChannelSID string `json:"interactionChannelSid"` // UO…
	// ConversationSID is CH…, or empty where it is not known.
	ConversationSID string `json:"conversationSid,omitempty"`
	// Transfers are the open ones and the last few that ended, oldest first.
	Transfers []Transfer `json:"transfers"`
	// Departures are who is leaving, and the last few who left, oldest first.
	Departures []Departure `json:"departures,omitempty"`
	// LongGone are the participants (UT…) who left by transfers and departures that
	// are no longer kept: who wraps up stays on Twilio's list of participants until
	// their task is completed, which may be much later. Oldest first.
	LongGone []string `json:"longGone,omitempty"`
	// Present are the agents who were in the conversation when something was last
	// decided about it.
	Present []Agent `json:"present,omitempty"`
	// Mirrored are the tasks of the invites that stand in the conversation's
	// attributes. MirrorPending says that others have been outstanding since that
	// was made sure of: they may stand there, whoever was to write them.
	Mirrored      []string `json:"mirrored,omitempty"`
	MirrorPending bool     `json:"mirrorPending,omitempty"`
	// MirrorUnsure says that others became outstanding while a write may have been
	// under way: it may land after the next one, which is then made sure of once
	// more, at MirrorDue.
	MirrorUnsure bool      `json:"mirrorUnsure,omitempty"`
	MirrorDue    time.Time `json:"mirrorDue,omitzero"`
	// Repairs are the last ones that belong to no transfer, oldest first.
	Repairs []Repair `json:"repairs,omitempty"`
}

// Phase is how far a transfer has come.
type Phase string

// The phases. A cold transfer: inviting → leaving → ringing → completed; one
// that leaves on accept: inviting → ringing → leaving → completed; a warm one:
// inviting → ringing → completed.
const (
	// PhaseInviting: the intent is recorded; Twilio may or may not have the invite.
	PhaseInviting Phase = "inviting"
	// PhaseSearching: the answer to the invite was lost; it is looked up by the
	// transfer's ID once Due has come, before it is tried again.
	PhaseSearching Phase = "searching"
	// PhaseLeaving: the transferring agent is to be removed.
	PhaseLeaving Phase = "leaving"
	// PhaseRinging: the target is being asked.
	PhaseRinging Phase = "ringing"
	// PhaseWithdrawing: the invite is to be taken back, or is over; Over says why.
	// Then the next target is asked, or the transfer ends.
	PhaseWithdrawing Phase = "withdrawing"
	// PhaseClosing: nobody took over, and by policy the conversation is closed.
	PhaseClosing Phase = "closing"
	// PhaseCompleted: the target has joined.
	PhaseCompleted Phase = "completed"
	// PhaseFailed: Twilio did not take the invite; Failure says why.
	PhaseFailed Phase = "failed"
	// PhaseDeclined: the target declined, or went off.
	PhaseDeclined Phase = "declined"
	// PhaseTimedOut: nobody accepted in time.
	PhaseTimedOut Phase = "timed-out"
	// PhaseCanceled: the invite was canceled before anybody joined.
	PhaseCanceled Phase = "canceled"
	// PhaseAbandoned: the customer left, or the channel was closed, before
	// anybody joined.
	PhaseAbandoned Phase = "abandoned"
)

// Phases are all of them, in the order of their usual course.
var Phases = []Phase{
	PhaseInviting, PhaseSearching, PhaseLeaving, PhaseRinging, PhaseWithdrawing, PhaseClosing,
	PhaseCompleted, PhaseFailed, PhaseDeclined, PhaseTimedOut, PhaseCanceled, PhaseAbandoned,
}

// Ended reports whether nothing more will happen in this phase.
func (p Phase) Ended() bool {
	switch p {
	case PhaseCompleted, PhaseFailed, PhaseDeclined, PhaseTimedOut, PhaseCanceled, PhaseAbandoned:
		return true
	}
	return false
}

// Mode is the kind of transfer.
type Mode string

// The modes.
const (
	// ModeCold hands the conversation over: the agent leaves.
	ModeCold Mode = "cold"
	// ModeWarm brings somebody in: everybody stays.
	ModeWarm Mode = "warm"
)

// Agent is an agent in the conversation, by all the names that Twilio has for
// one.
type Agent struct {
	WorkerSID      string `json:"workerSid"`      // WK…
	Name           string `json:"name,omitempty"` // full name
	ParticipantSID string `json:"participantSid"` // UT…
	TaskSID        string `json:"taskSid"`        // WT…
}

// Invite is the invite as it was planned and as Twilio made it.
type Invite struct {
	WorkflowSID     string `json:"workflowSid,omitempty"`
	TaskChannelName string `json:"taskChannelName,omitempty"`
	// Attributes are those of the new task, a JSON object. They are kept until
	// the transfer has ended: the next target's are made from them.
	Attributes string `json:"attributes,omitempty"`
	SID        string `json:"sid,omitempty"`     // KG…, once Twilio has made it
	TaskSID    string `json:"taskSid,omitempty"` // WT… of the new task
	// After is the task (WT…) of the former target's invite where that still
	// stands: it is taken back right before this one is asked for, so that the
	// customer does not wait while something is written down; or, where the former
	// target has declined, right after, so that something at Twilio always stands
	// for the customer. It is empty once that is taken back. Where the former
	// target accepts after all, it is the task of whoever was asked instead of them.
	After string `json:"after,omitempty"`
}

// Briefing is what the receiving agent is told. The customer never sees it.
type Briefing struct {
	From   string `json:"from,omitempty"`   // the name of who handed over
	Reason string `json:"reason,omitempty"` // the reason's code
	Notes  string `json:"notes,omitempty"`
}

// Digest is a summary of the conversation for the receiving agent.
type Digest struct {
	Text string `json:"text,omitempty"`
	// Service is true where the summary service wrote it.
	Service bool `json:"service,omitempty"`
	// Failure says why the service did not, or why there is none.
	Failure Reason `json:"failure,omitempty"`
}

// Tried is a target that was asked and did not take over.
type Tried struct {
	Target  Target    `json:"target"`
	Outcome Reason    `json:"outcome"`
	At      time.Time `json:"at"`
	// TaskSID is the invite's task.
	TaskSID string `json:"taskSid,omitempty"`
}

// Transfer is one transfer of a conversation.
type Transfer struct {
	ID      string  `json:"id"` // "XT" and 32 hexadecimal digits
	Mode    Mode    `json:"mode"`
	LeaveOn LeaveOn `json:"leaveOn,omitempty"` // of a cold one; empty for a warm one
	LeaveAs LeaveAs `json:"leaveAs,omitempty"`
	From    Agent   `json:"from"`
	// Target is who is asked now, or was asked last.
	Target Target `json:"target"`
	// Asked is whom the agent asked for, where the ping-pong guard chose another.
	Asked *Target `json:"asked,omitempty"`
	// OriginQueueSID is the queue that the agent's task came from.
	OriginQueueSID string `json:"originQueueSid,omitempty"`
	// RequestedBy is the worker who asked; a supervisor may ask for an agent. Of a
	// rescue it is empty.
	RequestedBy string `json:"requestedBy"`
	// Rescue says that nobody asked: the customer was found alone. From is empty
	// then.
	Rescue bool   `json:"rescue,omitempty"`
	Phase  Phase  `json:"phase"`
	Invite Invite `json:"invite"`
	// Round counts the targets, from 0; Tried are the former ones.
	Round int     `json:"round,omitempty"`
	Tried []Tried `json:"tried,omitempty"`
	// Attempt counts the times that Twilio was asked for the invite, or had to be
	// searched for one that must exist.
	Attempt int `json:"attempt"`
	// Due is when the transfer is looked at again if nothing happens before.
	// It is zero only where the transfer has ended.
	Due time.Time `json:"due,omitzero"`
	// Timeout is how long each target is asked, in seconds; Deadline is when the
	// present one has been asked long enough, zero where there is no limit.
	TimeoutSeconds int       `json:"timeoutSeconds,omitempty"`
	Deadline       time.Time `json:"deadline,omitzero"`
	// Over is why the present target will not take over any more, while that is
	// still to be acted on.
	Over Reason `json:"over,omitempty"`

	RequestedAt time.Time `json:"requestedAt"`
	InvitedAt   time.Time `json:"invitedAt,omitzero"`
	LeftAt      time.Time `json:"leftAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	// AcceptedBy is the worker who joined, and AcceptedAt when.
	AcceptedBy string    `json:"acceptedBy,omitempty"`
	AcceptedAt time.Time `json:"acceptedAt,omitzero"`
	// Failure says why the transfer did not come to its end, and FailureDetail
	// says it in Twilio's words, for operators.
	Failure       Reason `json:"failure,omitempty"`
	FailureDetail string `json:"failureDetail,omitempty"`
	// DroppedAttributes names the task attributes that did not fit.
	DroppedAttributes []string `json:"droppedAttributes,omitempty"`

	// Doubled says that whoever accepted was in the conversation already: the
	// participant that they became by this invite is still to be removed.
	Doubled bool `json:"doubled,omitempty"`

	Briefing Briefing `json:"briefing,omitzero"`
	// Digest is nil until it is made; DigestWanted says that it is still to be.
	Digest       *Digest `json:"digest,omitempty"`
	DigestWanted bool    `json:"digestWanted,omitempty"`

	// Repairs are what was found to be wrong and was put right, oldest first.
	Repairs []Repair `json:"repairs,omitempty"`
}

// Open reports whether something is still to happen.
func (t Transfer) Open() bool { return !t.Phase.Ended() }

// First is the target that the agent asked for.
func (t Transfer) First() Target {
	switch {
	case t.Asked != nil:
		return *t.Asked
	case len(t.Tried) > 0:
		return t.Tried[0].Target
	}
	return t.Target
}

// Live reports whether a target is being asked: whoever else leaves now leaves
// the customer with this invite.
func (t Transfer) Live() bool { return t.Phase == PhaseRinging && t.Over == "" }

// leavesAtOnce reports whether the agent is removed before anybody accepts.
func (t Transfer) leavesAtOnce() bool { return t.Mode == ModeCold && t.LeaveOn != LeaveOnAccept }

// DepartureKind is how somebody leaves.
type DepartureKind string

// The kinds of departure.
const (
	DepartureLeave  DepartureKind = "leave"  // an agent leaves; the others go on
	DepartureRemove DepartureKind = "remove" // an agent is removed by another
	DepartureEnd    DepartureKind = "end"    // the conversation is ended for everybody
)

// DeparturePhase is how far a departure has come.
type DeparturePhase string

// The phases of a departure.
const (
	DepartureLeaving DeparturePhase = "leaving"
	DepartureGone    DeparturePhase = "gone"
	DepartureFailed  DeparturePhase = "failed"
)

// Departure is an agent's leaving, or the end of the conversation.
type Departure struct {
	ID   string        `json:"id"` // "XD" and 32 hexadecimal digits
	Kind DepartureKind `json:"kind"`
	// Agent is who leaves; of an end, who asked for it.
	Agent       Agent          `json:"agent"`
	RequestedBy string         `json:"requestedBy"`
	LeaveAs     LeaveAs        `json:"leaveAs,omitempty"`
	Phase       DeparturePhase `json:"phase"`
	// Due is when it is tried again; zero once it has ended.
	Due         time.Time `json:"due,omitzero"`
	RequestedAt time.Time `json:"requestedAt"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	// Failure says why nobody left, and FailureDetail says it in Twilio's words.
	Failure       Reason `json:"failure,omitempty"`
	FailureDetail string `json:"failureDetail,omitempty"`
}

// Open reports whether something is still to happen.
func (d Departure) Open() bool { return d.Phase == DepartureLeaving }

// left reports whether the agent has left by it.
func (d Departure) left() bool { return d.Kind != DepartureEnd && d.Phase == DepartureGone }

// Find returns the transfer with the ID.
func (s State) Find(id string) (Transfer, bool) {
	for _, t := range s.Transfers {
		if t.ID == id {
			return t, true
		}
	}
	return Transfer{}, false
}

// FindDeparture returns the departure with the ID.
func (s State) FindDeparture(id string) (Departure, bool) {
	for _, d := range s.Departures {
		if d.ID == id {
			return d, true
		}
	}
	return Departure{}, false
}

// Outstanding are the invites that others in the conversation are shown, and
// that the conversation's attributes mirror: those of open transfers whose
// agent does not leave at once.
func (s State) Outstanding() []Transfer {
	var open []Transfer
	for _, t := range s.Transfers {
		if t.Phase == PhaseRinging && t.Over == "" && !t.leavesAtOnce() && t.Invite.TaskSID != "" {
			open = append(open, t)
		}
	}
	return open
}

// mirrors reports whether the outstanding invites are those that the
// conversation's attributes were made to show.
func (s State) mirrors() bool {
	outstanding := s.Outstanding()
	if len(outstanding) != len(s.Mirrored) {
		return false
	}
	for i, t := range outstanding {
		if t.Invite.TaskSID != s.Mirrored[i] {
			return false
		}
	}
	return true
}

// Member reports whether the worker is in the conversation as far as its record
// tells: they asked from within it or joined it, and have not left. Who was
// missing when something was decided later has left, however that came.
func (s State) Member(workerSID string) bool {
	if workerSID == "" {
		return false
	}
	decided := s.decidedAt()
	stays := func(taskSID string, since time.Time) bool {
		seen := since.Add(freshly).After(decided) || slices.ContainsFunc(s.Present, func(a Agent) bool { return a.TaskSID == taskSID })
		return seen && !goneWith(s.Transfers, s.Departures, taskSID)
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.From.WorkerSID == workerSID && stays(t.From.TaskSID, t.RequestedAt) ||
			t.AcceptedBy == workerSID && stays(t.Invite.TaskSID, t.AcceptedAt) {
			return true
		}
	}
	for i := range s.Departures {
		if d := &s.Departures[i]; d.Agent.WorkerSID == workerSID && stays(d.Agent.TaskSID, d.RequestedAt) {
			return true
		}
	}
	for i := range s.Present {
		if a := &s.Present[i]; a.WorkerSID == workerSID && stays(a.TaskSID, decided) {
			return true
		}
	}
	return false
}

// decidedAt is when something was last decided about the conversation.
func (s State) decidedAt() (at time.Time) {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.RequestedAt.After(at) {
			at = t.RequestedAt
		}
	}
	for i := range s.Departures {
		if d := &s.Departures[i]; d.RequestedAt.After(at) {
			at = d.RequestedAt
		}
	}
	return at
}
