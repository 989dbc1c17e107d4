package coordinator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	"pgregory.net/rapid"

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
	settings  transfer.Settings
	mirrored  []string
	tally     *tally
	wrong     string            // what was seen to be wrong while a process was at work
	judged    *sandbox.Snapshot // what the account looks like, while the game judges
	action    string            // the agents' last one
}

// step does one thing; the seed decides all that is random about it. Rapid
// itself would prefer small numbers, and few things would happen.
func (g *game) step(seed uint64) {
	g.steps++
	g.random = rand.New(rand.NewPCG(seed, g.seed+g.steps))
	one(g, []func(){
		g.act, g.act, g.act, g.act, g.act, g.act, g.act, g.act, g.trouble, g.trouble, g.early, g.work, g.work,
		g.due, g.due, g.time, g.webhook, g.webhook, g.activity, g.customer, g.calm, g.calm, g.calm, g.calm,
	})()
}

// did counts what an agent did, after what.
func (g *game) did(action string) {
	if g.action != "" {
		g.tally.pair(g.action, action)
	}
	g.action = action
}

func newGame(t *rapid.T, took *tally) *game {
	g := &game{lab: makeLab(t), t: t, tally: took}
	for range 32 { // only single bits are drawn evenly
		g.seed *= 2
		if rapid.Bool().Draw(t, "bit") {
			g.seed++
		}
	}
	g.random = rand.New(rand.NewPCG(g.seed, 0))
	lag := one(g, []int{0, 500, 1900})
	g.check(g.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: lag, ParticipantsMS: lag}}))
	g.settings = transfer.Settings{
		ColdTransfer: true, MultiParticipant: true, LeaveOnChoice: true, MaxInvites: 3,
		InviteTimeout: 20 * time.Second, QueueTimeout: 40 * time.Second,
		FallbackAlways: g.draw(3) == 0, LeaveAs: one(g, []transfer.LeaveAs{"", transfer.LeaveWrapup}),
		Fallbacks: one(g, [][]transfer.Fallback{
			nil, {}, {{Kind: transfer.FallbackQueue, SID: g.account.QueueSID("Billing")}, {Kind: transfer.FallbackAgent}},
			{{Kind: transfer.FallbackWorker, SID: g.worker("chidi")}, {Kind: transfer.FallbackClose}},
		}),
	}
	for i := range g.processes {
		g.processes[i] = g.openProcess()
	}
	for _, name := range people {
		g.be(name, "Available")
	}
	for range one(g, []int{0, 1, 2, 2, 3}) { // colleagues who are there from the beginning
		g.request("transfer warm")
		g.answer(true)
		g.calm()
	}
	return g
}

// openProcess opens one that does what the game's settings say, and mirrors
// and tells the game.
func (g *game) openProcess() *process {
	p := g.open(func(o *Options) {
		o.Settings = func() transfer.Settings { return g.settings }
		o.Mirror = func(_ context.Context, _ string, outstanding []transfer.Transfer) error {
			g.mirrored = nil
			for _, t := range outstanding {
				g.mirrored = append(g.mirrored, t.Invite.TaskSID)
			}
			return nil
		}
	})
	p.closing = g.judgeClosing
	p.appended = g.tally.edges
	return p
}

// draw chooses a number from 0 to most, each as likely: rapid itself prefers
// small ones. It draws where each action begins, see [game.do].
func (g *game) draw(most int) int { return g.random.IntN(most + 1) }

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

var people = []string{"ada", "bea", "chidi", "sam"}

// asker draws an agent who is in the conversation; nobody if there is none.
func (g *game) asker() string {
	var in []string
	for _, r := range g.look().Reservations {
		if r.ReservationStatus == "accepted" && slices.Contains(people, r.WorkerName) && !slices.Contains(in, r.WorkerName) {
			in = append(in, r.WorkerName)
		}
	}
	if len(in) == 0 {
		return ""
	}
	return one(g, in)
}

// act lets somebody do something of a kind that is drawn, and tries a few times
// to find somebody who may.
func (g *game) act() {
	kind := one(g, append([]string{"end"}, actions...))
	if *atLeast > 0 && g.draw(1) == 0 {
		kind = g.tally.rarest(g.action)
	}
	if kind == "end" && g.draw(9) != 0 {
		return // few games should be over soon
	}
	for range 4 {
		if g.try(kind) {
			g.did(kind)
			return
		}
	}
}

// try reports whether it was granted.
func (g *game) try(kind string) bool {
	switch kind {
	case "accept", "decline":
		return g.answer(kind == "accept")
	case "cancel":
		return g.cancel()
	case "leave", "remove", "end":
		return g.depart(transfer.Action(kind))
	}
	return g.request(kind)
}

// request is mostly one that may well be granted.
func (g *game) request(kind string) bool {
	p := g.process()
	owner := g.asker()
	if owner == "" {
		return false
	}
	to, from := one(g, people), owner
	if g.draw(9) == 0 {
		from = one(g, people)
	}
	r := g.lab.request(owner, to)
	if g.draw(3) == 0 {
		r.Target = transfer.Target{Kind: transfer.TargetQueue, SID: g.account.QueueSID(one(g, []string{"Billing", "Everyone"}))}
	}
	switch kind {
	case "transfer warm":
		r.Mode = transfer.ModeWarm
	case "transfer cold on accept":
		r.LeaveOn = transfer.LeaveOnAccept
	}
	if g.draw(3) == 0 {
		g.troubleWith(p, "invite", "invite", "append")
	}
	return g.asking(p, func(ctx context.Context) error {
		_, err := p.Start(ctx, g.as(from), r, fmt.Sprint("key", g.draw(200)))
		return err
	})
}

// asking plays a request and reports whether it was granted. A repeat would
// wait for what this very test is to do next.
func (g *game) asking(p *process, ask func(context.Context) error) bool {
	ctx := context.Background()
	if s := g.state(); s.Open() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
	}
	err := ask(ctx)
	p.Wait()
	return err == nil
}

// cancel takes one of the invites back.
func (g *game) cancel() bool {
	owner, s := g.asker(), g.state()
	if owner == "" || len(s.Transfers) == 0 {
		return false
	}
	p, r := g.process(), g.lab.request(owner, owner)
	open := s.Transfers[:0:0]
	for _, t := range s.Transfers {
		if t.Open() || g.draw(9) == 0 {
			open = append(open, t)
		}
	}
	if len(open) == 0 {
		return false
	}
	r.TransferID = one(g, open).ID
	if g.draw(3) == 0 {
		g.troubleWith(p, "cancel", "task", "append")
	}
	return g.asking(p, func(ctx context.Context) error { _, err := p.Cancel(ctx, g.as(owner), r); return err })
}

// depart lets an agent leave, remove another, or end the conversation.
func (g *game) depart(action transfer.Action) bool {
	owner := g.asker()
	if owner == "" {
		return false
	}
	p, r := g.process(), g.lab.request(owner, owner)
	r.Action = action
	if action == transfer.ActionRemove {
		r.ParticipantSID = one(g, g.account.Snapshot().InteractionParticipants).SID
		for _, p := range g.agentsIn() {
			if p.RoutingProperties.WorkerSID != g.worker(owner) && g.draw(4) != 0 {
				r.ParticipantSID = p.SID
			}
		}
	}
	if g.draw(3) == 0 {
		g.troubleWith(p, "remove", "append", "close")
	}
	repeated := false
	granted := g.asking(p, func(ctx context.Context) error {
		o, err := p.Depart(ctx, g.as(owner), r)
		repeated = o.Repeated
		return err
	})
	return granted && !repeated
}

// answer lets somebody who is asked accept or decline.
func (g *game) answer(accept bool) bool {
	res, ok := g.reservation(one(g, people), "pending")
	if !ok {
		return false
	}
	var err error
	if accept {
		_, err = g.account.AcceptReservation(res.SID)
	} else {
		_, err = g.account.RejectReservation(res.SID)
	}
	g.check(err)
	return true
}

// agent lets somebody who is asked do something about it.
func (g *game) agent() { g.answer(g.draw(2) != 0) }

// early makes the answer to the next invite come after what follows from it.
func (g *game) early() {
	p := g.process()
	op := one(g, []string{"invite", "invite", "remove", "cancel"})
	p.once(op, func(do func() error) error {
		first := g.draw(4) == 0
		if first && !g.over() && g.draw(2) == 0 {
			g.closed = true
			g.closeChannel()
		}
		err := do()
		g.answer(g.draw(2) != 0)
		for _, form := range g.takeHooks() {
			_ = g.deliver(p, form)
		}
		return one(g, []error{err, err, errLost("the answer")})
	})
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
	if g.draw(30) == 0 && !g.over() {
		g.closed = true
		g.closeChannel()
	}
}

// trouble sets what happens to one of the next calls of a process.
func (g *game) trouble() {
	g.troubleWith(g.process(), "invite", "invites", "remove", "append", "append", "task", "channel", "cancel", "participants", "reservations", "close")
}

func (g *game) troubleWith(p *process, ops ...string) {
	op := one(g, ops)
	kind := one(g, []string{"lost", "not reached", "killed before", "killed after", "pause before", "pause after", "pause after"})
	p.once(op, func(do func() error) error {
		switch kind {
		case "lost":
			return lostAnswer(do)
		case "not reached":
			return notReached(do)
		case "killed before":
			p.kill()
			return errLost("everything")
		case "killed after":
			_ = do()
			p.kill()
			return errLost("everything")
		case "pause before":
			// No longer than the step may take: its context ends then.
			g.meanwhile(3900 * time.Millisecond)
			return do()
		default:
			err := do()
			g.meanwhile(20 * time.Second)
			return err
		}
	})
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
			g.agent()
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
	for range 60 {
		for _, form := range append(g.hooks, g.takeHooks()...) {
			_ = g.deliver(g.processes[0], form)
		}
		g.hooks = nil
		g.run(g.processes[1])
		g.clock.Advance(2 * time.Second)
	}
}
