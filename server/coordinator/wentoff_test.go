package coordinator

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestWhoIsBackIsStillAsked, whatever this process has heard of them: the webhook
// may have gone to another one. Who has gone off indeed is asked no longer.
func TestWhoIsBackIsStillAsked(t *testing.T) {
	for name, hears := range map[string]func(p *process, bea string){
		"heard long ago": func(*process, string) {},
		"heard now":      func(p *process, bea string) { p.WorkerChanged(context.Background(), transfer.WorkerRecord{SID: bea}) },
	} {
		t.Run(name, func(t *testing.T) {
			l, p := several(t, func(_ *lab, s *transfer.Settings) { s.InviteTimeout = 2 * time.Minute })
			l.ask(p, "ada", onAccept)
			l.until(p, transfer.PhaseRinging)
			p.roster.off = map[string]bool{l.worker("bea"): true}
			look := func() {
				hears(p, l.worker("bea"))
				l.clock.Advance(30 * time.Second)
				l.run(p)
			}
			look()
			if got := l.last(); got.Phase != transfer.PhaseRinging || got.Over != "" {
				t.Fatalf("bea is available, and is asked no longer: %+v", got)
			}
			l.be("bea", "Break")
			look()
			if got := l.until(p, transfer.PhaseDeclined); got.Failure != transfer.ReasonTargetWentOff {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestAskedIsForgotten also where another process has recorded the end.
func TestAskedIsForgotten(t *testing.T) {
	l := newLab(t)
	a, b := l.open(), l.open()
	l.start(a)
	l.until(a, transfer.PhaseRinging)
	l.accept("bea")
	l.deliverAll(b)
	l.run(b)
	l.be("bea", "Break")
	a.WorkerChanged(t.Context(), transfer.WorkerRecord{SID: l.worker("bea")})
	if left := a.asked.by(l.worker("bea")); len(left) > 0 || len(a.asked.workers) > 0 {
		t.Errorf("bea still counts as asked in %v, %v", left, a.asked.workers)
	}
	if got := l.last(); got.Phase != transfer.PhaseCompleted {
		t.Errorf("%+v", got)
	}
}

// TestAMadeUpInteractionIsNobodyElsesAnswer: who reads the same channel as one of
// an interaction that does not exist spoils no read of somebody who is in it.
func TestAMadeUpInteractionIsNobodyElsesAnswer(t *testing.T) {
	l := newLab(t)
	p := l.open()
	good := l.request("ada", "bea")
	foreign := good
	foreign.InteractionSID = "KD" + strings.Repeat("0", 32)
	asked := make(chan error, 1)
	p.once("channel", func(do func() error) error { // of the foreign read
		go func() {
			_, err := p.Start(context.Background(), l.as("ada"), good, "k")
			asked <- err
		}()
		select {
		case err := <-asked: // by a read of its own
			asked <- err
		case <-time.After(300 * time.Millisecond): // it waits for this one
		}
		return do()
	})
	if _, err := p.Start(t.Context(), l.as("chidi"), foreign, "x"); err == nil {
		t.Error("a made-up interaction is taken")
	}
	if err := <-asked; err != nil {
		t.Errorf("ada was refused by what chidi asked for: %v", err)
	}
	f := newFactCache(l.clock.Now, 30*time.Second, 2*time.Second)
	f.put(good.InteractionSID, good.InteractionChannelSID, good.TaskSID, conversation{readAt: l.clock.Now()})
	if _, fresh := f.get(foreign.InteractionSID, good.InteractionChannelSID, good.TaskSID); fresh {
		t.Error("what is kept of the channel counts for a made-up interaction")
	}
}
