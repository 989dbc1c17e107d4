package twilioapi

import (
	"context"
	"crypto/sha256"
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
}

type tokenHash [sha256.Size]byte

type tokenAnswer struct {
	token Token
	until time.Time
}

// NewTokens returns a cache in front of validate, which is
// [Client.ValidateToken].
func NewTokens(validate func(context.Context, string) (Token, error), clock func() time.Time) *Tokens {
	return &Tokens{validate: validate, clock: clock, answers: otter.Must(&otter.Options[tokenHash, tokenAnswer]{
		MaximumSize:      keptTokens,
		ExpiryCalculator: otter.ExpiryWriting[tokenHash, tokenAnswer](maxTokenTrust),
	})}
}

// Validate is what Twilio said about the token at most a minute ago and, where
// it was valid, before it expired. An error means that Twilio could not be
// asked; it is not remembered.
func (t *Tokens) Validate(ctx context.Context, token string) (Token, error) {
	hash := tokenHash(sha256.Sum256([]byte(token)))
	if kept, ok := t.answers.GetIfPresent(hash); ok && t.clock().Before(kept.until) {
		return kept.token, nil
	}
	// The one that asks first must not spoil the answer for the others by going
	// away: its deadline counts, its cancellation does not.
	answer := t.asking.DoChan(string(hash[:]), func() (any, error) {
		ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second)
		defer cancel()
		said, err := t.validate(ask, token)
		if err != nil {
			return Token{}, err
		}
		t.answers.Set(hash, tokenAnswer{token: said, until: t.until(said)})
		return said, nil
	})
	select {
	case <-ctx.Done():
		return Token{}, ctx.Err()
	case a := <-answer:
		return a.Val.(Token), a.Err
	}
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
