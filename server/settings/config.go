package settings

import (
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Config is what is in force for one account.
type Config struct {
	// Transfer is what the rules depend on, in the browser and on the server.
	Transfer transfer.Settings
	// Summary is the service that may replace the digest.
	Summary Summary
	// Rescue is what becomes of a customer who is alone in an open conversation.
	Rescue Rescue
	// Mirror says whether outstanding invites are also written into the
	// conversation's attributes, for the Flex project template's own screens.
	Mirror bool
	// DropIn says whether the serverless functions of the Flex project template
	// are answered, for its own plugin.
	DropIn bool
}

// Summary is a service that makes a better digest of a conversation than plain
// code can. It never holds up a transfer.
type Summary struct {
	URL      string        // https; empty: there is none
	Timeout  time.Duration // after which the plain digest is used
	TokenEnv string        // name of the environment variable with its bearer token; empty: none
	Token    string        // that variable's value
}

// DefaultSummaryTimeout is how long the summary service may take unless set.
const DefaultSummaryTimeout = 3 * time.Second

// Rescue is what becomes of a customer who is alone in an open conversation.
type Rescue struct {
	After time.Duration // they may be alone for so long
	Then  RescueThen
	// QueueSID (WQ…) is the queue that is asked; empty: the one that the
	// conversation came from.
	QueueSID string
}

// RescueThen is what becomes of them.
type RescueThen string

// What becomes of them.
const (
	RescueReroute RescueThen = "reroute" // a queue is asked to take them over
	RescueClose   RescueThen = "close"   // the conversation is closed
)

// DefaultRescueAfter is how long a customer may be alone unless set.
const DefaultRescueAfter = 10 * time.Second

// Default is what is in force where nothing is set.
func Default() Config {
	return Config{
		Transfer: transfer.Settings{
			ColdTransfer: true, LeaveOn: transfer.LeaveOnInvite, LeaveAs: transfer.LeaveCompleted,
			InviteTimeout: transfer.DefaultInviteTimeout, QueueTimeout: transfer.DefaultQueueTimeout, MaxInvites: transfer.DefaultMaxInvites,
			Fallbacks: []transfer.Fallback{{Kind: transfer.FallbackAgent}, {Kind: transfer.FallbackOrigin}},
			Handover:  transfer.HandoverSettings{NotesMax: transfer.DefaultNotesMax},
		},
		Summary: Summary{Timeout: DefaultSummaryTimeout},
		Rescue:  Rescue{After: DefaultRescueAfter, Then: RescueReroute},
		Mirror:  true,
	}
}
