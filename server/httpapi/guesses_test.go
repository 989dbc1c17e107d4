package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// bob is somebody else.
var bob = Caller{WorkerSID: "WK" + "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}

// guessing is a world in which bob is signed in too, and an API with a limit that
// nobody reaches. Every request counts in asked and is answered by answer.
func guessing(t *testing.T, answer func(transfer.Request) error) (a *API, asked func() int) {
	var mu sync.Mutex
	n := 0
	w := newWorld()
	ask := func(r transfer.Request) error {
		mu.Lock()
		n++
		mu.Unlock()
		return answer(r)
	}
	w.verify = func(_ context.Context, token string) (Caller, error) {
		if token == "bob" {
			return bob, nil
		}
		return ada, nil
	}
	w.start = func(_ context.Context, _ Caller, r transfer.Request, _ string) (Outcome, error) {
		return outcome(transfer.PhaseRinging), ask(r)
	}
	w.cancel = func(_ context.Context, _ Caller, r transfer.Request) (Outcome, error) {
		return outcome(transfer.PhaseWithdrawing), ask(r)
	}
	w.depart = func(_ context.Context, _ Caller, r transfer.Request) (DepartureOutcome, error) {
		return departure(transfer.DepartureGone), ask(r)
	}
	w.directory = func(_ context.Context, _ Caller, c Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		if c.TaskSID != "" {
			_ = ask(transfer.Request{TaskSID: c.TaskSID})
		}
		return nil, nil, nil
	}
	a = w.api(t, func(o *Options) { o.AgentRate = 10_000 })
	return a, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// about are the members that name the nth conversation.
func about(n int) string {
	return fmt.Sprintf(`{"wire":1,"interactionSid":"KD%032x","interactionChannelSid":"UO%032x","taskSid":"WT%032x"`, n, n, n)
}

// asks asks about the nth conversation in one of the ways that there are.
func asks(a *API, n int, token string) *http.Response {
	path, body := "/v1/transfers", `,"rules":"r","mode":"cold","target":{"kind":"worker","sid":"`+sid("WK")+`"}}`
	switch n % 3 {
	case 1:
		path, body = "/v1/departures", `,"kind":"leave"}`
	case 2:
		path, body = "/v1/transfers/"+sid("XT")+"/cancel", "}"
	}
	return do(a, request("POST", path, about(n)+body,
		"Content-Type", "application/json", "Idempotency-Key", "k", "Authorization", "Bearer "+token))
}

func refuses(reason transfer.Reason) func(transfer.Request) error {
	return func(transfer.Request) error { return &transfer.Refusal{Reason: reason} }
}

// TestGuessesRunOut asks about conversations of others, one after the other.
func TestGuessesRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, asked := guessing(t, refuses(transfer.ReasonNotInConversation))
		for n := range 100 {
			resp := asks(a, n, goodToken)
			if n < guessesAtOnce {
				expect(t, resp, 403, transfer.ReasonNotInConversation)
				continue
			}
			if expect(t, resp, 429, ReasonTooManyGuesses); resp.Header.Get("Retry-After") != "1" {
				t.Fatalf("Retry-After %q", resp.Header.Get("Retry-After"))
			}
		}
		if n := asked(); n != guessesAtOnce {
			t.Errorf("%d requests got through", n)
		}
		expect(t, asks(a, 1, "bob"), 403, transfer.ReasonNotInConversation)
		if a.About(ada.WorkerSID, "beside the API", func() error { t.Error("it was done"); return nil }) {
			t.Error("what is answered beside the API has an allowance of its own")
		}
		time.Sleep(time.Second)
		expect(t, asks(a, 1, goodToken), 403, transfer.ReasonNotInConversation)
		expect(t, asks(a, 2, goodToken), 429, ReasonTooManyGuesses)
	})
}

// TestGuessesAtOnce has a hundred under way before the first is answered.
func TestGuessesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		a, asked := guessing(t, func(transfer.Request) error {
			<-answer
			return &transfer.Refusal{Reason: transfer.ReasonNotInConversation}
		})
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() { asks(a, n, goodToken) })
		}
		synctest.Wait()
		if n := asked(); n != guessesAtOnce {
			t.Errorf("%d requests got through", n)
		}
		close(answer)
		all.Wait()
		expect(t, asks(a, 1, goodToken), 429, ReasonTooManyGuesses)
		if n := asked(); n != guessesAtOnce {
			t.Errorf("%d requests got through", n)
		}
	})
}

// TestOwnConversationsAreNoGuesses asks about one's own, whatever the answer is.
func TestOwnConversationsAreNoGuesses(t *testing.T) {
	for name, answer := range map[string]func(transfer.Request) error{
		"done":    func(transfer.Request) error { return nil },
		"refused": refuses(transfer.ReasonTargetUnavailable),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, asked := guessing(t, answer)
				for n := range 200 {
					asks(a, n, goodToken)
				}
				if n := asked(); n != 200 {
					t.Errorf("%d of 200 requests got through", n)
				}
			})
		})
	}
}

// TestWhatIsNotAnsweredMayBeAGuess: what Twilio has no time for counts until the
// same is asked again and answered. Those who repeat it until then are not
// limited; those who ask for ever more are.
func TestWhatIsNotAnsweredMayBeAGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := true
		a, asked := guessing(t, func(transfer.Request) error {
			if busy {
				return &transfer.Refusal{Reason: transfer.ReasonTwilioBusy}
			}
			return nil
		})
		for n := range 200 { // ten conversations of one's own
			expect(t, asks(a, n%10*3, goodToken), 429, transfer.ReasonTwilioBusy)
		}
		for n := range 100 {
			asks(a, 1000+n, goodToken)
		}
		if n := asked(); n != 200+guessesAtOnce-10 {
			t.Errorf("%d requests got through", n)
		}
		busy = false
		for n := range 10 {
			if resp := asks(a, n*3, goodToken); resp.StatusCode != 201 {
				t.Errorf("answered at last: %d", resp.StatusCode)
			}
		}
		for n := range 100 { // these are known to be one's own now
			if resp := asks(a, n%10*3, goodToken); resp.StatusCode != 201 {
				t.Fatalf("request %d about one's own: %d", n, resp.StatusCode)
			}
		}
		time.Sleep(unansweredFor + time.Second)
		busy = true
		for n := range guessesAtOnce {
			expect(t, asks(a, 3000+n*3, goodToken), 429, transfer.ReasonTwilioBusy)
		}
		expect(t, asks(a, 6000, goodToken), 429, ReasonTooManyGuesses)
	})
}

// TestReadingAheadKeepsHalfOfTheGuesses: the directory is always answered, and
// what is read ahead for it takes nothing from clicks.
func TestReadingAheadKeepsHalfOfTheGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, asked := guessing(t, refuses(transfer.ReasonNotInConversation))
		for n := range 100 {
			resp := do(a, signedIn("GET", fmt.Sprintf("/v1/directory?interactionSid=KD%032x&interactionChannelSid=UO%032x&taskSid=WT%032x", n, n, n), ""))
			if resp.StatusCode != 200 {
				t.Fatalf("directory %d: %d", n, resp.StatusCode)
			}
		}
		if n := asked(); n != guessesAtOnce/2 {
			t.Errorf("%d conversations were read ahead", n)
		}
		for n := range 100 {
			asks(a, n, goodToken)
		}
		if n := asked(); n != guessesAtOnce {
			t.Errorf("%d requests got through", n)
		}
	})
}

// TestNoLimitNoGuesses: where workers may make any number of requests, they may
// guess.
func TestNoLimitNoGuesses(t *testing.T) {
	w := newWorld()
	w.depart = func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
		return DepartureOutcome{}, &transfer.Refusal{Reason: transfer.ReasonNotInConversation}
	}
	a := w.api(t)
	for range 100 {
		expect(t, asks(a, 1, goodToken), 403, transfer.ReasonNotInConversation)
	}
}

// TestAPanicIsNoWayAroundTheGuesses gives nothing back for what panicked.
func TestAPanicIsNoWayAroundTheGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, asked := guessing(t, func(transfer.Request) error { panic("boom") })
		for n := range 100 {
			asks(a, n, goodToken)
		}
		if n := asked(); n != guessesAtOnce {
			t.Errorf("%d requests got through", n)
		}
	})
}

// TestGuessesAreForgotten keeps nothing of who has not guessed for long, and all
// of who is just asking.
func TestGuessesAreForgotten(t *testing.T) {
	gs, now := newGuesses(1), time.Now()
	g := gs.enter("still asking", 1, now)
	for i := range 1023 {
		worker := time.Duration(i).String()
		gs.leave(gs.enter(worker, 1, now), 1, &transfer.Refusal{Reason: transfer.ReasonTwilioBusy}, now)
	}
	now = now.Add(unansweredFor + time.Second)
	gs.enter("the next", 1, now)
	if n := len(gs.byWorker); n != 2 || gs.byWorker["still asking"] != g {
		t.Errorf("%d workers are kept", n)
	}
}
