package twilioapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Bus tells the other processes with the same account something, and hears what they tell. What is told reaches
// whoever told it too. It may be lost.
type Bus interface {
	Publish(message []byte) error
	// Subscribe calls hear with each message, one at a time, until canceled.
	Subscribe(hear func(message []byte)) (cancel func(), err error)
}

// The times of sharing.
const (
	// announceEvery is the pause between two announcements of a process.
	announceEvery = 250 * time.Millisecond
	// silence is how long a process may say nothing before its part is given to the others; and how long one that does
	// not hear itself waits before it takes itself for cut off.
	silence = 2 * time.Second
	// holdBack is how long a part that has grown waits: until whoever has to give it up knows, and what it has sent
	// before does not count any more.
	holdBack = paceWindow + announceEvery
)

const (
	maxMembers   = 1000      // processes that are kept track of
	maxEndpoints = 200       // of one process
	maxAnnounced = 256 << 10 // bytes of one announcement
)

// SharedPacer is a [Pacer] that shares Twilio's limit with those of the other processes with the same account.
//
// Each process announces four times a second, on a [Bus], how many requests it has for each endpoint: those that wait,
// by class, and those that it sent in the last second. From the announcements of all, its own as it comes back
// included, each computes by the same rule what part of the limit is whose ([split]): one request for everybody, then
// the removals of all, their invites, their sweeps; where there is not enough, in equal parts, and what is left over
// in equal parts too. A part that gets smaller is smaller at once, one that gets larger only after a second and a
// quarter ([holdBack]), so that the parts in force never exceed the limit while everybody hears everybody.
//
//   - A process that starts sends nothing for that second and a quarter: it listens.
//   - One that stops says so; one that dies is dropped after two seconds of silence. Its part goes to the others.
//   - One that does not hear itself is cut off: it takes an equal part among those that it knew last. The others drop it
//     after two seconds, so that the limit may then be exceeded by that part. A process that has lost NATS has lost its
//     ledger too, so it begins no transfers; and Twilio's 429 does no harm, only costs a repetition.
//
// There is no leader, and no request waits for the bus: an answer over the network for every request, or a leader's
// death, would be felt by agents. The price is that a sudden burst at one process alone begins with that process's part.
type SharedPacer struct {
	*pacer
	bus    Bus
	id     string
	logger *slog.Logger

	mu      sync.Mutex
	members map[string]*member // by ID; this process too, as the bus tells of it
	parts   map[string]*part   // by endpoint
	idle    *part              // of an endpoint that nobody has asked for
	heard   time.Time          // this process's own last announcement; at first, when it began to listen
}

// member is a process, as it was heard last.
type member struct {
	heard  time.Time
	demand map[string][classes]int // by endpoint
}

// announcement is what a process tells.
type announcement struct {
	ID     string                  `json:"id"`
	Leaves bool                    `json:"leaves,omitempty"`
	Demand map[string][classes]int `json:"demand,omitempty"`
}

var _ Liner = (*SharedPacer)(nil)

// ShareOptions are what a [SharedPacer] is made of.
type ShareOptions struct {
	PerSecond int    // of all processes together; 0 or less means [DefaultRate]
	ID        string // names this process; new at every start
	Bus       Bus
	Logger    *slog.Logger // nil means that nothing is logged
}

// NewSharedPacer returns a Pacer that lets nothing through before [SharedPacer.Run] runs. An error names the option
// that is missing.
func NewSharedPacer(o ShareOptions) (*SharedPacer, error) {
	if o.ID == "" || o.Bus == nil {
		return nil, errors.New("twilioapi: ShareOptions.ID and Bus are needed")
	}
	if o.PerSecond <= 0 {
		o.PerSecond = DefaultRate
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &SharedPacer{bus: o.Bus, id: o.ID, logger: o.Logger, members: map[string]*member{}, parts: map[string]*part{}, idle: &part{}}
	s.pacer = newPacer(o.PerSecond, s.quotaOf)
	return s, nil
}

// Run announces and listens until ctx is done; then it tells the others that this process leaves.
func (s *SharedPacer) Run(ctx context.Context) error {
	cancel, err := s.bus.Subscribe(s.hear)
	if err != nil {
		return fmt.Errorf("twilioapi: the limit cannot be shared: %w", err)
	}
	defer cancel()
	s.mu.Lock()
	s.heard = time.Now()
	s.mu.Unlock()
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		s.tick()
		select {
		case <-ctx.Done():
			s.announce(announcement{ID: s.id, Leaves: true})
			return nil
		case <-tick.C:
		}
	}
}

// tick announces what is wanted, drops who is silent, and lets those go whose part has grown.
func (s *SharedPacer) tick() {
	now := time.Now()
	a := announcement{ID: s.id, Demand: map[string][classes]int{}}
	lanes := s.all()
	for endpoint, l := range lanes {
		if d := l.demand(now); d != ([classes]int{}) {
			a.Demand[endpoint] = d
		}
	}
	s.announce(a)
	s.mu.Lock()
	s.compute(now)
	s.mu.Unlock()
	for _, l := range lanes {
		l.wake()
	}
}

func (p *pacer) all() map[string]*lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	lanes := make(map[string]*lane, len(p.lanes))
	for endpoint, l := range p.lanes {
		lanes[endpoint] = l
	}
	return lanes
}

func (s *SharedPacer) announce(a announcement) {
	text, err := json.Marshal(a)
	if err == nil {
		err = s.bus.Publish(text)
	}
	if err != nil {
		s.logger.Debug("what this process asks of Twilio could not be announced", "error", err)
	}
}

// hear takes in an announcement. What is none is left alone: it may be of a later version.
func (s *SharedPacer) hear(message []byte) {
	a, ok := readAnnouncement(message)
	if !ok {
		return
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == s.id {
		s.heard = now
	}
	switch {
	case a.Leaves:
		delete(s.members, a.ID)
	case s.members[a.ID] != nil || len(s.members) < maxMembers:
		s.members[a.ID] = &member{heard: now, demand: a.Demand}
	}
	s.compute(now)
}

func readAnnouncement(message []byte) (a announcement, ok bool) {
	if len(message) > maxAnnounced || json.Unmarshal(message, &a) != nil || a.ID == "" || len(a.Demand) > maxEndpoints {
		return announcement{}, false
	}
	for endpoint, d := range a.Demand {
		for class := range d {
			d[class] = max(d[class], 0)
		}
		a.Demand[endpoint] = d
	}
	return a, true
}
