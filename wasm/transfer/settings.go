package transfer

import "time"

// Settings are the account's settings that the rules depend on. The switches
// have the names of the Flex project template's feature flags. The zero value
// of everything else stands for its default.
type Settings struct {
	ColdTransfer     bool // cold_transfer
	MultiParticipant bool // multi_participant
	// NativeTransfers is true where Twilio's own messaging transfers are
	// switched on: then this feature stands aside.
	NativeTransfers bool // native_transfers

	// LeaveOn is when a cold transfer removes the agent, where the request does
	// not say; LeaveOnChoice lets the agent choose.
	LeaveOn       LeaveOn
	LeaveOnChoice bool
	// LeaveAs is what becomes of the task of an agent who leaves.
	LeaveAs LeaveAs
	// InviteTimeout is how long a worker is asked before the next is tried, and
	// QueueTimeout how long a queue is.
	InviteTimeout time.Duration
	QueueTimeout  time.Duration
	// Fallbacks are tried in order once a target declined, did not answer or
	// went off, and nobody else is with the customer; wherever somebody is, only
	// with FallbackAlways. Nil stands for the agent who handed over, then the
	// queue that the conversation came from.
	Fallbacks      []Fallback
	FallbackAlways bool
	PingPong       PingPong
	Handover       HandoverSettings
	Directory      DirectorySettings
	Permissions    []Permission
	// MaxInvites is how many invites of one conversation may be outstanding.
	MaxInvites int
}

// The defaults of the settings.
const (
	DefaultInviteTimeout = 2 * time.Minute
	DefaultQueueTimeout  = 15 * time.Minute
	DefaultMaxInvites    = 5
	DefaultNotesMax      = 2000
)

// MaxPingPong is the largest [PingPong].Transfers: as many transfers as a
// conversation's record keeps. The guard would never act on more.
const MaxPingPong = keepEnded

// LeaveOn is when a cold transfer removes the agent.
type LeaveOn string

// The moments of leaving.
const (
	LeaveOnInvite LeaveOn = "invite" // as soon as the invite exists; the default
	LeaveOnAccept LeaveOn = "accept" // once somebody has accepted it
)

// LeaveAs is what becomes of the task of an agent who leaves.
type LeaveAs string

// What becomes of a task.
const (
	LeaveCompleted LeaveAs = "completed" // the default
	LeaveWrapup    LeaveAs = "wrapup"
)

// FallbackKind says who is asked next.
type FallbackKind string

// The kinds of fallback.
const (
	FallbackAgent  FallbackKind = "agent"  // the agent who handed the conversation over
	FallbackOrigin FallbackKind = "origin" // the queue that their task came from
	FallbackQueue  FallbackKind = "queue"  // a queue by its SID
	FallbackWorker FallbackKind = "worker" // a worker by their SID
	FallbackClose  FallbackKind = "close"  // nobody: the conversation is closed
)

// Fallback is who is asked once a target has not taken over.
type Fallback struct {
	Kind FallbackKind
	SID  string // WQ… or WK…, for queue and worker
}

// PingPong sends a conversation that was handed round often to a queue of
// supervisors: once it had so many transfers within the time. Zero is off.
type PingPong struct {
	Transfers int
	Within    time.Duration
	QueueSID  string // WQ…
}

// HandoverSettings are about what the receiving agent is told.
type HandoverSettings struct {
	Reasons  []ReasonOption
	Required bool // a reason has to be given
	NotesMax int  // the longest notes, in characters
	Digest   bool // a digest of the conversation is made
}

// ReasonOption is one reason that an agent may give for a transfer.
type ReasonOption struct {
	Code string
	// Labels are its texts by language (BCP 47); "" is for all others.
	Labels map[string]string
}

// Label is the text in the language, else in the language without its region,
// else the one for all languages, else the code.
func (o ReasonOption) Label(language string) string {
	for _, l := range [...]string{language, baseLanguage(language), ""} {
		if text := o.Labels[l]; text != "" {
			return text
		}
	}
	return o.Code
}

func baseLanguage(language string) string {
	for i := range len(language) {
		if language[i] == '-' {
			return language[:i]
		}
	}
	return language
}

// DirectorySettings are about the directory's lines.
type DirectorySettings struct {
	// Native is true where Flex's own directory is used, with filters.
	Native          bool
	HideUnavailable bool // workers who cannot be offered tasks
	HideEmptyQueues bool // queues in which nobody is available
	QueuesBySkill   bool // queues that ask for skills none of which the agent has
}

// Permission narrows what an agent may do. It applies to an agent whom every
// selector that is given selects, and all that apply hold at once.
type Permission struct {
	Name string // for administrators
	// The selectors: patterns of the agent's name or their SID, of their team,
	// Flex roles, skills of which one is enough, and patterns of the queue that
	// the conversation came from.
	Workers, Teams, Roles, Skills, FromQueues []string
	// NoCold and NoWarm forbid a kind of transfer.
	NoCold, NoWarm bool
	// To whom the agent may hand conversations, by name or SID.
	ToQueues, ToWorkers, ToTeams Patterns
}

// Patterns allow what matches one of Allow (or everything, where that is empty)
// and none of Deny. In a pattern * stands for any run of characters and ? for
// one; letter case does not count.
type Patterns struct{ Allow, Deny []string }

func (s Settings) leaveOn() LeaveOn {
	if s.LeaveOn == "" {
		return LeaveOnInvite
	}
	return s.LeaveOn
}

func (s Settings) leaveAs() LeaveAs {
	if s.LeaveAs == "" {
		return LeaveCompleted
	}
	return s.LeaveAs
}

// timeout is how long a target of the kind is asked.
func (s Settings) timeout(kind TargetKind) time.Duration {
	switch {
	case kind == TargetQueue && s.QueueTimeout == 0:
		return DefaultQueueTimeout
	case kind == TargetQueue:
		return s.QueueTimeout
	case s.InviteTimeout == 0:
		return DefaultInviteTimeout
	}
	return s.InviteTimeout
}

func (s Settings) maxInvites() int {
	if s.MaxInvites == 0 {
		return DefaultMaxInvites
	}
	return s.MaxInvites
}

// NotesLimit is the longest notes, in characters.
func (h HandoverSettings) NotesLimit() int {
	if h.NotesMax == 0 {
		return DefaultNotesMax
	}
	return h.NotesMax
}

// fallbacks are those that are set, or the default ones.
func (s Settings) fallbacks() []Fallback {
	if s.Fallbacks == nil {
		return []Fallback{{Kind: FallbackAgent}, {Kind: FallbackOrigin}}
	}
	return s.Fallbacks
}
