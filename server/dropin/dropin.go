package dropin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// answerWithin is the longest that a request waits, sign-in and all, so that it
// is answered within 10 s.
const answerWithin = 9500 * time.Millisecond

// guessWait is when whoever has guessed too often may ask again.
const guessWait = time.Second

// Caller is who a request comes from, as Twilio vouches for them.
type Caller struct {
	WorkerSID string // WK…
	Identity  string // in conversations
	Roles     []string
}

func (c Caller) supervises() bool {
	return slices.Contains(c.Roles, "supervisor") || slices.Contains(c.Roles, "admin")
}

// Verifier checks Flex tokens. Its errors are *transfer.Refusal:
// ReasonUnauthenticated, or another one where Twilio could not be asked.
type Verifier interface {
	Verify(ctx context.Context, token string) (Caller, error)
}

// Engine carries transfers out. Refusals are *transfer.Refusal; nothing was
// changed then.
type Engine interface {
	// Start, Depart and Cancel decide on a request and carry it out. They return
	// once that is done, or after some seconds with what is known. A repeat of a
	// key finds the transfer that it made.
	Start(ctx context.Context, by Caller, r transfer.Request, key string) (transfer.Transfer, error)
	Depart(ctx context.Context, by Caller, r transfer.Request) (transfer.Departure, error)
	Cancel(ctx context.Context, by Caller, r transfer.Request) (transfer.Transfer, error)
	// State is what is recorded of an interaction channel; the zero State where
	// nothing is.
	State(ctx context.Context, interactionChannelSID string) (transfer.State, error)
	// Await returns the channel's state once it is as asked for, and an error when
	// ctx is done before.
	Await(ctx context.Context, interactionChannelSID string, done func(transfer.State) bool) (transfer.State, error)
}

// Twilio is what is read and written beside the engine. Errors are
// *transfer.Refusal; what does not exist is ReasonNotFound.
type Twilio interface {
	Participants(ctx context.Context, interactionSID, interactionChannelSID string) ([]transfer.ParticipantRecord, error)
	Task(ctx context.Context, taskSID string) (transfer.TaskRecord, error)
	// Identities are those of who is in the conversation.
	Identities(ctx context.Context, conversationSID string) ([]string, error)
	Attributes(ctx context.Context, conversationSID string) (string, error)
	SetAttributes(ctx context.Context, conversationSID, attributes string) error
}

// Options are what the drop-in is made of.
type Options struct {
	Verifier Verifier
	Engine   Engine
	Twilio   Twilio
	// Queues are those of the account; nil while they are not known.
	Queues func() []transfer.QueueRecord
	// Enabled says, for each request, whether the drop-in is switched on.
	Enabled func() bool
	// Allow, where set, counts a request of a worker who is signed in. Where it is
	// one too many it says how long they should wait.
	Allow func(workerSID string) (wait time.Duration, allowed bool)
	// About, where set, does what a worker asks of Twilio, recognized by about, and
	// is told by do's error what came of it. Where they have asked too often about
	// conversations that they are not in, it does nothing and returns false.
	About func(workerSID, about string, do func() error) (allowed bool)
	// Origins may call from a browser; "*" allows any.
	Origins []string
	// Text, where set, is a reason's text in the language that is wanted most.
	Text func(acceptLanguage string, reason transfer.Reason) string
	// Clock is time.Now if nil.
	Clock  func() time.Time
	Logger *slog.Logger
}

// DropIn answers the plugins' requests. Make one with [New].
type DropIn struct{ Options }

// New checks the options, naming the one that is missing.
func New(o Options) (*DropIn, error) {
	for name, missing := range map[string]bool{
		"Verifier": o.Verifier == nil, "Engine": o.Engine == nil, "Twilio": o.Twilio == nil,
		"Queues": o.Queues == nil, "Enabled": o.Enabled == nil,
	} {
		if missing {
			return nil, fmt.Errorf("dropin: Options.%s is missing", name)
		}
	}
	if o.Allow == nil {
		o.Allow = func(string) (time.Duration, bool) { return 0, true }
	}
	if o.About == nil {
		o.About = func(_, _ string, do func() error) bool { _ = do(); return true }
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &DropIn{o}, nil
}

// Handler answers the plugins' requests while the drop-in is switched on, and
// leaves all others to next.
func (d *DropIn) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, ours := endpoints[r.URL.Path]
		if !ours || !d.Enabled() {
			next.ServeHTTP(w, r)
			return
		}
		d.served(w, r, func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, e) })
	})
}

// answer answers one request of a plugin.
func (d *DropIn) answer(w http.ResponseWriter, r *http.Request, e endpoint) {
	switch r.Method {
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet, http.MethodPost:
	default:
		w.Header().Set("Allow", methods)
		d.fail(w, r, e, &transfer.Refusal{Reason: transfer.ReasonMethodNotAllowed})
		return
	}
	reply, err := d.call(w, r, e)
	if err != nil {
		d.fail(w, r, e, err)
		return
	}
	writeJSON(w, http.StatusOK, reply)
}

// call signs the caller in, reads the parameters and does what the endpoint is
// for. That is carried on where the plugin goes away.
func (d *DropIn) call(w http.ResponseWriter, r *http.Request, e endpoint) (any, error) {
	p, err := readParameters(w, r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerWithin)
	defer cancel()
	by, err := d.signIn(ctx, p)
	if err != nil {
		return nil, err
	}
	noteCaller(r, by)
	if wait, allowed := d.Allow(by.WorkerSID); !allowed {
		return nil, &flood{wait, "Too many requests. Wait a moment."}
	}
	p.path = e.path
	for _, need := range e.needs {
		p.need(need.name, need.purpose)
	}
	if err := p.problem(); err != nil {
		return nil, err
	}
	var reply any
	if do := func() error { reply, err = e.do(d, ctx, by, p); return err }; e.known {
		_ = do()
	} else if !d.About(by.WorkerSID, p.about(), do) {
		return nil, &flood{guessWait, "You have asked too often about conversations that you are not in. Wait a moment."}
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, &transfer.Refusal{Reason: transfer.ReasonRequestUnderWay, Cause: err}
	}
	return reply, err
}

// maxToken is the length in bytes of the longest token that is looked at.
// Flex's are below 2 kB.
const maxToken = 8 << 10

// signIn checks the token. Only workers of the account come in.
func (d *DropIn) signIn(ctx context.Context, p *parameters) (Caller, error) {
	twice := p.twice["Token"]
	token := p.get("Token")
	switch {
	case twice:
		return Caller{}, unauthorized("Token was provided twice")
	case token == "":
		return Caller{}, unauthorized("Token was not provided")
	case len(token) > maxToken || !printable(token):
		return Caller{}, unauthorized("Token is not valid")
	}
	by, err := d.Verifier.Verify(ctx, token)
	var refusal *transfer.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == transfer.ReasonUnauthenticated:
		return Caller{}, unauthorized("Token is not valid or has expired")
	case err != nil:
		return Caller{}, err
	case !transfer.ValidSID(by.WorkerSID, "WK"):
		return Caller{}, unauthorized("Token does not belong to a worker")
	}
	return by, nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
