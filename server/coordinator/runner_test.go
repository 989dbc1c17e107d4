package coordinator

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestDecisions names each decision of a runner once.
func TestDecisions(t *testing.T) {
	for _, c := range []struct {
		name    string
		play    func(l *lab, p *process) *process // who decides
		want    Decision
		fails   bool
		phase   transfer.Phase
		nextDue time.Duration // from then on; negative: no work is left
	}{
		{"an invite in hand of this process", func(l *lab, p *process) *process { return p },
			DecisionInHand, false, transfer.PhaseInviting, 5 * time.Second},
		{"an invite in hand of another process", func(l *lab, _ *process) *process { return l.open() },
			DecisionWait, false, transfer.PhaseInviting, 5 * time.Second},
		{"an invite whose lease is over", func(l *lab, _ *process) *process { l.clock.Advance(5 * time.Second); return l.open() },
			DecisionTookOver, false, transfer.PhaseSearching, 0},
		{"an invite whose lease is over, and the ledger does not answer", func(l *lab, _ *process) *process {
			l.clock.Advance(5 * time.Second)
			q := l.open()
			q.once("append", notReached)
			return q
		}, DecisionRetry, true, transfer.PhaseInviting, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			p := l.open()
			p.once("invite", func(do func() error) error {
				l.decide(t, c.play(l, p), c.want, c.fails, c.phase, c.nextDue)
				return do()
			})
			l.start(p)
			l.finish(t, p)
		})
	}
}

// decide has the process make one decision.
func (l *lab) decide(t *testing.T, p *process, want Decision, fails bool, phase transfer.Phase, nextDue time.Duration) {
	t.Helper()
	got, err := p.RunOnce(context.Background())
	if got != want || (err != nil) != fails {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if now := l.last().Phase; now != phase {
		t.Errorf("phase %s, want %s", now, phase)
	}
	at, any := l.store.NextDue()
	if in := at.Sub(l.clock.Now()); any != (nextDue >= 0) || any && in != nextDue {
		t.Errorf("next due %v in %v, want %v", any, in, nextDue)
	}
}

func TestDecisionsAfterTheInvite(t *testing.T) {
	l := newLab(t)
	p := l.open()
	p.once("invite", lostAnswer)
	l.start(p)
	// Searching: not due yet, then the list cannot be read, then it is found.
	l.decide(t, p, DecisionWait, false, transfer.PhaseSearching, 2*time.Second)
	l.clock.Advance(2 * time.Second)
	p.once("invites", notReached)
	l.decide(t, p, DecisionRetry, true, transfer.PhaseSearching, time.Second)
	l.clock.Advance(time.Second)
	l.decide(t, p, DecisionStep, false, transfer.PhaseLeaving, 0)
	// Leaving: no clear answer, then gone.
	p.once("remove", lostAnswer)
	l.decide(t, p, DecisionRetry, true, transfer.PhaseLeaving, time.Second)
	l.clock.Advance(time.Second)
	l.decide(t, p, DecisionStep, false, transfer.PhaseRinging, 0)
	// Ringing: nothing to do for a while, then nothing has happened.
	l.decide(t, p, DecisionWait, false, transfer.PhaseRinging, transfer.FirstCheck)
	l.clock.Advance(transfer.FirstCheck)
	l.decide(t, p, DecisionWait, false, transfer.PhaseRinging, transfer.CheckEvery)
	l.accept("bea")
	l.clock.Advance(transfer.CheckEvery)
	l.decide(t, p, DecisionStep, false, transfer.PhaseCompleted, -1)
	l.sound(t)
}

// TestWorkThatWasAnsweredMeanwhile is left alone.
func TestWorkThatWasAnsweredMeanwhile(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	p.once("remove", func(do func() error) error {
		err := do()
		last, lastErr := p.Ledger.Last(context.Background(), l.conv.SID)
		l.check(errors.Join(err, lastErr))
		_, _, lastErr = p.record(context.Background(), last, transfer.Left{TransferID: l.last().ID, At: l.clock.Now()})
		l.check(lastErr)
		return err
	})
	l.decide(t, p, DecisionNothing, false, transfer.PhaseRinging, 0)
	l.finish(t, p)
}

// TestWorkWithoutSteps is a record that no transfer of which is open: the
// ledger may hand it out all the same.
func TestWorkWithoutSteps(t *testing.T) {
	l := newLab(t)
	p := l.open()
	w := &closedWork{}
	p.Ledger = oneWork{p.Ledger, w}
	if d, err := p.RunOnce(context.Background()); d != DecisionNothing || err != nil || !w.done {
		t.Errorf("%s %v %+v", d, err, w)
	}
}

type oneWork struct {
	ledger.Ledger
	w ledger.Work
}

func (o oneWork) Next(context.Context) (ledger.Work, error) { return o.w, nil }

type closedWork struct{ done bool }

func (*closedWork) Record() ledger.Record     { return ledger.Record{ID: "r"} }
func (w *closedWork) Done() error             { w.done = true; return nil }
func (*closedWork) Later(time.Duration) error { return nil }
func (*closedWork) Progress() error           { return nil }

func TestRunOnceEndsWithItsContext(t *testing.T) {
	l := newLab(t)
	p := l.open()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if d, err := p.RunOnce(ctx); d != DecisionNothing || !errors.Is(err, context.Canceled) {
		t.Errorf("%s %v", d, err)
	}
	p.kill()
	if _, err := p.RunOnce(context.Background()); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// TestLongStepsShowSignsOfLife keeps the work of a step that takes longer than
// a ledger waits.
func TestLongStepsShowSignsOfLife(t *testing.T) {
	l := newLab(t)
	p := l.open()
	w := &liveWork{alive: make(chan struct{}, 10)}
	if _, _, err := p.alive(w, func() (ledger.Record, bool, error) {
		select {
		case <-w.alive:
		case <-time.After(time.Minute):
			t.Error("no sign of life")
		}
		return ledger.Record{}, false, nil
	}); err != nil {
		t.Error(err)
	}
}

type liveWork struct {
	closedWork
	alive chan struct{}
}

func (w *liveWork) Progress() error { w.alive <- struct{}{}; return nil }

// TestNothingIsLeftInHand looks at the bookkeeping after the end.
func TestNothingIsLeftInHand(t *testing.T) {
	l := newLab(t)
	p := l.open()
	p.once("invite", func(do func() error) error {
		l.run(p) // attaches the work
		l.clock.Advance(6 * time.Second)
		l.run(p) // and again, handed out a second time
		return do()
	})
	l.start(p)
	l.finish(t, p)
	p2 := l.open()
	p2.once("append", notReached)
	_, err := p2.Start(context.Background(), l.as("bea"), l.request("bea", "chidi"), "k")
	wantReason(t, err, transfer.ReasonServiceUnavailable)
	for _, q := range []*process{p, p2} {
		if n := len(q.own.records); n != 0 {
			t.Errorf("%d records in hand", n)
		}
	}
}
