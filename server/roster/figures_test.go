package roster

import (
	"context"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestFigures are read only while somebody looks, told when they change, and in the directory meanwhile.
func TestFigures(t *testing.T) {
	r, f := newRoster(t)
	f.figures = map[string]transfer.QueueFigures{billing.SID: {Available: 2, Waiting: 3, LongestWait: 40}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.RunFigures(ctx) }()
	defer func() { stop(); <-ended }()
	told := make(chan transfer.QueueRecord, 10)
	cancel := r.SubscribeQueues(func(q transfer.QueueRecord) { told <- q })
	f.mu.Lock()
	if n := f.calls["QueueFigures"]; n != 0 {
		t.Errorf("%d reads although nobody looks", n)
	}
	f.mu.Unlock()
	r.Look()
	seen := map[string]transfer.QueueFigures{}
	for len(seen) < 2 {
		select {
		case q := <-told:
			seen[q.SID] = *q.Figures
		case <-time.After(time.Minute):
			t.Fatalf("told of %v only", seen)
		}
	}
	if seen[billing.SID] != (transfer.QueueFigures{Available: 2, Waiting: 3, LongestWait: 40}) {
		t.Errorf("%v", seen)
	}
	_, queues := r.Directory()
	for _, q := range queues {
		if q.Figures == nil || *q.Figures != seen[q.SID] {
			t.Errorf("in the directory: %+v", q)
		}
	}
	cancel()
	r.readFigures(ctx)
	if len(told) != 0 {
		t.Error("told after it was canceled")
	}
	// Later on, nobody looks any more: what is old is forgotten.
	f.mu.Lock()
	f.now = f.now.Add(time.Hour)
	f.mu.Unlock()
	if r.figures.wanted(f.clock()) {
		t.Error("still wanted")
	}
	r.figures.forget()
	if _, queues := r.Directory(); queues[0].Figures != nil {
		t.Error("old figures are shown")
	}
}

// TestOnlyChangesAreTold: figures that stay the same are no news, nor are reads that fail.
func TestOnlyChangesAreTold(t *testing.T) {
	r, f := newRoster(t)
	f.figures = map[string]transfer.QueueFigures{}
	told := 0
	defer r.SubscribeQueues(func(transfer.QueueRecord) { told++ })()
	r.readFigures(t.Context())
	r.readFigures(t.Context())
	if told != 2 {
		t.Errorf("told %d times of two queues", told)
	}
	f.figures[billing.SID] = transfer.QueueFigures{Waiting: 1}
	r.readFigures(t.Context())
	if told != 3 {
		t.Errorf("told %d times", told)
	}
	f.figures[billing.SID] = transfer.QueueFigures{Waiting: 1, LongestWait: 29}
	r.readFigures(t.Context())
	if told != 3 {
		t.Errorf("told %d times: a wait grows all the time", told)
	}
	f.down["QueueFigures"] = true
	r.readFigures(t.Context())
	if _, queues := r.Directory(); told != 3 || queues[1].Figures == nil && queues[0].Figures == nil {
		t.Error("a read that failed changed something")
	}
}
