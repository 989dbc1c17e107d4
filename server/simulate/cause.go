package simulate

import (
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// What comes to a good end may still have gone wrong on its way: an invite that
// is taken from somebody who was about to accept it, a repair of what nobody but
// we had broken. So whatever ends, and whatever is repaired, must have a cause
// in the account's own record.

// apart is more than the clocks of two backends are apart.
const apart = time.Second

// asleep is more than a backend stands still between what it has read and what it
// records.
const asleep = 30 * time.Second

// needed is how long ago a customer may have been alone whom a rescue is for.
const needed = time.Minute

// over holds why a target is said not to take over against the account.
func (j *judge) over(t *talk, tr *transfer.Transfer, before transfer.State) {
	was, _ := before.Find(tr.ID)
	if tr.Over == "" || was.Over == tr.Over && was.Round == tr.Round || t.late {
		return
	}
	x := t.invited(tr)
	if x == nil {
		return
	}
	w := j.sim.floor.bySID[tr.Target.SID]
	switch timeout := time.Duration(tr.TimeoutSeconds) * time.Second; {
	case tr.Over == transfer.ReasonInviteCanceled && x.live():
		j.wrong("over without a cause", t, "%s is said to be canceled, and its task is %s", tr.ID, x.status)
	case tr.Over == transfer.ReasonTargetDeclined && x.declined == 0:
		j.wrong("over without a cause", t, "%s is said to be declined, and nobody has declined", tr.ID)
	case tr.Over == transfer.ReasonInviteTimedOut && j.sim.since(x.born)+apart < timeout:
		j.wrong("over without a cause", t, "%s is said to have had its %s, and had %s", tr.ID, timeout, j.sim.since(x.born))
	case tr.Over == transfer.ReasonTargetWentOff && w != nil && !w.back.IsZero() && j.sim.since(w.back) > j.sim.since(x.born)+asleep:
		j.wrong("over without a cause", t, "%s is said to be given up since %s went off, who has been available for %s", tr.ID, w.name, j.sim.since(w.back))
	}
}

// invited is the task of the transfer's present invite; nil where there is none,
// or more than one.
func (t *talk) invited(tr *transfer.Transfer) *task {
	var found *task
	for _, x := range t.tasks {
		if x.transfer != tr.ID || x.round != tr.Round {
			continue
		}
		if found != nil {
			return nil
		}
		found = x
	}
	return found
}

// targeted looks at whom a transfer asks: a colleague is asked once, and not
// without a limit in time.
func (j *judge) targeted(t *talk, tr *transfer.Transfer) {
	if tr.Target.Kind != transfer.TargetWorker || !tr.Open() {
		return
	}
	if tr.Phase == transfer.PhaseRinging && tr.Deadline.IsZero() {
		j.wrong("asked without a limit", t, "%s asks %s", tr.ID, j.sim.floor.nameOf(tr.Target.SID))
	}
	if slices.ContainsFunc(tr.Tried, func(o transfer.Tried) bool { return o.Target.Same(tr.Target) }) {
		j.wrong("asked again", t, "%s asks %s a second time", tr.ID, j.sim.floor.nameOf(tr.Target.SID))
	}
}

// instead looks at a new task: the next target of a transfer is asked only once
// the one before is not asked any more: their invite is taken back, or they have
// declined it.
func (j *judge) instead(x *task) {
	for _, other := range x.talk.tasks {
		if other.transfer == x.transfer && other.round < x.round && other.live() && other.declined == 0 && !x.talk.late {
			j.wrong("two targets at once", x.talk, "%s asks its next target, and the one before is still asked", x.transfer)
		}
	}
}

// rescued looks at a transfer that nobody asked for. Whoever stood still while the
// conversation ended may still begin one: Twilio refuses its invite.
func (j *judge) rescued(t *talk, tr *transfer.Transfer) {
	if tr.Rescue && t.status == "active" && t.alone.IsZero() && j.sim.since(t.attended) > needed {
		j.wrong("rescued without need", t, "%s", tr.ID)
	}
}

// repaired looks at a repair: something outside must have made it necessary, a
// request that took effect when nobody counted on it, something that was done
// behind our back, or what a process wrote that had stood still. Otherwise it
// hides a fault of ours. An acceptance whose webhook is lost may be noticed by
// whoever looks first, and a conversation may end while it is looked at.
func (j *judge) repaired(r reconcile.Report) {
	t := j.sim.talkOf(r.ChannelSID)
	if r.Outcome != reconcile.OutcomeRepaired || r.Code == transfer.FindingMissedAccept || t.status != "active" {
		return
	}
	if r.Code == transfer.FindingStaleMirror && t.misshown {
		return
	}
	if !t.late && !t.behind {
		j.wrong("repaired without a cause", t, "%s", r.Words)
	}
}

// auditList looks for attributes that have not shown what is outstanding for
// long.
func (j *judge) auditList(st *standing) {
	s := j.sim
	var outstanding []string
	for _, tr := range st.state.Outstanding() {
		outstanding = append(outstanding, tr.Invite.TaskSID)
	}
	switch same := slices.Equal(outstanding, st.mirror); {
	case same || st.talk.status != "active":
		st.stale = time.Time{}
	case st.stale.IsZero():
		st.stale = s.now()
	case s.since(st.stale) > stuckLimit && s.since(st.at) > stuckLimit:
		j.wrong("the list", st.talk, "the attributes show %v, outstanding are %v", st.mirror, outstanding)
	}
}

// auditRing looks for invites that ring long after their conversation has ended.
func (j *judge) auditRing(t *talk) {
	for _, x := range t.tasks {
		if x.transfer != "" && x.live() && !t.late && j.sim.since(t.ended) > stuckLimit && j.sim.since(x.born) > stuckLimit {
			j.wrong("rings after the end", t, "%s", x.transfer)
		}
	}
}
