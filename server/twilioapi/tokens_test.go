package twilioapi

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestATokenKeepsItsPlace lets an agent whose token stands in line ask again: the question went on meanwhile.
func TestATokenKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		asked := 0
		tokens := NewTokens(func(ctx context.Context, _ string) (Token, error) {
			asked++
			if err := p.Wait(ctx, "Tokens.validate", classOf(ctx, ClassInvite)); err != nil {
				return Token{}, err
			}
			return Token{Valid: true}, nil
		}, time.Now)
		defer tokens.Close()
		for range 10 {
			go func() { _ = p.Wait(t.Context(), "Tokens.validate", ClassInvite) }()
		}
		synctest.Wait()
		begin := time.Now()
		if _, err := tokens.Validate(t.Context(), "a"); !errors.Is(err, ErrTooBusy) || time.Since(begin) != tokenPatience {
			t.Fatalf("%v after %v", err, time.Since(begin))
		}
		time.Sleep(time.Second)
		if said, err := tokens.Validate(t.Context(), "a"); err != nil || !said.Valid || asked != 1 {
			t.Errorf("%+v, %v; asked %d times", said, err, asked)
		}
		time.Sleep(2 * time.Minute)
	})
}

// TestAHungQuestionIsPutAgain does not make everybody wait for an answer that does not come.
func TestAHungQuestionIsPutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		tokens := NewTokens(func(ctx context.Context, _ string) (Token, error) {
			if asked.Add(1) == 1 {
				<-ctx.Done()
				return Token{}, ctx.Err()
			}
			return Token{Valid: true}, nil
		}, time.Now)
		defer tokens.Close()
		if _, err := tokens.Validate(t.Context(), "a"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTooBusy) {
			t.Fatalf("%v", err)
		}
		if said, err := tokens.Validate(t.Context(), "a"); err != nil || !said.Valid {
			t.Errorf("%+v, %v", said, err)
		}
		time.Sleep(2 * time.Minute)
	})
}

// TestFamiliarTokensGoFirst keeps a flood of made-up tokens from signing out those who work.
func TestFamiliarTokensGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var classes []Class
		tokens := NewTokens(func(ctx context.Context, token string) (Token, error) {
			classes = append(classes, classOf(ctx, ClassInvite))
			return Token{Valid: token == "good"}, nil
		}, time.Now)
		defer tokens.Close()
		for _, token := range []string{"good", "bad"} {
			for range 2 {
				if _, err := tokens.Validate(t.Context(), token); err != nil {
					t.Fatal(err)
				}
				time.Sleep(maxTokenTrust + time.Second)
			}
		}
		want := []Class{ClassSweep, ClassInvite, ClassSweep, ClassSweep}
		if len(classes) != 4 || classes[0] != want[0] || classes[1] != want[1] || classes[2] != want[2] || classes[3] != want[3] {
			t.Errorf("%v, want %v", classes, want)
		}
	})
}
