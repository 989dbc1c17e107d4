package twilioapi

import (
	"context"
	"errors"
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

// Pacer keeps the requests to one endpoint under Twilio's limit. Wait returns nil once the request may be sent, or an
// error if it will not be: because the context ended, or would end before its turn.
type Pacer interface {
	Wait(ctx context.Context, endpoint string, class Class) error
}

// Unpaced lets everything through at once: for benchmarks, and for accounts whose limit was lifted.
var Unpaced Pacer = unpaced{}

type unpaced struct{}

func (unpaced) Wait(context.Context, string, Class) error { return nil }

// DefaultRate is Twilio's limit for each endpoint of the Interactions API and account, in requests a second.
const DefaultRate = 20

// ErrTooBusy is why a [Pacer] made by [NewPacer] gives up at once: so many are waiting that the turn would come after
// the deadline.
var ErrTooBusy = errors.New("too many requests are waiting for this endpoint of Twilio")

// paceWindow is a second, and some time for requests that overtake each other on their way.
const paceWindow = time.Second + 50*time.Millisecond

// NewPacer returns a Pacer that lets no more than perSecond requests to an endpoint through in any second; 0 or less
// means [DefaultRate]. The most urgent class goes first, in each class the one that came first.
//
// It remembers when the last requests went instead of filling a bucket: a bucket of 20 that refills at 20 a second
// lets 40 through in its first second, and one that cannot makes two agents who click at once wait for each other.
func NewPacer(perSecond int) Pacer {
	if perSecond <= 0 {
		perSecond = DefaultRate
	}
	return &pacer{limit: perSecond, lanes: map[string]*lane{}}
}

type pacer struct {
	limit int
	mu    sync.Mutex
	lanes map[string]*lane // by endpoint
}

// lane is the waiting line of one endpoint.
type lane struct {
	mu    sync.Mutex
	sent  []time.Time // ring: when the last requests were let through
	next  int         // the oldest of them
	lines [classes][]*waiter
	timer *time.Timer
}

type waiter struct {
	turn chan struct{} // closed when it may go
	gone bool          // nobody waits for it any more
}

func (p *pacer) lane(endpoint string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[endpoint]
	if l == nil {
		l = &lane{sent: make([]time.Time, p.limit)}
		p.lanes[endpoint] = l
	}
	return l
}

// Wait implements [Pacer].
func (p *pacer) Wait(ctx context.Context, endpoint string, class Class) error {
	l := p.lane(endpoint)
	l.mu.Lock()
	if l.waiting(ClassSweep) == 0 && l.take(time.Now()) {
		l.mu.Unlock()
		return nil
	}
	w, err := l.queue(ctx, min(max(class, ClassRemoval), ClassSweep))
	l.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		w.gone = true
		l.mu.Unlock()
		return ctx.Err()
	}
}

// queue puts a new waiter at the end of its line, unless its turn would come too late. l.mu is held.
func (l *lane) queue(ctx context.Context, class Class) (*waiter, error) {
	ahead := l.waiting(class)
	turn := l.sent[(l.next+ahead)%len(l.sent)].Add(paceWindow * time.Duration(1+ahead/len(l.sent)))
	if deadline, ok := ctx.Deadline(); ok && turn.After(deadline) {
		return nil, ErrTooBusy
	}
	w := &waiter{turn: make(chan struct{})}
	l.lines[class-1] = append(l.lines[class-1], w)
	l.arm()
	return w, nil
}

// waiting counts those that go before a newcomer of the class. l.mu is held.
func (l *lane) waiting(class Class) int {
	n := 0
	for _, line := range l.lines[:class] {
		for _, w := range line {
			if !w.gone {
				n++
			}
		}
	}
	return n
}

// take uses a slot if one is free. l.mu is held.
func (l *lane) take(now time.Time) bool {
	if oldest := l.sent[l.next]; !oldest.IsZero() && now.Before(oldest.Add(paceWindow)) {
		return false
	}
	l.sent[l.next] = now
	l.next = (l.next + 1) % len(l.sent)
	return true
}

// arm wakes the lane when the next slot is free. l.mu is held.
func (l *lane) arm() {
	d := time.Until(l.sent[l.next].Add(paceWindow))
	if l.timer == nil {
		l.timer = time.AfterFunc(d, l.wake)
		return
	}
	l.timer.Reset(d)
}

// wake lets go whoever may, and arms the timer for the others.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for class := range l.lines {
		for len(l.lines[class]) > 0 {
			w := l.lines[class][0]
			if !w.gone && !l.take(now) {
				l.arm()
				return
			}
			if !w.gone {
				close(w.turn)
			}
			l.lines[class][0] = nil
			l.lines[class] = l.lines[class][1:]
		}
	}
}
