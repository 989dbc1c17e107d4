package simulate

import (
	"context"
	"errors"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
)

// book is a backend's way to the ledger: it takes time, what others wrote is
// seen a little later, and while the backend is cut off nothing goes through.
// It implements [ledger.Ledger].
type book struct {
	*backend
	view  *memory.Ledger
	known map[string]uint64 // the sequence that this process knows of each channel
}

var _ ledger.Ledger = (*book)(nil)

var errCutOff = errors.New("simulate: the ledger does not answer")

// ledgerLag is how much later others' records are seen.
const ledgerLag = 15 * time.Millisecond

// Append implements [ledger.Ledger]. Where the ledger does not answer, the
// record is written or not, and nobody knows.
func (b *book) Append(ctx context.Context, r ledger.Record, expected uint64) (sequence uint64, err error) {
	s, t := b.sim, b.sim.talkOf(r.Channel())
	roll := newRoll(s.options.Seed, "append", t.number, t.count("append"))
	there, back := roll.between(time.Millisecond, 6*time.Millisecond), roll.between(time.Millisecond, 4*time.Millisecond)
	lost, slow := false, false
	if roll.happens(s.weather.ledger) && !s.calm && s.trouble(t, "ledger "+r.ID) {
		if lost = roll.happens(0.3); lost {
			s.say(t, func() string { return b.name + " writes " + r.Event + " into the ledger; the answer is lost" })
		} else {
			slow = true
			there, back = roll.between(0, 2*time.Second), roll.between(0, 4*time.Second)
		}
	}
	written := false
	if err := b.reach(ctx); err != nil {
		return 0, err
	}
	s.at(there, func() { // on its way, whatever becomes of the writer
		written = true
		sequence, err = b.write(r, expected)
	})
	wait := there + back
	if lost {
		wait += 10 * time.Second
	}
	if e := s.sleep(ctx, wait); e != nil || lost {
		return 0, errCutOff
	}
	if slow || !written {
		if e := b.reach(ctx); e != nil {
			return 0, e
		}
	}
	if err == nil || errors.Is(err, ledger.ErrConflict) {
		b.knows(r.Channel())
	}
	return sequence, err
}

// write is the moment of the write.
func (b *book) write(r ledger.Record, expected uint64) (uint64, error) {
	s := b.sim
	before := s.store.Newest(r.Channel())
	sequence, err := s.writer.Append(context.Background(), r, expected)
	if err == nil && sequence > before.Sequence {
		s.event("record", r.Channel(), r.Event)
		s.judge.recorded(b.backend, before.State, s.store.Newest(r.Channel()))
	}
	s.pump()
	return sequence, err
}

// reach waits until the ledger can be reached.
func (b *book) reach(ctx context.Context) error {
	for b.cutUntil.After(b.sim.now()) {
		if b.sim.sleep(ctx, b.cutUntil.Sub(b.sim.now())) != nil {
			return errCutOff
		}
	}
	return ctx.Err()
}

// knows notes that this process has learned the channel's last record.
func (b *book) knows(channel string) {
	if r := b.sim.store.Newest(channel); r.Sequence > 0 {
		b.known[channel] = r.Sequence
	}
}

// Last implements [ledger.Ledger].
func (b *book) Last(ctx context.Context, channel string) (ledger.Record, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Record{}, err
	}
	at := b.sim.now().Add(-ledgerLag)
	if b.cutUntil.After(b.sim.now()) {
		at = b.cutAt
	}
	r, err := b.view.LastAsOf(channel, at, b.known[channel])
	if !errors.Is(err, ledger.ErrNotFound) {
		return r, err
	}
	if err := b.reach(ctx); err != nil { // what the process has not heard of is asked for
		return ledger.Record{}, err
	}
	if err := b.sim.sleep(ctx, 2*time.Millisecond); err != nil {
		return ledger.Record{}, err
	}
	return b.view.Last(ctx, channel)
}

// Newest implements [ledger.Ledger].
func (b *book) Newest(ctx context.Context, channel string) (ledger.Record, error) {
	if err := b.trip(ctx); err != nil {
		return ledger.Record{}, err
	}
	b.knows(channel)
	return b.view.Last(ctx, channel)
}

// Find implements [ledger.Ledger].
func (b *book) Find(ctx context.Context, transferID string) (ledger.Record, error) {
	if err := b.reach(ctx); err != nil {
		return ledger.Record{}, err
	}
	return b.view.Find(ctx, transferID)
}

// Follow implements [ledger.Ledger].
func (b *book) Follow(ctx context.Context, after uint64, visit func(ledger.Record) error) error {
	for {
		if err := b.reach(ctx); err != nil {
			return err
		}
		for {
			r, ok := b.sim.store.After(after)
			if !ok {
				break
			}
			after = r.Sequence
			if err := visit(r); err != nil {
				return err
			}
		}
		if err := b.sim.appended.wait(ctx, b.sim); err != nil {
			return err
		}
	}
}

// Next implements [ledger.Ledger].
func (b *book) Next(ctx context.Context) (ledger.Work, error) {
	turn := &runner{book: b, born: b.life}
	b.sim.idle = append(b.sim.idle, turn)
	b.sim.pumpSoon()
	for turn.work == nil {
		if err := b.sim.wait(ctx, func(wake func()) { turn.wake = wake }); err != nil {
			turn.gone = true
			return nil, err
		}
	}
	return turn.work, nil
}

// Note implements [ledger.Notes].
func (b *book) Note(ctx context.Context, key string) (value string, revision uint64, err error) {
	if err := b.trip(ctx); err != nil {
		return "", 0, err
	}
	return b.view.Note(ctx, key)
}

// SetNote implements [ledger.Notes].
func (b *book) SetNote(ctx context.Context, key, value string, revision uint64) error {
	if err := b.trip(ctx); err != nil {
		return err
	}
	return b.view.SetNote(ctx, key, value, revision)
}

// Open implements [ledger.Opens].
func (b *book) Open(ctx context.Context) ([]ledger.Record, error) { return b.view.Open(ctx) }

// trip is the way to the ledger and back.
func (b *book) trip(ctx context.Context) error {
	if err := b.reach(ctx); err != nil {
		return err
	}
	return b.sim.sleep(ctx, 3*time.Millisecond)
}

// Ready implements [ledger.Ledger].
func (b *book) Ready(context.Context) error { return nil }

// Close implements [ledger.Ledger].
func (b *book) Close() error { return b.view.Close() }

// runner is a runner that waits for work.
type runner struct {
	*book
	born int // the life of the process that it belongs to
	work ledger.Work
	wake func()
	gone bool
}

// job is a piece of work that somebody has in hand. What it says about it does
// not reach a ledger that the backend is cut off from.
type job struct {
	ledger.Work
	*book
	born int // the life of the process
}

// Done implements [ledger.Work].
func (j *job) Done() error { return j.tell("done", j.Work.Done) }

// Later implements [ledger.Work].
func (j *job) Later(d time.Duration) error {
	return j.tell("later", func() error { return j.Work.Later(d) })
}

// Progress implements [ledger.Work].
func (j *job) Progress() error { return j.tell("progress", j.Work.Progress) }

func (j *job) tell(what string, say func() error) error {
	if j.cutUntil.After(j.sim.now()) || !j.up || j.life != j.born {
		return errCutOff
	}
	j.sim.event(what, j.Record().Channel(), "")
	err := say()
	j.sim.pumpSoon()
	return err
}

// pumpSoon arranges for a look at the work that is due, at the present time but
// outside of the running strand.
func (s *Simulation) pumpSoon() {
	if !s.pumping {
		s.pumping = true
		s.at(0, func() { s.pumping = false; s.pump() })
	}
}

// pump hands out the work that is due to runners that wait, and comes back when
// the next is.
func (s *Simulation) pump() {
	defer s.appended.all()
	s.nextWork.stop()
	for {
		due, any := s.store.NextDue()
		if !any {
			return
		}
		if wait := due.Sub(s.now()); wait > 0 {
			s.nextWork = s.at(wait, s.pump)
			return
		}
		if !s.anyIdle() {
			return
		}
		work, ok := s.writer.TryNext()
		if !ok {
			return
		}
		r := s.idler(s.talkOf(work.Record().Channel()))
		r.work = &job{Work: work, book: r.book, born: r.born}
		s.event("work", work.Record().Channel(), r.name)
		r.wake()
	}
}

// anyIdle forgets the runners that are gone, and reports whether one of the
// others waits and can be reached.
func (s *Simulation) anyIdle() bool {
	still, any := s.idle[:0], false
	for _, r := range s.idle {
		if r.gone || r.work != nil || !r.up || r.born != r.life {
			continue
		}
		still = append(still, r)
		any = any || r.wake != nil && r.asks()
	}
	clear(s.idle[len(still):])
	s.idle = still
	return any
}

// idler draws a runner that waits and can be reached, for work about a
// conversation; there must be one.
func (s *Simulation) idler(t *talk) *runner {
	var may []int
	for i, r := range s.idle {
		if r.wake != nil && r.asks() {
			may = append(may, i)
		}
	}
	d := newRoll(s.options.Seed, "runner", t.number, t.count("work"))
	i := may[d.n(len(may))]
	r := s.idle[i]
	s.idle = append(s.idle[:i], s.idle[i+1:]...)
	return r
}
