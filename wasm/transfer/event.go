package transfer

import "time"

// Event is something that happened to a transfer. [Advance] takes a state
// through it.
type Event interface {
	// Name is the event's name in the ledger.
	Name() string
}

// The events.
type (
	// Requested: an agent asked and the rules agreed. It opens the transfer.
	Requested struct {
		Plan Plan
		At   time.Time
	}
	// Invited: the invite exists at Twilio.
	Invited struct {
		TransferID string
		InviteSID  string // KG…
		TaskSID    string // WT…
		At         time.Time
	}
	// InviteRefused: Twilio refused the invite; nothing was changed there.
	InviteRefused struct {
		TransferID string
		Reason     Reason // ReasonInviteRefused, or a closer one
		Detail     string // in Twilio's words
		At         time.Time
	}
	// InviteUnknown: it is not known whether the invite exists.
	InviteUnknown struct {
		TransferID string
		Due        time.Time // when it may be looked up
		At         time.Time
	}
	// InviteMissing: it was looked up and does not exist; it may be tried again.
	InviteMissing struct {
		TransferID string
		At         time.Time
	}
	// Left: the transferring agent has been removed.
	Left struct {
		TransferID string
		At         time.Time
	}
	// Accepted: a worker joined by the invite.
	Accepted struct {
		TransferID string
		WorkerSID  string
		At         time.Time
	}
	// InviteEnded: the invite's task was canceled or deleted before anybody joined.
	InviteEnded struct {
		TransferID string
		Detail     string
		At         time.Time
	}
	// Abandoned: the customer left or the channel was closed before anybody joined.
	Abandoned struct {
		TransferID string
		At         time.Time
	}
)

// Name implements [Event].
func (Requested) Name() string { return "requested" }

// Name implements [Event].
func (Invited) Name() string { return "invited" }

// Name implements [Event].
func (InviteRefused) Name() string { return "invite-refused" }

// Name implements [Event].
func (InviteUnknown) Name() string { return "invite-unknown" }

// Name implements [Event].
func (InviteMissing) Name() string { return "invite-missing" }

// Name implements [Event].
func (Left) Name() string { return "left" }

// Name implements [Event].
func (Accepted) Name() string { return "accepted" }

// Name implements [Event].
func (InviteEnded) Name() string { return "invite-ended" }

// Name implements [Event].
func (Abandoned) Name() string { return "abandoned" }
