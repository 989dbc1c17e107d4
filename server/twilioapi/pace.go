package twilioapi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Class says how much a request matters, for the moment when there are more than Twilio accepts.
type Class uint8

// The classes, the most urgent first. An agent who asked to leave must not wait behind the sweep that looks for
// forgotten conversations.
const (
	ClassRemoval Class = iota + 1 // taking somebody out, withdrawing an invite
	ClassInvite                   // invites, and what somebody waits for
	ClassSweep                    // reconciliation, full reads
	classes      = int(ClassSweep)
)

type classKey struct{}

// WithClass gives the calls made with the context the class, instead of the one that the call has by itself: removals
// for LeaveParticipant, CloseChannel and CancelTask, sweeps for Workers, Queues and Workflow, invites for the others.
func WithClass(ctx context.Context, class Class) context.Context {
	return context.WithValue(ctx, classKey{}, class)
}

func classOf(ctx context.Context, otherwise Class) Class {
	if class, ok := ctx.Value(classKey{}).(Class); ok && class >= ClassRemoval && class <= ClassSweep {
		return class
	}
	return otherwise
}

type conversationKey struct{}

// WithConversation says which conversation the calls made with the context are for, instead of what the call says by
// itself: the interaction channel, the conversation or the task that it names. Of those that wait in one class, every
// conversation gets its turn, so that one with many requests does not hold up the others.
func WithConversation(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, conversationKey{}, key)
}

// about is WithConversation for a call's own key, which counts where the caller has said none.
func about(ctx context.Context, key string) context.Context {
	if conversationOf(ctx) != "" {
		return ctx
	}
	return WithConversation(ctx, key)
}

func conversationOf(ctx context.Context) string {
	key, _ := ctx.Value(conversationKey{}).(string)
	return key
}

// Pacer keeps the requests to one endpoint under Twilio's limit. Wait returns nil once the request may be sent, or an
// error if it will not be: because the context ended, or would end before its turn.
type Pacer interface {
	Wait(ctx context.Context, endpoint string, class Class) error
}

// Liner is a Pacer that can tell how long the line is.
type Liner interface {
	// Line is how long a request that joins now is likely to wait. Whoever asks is expected to join within two
	// seconds, and counts for whoever asks next.
	Line(endpoint string, class Class) time.Duration
}

// Unpaced lets everything through at once: for benchmarks, and for accounts whose limit was lifted.
var Unpaced Pacer = unpaced{}

type unpaced struct{}

func (unpaced) Wait(context.Context, string, Class) error { return nil }

// DefaultRate is Twilio's limit for each endpoint of the Interactions API and account, in requests a second.
const DefaultRate = 20

// ErrTooBusy is why a [Pacer] of this package gives up: so many are waiting that the turn would come after the
// deadline (then it says so at once), or has not come before the context ended.
var ErrTooBusy = errors.New("too many requests are waiting for this endpoint of Twilio")

// paceWindow is a second, and some time for requests that overtake each other on their way.
const paceWindow = time.Second + 50*time.Millisecond

// NewPacer returns a Pacer that lets no more than perSecond requests to an endpoint through in any second; 0 or less
// means [DefaultRate]. The most urgent class goes first; in each class the conversations take turns, and in each
// conversation goes first what came first. For several processes with one account, see [NewSharedPacer].
//
// It remembers when the last requests went instead of filling a bucket: a bucket of 20 that refills at 20 a second
// lets 40 through in its first second, and one that cannot makes two agents who click at once wait for each other.
func NewPacer(perSecond int) Pacer {
	if perSecond <= 0 {
		perSecond = DefaultRate
	}
	return newPacer(perSecond, func(string, time.Time) quota { return quota{now: perSecond, hoped: perSecond} })
}

// quota is how many requests of an endpoint may go in any window: now, and as far as whoever waits may hope for.
type quota struct{ now, hoped int }

type pacer struct {
	limit int
	quota func(endpoint string, now time.Time) quota
	mu    sync.Mutex
	lanes map[string]*lane // by endpoint
}

func newPacer(limit int, q func(string, time.Time) quota) *pacer {
	return &pacer{limit: limit, quota: q, lanes: map[string]*lane{}}
}

func (p *pacer) lane(endpoint string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[endpoint]
	if l == nil {
		l = newLane(p.limit, func(now time.Time) quota { return p.quota(endpoint, now) })
		p.lanes[endpoint] = l
	}
	return l
}

// Wait implements [Pacer].
func (p *pacer) Wait(ctx context.Context, endpoint string, class Class) error {
	l := p.lane(endpoint)
	w, err := l.enter(ctx, min(max(class, ClassRemoval), ClassSweep), conversationOf(ctx))
	if w == nil || err != nil {
		return err
	}
	defer inLine(ctx)()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		l.leave(w)
		return fmt.Errorf("%w: %w", ErrTooBusy, ctx.Err())
	}
}

// Line implements [Liner].
func (p *pacer) Line(endpoint string, class Class) time.Duration {
	return p.lane(endpoint).expect(min(max(class, ClassRemoval), ClassSweep))
}
