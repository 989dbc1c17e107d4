package nats

import (
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// inParallel calls f with 0 to n-1 from some goroutines.
func inParallel(goroutines, n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range goroutines {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func waitFrontier(t *testing.T, l *Ledger, sequence uint64) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		frontier, _, _ := l.known.position()
		if frontier >= sequence {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the feed stands at %d, want %d", frontier, sequence)
		}
	}
}

// recordsInOrder is a visitor that checks that sequences grow.
func recordsInOrder(t *testing.T, after *uint64, each func()) func(ledger.Record) error {
	return func(r ledger.Record) error {
		if r.Sequence <= *after {
			t.Errorf("record %d came after %d", r.Sequence, *after)
		}
		*after = r.Sequence
		each()
		return nil
	}
}
