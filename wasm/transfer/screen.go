package transfer

import "time"

// Screen is what the agent's screen shows about one conversation.
type Screen struct {
	Button       Button
	Notice       Reason // something to be said once, such as ReasonNativeTransfersOn
	Participants []ParticipantView
	// Progress is the transfer under way, or the one that ended last.
	Progress *ProgressView
	Targets  []TargetView
}

// ButtonState is the state of a button.
type ButtonState string

// The states of a button. Busy is disabled, with a spinner.
const (
	ButtonHidden   ButtonState = "hidden"
	ButtonDisabled ButtonState = "disabled"
	ButtonBusy     ButtonState = "busy"
	ButtonEnabled  ButtonState = "enabled"
)

// Button is the transfer button. Reason says why it is not enabled.
type Button struct {
	State  ButtonState
	Reason Reason
}

// ParticipantView is one line of the list of participants.
type ParticipantView struct {
	SID       string // UT…
	Type      string // agent, customer, supervisor, external, unknown
	WorkerSID string // WK…, for agents
	Name      string // empty where it is not known
	Me        bool
}

// ProgressView is how a transfer stands.
type ProgressView struct {
	TransferID string
	Phase      Phase
	Target     Target
	From       Agent
	AcceptedBy string    // WK…
	Since      time.Time // when it was requested
	Ended      time.Time // zero while it is open
	Failure    Reason
	Mine       bool // the one who looks is leaving by it
}

// TargetView is one line of the directory. Reason says why it is not enabled.
type TargetView struct {
	Target  Target
	Detail  string // a worker's activity
	Enabled bool
	Reason  Reason
}
