package coordinator

import (
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// situation leads to an edge, and is aimed at so many times.
type situation struct {
	times int
	play  func(g *game)
}

func errRefused(op string) error {
	return &twilioapi.Error{Endpoint: op, Outcome: twilioapi.Refused, Status: 400, Message: "no"}
}

// anyTransfer is one of the kinds.
func (g *game) anyTransfer() string { return one(g, actions[:3]) }

// situations are those in which edges are taken that are rare otherwise.
var situations = []situation{
	// The customer leaves while an agent is being removed.
	{36, func(g *game) {
		heard := g.draw(1) == 0
		g.with("remove", func(_ *process, do func() error) error {
			g.customerLeaves()
			if heard {
				return errLost("the request")
			}
			return do()
		})
		if kind := one(g, actions[:2]); g.acts(kind) && kind != "transfer cold" {
			g.attempt("accept")
			g.deliverTo(g.process())
		}
		g.work()
		g.deliverTo(g.process())
	}},
	// The customer leaves while it rings.
	{4, func(g *game) {
		if g.acts(g.anyTransfer()) {
			g.work()
			g.customerLeaves()
			g.calm()
		}
	}},
	// The customer leaves while an invite is being taken back.
	{36, func(g *game) {
		if !g.acts(g.anyTransfer()) {
			return
		}
		g.calm()
		if g.draw(1) == 0 {
			g.attempt("decline")
			g.deliverTo(g.process())
		} else if at, any := g.store.NextDue(); any {
			g.clock.Advance(at.Sub(g.clock.Now())) // it has run out of time, perhaps
		}
		g.with(one(g, []string{"task", "channel", "participants"}), func(_ *process, do func() error) error { g.customerLeaves(); return do() })
		g.work()
		g.calm()
	}},
	// The target accepts or declines before the invite's answer is there, which may be lost.
	{8, func(g *game) {
		accept, lost := g.draw(1) == 0, g.draw(1) == 0
		g.with("invite", func(p *process, do func() error) error {
			err := do()
			g.answer(accept)
			if !lost {
				g.deliverTo(p)
				return err
			}
			return errLost("the answer")
		})
		g.acts(g.anyTransfer())
		g.calm()
	}},
	// Twilio refuses an invite after others have given the process up.
	{8, func(g *game) {
		g.with("invite", func(p *process, do func() error) error {
			g.clock.Advance(5100 * time.Millisecond)
			for _, other := range g.processes {
				if other != p && !other.dead() && g.lab.due() {
					_, _ = other.RunOnce(g.t.Context())
				}
			}
			return errRefused("invite")
		})
		g.acts(g.anyTransfer())
	}},
	// No attempt at an invite comes through.
	{4, func(g *game) {
		for range 8 {
			g.with("invite", func(*process, func() error) error { return errLost("the request") })
			if s := g.state(); !open(s) && !g.acts(g.anyTransfer()) {
				return
			}
			g.due()
			g.due()
		}
	}},
	// Twilio refuses the invite of a later round.
	{28, func(g *game) {
		if g.draw(1) == 0 {
			g.rules.Fallbacks = []transfer.Fallback{{Kind: transfer.FallbackWorker, SID: g.worker(g.target())}, {Kind: transfer.FallbackClose}}
			g.alone()
		}
		if !g.acts("transfer cold") {
			return
		}
		g.calm()
		g.with("invite", func(*process, func() error) error { return errRefused("invite") })
		g.attempt("decline")
		g.calm()
	}},
	// Twilio does not let somebody go, or does not close the conversation.
	{16, func(g *game) {
		op := one(g, []string{"remove", "remove", "close"})
		g.with(op, func(*process, func() error) error { return errRefused(op) })
		if op == "close" {
			g.acts(actionEnd)
			return
		}
		g.bring(1)
		g.acts(one(g, []string{"leave", "remove"}))
	}},
	// Of two processes that take somebody out, or end the conversation, one is refused, and is the first to say so.
	{24, func(g *game) {
		op := one(g, []string{"remove", "remove", "close"})
		g.with(op, func(p *process, do func() error) error {
			g.clock.Advance(2100 * time.Millisecond)
			for _, other := range g.processes {
				if other != p && !other.dead() && g.lab.due() {
					other.once(op, func(func() error) error { return errRefused(op) })
					_, _ = other.RunOnce(g.t.Context())
				}
			}
			return do()
		})
		if op == "close" {
			g.alone()
			g.acts(actionEnd)
			return
		}
		g.bring(1)
		g.acts(one(g, []string{"leave", "remove"}))
	}},
	// Whoever has accepted leaves before the agent is removed.
	{16, func(g *game) {
		g.bring(2)
		if !g.acts("transfer cold on accept") || !g.attempt("accept") {
			return
		}
		if g.clock.Advance(2 * time.Second); g.draw(1) == 0 {
			g.deliverTo(g.process())
		}
		g.leaves(g.newest())
		g.calm()
	}},
	// An invite ends while the agent is being removed, and the agent stays.
	{36, func(g *game) {
		g.with("remove", func(p *process, do func() error) error {
			g.answer(false)
			g.deliverTo(p)
			if g.draw(1) == 0 {
				_ = do()
			}
			return errLost("the answer")
		})
		g.acts("transfer cold")
		g.clock.Advance(6 * time.Second)
		g.calm()
	}},
	// A target accepts while the invite is being taken back.
	{24, func(g *game) {
		g.with("cancel", func(_ *process, do func() error) error { g.answer(true); return do() })
		if g.acts(one(g, []string{"transfer cold on accept", g.anyTransfer()})) {
			g.attempt("cancel")
			g.calm()
		}
	}},
	// Nobody takes over, and the conversation is to be closed; the customer may be faster.
	{96, func(g *game) {
		g.rules.Fallbacks, g.rules.FallbackAlways = []transfer.Fallback{{Kind: transfer.FallbackClose}}, false
		faster := g.draw(1) == 0
		g.with("close", func(_ *process, do func() error) error {
			if faster {
				g.customerLeaves()
				g.deliverTo(g.process())
			}
			return do()
		})
		g.rules.ColdTransfer = true
		if g.alone(); g.acts("transfer cold") {
			g.calm()
			one(g, []func(){func() { g.attempt("decline") }, func() { g.attempt("decline") }, g.console, g.due})()
			g.calm()
			g.calm()
		}
	}},
	// The agent who hands over leaves before Twilio refuses the invite.
	{8, func(g *game) {
		g.bring(1)
		g.with("invite", func(*process, func() error) error {
			g.leaves(g.newest())
			return errRefused("invite")
		})
		g.acts("transfer warm")
		g.calm()
	}},
	// An agent ends the conversation.
	{4, func(g *game) {
		g.alone()
		g.acts(actionEnd)
	}},
	// Somebody cancels an invite's task in Twilio's console, and the conversation may be to be closed.
	{8, func(g *game) {
		if g.draw(1) == 0 {
			g.rules.Fallbacks, g.rules.FallbackAlways = []transfer.Fallback{{Kind: transfer.FallbackClose}}, false
			g.alone()
		}
		if g.acts(g.anyTransfer()) {
			g.calm()
			g.console()
			g.calm()
		}
	}},
	// Whoever has accepted is taken out again before the answer to the invite is there.
	{16, func(g *game) {
		g.rules.permit()
		g.bring(1)
		lost := g.draw(1) == 0
		g.with("invite", func(p *process, do func() error) error {
			err := do()
			if g.clock.Advance(2 * time.Second); g.answer(true) {
				g.deliverTo(p)
				g.clock.Advance(2 * time.Second)
				g.takenOut(g.newest())
			}
			if lost {
				return errLost("the answer")
			}
			return err
		})
		g.acts("transfer cold on accept")
	}},
}

// newest is who joined last.
func (g *game) newest() string {
	in := g.agentsIn()
	if len(in) == 0 {
		return ""
	}
	return in[len(in)-1].TaskSID
}

// takenOut lets another agent remove the agent who has the task.
func (g *game) takenOut(taskSID string) {
	in := g.agentsIn()
	whom := slices.IndexFunc(in, func(p sandbox.GlanceParticipant) bool { return p.TaskSID == taskSID })
	for _, by := range in {
		i := slices.IndexFunc(people, func(name string) bool { return g.worker(name) == by.WorkerSID })
		if whom < 0 || by.TaskSID == taskSID || i < 0 {
			continue
		}
		r := transfer.Request{
			Action: transfer.ActionRemove, InteractionSID: g.conv.InteractionSID, InteractionChannelSID: g.conv.SID, TaskSID: by.TaskSID,
			ParticipantSID: in[whom].SID,
		}
		if _, err := g.process().Depart(g.t.Context(), g.as(people[i]), r); err == nil {
			g.did("remove")
			return
		}
	}
}

// leaves lets the agent who has the task leave.
func (g *game) leaves(taskSID string) {
	for _, p := range g.agentsIn() {
		if p.TaskSID != taskSID || taskSID == "" {
			continue
		}
		i := slices.IndexFunc(people, func(name string) bool { return g.worker(name) == p.WorkerSID })
		r := transfer.Request{
			Action: transfer.ActionLeave, InteractionSID: g.conv.InteractionSID, InteractionChannelSID: g.conv.SID, TaskSID: taskSID,
		}
		if _, err := g.process().Depart(g.t.Context(), g.as(people[i]), r); err == nil {
			g.did("leave")
		}
	}
}
