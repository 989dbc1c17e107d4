// Package httpapi is the backend's HTTP API: routes, sign-in, errors, the
// event stream out and the webhooks in. It decides nothing: it declares the
// small interfaces that it calls, and package app supplies them.
package httpapi

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Caller is who a request comes from, as Twilio vouches for them.
type Caller struct {
	WorkerSID string // WK…
	Identity  string
	Roles     []string // Flex roles: agent, supervisor, admin
}

// Verifier checks Flex tokens.
type Verifier interface {
	// Verify returns whom the token belongs to. It refuses with
	// transfer.ReasonUnauthenticated a token that is not valid, is expired or
	// belongs to another account, and with ReasonTwilioUnavailable if it cannot
	// be checked.
	Verify(ctx context.Context, token string) (Caller, error)
}

// Outcome is a transfer and the channel it belongs to.
type Outcome struct {
	Transfer              transfer.Transfer
	InteractionSID        string
	InteractionChannelSID string
	// Repeated is true where the same idempotency key had been used for the
	// same request before.
	Repeated bool
}

// DepartureOutcome is a departure and the channel it belongs to.
type DepartureOutcome struct {
	Departure             transfer.Departure
	InteractionSID        string
	InteractionChannelSID string
	// Repeated is true where the departure had been asked for before.
	Repeated bool
}

// Transfers starts, finds and takes back transfers, and lets agents leave.
// Refusals are *transfer.Refusal; nothing was changed then.
type Transfers interface {
	// Start decides on the request and begins the transfer. It returns once
	// Twilio has the invite (or has refused it), or after some seconds with what
	// is known.
	Start(ctx context.Context, by Caller, r transfer.Request, idempotencyKey string) (Outcome, error)
	// Cancel takes the invite of the transfer r.TransferID back. It returns once
	// that is recorded, and the same for one that was canceled before. It
	// refuses with transfer.ReasonNotFound a transfer that does not concern the
	// caller.
	Cancel(ctx context.Context, by Caller, r transfer.Request) (Outcome, error)
	// Depart decides on a request to leave, to remove an agent or to end the
	// conversation, by r.Action. It returns once that is done (or Twilio has
	// refused it), or after some seconds with what is known. There is one
	// departure for each participant and kind.
	Depart(ctx context.Context, by Caller, r transfer.Request) (DepartureOutcome, error)
	// Find returns a transfer that concerns the caller; refuses with
	// transfer.ReasonNotFound any other.
	Find(ctx context.Context, by Caller, id string) (Outcome, error)
}

// Conversation names a conversation of the caller's that facts may be warmed
// for. All three are SIDs, or all are empty.
type Conversation struct {
	InteractionSID, InteractionChannelSID, TaskSID string
}

// Directory is the workers and queues that the caller may see.
type Directory interface {
	// Directory returns the directory and, where a conversation is named, starts
	// to read the facts that a transfer of it will need.
	Directory(ctx context.Context, by Caller, c Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error)
	// Settings are those that the rules depend on, as far as they concern the
	// caller.
	Settings(by Caller) transfer.Settings
}

// Packed is the directory as browsers load it.
type Packed struct {
	Text []byte
	ETag string // strong, with its quotes
	// Encoded is the text in a content coding; nil where there is none of it.
	Encoded func(coding string) []byte
}

// Listener is what is told about what happens, one call at a time. An error of
// one ends the listening.
type Listener struct {
	// Listening is called once nothing can be missed any more.
	Listening func() error
	// Transferred is called with each transfer that concerns the caller, and
	// Departed with each departure from a conversation of theirs; both with
	// their place in the ledger, which several may share.
	Transferred func(sequence uint64, o Outcome) error
	Departed    func(sequence uint64, o DepartureOutcome) error
	// Settings is called with new settings, as far as they concern the caller,
	// Worker with a worker whose availability has changed, Queue with a queue
	// whose figures have changed.
	Settings func(transfer.Settings) error
	Worker   func(transfer.WorkerRecord) error
	Queue    func(transfer.QueueRecord) error
}

// Watch is the source of the event stream.
type Watch interface {
	// Follow tells the listener of what concerns the caller and has its place in
	// the ledger after the one given, and of every change as it comes, until ctx
	// is done or a call of the listener fails.
	Follow(ctx context.Context, by Caller, after uint64, to Listener) error
}

// Event is a webhook of Twilio's, verified and parsed.
type Event struct {
	Product string // taskrouter, conversations, interactions
	Type    string // reservation.accepted, onParticipantLeft, …
	ID      string // Twilio's ID of the delivery or event, where it has one
	Fields  map[string]string
}

// Webhooks takes what Twilio tells.
type Webhooks interface {
	// Apply takes the event in. An error makes Twilio try again.
	Apply(ctx context.Context, e Event) error
	// VerifySignature says whether Twilio signed the body for the URL: the
	// auth token stays behind this interface.
	VerifySignature(url string, contentType string, body []byte, signature string) bool
}

// Options are what the API is made of.
type Options struct {
	Verifier  Verifier
	Transfers Transfers
	Directory Directory
	// Packed is the packed directory; nil: there is only JSON.
	Packed   func(context.Context) (Packed, error)
	Watch    Watch
	Webhooks Webhooks
	// ConfigStatus is how the settings stand; nil: it is not to be asked for.
	ConfigStatus func() ConfigStatus
	// Text, where set, is a reason's text for people in the language that they
	// want most, by their Accept-Language header; empty where there is none.
	Text func(acceptLanguage string, reason transfer.Reason) string
	// Ready is nil once the backend can do its work.
	Ready func(context.Context) error
	// PublicURL is where Twilio and browsers reach this backend from outside,
	// without a path: webhook signatures are checked against it.
	PublicURL string
	// Origins may call the API from a browser, beside the backend's own; "*"
	// allows any.
	Origins []string
	// Module holds the built wasm with its manifest, ModuleScripts the loader's
	// scripts, Pages the demo's pages (nil: no pages, as in serve).
	Module, ModuleScripts, Pages fs.FS
	// Metrics is mounted at /metrics where it is not nil.
	Metrics http.Handler
	Logger  *slog.Logger
	// AgentRate is how many requests a second each worker may make, four times
	// as many at once; 0 for any number. Where it is not 0, there is a limit too to
	// what each may ask about conversations that they are not in.
	AgentRate int
	// Heartbeat is the time between two signs of life on the stream; 15 s if 0.
	Heartbeat time.Duration
	// StreamLife is how long a stream may last; 30 min if 0. It ends then, and
	// the page resumes it where it was with the token that it has by that time:
	// so nobody listens on much longer than their sign-in holds.
	StreamLife time.Duration
	// StreamWrite is how long one write to a stream may take before the client
	// counts as too slow and is dropped; 10 s if 0.
	StreamWrite time.Duration
}
