package transfer

import "time"

// Event is something that happened to a transfer. [Advance] takes a state
// through it.
type Event interface {
	// Name is the event's name in the ledger.
	Name() string
	// About is the ID of the transfer or the departure that it happened to; empty
	// where it is about the conversation.
	About() string
	// apply takes the state through the event. It fails as [Advance] does.
	apply(s *State) error
}

// The events.
type (
	// Requested: an agent asked and the rules agreed. It opens the transfer.
	Requested struct {
		Plan Plan
		At   time.Time
	}
	// Invited: the invite of the round exists at Twilio.
	Invited struct {
		TransferID string
		Round      int
		InviteSID  string // KG…
		TaskSID    string // WT…
		At         time.Time
	}
	// InviteRefused: Twilio refused the round's invite at that attempt; nothing was
	// changed there.
	InviteRefused struct {
		TransferID string
		Round      int
		Attempt    int    // 0 stands for any
		Reason     Reason // ReasonInviteRefused, or a closer one
		Detail     string // in Twilio's words
		At         time.Time
	}
	// InviteUnknown: it is not known whether the round's invite exists after that
	// attempt.
	InviteUnknown struct {
		TransferID string
		Round      int
		Attempt    int       // 0 stands for any
		Due        time.Time // when it may be looked up
		At         time.Time
	}
	// InviteMissing: the round's invite was looked up after that attempt and does
	// not exist; it may be tried again.
	InviteMissing struct {
		TransferID string
		Round      int
		Attempt    int // 0 stands for any
		At         time.Time
	}
	// Stayed: the agent who was to be removed is in the conversation, and stays.
	Stayed struct {
		TransferID string
		At         time.Time
	}
	// Left: the transferring agent has been removed.
	Left struct {
		TransferID string
		At         time.Time
	}
	// Accepted: a worker joined by the invite. TaskSID is its task, where known.
	Accepted struct {
		TransferID string
		WorkerSID  string
		TaskSID    string
		At         time.Time
	}
	// Undoubled: whoever accepted although they were in the conversation already
	// is in it once, or will be by the departure of their second participant.
	Undoubled struct {
		TransferID string
		Departure  *Departure
		At         time.Time
	}
	// FormerTakenBack: the invite of a former target that still stood is taken
	// back, or gone. TaskSID is its task.
	FormerTakenBack struct {
		TransferID string
		TaskSID    string
		At         time.Time
	}
	// InviteEnded: the invite's task was canceled or deleted before anybody
	// joined. TaskSID is that task, where it is known.
	InviteEnded struct {
		TransferID string
		TaskSID    string
		Detail     string
		At         time.Time
	}
	// Declined: the worker who was asked rejected the invite, let it pass, or
	// went off; Reason says which. TaskSID is the invite's task.
	Declined struct {
		TransferID string
		TaskSID    string
		Reason     Reason // ReasonTargetDeclined, ReasonTargetWentOff
		At         time.Time
	}
	// TimedOut: nobody accepted before the transfer's deadline.
	TimedOut struct {
		TransferID string
		At         time.Time
	}
	// Canceled: an agent took the invite back.
	Canceled struct {
		TransferID string
		By         string // WK…
		At         time.Time
	}
	// Withdrawn: the invite is over for good and nobody joined by it. Next is what
	// follows; see [Facts.Next].
	Withdrawn struct {
		TransferID string
		Next       Next
		// Standing says that the invite still stands, and is to be taken back right
		// before the next one is asked for.
		Standing bool
		At       time.Time
	}
	// Closed: the conversation was closed, since nobody took over.
	Closed struct {
		TransferID string
		At         time.Time
	}
	// DigestMade: the digest is there, or it is known that there will be none.
	DigestMade struct {
		TransferID string
		Digest     Digest
		At         time.Time
	}
	// DepartureRequested: an agent asked and the rules agreed.
	DepartureRequested struct {
		Departure             Departure
		Present               []Agent // the agents in the conversation
		InteractionSID        string
		InteractionChannelSID string
		ConversationSID       string
		At                    time.Time
	}
	// Departed: the agent has left, or the conversation has ended.
	Departed struct {
		DepartureID string
		At          time.Time
	}
	// DepartureRefused: Twilio did not let the agent go; nothing was changed.
	DepartureRefused struct {
		DepartureID string
		Reason      Reason
		Detail      string
		At          time.Time
	}
	// Mirrored: the conversation's attributes were written to show the invites of
	// these tasks instead of what they showed by the record that the writer went by.
	Mirrored struct {
		TaskSIDs []string
		Instead  []string
		At       time.Time
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
func (Stayed) Name() string { return "stayed" }

// Name implements [Event].
func (Left) Name() string { return "left" }

// Name implements [Event].
func (Accepted) Name() string { return "accepted" }

// Name implements [Event].
func (Undoubled) Name() string { return "undoubled" }

// Name implements [Event].
func (FormerTakenBack) Name() string { return "former-taken-back" }

// Name implements [Event].
func (InviteEnded) Name() string { return "invite-ended" }

// Name implements [Event].
func (Declined) Name() string { return "declined" }

// Name implements [Event].
func (TimedOut) Name() string { return "timed-out" }

// Name implements [Event].
func (Canceled) Name() string { return "canceled" }

// Name implements [Event].
func (Withdrawn) Name() string { return "withdrawn" }

// Name implements [Event].
func (Closed) Name() string { return "closed" }

// Name implements [Event].
func (Abandoned) Name() string { return "abandoned" }

// Name implements [Event].
func (DigestMade) Name() string { return "digest-made" }

// Name implements [Event].
func (DepartureRequested) Name() string { return "departure-requested" }

// Name implements [Event].
func (Departed) Name() string { return "departed" }

// Name implements [Event].
func (DepartureRefused) Name() string { return "departure-refused" }

// Name implements [Event].
func (Mirrored) Name() string { return "mirrored" }

// About implements [Event].
func (e Requested) About() string { return e.Plan.TransferID }

// About implements [Event].
func (e Invited) About() string { return e.TransferID }

// About implements [Event].
func (e InviteRefused) About() string { return e.TransferID }

// About implements [Event].
func (e InviteUnknown) About() string { return e.TransferID }

// About implements [Event].
func (e InviteMissing) About() string { return e.TransferID }

// About implements [Event].
func (e Stayed) About() string { return e.TransferID }

// About implements [Event].
func (e Left) About() string { return e.TransferID }

// About implements [Event].
func (e Accepted) About() string { return e.TransferID }

// About implements [Event].
func (e Undoubled) About() string { return e.TransferID }

// About implements [Event].
func (e FormerTakenBack) About() string { return e.TransferID }

// About implements [Event].
func (e InviteEnded) About() string { return e.TransferID }

// About implements [Event].
func (e Declined) About() string { return e.TransferID }

// About implements [Event].
func (e TimedOut) About() string { return e.TransferID }

// About implements [Event].
func (e Canceled) About() string { return e.TransferID }

// About implements [Event].
func (e Withdrawn) About() string { return e.TransferID }

// About implements [Event].
func (e Closed) About() string { return e.TransferID }

// About implements [Event].
func (e Abandoned) About() string { return e.TransferID }

// About implements [Event].
func (e DigestMade) About() string { return e.TransferID }

// About implements [Event].
func (e DepartureRequested) About() string { return e.Departure.ID }

// About implements [Event].
func (e Departed) About() string { return e.DepartureID }

// About implements [Event].
func (e DepartureRefused) About() string { return e.DepartureID }

// About implements [Event].
func (Mirrored) About() string { return "" }
