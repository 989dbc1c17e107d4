package dropin

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// perSecond and burst are what one worker may ask for: far more than a person
	// does, and enough for all repeats that a plugin sends.
	perSecond = 10
	burst     = 100
	// forgetAfter is how long a worker who asks nothing is remembered: by then the
	// burst is whole again.
	forgetAfter = burst / perSecond * time.Second
)

// limiter keeps one worker's requests from crowding out those of others.
type limiter struct {
	clock func() time.Time

	mu      sync.Mutex
	workers map[string]*allowance
	swept   time.Time
}

type allowance struct {
	bucket *rate.Limiter
	used   time.Time
}

func newLimiter(clock func() time.Time) *limiter {
	return &limiter{clock: clock, workers: map[string]*allowance{}}
}

// allow reports whether the worker may ask now; if not, how long they should
// wait.
func (l *limiter) allow(workerSID string) (wait time.Duration, allowed bool) {
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > forgetAfter {
		for sid, a := range l.workers {
			if now.Sub(a.used) > forgetAfter {
				delete(l.workers, sid)
			}
		}
		l.swept = now
	}
	a, known := l.workers[workerSID]
	if !known {
		a = &allowance{bucket: rate.NewLimiter(perSecond, burst)}
		l.workers[workerSID] = a
	}
	a.used = now
	return time.Second, a.bucket.AllowN(now, 1)
}
