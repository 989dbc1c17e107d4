package simulate

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// runners is how many pieces of work a backend does at once.
const runners = 4

// backend is one replica: a coordinator that is killed and started again, with
// its own view of the ledger, its own knowledge of workers and its own clock.
type backend struct {
	sim    *Simulation
	number int
	name   string
	life   int // counts its starts
	up     bool
	skew   time.Duration
	ids    int

	coordinator *coordinator.Coordinator
	book        *book
	people      *people
	reconciler  *reconcile.Reconciler
	noticed     signal // something is to be looked at

	strands     []*strand
	frozen      []*strand
	frozenAt    time.Time
	frozenUntil time.Time
	cutAt       time.Time
	cutUntil    time.Time
}

// now is the time by the backend's clock.
func (b *backend) now() time.Time { return b.sim.now().Add(b.skew) }

// start begins a life.
func (b *backend) start() {
	s := b.sim
	b.life++
	b.up = true
	b.book = &book{backend: b, view: s.store.Open(), known: map[string]uint64{}}
	b.people = &people{backend: b, heard: map[string]transfer.WorkerRecord{}}
	b.people.readAll()
	life := b.life
	o := coordinator.Options{
		Ledger: b.book, Twilio: network{b}, Roster: b.people, Settings: func() transfer.Settings { return s.settings },
		WorkflowSID: s.floor.workflow, Clock: b.now, Schedule: schedule{b},
		Origin: fmt.Sprintf("%s-%d", b.name, life), NewID: b.newID,
		Mirror: network{b}.mirror,
	}
	if !s.options.NoReconciler {
		o.Restore = func(ctx context.Context, interaction, channel string) error {
			return b.reconciler.Restore(ctx, interaction, channel)
		}
	}
	if s.bug.put != nil {
		s.bug.put(&o)
	}
	var err error
	if b.coordinator, err = coordinator.New(o); err != nil {
		panic("simulate: " + err.Error()) // the options are right
	}
	if !s.options.NoReconciler {
		b.reconcile()
	}
	for range runners {
		s.spawn(b, "runner", func() { b.work() }, nil)
	}
	s.spawn(b, "directory", func() { b.read() }, nil)
}

func (b *backend) newID() string {
	b.ids++
	return "b" + strconv.Itoa(b.number) + "-" + strconv.Itoa(b.ids)
}

// work does what the ledger hands out.
func (b *backend) work() {
	for {
		if _, err := b.coordinator.RunOnce(context.Background()); err != nil {
			_ = b.sim.sleep(context.Background(), 200*time.Millisecond)
		}
	}
}

// read reads the directory now and then.
func (b *backend) read() {
	for {
		_ = b.sim.sleep(context.Background(), 5*time.Minute)
		b.people.readAll()
	}
}

// kill ends the process as kill -9 does; it is started again after a while.
func (b *backend) kill(after time.Duration) {
	s := b.sim
	if !b.up {
		return
	}
	s.event("kill", b.name, "")
	s.sayAll(func() string { return b.name + " is killed" })
	s.result.Kills++
	b.up = false
	_ = b.book.Close()
	b.frozen, b.frozenUntil, b.cutUntil = nil, time.Time{}, time.Time{}
	for len(b.strands) > 0 {
		s.kill(b.strands[len(b.strands)-1])
	}
	s.at(after, func() {
		s.event("start", b.name, "")
		s.sayAll(func() string { return b.name + " starts again" })
		b.start()
	})
}

// freeze lets the process stand still, as a paused machine does.
func (b *backend) freeze(d time.Duration) {
	s := b.sim
	if !b.up || b.frozenUntil.After(s.now()) {
		return
	}
	s.event("freeze", b.name, "")
	s.sayAll(func() string { return fmt.Sprintf("%s stands still for %s", b.name, d.Round(time.Millisecond)) })
	b.frozenAt, b.frozenUntil = s.now(), s.now().Add(d)
	life := b.life
	s.at(d, func() {
		if b.life == life {
			s.ready = append(s.ready, b.frozen...)
			b.frozen = nil
			s.pumpSoon()
		}
	})
}

// asks reports whether the process has asked the ledger for work: one that stands
// still has, until what it asked for lapses.
func (b *backend) asks() bool {
	now := b.sim.now()
	return !b.cutUntil.After(now) && (!b.frozenUntil.After(now) || now.Sub(b.frozenAt) < askingLapses)
}

// askingLapses is how long a request for work stands, as in ledger/nats.
const askingLapses = 2500 * time.Millisecond

// cut cuts the process off from the ledger.
func (b *backend) cut(d time.Duration) {
	s := b.sim
	if !b.up || b.cutUntil.After(s.now()) {
		return
	}
	s.event("cut", b.name, "")
	s.sayAll(func() string {
		return fmt.Sprintf("%s is cut off from the ledger for %s", b.name, d.Round(time.Millisecond))
	})
	b.cutAt, b.cutUntil = s.now(), s.now().Add(d)
	s.at(d, s.pumpSoon)
}

// troubles arranges for what happens to the backend as a whole: each kind again
// and again, after a time that is drawn.
func (b *backend) troubles() {
	s := b.sim
	each := func(kind string, mean time.Duration, f func(r *roll)) {
		if mean == 0 {
			return
		}
		var next func(n int)
		next = func(n int) {
			r := newRoll(s.options.Seed, kind, b.number, n)
			s.at(r.about(mean), func() {
				if !s.calm && s.trouble(s.nowhere, fmt.Sprint(kind, " ", b.number, " ", n)) {
					s.shaken = append(s.shaken, s.now())
					f(&r)
				}
				next(n + 1)
			})
		}
		next(0)
	}
	each(FaultKill, s.weather.kills, func(r *roll) { b.kill(r.between(time.Second, 20*time.Second)) })
	each(FaultFreeze, s.weather.freezes, func(r *roll) { b.freeze(r.between(500*time.Millisecond, 15*time.Second)) })
	each(FaultCut, s.weather.cuts, func(r *roll) { b.cut(r.between(time.Second, 40*time.Second)) })
}
