package coordinator

import (
	"context"
	"slices"
	"sync"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// WatchTargets takes back the invites of workers who go off while they are
// asked, until ctx is done: TaskRouter leaves such an invite waiting. It knows
// of what this process has recorded; the rest, and what is missed, is found by
// the check of each transfer.
func (c *Coordinator) WatchTargets(ctx context.Context) error {
	changes := NewChanges(workerSID)
	defer c.Roster.Subscribe(changes.Add)()
	return changes.Each(ctx, func(w transfer.WorkerRecord) error {
		c.WorkerChanged(ctx, w)
		return nil
	})
}

// WorkerChanged is what [Coordinator.WatchTargets] does about one change.
func (c *Coordinator) WorkerChanged(ctx context.Context, w transfer.WorkerRecord) {
	if w.Available {
		return
	}
	for _, channel := range c.asked.by(w.SID) {
		if err := c.targetWentOff(ctx, channel, w.SID); err != nil && ctx.Err() == nil {
			c.Logger.Warn("an invite of a worker who went off could not be taken back yet", "worker", w.SID, "channel", channel, "error", err)
		}
	}
}

// targetWentOff records that the worker will not take over.
func (c *Coordinator) targetWentOff(ctx context.Context, channelSID, workerSID string) error {
	last, err := c.last(ctx, channelSID)
	if err != nil {
		return err
	}
	asks := func(t transfer.Transfer) bool {
		return t.Live() && t.Target.Kind == transfer.TargetWorker && t.Target.SID == workerSID
	}
	if !slices.ContainsFunc(last.State.Transfers, asks) {
		c.asked.forget(channelSID, workerSID) // another process has recorded the end
		return nil
	}
	off, err := c.wentOff(ctx, workerSID)
	if err != nil || !off {
		return err
	}
	for _, t := range last.State.Transfers {
		if !asks(t) {
			continue
		}
		e := transfer.Declined{TransferID: t.ID, TaskSID: t.Invite.TaskSID, Reason: transfer.ReasonTargetWentOff, At: c.Clock()}
		if last, _, err = c.record(ctx, last, e); err != nil {
			return err
		}
	}
	return nil
}

// wentOff asks Twilio whether the worker is not available. What this process has
// heard of them is not enough to take an invite back by: another one may have
// heard since that they are back.
func (c *Coordinator) wentOff(ctx context.Context, workerSID string) (bool, error) {
	w, err := c.Roster.Fresh(ctx, workerSID)
	if err != nil {
		return false, err
	}
	return w == nil || !w.Available, nil
}

// askedWorkers knows in which conversations workers are asked to take over, as
// far as this process has recorded it.
type askedWorkers struct {
	mu       sync.Mutex
	channels map[string]map[string]bool // by worker
	workers  map[string][]string        // by channel
}

func newAskedWorkers() *askedWorkers {
	return &askedWorkers{channels: map[string]map[string]bool{}, workers: map[string][]string{}}
}

// see takes in the last state of a channel.
func (a *askedWorkers) see(s *transfer.State) {
	a.mu.Lock()
	defer a.mu.Unlock()
	channel := s.InteractionChannelSID
	for _, w := range a.workers[channel] {
		delete(a.channels[w], channel)
		if len(a.channels[w]) == 0 {
			delete(a.channels, w)
		}
	}
	delete(a.workers, channel)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if !t.Live() || t.Target.Kind != transfer.TargetWorker {
			continue
		}
		if a.channels[t.Target.SID] == nil {
			a.channels[t.Target.SID] = map[string]bool{}
		}
		a.channels[t.Target.SID][channel] = true
		a.workers[channel] = append(a.workers[channel], t.Target.SID)
	}
}

// forget takes out that the worker is asked in the channel.
func (a *askedWorkers) forget(channel, workerSID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.channels[workerSID], channel)
	if len(a.channels[workerSID]) == 0 {
		delete(a.channels, workerSID)
	}
	a.workers[channel] = slices.DeleteFunc(a.workers[channel], func(sid string) bool { return sid == workerSID })
	if len(a.workers[channel]) == 0 {
		delete(a.workers, channel)
	}
}

// by are the conversations in which the worker is asked, sorted.
func (a *askedWorkers) by(workerSID string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	channels := make([]string, 0, len(a.channels[workerSID]))
	for channel := range a.channels[workerSID] {
		channels = append(channels, channel)
	}
	slices.Sort(channels)
	return channels
}
