package nats

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// keepEnded is how many ended channels keep their record in memory. Those of
// some more are kept packed, the others are read from the stream when somebody
// asks.
const keepEnded = 512

// projection is what this process knows of the ledger: the last record of each
// channel. It has two sources. The feed delivers all that the stream has, in
// order, up to the frontier; what this process appends or reads back is learnt
// at once and may be ahead of the frontier. Followers see the log, which ends
// at the frontier, so that nothing comes to them out of order.
type projection struct {
	seed maphash.Seed

	mu        sync.Mutex
	channels  map[channelKey]*entry
	transfers map[uint64]*entry // by the hash of the transfer's ID
	open      map[*entry]bool   // those that have something open
	gone      int               // entries of transfers that were forgotten
	log       []delivery        // by sequence; those that are replaced are dropped now and then
	replaced  int               // how many of log are
	frontier  uint64
	caughtUp  bool
	wake      chan struct{} // closed at the next delivery; nil if nobody waits

	ended     [keepEnded]keptRecord
	endedNext int

	intents map[channelKey]intent // what this process is writing
}

// intent is a record that is being written, with its encoding.
type intent struct {
	record *ledger.Record
	data   []byte
}

// entry is the last record of a channel. A sequence of zero says that the
// entry was forgotten.
type entry struct {
	key      channelKey
	sequence uint64
	record   *ledger.Record // never changed; nil if it has to be read from the stream
}

// delivery is a record in the order of the stream. It is replaced once its
// entry has another sequence.
type delivery struct {
	sequence uint64
	time     int64
	entry    *entry
}

type keptRecord struct {
	entry    *entry
	sequence uint64
}

func newProjection() *projection {
	return &projection{
		seed:      maphash.MakeSeed(),
		channels:  map[channelKey]*entry{},
		transfers: map[uint64]*entry{},
		open:      map[*entry]bool{},
		intents:   map[channelKey]intent{},
	}
}

// intend notes a record that this process is about to write, so that it need
// not be decoded when the stream brings it back, often before the answer. The
// function that it returns ends that.
func (p *projection) intend(k channelKey, in intent) (settled func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intents[k] = in
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.intents[k].record == in.record {
			delete(p.intents, k)
		}
	}
}

// record returns the record of a message, and decodes it only if it is not
// known here.
func (p *projection) record(s stored) (*ledger.Record, error) {
	p.mu.Lock()
	e, in := p.channels[s.key], p.intents[s.key]
	var known *ledger.Record
	if e != nil && e.sequence == s.sequence {
		known = e.record
	}
	p.mu.Unlock()
	switch {
	case known != nil:
		return known, nil
	case in.record != nil && bytes.Equal(in.data, s.data):
		r := *in.record
		r.Sequence, r.Time = s.sequence, s.time
		return &r, nil
	}
	return s.decode()
}

// learn takes in a record that this process appended or read back.
func (p *projection) learn(k channelKey, r *ledger.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entry(k)
	if r.Sequence < e.sequence || (r.Sequence == e.sequence && e.record != nil) {
		return
	}
	p.set(e, r.Sequence, r)
}

// outdate takes note of a newer record that this process cannot read: what it
// has is not the last one any more.
func (p *projection) outdate(k channelKey, sequence uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entry(k); sequence > e.sequence {
		p.set(e, sequence, nil)
	}
}

// deliver takes in the next message of the feed. r is its record, nil if that
// is left in the stream.
func (p *projection) deliver(s stored, r *ledger.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.sequence <= p.frontier {
		return // delivered before the feed was made anew
	}
	e := p.entry(s.key)
	before := e.sequence
	switch {
	case before < s.sequence:
		p.set(e, s.sequence, r)
		if r == nil {
			p.index(e, s.transfers())
		}
	case before == s.sequence && e.record != nil && !e.record.Time.Equal(s.time):
		exact := *e.record // learnt when it was acknowledged; now its time is known
		exact.Time = s.time
		e.record = &exact
	}
	p.frontier = s.sequence
	if e.sequence == s.sequence {
		p.log = append(p.log, delivery{s.sequence, s.time.UnixNano(), e})
	}
	p.compact()
	p.wakeAll()
}

// pass moves the frontier over a message that is no record.
func (p *projection) pass(sequence uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frontier = max(p.frontier, sequence)
	p.wakeAll()
}

// forget drops a channel whose records are no longer in the stream. A newer
// record than the one at sequence stays.
func (p *projection) forget(k channelKey, sequence uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.channels[k]; e != nil && e.sequence <= sequence {
		p.drop(e)
	}
}

// expire forgets the channels whose last record is older than the time.
func (p *projection) expire(before time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for ; n < len(p.log) && p.log[n].time < before.UnixNano(); n++ {
		if d := p.log[n]; d.entry.sequence == d.sequence {
			p.drop(d.entry)
		}
		p.replaced = max(p.replaced-1, 0)
	}
	p.log = slices.Delete(p.log, 0, n)
	if p.gone > 0 && p.gone*2 > len(p.transfers) {
		for h, e := range p.transfers {
			if e.sequence == 0 {
				delete(p.transfers, h)
			}
		}
		p.gone = 0
	}
}

// channel returns what is known of the channel. The record is nil if it has
// to be read from the stream.
func (p *projection) channel(k channelKey) (sequence uint64, r *ledger.Record, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.channels[k]
	if e == nil {
		return 0, nil, false
	}
	return e.sequence, e.record, true
}

// holder returns the channel that holds the transfer.
func (p *projection) holder(transferID string) (channelKey, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.transfers[maphash.String(p.seed, transferID)]
	if e == nil || e.sequence == 0 {
		return channelKey{}, false
	}
	return e.key, true
}

// after returns the first record behind the sequence that is the last of its
// channel. Without one, it returns a channel that is closed once there may be.
func (p *projection) after(sequence uint64) (d delivery, r *ledger.Record, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := sort.Search(len(p.log), func(i int) bool { return p.log[i].sequence > sequence })
	for ; i < len(p.log); i++ {
		if d := p.log[i]; d.entry.sequence == d.sequence {
			return d, d.entry.record, nil
		}
	}
	return delivery{}, nil, p.waiting()
}

// position returns the frontier and whether the feed has reached the stream's
// end since it was made, and a channel that is closed when that may change.
func (p *projection) position() (frontier uint64, caughtUp bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frontier, p.caughtUp, p.waiting()
}

func (p *projection) setCaughtUp(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caughtUp = is
	p.wakeAll()
}

// The methods below are called with mu held.

func (p *projection) entry(k channelKey) *entry {
	e := p.channels[k]
	if e == nil {
		e = &entry{key: k}
		p.channels[k] = e
	}
	return e
}

func (p *projection) set(e *entry, sequence uint64, r *ledger.Record) {
	if e.sequence != 0 && e.sequence <= p.frontier {
		p.replaced++
	}
	e.sequence, e.record = sequence, r
	delete(p.open, e)
	if r == nil {
		return
	}
	for _, t := range r.State.Transfers {
		p.transfers[maphash.String(p.seed, t.ID)] = e
	}
	if r.State.Open() {
		p.open[e] = true
	} else {
		p.keep(e)
	}
}

func (p *projection) index(e *entry, transfers []string) {
	for _, id := range transfers {
		p.transfers[maphash.String(p.seed, id)] = e
	}
}

// keep holds the record of an ended channel until keepEnded others have come.
func (p *projection) keep(e *entry) {
	slot := &p.ended[p.endedNext]
	p.endedNext = (p.endedNext + 1) % keepEnded
	if old := slot.entry; old != nil && old.sequence == slot.sequence {
		old.record = nil
	}
	*slot = keptRecord{e, e.sequence}
}

func (p *projection) drop(e *entry) {
	delete(p.channels, e.key)
	delete(p.open, e)
	if e.sequence <= p.frontier {
		p.replaced++ // its place in the log is void
	}
	e.sequence, e.record = 0, nil
	p.gone++
}

// compact drops what is replaced from the log once that is the larger part.
func (p *projection) compact() {
	if p.replaced < 1024 || p.replaced*2 < len(p.log) {
		return
	}
	kept := p.log[:0]
	for _, d := range p.log {
		if d.entry.sequence == d.sequence {
			kept = append(kept, d)
		}
	}
	clear(p.log[len(kept):])
	p.log, p.replaced = kept, 0
}

func (p *projection) waiting() <-chan struct{} {
	if p.wake == nil {
		p.wake = make(chan struct{})
	}
	return p.wake
}

func (p *projection) wakeAll() {
	if p.wake != nil {
		close(p.wake)
		p.wake = nil
	}
}
