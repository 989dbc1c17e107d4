package httpapi

import (
	"context"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// maxStreams is how many streams one worker may have open at a time.
const maxStreams = 8

// streams counts the open streams and can end them all.
type streams struct {
	mu      sync.Mutex
	byOwner map[string]int // worker SID → open streams
	open    sync.WaitGroup

	ended context.Context // done once drain was called
	end   context.CancelFunc
}

func newStreams() *streams {
	s := &streams{byOwner: make(map[string]int)}
	s.ended, s.end = context.WithCancel(context.Background())
	return s
}

func (s *streams) draining() bool { return s.ended.Err() != nil }

// drain ends the streams that are open. The lock makes sure that one which is
// just entering is counted before anybody waits.
func (s *streams) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
}

// wait returns once every stream has ended; drain was called before.
func (s *streams) wait() { s.open.Wait() }

// enter counts a stream of the worker in. It refuses one too many, and all of
// them once drained. The context ends with the parent's, with the drain or
// after life; leave must be called when the stream has ended.
func (s *streams) enter(parent context.Context, worker string, life time.Duration) (ctx context.Context, leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining() {
		return nil, nil, refuse(transfer.ReasonServiceUnavailable, "", "The service is restarting.")
	}
	if s.byOwner[worker] >= maxStreams {
		return nil, nil, &transfer.Refusal{Reason: ReasonTooManyStreams}
	}
	s.byOwner[worker]++
	s.open.Add(1)
	ctx, cancel := context.WithTimeout(parent, life)
	stop := context.AfterFunc(s.ended, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.leave(worker)
	}, nil
}

func (s *streams) leave(worker string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byOwner[worker]--
	if s.byOwner[worker] == 0 {
		delete(s.byOwner, worker)
	}
	s.open.Done()
}
