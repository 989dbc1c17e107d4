package httpapi

import (
	"errors"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// burstSeconds is for how many seconds' worth of requests a worker may make at
// once: a page that is loaded makes a dozen.
const burstSeconds = 4

// limits is how many requests each worker may make. Workers are those that
// Twilio vouches for, so that nobody can fill it with names.
type limits struct {
	perSecond int // 0: any number

	mu       sync.Mutex
	byWorker map[string]*rate.Limiter
}

func newLimits(perSecond int) *limits {
	return &limits{perSecond: perSecond, byWorker: map[string]*rate.Limiter{}}
}

// take counts a request of the worker. It refuses one too many, with how long
// to wait in seconds.
func (l *limits) take(worker string, now time.Time) error {
	if l.perSecond <= 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.byWorker[worker]
	if bucket == nil {
		l.forget(now)
		bucket = rate.NewLimiter(rate.Limit(l.perSecond), burstSeconds*l.perSecond)
		l.byWorker[worker] = bucket
	}
	if bucket.AllowN(now, 1) {
		return nil
	}
	missing := 1 - bucket.TokensAt(now)
	return &tooMany{
		Refusal: transfer.Refusal{Reason: ReasonTooManyRequests},
		after:   int(math.Ceil(missing / float64(l.perSecond))),
	}
}

// Allow counts a request of a worker that is answered beside the API, so that
// AgentRate is for all that they ask. Where it is one too many it says how long
// they should wait.
func (a *API) Allow(workerSID string) (wait time.Duration, allowed bool) {
	var often *tooMany
	if errors.As(a.limits.take(workerSID, time.Now()), &often) {
		return time.Duration(often.after) * time.Second, false
	}
	return 0, true
}

// forget drops, once in a while, the workers who have not asked for long: their
// buckets are full.
func (l *limits) forget(now time.Time) {
	if n := len(l.byWorker); n < 1024 || n&(n-1) != 0 {
		return
	}
	for worker, bucket := range l.byWorker {
		if bucket.TokensAt(now) >= float64(bucket.Burst()) {
			delete(l.byWorker, worker)
		}
	}
}

// tooMany is a refusal that knows when to come again.
type tooMany struct {
	transfer.Refusal
	after int // seconds
}

// Unwrap makes it a refusal like others.
func (t *tooMany) Unwrap() error { return &t.Refusal }
