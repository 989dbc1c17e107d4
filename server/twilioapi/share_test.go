package twilioapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// hub is a bus in memory whose messages take a moment.
type hub struct {
	mu    sync.Mutex
	next  int
	hears map[int]func([]byte)
	down  map[int]bool // those that are cut off
	last  time.Time    // when the last message arrives: they keep their order
}

func newHub() *hub { return &hub{hears: map[int]func([]byte){}, down: map[int]bool{}} }

const hubDelay = 2 * time.Millisecond

// port is one process's end of the hub.
type port struct {
	*hub
	id int
}

func (h *hub) port() *port { h.next++; return &port{h, h.next} }

func (p *port) Publish(m []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down[p.id] {
		return errors.New("cut off")
	}
	p.last = p.last.Add(time.Microsecond)
	if at := time.Now().Add(hubDelay); at.After(p.last) {
		p.last = at
	}
	for id, hear := range p.hears {
		if !p.down[id] {
			time.AfterFunc(time.Until(p.last), func() { hear(m) })
		}
	}
	return nil
}

func (p *port) Subscribe(hear func([]byte)) (func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hears[p.id] = hear
	return func() { p.mu.Lock(); defer p.mu.Unlock(); delete(p.hears, p.id) }, nil
}

func (p *port) cut(down bool) { p.mu.Lock(); defer p.mu.Unlock(); p.down[p.id] = down }

// floor is some processes that share one limit, and what they send.
type floor struct {
	*testing.T
	hub  *hub
	all  sync.WaitGroup
	stop []context.CancelFunc

	mu   sync.Mutex
	sent []time.Time
}

type process struct {
	*SharedPacer
	port *port
	kill context.CancelFunc // it says that it leaves
}

func (f *floor) start(n int) (all []*process) {
	for range n {
		p := &process{port: f.hub.port()}
		var err error
		if p.SharedPacer, err = NewSharedPacer(ShareOptions{ID: fmt.Sprint("p", p.port.id), Bus: p.port}); err != nil {
			f.Fatal(err)
		}
		ctx, cancel := context.WithCancel(f.Context())
		p.kill = cancel
		f.stop = append(f.stop, cancel)
		f.all.Go(func() {
			if err := p.Run(ctx); err != nil {
				f.Error(err)
			}
		})
		all = append(all, p)
	}
	return all
}

// end stops what still runs; a test in a bubble has to.
func (f *floor) end() {
	for _, stop := range f.stop {
		stop()
	}
	f.all.Wait()
	time.Sleep(time.Minute) // timers of lanes
}

// send lets so many requests through, each of its own conversation, and returns how long that took.
func (f *floor) send(p *process, n int, class Class) time.Duration {
	begin := time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := p.Wait(WithConversation(f.Context(), fmt.Sprint(i)), "x", class); err != nil {
				f.Error(err)
			}
			f.mu.Lock()
			f.sent = append(f.sent, time.Now())
			f.mu.Unlock()
		})
	}
	all.Wait()
	return time.Since(begin)
}

// held fails where more than the limit, and so many more, were sent within a second.
func (f *floor) held(more int) {
	f.Helper()
	slices.SortFunc(f.sent, time.Time.Compare)
	n := DefaultRate + more
	for i := n; i < len(f.sent); i++ {
		if d := f.sent[i].Sub(f.sent[i-n]); d < time.Second {
			f.Fatalf("%d requests within %v, from %v on", n+1, d, f.sent[i-n].Sub(f.sent[0]))
		}
	}
}

func onFloor(t *testing.T, play func(*floor)) {
	synctest.Test(t, func(t *testing.T) {
		f := &floor{T: t, hub: newHub()}
		defer f.end()
		play(f)
	})
}

// TestThreeShareABurst sends 1,000 requests by three processes: no second has more than the limit, and the burst takes
// hardly longer than the limit's own time. Where one has most of them, the others keep one request a second each.
func TestThreeShareABurst(t *testing.T) {
	for _, c := range []struct {
		requests [3]int
		usable   int // of the limit, at the least
	}{{[3]int{333, 333, 334}, DefaultRate}, {[3]int{700, 250, 50}, DefaultRate - 2}} {
		onFloor(t, func(f *floor) {
			begin := time.Now()
			var all sync.WaitGroup
			for i, p := range f.start(3) {
				all.Go(func() { f.send(p, c.requests[i], ClassInvite) })
			}
			all.Wait()
			f.held(0)
			ideal := time.Duration(1000/c.usable) * paceWindow
			if took := time.Since(begin); took > ideal+5*time.Second {
				t.Errorf("%v requests took %v; the limit allows %v", c.requests, took, ideal)
			}
		})
	}
}

// TestOneOfThreeHasItAll gives nearly the whole limit to the only one that needs it, and the others go on at once.
func TestOneOfThreeHasItAll(t *testing.T) {
	onFloor(t, func(f *floor) {
		all := f.start(3)
		time.Sleep(5 * time.Second)
		var busy sync.WaitGroup
		busy.Go(func() { f.send(all[0], 400, ClassInvite) })
		time.Sleep(10 * time.Second)
		if took := f.send(all[1], 1, ClassSweep); took != 0 {
			t.Errorf("a request at an idle process waited %v", took)
		}
		if q := all[0].quotaOf("x", time.Now()); q.now < DefaultRate-3 {
			t.Errorf("the busy one has %+v of %d", q, DefaultRate)
		}
		busy.Wait()
		f.held(0)
	})
}

// TestRemovalsOfOneBeforeSweepsOfAnother holds for processes what holds for requests.
func TestRemovalsOfOneBeforeSweepsOfAnother(t *testing.T) {
	onFloor(t, func(f *floor) {
		all := f.start(2)
		time.Sleep(5 * time.Second)
		var sweeps sync.WaitGroup
		sweeps.Go(func() { f.send(all[0], 400, ClassSweep) })
		time.Sleep(5 * time.Second)
		if took := f.send(all[1], 100, ClassRemoval); took > 9*time.Second {
			t.Errorf("100 removals took %v behind the other's sweeps", took)
		}
		sweeps.Wait()
		f.held(0)
	})
}

// TestComingAndGoing lets processes start, stop and die under load.
func TestComingAndGoing(t *testing.T) {
	onFloor(t, func(f *floor) {
		first := f.start(1)[0]
		var all sync.WaitGroup
		all.Go(func() { f.send(first, 1200, ClassInvite) })
		time.Sleep(8 * time.Second)
		second := f.start(1)[0]
		all.Go(func() { f.send(second, 100, ClassInvite) })
		time.Sleep(5 * time.Second)
		if a, b := first.quotaOf("x", time.Now()).now, second.quotaOf("x", time.Now()).now; a != 10 || b != 10 {
			t.Errorf("the parts are %d and %d", a, b)
		}
		time.Sleep(20 * time.Second)
		second.kill() // it says so
		time.Sleep(2 * time.Second)
		if q := first.quotaOf("x", time.Now()).now; q != DefaultRate {
			t.Errorf("two seconds after the other has left, the part is %d", q)
		}
		third := f.start(1)[0]
		time.Sleep(5 * time.Second)
		third.port.cut(true) // as if it had died
		time.Sleep(silence + holdBack + time.Second)
		if q := first.quotaOf("x", time.Now()).now; q != DefaultRate {
			t.Errorf("after the other's death, the part is %d", q)
		}
		if q := third.quotaOf("x", time.Now()).now; q != DefaultRate/2 {
			t.Errorf("who is cut off takes %d, want an equal part", q)
		}
		third.port.cut(false)
		time.Sleep(3 * time.Second)
		if a, b := first.quotaOf("x", time.Now()).now, third.quotaOf("x", time.Now()).now; a+b > DefaultRate {
			t.Errorf("after its return, the parts are %d and %d", a, b)
		}
		all.Wait()
		f.held(0)
	})
}

// TestNobodyAnswersAtTheStart lets requests through all the same.
func TestNobodyAnswersAtTheStart(t *testing.T) {
	onFloor(t, func(f *floor) {
		h := f.hub
		h.down[1] = true
		p := f.start(1)[0]
		if took := f.send(p, 1, ClassInvite); took < holdBack || took > silence+2*holdBack {
			t.Errorf("the first request waited %v", took)
		}
	})
}

// TestSplit draws demands: the parts never exceed the limit, everybody has one, and nothing is left over.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		demands := make([][classes]int, rapid.IntRange(1, 10).Draw(t, "processes"))
		for i := range demands {
			for c := range demands[i] {
				demands[i][c] = rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 100)).Draw(t, "demand")
			}
		}
		parts := split(limit, demands)
		sum := 0
		for _, p := range parts {
			if p < 1 {
				t.Fatalf("a part of %d in %v", p, parts)
			}
			sum += p
		}
		if want := max(limit, len(parts)); sum != want {
			t.Fatalf("%v are %d, want %d", parts, sum, want)
		}
		for i := range demands {
			for j := range demands {
				if demands[i] == demands[j] && (parts[i]-parts[j] > 1 || parts[j]-parts[i] > 1) && limit >= len(parts) {
					t.Fatalf("%v for %v: the same demand, but not the same part", parts, demands)
				}
			}
		}
	})
}

// TestSplitByClass shows who comes first.
func TestSplitByClass(t *testing.T) {
	for _, c := range []struct {
		demands [][classes]int
		want    []int
	}{
		{[][classes]int{{}}, []int{20}},
		{[][classes]int{{}, {}, {}}, []int{7, 7, 6}},
		{[][classes]int{{0, 500, 0}, {}, {}}, []int{18, 1, 1}},
		{[][classes]int{{0, 500, 0}, {0, 500, 0}}, []int{10, 10}},
		{[][classes]int{{0, 0, 500}, {12, 0, 0}}, []int{8, 12}},
		{[][classes]int{{5, 0, 500}, {5, 500, 0}}, []int{5, 15}},
		{[][classes]int{{0, 3, 0}, {0, 500, 0}}, []int{3, 17}},
	} {
		if got := split(20, c.demands); !slices.Equal(got, c.want) {
			t.Errorf("split(%v) = %v, want %v", c.demands, got, c.want)
		}
	}
}

func FuzzAnnouncement(f *testing.F) {
	f.Add([]byte(`{"id":"a","demand":{"Invites.create":[1,2,3]}}`))
	f.Add([]byte(`{"id":"a","leaves":true}`))
	f.Add([]byte(`{"id":"b","demand":{"x":[-1,99999999999,0]}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, message []byte) {
		s, err := NewSharedPacer(ShareOptions{ID: "me", Bus: newHub().port()})
		if err != nil {
			t.Fatal(err)
		}
		s.heard = time.Now()
		s.hear([]byte(`{"id":"me"}`))
		s.hear(message)
		for endpoint := range s.parts {
			if q := s.quotaOf(endpoint, time.Now()); q.now > DefaultRate || q.hoped > DefaultRate || q.now < 0 {
				t.Errorf("%+v after %q", q, message)
			}
		}
	})
}
