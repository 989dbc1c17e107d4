package transfer

import (
	"errors"
	"slices"
	"time"
)

const (
	// CheckEvery is how long a transfer that waits for its target is left alone
	// before it is compared with Twilio, should no webhook come, and again.
	CheckEvery = 30 * time.Second
	// FirstCheck is how long it is left alone before it is looked at for the first
	// time: most targets have said by then what they say, and where the webhook
	// that told of it was lost the customer waits for nobody.
	FirstCheck = 10 * time.Second
	// searchAgain is the pause before an invite that must exist is looked for again.
	searchAgain = 5 * time.Second
	// lookAfter is the pause before it is looked whether an agent whose removal
	// may have been on its way is still in: longer than a removal takes, and than
	// Twilio's lists lag behind it.
	lookAfter = 6 * time.Second
	// mirrorAgain is the pause before it is made sure of that no write that was
	// overtaken has landed after the last one: longer than a write takes.
	mirrorAgain = 10 * time.Second
	// maxAttempts is how often Twilio is asked for one invite.
	maxAttempts = 5
	// keepEnded is how many ended transfers, and departures, a state keeps.
	keepEnded = 20
	// keepGone is how many participants a state keeps who left by what it dropped.
	keepGone = 200
)

// Errors of [Advance]. The event changes nothing then.
var (
	ErrUnknownTransfer = errors.New("transfer: no such transfer")
	// ErrPointless says that the event is old news: a repeated or late one.
	ErrPointless = errors.New("transfer: the event changes nothing")
	// ErrTransferOpen says that a transfer cannot begin, since it is there already.
	ErrTransferOpen = errors.New("transfer: the transfer has begun already")
)

// Advance takes the state through the event. The state that it is given is not
// changed. Events that repeat what is known, or that come after the end, are
// refused with [ErrPointless]; [State.Steps] says what has to be done next.
func Advance(s State, e Event) (State, error) {
	s.Transfers = append([]Transfer(nil), s.Transfers...)
	s.Departures = append([]Departure(nil), s.Departures...)
	before := s.outstandingTasks()
	if err := e.apply(&s); err != nil {
		return State{}, err
	}
	s.keepWhoIsNeeded()
	s.mirrorAfter(before)
	s.forget()
	return s, nil
}

// on applies change to the open transfer with the ID.
func (s *State) on(id string, change func(t *Transfer) bool) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == id {
			if !t.Open() || !change(t) {
				return ErrPointless
			}
			return nil
		}
	}
	return ErrUnknownTransfer
}

// begin gives the state of a conversation about which nothing was recorded its
// name.
func (s *State) begin(interactionSID, channelSID, conversationSID string) {
	if s.InteractionChannelSID == "" {
		s.InteractionSID, s.InteractionChannelSID = interactionSID, channelSID
	}
	s.Version = StateVersion
	if s.ConversationSID == "" {
		s.ConversationSID = conversationSID
	}
}

func (e Requested) apply(s *State) error {
	p := e.Plan
	s.begin(p.InteractionSID, p.InteractionChannelSID, p.ConversationSID)
	if _, there := s.Find(p.TransferID); there {
		return ErrTransferOpen
	}
	s.Present = p.Present
	s.Transfers = append(s.Transfers, Transfer{
		ID: p.TransferID, Mode: p.Mode, LeaveOn: p.LeaveOn, LeaveAs: p.LeaveAs, From: p.From,
		Target: p.Target, Asked: p.Asked, OriginQueueSID: p.OriginQueueSID, RequestedBy: p.RequestedBy, Rescue: p.Rescue,
		Phase: PhaseInviting, Attempt: 1, Due: e.At.Add(CheckEvery), RequestedAt: e.At,
		TimeoutSeconds:    int(p.Timeout / time.Second),
		Invite:            Invite{TaskChannelName: p.TaskChannelName, Attributes: p.Attributes},
		DroppedAttributes: p.DroppedAttributes, Briefing: p.Briefing, DigestWanted: p.Digest,
	})
	return nil
}

func (e DigestMade) apply(s *State) error {
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.ID == e.TransferID && t.DigestWanted {
			made := e.Digest
			t.Digest, t.DigestWanted = &made, false
			return nil
		}
	}
	return ErrPointless
}

// mirrorAfter asks for the conversation's attributes to be written where they
// show other invites than are outstanding now.
func (s *State) mirrorAfter(before []string) {
	if s.ConversationSID == "" {
		return
	}
	if s.MirrorPending && !slices.Equal(before, s.outstandingTasks()) {
		s.MirrorUnsure, s.MirrorDue = true, time.Time{}
	}
	if !s.mirrors() {
		s.MirrorPending = true
		s.MirrorUnsure, s.MirrorDue = s.MirrorUnsure || !s.MirrorDue.IsZero(), time.Time{}
	}
}

func (s *State) outstandingTasks() (tasks []string) {
	for _, t := range s.Outstanding() {
		tasks = append(tasks, t.Invite.TaskSID)
	}
	return tasks
}

func (e Mirrored) apply(s *State) error {
	if !slices.Equal(e.Instead, s.Mirrored) && !slices.Equal(e.TaskSIDs, s.Mirrored) {
		// Others have written since this writer began, before its write or after it: nobody knows what is shown.
		s.MirrorPending, s.MirrorUnsure, s.MirrorDue = true, s.MirrorPending, time.Time{}
		return nil
	}
	// One before MirrorDue is of a writer that was overtaken: it makes nothing sure.
	s.MirrorPending = s.MirrorUnsure || e.At.Before(s.MirrorDue)
	s.Mirrored, s.MirrorUnsure, s.MirrorDue = e.TaskSIDs, false, time.Time{}
	if s.MirrorPending {
		s.MirrorDue = e.At.Add(mirrorAgain)
	}
	return nil
}

// forget drops the oldest of what has ended, past keepEnded; not who left by it.
func (s *State) forget() {
	gone := slices.Clip(s.LongGone)
	s.Transfers = dropEnded(s.Transfers, func(t *Transfer) bool { return t.Open() || t.DigestWanted || t.Doubled || t.formerStands() }, func(t *Transfer) {
		if !t.LeftAt.IsZero() {
			gone = append(gone, t.From.ParticipantSID)
		}
	})
	s.Departures = dropEnded(s.Departures, func(d *Departure) bool { return d.Open() }, func(d *Departure) {
		if d.left() {
			gone = append(gone, d.Agent.ParticipantSID)
		}
	})
	s.LongGone = gone[max(0, len(gone)-keepGone):]
}

// dropEnded drops the oldest that are not open, past keepEnded, and hands each
// over before.
func dropEnded[T any](all []T, open func(*T) bool, dropped func(*T)) []T {
	ended := 0
	for i := range all {
		if !open(&all[i]) {
			ended++
		}
	}
	kept := all[:0]
	for i := range all {
		if !open(&all[i]) && ended > keepEnded {
			ended--
			dropped(&all[i])
			continue
		}
		kept = append(kept, all[i])
	}
	return kept
}
