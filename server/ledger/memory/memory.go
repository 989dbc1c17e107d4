// Package memory is a ledger in memory: the deterministic twin of ledger/nats,
// for simulation and tests. It starts no goroutine, reads no clock of its own
// and draws no random numbers: the same calls in the same order have the same
// outcome.
//
// A [Store] is what survives a process, a [Ledger] is one process's view of
// it. Several ledgers may be open on one store, and one that was closed, as if
// its process had died, leaves its work to the others.
//
// Unlike the real one it never loses an answer, forgets nothing by age, and
// has no lag between processes.
package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// DefaultAckWait is that of ledger/nats.
const DefaultAckWait = 5 * time.Second

// Options are the store's clock and patience.
type Options struct {
	// Now is the time; it must be set.
	Now func() time.Time
	// After is a timer: it sends once d has passed by Now's clock. Without it,
	// a Next that waits for a due time looks again only after [Store.Wake].
	After func(d time.Duration) <-chan time.Time
	// AckWait is how long a piece of work may go without a sign of life before
	// it is handed out again; zero for DefaultAckWait.
	AckWait time.Duration
	// Quick keeps records as they are given, instead of as they come back from
	// being written and read: for long runs.
	Quick bool
}

// Store is the records and the work, apart from any process.
type Store struct {
	options Options

	mu        sync.Mutex
	records   []ledger.Record // the record of sequence n at n-1
	channels  map[string][]uint64
	open      map[string]struct{} // channels whose last record is open
	transfers map[string]string   // transfer ID → channel
	notes     map[string]note
	tasks     []*task       // by sequence
	changed   chan struct{} // closed at the next change
}

// NewStore returns an empty store. It panics if Now is missing.
func NewStore(o Options) *Store {
	if o.Now == nil {
		panic("ledger/memory: Options.Now must be set")
	}
	if o.AckWait == 0 {
		o.AckWait = DefaultAckWait
	}
	return &Store{
		options:   o,
		channels:  map[string][]uint64{},
		open:      map[string]struct{}{},
		transfers: map[string]string{},
		changed:   make(chan struct{}),
	}
}

// Open returns a process's view of the store.
func (s *Store) Open() *Ledger { return &Ledger{store: s, closed: make(chan struct{})} }

// Wake makes every waiting Next look at the clock again.
func (s *Store) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// wake is called with mu held.
func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Ledger is one process's view of a Store. It implements [ledger.Ledger].
type Ledger struct {
	store   *Store
	closing sync.Once
	closed  chan struct{}
}

var _ ledger.Ledger = (*Ledger)(nil)

// New returns the only view of a store of its own.
func New(o Options) *Ledger { return NewStore(o).Open() }

// alive says why nothing is to be done any more; nil if something is.
func (l *Ledger) alive(ctx context.Context) error {
	select {
	case <-l.closed:
		return ledger.ErrClosed
	default:
		return ctx.Err()
	}
}

// Append implements [ledger.Ledger].
func (l *Ledger) Append(ctx context.Context, r ledger.Record, expected uint64) (uint64, error) {
	if err := r.Validate(); err != nil {
		return 0, err
	}
	if err := l.alive(ctx); err != nil {
		return 0, err
	}
	if l.store.options.Quick {
		return l.store.append(r.Clone(), expected)
	}
	copied, err := throughJSON(r)
	if err != nil {
		return 0, err
	}
	return l.store.append(copied, expected)
}

// throughJSON returns the record as it comes back from a real store.
func throughJSON(r ledger.Record) (ledger.Record, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return ledger.Record{}, fmt.Errorf("ledger/memory: record %s: %w", r.ID, err)
	}
	var copied ledger.Record
	if err := json.Unmarshal(data, &copied); err != nil {
		return ledger.Record{}, fmt.Errorf("ledger/memory: record %s: %w", r.ID, err)
	}
	return copied, nil
}

func (s *Store) append(r ledger.Record, expected uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	history := s.channels[r.Channel()]
	if winner := successor(history, expected); winner > 0 && s.records[winner-1].ID == r.ID {
		return winner, nil // the answer to this very write was lost
	}
	if last(history) != expected {
		return 0, ledger.ErrConflict
	}
	r.Sequence, r.Time = uint64(len(s.records)+1), s.options.Now()
	s.records = append(s.records, r)
	s.channels[r.Channel()] = append(history, r.Sequence)
	for _, t := range r.State.Transfers {
		s.transfers[t.ID] = r.Channel()
	}
	delete(s.open, r.Channel())
	if r.State.Open() {
		s.open[r.Channel()] = struct{}{}
		s.tasks = append(s.tasks, &task{sequence: r.Sequence, channel: r.Channel(), due: r.Time})
	}
	s.wake()
	return r.Sequence, nil
}

// successor is the first sequence of the history behind another; 0 if none.
func successor(history []uint64, sequence uint64) uint64 {
	for i := len(history) - 1; i >= 0; i-- {
		if history[i] <= sequence {
			history = history[i+1:]
			break
		}
	}
	if len(history) == 0 {
		return 0
	}
	return history[0]
}

func last(history []uint64) uint64 {
	if len(history) == 0 {
		return 0
	}
	return history[len(history)-1]
}

// Last implements [ledger.Ledger].
func (l *Ledger) Last(ctx context.Context, interactionChannelSID string) (ledger.Record, error) {
	if err := l.alive(ctx); err != nil {
		return ledger.Record{}, err
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	return l.store.last(interactionChannelSID)
}

// Newest implements [ledger.Ledger].
func (l *Ledger) Newest(ctx context.Context, interactionChannelSID string) (ledger.Record, error) {
	return l.Last(ctx, interactionChannelSID)
}

// last is called with mu held.
func (s *Store) last(channel string) (ledger.Record, error) {
	n := last(s.channels[channel])
	if n == 0 {
		return ledger.Record{}, ledger.ErrNotFound
	}
	return s.records[n-1].Clone(), nil
}

// LastAsOf returns the channel's last record as a process sees it that has heard
// of everything up to a time, and of the record of the sequence known where that
// is newer; 0 if of none. ErrNotFound if it has heard of none.
func (l *Ledger) LastAsOf(channel string, at time.Time, known uint64) (ledger.Record, error) {
	if err := l.alive(context.Background()); err != nil {
		return ledger.Record{}, err
	}
	s := l.store
	s.mu.Lock()
	defer s.mu.Unlock()
	history := s.channels[channel]
	for i := len(history) - 1; i >= 0; i-- {
		if r := &s.records[history[i]-1]; r.Sequence == known || !r.Time.After(at) {
			return r.Clone(), nil
		}
	}
	return ledger.Record{}, ledger.ErrNotFound
}

// Newest returns the channel's last record, for whoever only looks: it shares
// with the store what nobody may change. The zero record if there is none.
func (s *Store) Newest(channel string) ledger.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := last(s.channels[channel]); n > 0 {
		return s.records[n-1]
	}
	return ledger.Record{}
}

// After returns the first record behind the sequence that is the last one of its
// channel; false if there is none.
func (s *Store) After(sequence uint64) (ledger.Record, bool) {
	r, found, _ := s.after(sequence)
	return r, found
}

// Find implements [ledger.Ledger].
func (l *Ledger) Find(ctx context.Context, transferID string) (ledger.Record, error) {
	if err := l.alive(ctx); err != nil {
		return ledger.Record{}, err
	}
	l.store.mu.Lock()
	defer l.store.mu.Unlock()
	r, err := l.store.last(l.store.transfers[transferID])
	if err != nil {
		return ledger.Record{}, err
	}
	if _, holds := r.State.Find(transferID); !holds {
		return ledger.Record{}, ledger.ErrNotFound
	}
	return r, nil
}

// Follow implements [ledger.Ledger].
func (l *Ledger) Follow(ctx context.Context, after uint64, visit func(ledger.Record) error) error {
	for {
		if err := l.alive(ctx); err != nil {
			return err
		}
		r, found, changed := l.store.after(after)
		if !found {
			select {
			case <-changed:
			case <-ctx.Done():
			case <-l.closed:
			}
			continue
		}
		after = r.Sequence
		if err := visit(r); err != nil {
			return err
		}
	}
}

// after returns the first record behind the sequence that is the last of its
// channel.
func (s *Store) after(sequence uint64) (r ledger.Record, found bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := sequence; n < uint64(len(s.records)); n++ {
		if r := s.records[n]; last(s.channels[r.Channel()]) == r.Sequence {
			return r.Clone(), true, nil
		}
	}
	return ledger.Record{}, false, s.changed
}

// Ready implements [ledger.Ledger].
func (l *Ledger) Ready(ctx context.Context) error { return l.alive(ctx) }

// Close implements [ledger.Ledger]. The store stays as it is.
func (l *Ledger) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

// ErrEnded says that the work was already ended by Done or Later.
var ErrEnded = errors.New("ledger/memory: the work has been ended before")
