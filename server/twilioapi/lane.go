package twilioapi

import (
	"context"
	"sync"
	"time"
)

// expectedFor is how long somebody who asked how long the line is counts as about to join it.
const expectedFor = 2 * time.Second

// lane is the waiting line of one endpoint.
type lane struct {
	quota func(now time.Time) quota

	mu       sync.Mutex
	sent     []sent // ring: the last requests that were let through
	next     int    // the oldest of them
	lines    [classes]line
	expected []time.Time // when somebody asked how long the line is
	timer    *time.Timer
}

// sent is a request that was let through.
type sent struct {
	at    time.Time
	class Class
}

// line holds those of one class who wait. Its conversations take turns.
type line struct {
	turns []*conversationLine // the first one's turn is next
	by    map[string]*conversationLine
}

// conversationLine holds those who wait for one conversation, the first one first.
type conversationLine struct {
	key     string
	waiters []*waiter
}

type waiter struct {
	turn         chan struct{} // closed when it may go
	class        Class
	conversation string
}

func newLane(limit int, q func(time.Time) quota) *lane {
	l := &lane{quota: q, sent: make([]sent, limit)}
	for i := range l.lines {
		l.lines[i].by = map[string]*conversationLine{}
	}
	return l
}

// enter lets the request go at once, returning nothing, or puts it into its line, unless its turn would come too late.
func (l *lane) enter(ctx context.Context, class Class, conversation string) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.empty() && l.take(now, class) {
		return nil, nil
	}
	turn := l.turnAfter(l.ahead(class, conversation), now)
	if deadline, ok := ctx.Deadline(); ok && turn.After(deadline) {
		return nil, ErrTooBusy
	}
	w := &waiter{turn: make(chan struct{}), class: class, conversation: conversation}
	l.lines[class-1].add(w)
	l.arm(now)
	return w, nil
}

// leave takes out somebody who does not wait any more.
func (l *lane) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[w.class-1].remove(w)
}

// expect is how long somebody who joins now is likely to wait.
func (l *lane) expect(class Class) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for len(l.expected) > 0 && now.Sub(l.expected[0]) > expectedFor {
		l.expected = l.expected[1:]
	}
	ahead := len(l.expected)
	for _, waiting := range l.lines[:class] {
		ahead += waiting.len()
	}
	l.expected = append(l.expected, now)
	return max(l.turnAfter(ahead, now).Sub(now), 0)
}

func (l *lane) empty() bool {
	for i := range l.lines {
		if len(l.lines[i].turns) > 0 {
			return false
		}
	}
	return true
}

// ahead counts those who go before a newcomer.
func (l *lane) ahead(class Class, conversation string) int {
	n := 0
	for _, urgent := range l.lines[:class-1] {
		n += urgent.len()
	}
	own := &l.lines[class-1]
	round := 1 // the turn of its conversation in which the newcomer goes
	if mine := own.by[conversation]; mine != nil {
		round += len(mine.waiters)
	}
	for _, c := range own.turns {
		n += min(len(c.waiters), round)
	}
	return n
}

// turnAfter is when somebody with so many ahead is likely to go. A quota that is still growing counts as grown.
func (l *lane) turnAfter(ahead int, now time.Time) time.Time {
	q := l.quota(now)
	k := min(max(q.now, q.hoped, 1), len(l.sent))
	at := l.recent(k - ahead%k)
	if at.IsZero() || now.Sub(at) > paceWindow {
		at = now.Add(-paceWindow)
	}
	return at.Add(paceWindow * time.Duration(1+ahead/k))
}

// recent is when the nth last request was let through; zero where there were not so many.
func (l *lane) recent(n int) time.Time { return l.sent[(l.next+len(l.sent)-n)%len(l.sent)].at }

// free is when the next request may go, and false while the quota lets none go.
func (l *lane) free(now time.Time) (time.Time, bool) {
	k := min(l.quota(now).now, len(l.sent))
	if k <= 0 {
		return time.Time{}, false
	}
	if at := l.recent(k); !at.IsZero() {
		return at.Add(paceWindow), true
	}
	return now, true
}

// take uses a slot if one is free.
func (l *lane) take(now time.Time, class Class) bool {
	at, ok := l.free(now)
	if !ok || now.Before(at) {
		return false
	}
	l.sent[l.next] = sent{now, class}
	l.next = (l.next + 1) % len(l.sent)
	return true
}

// arm wakes the lane when the next slot is free. While the quota lets none go, whoever changes it wakes the lane.
func (l *lane) arm(now time.Time) {
	at, ok := l.free(now)
	switch {
	case !ok:
	case l.timer == nil:
		l.timer = time.AfterFunc(at.Sub(now), l.wake)
	default:
		l.timer.Reset(at.Sub(now))
	}
}

// wake lets go whoever may, and arms the timer for the others.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i := range l.lines {
		for len(l.lines[i].turns) > 0 {
			if !l.take(now, Class(i+1)) {
				l.arm(now)
				return
			}
			close(l.lines[i].pop().turn)
		}
	}
}

// demand is, for each class, how many wait and how many went in the last window.
func (l *lane) demand(now time.Time) (d [classes]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.lines {
		d[i] = l.lines[i].len()
	}
	for _, s := range l.sent {
		if s.class != 0 && now.Sub(s.at) < paceWindow {
			d[s.class-1]++
		}
	}
	return d
}

func (l *line) len() int {
	n := 0
	for _, c := range l.turns {
		n += len(c.waiters)
	}
	return n
}

func (l *line) add(w *waiter) {
	c := l.by[w.conversation]
	if c == nil {
		c = &conversationLine{key: w.conversation}
		l.by[w.conversation] = c
		l.turns = append(l.turns, c)
	}
	c.waiters = append(c.waiters, w)
}

// pop takes out the first of the conversation whose turn it is; the conversation goes to the end, if it has more.
func (l *line) pop() *waiter {
	c := l.turns[0]
	l.turns[0] = nil
	l.turns = l.turns[1:]
	w := c.waiters[0]
	c.waiters[0] = nil
	c.waiters = c.waiters[1:]
	if len(c.waiters) > 0 {
		l.turns = append(l.turns, c)
	} else {
		delete(l.by, c.key)
	}
	return w
}

// remove takes out the waiter, if it still waits.
func (l *line) remove(w *waiter) {
	c := l.by[w.conversation]
	if c == nil {
		return
	}
	c.waiters = without(c.waiters, w)
	if len(c.waiters) == 0 {
		delete(l.by, c.key)
		l.turns = without(l.turns, c)
	}
}

// without is all but the one.
func without[T comparable](all []T, one T) []T {
	for i, other := range all {
		if other == one {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}
