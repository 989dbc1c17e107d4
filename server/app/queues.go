package app

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// queueChanges keeps the last change of each queue until it is taken: a slow
// stream skips what is old.
type queueChanges struct {
	mu      sync.Mutex
	waiting map[string]transfer.QueueRecord
	signal  chan struct{}
}

func newQueueChanges() *queueChanges {
	return &queueChanges{waiting: map[string]transfer.QueueRecord{}, signal: make(chan struct{}, 1)}
}

func (q *queueChanges) add(r transfer.QueueRecord) {
	q.mu.Lock()
	q.waiting[r.SID] = r
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// each calls visit with every change, until ctx is done or a call fails.
func (q *queueChanges) each(ctx context.Context, visit func(transfer.QueueRecord) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.signal:
		}
		q.mu.Lock()
		taken := slices.Collect(maps.Values(q.waiting))
		clear(q.waiting)
		q.mu.Unlock()
		for _, r := range taken {
			if err := visit(r); err != nil {
				return err
			}
		}
	}
}
