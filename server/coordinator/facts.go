package coordinator

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// conversation is what Twilio knows about one conversation, seen from one of
// its tasks.
type conversation struct {
	participants []transfer.ParticipantRecord
	channel      transfer.ChannelRecord
	task         twilioapi.Task
	readAt       time.Time // when the read began
}

// longestRead is more than any read of facts takes.
const longestRead = 15 * time.Second

// factCache keeps conversations that a full read confirmed a short while ago
// and that no event has touched since.
type factCache struct {
	clock    func() time.Time
	trust    time.Duration
	settling time.Duration // lists lag behind an event for so long

	mu       sync.Mutex
	channels map[string]*cachedChannel // by interaction channel SID
}

type cachedChannel struct {
	touched time.Time // last question or event
	changed time.Time // last event: a read that began before, or soon after, is not kept
	tasks   []*cachedConversation
}

// seenFrom is what is kept of the channel, as it is seen from the task. It was
// read as one of the interaction; whoever names another one has it read anew.
func (ch *cachedChannel) seenFrom(interactionSID, taskSID string) *cachedConversation {
	for _, kept := range ch.tasks {
		if kept.taskSID == taskSID && kept.interactionSID == interactionSID {
			return kept
		}
	}
	return nil
}

type cachedConversation struct {
	conversation
	interactionSID, taskSID string
}

func newFactCache(clock func() time.Time, trust, settling time.Duration) *factCache {
	return &factCache{clock: clock, trust: trust, settling: settling, channels: map[string]*cachedChannel{}}
}

// get returns what is known of the task's conversation, if it is fresh.
func (f *factCache) get(interactionSID, channelSID, taskSID string) (c conversation, fresh bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if kept := f.channel(channelSID).seenFrom(interactionSID, taskSID); kept != nil && f.recent(kept) {
		return kept.conversation, true
	}
	return conversation{}, false
}

// recent reports whether a read still counts. One from after now was made before
// the clock was set back.
func (f *factCache) recent(kept *cachedConversation) bool {
	age := f.clock().Sub(kept.readAt)
	return age >= 0 && age < f.trust
}

// put keeps a read, unless an event came after that, or
// so shortly before that the lists may not show it yet.
func (f *factCache) put(interactionSID, channelSID, taskSID string, c conversation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := f.channel(channelSID)
	if !ch.changed.IsZero() && c.readAt.Sub(ch.changed) < f.settling {
		return
	}
	read := &cachedConversation{c, interactionSID, taskSID}
	if kept := ch.seenFrom(interactionSID, taskSID); kept != nil {
		*kept = *read
		return
	}
	ch.tasks = append(ch.tasks, read)
}

// changed says that something happened in the channel: what was read before
// does not count any more.
func (f *factCache) changed(channelSID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := f.channel(channelSID)
	ch.changed, ch.tasks = f.clock(), nil
}

// outdated reports whether what a request was given was read before the time and
// something was recorded about the channel since, or so shortly before the read
// that the lists may not have shown it: another process may have heard of what
// this one has not. What is kept does not count any more then. Another request may
// have found that out a moment ago, so what is kept does not tell.
func (f *factCache) outdated(channelSID string, given conversation, before time.Time, last ledger.Record) bool {
	if !given.readAt.Before(before) || last.Sequence == 0 || !given.readAt.Before(last.Time.Add(f.settling)) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := f.channel(channelSID)
	if last.Time.After(ch.changed) {
		ch.changed = last.Time
	}
	ch.tasks = slices.DeleteFunc(ch.tasks, func(kept *cachedConversation) bool { return kept.readAt.Before(before) })
	return true
}

// channel returns the channel's entry, and once in a while forgets those that
// nobody asked about for long.
func (f *factCache) channel(sid string) *cachedChannel {
	now := f.clock()
	ch, known := f.channels[sid]
	if !known {
		if n := len(f.channels); n > 0 && n%1024 == 0 {
			for old, c := range f.channels {
				if f.forgettable(c, now) {
					delete(f.channels, old)
				}
			}
		}
		ch = &cachedChannel{}
		f.channels[sid] = ch
	}
	ch.touched = now
	return ch
}

// forgettable reports whether the entry makes no difference any more, also to
// a read that began before now.
func (f *factCache) forgettable(c *cachedChannel, now time.Time) bool {
	idle := now.Sub(c.touched)
	return idle > 2*f.trust || (len(c.tasks) == 0 && idle > f.settling+longestRead)
}

// gathered are the facts on which a request is decided, and where the ledger
// stood.
type gathered struct {
	facts transfer.Facts
	last  ledger.Record // zero where the channel has none
}

// gather reads what a request needs, in one parallel stage, and makes the
// facts out of it by the code that the browser uses.
func (c *Coordinator) gather(ctx context.Context, by Caller, r transfer.Request) (gathered, error) {
	records := transfer.Records{Now: c.Clock(), Settings: c.Settings(), Roles: by.Roles}
	var (
		g               gathered
		worker          *transfer.WorkerRecord
		queue, guarding *transfer.QueueRecord
		conv            conversation
	)
	var reads []func(context.Context) error
	reads = append(reads, func(ctx context.Context) (err error) {
		conv, err = c.conversation(ctx, r.InteractionSID, r.InteractionChannelSID, r.TaskSID)
		return err
	})
	if r.Action == "" || r.Action == transfer.ActionTransfer {
		reads = append(reads, func(ctx context.Context) (err error) {
			worker, queue, err = c.Roster.Target(ctx, r.Target)
			return asRefusal(err)
		})
		if guard := records.Settings.PingPong; guard.Transfers > 0 && guard.QueueSID != r.Target.SID {
			reads = append(reads, func(ctx context.Context) (err error) { // where it cannot be read, the guard stands aside
				if _, guarding, err = c.Roster.Target(ctx, transfer.Target{Kind: transfer.TargetQueue, SID: guard.QueueSID}); err != nil {
					c.Logger.Warn("the ping-pong guard's queue could not be read", "queue", guard.QueueSID, "error", err)
				}
				return nil
			})
		}
	}
	reads = append(reads, func(ctx context.Context) (err error) {
		g.last, err = c.Ledger.Last(ctx, r.InteractionChannelSID)
		if err == nil || errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		return unavailable(err)
	})
	if err := c.Schedule.Together(ctx, reads...); err != nil {
		return gathered{}, err
	}
	if c.facts.outdated(r.InteractionChannelSID, conv, records.Now, g.last) {
		var err error
		if conv, err = c.conversation(ctx, r.InteractionSID, r.InteractionChannelSID, r.TaskSID); err != nil {
			return gathered{}, err
		}
	}
	records.Worker = c.known(by.WorkerSID)
	records.Task, records.Channel, records.Participants = conv.task.TaskRecord, conv.channel, g.last.State.Listed(conv.participants)
	if records.Task.QueueSID == "" {
		records.Task.QueueSID = conv.task.QueueSID
	}
	records.Transfers, records.Departures = g.last.State.Transfers, g.last.State.Departures
	if worker != nil {
		records.Workers = append(records.Workers, *worker)
	}
	for _, q := range []*transfer.QueueRecord{queue, guarding} {
		if q != nil {
			asked := *q
			asked.Unserved = asked.Unserved || !c.Roster.Serves(conv.task.Attributes, asked)
			records.Queues = append(records.Queues, asked)
		}
	}
	var err error
	if g.facts, err = records.Facts(); err != nil {
		return gathered{}, &transfer.Refusal{Reason: transfer.ReasonNotAConversation, Field: "taskSid", Cause: err}
	}
	return g, nil
}

// known is a worker's record, or no more than the SID where the roster has
// none.
func (c *Coordinator) known(workerSID string) transfer.WorkerRecord {
	if w, ok := c.Roster.Known(workerSID); ok {
		return w
	}
	return transfer.WorkerRecord{SID: workerSID}
}

// asRefusal turns an error of a read at Twilio into what the agent is told.
func asRefusal(err error) error {
	var refusal *transfer.Refusal
	switch {
	case err == nil, errors.As(err, &refusal):
		return err
	case twilioapi.IsThrottled(err), errors.Is(err, twilioapi.ErrTooBusy):
		return &transfer.Refusal{Reason: transfer.ReasonTwilioBusy, Cause: err}
	case twilioapi.IsRefused(err):
		return &transfer.Refusal{Reason: transfer.ReasonTwilioRefused, Cause: err}
	}
	return &transfer.Refusal{Reason: transfer.ReasonTwilioUnavailable, Cause: err}
}

// unavailable is what the agent is told where the ledger cannot be read.
func unavailable(err error) error {
	return &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable, Cause: err}
}
