package coordinator

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Follow calls listening once no change of a worker can be missed any more,
// and then transferred with each transfer that concerns the caller and was
// recorded after the sequence, and worker with each worker whose record
// changes, one call at a time, until ctx is done or one of them fails.
func (c *Coordinator) Follow(ctx context.Context, by Caller, after uint64, listening func() error,
	transferred func(sequence uint64, o Outcome) error, departed func(sequence uint64, o DepartureOutcome) error,
	worker func(transfer.WorkerRecord) error) error {
	var one sync.Mutex
	told := news{by: by.WorkerSID, now: c.Clock, ended: map[string]bool{}}
	changes := NewChanges(workerSID)
	defer c.Roster.Subscribe(changes.Add)()
	if err := listening(); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		return c.Ledger.Follow(ctx, after, func(r ledger.Record) error {
			one.Lock()
			defer one.Unlock()
			for _, t := range told.of(r.State) {
				o := Outcome{Transfer: t, InteractionSID: r.State.InteractionSID, InteractionChannelSID: r.State.InteractionChannelSID}
				if err := transferred(r.Sequence, o); err != nil {
					return err
				}
			}
			for _, d := range told.departures(r.State) {
				o := DepartureOutcome{Departure: d, InteractionSID: r.State.InteractionSID, InteractionChannelSID: r.State.InteractionChannelSID}
				if err := departed(r.Sequence, o); err != nil {
					return err
				}
			}
			return nil
		})
	})
	all.Go(func() error {
		return changes.Each(ctx, func(w transfer.WorkerRecord) error {
			one.Lock()
			defer one.Unlock()
			return worker(w)
		})
	})
	return all.Wait()
}

// news is what one stream has told.
type news struct {
	by    string // the worker
	now   func() time.Time
	ended map[string]bool // transfers and departures of whose end all was told
}

// lately is how long ago a transfer may have ended whose end may have been
// missed: a stream skips records that were replaced by newer ones, and one that
// was broken off is resumed within that time.
const lately = time.Hour

// of are the transfers that a record may have changed and that concern the
// worker: the open ones, the newest, and those that ended lately and unheard
// of before another one began.
func (n news) of(s transfer.State) []transfer.Transfer {
	var changed []transfer.Transfer
	for i, t := range s.Transfers {
		newest := i == len(s.Transfers)-1
		switch {
		case !concerns(s, t, n.by), n.ended[t.ID], !t.Open() && !newest && n.now().Sub(t.EndedAt) > lately:
			continue
		case !t.Open():
			n.ended[t.ID] = !t.DigestWanted
		}
		changed = append(changed, t)
	}
	return changed
}

// departures are those that a record may have changed and that concern the
// worker.
func (n news) departures(s transfer.State) []transfer.Departure {
	var changed []transfer.Departure
	for _, d := range s.Departures {
		mine := d.Agent.WorkerSID == n.by || d.RequestedBy == n.by || s.Member(n.by)
		if !mine || n.ended[d.ID] || (!d.Open() && n.now().Sub(d.EndedAt) > lately) {
			continue
		}
		if !d.Open() {
			n.ended[d.ID] = true
		}
		changed = append(changed, d)
	}
	return changed
}

// concerns reports whether the worker has a part in the transfer, or is in the
// conversation.
func concerns(s transfer.State, t transfer.Transfer, workerSID string) bool {
	return workerSID != "" && (t.From.WorkerSID == workerSID || t.RequestedBy == workerSID || t.AcceptedBy == workerSID ||
		(t.Target.Kind == transfer.TargetWorker && t.Target.SID == workerSID) || s.Member(workerSID))
}
