package transfer

import "time"

// FindingCode says what is not as it should be in a conversation.
type FindingCode string

// What an audit finds.
const (
	// FindingStranded: the customer is in an open conversation with no agent in it
	// and nobody being asked.
	FindingStranded FindingCode = "stranded"
	// FindingUnknownInvite: a live invite carries the stamp of a transfer of which
	// nothing is recorded: the ledger was lost.
	FindingUnknownInvite FindingCode = "unknown-invite"
	// FindingUnfinished: somebody has accepted an invite of a transfer of which
	// nothing is recorded, and the agent who was to leave is still in.
	FindingUnfinished FindingCode = "unfinished"
	// FindingSurplusInvite: a live invite of a transfer that has ended, or has
	// another one.
	FindingSurplusInvite FindingCode = "surplus-invite"
	// FindingSurplusAgent: an agent entered by an invite whose transfer somebody
	// else has won.
	FindingSurplusAgent FindingCode = "surplus-agent"
	// FindingDeadInvite: the recorded invite's task was canceled or deleted.
	FindingDeadInvite FindingCode = "dead-invite"
	// FindingMissedAccept: somebody has joined by an invite, and it is not recorded.
	FindingMissedAccept FindingCode = "missed-accept"
	// FindingDoubled: a worker is twice in the conversation.
	FindingDoubled FindingCode = "doubled"
	// FindingStillIn: an agent of whom it is recorded that they left is in.
	FindingStillIn FindingCode = "still-in"
	// FindingLeftUnnoticed: an agent has left, or wraps up, by other means than ours.
	FindingLeftUnnoticed FindingCode = "left-unnoticed"
	// FindingStayerGone: the same, of the agent of a transfer who was to stay.
	FindingStayerGone FindingCode = "stayer-gone"
	// FindingStaleMirror: the conversation's attributes do not show the
	// outstanding invites.
	FindingStaleMirror FindingCode = "stale-mirror"
	// FindingHangs: something is long overdue and nobody takes it on.
	FindingHangs FindingCode = "hangs"
)

// FindingCodes are all of them.
var FindingCodes = []FindingCode{
	FindingStranded, FindingUnknownInvite, FindingUnfinished, FindingSurplusInvite, FindingSurplusAgent, FindingDeadInvite,
	FindingMissedAccept, FindingDoubled, FindingStillIn, FindingLeftUnnoticed, FindingStayerGone, FindingStaleMirror, FindingHangs,
}

// Repair is one that was made.
type Repair struct {
	Code FindingCode `json:"code"`
	At   time.Time   `json:"at"`
	// Detail says what was wrong and what was done, for operators.
	Detail string `json:"detail,omitempty"`
}

// keepRepairs is how many repairs a transfer and a state keep.
const keepRepairs = 10

// The events of repairs.
type (
	// Repaired: an audit has found something and it was put right, or is by the
	// event that it carries.
	Repaired struct {
		Repair Repair
		// TransferID is the transfer whose story it belongs to; empty where it is
		// the conversation's.
		TransferID string
		// Event is what the repair does to the record; nil where all was done at
		// Twilio.
		Event Event
		// The conversation, where nothing was recorded about it yet.
		InteractionSID, InteractionChannelSID, ConversationSID string
	}
	// Rebuilt: a transfer that the ledger has lost is known again by the stamp of
	// its invite.
	Rebuilt struct {
		Transfer Transfer
		At       time.Time
	}
	// FoundGone: an agent has left by other means than ours.
	FoundGone struct {
		Departure Departure
		At        time.Time
	}
	// MirrorFound: the conversation's attributes show other invites than were
	// recorded.
	MirrorFound struct{ At time.Time }
)

// Name implements [Event].
func (e Repaired) Name() string { return "repaired " + string(e.Repair.Code) }

// Name implements [Event].
func (Rebuilt) Name() string { return "rebuilt" }

// Name implements [Event].
func (FoundGone) Name() string { return "found-gone" }

// Name implements [Event].
func (MirrorFound) Name() string { return "mirror-found" }

// About implements [Event].
func (e Repaired) About() string {
	if e.Event != nil && e.Event.About() != "" {
		return e.Event.About()
	}
	return e.TransferID
}

// About implements [Event].
func (e Rebuilt) About() string { return e.Transfer.ID }

// About implements [Event].
func (e FoundGone) About() string { return e.Departure.ID }

// About implements [Event].
func (MirrorFound) About() string { return "" }

func (e Repaired) apply(s *State) error {
	s.begin(e.InteractionSID, e.InteractionChannelSID, e.ConversationSID)
	if e.Event != nil {
		if err := e.Event.apply(s); err != nil {
			return err
		}
	}
	id := e.TransferID
	if id == "" && e.Event != nil {
		id = e.Event.About()
	}
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == id {
			t.Repairs = noted(t.Repairs, e.Repair)
			return nil
		}
	}
	s.Repairs = noted(s.Repairs, e.Repair)
	return nil
}

// noted appends a repair to a list that others may hold, and drops the oldest.
func noted(list []Repair, r Repair) []Repair {
	list = append(list[:len(list):len(list)], r)
	return list[max(0, len(list)-keepRepairs):]
}

func (e Rebuilt) apply(s *State) error {
	if _, known := s.Find(e.Transfer.ID); known {
		return ErrPointless
	}
	s.Transfers = append(s.Transfers, e.Transfer)
	return nil
}

func (e FoundGone) apply(s *State) error {
	d := e.Departure
	if s.Leaving(d.Agent.ParticipantSID) {
		return ErrPointless
	}
	d.Phase, d.RequestedAt, d.EndedAt = DepartureGone, e.At, e.At
	s.Departures = append(s.Departures, d)
	return nil
}

func (e MirrorFound) apply(s *State) error {
	if s.MirrorPending {
		return ErrPointless
	}
	s.MirrorPending = true
	return nil
}
