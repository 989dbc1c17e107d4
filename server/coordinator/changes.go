package coordinator

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Changes keeps the last change of each thing until it is taken: who is slow
// skips what is old.
type Changes[T any] struct {
	key     func(T) string
	mu      sync.Mutex
	waiting map[string]T
	signal  chan struct{}
}

// NewChanges keeps changes by the key.
func NewChanges[T any](key func(T) string) *Changes[T] {
	return &Changes[T]{key: key, waiting: map[string]T{}, signal: make(chan struct{}, 1)}
}

func workerSID(w transfer.WorkerRecord) string { return w.SID }

// Add notes a change. It does not wait.
func (c *Changes[T]) Add(change T) {
	c.mu.Lock()
	c.waiting[c.key(change)] = change
	c.mu.Unlock()
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

// Each calls visit with every change, in no order, until ctx is done or a call
// fails.
func (c *Changes[T]) Each(ctx context.Context, visit func(T) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.signal:
		}
		c.mu.Lock()
		taken := slices.Collect(maps.Values(c.waiting))
		clear(c.waiting)
		c.mu.Unlock()
		for _, change := range taken {
			if err := visit(change); err != nil {
				return err
			}
		}
	}
}
