package twilioapi

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestPacerKeepsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(0)
		begin := time.Now()
		var mu sync.Mutex
		var at []time.Time
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				time.Sleep(time.Duration(i%7) * 100 * time.Millisecond)
				if err := p.Wait(t.Context(), "x", ClassInvite); err != nil {
					t.Error(err)
				}
				mu.Lock()
				at = append(at, time.Now())
				mu.Unlock()
			})
		}
		all.Wait()
		slices.SortFunc(at, time.Time.Compare)
		if len(at) != 100 {
			t.Fatalf("%d of 100 went", len(at))
		}
		for i := DefaultRate; i < len(at); i++ {
			if d := at[i].Sub(at[i-DefaultRate]); d <= time.Second {
				t.Fatalf("%d requests within %v", DefaultRate+1, d)
			}
		}
		if d := at[99].Sub(begin); d > 5*time.Second {
			t.Errorf("100 requests took %v", d)
		}
	})
}

func TestPacerTakesTheUrgentFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		if err := p.Wait(t.Context(), "x", ClassSweep); err != nil {
			t.Fatal(err)
		}
		order := make(chan string, 6)
		for _, w := range []struct {
			name  string
			class Class
		}{{"sweep1", ClassSweep}, {"invite1", ClassInvite}, {"sweep2", ClassSweep}, {"removal1", ClassRemoval}, {"invite2", ClassInvite}, {"removal2", ClassRemoval}} {
			go func() {
				if err := p.Wait(t.Context(), "x", w.class); err == nil {
					order <- w.name
				}
			}()
			synctest.Wait()
		}
		if err := p.Wait(t.Context(), "another endpoint", ClassSweep); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"removal1", "removal2", "invite1", "invite2", "sweep1", "sweep2"} {
			if got := <-order; got != want {
				t.Errorf("%s went, want %s", got, want)
			}
		}
	})
}

func TestPacerGivesUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		_ = p.Wait(t.Context(), "x", ClassInvite)
		for range 3 {
			go func() { _ = p.Wait(t.Context(), "x", ClassInvite) }()
		}
		synctest.Wait()
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := p.Wait(ctx, "x", ClassInvite); !errors.Is(err, ErrTooBusy) || time.Since(begin) != 0 {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := p.Wait(ctx, "x", ClassRemoval); err != nil {
			t.Errorf("the removal goes before the others: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

func TestPacerForgetsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		_ = p.Wait(t.Context(), "x", ClassInvite)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 50)
		for range 50 {
			go func() { gone <- p.Wait(ctx, "x", ClassRemoval) }()
		}
		synctest.Wait()
		cancel()
		for range 50 {
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		begin := time.Now()
		if err := p.Wait(t.Context(), "x", ClassSweep); err != nil || time.Since(begin) > paceWindow {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		time.Sleep(time.Minute)
	})
}

type recorder struct{ classes []Class }

func (r *recorder) Wait(_ context.Context, _ string, c Class) error {
	r.classes = append(r.classes, c)
	return nil
}

func TestClasses(t *testing.T) {
	r := &recorder{}
	f := newFake(t, reply(200, channelAnswer), func(o *Options) { o.Pace = r })
	_, _ = f.client.Channel(t.Context(), interactionSID, channelSID)
	_, _ = f.client.Channel(WithClass(t.Context(), ClassSweep), interactionSID, channelSID)
	_ = f.client.LeaveParticipant(t.Context(), interactionSID, channelSID, participantSID, transfer.LeaveCompleted)
	_, _ = f.client.Workers(t.Context())
	if want := []Class{ClassInvite, ClassSweep, ClassRemoval, ClassSweep}; !slices.Equal(r.classes, want) {
		t.Errorf("classes %v, want %v", r.classes, want)
	}
}

func TestPacerThatGivesUpIsNotSent(t *testing.T) {
	for range 100 {
		p := NewPacer(1)
		f := newFake(t, reply(201, madeInvite), func(o *Options) { o.Pace = p })
		if _, err := f.invite(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := f.invite(within(t, 100*time.Millisecond))
		if err == nil {
			continue // the machine was so slow that its turn had come
		}
		wantOutcome(t, err, NotSent)
		if !errors.Is(err, ErrTooBusy) || len(f.seen()) != 1 {
			t.Errorf("%v after %d requests", err, len(f.seen()))
		}
		return
	}
	t.Error("the pacer never gave up")
}

// TestConversationsTakeTurns lets a conversation with one request go before the hundredth of another.
func TestConversationsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		_ = p.Wait(t.Context(), "x", ClassInvite)
		order := make(chan string, 8)
		for _, key := range []string{"a", "a", "a", "a", "b", "b", "c"} {
			go func() {
				if err := p.Wait(WithConversation(t.Context(), key), "x", ClassInvite); err == nil {
					order <- key
				}
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), paceWindow*9/2) // a newcomer is the fourth, not the eighth
		defer cancel()
		go func() {
			if err := p.Wait(WithConversation(ctx, "d"), "x", ClassInvite); err != nil {
				t.Error(err)
			}
			order <- "d"
		}()
		synctest.Wait()
		for _, want := range []string{"a", "b", "c", "d", "a", "b", "a", "a"} {
			if got := <-order; got != want {
				t.Errorf("%s went, want %s", got, want)
			}
		}
	})
}

// TestLine tells how long the line is, with those who asked and have not joined yet.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(2).(Liner)
		for i, want := range []time.Duration{0, 0, paceWindow, paceWindow, 2 * paceWindow} {
			if got := p.Line("x", ClassInvite); got != want {
				t.Errorf("whoever asks as number %d hears %v, want %v", i, got, want)
			}
		}
		time.Sleep(expectedFor + 1)
		if got := p.Line("x", ClassInvite); got != 0 {
			t.Errorf("those who did not come still count: %v", got)
		}
	})
}

// TestPlace says whether a call waits.
func TestPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		ctx, place := WithPlace(t.Context())
		_ = p.Wait(ctx, "x", ClassInvite)
		if place.InLine() {
			t.Error("in line, although it went at once")
		}
		go func() { _ = p.Wait(ctx, "x", ClassInvite) }()
		synctest.Wait()
		if !place.InLine() {
			t.Error("not in line")
		}
		time.Sleep(paceWindow)
		synctest.Wait()
		if place.InLine() {
			t.Error("still in line")
		}
	})
}
