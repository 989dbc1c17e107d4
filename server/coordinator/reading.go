package coordinator

import (
	"context"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// longestLine is how long a read of facts may wait in line at Twilio's limit:
// much longer than the agent's request, which is answered meanwhile.
const longestLine = 2 * time.Minute

// readings are the reads of conversations that are under way. Each goes on
// when the request that began it has been answered, so that an agent who asks
// again has kept their place in the line.
type readings struct {
	mu    sync.Mutex
	under map[string]*reading // by interaction, channel and task

	ahead int        // how many of those who read ahead of a click there are
	line  []seenFrom // what they will read next, the first one first
}

type reading struct {
	ended func(context.Context) bool // as [Coordinator.leave] returns it
	began time.Time
	place *twilioapi.Place
	read  conversation
	err   error
}

// stuckAfter is how long a read may take without standing in line before
// whoever comes next does not count on it any more.
const stuckAfter = 3 * time.Second

func newReadings() *readings { return &readings{under: map[string]*reading{}} }

// What is read ahead of a click. So many agents may open the directory in one
// moment that reading for all of them at once would hold up those who click, and
// take memory for thousands of requests.
const (
	aheadAtOnce = 64               // conversations
	aheadLine   = 10_000           // conversations that wait; more are read at the click
	aheadFor    = 15 * time.Second // what has waited longer is read at the click
	aheadLimit  = 5 * time.Second  // of waiting for one, until the next is begun
)

// seenFrom is a conversation that is to be read, as seen from one of its tasks.
type seenFrom struct {
	interactionSID, channelSID, taskSID string
	asked                               time.Time
}

// key has the interaction in it, although a channel is of one alone: who makes
// one up reads something else, and nobody else gets their answer.
func (s seenFrom) key() string { return s.interactionSID + "\n" + s.channelSID + "\n" + s.taskSID }

// Warm starts to read the facts that a transfer of the conversation will need,
// so that the click finds them. It returns at once; what fails is read again
// at the click.
func (c *Coordinator) Warm(interactionSID, interactionChannelSID, taskSID string) {
	next := seenFrom{interactionSID, interactionChannelSID, taskSID, c.Clock()}
	if _, fresh := c.facts.get(interactionSID, interactionChannelSID, taskSID); fresh || !c.reads.aheadNow(next) {
		return
	}
	c.leave(func() {
		for more := true; more; next, more = c.reads.aheadNext(c.Clock()) {
			c.readAhead(next)
		}
	})
}

func (c *Coordinator) readAhead(s seenFrom) {
	ctx, cancel := c.Schedule.Within(context.Background(), aheadLimit)
	defer cancel()
	if _, err := c.conversation(ctx, s.interactionSID, s.channelSID, s.taskSID); err != nil {
		c.Logger.Debug("facts could not be warmed", "channel", s.channelSID, "error", err)
	}
}

// aheadNow counts one more who reads ahead in, who is to begin with this and to
// go on until there is nothing next. Where there are enough, it is put into the
// line.
func (rs *readings) aheadNow(s seenFrom) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	switch {
	case rs.under[s.key()] != nil:
	case rs.ahead < aheadAtOnce:
		rs.ahead++
		return true
	case len(rs.line) < aheadLine:
		rs.line = append(rs.line, s)
	}
	return false
}

// aheadNext is what is to be read next. Without anything, it counts who asks out.
func (rs *readings) aheadNext(now time.Time) (s seenFrom, more bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for len(rs.line) > 0 {
		s, rs.line = rs.line[0], rs.line[1:]
		if rs.under[s.key()] == nil && now.Sub(s.asked) < aheadFor {
			return s, true
		}
	}
	rs.ahead, rs.line = rs.ahead-1, nil
	return seenFrom{}, false
}

// conversation returns what Twilio knows of the conversation, from the cache if
// that is fresh, else from three reads at once. A read that somebody else began
// counts only if it is as good as a fresh one: no event came meanwhile.
func (c *Coordinator) conversation(ctx context.Context, interactionSID, channelSID, taskSID string) (conversation, error) {
	for {
		if kept, fresh := c.facts.get(interactionSID, channelSID, taskSID); fresh {
			return kept, nil
		}
		r, begun := c.reading(ctx, interactionSID, channelSID, taskSID)
		switch {
		case !r.ended(ctx) && r.place.InLine():
			return conversation{}, &transfer.Refusal{Reason: transfer.ReasonTwilioBusy, Cause: ctx.Err()}
		case ctx.Err() != nil:
			return conversation{}, asRefusal(ctx.Err())
		case begun, r.err != nil:
			return r.read, r.err
		}
	}
}

// reading is the read of the conversation that is under way, or one that it
// begins.
func (c *Coordinator) reading(ctx context.Context, interactionSID, channelSID, taskSID string) (r *reading, begun bool) {
	key := seenFrom{interactionSID: interactionSID, channelSID: channelSID, taskSID: taskSID}.key()
	c.reads.mu.Lock()
	defer c.reads.mu.Unlock()
	if r := c.reads.under[key]; r != nil && (r.place.InLine() || c.Clock().Sub(r.began) < stuckAfter) {
		return r, false
	}
	ctx, place := twilioapi.WithPlace(context.WithoutCancel(ctx))
	r = &reading{began: c.Clock(), place: place}
	c.reads.under[key] = r
	r.ended = c.leave(func() {
		ctx, cancel := c.Schedule.Within(ctx, longestLine)
		defer cancel()
		r.read, r.err = c.readConversation(ctx, interactionSID, channelSID, taskSID)
		c.reads.over(key, r)
	})
	return r, true
}

func (rs *readings) over(key string, r *reading) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.under[key] == r {
		delete(rs.under, key)
	}
}

// readConversation makes the three reads and keeps what they say.
func (c *Coordinator) readConversation(ctx context.Context, interactionSID, channelSID, taskSID string) (conversation, error) {
	read := conversation{readAt: c.Clock()}
	err := c.Schedule.Together(ctx, func(ctx context.Context) (err error) {
		read.participants, err = c.Twilio.Participants(ctx, interactionSID, channelSID)
		if read.participants == nil {
			read.participants = []transfer.ParticipantRecord{} // known to be empty
		}
		return err
	}, func(ctx context.Context) (err error) {
		read.channel, err = c.Twilio.Channel(ctx, interactionSID, channelSID)
		return err
	}, func(ctx context.Context) (err error) {
		read.task, err = c.Twilio.Task(ctx, taskSID)
		return err
	})
	if err != nil {
		if twilioapi.IsNotFound(err) {
			return conversation{}, &transfer.Refusal{Reason: transfer.ReasonNotInConversation, Cause: err}
		}
		return conversation{}, asRefusal(err)
	}
	c.facts.put(interactionSID, channelSID, taskSID, read)
	return read, nil
}
