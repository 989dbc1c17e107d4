package sandbox

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Account is a simulated Twilio account. It is safe for use by several goroutines.
type Account struct {
	clock  Clock
	logger *slog.Logger
	trace  *Trace
	record *Record
	faults *Faults
	limits *limiter
	wheel  *wheel
	hooks  *deliverer
	routes map[string]*routeTable
	tap    *Tap
	closed chan struct{}

	accountSID, authToken, apiKey, apiSecret  string
	workspaceSID, instanceSID, chatServiceSID string
	observing                                 atomic.Int32 // observers, read without the lock

	mu        sync.Mutex // guards everything below; never held while anything leaves the account
	made      *generator
	seq       uint64
	epoch     int // counts resets: timers of an earlier one do nothing
	quiet     bool
	isClosed  bool
	worlds    []World
	store     *store
	webhooks  webhookSettings
	tokens    map[string]token
	pending   []emission
	flushing  bool
	emitted   uint64
	observers map[*observer]struct{}
}

// New makes an account without workers, queues and workflows: Load fills it.
func New(o Options) *Account {
	made := newGenerator(o.Seed)
	orMade := func(given, made string) string {
		if given != "" {
			return given
		}
		return made
	}
	if o.Clock == nil {
		o.Clock = realClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Limits == nil {
		limits := DefaultLimits()
		o.Limits = &limits
	}
	if o.RecordLimit == 0 {
		o.RecordLimit = defaultRecordLimit
	}
	a := &Account{
		clock: o.Clock, logger: o.Logger, made: made, trace: &Trace{}, record: &Record{limit: o.RecordLimit},
		faults: &Faults{random: rand.New(rand.NewPCG(o.Seed, mix(o.Seed)))}, limits: newLimiter(*o.Limits),
		accountSID: orMade(o.AccountSID, made.sid("AC")), authToken: orMade(o.AuthToken, made.hex("auth token")),
		apiKey: orMade(o.APIKey, made.sid("SK")), apiSecret: orMade(o.APISecret, made.hex("secret")),
		workspaceSID: orMade(o.WorkspaceSID, made.sid("WS")), instanceSID: made.sid("GO"),
		chatServiceSID: made.sid("IS"), tokens: map[string]token{}, observers: map[*observer]struct{}{},
		closed: make(chan struct{}), routes: allRoutes(), tap: o.Tap,
	}
	a.wheel = newWheel(o.Clock)
	a.hooks = newDeliverer(a, o.WebhookClient)
	a.fresh()
	return a
}

// AccountSID returns the account's SID (AC…).
func (a *Account) AccountSID() string { return a.accountSID }

// AuthToken returns the secret that goes with AccountSID; webhooks are signed with it.
func (a *Account) AuthToken() string { return a.authToken }

// APIKey returns the SID (SK…) of the account's API key.
func (a *Account) APIKey() string { return a.apiKey }

// APISecret returns the secret that goes with APIKey.
func (a *Account) APISecret() string { return a.apiSecret }

// WorkspaceSID returns the SID (WS…) of the account's only TaskRouter workspace.
func (a *Account) WorkspaceSID() string { return a.workspaceSID }

// InstanceSID returns the SID (GO…) of the account's Flex instance.
func (a *Account) InstanceSID() string { return a.instanceSID }

// ChatServiceSID returns the SID (IS…) of the account's only Conversations service.
func (a *Account) ChatServiceSID() string { return a.chatServiceSID }

// Faults returns the account's fault switches.
func (a *Account) Faults() *Faults { return a.faults }

// Trace returns the account's log of requests and webhooks.
func (a *Account) Trace() *Trace { return a.trace }

// Record returns what truly happened in the account.
func (a *Account) Record() *Record { return a.record }

// SetLimits changes the rate limits; requests that were made before count.
func (a *Account) SetLimits(l Limits) { a.limits.set(l) }

// Close stops timers and webhooks, waits for the webhook under way, and releases requests that hang. It may be called
// more than once. The error is always nil.
func (a *Account) Close() error {
	a.mu.Lock()
	already := a.isClosed
	a.isClosed = true
	a.mu.Unlock()
	if !already {
		close(a.closed)
	}
	a.wheel.stop()
	a.hooks.close()
	return nil
}

// WaitIdle waits until every webhook that is due has been delivered or given up, and every observer has been told.
// Webhooks that a fault delays are not waited for.
func (a *Account) WaitIdle(ctx context.Context) error {
	for {
		a.mu.Lock()
		busy := a.flushing || len(a.pending) > 0
		a.mu.Unlock()
		if !busy {
			return a.hooks.waitIdle(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// do runs f with the lock held, then lets out what f emitted.
func (a *Account) do(f func() error) error {
	a.mu.Lock()
	err := f()
	idle := len(a.pending) == 0
	a.mu.Unlock()
	if !idle {
		a.flush()
	}
	return err
}

// after arranges for f to run with the lock held, d from now, unless the account is reset or closed before.
func (a *Account) after(d time.Duration, f func()) Timer {
	epoch := a.epoch
	return a.wheel.after(d, func() {
		_ = a.do(func() error {
			if a.epoch == epoch && !a.isClosed {
				f()
			}
			return nil
		})
	})
}

func (a *Account) now() time.Time { return a.clock.Now() }

// entity makes the common part of a new object. A given SID is kept.
func (a *Account) entity(prefix, sid string) entity {
	if sid == "" {
		sid = a.made.sid(prefix)
	}
	a.seq++
	now := a.now()
	return entity{sid: sid, seq: a.seq, created: now, updated: now}
}

// touch notes a change: the version is the object's ETag.
func (a *Account) touch(e *entity) {
	e.version++
	e.updated = a.now()
}

func (a *Account) remember(e RecordEntry) {
	e.At = a.now()
	a.record.add(e)
	a.tap.recorded(e)
}

// Client returns an HTTP client that reaches the account without a socket. It follows no redirects and sets no time limit.
func (a *Account) Client() *http.Client { return &http.Client{Transport: a.RoundTripper()} }
