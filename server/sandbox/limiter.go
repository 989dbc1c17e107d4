package sandbox

import (
	"sync"
	"time"
)

// limiter allows each endpoint so many requests within any second.
type limiter struct {
	mu        sync.Mutex
	limit     int
	endpoints map[*route]*window
}

// window keeps the times of the last allowed requests of an endpoint, as a ring.
type window struct {
	times []time.Time
	next  int
}

func newLimiter(l Limits) *limiter {
	return &limiter{limit: l.RequestsPerSecond, endpoints: map[*route]*window{}}
}

func (l *limiter) set(limits Limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limits.RequestsPerSecond
	clear(l.endpoints)
}

// allow says whether a request may go on. One that may not does not count.
func (l *limiter) allow(r *route, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit <= 0 {
		return true
	}
	w := l.endpoints[r]
	if w == nil {
		w = &window{times: make([]time.Time, 0, l.limit)}
		l.endpoints[r] = w
	}
	if len(w.times) < l.limit {
		w.times = append(w.times, now)
		return true
	}
	if now.Sub(w.times[w.next]) < time.Second {
		return false
	}
	w.times[w.next] = now
	w.next = (w.next + 1) % l.limit
	return true
}
