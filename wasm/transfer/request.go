package transfer

// Request is what an agent asks for.
type Request struct {
	// Mode is the kind of transfer.
	Mode Mode
	// InteractionSID (KD…), InteractionChannelSID (UO…) and TaskSID (WT…) name
	// the conversation and the task of the agent who is to leave it.
	InteractionSID        string
	InteractionChannelSID string
	TaskSID               string
	// Target is whom to hand the conversation to; its name is ignored.
	Target Target
	// TransferID is made by the server from the idempotency key.
	// It is not part of what an agent sends.
	TransferID string
	// Rules is the hash of the rules that the sender decided by; for the log.
	Rules string
}

// Plan is what the backend does about a request: everything that the invite
// and the removal need, so that it can be carried out without the facts.
type Plan struct {
	TransferID  string
	Mode        Mode
	RequestedBy string // WK…
	From        Agent
	Target      Target
	// TaskChannelName is the task channel of the new task.
	TaskChannelName string
	// Attributes are those of the new task, a JSON object of at most 4,096
	// characters with what Twilio will add.
	Attributes string
	// DroppedAttributes names the attributes of the old task that did not fit.
	DroppedAttributes     []string
	InteractionSID        string
	InteractionChannelSID string
}
