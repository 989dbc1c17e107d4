package transfer

import "time"

// StateVersion is the version of the layout of [State] as it is stored.
const StateVersion = 1

// State is all that is recorded of the transfers of one interaction channel:
// the aggregate of the ledger. Everything that happens to one conversation is
// decided on it, one after the other.
type State struct {
	Version               int    `json:"version"`
	InteractionSID        string `json:"interactionSid"`        // KD…
	InteractionChannelSID string `json:"interactionChannelSid"` // UO…
	// Transfers are the open ones and the last few that ended, oldest first.
	Transfers []Transfer `json:"transfers"`
}

// Phase is how far a transfer has come.
type Phase string

// The phases. Cold transfer: inviting → leaving → ringing → completed.
const (
	// PhaseInviting: the intent is recorded; Twilio may or may not have the invite.
	PhaseInviting Phase = "inviting"
	// PhaseSearching: the answer to the invite was lost; it is looked up by the
	// transfer's ID once Due has come, before it is tried again.
	PhaseSearching Phase = "searching"
	// PhaseLeaving: the invite exists; the transferring agent is to be removed.
	PhaseLeaving Phase = "leaving"
	// PhaseRinging: the target is being asked.
	PhaseRinging Phase = "ringing"
	// PhaseCompleted: the target has joined.
	PhaseCompleted Phase = "completed"
	// PhaseFailed: nothing was changed at Twilio; Failure says why.
	PhaseFailed Phase = "failed"
	// PhaseCanceled: the invite was canceled before anybody joined.
	PhaseCanceled Phase = "canceled"
	// PhaseAbandoned: the customer left, or the channel was closed, before
	// anybody joined.
	PhaseAbandoned Phase = "abandoned"
)

// Ended reports whether nothing more will happen in this phase.
func (p Phase) Ended() bool {
	switch p {
	case PhaseCompleted, PhaseFailed, PhaseCanceled, PhaseAbandoned:
		return true
	}
	return false
}

// Mode is the kind of transfer.
type Mode string

// ModeCold hands the conversation over: the agent leaves as soon as the
// invite exists.
const ModeCold Mode = "cold"

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
	// the invite exists.
	Attributes string `json:"attributes,omitempty"`
	SID        string `json:"sid,omitempty"`     // KG…, once Twilio has made it
	TaskSID    string `json:"taskSid,omitempty"` // WT… of the new task
}

// Transfer is one transfer of a conversation.
type Transfer struct {
	ID     string `json:"id"` // "XT" and 32 hexadecimal digits
	Mode   Mode   `json:"mode"`
	From   Agent  `json:"from"`
	Target Target `json:"target"`
	// RequestedBy is the worker who asked; a supervisor may ask for an agent.
	RequestedBy string `json:"requestedBy"`
	Phase       Phase  `json:"phase"`
	Invite      Invite `json:"invite"`
	// Attempt counts the times that Twilio was asked for the invite, or had to be
	// searched for one that must exist.
	Attempt int `json:"attempt"`
	// Due is when the transfer is looked at again if nothing happens before.
	// It is zero only where the transfer has ended.
	Due time.Time `json:"due,omitzero"`

	RequestedAt time.Time `json:"requestedAt"`
	InvitedAt   time.Time `json:"invitedAt,omitzero"`
	LeftAt      time.Time `json:"leftAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	// AcceptedBy is the worker who joined.
	AcceptedBy string `json:"acceptedBy,omitempty"`
	// Failure says why the transfer did not come to its end, and FailureDetail
	// says it in Twilio's words, for operators.
	Failure       Reason `json:"failure,omitempty"`
	FailureDetail string `json:"failureDetail,omitempty"`
	// DroppedAttributes names the task attributes that did not fit.
	DroppedAttributes []string `json:"droppedAttributes,omitempty"`
}

// Open reports whether something is still to happen.
func (t Transfer) Open() bool { return !t.Phase.Ended() }

// Find returns the transfer with the ID.
func (s State) Find(id string) (Transfer, bool) {
	for _, t := range s.Transfers {
		if t.ID == id {
			return t, true
		}
	}
	return Transfer{}, false
}

// Open reports whether a transfer of the conversation is still open.
func (s State) Open() bool {
	for _, t := range s.Transfers {
		if t.Open() {
			return true
		}
	}
	return false
}
