package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Twilio is what the reconciler needs of package twilioapi, which documents the
// errors.
type Twilio interface {
	Channel(ctx context.Context, interactionSID, interactionChannelSID string) (transfer.ChannelRecord, error)
	Participants(ctx context.Context, interactionSID, interactionChannelSID string) ([]transfer.ParticipantRecord, error)
	Invites(ctx context.Context, interactionSID, interactionChannelSID string) ([]twilioapi.Invite, error)
	Task(ctx context.Context, taskSID string) (twilioapi.Task, error)
	TasksOf(ctx context.Context, interactionChannelSID string) ([]twilioapi.ListedTask, error)
	Tasks(ctx context.Context, statuses ...string) ([]twilioapi.ListedTask, error)
	Events(ctx context.Context, q twilioapi.EventQuery) ([]twilioapi.TaskRouterEvent, error)
	Conversation(ctx context.Context, conversationSID string) (twilioapi.Conversation, error)
	CancelTask(ctx context.Context, taskSID, etag, reason string) error
}

// Engine records a repair and carries it on: package coordinator.
type Engine interface {
	// Repair fails with ledger.ErrConflict or transfer.ErrPointless where the
	// conversation has to be looked at again.
	Repair(ctx context.Context, last ledger.Record, e transfer.Repaired) (ledger.Record, error)
	// RescueID is the ID of a new rescue.
	RescueID(channelSID string) string
}

// Roster knows the account's workers and queues.
type Roster interface {
	// Target returns the worker or the queue; neither where it does not exist.
	Target(ctx context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error)
	// Serves reports whether the transfer workflow would route a task with the
	// attributes to the queue.
	Serves(attributes string, queue transfer.QueueRecord) bool
}

// Schedule makes calls at once and limits them in time: that of package
// coordinator, or one of a simulation's own.
type Schedule interface {
	// Together makes the calls at once and returns, when all have ended, the first
	// error.
	Together(ctx context.Context, calls ...func(context.Context) error) error
	// Within is [context.WithTimeout].
	Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// Then is what becomes of a customer who was found alone.
type Then string

// What becomes of them.
const (
	ThenReroute Then = "reroute" // a queue is asked to take them over
	ThenClose   Then = "close"   // the conversation is closed
)

// Policy is what the account wants.
type Policy struct {
	// Grace is how long a customer may be alone, and how long anything else that
	// may be under way may look wrong, before it is put right.
	Grace time.Duration
	Then  Then
	// QueueSID is the queue that is asked; empty: the one that the conversation
	// came from. That is also asked where this one does not exist or is not served.
	QueueSID string
	// Mirror says that the conversation's attributes show outstanding invites.
	Mirror bool
}

// Report says what was done about a finding.
type Report struct {
	transfer.Finding
	InteractionSID, ChannelSID string
	// Outcome is repaired, failed, no-queue (nobody can be asked to rescue the
	// customer), or moot: it turned out to be right by then.
	Outcome string
}

// Options are what a reconciler is made of.
type Options struct {
	Ledger   ledger.Ledger
	Twilio   Twilio
	Engine   Engine
	Roster   Roster
	Settings func() transfer.Settings
	Policy   func() Policy
	Clock    func() time.Time
	// Schedule is goroutines and the machine's clock if nil.
	Schedule Schedule
	Logger   *slog.Logger
	// Observe, where set, is told of everything that was found and what was done.
	Observe func(Report)
	// MirrorHindrance, where set, says why the conversation's attributes cannot be
	// made to show the invites; empty where they can, or show them already.
	MirrorHindrance func(c twilioapi.Conversation, outstanding []transfer.Transfer) string
	// SweepEvery is the pause between two sweeps of all processes together; 30 s if
	// 0. EventsEvery is that between two looks at TaskRouter's events; 1 minute if 0.
	SweepEvery, EventsEvery time.Duration
	// CloseLookEvery is how often a conversation that seems well is looked at
	// closely; 10 minutes if 0. A sweep asks for CloseLooks of them at most; 20 if 0.
	CloseLookEvery time.Duration
	CloseLooks     int
}

func (o *Options) setDefaults() error {
	for field, missing := range map[string]bool{
		"Ledger": o.Ledger == nil, "Twilio": o.Twilio == nil, "Engine": o.Engine == nil, "Roster": o.Roster == nil,
		"Settings": o.Settings == nil, "Policy": o.Policy == nil,
	} {
		if missing {
			return fmt.Errorf("reconcile: Options.%s is needed", field)
		}
	}
	for d, standard := range map[*time.Duration]time.Duration{
		&o.SweepEvery: 30 * time.Second, &o.EventsEvery: time.Minute, &o.CloseLookEvery: 10 * time.Minute,
	} {
		if *d == 0 {
			*d = standard
		}
		if *d < 0 {
			return errors.New("reconcile: Options: SweepEvery, EventsEvery and CloseLookEvery must not be negative")
		}
	}
	if o.CloseLooks == 0 {
		o.CloseLooks = 20
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
		o.Observe = func(Report) {}
	}
	if o.MirrorHindrance == nil {
		o.MirrorHindrance = func(twilioapi.Conversation, []transfer.Transfer) string { return "" }
	}
	return nil
}

// goroutines is the usual Schedule.
type goroutines struct{}

func (goroutines) Together(ctx context.Context, calls ...func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, call := range calls {
		all.Go(func() error { return call(ctx) })
	}
	return all.Wait()
}

func (goroutines) Within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}
