package simulate

import (
	"fmt"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// How long what is wrong may stay wrong before it counts. A customer is alone for
// no longer than the grace period where a single thing went wrong around that
// time: a process died, or an answer was lost. Where several did, one after the
// other holds up the same step, and each may cost a lease (5 s), a settling time
// (2 s) and the ledger's own patience. What was done behind our back, or took
// effect when nobody counted on it any more, is found by the check (30 s) or the
// sweep, with some faults in between.
const (
	graceLimit = 10 * time.Second
	aloneLimit = 45 * time.Second
	aroundThen = 45 * time.Second // how long before a disturbance may have begun: longer than any lasts
	stuckLimit = 150 * time.Second
	// Somebody who has come by an invite of a transfer that is over is found by the webhook of it; where that is lost, as late
	// as the sweep looks closely at their conversation.
	entrantLimit = 15 * time.Minute
	overLimit    = 10 * time.Minute // a conversation that has ended is not looked at any more
)

// judge holds what is so in the account against what must be so.
type judge struct {
	sim       *Simulation
	transfers map[string]*account  // by transfer ID
	states    map[string]*standing // by channel SID
	open      []*standing          // that were open when they were last recorded
	refused   map[string]string    // transfers whose request was refused, by ID, with the reason
	asking    map[string]int       // requests under way, or unanswered, by transfer ID
	clicks    map[string]string    // the transfers that clicks were answered with, by the transfer ID that they make
}

// standing is the last record of a channel.
type standing struct {
	talk   *talk
	state  transfer.State
	at     time.Time
	open   bool
	mirror []string  // what the conversation's attributes show
	stale  time.Time // since when they have been seen to show something else than what is outstanding
}

// account is what is known of one transfer.
type account struct {
	id       string
	talk     *talk
	last     transfer.Transfer
	at       time.Time // of its last change
	accepted time.Time // when its invite's task was
}

func newJudge(s *Simulation) *judge {
	return &judge{sim: s, transfers: map[string]*account{}, states: map[string]*standing{}, refused: map[string]string{}, asking: map[string]int{}, clicks: map[string]string{}}
}

// wrong reports a broken invariant.
func (j *judge) wrong(code string, t *talk, format string, args ...any) {
	channel := ""
	if t != nil {
		channel = t.sid
	}
	j.sim.violate(code, channel, fmt.Sprintf(format, args...))
}

// changed looks at a conversation in which something happened: whether the
// customer is alone.
func (j *judge) changed(t *talk) {
	alone := t.status == "active" && t.here && len(t.seats) > 0 && t.agents() == 0 && !t.asking()
	switch s := j.sim; {
	case !alone && !t.alone.IsZero():
		j.aloneFor(t, s.now().Sub(t.alone))
		t.alone, t.attended = time.Time{}, s.now()
	case alone && t.alone.IsZero():
		since := s.now()
		t.alone = since
		s.at(graceLimit, func() { j.stillAlone(t, since) })
		limit := aloneLimit
		if t.behind || t.late {
			limit = stuckLimit
		}
		s.at(limit, func() {
			if t.alone.Equal(since) && !(s.unreconciled() && t.late) {
				j.wrong("alone", t, "the customer has been alone for %s", limit)
			}
		})
	}
}

// stillAlone looks at a customer who has been alone for the grace period: more
// than one thing must have gone wrong.
func (j *judge) stillAlone(t *talk, since time.Time) {
	if !t.alone.Equal(since) || t.behind || t.late {
		return
	}
	if n := j.sim.disturbed(t, since.Add(-aroundThen)); n < 2 {
		j.wrong("alone", t, "the customer has been alone for %s, after %d disturbances", graceLimit, n)
	}
}

func (j *judge) aloneFor(t *talk, d time.Duration) {
	switch {
	case d == 0:
	case t.behind:
		j.sim.result.Behind.add(d)
	default:
		j.sim.result.Alone.add(d)
	}
}

// asked looks at a new task: the same target of the same transfer is asked once.
func (j *judge) asked(x *task) {
	if x.transfer == "" {
		return
	}
	if why, ok := j.refused[x.transfer]; ok && j.asking[x.transfer] == 0 && j.transfers[x.transfer] == nil {
		j.wrong("untrue refusal", x.talk, "%s was refused (%s), and there is an invite", x.transfer, why)
	}
	j.askedTwice(x)
	j.instead(x)
	for _, other := range x.talk.tasks {
		if other == x || other.transfer != x.transfer || other.round != x.round || !other.live() && other.accepted == "" {
			continue
		}
		if !x.talk.late {
			j.wrong("doubled invite", x.talk, "two invites for the same target of %s", x.transfer)
			return
		}
		j.sim.at(stuckLimit, func() {
			if x.live() && (other.live() || other.accepted != "") && x.talk.status == "active" && !j.sim.unreconciled() {
				j.wrong("doubled invite", x.talk, "two invites for the same target of %s for %s", x.transfer, stuckLimit)
			}
		})
	}
}

// askedTwice looks for another invite of the same worker into the conversation.
func (j *judge) askedTwice(x *task) {
	to := j.asks(x)
	for _, other := range x.talk.tasks {
		if to == "" || other == x || other.transfer == x.transfer || !other.live() || j.asks(other) != to || x.talk.late {
			continue
		}
		j.wrong("twice invited", x.talk, "%s is asked by %s and by %s", j.sim.floor.nameOf(to), other.transfer, x.transfer)
	}
}

// asks is the worker whom the invite of the task asks; "" for a queue, and where
// that is not known.
func (j *judge) asks(x *task) string {
	a := j.transfers[x.transfer]
	if a == nil || a.last.Round != x.round || a.last.Target.Kind != transfer.TargetWorker {
		return ""
	}
	return a.last.Target.SID
}

// unused forgets a task that TaskRouter has deleted.
func (j *judge) unused(x *task) {
	x.talk.tasks = slices.DeleteFunc(x.talk.tasks, func(o *task) bool { return o == x })
}

// recorded looks at a new record of the ledger.
func (j *judge) recorded(b *backend, before transfer.State, r recordOf) {
	s, state := j.sim, r.State
	t := s.talkOf(state.InteractionChannelSID)
	st := j.states[t.sid]
	if st == nil {
		st = &standing{talk: t}
		j.states[t.sid] = st
	}
	st.state, st.at = state, s.now()
	if open := state.Open(); open && !st.open {
		st.open = true
		j.open = append(j.open, st)
	} else if !open {
		st.open = false
	}
	s.say(t, func() string { return "  " + b.name + " records: " + r.Event + " (" + phases(state) + ")" })
	for i := range state.Transfers {
		j.transferred(t, &state.Transfers[i], before)
	}
}

func phases(state transfer.State) string {
	text := ""
	for _, t := range state.Transfers[max(0, len(state.Transfers)-3):] {
		text += t.ID[2:6] + " " + string(t.Phase) + ", "
	}
	for _, d := range state.Departures[max(0, len(state.Departures)-2):] {
		text += string(d.Kind) + " " + string(d.Phase) + ", "
	}
	return text
}

// transferred looks at one transfer of a new record.
func (j *judge) transferred(t *talk, tr *transfer.Transfer, before transfer.State) {
	s := j.sim
	a := j.transfers[tr.ID]
	if a == nil {
		a = &account{id: tr.ID, talk: t}
		j.transfers[tr.ID] = a
		s.result.Transfers++
		j.rescued(t, tr)
	} else if was, ok := before.Find(tr.ID); ok && was.Phase == tr.Phase && was.Over == tr.Over && was.Round == tr.Round && was.AcceptedBy == tr.AcceptedBy {
		a.last = *tr
		return
	}
	a.last, a.at = *tr, s.now()
	j.over(t, tr, before)
	j.targeted(t, tr)
	if !tr.Open() {
		s.result.Ended[string(tr.Phase)]++
	}
	switch {
	case tr.Open() && tr.Due.IsZero():
		j.wrong("no due time", t, "%s is %s, and nothing is due", tr.ID, tr.Phase)
	case tr.Mode == transfer.ModeWarm && !tr.LeftAt.IsZero():
		j.wrong("removed by a warm transfer", t, "%s", tr.ID)
	case tr.LeaveOn == transfer.LeaveOnAccept && !tr.LeftAt.IsZero() && tr.AcceptedBy == "":
		j.wrong("removed before anybody accepted", t, "%s", tr.ID)
	case tr.Phase == transfer.PhaseCompleted:
		j.completed(t, tr)
	case tr.Phase == transfer.PhaseDeclined, tr.Phase == transfer.PhaseTimedOut, tr.Phase == transfer.PhaseCanceled:
		j.failed(t, tr, tr.Invite.TaskSID)
	case len(tr.Tried) > 0 && tr.Invite.After == "": // else their invite still stands
		j.failed(t, tr, tr.Tried[len(tr.Tried)-1].TaskSID)
	}
}

// completed holds a transfer that is said to be completed against the account.
func (j *judge) completed(t *talk, tr *transfer.Transfer) {
	u := j.sim.truth
	if x := u.tasks[tr.Invite.TaskSID]; x != nil && x.accepted != tr.AcceptedBy {
		j.wrong("untrue success", t, "%s is completed, and %s has not accepted", tr.ID, j.sim.floor.nameOf(tr.AcceptedBy))
	}
	if p := u.seats[tr.From.ParticipantSID]; p != nil && p.in && tr.Mode == transfer.ModeCold && t.status == "active" {
		j.wrong("not removed", t, "%s is completed, and %s is still there", tr.ID, j.sim.floor.nameOf(p.worker))
	}
}

// failed holds a target that is said not to have taken over against the account.
// Whom a colleague is taking out again has not, although they may still be there.
func (j *judge) failed(t *talk, tr *transfer.Transfer, taskSID string) {
	leaving := slices.ContainsFunc(j.sim.store.Newest(t.sid).State.Departures, func(d transfer.Departure) bool {
		return d.Agent.TaskSID == taskSID && d.Phase != transfer.DepartureFailed
	})
	for _, p := range t.seats {
		if p.task == taskSID && p.in && t.status == "active" && !leaving {
			j.wrong("untrue failure", t, "%s is %s, and %s has accepted and is there", tr.ID, tr.Phase, j.sim.floor.nameOf(p.worker))
		}
	}
}

// gone looks at an agent who is out: somebody must have wanted it.
func (j *judge) gone(p *seat) {
	if p.talk.status == "active" && !p.removed {
		j.wrong("removed without a cause", p.talk, "%s is out, and nobody asked for it", j.sim.floor.nameOf(p.worker))
	}
}

// removing looks at a request to take somebody out, as it takes effect: what is
// recorded must ask for it.
func (j *judge) removing(channel, participantSID string) {
	p := j.sim.truth.seats[participantSID]
	if p == nil {
		return
	}
	p.removed = true
	st := j.states[channel]
	if st == nil {
		j.wrong("removed without a line", p.talk, "%s is taken out, and nothing is recorded", j.sim.floor.nameOf(p.worker))
		return
	}
	for _, tr := range st.state.Transfers {
		if tr.From.ParticipantSID == participantSID && tr.Mode == transfer.ModeCold {
			if tr.LeaveOn != transfer.LeaveOnAccept && tr.InvitedAt.IsZero() || tr.LeaveOn == transfer.LeaveOnAccept && tr.AcceptedBy == "" {
				continue
			}
			return
		}
	}
	for _, d := range st.state.Departures {
		if d.Agent.ParticipantSID == participantSID && d.Kind != transfer.DepartureEnd {
			return
		}
	}
	j.wrong("removed without a line", p.talk, "%s is taken out, and nothing recorded asks for it", j.sim.floor.nameOf(p.worker))
}

// closing looks at a conversation that a backend is about to close.
func (j *judge) closing(channel string) {
	t := j.sim.truth.channels[channel]
	st := j.states[channel]
	if t == nil || t.status != "active" {
		return
	}
	if st == nil {
		j.wrong("closed without a line", t, "nothing is recorded")
		return
	}
	for _, p := range t.seats {
		p.removed = true
	}
	staying := 0
	for _, p := range t.seats {
		if p.in && !st.state.Leaving(p.sid) {
			staying++
		}
	}
	if staying > 1 {
		j.wrong("closed with agents in it", t, "%d agents were in the conversation", staying)
	}
	for _, x := range t.tasks {
		if x.transfer != "" && x.live() && !t.late {
			j.wrong("closed while somebody was asked", t, "%s", x.transfer)
		}
	}
}

// invited draws one of the invites that an agent could want to take back; "" if
// there is none.
func (j *judge) invited(t *talk, d *roll) string {
	st := j.states[t.sid]
	if st == nil {
		return ""
	}
	var open []string
	for _, tr := range st.state.Transfers {
		if tr.Open() {
			open = append(open, tr.ID)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return open[d.n(len(open))]
}

func (j *judge) mirrored(channel string, tasks []string) {
	if st := j.states[channel]; st != nil {
		st.mirror = tasks
	}
}
