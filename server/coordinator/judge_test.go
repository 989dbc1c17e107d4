package coordinator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// judge is what a game has learned from the account's own record, which it reads
// on from where it was, and what it keeps of records that are forgotten.
type judge struct {
	next    int                         // where the record goes on
	written uint64                      // the last record in the ledger that was judged
	stamps  map[string]stamp            // by task
	made    map[string]map[int][]string // tasks of invites, by transfer and round
	joined  map[string]int              // how often, by worker and task
	mayGo   map[string]bool             // participants whose removal was recorded
	glance  *sandbox.Glance             // what the conversation looks like, while the game judges
}

type stamp struct {
	transfer string
	round    int
}

func newJudge() judge {
	return judge{stamps: map[string]stamp{}, made: map[string]map[int][]string{}, joined: map[string]int{}, mayGo: map[string]bool{}}
}

// over reports whether the conversation has ended.
func (g *game) over() bool { return g.look().Status == "closed" }

// look is the conversation as it is; while the game judges, as it was when that
// began.
func (g *game) look() sandbox.Glance {
	if g.judge.glance != nil {
		return *g.judge.glance
	}
	return g.account.Glance(g.conv.SID)
}

// judging keeps what the conversation looks like until the returned function is
// called.
func (g *game) judging() (end func()) {
	now := g.account.Glance(g.conv.SID)
	g.judge.glance = &now
	return func() { g.judge.glance = nil }
}

// blame notes what was wrong while a process was at work.
func (g *game) blame(what string) {
	if g.wrong == "" {
		g.wrong = what
	}
}

// agentsIn are the agents in the conversation by the account's own record; those
// who wrap up are not.
func (g *game) agentsIn() []sandbox.GlanceParticipant {
	var in []sandbox.GlanceParticipant
	for _, p := range g.look().Participants {
		if p.Type == "agent" && !p.Wrapping {
			in = append(in, p)
		}
	}
	return in
}

// in reports whether the participant is in the conversation.
func (g *game) in(participantSID string) bool {
	return slices.ContainsFunc(g.agentsIn(), func(p sandbox.GlanceParticipant) bool { return p.SID == participantSID })
}

// stampOf is the transfer and the round that a task was made for; none for other
// tasks. It never changes.
func (g *game) stampOf(taskSID, attributes string) stamp {
	s, known := g.judge.stamps[taskSID]
	if !known {
		s.transfer, s.round = transfer.ReadStamp(attributes)
		g.judge.stamps[taskSID] = s
	}
	return s
}

// judgeRecord looks at what is written into the ledger right now.
func (g *game) judgeRecord(before, after transfer.State) {
	for _, t := range after.Transfers {
		if _, known := before.Find(t.ID); !known {
			delete(g.judge.made, t.ID) // a key is remembered as long as its transfer: this one is used again
			g.judgeRequest(before, t)
		}
		if t.Mode == transfer.ModeCold && t.Phase == transfer.PhaseLeaving {
			g.judge.mayGo[t.From.ParticipantSID] = true
		}
	}
	for _, d := range after.Departures {
		if d.Kind != transfer.DepartureEnd {
			g.judge.mayGo[d.Agent.ParticipantSID] = true
		}
	}
}

// judgeNow looks at what must be so at any time.
func (g *game) judgeNow() {
	if g.wrong != "" {
		g.t.Fatal(g.wrong)
	}
	was := g.judge.next
	left := g.readOn()
	s, sequence := g.stateAt()
	if g.judge.next == was && sequence == g.judge.written {
		return // nothing has changed
	}
	g.judge.written = sequence
	defer g.judging()()
	g.judgeLeft(left, s)
	for _, tr := range s.Transfers {
		g.judgeInvites(tr)
		g.judgeTransfer(tr)
	}
	g.judgeAgents(s)
	if !g.over() && len(g.agentsIn()) == 0 && !s.Open() {
		g.t.Fatalf("the customer is alone, and nobody is going to be asked: %s", story(s))
	}
}

// readOn reads the account's record from where it was left, and returns who left
// the conversation or wraps up.
func (g *game) readOn() (left []sandbox.RecordEntry) {
	var fresh []sandbox.RecordEntry
	fresh, g.judge.next = g.account.Record().Since(g.judge.next, sandbox.Query{})
	for _, e := range fresh {
		switch {
		case e.Kind == "task" && e.Status == "pending":
			of := g.stampOf(e.SID, e.Detail)
			if g.judge.made[of.transfer] == nil {
				g.judge.made[of.transfer] = map[int][]string{}
			}
			if made := g.judge.made[of.transfer]; !slices.Contains(made[of.round], e.SID) { // a rejected reservation makes a task pending again
				made[of.round] = append(made[of.round], e.SID)
			}
		case e.Kind == "participant" && e.Status == "joined":
			g.judge.joined[e.WorkerSID+e.TaskSID]++
		case e.Kind == "participant" && e.Type == "agent":
			left = append(left, e)
		}
	}
	return left
}

// judgeLeft: nobody was taken out but by a transfer or a departure.
func (g *game) judgeLeft(left []sandbox.RecordEntry, s transfer.State) {
	for _, e := range left {
		if !g.judge.mayGo[e.SID] && !g.over() {
			g.t.Fatalf("%s %s, and nothing recorded is about it: %s", e.SID, e.Status, story(s))
		}
	}
}

// judgeInvites: one invite for each target that is asked.
func (g *game) judgeInvites(tr transfer.Transfer) {
	for round, made := range g.judge.made[tr.ID] {
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
	joined := g.judge.joined[tr.AcceptedBy+tr.Invite.TaskSID]
	if !g.over() && joined != 1 || tr.Mode == transfer.ModeCold && g.in(tr.From.ParticipantSID) {
		g.t.Fatalf("completed, but the target joined %d times, and the agent is in: %t: %+v", joined, g.in(tr.From.ParticipantSID), tr)
	}
}

// judgeAgents: nobody is twice in.
func (g *game) judgeAgents(s transfer.State) {
	in := map[string]bool{}
	for _, p := range g.agentsIn() {
		if s.Leaving(p.SID) || slices.ContainsFunc(s.Departures, func(d transfer.Departure) bool {
			return d.Agent.ParticipantSID == p.SID && d.RequestedBy == "" && d.Phase == transfer.DepartureFailed // Twilio refused to part them
		}) {
			continue
		}
		doubled := slices.ContainsFunc(s.Transfers, func(t transfer.Transfer) bool { return t.Open() || t.Doubled })
		if in[p.WorkerSID] && !doubled {
			g.t.Fatalf("%s is twice in the conversation: %s", p.WorkerSID, story(s))
		}
		in[p.WorkerSID] = true
	}
}

// judgeClosing looks at the conversation right before it is closed by us: no
// agent but one is there, and no invite is cut off.
func (g *game) judgeClosing() {
	if g.over() {
		return
	}
	g.ended = true
	s, staying := g.state(), 0
	decided := g.clock.Now()
	for _, d := range s.Departures {
		if d.Kind == transfer.DepartureEnd && d.Open() {
			decided = d.RequestedAt
		}
	}
	for _, p := range g.agentsIn() {
		if !slices.ContainsFunc(s.Departures, func(d transfer.Departure) bool { // who was leaving then may have been unable to
			return d.Kind != transfer.DepartureEnd && d.Agent.ParticipantSID == p.SID &&
				(d.Phase != transfer.DepartureFailed || !d.EndedAt.Before(decided))
		}) {
			staying++
		}
	}
	if staying > 1 {
		g.blame(fmt.Sprintf("the conversation is ended with %d agents in it:%s", staying, story(s)))
	}
	for id := range g.invitesOut() {
		g.blame(fmt.Sprintf("the conversation is ended while %s is being asked:%s", id, story(s)))
	}
}

// invitesOut are the tasks of invites that nobody has answered, by transfer.
func (g *game) invitesOut() map[string][]string {
	asked := map[string][]string{}
	for _, task := range g.look().Tasks {
		if of := g.stampOf(task.SID, task.Attributes); of.transfer != "" && (task.Status == "pending" || task.Status == "reserved") {
			asked[of.transfer] = append(asked[of.transfer], task.SID)
		}
	}
	return asked
}

// judgeEnd looks at what must be so once everything is done that can be.
func (g *game) judgeEnd() {
	defer g.judging()()
	s, asked := g.state(), g.invitesOut()
	for _, tr := range s.Transfers {
		switch tasks := asked[tr.ID]; {
		case len(tasks) > 1:
			g.t.Fatalf("%s is asked twice", tr.ID)
		case tr.Open() && tr.Phase != transfer.PhaseRinging:
			g.t.Fatalf("nobody carries it on: %+v", tr)
		case tr.Open() && g.over():
			g.t.Fatalf("the conversation has ended, and the transfer has not: %+v", tr)
		case tr.Open() && !slices.Equal(tasks, []string{tr.Invite.TaskSID}):
			g.t.Fatalf("nobody is asked: %+v", tr)
		case !tr.Open() && len(tasks) > 0:
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
	if len(asked) > 0 { // also of transfers that are forgotten
		g.t.Fatalf("invites that nobody knows of: %v", asked)
	}
	g.judgeMirror(s)
	if !g.over() && len(g.agentsIn()) == 0 && !open(s) {
		g.t.Fatalf("the customer is alone: %s", story(s))
	}
	if g.over() && !g.closed && !g.ended {
		g.t.Fatalf("who ended the conversation? %s", story(s))
	}
}

// judgeMirror: the conversation's attributes show what is outstanding.
func (g *game) judgeMirror(s transfer.State) {
	var outstanding []string
	for _, tr := range s.Outstanding() {
		outstanding = append(outstanding, tr.Invite.TaskSID)
	}
	if !slices.Equal(outstanding, g.mirrored) {
		g.t.Fatalf("the mirror shows %v, outstanding are %v", g.mirrored, outstanding)
	}
}

func open(s transfer.State) bool {
	return slices.ContainsFunc(s.Transfers, transfer.Transfer.Open)
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
