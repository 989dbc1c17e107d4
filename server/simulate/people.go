package simulate

import (
	"context"
	"errors"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// people stands in for the roster: what a backend knows of workers, as webhooks
// tell and as it reads now and then.
type people struct {
	*backend
	heard map[string]transfer.WorkerRecord // by SID
}

var _ coordinator.Roster = (*people)(nil)

// readAll is a full read of the directory.
func (p *people) readAll() {
	for _, w := range p.sim.floor.workers {
		p.heard[w.sid] = p.sim.truth.worker(w)
	}
}

// Known implements coordinator.Roster.
func (p *people) Known(sid string) (transfer.WorkerRecord, bool) {
	w, ok := p.heard[sid]
	return w, ok
}

var errUnreadable = errors.New("simulate: the directory cannot be read now")

// Target implements coordinator.Roster. One time in two it reads the target
// anew.
func (p *people) Target(ctx context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error) {
	s := p.sim
	if t.Kind == transfer.TargetQueue {
		for i := range s.floor.queues {
			if q := s.floor.queues[i]; q.SID == t.SID {
				return nil, &q, nil
			}
		}
		return nil, nil, nil
	}
	w, ok := s.floor.bySID[t.SID]
	if !ok {
		return nil, nil, nil
	}
	r := newRoll(s.options.Seed, "target", w.number, w.read)
	w.read++
	if r.happens(0.5) {
		known := p.heard[t.SID]
		return &known, nil, nil
	}
	known, err := p.read(ctx, w, &r)
	return known, nil, err
}

// Fresh implements coordinator.Roster.
func (p *people) Fresh(ctx context.Context, sid string) (*transfer.WorkerRecord, error) {
	w, ok := p.sim.floor.bySID[sid]
	if !ok {
		return nil, nil
	}
	r := newRoll(p.sim.options.Seed, "fresh", w.number, w.read)
	w.read++
	return p.read(ctx, w, &r)
}

// read reads a worker's record, which takes a while or fails.
func (p *people) read(ctx context.Context, w *worker, r *roll) (*transfer.WorkerRecord, error) {
	s := p.sim
	if err := s.sleep(ctx, r.between(s.weather.quickest, s.weather.slowest)); err != nil {
		return nil, err
	}
	if !s.calm && r.happens(s.weather.calls/2) {
		return nil, errUnreadable
	}
	known := s.truth.worker(w)
	p.heard[w.sid] = known
	return &known, nil
}

// Serves implements coordinator.Roster.
func (p *people) Serves(_ string, q transfer.QueueRecord) bool { return q.FriendlyName != "Archive" }

// Directory implements coordinator.Roster.
func (p *people) Directory() ([]transfer.WorkerRecord, []transfer.QueueRecord) { return nil, nil }

// Subscribe implements coordinator.Roster. Nobody is called: what is heard goes
// to the coordinator by [backend.heardOf].
func (p *people) Subscribe(func(transfer.WorkerRecord)) (cancel func()) { return func() {} }

// heardOf takes in what a webhook tells of a worker.
func (b *backend) heardOf(sid, activity string) {
	w := b.people.heard[sid]
	w.ActivityName, w.Available = activity, activity == "Available"
	b.people.heard[sid] = w
	b.coordinator.WorkerChanged(context.Background(), w)
}
