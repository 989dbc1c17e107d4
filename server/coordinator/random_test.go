package coordinator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestRandom plays random sequences of requests by random agents on one
// conversation, with lost answers, refusals to answer, late, lost and repeated
// webhooks, processes that pause, race and are killed. The account's own record
// is the judge.
func TestRandom(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				g := newGame(t)
				defer g.close()
				for _, seed := range rapid.SliceOfN(rapid.Uint64(), 15, 60).Draw(t, "seeds") {
					g.step(seed)
					g.judge()
				}
				g.heal()
				g.judge()
				g.judgeEnd()
			})
		})
	}
}

// step does one thing; the seed decides all that is random about it. Rapid
// itself would prefer small numbers, and few things would happen.
func (g *game) step(seed uint64) {
	g.steps++
	g.random = rand.New(rand.NewPCG(seed, g.seed+g.steps))
	one(g, []func(){
		g.request, g.request, g.request, g.trouble, g.trouble, g.trouble, g.work, g.work, g.work, g.due, g.due,
		g.time, g.webhook, g.webhook, g.agent, g.agent, g.customer,
	})()
}

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
	closed    bool
}

func newGame(t *rapid.T) *game {
	g := &game{lab: makeLab(t), t: t}
	for range 32 { // only single bits are drawn evenly
		g.seed *= 2
		if rapid.Bool().Draw(t, "bit") {
			g.seed++
		}
	}
	g.random = rand.New(rand.NewPCG(g.seed, 0))
	lag := one(g, []int{0, 500, 1900})
	g.check(g.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: lag, ParticipantsMS: lag}}))
	for i := range g.processes {
		g.processes[i] = g.open()
	}
	return g
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
		g.processes[i] = g.open()
	}
	return g.processes[i]
}

var people = []string{"ada", "bea", "chidi"}

// request is mostly one that may well be granted.
func (g *game) request() {
	p := g.process()
	var in []string
	for _, name := range people {
		if _, ok := g.reservation(name, "accepted"); ok {
			in = append(in, name)
		}
	}
	if len(in) == 0 {
		return
	}
	owner, to := one(g, in), one(g, people)
	from := owner
	if g.draw(9) == 0 {
		from = one(g, people)
	}
	r := g.lab.request(owner, to)
	if g.draw(3) == 0 {
		r.Target = transfer.Target{Kind: transfer.TargetQueue, SID: g.account.QueueSID(one(g, []string{"Billing", "Everyone"}))}
	}
	if g.draw(1) == 0 {
		g.troubleWith(p, "invite", "invite", "append")
	}
	ctx := context.Background()
	if s := g.state(); s.Open() { // a repeat would wait for what this very test is to do next
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
	}
	_, _ = p.Start(ctx, g.as(from), r, fmt.Sprint("key", g.draw(3)))
	p.Wait()
}

// work lets a process do one piece of what is due.
func (g *game) work() {
	if p := g.process(); g.lab.due() {
		_, _ = p.RunOnce(context.Background())
	}
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

// agent lets somebody who is asked answer.
func (g *game) agent() {
	res, ok := g.reservation(one(g, people), "pending")
	switch {
	case !ok:
	case g.draw(3) == 0:
		_, err := g.account.RejectReservation(res.SID)
		g.check(err)
	default:
		_, err := g.account.AcceptReservation(res.SID)
		g.check(err)
	}
}

func (g *game) customer() {
	if g.draw(15) == 0 {
		g.closed = true
		g.closeChannel()
	}
}

// trouble sets what happens to one of the next calls of a process.
func (g *game) trouble() {
	g.troubleWith(g.process(), "invite", "invites", "remove", "append", "append", "task", "channel", "cancel")
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
			g.processes[i] = g.open()
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

// judge looks at what must be so at any time.
func (g *game) judge() {
	s := g.state()
	left := map[string]int{} // by participant: how many transfers say that they removed it
	for _, tr := range s.Transfers {
		if made := g.invites(tr.ID); len(made) > 1 {
			g.t.Fatalf("%d invites of one transfer: %+v", len(made), tr)
		}
		if !tr.LeftAt.IsZero() {
			left[tr.From.ParticipantSID]++
		}
		if tr.Phase == transfer.PhaseCompleted {
			g.judgeCompleted(tr)
		}
	}
	for ut, n := range left {
		if n > 1 {
			g.t.Fatalf("%s was removed by %d transfers", ut, n)
		}
	}
	for _, e := range g.account.Record().Entries(sandbox.Query{Kind: "participant", Status: "left", ParticipantType: "agent"}) {
		if !g.closed && !g.transferred(s, e.SID) {
			g.t.Fatalf("%s was removed, and no transfer is about it", e.SID)
		}
	}
}

// transferred reports whether a transfer was to remove the participant.
func (g *game) transferred(s transfer.State, participantSID string) bool {
	for _, tr := range s.Transfers {
		if tr.From.ParticipantSID == participantSID && tr.Invite.TaskSID != "" {
			return true
		}
	}
	return false
}

func (g *game) judgeCompleted(tr transfer.Transfer) {
	in := g.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: tr.AcceptedBy, TaskSID: tr.Invite.TaskSID})
	out := g.count(sandbox.Query{Kind: "participant", Status: "left", SID: tr.From.ParticipantSID})
	if !g.closed && in != 1 || out != 1 {
		g.t.Fatalf("completed, but the target joined %d times and the agent left %d times: %+v", in, out, tr)
	}
}

// judgeEnd looks at what must be so once everything is done that can be.
func (g *game) judgeEnd() {
	s := g.state()
	for _, tr := range s.Transfers {
		_, ringing := g.ringing(tr)
		switch {
		case tr.Open() && tr.Phase != transfer.PhaseRinging:
			g.t.Fatalf("nobody carries it on: %+v", tr)
		case tr.Open() && g.closed:
			g.t.Fatalf("the conversation has ended, and the transfer has not: %+v", tr)
		case tr.Open() != ringing:
			g.t.Fatalf("open is %v, asking the target is %v: %+v", tr.Open(), ringing, tr)
		}
	}
	if g.closed {
		return
	}
	for _, p := range g.account.Snapshot().InteractionParticipants {
		if p.Type == "agent" {
			return
		}
	}
	if !s.Open() {
		g.t.Fatalf("the customer is alone: %+v", s.Transfers)
	}
}

// ringing is the task of the transfer that waits for somebody to accept it.
func (g *game) ringing(tr transfer.Transfer) (taskSID string, ok bool) {
	for _, task := range g.account.Snapshot().Tasks {
		if transfer.ReadTransferID(task.Attributes) == tr.ID && (task.AssignmentStatus == "pending" || task.AssignmentStatus == "reserved") {
			return task.SID, true
		}
	}
	return "", false
}
