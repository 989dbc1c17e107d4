package simulate

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// strand is an activity that runs only while the scheduler lets it. It gives up
// its turn by parking, and goes on when it has been woken and its turn has come.
type strand struct {
	sim  *Simulation
	id   int
	name string
	home *backend // whose process it is part of; nil outside of all backends

	f       func()
	carrier *carrier // from its first turn on

	parking int  // counts the times that it parked
	parked  bool // and has not been woken since
	over    bool
	killed  bool
	place   int    // in home.strands
	onEnd   func() // in the scheduler's hand, however it ended
}

// carrier is a coroutine that plays one strand after another: making one, and
// letting its stack grow, costs more than most strands.
type carrier struct {
	strand *strand // nil where it has come to its end
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
}

// killed is what a strand panics with when its process dies: nothing of it is
// carried on.
type killed struct{}

// spawn makes a strand that is ready to run. onEnd, where set, is called once
// it has ended or its process was killed.
func (s *Simulation) spawn(home *backend, name string, f func(), onEnd func()) *strand {
	s.strands++
	st := &strand{sim: s, id: s.strands, name: name, home: home, f: f, onEnd: onEnd}
	if home != nil {
		st.place = len(home.strands)
		home.strands = append(home.strands, st)
	}
	s.ready = append(s.ready, st)
	return st
}

// carry gives the strand a carrier: one that is free, or a new one.
func (s *Simulation) carry(st *strand) {
	if last := len(s.carriers) - 1; last >= 0 {
		st.carrier = s.carriers[last]
		s.carriers = s.carriers[:last]
		st.carrier.strand = st
		return
	}
	c := &carrier{strand: st}
	st.carrier = c
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.strand.play()
			c.strand = nil
			if !yield(struct{}{}) {
				return
			}
		}
	})
}

// play does what the strand is for. A strand whose process is killed ends; any
// other panic is a finding.
func (st *strand) play() {
	defer func() {
		switch r := recover().(type) {
		case nil, killed:
		default:
			st.sim.violate("panic", "", fmt.Sprintf("%s: %v\n%s", st.name, r, debug.Stack()))
		}
	}()
	st.f()
}

// park gives up the turn until the strand is woken.
func (st *strand) park() {
	if !st.killed {
		st.parked = true
		st.carrier.yield(struct{}{})
	}
	if st.killed {
		panic(killed{})
	}
}

// wake makes a parked strand ready, if it is still parked for the same thing.
func (st *strand) wake(parking int) {
	if st.parked && st.parking == parking && !st.over {
		st.parked = false
		st.sim.ready = append(st.sim.ready, st)
	}
}

// run lets the strand go on until it parks or ends.
func (s *Simulation) run(st *strand) {
	if st.over {
		return
	}
	if b := st.home; b != nil && b.frozenUntil.After(s.now()) {
		b.frozen = append(b.frozen, st)
		return
	}
	s.handOver(st)
	if st.carrier == nil {
		s.carry(st)
	}
	s.turn(st)
}

// turn lets the strand go on, and ends it if it has come to its end.
func (s *Simulation) turn(st *strand) {
	c := st.carrier
	s.current = st
	c.resume()
	s.current = nil
	if c.strand == nil {
		st.carrier = nil
		s.carriers = append(s.carriers, c)
		s.ended(st)
	}
}

// kill ends the strand as kill -9 does.
func (s *Simulation) kill(st *strand) {
	st.killed = true
	if st.carrier == nil {
		s.ended(st)
		return
	}
	s.turn(st)
}

func (s *Simulation) ended(st *strand) {
	if st.over {
		return
	}
	st.over, st.parked = true, false
	if b := st.home; b != nil {
		last := b.strands[len(b.strands)-1]
		b.strands[st.place], last.place = last, st.place
		b.strands = b.strands[:len(b.strands)-1]
	}
	if st.onEnd != nil {
		st.onEnd()
	}
}

// self is the strand that is running; there must be one.
func (s *Simulation) self() *strand {
	if s.current == nil {
		panic("simulate: only a strand can wait")
	}
	return s.current
}
