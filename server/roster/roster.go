package roster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// API is what the roster needs of Twilio; *twilioapi.Client is one.
type API interface {
	Workers(ctx context.Context) ([]transfer.WorkerRecord, error)
	// Worker's error satisfies twilioapi.IsNotFound where there is no such worker.
	Worker(ctx context.Context, workerSID string) (transfer.WorkerRecord, error)
	// Activities is which activities there are, by name, and in which of them workers are available.
	Activities(ctx context.Context) (map[string]bool, error)
	Queues(ctx context.Context) ([]transfer.QueueRecord, error)
	Workflow(ctx context.Context, workflowSID string) (twilioapi.Workflow, error)
	// QueueFigures' error satisfies twilioapi.IsNotFound where there is no such queue.
	QueueFigures(ctx context.Context, queueSID string) (transfer.QueueFigures, error)
}

// Defaults of Options.
const (
	DefaultRefresh = 5 * time.Minute
	DefaultTrust   = 30 * time.Second
)

// Options are what a roster is made of.
type Options struct {
	API API
	// WorkflowSID is the workflow that routes transfers; where it is empty, every queue counts as served.
	WorkflowSID string
	// Clock is the time; nil means time.Now. It must run with Twilio's, to a second or so: events that are older than a
	// read change nothing.
	Clock func() time.Time
	// Refresh is how often everything is to be read anew; 0 means DefaultRefresh.
	Refresh time.Duration
	// Trust is how long a worker's record may be used for a transfer after it was confirmed; 0 means DefaultTrust.
	Trust time.Duration
	// Logger gets what an operator should know; nil means nothing is logged.
	Logger *slog.Logger
}

// Roster is the directory of an account. It is safe for concurrent use.
type Roster struct {
	api         API
	workflowSID string
	clock       func() time.Time
	refresh     time.Duration
	trust       time.Duration
	logger      *slog.Logger
	reads       singleflight.Group
	wake        chan struct{}

	state   atomic.Uint64 // counts what changes the directory
	packing packing
	figures *figures

	// changing orders changes with the notices about them; it is held without mu while subscribers are told.
	changing sync.Mutex

	mu         sync.Mutex // guards what follows
	workers    map[string]*worker
	queues     map[string]transfer.QueueRecord
	routes     *workflow       // nil: not known, or none
	config     string          // what routes was parsed from
	activities map[string]bool // by name: available?
	readAt     time.Time       // the last full read
	queuesAt   time.Time       // the last read of queues and workflow; zero: something changed since
	outdatedAt time.Time       // when that was
	directory  []transfer.WorkerRecord
	subscribed map[int]func(transfer.WorkerRecord)
	nextID     int
}

// worker is a worker and how sure it is.
type worker struct {
	record    transfer.WorkerRecord
	confirmed time.Time // by a read or an event, on our clock
	doubt     bool      // an event did not tell everything: read before use
	gone      bool      // deleted; kept so that a late event does not bring it back
	event     time.Time // when the last event happened, on Twilio's clock
	heard     time.Time // when it arrived, on ours
	read      time.Time // when the last read began, on ours
}

// New returns a roster that knows nothing yet.
func New(o Options) *Roster {
	r := &Roster{
		api: o.API, workflowSID: o.WorkflowSID, clock: o.Clock, refresh: o.Refresh, trust: o.Trust, logger: o.Logger,
		wake: make(chan struct{}, 1), workers: map[string]*worker{}, queues: map[string]transfer.QueueRecord{},
		figures: newFigures(), activities: map[string]bool{}, subscribed: map[int]func(transfer.WorkerRecord){},
	}
	if r.clock == nil {
		r.clock = time.Now
	}
	if r.refresh <= 0 {
		r.refresh = DefaultRefresh
	}
	if r.trust <= 0 {
		r.trust = DefaultTrust
	}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	return r
}

// ErrNotRead says that no full read has succeeded yet.
var ErrNotRead = errors.New("the directory of workers and queues has not been read yet")

// Ready is nil once a full read has succeeded, else ErrNotRead.
func (r *Roster) Ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.readAt.IsZero() {
		return ErrNotRead
	}
	return nil
}

// RefreshEvery is how long the app may wait between two calls of RunOnce, if [Roster.Wake] does not ask before.
func (r *Roster) RefreshEvery() time.Duration { return r.refresh }

// Wake receives a value when something changed that events do not tell in full, such as the workflow: then RunOnce
// should run soon. Until it has, targets that it concerns are read anew.
func (r *Roster) Wake() <-chan struct{} { return r.wake }

func (r *Roster) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Directory returns all workers and queues, each sorted by name. Queues that no transfer gets to are Unserved, and have
// figures while somebody looks, see [Roster.Look].
func (r *Roster) Directory() (workers []transfer.WorkerRecord, queues []transfer.QueueRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.directory == nil {
		r.directory = make([]transfer.WorkerRecord, 0, len(r.workers))
		for _, w := range r.workers {
			if !w.gone {
				r.directory = append(r.directory, w.record)
			}
		}
		slices.SortFunc(r.directory, func(a, b transfer.WorkerRecord) int {
			return byName(a.FriendlyName, b.FriendlyName, a.SID, b.SID)
		})
	}
	queues = make([]transfer.QueueRecord, 0, len(r.queues))
	for _, q := range r.queues {
		queues = append(queues, r.figures.of(q))
	}
	slices.SortFunc(queues, func(a, b transfer.QueueRecord) int {
		return byName(a.FriendlyName, b.FriendlyName, a.SID, b.SID)
	})
	return slices.Clone(r.directory), queues
}

// byName orders regardless of case, and in some order where that is the same.
func byName(a, b, aSID, bSID string) int {
	if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
		return c
	}
	return strings.Compare(aSID, bSID)
}

// Known returns the worker's record as it was last seen, without a call.
func (r *Roster) Known(workerSID string) (transfer.WorkerRecord, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.workers[workerSID]; w != nil && !w.gone {
		return w.record, true
	}
	return transfer.WorkerRecord{}, false
}

// Serves reports whether the transfer workflow would route a transfer of a task with the attributes to the queue. It is
// true where that is not certain: before the first read, and where a filter is not understood. Empty attributes mean
// that the task is not known.
func (r *Roster) Serves(attributes string, queue transfer.QueueRecord) bool {
	r.mu.Lock()
	routes := r.routes
	r.mu.Unlock()
	return routes == nil || routes.serves(documentFor(attributes, queue), queue.SID)
}

// Subscribe has fn called with every worker that is new or changed, in order. A worker who was deleted comes a last
// time, not available and without an activity. fn must be quick and must not call Target, Apply or RunOnce.
func (r *Roster) Subscribe(fn func(transfer.WorkerRecord)) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.nextID
	r.nextID++
	r.subscribed[id] = fn
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.subscribed, id)
	}
}

// change makes a change under the lock, and then tells subscribers which workers it was about.
func (r *Roster) change(f func() []transfer.WorkerRecord) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	changed := f()
	tell := make([]func(transfer.WorkerRecord), 0, len(r.subscribed))
	for _, fn := range r.subscribed {
		tell = append(tell, fn)
	}
	if len(changed) > 0 {
		r.directory = nil
		r.state.Add(1)
	}
	r.mu.Unlock()
	for _, record := range changed {
		for _, fn := range tell {
			fn(record)
		}
	}
}
