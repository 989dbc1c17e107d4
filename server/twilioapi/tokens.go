package twilioapi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

const (
	// maxTokenTrust is the longest that a token counts as valid after Twilio
	// said so: a token that is revoked works no longer than that.
	maxTokenTrust = time.Minute
	// rejectedTrust is how long a token counts as invalid, so that a page that
	// keeps trying costs Twilio nothing.
	rejectedTrust = 5 * time.Second
	// tokenPatience is how long somebody waits for an answer, and tokenLine how
	// long the question goes on, since it may stand in line at the limit: who
	// comes again has kept their place.
	tokenPatience = 5 * time.Second
	tokenLine     = time.Minute
	// familiarFor is how long a token that was valid stays familiar.
	familiarFor = time.Hour
	// keptTokens is how many answers are kept.
	keptTokens = 20_000
)

// Tokens remembers for a short while what Twilio said about Flex tokens, and
// asks once where many ask at the same time. It keeps hashes, never tokens.
type Tokens struct {
	validate func(context.Context, string) (Token, error)
	clock    func() time.Time
	answers  *otter.Cache[tokenHash, tokenAnswer]
	asking   singleflight.Group
	places   sync.Map // token hash → *Place of the question
	// familiar are tokens that were valid: they are asked about before those that
	// nobody has seen, so that a flood of made-up tokens does not sign out those
	// who work.
	familiar *otter.Cache[tokenHash, struct{}]
}

type tokenHash [sha256.Size]byte

type tokenAnswer struct {
	token Token
	until time.Time
}

// NewTokens returns a cache in front of validate, which is
// [Client.ValidateToken].
func NewTokens(validate func(context.Context, string) (Token, error), clock func() time.Time) *Tokens {
	return &Tokens{
		validate: validate, clock: clock,
		answers: otter.Must(&otter.Options[tokenHash, tokenAnswer]{
			MaximumSize:      keptTokens,
			ExpiryCalculator: otter.ExpiryWriting[tokenHash, tokenAnswer](maxTokenTrust),
		}),
		familiar: otter.Must(&otter.Options[tokenHash, struct{}]{
			MaximumSize:      keptTokens,
			ExpiryCalculator: otter.ExpiryWriting[tokenHash, struct{}](familiarFor),
		}),
	}
}

// Close ends what keeps the memory small. Validate may still be called.
func (t *Tokens) Close() {
	t.answers.StopAllGoroutines()
	t.familiar.StopAllGoroutines()
}

// Validate is what Twilio said about the token at most a minute ago and, where
// it was valid, before it expired. An error means that Twilio could not be
// asked in time; it is not remembered. It is [ErrTooBusy] while the question
// stands in line: it goes on, and the answer is there for whoever comes again.
func (t *Tokens) Validate(ctx context.Context, token string) (Token, error) {
	hash := tokenHash(sha256.Sum256([]byte(token)))
	if kept, ok := t.answers.GetIfPresent(hash); ok && t.clock().Before(kept.until) {
		return kept.token, nil
	}
	// The one that asks first must not spoil the answer for the others by going
	// away: the question goes on without it.
	answer := t.asking.DoChan(string(hash[:]), func() (any, error) {
		return t.ask(context.WithoutCancel(ctx), hash, token)
	})
	patient, cancel := context.WithTimeout(ctx, tokenPatience) // a name of its own: the question goes on with ctx
	defer cancel()
	select {
	case <-patient.Done():
		return Token{}, t.late(patient, hash)
	case a := <-answer:
		return a.Val.(Token), a.Err
	}
}

// ask puts the question, and remembers the answer.
func (t *Tokens) ask(ctx context.Context, hash tokenHash, token string) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenLine)
	defer cancel()
	ctx, place := WithPlace(ctx)
	if _, ok := t.familiar.GetIfPresent(hash); !ok {
		ctx = WithClass(ctx, ClassSweep)
	}
	t.places.Store(hash, place)
	defer t.places.CompareAndDelete(hash, place)
	said, err := t.validate(ctx, token)
	if err != nil {
		return Token{}, err
	}
	if said.Valid {
		t.familiar.Set(hash, struct{}{})
	}
	t.answers.Set(hash, tokenAnswer{token: said, until: t.until(said)})
	return said, nil
}

// late is why there is no answer yet. A question that does not stand in line is
// not waited for again: it hangs.
func (t *Tokens) late(ctx context.Context, hash tokenHash) error {
	if place, ok := t.places.Load(hash); ok && place.(*Place).InLine() {
		return fmt.Errorf("%w: %w", ErrTooBusy, ctx.Err())
	}
	t.asking.Forget(string(hash[:]))
	return ctx.Err()
}

func (t *Tokens) until(said Token) time.Time {
	now := t.clock()
	switch {
	case !said.Valid:
		return now.Add(rejectedTrust)
	case !said.Expires.IsZero() && said.Expires.Before(now.Add(maxTokenTrust)):
		return said.Expires
	}
	return now.Add(maxTokenTrust)
}
