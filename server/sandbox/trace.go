package sandbox

import (
	"sync"
	"time"
)

// traceSize is how many requests the trace keeps.
const traceSize = 1000

// TraceEntry is one request that reached the account, or one webhook that left it (Out).
type TraceEntry struct {
	ID         uint64    `json:"id"` // counts up from 1
	At         time.Time `json:"at"`
	Out        bool      `json:"out,omitempty"`
	Product    string    `json:"product"` // flex-api, conversations, taskrouter, iam
	Method     string    `json:"method"`
	Path       string    `json:"path"`     // for a webhook: its address
	Template   string    `json:"template"` // path template; for a webhook: its event
	Status     int       `json:"status"`   // 0 when no answer was given (reset, lost, hung)
	Code       int       `json:"code,omitempty"`
	DurationMS float64   `json:"duration_ms"`
	Summary    string    `json:"summary,omitempty"` // what it did, in words
	By         string    `json:"by,omitempty"`      // the account or key SID that it was signed in with
}

// Trace keeps the last 1,000 requests and webhooks. It is safe for use by several goroutines.
type Trace struct {
	mu   sync.Mutex
	next uint64
	ring [traceSize]TraceEntry
}

// Last returns up to n of the newest entries, oldest first.
func (t *Trace) Last(n int) []TraceEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = max(0, min(n, traceSize, int(t.next)))
	entries := make([]TraceEntry, 0, n)
	for id := t.next - uint64(n); id < t.next; id++ {
		entries = append(entries, t.ring[id%traceSize])
	}
	return entries
}

// Count returns how many entries there have been since the account was made.
func (t *Trace) Count() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next
}

func (t *Trace) add(e TraceEntry) TraceEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	e.ID = t.next
	t.ring[(t.next-1)%traceSize] = e
	return e
}
