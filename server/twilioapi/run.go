package twilioapi

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// endpoint is one of Twilio's, as far as limits and repeating go.
type endpoint struct {
	name  string
	class Class
	// repeat says whether the call may be made again after a failure with the outcome, and most is how often it is
	// made in all.
	repeat func(Outcome) bool
	most   int
}

const (
	readAttempts   = 4
	inviteAttempts = 4 // the first, and three times after 429
)

func read(name string, class Class) *endpoint {
	return &endpoint{name: name, class: class, most: readAttempts, repeat: func(o Outcome) bool {
		return o == Unknown || o == Throttled || o == NotSent
	}}
}

func write(name string, class Class) *endpoint {
	return &endpoint{name: name, class: class, most: 1, repeat: func(Outcome) bool { return false }}
}

// run makes the call, again where the endpoint allows it and the context lasts. The error is always an *Error.
func run[T any](ctx context.Context, c *Client, ep *endpoint, call func(*attempt) (T, error)) (T, error) {
	var delays *backoff.ExponentialBackOff
	for n := 1; ; n++ {
		result, e := once(ctx, c, ep, n, call)
		if e == nil {
			return result, nil
		}
		if n >= ep.most || !ep.repeat(e.Outcome) || ctx.Err() != nil || errors.Is(e, ErrTooBusy) {
			return result, e
		}
		if delays == nil {
			delays = newDelays()
		}
		if !pause(ctx, delays.NextBackOff()) {
			return result, e
		}
	}
}

func newDelays() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier, b.RandomizationFactor = 150*time.Millisecond, 2*time.Second, 2, 0.5
	b.Reset()
	return b
}

// pause waits, and reports whether there is still time to try again after it.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// once waits for the pacer and makes one attempt.
func once[T any](ctx context.Context, c *Client, ep *endpoint, n int, call func(*attempt) (T, error)) (T, *Error) {
	var none T
	begin := time.Now()
	if err := c.wait(ctx, ep); err != nil {
		e := &Error{Endpoint: ep.name, Outcome: NotSent, Message: c.safe(err.Error(), ""), cause: err}
		c.told(ctx, e, Call{Endpoint: ep.name, Attempt: n, Outcome: NotSent, Waited: time.Since(begin)})
		return none, e
	}
	sent := time.Now()
	bounded, cancel := bound(ctx, c.limit(ctx, ep, n))
	defer cancel()
	a := c.newAttempt(bounded)
	defer a.release()
	result, err := call(a)
	seen := Call{
		Endpoint: ep.name, Attempt: n, Status: a.status, Outcome: Done,
		Waited: sent.Sub(begin), Duration: time.Since(sent),
	}
	if e := a.failure(ep.name, err); e != nil {
		seen.Code, seen.Outcome = e.Code, e.Outcome
		c.told(ctx, e, seen)
		return none, e
	}
	c.told(ctx, nil, seen)
	return result, nil
}

// limit is how long the attempt may take.
func (c *Client) limit(ctx context.Context, ep *endpoint, attempt int) time.Duration {
	if !ep.repeat(Unknown) {
		return c.attemptLimit
	}
	return min(ReadLimit(ctx, ep.class, attempt), c.attemptLimit)
}

func (c *Client) wait(ctx context.Context, ep *endpoint) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.pace.Wait(ctx, ep.name, classOf(ctx, ep.class))
}

// told passes an attempt on to metrics and log.
func (c *Client) told(ctx context.Context, e *Error, call Call) {
	if c.observe != nil {
		c.observe(call)
	}
	if e != nil {
		c.logger.LogAttrs(ctx, slog.LevelDebug, "twilio call failed",
			slog.String("endpoint", call.Endpoint), slog.Int("attempt", call.Attempt), slog.Int("status", call.Status),
			slog.Int("code", call.Code), slog.String("outcome", string(call.Outcome)), slog.String("message", e.Message),
			slog.Duration("duration", call.Duration))
	}
}
