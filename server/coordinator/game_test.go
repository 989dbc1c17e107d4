package coordinator

import (
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// game is a lab in which two processes are alive.
type game struct {
	*lab
	t         *rapid.T
	processes [2]*process
	hooks     []url.Values
	random    *rand.Rand
	seed      uint64
	steps     uint64
	waiting   bool // a process waits for an answer
	closed    bool // the customer, or somebody behind our back, has closed the conversation
	ended     bool // we have closed it
	rules     rules
	aim       aim
	asking    asking // whose request is being decided
	mirrored  []string
	tally     *tally
	wrong     string // what was seen to be wrong while a process was at work
	action    string // the agents' last one
	left      []*begun
	judge     judge
}

// people are the agents of a game, who may all be in the conversation.
var people = []string{"ada", "bea", "chidi", "sam", "dan", "eve"}

// gameWorld is that of the lab, with two more agents.
var gameWorld = func() sandbox.World {
	w := interactionWorld
	w.Workers = slices.Clone(w.Workers)
	for i := range w.Workers {
		w.Workers[i].Activity, w.Workers[i].Capacity = "Available", map[string]int{"chat": 5}
	}
	for _, name := range people[4:] {
		more := w.Workers[0]
		more.SID, more.FriendlyName, more.FullName, more.Attributes = "", name, name, nil
		w.Workers = append(w.Workers, more)
	}
	return w
}()

func newGame(t *rapid.T, took *tally, part uint64) *game {
	g := &game{lab: makeLabOf(t, gameWorld), t: t, tally: took}
	g.judge = newJudge()
	g.seed = bits(t, "seed", 32) ^ part<<32
	g.random = rand.New(rand.NewPCG(g.seed, 0))
	g.rules = drawRules(g, bits(t, "rules", 16))
	g.aim = aims[bits(t, "aim", 12)%uint64(len(aims))]
	lag := one(g, []int{0, 500, 1900})
	g.check(g.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: lag, ParticipantsMS: lag}}))
	for i := range g.processes {
		g.processes[i] = g.openProcess()
	}
	g.bringColleagues()
	return g
}

// bits draws a number; of a whole number rapid prefers small ones, only single
// bits are drawn evenly.
func bits(t *rapid.T, label string, n int) (drawn uint64) {
	for range n {
		drawn *= 2
		if rapid.Bool().Draw(t, label) {
			drawn++
		}
	}
	return drawn
}

// bringColleagues lets some be there from the beginning.
func (g *game) bringColleagues() {
	meant := g.rules
	g.rules.MultiParticipant, g.rules.noWarm, g.rules.closedTo = true, nil, ""
	for range one(g, []int{0, 1, 2, 2, 3}) {
		g.request("transfer warm")
		g.answer(true)
		g.calm()
	}
	g.rules = meant
	g.action = ""
}

// openProcess opens one that does what the game's settings say, and mirrors
// and tells the game.
func (g *game) openProcess() *process {
	p := g.open(func(o *Options) {
		o.Schedule = gameSchedule{g}
		o.Settings = func() transfer.Settings { return g.rules.settings() }
		o.Mirror = func(_ context.Context, _ string, outstanding []transfer.Transfer) error {
			g.mirrored = nil
			for _, t := range outstanding {
				g.mirrored = append(g.mirrored, t.Invite.TaskSID)
			}
			return nil
		}
	})
	p.closing = g.judgeClosing
	p.appended = func(before transfer.State, r ledger.Record) {
		g.tally.edges(before, r)
		g.judgeRecord(before, r.State)
	}
	return p
}

// step does one thing; the seed decides all that is random about it. Rapid
// itself would prefer small numbers, and few things would happen.
func (g *game) step(seed uint64) {
	g.steps++
	g.runLeft()
	g.random = rand.New(rand.NewPCG(seed, g.seed+g.steps))
	one(g, []func(){
		g.act, g.act, g.act, g.act, g.act, g.act, g.act, g.act, g.trouble, g.trouble, g.early, g.work, g.work,
		g.due, g.due, g.time, g.webhook, g.webhook, g.activity, g.customer, g.change, g.rarely(g.console), g.calm, g.calm, g.calm, g.calm,
	})()
}

// rarely does it once in ten times.
func (g *game) rarely(do func()) func() {
	return func() {
		if g.often(1) {
			do()
		}
	}
}

// did counts what an agent did, after what.
func (g *game) did(action string) {
	if g.action != "" {
		g.tally.pair(g.action, action)
	}
	g.action = action
}

// draw chooses a number from 0 to most, each as likely: rapid itself prefers
// small ones. It draws where each action begins, see [game.did].
func (g *game) draw(most int) int { return g.random.IntN(most + 1) }

// often is true so many times in ten.
func (g *game) often(times int) bool { return g.random.IntN(10) < times }

func one[T any](g *game, of []T) T { return of[g.draw(len(of)-1)] }

// process draws one of those that are alive, and opens a new one for each that
// was killed.
func (g *game) process() *process {
	i := g.draw(1)
	if g.processes[i].dead() {
		g.processes[i] = g.openProcess()
	}
	return g.processes[i]
}

// activity lets somebody go off, or come back.
func (g *game) activity() {
	g.be(one(g, people), one(g, []string{"Available", "Available", "Available", "Available", "Offline"}))
}

func (g *game) be(name, activity string) {
	_, err := g.account.SetActivity(g.worker(name), g.account.ActivitySID(activity))
	g.check(err)
}

// work lets a process do one piece of what is due.
func (g *game) work() {
	if p := g.process(); g.lab.due() {
		_, _ = p.RunOnce(context.Background())
	}
}

// calm lets everything come to rest that can without waiting long.
func (g *game) calm() {
	p := g.process()
	g.hooks = append(g.hooks, g.takeHooks()...)
	for _, form := range g.hooks {
		_ = g.deliver(p, form)
	}
	g.hooks = nil
	for range 20 {
		if !g.lab.due() || p.dead() {
			break
		}
		_, _ = p.RunOnce(context.Background())
	}
	g.clock.Advance(2 * time.Second)
}

// time lets some of it pass.
func (g *game) time() {
	g.clock.Advance(time.Duration(one(g, []int{200, 1000, 2000, 5100})) * time.Millisecond)
}

// due lets it be the time of the next work.
func (g *game) due() {
	if at, any := g.store.NextDue(); any {
		g.clock.Advance(at.Sub(g.clock.Now()))
		g.work()
	}
}

// webhook delivers one of those that wait: late, out of order, twice, or never.
func (g *game) webhook() {
	g.hooks = append(g.hooks, g.takeHooks()...)
	for range g.draw(8) {
		if len(g.hooks) == 0 {
			return
		}
		i := 0
		if g.draw(3) == 0 {
			i = g.draw(len(g.hooks) - 1)
		}
		form := g.hooks[i]
		g.hooks = append(g.hooks[:i:i], g.hooks[i+1:]...)
		fate := g.draw(9)
		if fate == 1 {
			g.hooks = append(g.hooks, form) // it comes again
		}
		if fate != 0 { // 0: never delivered
			_ = g.deliver(g.process(), form)
		}
	}
}

func (g *game) customer() {
	if g.draw(30) == 0 {
		g.customerLeaves()
	}
}

// customerLeaves ends the conversation behind our back.
func (g *game) customerLeaves() {
	if !g.over() {
		g.closed = true
		g.closeChannel()
	}
}

// meanwhile lets the world go on while a process waits for an answer.
func (g *game) meanwhile(most time.Duration) {
	if g.waiting {
		return
	}
	g.waiting = true
	defer func() { g.waiting = false }()
	end := g.clock.Now().Add(most)
	for range g.draw(8) {
		switch g.draw(4) {
		case 0:
			g.webhook()
		case 1:
			g.answer(g.draw(2) != 0)
		case 2:
			g.clock.Advance(min(end.Sub(g.clock.Now()), time.Duration(g.draw(6))*time.Second))
		default:
			g.work()
		}
	}
}

// heal ends all trouble and lets everything be done that is still to do.
func (g *game) heal() {
	for i, p := range g.processes {
		if p.dead() {
			g.processes[i] = g.openProcess()
		}
		g.processes[i].around = nil
	}
	for round, calm := 0, 0; round < 200 && calm < 3; round++ {
		g.runLeft()
		for _, form := range append(g.hooks, g.takeHooks()...) {
			_ = g.deliver(g.processes[0], form)
		}
		g.hooks = nil
		g.run(g.processes[1])
		g.clock.Advance(2 * time.Second)
		if calm++; !g.atRest(round) {
			calm = 0
		}
	}
}

// atRest reports whether nothing will happen but that invites are answered, or
// run out of time. What was lost about those is found by their next check.
func (g *game) atRest(round int) bool {
	s := g.state()
	for _, t := range s.Transfers {
		if t.Open() && (t.Phase != transfer.PhaseRinging || round < 20) {
			return false
		}
	}
	return !g.lab.due() && !s.MirrorPending && !slices.ContainsFunc(s.Departures, transfer.Departure.Open)
}
