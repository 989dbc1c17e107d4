package coordinator

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// read reads the facts of Ada's conversation, and returns how many calls that took.
func (l *lab) read(p *process) (conversation, int) {
	l.testing.Helper()
	calls := func() int { return p.count("participants") + p.count("channel") + p.count("task") }
	before := calls()
	r := l.request("ada", "bea")
	c, err := p.conversation(context.Background(), r.InteractionSID, r.InteractionChannelSID, r.TaskSID)
	l.check(err)
	return c, calls() - before
}

func TestFactsAreFreshForAWhile(t *testing.T) {
	l := newLab(t)
	p := l.open()
	for _, c := range []struct {
		name  string
		after time.Duration
		do    func()
		calls int
	}{
		{"nothing known", 0, func() {}, 3},
		{"known", 29 * time.Second, func() {}, 0},
		{"too long ago", time.Second, func() {}, 3},
		{"after an event", 0, func() { l.check(p.ApplyChannel(context.Background(), l.conv.SID, "active")) }, 3},
		{"so soon after it that lists may lag", time.Second, func() {}, 3},
		{"once lists have settled", time.Second, func() {}, 3},
		{"and known again", time.Second, func() {}, 0},
		{"another channel's event", 0, func() {
			l.check(p.ApplyChannel(context.Background(), "UO00000000000000000000000000000000", "active"))
		}, 0},
		{"an event of the task", 0, func() {
			l.check(p.ApplyTask(context.Background(), TaskEvent{Type: "task.updated", TaskSID: "WT1", TaskAttributes: `{"flexInteractionChannelSid":"` + l.conv.SID + `"}`}))
		}, 3},
	} {
		l.clock.Advance(c.after)
		c.do()
		if _, n := l.read(p); n != c.calls {
			t.Errorf("%s: %d calls, want %d", c.name, n, c.calls)
		}
	}
}

// TestAnEventDuringARead: what was read may be from before it, so it is not kept.
func TestAnEventDuringARead(t *testing.T) {
	for _, known := range []bool{false, true} {
		l := newLab(t)
		p := l.open()
		if known {
			l.read(p)
			l.clock.Advance(time.Minute)
		}
		p.once("channel", func(do func() error) error {
			err := do()
			l.clock.Advance(3 * time.Second)
			l.check(p.ApplyChannel(context.Background(), l.conv.SID, "active"))
			return err
		})
		l.read(p)
		l.clock.Advance(10 * time.Second)
		if _, n := l.read(p); n != 3 {
			t.Errorf("known before %v: %d calls", known, n)
		}
		if _, n := l.read(p); n != 0 {
			t.Errorf("known before %v: %d calls after that", known, n)
		}
	}
}

// TestALaggingListIsNotKept: Chidi joins, and the list shows it 1.9 s later. A
// read in between must not make the rules believe for 30 s that he is not in.
func TestALaggingListIsNotKept(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	l.until(p, transfer.PhaseRinging)
	l.check(l.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{ParticipantsMS: 1900}}))
	l.clock.Advance(10 * time.Second)
	l.accept("bea")
	l.deliverAll(p)
	in := func(from string) bool {
		r := l.request(from, "ada")
		c, err := p.conversation(context.Background(), r.InteractionSID, r.InteractionChannelSID, r.TaskSID)
		l.check(err)
		for _, who := range c.participants {
			if who.WorkerSID == l.worker("bea") {
				return true
			}
		}
		return false
	}
	if in("bea") {
		t.Fatal("the list does not lag, so this tests nothing")
	}
	if l.clock.Advance(2 * time.Second); !in("bea") {
		t.Error("bea is still not in")
	}
}

func TestWarm(t *testing.T) {
	l := newLab(t)
	p := l.open()
	r := l.request("ada", "bea")
	warm := func() { p.Warm(r.InteractionSID, r.InteractionChannelSID, r.TaskSID) }
	p.once("task", func(do func() error) error { warm(); return do() }) // while it is under way
	warm()
	p.Wait()
	if _, n := l.read(p); n != 0 || p.count("task") != 1 {
		t.Errorf("%d calls at the click, %d reads", n, p.count("task"))
	}
	warm() // fresh
	p.Wait()
	l.start(p)
	if n := p.count("task") + p.count("participants") + p.count("channel"); n != 3 {
		t.Errorf("%d reads", n)
	}
	// What fails is read at the click.
	q := l.open()
	q.once("task", notReached)
	q.Warm(r.InteractionSID, r.InteractionChannelSID, r.TaskSID)
	q.Wait()
	if _, n := l.read(q); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// TestManyOpenTheDirectoryAtOnce: their conversations are read a few at a time,
// each of them once, and who clicks does not wait for that.
func TestManyOpenTheDirectoryAtOnce(t *testing.T) {
	l := newLab(t)
	p := l.open()
	r := l.request("ada", "bea")
	const many = 3 * aheadAtOnce
	var mu sync.Mutex
	under, most := 0, 0
	full, gate := make(chan struct{}), make(chan struct{})
	p.around = func(op string, do func() error) error {
		if op != "task" {
			return do()
		}
		mu.Lock()
		under++
		if most = max(most, under); under == aheadAtOnce {
			close(full)
		}
		mu.Unlock()
		<-gate
		mu.Lock()
		under--
		mu.Unlock()
		return do()
	}
	for range 2 {
		for i := range many {
			p.Warm(r.InteractionSID, r.InteractionChannelSID, fmt.Sprintf("WT%032x", i))
		}
	}
	select {
	case <-full:
	case <-time.After(time.Minute):
		t.Fatalf("%d are read ahead", most)
	}
	p.mu.Lock()
	p.around = nil
	p.mu.Unlock()
	if _, n := l.read(p); n < 3 { // besides those that were held up
		t.Errorf("%d calls at the click", n)
	}
	close(gate)
	p.Wait()
	if most != aheadAtOnce {
		t.Errorf("%d at a time, want %d", most, aheadAtOnce)
	}
	if n := p.count("channel"); n < many {
		t.Errorf("%d conversations were read, want %d", n, many)
	}
	if p.reads.ahead != 0 || len(p.reads.line) != 0 {
		t.Errorf("%d read ahead, %d wait", p.reads.ahead, len(p.reads.line))
	}
}

// TestWhatWasOpenedLongAgoIsNotReadAhead: its agent has clicked or gone away.
func TestWhatWasOpenedLongAgoIsNotReadAhead(t *testing.T) {
	rs, now := newReadings(), time.Unix(0, 0)
	begun := 0
	for i := range aheadAtOnce + 3 {
		if rs.aheadNow(seenFrom{taskSID: fmt.Sprint(i), asked: now.Add(time.Duration(i) * time.Millisecond)}) {
			begun++
		}
	}
	if begun != aheadAtOnce || len(rs.line) != 3 {
		t.Fatalf("%d begun, %d wait", begun, len(rs.line))
	}
	last := fmt.Sprint(aheadAtOnce + 2)
	if s, more := rs.aheadNext(now.Add(aheadFor + (aheadAtOnce+1)*time.Millisecond)); !more || s.taskSID != last {
		t.Errorf("%+v, %v", s, more)
	}
	for range begun {
		if s, more := rs.aheadNext(now); more {
			t.Errorf("%+v is read twice", s)
		}
	}
	if rs.ahead != 0 {
		t.Errorf("%d read ahead", rs.ahead)
	}
}

// TestFactsAreForgotten keeps the memory of a busy account small.
func TestFactsAreForgotten(t *testing.T) {
	clock := sandbox.NewManualClock(time.Time{})
	f := newFactCache(clock.Now, 30*time.Second, 2*time.Second)
	most := 0
	for i := range 100_000 {
		sid := fmt.Sprintf("UO%032x", i)
		if i%10 == 0 {
			f.put("KD", sid, "WT", conversation{readAt: clock.Now()})
		} else {
			f.changed(sid)
		}
		clock.Advance(50 * time.Millisecond)
		most = max(most, len(f.channels))
	}
	if most > 2048 {
		t.Errorf("%d channels at once", most)
	}
	// An event is remembered for as long as a read from before it may take.
	began := clock.Now()
	f.changed("UO1")
	clock.Advance(longestRead)
	for i := range 5000 {
		f.changed(fmt.Sprint(i))
	}
	f.put("KD", "UO1", "WT", conversation{readAt: began})
	if _, fresh := f.get("KD", "UO1", "WT"); fresh {
		t.Error("a read from before the event is kept")
	}
}

// TestTwoRequestsFindTheFactsOutdated: of two at once each reads again, also the one
// that looks after the other has thrown away what was kept.
func TestTwoRequestsFindTheFactsOutdated(t *testing.T) {
	clock := sandbox.NewManualClock(time.Time{})
	f := newFactCache(clock.Now, 30*time.Second, 2*time.Second)
	f.put("KD", "UO1", "WT", conversation{readAt: clock.Now()})
	clock.Advance(10 * time.Second)
	elsewhere := ledger.Record{Sequence: 7, Time: clock.Now()}
	clock.Advance(5 * time.Second)
	first, _ := f.get("KD", "UO1", "WT")
	second, _ := f.get("KD", "UO1", "WT")
	for _, given := range []conversation{first, second} {
		if !f.outdated("UO1", given, clock.Now(), elsewhere) {
			t.Error("facts from before the record count")
		}
	}
	fresh := conversation{readAt: clock.Now()}
	f.put("KD", "UO1", "WT", fresh)
	if f.outdated("UO1", fresh, clock.Now(), elsewhere) {
		t.Error("facts that were read for this request do not count")
	}
	if _, kept := f.get("KD", "UO1", "WT"); !kept {
		t.Error("a fresh read is thrown away")
	}
}
