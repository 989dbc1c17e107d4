// Package coordinator carries transfers out: it gathers facts, lets the rules
// decide, records what is intended, takes the steps at Twilio and records what
// came of them.
//
// Every change is a record in the ledger that is written only if nobody wrote
// about that conversation in between. Whoever records an intended invite takes
// that step at once; whoever else meets the record (another replica, or the
// same backend after a crash) waits out a lease and the settling time and then
// looks the invite up by the transfer's ID before asking again, since Twilio's
// invites take no idempotency key. Removals and checks may be repeated, so
// anybody takes them.
package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Twilio is what the coordinator needs of package twilioapi, which documents
// the errors.
type Twilio interface {
	Invite(ctx context.Context, r twilioapi.InviteRequest) (twilioapi.Invite, error)
	Invites(ctx context.Context, interactionSID, interactionChannelSID string) ([]twilioapi.Invite, error)
	Participants(ctx context.Context, interactionSID, interactionChannelSID string) ([]transfer.ParticipantRecord, error)
	LeaveParticipant(ctx context.Context, interactionSID, interactionChannelSID, participantSID string, as transfer.LeaveAs) error
	CloseChannel(ctx context.Context, interactionSID, interactionChannelSID string, as transfer.LeaveAs) error
	Channel(ctx context.Context, interactionSID, interactionChannelSID string) (transfer.ChannelRecord, error)
	Task(ctx context.Context, taskSID string) (twilioapi.Task, error)
	CancelTask(ctx context.Context, taskSID, etag, reason string) error
	TaskReservations(ctx context.Context, taskSID string) ([]twilioapi.Reservation, error)
}

// Roster is what the coordinator needs of package roster.
type Roster interface {
	// Target returns the worker or the queue; neither where it does not exist.
	Target(ctx context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error)
	// Known returns a worker's record as it was last seen, without a call.
	Known(workerSID string) (transfer.WorkerRecord, bool)
	// Fresh reads a worker's record at Twilio now; nil where there is no such
	// worker.
	Fresh(ctx context.Context, workerSID string) (*transfer.WorkerRecord, error)
	// Serves reports whether the transfer workflow would route a task with the
	// attributes to the queue.
	Serves(attributes string, queue transfer.QueueRecord) bool
	Directory() ([]transfer.WorkerRecord, []transfer.QueueRecord)
	Subscribe(fn func(transfer.WorkerRecord)) (cancel func())
}

// Options are what a coordinator is made of.
type Options struct {
	Ledger   ledger.Ledger
	Twilio   Twilio
	Roster   Roster
	Settings func() transfer.Settings
	// WorkflowSID is the workflow that routes transfers.
	WorkflowSID string
	Clock       func() time.Time
	// Schedule runs what is done at once. Goroutines if nil.
	Schedule Schedule
	Logger   *slog.Logger
	// Origin names this process; records carry it. It is new at every start.
	Origin string
	// NewID makes the ID of a record: unique, letters and digits.
	NewID func() string
	// Trust is how long facts that were read count as fresh while no event says
	// otherwise. 30 s if 0.
	Trust time.Duration
	// Settling is how long after a lost answer an invite may be looked up, and
	// after a change a list may be relied on: longer than Twilio's lists lag.
	// 2 s if 0.
	Settling time.Duration
	// Lease is how long whoever recorded an intended invite may take to make
	// it, before somebody else takes over. It and Settling together have to
	// cover how far the clocks of two processes are apart. 5 s if 0.
	Lease time.Duration
	// InviteLine, where set, is how long an invite that is asked for now is
	// likely to wait for Twilio's limit: its lease is longer by that.
	InviteLine func() time.Duration
	// Answer is the longest that an agent's request waits. 8 s if 0.
	Answer time.Duration
	// Mirror, where set, writes the outstanding invites into the conversation's
	// attributes. Its error means that it is to be tried again.
	Mirror func(ctx context.Context, conversationSID string, outstanding []transfer.Transfer) error
	// Digest, where set, makes the digest of a transfer. It keeps to its own limit
	// in time.
	Digest func(ctx context.Context, s transfer.State, t transfer.Transfer) transfer.Digest
	// Restore, where set, makes sure that the transfers which Twilio has invites of
	// are in the ledger, whose data may have been lost, before a request about the
	// conversation is decided. Its error means that nobody knows.
	Restore func(ctx context.Context, interactionSID, interactionChannelSID string) error
	// Observe, where set, is told of each event that was recorded about a transfer.
	Observe func(event string, t transfer.Transfer)
}

func (o *Options) setDefaults() error {
	switch {
	case o.Ledger == nil, o.Twilio == nil, o.Roster == nil, o.Settings == nil:
		return errors.New("coordinator: Ledger, Twilio, Roster and Settings are needed")
	case !transfer.ValidSID(o.WorkflowSID, "WW"):
		return fmt.Errorf("coordinator: WorkflowSID %q is not the SID of a workflow (WW…)", o.WorkflowSID)
	case o.Origin == "" || o.NewID == nil:
		return errors.New("coordinator: Origin and NewID are needed")
	}
	for d, standard := range map[*time.Duration]time.Duration{
		&o.Trust: 30 * time.Second, &o.Settling: 2 * time.Second, &o.Lease: 5 * time.Second, &o.Answer: 8 * time.Second,
	} {
		if *d == 0 {
			*d = standard
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Schedule == nil {
		o.Schedule = goroutines{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, transfer.Transfer) {}
	}
	return nil
}

// Coordinator carries transfers out. Its methods may be called from any
// goroutine.
type Coordinator struct {
	Options
	facts *factCache
	reads *readings
	own   *inHand
	waits *waits
	asked *askedWorkers
	left  sync.WaitGroup // what requests have left behind
}

// New returns a coordinator. It starts nothing: call [Coordinator.RunOnce]
// from as many goroutines as work is to be done at once.
func New(o Options) (*Coordinator, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	c := &Coordinator{Options: o, own: newInHand(), waits: newWaits(), reads: newReadings(), asked: newAskedWorkers()}
	c.facts = newFactCache(o.Clock, o.Trust, o.Settling)
	return c, nil
}

// Wait returns once nothing that a request has left behind is running.
func (c *Coordinator) Wait() { c.left.Wait() }

// recordLimit is how long a record may take to be written. Past it, it is not
// known whether it was: the work is handed out again and will tell.
const recordLimit = 5 * time.Second

// record writes what the event makes of the channel's state and returns the
// record, and whether it is this call that wrote it: only then may what it
// intends be carried on. Where somebody else has written in between, the event
// is applied to what they wrote; where it changes nothing any more, the
// channel's last record is returned as it is.
func (c *Coordinator) record(ctx context.Context, last ledger.Record, e transfer.Event) (r ledger.Record, written bool, err error) {
	ctx, cancel := c.Schedule.Within(ctx, recordLimit)
	defer cancel()
	for {
		next, err := transfer.Advance(last.State, e)
		if errors.Is(err, transfer.ErrPointless) {
			return last, false, nil
		}
		if err != nil {
			return ledger.Record{}, false, err
		}
		r, err := c.append(ctx, next, e, last.Sequence)
		if !errors.Is(err, ledger.ErrConflict) {
			return r, err == nil, err
		}
		if last, err = c.Ledger.Last(ctx, last.Channel()); err != nil {
			return ledger.Record{}, false, fmt.Errorf("read the ledger after a conflict: %w", err)
		}
	}
}

// append writes one record. One that intends what a request waits for is in
// this process's hand from before it is written, so that no runner takes it for
// an orphan: whoever calls append with such an event carries it on. The record's
// time is from before it was written, so that the lease that others grant ends
// later than the one that this process takes.
func (c *Coordinator) append(ctx context.Context, s transfer.State, e transfer.Event, expected uint64) (ledger.Record, error) {
	s.Version = transfer.StateVersion // also of what a former version has begun: from here on it may say more
	r := ledger.Record{ID: c.NewID(), Origin: c.Origin, Event: e.Name(), State: s, Time: c.Clock()}
	if carriedOn(s, e) {
		c.own.take(r.ID)
		r.Lease = c.leaseOf(e)
	}
	var err error
	if r.Sequence, err = c.Ledger.Append(ctx, r, expected); err != nil {
		c.own.drop(r.ID)
		return ledger.Record{}, err
	}
	c.tell(s, e)
	return r, nil
}

func (c *Coordinator) tell(s transfer.State, e transfer.Event) {
	c.asked.see(&s)
	if t, ok := s.Find(e.About()); ok {
		c.Observe(e.Name(), t)
		c.Logger.Info("transfer", "event", e.Name(), "transfer", t.ID, "phase", t.Phase,
			"channel", s.InteractionChannelSID, "target", t.Target.SID, "from", t.From.WorkerSID,
			"over", t.Over, "failure", t.Failure, "detail", t.FailureDetail)
	}
	if d, ok := s.FindDeparture(e.About()); ok {
		c.Logger.Info("departure", "event", e.Name(), "departure", d.ID, "kind", d.Kind, "phase", d.Phase,
			"channel", s.InteractionChannelSID, "worker", d.Agent.WorkerSID, "by", d.RequestedBy,
			"failure", d.Failure, "detail", d.FailureDetail)
	}
}

// carriedOn reports whether the event makes it this process's turn to take the
// step that it leads to: to ask Twilio for an invite, to take one back, to let
// somebody leave.
func carriedOn(s transfer.State, e transfer.Event) bool {
	switch e := e.(type) {
	case transfer.Repaired:
		return e.Event != nil && carriedOn(s, e.Event)
	case transfer.Requested, transfer.InviteMissing, transfer.DepartureRequested:
		return true
	case transfer.Withdrawn:
		return e.Next.Kind == transfer.NextTarget
	case transfer.Canceled:
		t, _ := s.Find(e.TransferID)
		return t.Phase == transfer.PhaseWithdrawing
	}
	return false
}
