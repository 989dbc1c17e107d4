package coordinator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// actions are all that the people of a game do. After an end nothing can be done
// (but where Twilio refused it), so no pair that begins with one is counted on.
var actions = []string{
	"transfer cold", "transfer cold on accept", "transfer warm", "cancel", "leave", "remove", "accept", "decline",
}

const actionEnd = "end"

// asking is whose request is being decided.
type asking struct {
	name       string
	supervises bool
}

// asker draws an agent who is in the conversation; nobody if there is none.
func (g *game) asker() string {
	var in []string
	for _, task := range g.look().Tasks {
		for _, r := range task.Reservations {
			if r.Status == "accepted" && slices.Contains(people, r.WorkerName) && !slices.Contains(in, r.WorkerName) {
				in = append(in, r.WorkerName)
			}
		}
	}
	if len(in) == 0 {
		return ""
	}
	return one(g, in)
}

// act lets somebody do something: what the game aims at, or of a kind that is
// drawn.
func (g *game) act() {
	if g.often(8) && g.aim.pursue(g) {
		return
	}
	kind := one(g, append([]string{actionEnd}, actions...))
	if kind == actionEnd && g.draw(9) != 0 {
		return // few games should be over soon
	}
	g.attempt(kind)
}

// attempt tries a few times to find somebody who may do it, and reports whether
// it was done.
func (g *game) attempt(kind string) bool {
	for range 4 {
		if g.try(kind) {
			g.did(kind)
			return true
		}
	}
	return false
}

// try reports whether it was granted.
func (g *game) try(kind string) bool {
	switch kind {
	case "accept", "decline":
		return g.answer(kind == "accept")
	case "cancel":
		return g.cancel()
	case "leave", "remove", actionEnd:
		return g.depart(transfer.Action(kind))
	}
	return g.request(kind)
}

// caller is mostly the agent themselves; else somebody who may or may not ask
// for them.
func (g *game) caller(owner string) (by Caller) {
	from := owner
	if g.draw(9) == 0 {
		from = one(g, people)
	}
	g.asking = asking{name: from, supervises: from != owner && g.draw(1) == 0}
	if g.asking.supervises {
		return g.as(from, "supervisor")
	}
	return g.as(from)
}

// request is mostly one that may well be granted.
func (g *game) request(kind string) bool {
	p, owner := g.process(), g.asker()
	if owner == "" {
		return false
	}
	to, by := g.target(), g.caller(owner)
	r := g.lab.request(owner, to)
	if g.draw(3) == 0 {
		r.Target = transfer.Target{Kind: transfer.TargetQueue, SID: g.account.QueueSID(one(g, []string{"Billing", "Everyone"}))}
	}
	switch {
	case kind == "transfer warm":
		r.Mode = transfer.ModeWarm
	case kind == "transfer cold on accept":
		r.LeaveOn = transfer.LeaveOnAccept
	case g.often(3):
		r.LeaveOn = transfer.LeaveOnInvite
	}
	if g.draw(3) == 0 {
		g.troubleWith(p, "invite", "invite", "append")
	}
	key := fmt.Sprint("key", g.draw(200))
	ctx := context.Background()
	if t, _ := g.state().Find(transferID(r.InteractionChannelSID, by.WorkerSID, key)); t.InviteUnsettled() {
		var cancel context.CancelFunc // a repeat would wait for what this very game is to do next
		ctx, cancel = context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
	}
	o, err := p.Start(ctx, by, r, key)
	if err != nil || o.Repeated {
		return false
	}
	return kind != "transfer cold" || o.Transfer.LeaveOn == transfer.LeaveOnInvite
}

// target is mostly somebody who is not in the conversation.
func (g *game) target() string {
	in := g.agentsIn()
	out := slices.DeleteFunc(slices.Clone(people), func(name string) bool {
		return slices.ContainsFunc(in, func(p sandbox.GlanceParticipant) bool { return p.WorkerSID == g.worker(name) })
	})
	if len(out) == 0 || g.often(1) {
		return one(g, people)
	}
	return one(g, out)
}

// cancel takes one of the invites back.
func (g *game) cancel() bool {
	owner, s := g.asker(), g.state()
	if owner == "" {
		return false
	}
	p, r := g.process(), g.lab.request(owner, owner)
	var open []transfer.Transfer
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
	o, err := p.Cancel(context.Background(), g.caller(owner), r)
	return err == nil && !o.Repeated
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
		r.ParticipantSID = one(g, g.look().Participants).SID
		for _, other := range g.agentsIn() {
			if other.WorkerSID != g.worker(owner) && g.draw(4) != 0 {
				r.ParticipantSID = other.SID
			}
		}
	}
	if g.draw(3) == 0 {
		g.troubleWith(p, "remove", "append", "close")
	}
	o, err := p.Depart(context.Background(), g.caller(owner), r)
	return err == nil && !o.Repeated
}

// answer lets somebody who is asked accept or decline.
func (g *game) answer(accept bool) bool {
	names := slices.Clone(people)
	g.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		res, ok := g.reservation(name, "pending")
		if !ok {
			continue
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
	return false
}

// console lets somebody cancel the task of an invite in Twilio's console.
func (g *game) console() {
	for _, tasks := range g.invitesOut() {
		g.post("taskrouter.twilio.com", "/v1/Workspaces/"+g.account.WorkspaceSID()+"/Tasks/"+tasks[0], "AssignmentStatus=canceled&Reason=console")
		return
	}
}

// early makes the answer to the next invite come after what follows from it.
func (g *game) early() {
	p := g.process()
	op := one(g, []string{"invite", "invite", "remove", "cancel"})
	p.once(op, func(do func() error) error {
		first := g.draw(4) == 0
		if first && g.draw(2) == 0 {
			g.customerLeaves()
		}
		err := do()
		g.answer(g.draw(2) != 0)
		g.deliverTo(p)
		return one(g, []error{err, err, errLost("the answer")})
	})
}

// deliverTo brings what has come to the process.
func (g *game) deliverTo(p *process) {
	for _, form := range g.takeHooks() {
		_ = g.deliver(p, form)
	}
}

func (g *game) trouble() {
	g.troubleWith(g.process(), "invite", "invites", "remove", "append", "append", "task", "channel", "cancel", "participants",
		"reservations", "close")
}

// troubleWith sets what happens to one of the next calls of a process.
func (g *game) troubleWith(p *process, ops ...string) {
	op := one(g, ops)
	kinds := []string{"lost", "not reached", "killed before", "killed after", "pause before", "pause after", "pause after"}
	switch op {
	case "append":
	case "invite", "remove", "close":
		kinds = append(kinds, "refused", "throttled")
	default:
		kinds = append(kinds, "throttled")
	}
	kind := one(g, kinds)
	p.once(op, func(do func() error) error {
		switch kind {
		case "lost":
			return lostAnswer(do)
		case "not reached":
			return notReached(do)
		case "refused", "throttled":
			return &twilioapi.Error{Endpoint: op, Outcome: twilioapi.Outcome(kind), Message: "trouble"}
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
