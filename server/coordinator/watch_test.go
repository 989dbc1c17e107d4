package coordinator

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// heard is what a stream told.
type heard struct {
	transfers  chan Outcome
	departures chan DepartureOutcome
	workers    chan transfer.WorkerRecord
	ended      chan error
}

// follow begins a stream and returns once it listens.
func follow(t *testing.T, p *process, by Caller, after uint64, visit func()) heard {
	t.Helper()
	h := heard{make(chan Outcome, 100), make(chan DepartureOutcome, 100), make(chan transfer.WorkerRecord, 100), make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	listening := make(chan bool)
	go func() {
		h.ended <- p.Follow(ctx, by, after, func() error { close(listening); return nil },
			func(_ uint64, o Outcome) error { visit(); h.transfers <- o; return nil },
			func(_ uint64, o DepartureOutcome) error { visit(); h.departures <- o; return nil },
			func(w transfer.WorkerRecord) error { visit(); h.workers <- w; return nil })
	}()
	<-listening
	return h
}

// next is the next thing of a channel.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case x := <-c:
		return x
	case <-time.After(time.Minute):
		t.Fatal("nothing is told")
		panic("unreachable")
	}
}

func (h heard) until(t *testing.T, id string, phase transfer.Phase) {
	t.Helper()
	for {
		if o := next(t, h.transfers); o.Transfer.ID == id && o.Transfer.Phase == phase {
			return
		}
	}
}

func TestFollow(t *testing.T) {
	l := newLab(t)
	p := l.open()
	var inside, calls atomic.Int32
	visit := func() {
		if inside.Add(1) != 1 {
			t.Error("two calls at once")
		}
		time.Sleep(time.Millisecond)
		calls.Add(1)
		inside.Add(-1)
	}
	ada, stranger := follow(t, p, l.as("ada"), 0, visit), follow(t, p, l.as("chidi"), 0, func() {})
	id := l.start(p).Transfer.ID
	for range 20 {
		p.roster.changed(transfer.WorkerRecord{SID: l.worker("bea"), ActivityName: "Break"})
	}
	l.finish(t, p)
	ada.until(t, id, transfer.PhaseCompleted)
	if w := next(t, ada.workers); w.ActivityName != "Break" {
		t.Errorf("%+v", w)
	}
	p.roster.changed(transfer.WorkerRecord{SID: l.worker("bea"), ActivityName: "Available"})
	next(t, stranger.workers)
	if len(stranger.transfers) != 0 {
		t.Errorf("somebody heard of another one's transfer: %+v", <-stranger.transfers)
	}
	resumed := follow(t, p, l.as("bea"), 0, func() {})
	resumed.until(t, id, transfer.PhaseCompleted)
}

// TestWorkersAreCoalesced: a stream that is slow hears of the last change only.
func TestWorkersAreCoalesced(t *testing.T) {
	l := newLab(t)
	p := l.open()
	first, goOn := make(chan bool, 100), make(chan bool)
	h := follow(t, p, l.as("ada"), 0, func() { first <- true; <-goOn })
	p.roster.changed(transfer.WorkerRecord{SID: "WK1", ActivityName: "0"})
	next(t, first)
	for _, name := range []string{"1", "2", "3"} {
		p.roster.changed(transfer.WorkerRecord{SID: "WK1", ActivityName: name})
	}
	p.roster.changed(transfer.WorkerRecord{SID: "WK2"})
	close(goOn)
	got := map[string]string{}
	for range 3 {
		w := next(t, h.workers)
		got[w.SID] += w.ActivityName
	}
	if got["WK1"] != "03" || len(h.workers) != 0 {
		t.Errorf("%v, and %d more", got, len(h.workers))
	}
}

// TestAnEndIsNotMissed: the stream was away while one transfer ended and
// another one, which is none of its business, began.
func TestAnEndIsNotMissed(t *testing.T) {
	l := newLab(t)
	p := l.open()
	id := l.start(p).Transfer.ID
	last, err := p.Ledger.Last(context.Background(), l.conv.SID)
	l.check(err)
	l.finish(t, p) // and an hour passes
	l.clock.Advance(time.Second)
	if _, err := p.Start(context.Background(), l.as("bea"), l.request("bea", "chidi"), "key"); err != nil {
		t.Fatal(err)
	}
	n := news{by: l.worker("ada"), now: func() time.Time { return l.clock.Now().Add(-time.Hour) }, ended: map[string]bool{}}
	for i, want := range []int{1, 0} {
		if got := n.of(l.state()); len(got) != want || want == 1 && got[0].ID != id {
			t.Errorf("time %d: %+v", i, got)
		}
	}
	// What ended long ago is no news.
	h := follow(t, p, l.as("ada"), last.Sequence, func() {})
	p.roster.changed(transfer.WorkerRecord{SID: "WK1"})
	next(t, h.workers)
	if len(h.transfers) != 0 {
		t.Error("old news")
	}
}

func TestFollowEnds(t *testing.T) {
	l := newLab(t)
	p := l.open()
	broken := errors.New("the client is gone")
	nothing := func(transfer.WorkerRecord) error { return nil }
	none := func(uint64, Outcome) error { return nil }
	nobody := func(uint64, DepartureOutcome) error { return nil }
	if err := p.Follow(context.Background(), l.as("ada"), 0, func() error { return broken }, none, nobody, nothing); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	l.start(p)
	err := p.Follow(context.Background(), l.as("ada"), 0, func() error { return nil }, func(uint64, Outcome) error { return broken }, nobody, nothing)
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := p.Follow(ctx, l.as("ada"), 0, func() error { cancel(); return nil }, none, nobody, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := len(p.roster.tell); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
	p.kill()
	if err := p.Follow(context.Background(), l.as("ada"), 0, func() error { return nil }, none, nobody, nothing); err == nil {
		t.Error("a closed ledger is followed")
	}
}
