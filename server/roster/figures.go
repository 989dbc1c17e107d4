package roster

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// lookedAt is how long after somebody opened the directory its figures are kept fresh.
	lookedAt = 5 * time.Minute
	// figuresEvery is how often all figures are read while somebody looks, if there are few queues.
	figuresEvery = 5 * time.Second
	// figuresPause is the pause between two queues: figures take a quarter of what Twilio allows at most.
	figuresPause = 200 * time.Millisecond
)

// figures are the queues' real-time figures, which are read only while somebody looks at the directory.
type figures struct {
	mu         sync.Mutex
	looked     time.Time // when somebody last opened the directory
	looks      chan struct{}
	known      map[string]transfer.QueueFigures // by queue SID
	subscribed map[int]func(transfer.QueueRecord)
	nextID     int
}

func newFigures() *figures {
	return &figures{
		looks: make(chan struct{}, 1), known: map[string]transfer.QueueFigures{}, subscribed: map[int]func(transfer.QueueRecord){},
	}
}

// Look says that somebody has opened the directory: its figures are kept fresh for some minutes.
func (r *Roster) Look() {
	f := r.figures
	f.mu.Lock()
	f.looked = r.clock()
	f.mu.Unlock()
	select {
	case f.looks <- struct{}{}:
	default:
	}
}

// SubscribeQueues has fn called with every queue whose figures have changed. fn must be quick.
func (r *Roster) SubscribeQueues(fn func(transfer.QueueRecord)) (cancel func()) {
	f := r.figures
	f.mu.Lock()
	defer f.mu.Unlock()
	id := f.nextID
	f.nextID++
	f.subscribed[id] = fn
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subscribed, id)
	}
}

// of is the record with its figures, where they are known.
func (f *figures) of(q transfer.QueueRecord) transfer.QueueRecord {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.known[q.SID]; ok {
		q.Figures = &known
	}
	return q
}

// RunFigures reads the queues' figures while somebody looks at the directory, until ctx is done. What cannot be read is
// read the next time.
func (r *Roster) RunFigures(ctx context.Context) {
	for ctx.Err() == nil {
		if !r.figures.wanted(r.clock()) {
			r.figures.forget() // what is old would be taken for what is
			select {
			case <-ctx.Done():
				return
			case <-r.figures.looks:
			}
			continue
		}
		began := time.Now()
		r.readFigures(ctx)
		wait(ctx, figuresEvery-time.Since(began))
	}
}

func (f *figures) wanted(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.looked.IsZero() && now.Sub(f.looked) < lookedAt
}

func (f *figures) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.known)
}

// readFigures reads all queues, one after the other.
func (r *Roster) readFigures(ctx context.Context) {
	_, queues := r.Directory()
	for i, q := range queues {
		if i > 0 && len(queues) > 10 {
			wait(ctx, figuresPause)
		}
		now, err := r.api.QueueFigures(ctx, q.SID)
		switch {
		case ctx.Err() != nil:
			return
		case twilioapi.IsNotFound(err):
			continue
		case err != nil:
			r.logger.Warn("a queue's figures could not be read", "queue", q.SID, "error", err)
			continue
		}
		r.figures.take(q, now)
	}
}

// take keeps figures and tells subscribers, if they have changed.
func (f *figures) take(q transfer.QueueRecord, now transfer.QueueFigures) {
	f.mu.Lock()
	was, known := f.known[q.SID]
	f.known[q.SID] = now
	tell := slices.Collect(maps.Values(f.subscribed))
	f.mu.Unlock()
	if known && alike(was, now) {
		return
	}
	q.Figures = &now
	for _, fn := range tell {
		fn(q)
	}
}

// waitStep is by how much the longest wait has to change before it is told: it grows all the time.
const waitStep = 30

func alike(a, b transfer.QueueFigures) bool {
	return a.Available == b.Available && a.Waiting == b.Waiting && a.LongestWait/waitStep == b.LongestWait/waitStep
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
