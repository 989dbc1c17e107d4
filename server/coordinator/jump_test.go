package coordinator

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// jumpingClock is the lab's clock, set forward or back.
type jumpingClock struct {
	l  *lab
	by atomic.Int64
}

func (c *jumpingClock) set(by time.Duration) { c.by.Store(int64(by)) }
func (c *jumpingClock) now() time.Time       { return c.l.clock.Now().Add(time.Duration(c.by.Load())) }
func (c *jumpingClock) use(o *Options)       { o.Clock = c.now }

// TestClockJumps sets a process's clock by an hour while a transfer waits, and
// measures by the account's clock how long it goes on waiting.
func TestClockJumps(t *testing.T) {
	for _, c := range []struct {
		name string
		// wait begins the transfer and returns the process that carries it on.
		wait    func(l *lab, clock *jumpingClock) *process
		becomes transfer.Phase
		within  time.Duration
	}{
		{"its target has accepted, and nobody was told", func(l *lab, clock *jumpingClock) *process {
			p := l.open(clock.use)
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			l.accept("bea")
			l.takeHooks() // and loses them
			return p
		}, transfer.PhaseCompleted, 2 * transfer.CheckEvery},
		{"nobody answers", func(l *lab, clock *jumpingClock) *process {
			p := l.open(clock.use)
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			return p
		}, transfer.PhaseRinging + " again", transfer.DefaultInviteTimeout + 3*transfer.CheckEvery},
		{"the answer to its invite was lost", func(l *lab, clock *jumpingClock) *process {
			p := l.open(clock.use)
			p.once("invite", lostAnswer)
			l.start(p)
			return p
		}, transfer.PhaseRinging, 2 * findWait},
		{"its invite was asked for by a process that died", func(l *lab, clock *jumpingClock) *process {
			first := l.open(clock.use)
			first.once("invite", func(do func() error) error { defer first.kill(); return lostAnswer(do) })
			_, _ = first.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key") // it dies
			return l.open(clock.use)
		}, transfer.PhaseRinging, 4 * findWait},
	} {
		for _, by := range []time.Duration{-time.Hour, time.Hour} {
			t.Run(fmt.Sprintf("%s, %v", c.name, by), func(t *testing.T) {
				l := newLab(t)
				clock := &jumpingClock{l: l}
				p := c.wait(l, clock)
				clock.set(by)
				took := l.untilTrue(p, c.within, func(now transfer.Transfer) bool {
					if c.becomes == transfer.PhaseRinging+" again" {
						return now.Round > 0 && now.Phase == transfer.PhaseRinging
					}
					return now.Phase == c.becomes
				})
				t.Logf("%s after %v", l.last().Phase, took)
				l.onceInvited(t)
			})
		}
	}
}

// untilTrue runs the process until the transfer is as it should be, and fails
// where that takes longer by the account's clock.
func (l *lab) untilTrue(p *process, within time.Duration, is func(transfer.Transfer) bool) time.Duration {
	l.testing.Helper()
	begun := l.clock.Now()
	for {
		l.run(p)
		took := l.clock.Now().Sub(begun)
		if is(l.last()) {
			return took
		}
		if took > within {
			l.testing.Fatalf("after %v: %+v", took, l.last())
		}
		l.clock.Advance(time.Second)
	}
}

// onceInvited expects one invite in each round, and that Ada left once.
func (l *lab) onceInvited(t *testing.T) {
	t.Helper()
	last := l.last()
	if n := len(l.invites(last.ID)); n != last.Round+1 {
		t.Errorf("%d invites in %d rounds", n, last.Round+1)
	}
	if last.LeftAt.IsZero() {
		t.Errorf("Ada is still there: %+v", last)
	}
}

// TestWaits adds up what a record waits, and forgets it with the record.
func TestWaits(t *testing.T) {
	w := newWaits()
	r := ledger.Record{ID: "a", State: transfer.State{InteractionChannelSID: "UO1"}}
	w.add(r, time.Second)
	w.add(r, 2*time.Second)
	if got := w.of(r); got != 3*time.Second {
		t.Errorf("a record that waited 1 s and 2 s: %v", got)
	}
	next := r
	next.ID = "b"
	if got := w.of(next); got != 0 {
		t.Errorf("the next record: %v", got)
	}
	w.add(next, time.Second)
	if w.of(r) != 0 || w.of(next) != time.Second {
		t.Errorf("after the next record: %v and %v", w.of(r), w.of(next))
	}
	w.forget("UO1")
	if w.of(next) != 0 {
		t.Error("what was forgotten is still there")
	}
}
