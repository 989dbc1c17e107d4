package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// over reports whether the conversation has ended.
func (g *game) over() bool { return g.look().InteractionChannels[0].Status == "closed" }

// look is the account as it is; while the game judges, as it was when that
// began.
func (g *game) look() sandbox.Snapshot {
	if g.judged != nil {
		return *g.judged
	}
	return g.account.Snapshot()
}

// judging keeps what the account looks like until the returned function is
// called.
func (g *game) judging() (end func()) {
	world := g.account.Snapshot()
	g.judged = &world
	return func() { g.judged = nil }
}

// agentsIn are the agents in the conversation by the account's own record; those
// who wrap up are not.
func (g *game) agentsIn() []sandbox.InteractionParticipant {
	var in []sandbox.InteractionParticipant
	world := g.look()
	wrapping := map[string]bool{}
	for _, task := range world.Tasks {
		wrapping[task.SID] = task.AssignmentStatus == "wrapping"
	}
	for _, p := range world.InteractionParticipants {
		if p.Type == "agent" && !p.Left && !wrapping[p.RoutingProperties.TaskSID] {
			in = append(in, p)
		}
	}
	return in
}

// judge looks at what must be so at any time.
func (g *game) judge() {
	defer g.judging()()
	if g.wrong != "" {
		g.t.Fatal(g.wrong)
	}
	s := g.state()
	for _, tr := range s.Transfers {
		g.judgeInvites(tr)
		g.judgeTransfer(tr)
	}
	g.judgeAgents(s)
	if !g.over() && len(g.agentsIn()) == 0 && !s.Open() {
		g.t.Fatalf("the customer is alone, and nobody is going to be asked: %s", story(s))
	}
}

// judgeInvites: one invite for each target that is asked.
func (g *game) judgeInvites(tr transfer.Transfer) {
	rounds := map[int][]string{}
	for _, e := range g.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"}) {
		id, round := transfer.ReadStamp(e.Detail)
		if id == tr.ID && !slices.Contains(rounds[round], e.SID) { // a rejected reservation makes a task pending again
			rounds[round] = append(rounds[round], e.SID)
		}
	}
	for round, made := range rounds {
		if len(made) > 1 {
			g.t.Fatalf("%d invites in round %d of one transfer: %+v", len(made), round, tr)
		}
		if round > tr.Round {
			g.t.Fatalf("an invite of round %d before its time: %+v", round, tr)
		}
	}
}

// judgeTransfer: what the record says about a transfer is so, and the agent is
// gone exactly when the mode says so.
func (g *game) judgeTransfer(tr transfer.Transfer) {
	switch {
	case tr.Mode == transfer.ModeWarm && !tr.LeftAt.IsZero():
		g.t.Fatalf("somebody was removed by a warm transfer: %+v", tr)
	case tr.LeaveOn == transfer.LeaveOnAccept && !tr.LeftAt.IsZero() && tr.AcceptedBy == "":
		g.t.Fatalf("the agent was removed before anybody accepted: %+v", tr)
	case tr.Open() && tr.Due.IsZero():
		g.t.Fatalf("nothing is due: %+v", tr)
	case tr.Phase != transfer.PhaseCompleted:
		return
	}
	joined := g.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: tr.AcceptedBy, TaskSID: tr.Invite.TaskSID})
	if !g.over() && joined != 1 || tr.Mode == transfer.ModeCold && g.in(tr.From.ParticipantSID) {
		g.t.Fatalf("completed, but the target joined %d times, and the agent is in: %t: %+v", joined, g.in(tr.From.ParticipantSID), tr)
	}
}

// judgeAgents: nobody is twice in, and nobody was taken out but by a transfer or
// a departure.
func (g *game) judgeAgents(s transfer.State) {
	in := map[string]bool{}
	for _, p := range g.agentsIn() {
		if s.Leaving(p.SID) {
			continue
		}
		doubled := slices.ContainsFunc(s.Transfers, func(t transfer.Transfer) bool { return t.Open() || t.Doubled })
		if in[p.RoutingProperties.WorkerSID] && !doubled {
			g.t.Fatalf("%s is twice in the conversation: %s", p.RoutingProperties.WorkerSID, story(s))
		}
		in[p.RoutingProperties.WorkerSID] = true
	}
	if g.over() {
		return
	}
	for _, e := range g.account.Record().Entries(sandbox.Query{Kind: "participant", Status: "left", ParticipantType: "agent"}) {
		if !g.explained(s, e.SID, e.TaskSID) {
			g.t.Fatalf("%s was removed, and nothing recorded is about it: %s", e.SID, story(s))
		}
	}
}

// explained reports whether a transfer or a departure was to remove the
// participant, or they were in the conversation twice.
func (g *game) explained(s transfer.State, participantSID, taskSID string) bool {
	for _, tr := range s.Transfers {
		if tr.Invite.TaskSID == taskSID && (tr.Doubled || g.tally.wasDoubled(tr.ID)) {
			return true
		}
		if tr.From.ParticipantSID == participantSID && tr.Mode == transfer.ModeCold && tr.Invite.TaskSID != "" || len(tr.Tried) > 0 {
			return true
		}
	}
	for _, d := range s.Departures {
		if d.Agent.ParticipantSID == participantSID && d.Kind != transfer.DepartureEnd && d.Phase != transfer.DepartureFailed {
			return true
		}
	}
	// What ended long ago is forgotten.
	return len(s.Transfers)+len(s.Departures) > 20
}

// judgeClosing looks at the conversation right before it is closed by us: no
// agent but one is there, and no invite is cut off.
func (g *game) judgeClosing() {
	if g.over() {
		return
	}
	g.ended = true
	s, staying := g.state(), 0
	for _, p := range g.agentsIn() {
		if !slices.ContainsFunc(s.Departures, func(d transfer.Departure) bool {
			return d.Kind != transfer.DepartureEnd && d.Agent.ParticipantSID == p.SID && d.Phase != transfer.DepartureFailed
		}) {
			staying++
		}
	}
	if staying > 1 {
		g.wrong = fmt.Sprintf("the conversation is ended with %d agents in it:%s", staying, story(s))
	}
	for _, task := range g.look().Tasks {
		id, _ := transfer.ReadStamp(task.Attributes)
		if id != "" && (task.AssignmentStatus == "pending" || task.AssignmentStatus == "reserved") {
			g.wrong = fmt.Sprintf("the conversation is ended while %s is being asked:%s", id, story(s))
		}
	}
}

// judgeEnd looks at what must be so once everything is done that can be.
func (g *game) judgeEnd() {
	defer g.judging()()
	s := g.state()
	asked := map[string]string{} // task by transfer
	for _, task := range g.look().Tasks {
		id, _ := transfer.ReadStamp(task.Attributes)
		if id != "" && (task.AssignmentStatus == "pending" || task.AssignmentStatus == "reserved") {
			if _, twice := asked[id]; twice {
				g.t.Fatalf("%s is asked twice", id)
			}
			asked[id] = task.SID
		}
	}
	for _, tr := range s.Transfers {
		switch {
		case tr.Open() && tr.Phase != transfer.PhaseRinging:
			g.t.Fatalf("nobody carries it on: %+v", tr)
		case tr.Open() && g.over():
			g.t.Fatalf("the conversation has ended, and the transfer has not: %+v", tr)
		case tr.Open() && asked[tr.ID] != tr.Invite.TaskSID:
			g.t.Fatalf("nobody is asked: %+v", tr)
		case !tr.Open() && asked[tr.ID] != "":
			g.t.Fatalf("an invite is left behind: %+v", tr)
		}
		delete(asked, tr.ID)
	}
	for _, d := range s.Departures {
		if d.Open() {
			g.t.Fatalf("nobody carries it on: %+v", d)
		}
		if d.Phase == transfer.DepartureGone && d.Kind != transfer.DepartureEnd && g.in(d.Agent.ParticipantSID) {
			g.t.Fatalf("still there: %+v", d)
		}
	}
	if len(asked) > 0 && len(s.Transfers) < 20 {
		g.t.Fatalf("invites that nobody knows of: %v", asked)
	}
	var outstanding []string
	for _, tr := range s.Outstanding() {
		outstanding = append(outstanding, tr.Invite.TaskSID)
	}
	if !slices.Equal(outstanding, g.mirrored) {
		g.t.Fatalf("the mirror shows %v, outstanding are %v", g.mirrored, outstanding)
	}
	if !g.over() && len(g.agentsIn()) == 0 && len(s.Transfers) > 0 && !open(s) {
		g.t.Fatalf("the customer is alone: %s", story(s))
	}
	if g.over() && !g.closed && !g.ended {
		g.t.Fatalf("who ended the conversation? %s", story(s))
	}
}

func open(s transfer.State) bool {
	return slices.ContainsFunc(s.Transfers, transfer.Transfer.Open)
}

// in reports whether the participant is in the conversation.
func (g *game) in(participantSID string) bool {
	return slices.ContainsFunc(g.agentsIn(), func(p sandbox.InteractionParticipant) bool { return p.SID == participantSID })
}

// story tells a state in few words.
func story(s transfer.State) string {
	var b strings.Builder
	short := func(sid string) string { return sid[:min(len(sid), 6)] }
	for _, t := range s.Transfers {
		fmt.Fprintf(&b, "\n  %s %s %s by %s (%s) to %s: %s, over %q, round %d, invite %s, accepted by %s, left %v, doubled %t, asked %s",
			short(t.ID), t.Mode, t.LeaveOn, short(t.From.WorkerSID), short(t.From.ParticipantSID), short(t.Target.SID), t.Phase, t.Over, t.Round,
			short(t.Invite.TaskSID), short(t.AcceptedBy), !t.LeftAt.IsZero(), t.Doubled, t.RequestedAt.Format("04:05.0"))
	}
	for _, d := range s.Departures {
		fmt.Fprintf(&b, "\n  %s %s of %s (%s) by %s: %s, asked %s", short(d.ID), d.Kind, short(d.Agent.WorkerSID), short(d.Agent.ParticipantSID),
			short(d.RequestedBy), d.Phase, d.RequestedAt.Format("04:05.0"))
	}
	return b.String()
}
