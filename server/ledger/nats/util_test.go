package nats

import (
	"context"
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

// waitAnswered waits until the server has taken in every answer to a piece of
// work: it does so beside what it says.
func waitAnswered(t *testing.T, l *Ledger) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		work, err := l.stream.Consumer(context.Background(), workName)
		if err == nil && work.CachedInfo().NumAckPending == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("work is not answered: %v", err)
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
