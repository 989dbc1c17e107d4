package reconcile

import (
	"testing"
	"time"
)

// TestAgendaWhileAVisitIsMade: what is told of a conversation while it is looked
// at touches nothing that the look reads, asks for another one, and keeps an
// event that was missed from being taken for seen.
func TestAgendaWhileAVisitIsMade(t *testing.T) {
	var a agenda
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	a.add(place{channel: "UO1"}, at(0), false)
	a.tell("UO1", at(0), true)
	v := a.begin()
	before := *v
	a.add(place{"KD1", "UO1"}, at(5), true)
	a.tell("UO1", at(3), true)
	if v.place != before.place || v.closely != before.closely || v.told != before.told || v.missed != before.missed {
		t.Errorf("%+v has become %+v while it is made", before, *v)
	}
	if got := a.oldestMissed(at(9)); !got.Equal(at(0)) {
		t.Errorf("the oldest missed event is of %v", got)
	}
	a.end(v, true, time.Time{})
	if got := a.oldestMissed(at(9)); !got.Equal(at(3)) {
		t.Errorf("the oldest missed event after the look is of %v", got)
	}
	if due, any := a.next(); !any || !due.Equal(at(5)) || v.interaction != "KD1" || !v.closely || !v.told.Equal(at(3)) {
		t.Errorf("the next look: %+v", *v)
	}
	a.end(a.begin(), true, time.Time{})
	if _, any := a.next(); any || len(a.visits) != 0 || !a.oldestMissed(at(9)).Equal(at(9)) {
		t.Error("something is left")
	}
}

// TestAgendaIsRacedFor tells of a conversation while visits of it are made, as
// webhooks do: run it under the race detector.
func TestAgendaIsRacedFor(t *testing.T) {
	r := &Reconciler{changed: make(chan struct{})}
	p := place{"KD1", "UO1"}
	told := make(chan struct{})
	go func() {
		defer close(told)
		for i := range 1000 {
			r.mu.Lock()
			r.agenda.add(p, time.Unix(int64(i), 0), i%2 == 0)
			r.agenda.tell(p.channel, time.Unix(int64(i), 0), true)
			_ = r.agenda.oldestMissed(time.Unix(1<<40, 0))
			r.mu.Unlock()
		}
	}()
	for made := 0; made < 1000; {
		select {
		case <-told:
			return
		default:
		}
		r.mu.Lock()
		var v *visit
		if _, any := r.agenda.next(); any {
			v = r.agenda.begin()
		}
		r.mu.Unlock()
		if v == nil {
			continue
		}
		if v.closely && v.told.IsZero() && v.interaction == "" { // as a look reads them
			t.Error("a visit that nobody asked for")
		}
		v.closely = false
		r.endVisit(v, true, time.Time{})
		made++
	}
}
