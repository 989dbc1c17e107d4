package transfer

import "time"

// Action is what an agent asks for.
type Action string

// The actions.
const (
	ActionTransfer Action = "transfer" // hand over, or bring somebody in
	ActionCancel   Action = "cancel"   // take an invite back
	ActionLeave    Action = "leave"    // leave; the others go on
	ActionRemove   Action = "remove"   // remove another agent
	ActionEnd      Action = "end"      // end the conversation for everybody
)

// Request is what an agent asks for.
type Request struct {
	// Action is what is asked for; empty stands for ActionTransfer.
	Action Action
	// InteractionSID (KD…), InteractionChannelSID (UO…) and TaskSID (WT…) name
	// the conversation and the task of the agent who is to leave it, or who asks.
	InteractionSID        string
	InteractionChannelSID string
	TaskSID               string

	// Mode is the kind of transfer.
	Mode Mode
	// LeaveOn is when a cold transfer removes the agent; empty for the account's
	// setting.
	LeaveOn LeaveOn
	// Target is whom to hand the conversation to; its name is ignored.
	Target Target
	// Reason is the code of one of the account's reasons; Notes are free text.
	// Both are for the receiving agent alone.
	Reason string
	Notes  string
	// TransferID is made by the server from the idempotency key; it is not part
	// of what an agent sends. Of a cancel it is the transfer to be canceled.
	TransferID string

	// ParticipantSID (UT…) is the agent to be removed, of a remove.
	ParticipantSID string

	// Rules is the hash of the rules that the sender decided by; for the log.
	Rules string
}

// Plan is what the backend does about a request: everything that the invite
// and the removal need, so that it can be carried out without the facts.
type Plan struct {
	TransferID  string
	Mode        Mode
	LeaveOn     LeaveOn
	LeaveAs     LeaveAs
	RequestedBy string // WK…; empty for a rescue
	// Rescue says that nobody asked: the customer was found alone.
	Rescue bool
	From   Agent
	// LinkTaskSID is the task by whose SID the tasks of the conversation are linked
	// where From is nobody and no older link is known.
	LinkTaskSID string
	Target      Target
	// Asked is whom the agent asked for, where the ping-pong guard chose another.
	Asked          *Target
	OriginQueueSID string
	Timeout        time.Duration
	Briefing       Briefing
	Digest         bool // a digest is to be made
	// Present are the agents in the conversation.
	Present []Agent
	// TaskChannelName is the task channel of the new task.
	TaskChannelName string
	// Attributes are those of the new task, a JSON object of at most 4,096
	// characters with what Twilio will add.
	Attributes string
	// DroppedAttributes names the attributes of the old task that did not fit.
	DroppedAttributes     []string
	InteractionSID        string
	InteractionChannelSID string
	ConversationSID       string
}
