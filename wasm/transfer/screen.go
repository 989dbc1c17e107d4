package transfer

import "time"

// Screen is what the agent's screen shows about one conversation.
type Screen struct {
	// Button is the transfer button, which opens the directory; Cold and Warm are
	// the two things that can be done with a target there.
	Button, Cold, Warm Button
	Exit               Exit
	Notice             Reason // something to be said once, such as ReasonNativeTransfersOn
	Participants       []ParticipantView
	// Parties counts who is in the conversation: each agent, and all customers
	// together as one (an email has many recipients).
	Parties int
	// Invites are those that nobody has answered yet, oldest first.
	Invites []InviteView
	// Progress is the transfer under way, or the one that ended last.
	Progress *ProgressView
	// Briefing is what the one who looks is told about the conversation; nil where
	// nobody handed it to them.
	Briefing *BriefingView
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

// Button is a button. Reason says why it is not enabled.
type Button struct {
	State  ButtonState
	Reason Reason
}

// ExitKind is what the agent's way out of the conversation does.
type ExitKind string

// The ways out.
const (
	ExitEnd   ExitKind = "end"   // ends the conversation for everybody
	ExitLeave ExitKind = "leave" // the others, or whoever is being asked, go on
)

// Exit is the agent's way out: End, or Leave in its place. While it is not
// enabled, wrap-up is held back too.
type Exit struct {
	Kind ExitKind
	Button
}

// ParticipantView is one line of the list of participants.
type ParticipantView struct {
	SID       string // UT…
	Type      string // agent, customer, supervisor, external, unknown
	WorkerSID string // WK…, for agents
	Name      string // empty where it is not known
	Me        bool
	Leaving   bool // is about to leave
	Remove    Button
}

// InviteView is one outstanding invite.
type InviteView struct {
	TransferID string
	Target     Target
	Mode       Mode
	Phase      Phase
	By         string // the name of who invited
	Since      time.Time
	Deadline   time.Time // zero where there is no limit
	Mine       bool
	Cancel     Button
}

// ProgressView is how a transfer stands.
type ProgressView struct {
	TransferID string
	Mode       Mode
	LeaveOn    LeaveOn
	Phase      Phase
	Target     Target
	Asked      *Target // whom the agent asked for, where the guard chose another
	From       Agent
	Tried      []Tried   // who was asked before
	Over       Reason    // why the target will not take over, while that is acted on
	AcceptedBy string    // WK…
	Since      time.Time // when it was requested
	Ringing    time.Time // since when the target is being asked; zero before
	Deadline   time.Time // until when; zero where there is no limit
	Ended      time.Time // zero while it is open
	Failure    Reason
	Mine       bool // the one who looks asked for it, or leaves by it
	Cancel     Button
}

// BriefingView is what the agent who handed over said, and the digest.
type BriefingView struct {
	Briefing
	// Rescued says that nobody handed over: the customer was found alone.
	Rescued bool
	Digest  *Digest
	// Pending says that a digest is still being made.
	Pending bool
}

// TargetView is one line of the directory. Reason says why it is not enabled.
type TargetView struct {
	Target  Target
	Detail  string // a worker's activity
	Enabled bool
	Reason  Reason
}
