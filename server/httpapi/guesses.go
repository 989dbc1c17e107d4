package httpapi

import (
	"errors"
	"hash/maphash"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// guessesPerSecond and guessesAtOnce are how often a worker may ask about
	// conversations that they are not in. A page does so now and then, about one
	// that its agent has just left.
	guessesPerSecond = 1
	guessesAtOnce    = 20
	// unansweredFor is how long what Twilio has not answered yet may stand in line
	// there, after the worker was told to come again.
	unansweredFor = 2 * time.Minute
)

// guesses is how often each worker may ask about conversations that they are not
// in. That they are not is known only once Twilio was read, and each such read
// waits for Twilio's limit beside those of agents who work.
//
// So whatever is under way counts as a guess until it is known to be none, also
// where a worker asks for many at once; and so does what Twilio had no time for,
// until the worker hears of it by asking for the same again.
type guesses struct {
	off  bool // any number
	seed maphash.Seed

	mu       sync.Mutex
	byWorker map[string]*guesser
}

// guesser is one worker.
type guesser struct {
	bucket     *rate.Limiter        // a token for each guess
	under      int                  // requests under way
	unanswered map[uint64]time.Time // what Twilio had no time for, and until when it counts
}

// newGuesses makes no difference where workers may make any number of requests.
func newGuesses(agentRate int) *guesses {
	return &guesses{off: agentRate <= 0, seed: maphash.MakeSeed(), byWorker: map[string]*guesser{}}
}

// About does what a worker asks about a conversation, also beside the API, unless
// too much of what they asked before was about conversations that they are not
// in: then it does nothing and returns false. What was asked is recognized by
// about, and do's error tells what came of it.
func (a *API) About(workerSID, about string, do func() error) (allowed bool) {
	if a.guesses.off {
		_ = do() // the caller has it
		return true
	}
	key := maphash.String(a.guesses.seed, about)
	g := a.guesses.enter(workerSID, key, time.Now())
	if g == nil {
		return false
	}
	err := errors.New("it panicked")
	defer func() { a.guesses.leave(g, key, err, time.Now()) }()
	err = do()
	return true
}

// about is About for the API's own requests.
func (a *API) about(by Caller, r transfer.Request, do func() error) (err error) {
	if !a.About(by.WorkerSID, r.InteractionChannelSID+"\n"+r.TaskSID, func() error { err = do(); return err }) {
		return &transfer.Refusal{Reason: ReasonTooManyGuesses}
	}
	return err
}

// enter counts a request in. It returns nobody where it is one too many.
func (gs *guesses) enter(worker string, key uint64, now time.Time) *guesser {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g := gs.of(worker, now)
	if _, again := g.unanswered[key]; again {
		delete(g.unanswered, key) // and its place is taken
	} else if g.left(now) < 1 {
		return nil
	}
	g.under++
	return g
}

// leave counts the request out. What was a guess stays counted, and what is not
// known yet.
func (gs *guesses) leave(g *guesser, key uint64, err error, now time.Time) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g.under--
	switch {
	case guessed(err):
		g.bucket.ReserveN(now, 1)
	case undecided(err):
		g.unanswered[key] = now.Add(unansweredFor)
	}
}

// ahead counts a request for which a conversation would be read ahead, whose
// outcome nobody waits for. It leaves half of the allowance to what is asked
// for: past that nothing is to be read ahead.
func (gs *guesses) ahead(worker string, now time.Time) bool {
	if gs.off {
		return true
	}
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g := gs.of(worker, now)
	if g.left(now) < guessesAtOnce/2+1 {
		return false
	}
	g.bucket.ReserveN(now, 1)
	return true
}

// left is how many more guesses the worker has.
func (g *guesser) left(now time.Time) float64 {
	return g.bucket.TokensAt(now) - float64(g.under+len(g.unanswered))
}

// of is the worker, without what does not count any more.
func (gs *guesses) of(worker string, now time.Time) *guesser {
	g := gs.byWorker[worker]
	if g == nil {
		gs.forget(now)
		g = &guesser{bucket: rate.NewLimiter(guessesPerSecond, guessesAtOnce), unanswered: map[uint64]time.Time{}}
		gs.byWorker[worker] = g
	}
	maps.DeleteFunc(g.unanswered, func(_ uint64, until time.Time) bool { return now.After(until) })
	return g
}

// forget drops, once in a while, the workers of whom nothing counts any more.
func (gs *guesses) forget(now time.Time) {
	if n := len(gs.byWorker); n < 1024 || n&(n-1) != 0 {
		return
	}
	maps.DeleteFunc(gs.byWorker, func(_ string, g *guesser) bool {
		maps.DeleteFunc(g.unanswered, func(_ uint64, until time.Time) bool { return now.After(until) })
		return g.left(now) >= guessesAtOnce
	})
}

// guessed reports whether a request was refused for what only a read of Twilio
// tells of what does not exist, or is none of the worker's.
func guessed(err error) bool {
	var refusal *transfer.Refusal
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Reason {
	case transfer.ReasonNotInConversation, transfer.ReasonForbidden, transfer.ReasonTargetNotFound, transfer.ReasonInviteOver:
		return true
	}
	return false
}

// undecided reports whether a request came to nothing for lack of an answer.
func undecided(err error) bool {
	if err == nil {
		return false
	}
	status := problemOf(err, "").status
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}
