package simulate

import (
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// audit looks at everything that is open: what does not come to its end breaks
// no rule at any one moment.
func (j *judge) audit() {
	still := j.open[:0]
	for _, st := range j.open {
		if !st.open {
			continue
		}
		still = append(still, st)
		for i := range st.state.Transfers {
			j.auditTransfer(st, &st.state.Transfers[i])
		}
		for i := range st.state.Departures {
			if d := &st.state.Departures[i]; d.Open() && j.sim.since(d.RequestedAt) > stuckLimit {
				j.wrong("stuck", st.talk, "the %s of %s has not happened for %s", d.Kind, j.sim.floor.nameOf(d.Agent.WorkerSID), stuckLimit)
			}
		}
		j.auditSeats(st.talk)
	}
	j.open = still
	j.auditTalks()
}

// auditTalks looks at every conversation but those that are over, with nobody
// asked, for so long that nothing comes of them any more.
func (j *judge) auditTalks() {
	s := j.sim
	still := s.watched[:0]
	for _, t := range s.watched {
		switch st := j.states[t.sid]; {
		case t.status == "closed":
			if j.auditRing(t); s.since(t.ended) > overLimit && !t.asking() {
				t.watched = false
				continue
			}
		case st != nil:
			j.auditList(st)
			j.auditEntrants(st)
		}
		still = append(still, t)
	}
	clear(s.watched[len(still):])
	s.watched = still
}

// watch lets the audits look at a conversation.
func (s *Simulation) watch(t *talk) {
	if !t.watched {
		t.watched = true
		s.watched = append(s.watched, t)
	}
}

// auditTransfer looks for one that nobody carries on.
func (j *judge) auditTransfer(st *standing, tr *transfer.Transfer) {
	s := j.sim
	a := j.transfers[tr.ID]
	if !tr.Open() || a == nil || s.since(a.at) < stuckLimit {
		return
	}
	if tr.Phase != transfer.PhaseRinging {
		j.wrong("stuck", st.talk, "%s has been %s for %s", tr.ID, tr.Phase, stuckLimit)
		return
	}
	x := s.truth.tasks[tr.Invite.TaskSID]
	switch {
	case x == nil:
		j.wrong("nobody is asked", st.talk, "%s rings, and its task does not exist", tr.ID)
	case x.live() && !tr.Deadline.IsZero() && s.since(tr.Deadline) > stuckLimit:
		j.wrong("stuck", st.talk, "%s rings long after its time", tr.ID)
	case !x.live() && s.since(x.since) > stuckLimit:
		j.wrong("nobody is asked", st.talk, "%s rings, and its task has been %s for %s", tr.ID, x.status, stuckLimit)
	}
}

// auditEntrants looks for somebody who has come by an invite that nobody waited
// for any more: its transfer has ended, with nobody, and others are there.
func (j *judge) auditEntrants(st *standing) {
	s, t := j.sim, st.talk
	if t.status != "active" || s.unreconciled() {
		return
	}
	for _, p := range t.seats {
		x := s.truth.tasks[p.task]
		if !p.in || s.since(p.joined) < entrantLimit || x == nil || x.transfer == "" || s.since(st.at) < entrantLimit {
			continue
		}
		tr, known := st.state.Find(x.transfer)
		asked := slices.ContainsFunc(tr.Tried, func(o transfer.Tried) bool { return o.TaskSID == p.task })
		if !known || tr.Open() || tr.AcceptedBy != "" || asked || tr.Invite.TaskSID == p.task {
			continue
		}
		if slices.ContainsFunc(t.seats, func(o *seat) bool { return o != p && o.in && s.since(o.joined) > entrantLimit }) {
			j.wrong("came by nothing", t, "%s has come by an invite of %s, which is %s, and is still there", s.floor.nameOf(p.worker), tr.ID, tr.Phase)
		}
	}
}

// auditSeats looks for somebody who is twice in a conversation.
func (j *judge) auditSeats(t *talk) {
	if t.status != "active" || j.sim.unreconciled() && t.late {
		return
	}
	for i, p := range t.seats {
		for _, other := range t.seats[:i] {
			if p.in && other.in && p.worker == other.worker && j.sim.since(p.joined) > stuckLimit {
				j.wrong("twice in", t, "%s has been twice in the conversation for %s", j.sim.floor.nameOf(p.worker), stuckLimit)
			}
		}
	}
}

// end looks at everything once all that can be done has been done.
func (j *judge) end() {
	s := j.sim
	for _, t := range s.talks {
		if t.status == "active" {
			j.auditSeats(t)
		}
		for _, x := range t.tasks {
			j.endOfTask(x)
		}
		st := j.states[t.sid]
		if st == nil || t.status != "active" {
			continue
		}
		var outstanding []string
		for _, tr := range st.state.Outstanding() {
			outstanding = append(outstanding, tr.Invite.TaskSID)
		}
		if s.since(st.at) > 30*time.Second && !slices.Equal(outstanding, st.mirror) {
			j.wrong("the list", t, "the attributes show %v, outstanding are %v", st.mirror, outstanding)
		}
	}
}

// endOfTask looks at an invite's task that is still there at the end.
func (j *judge) endOfTask(x *task) {
	s := j.sim
	if x.transfer == "" || !x.live() || s.since(x.since) < stuckLimit || s.unreconciled() && x.talk.late {
		return
	}
	a := j.transfers[x.transfer]
	switch {
	case a == nil:
		j.wrong("an invite of nobody", x.talk, "%s is not in the ledger", x.transfer)
	case !a.last.Open() && s.since(a.at) > stuckLimit:
		j.wrong("an invite left behind", x.talk, "%s is %s, and its invite is still there", a.id, a.last.Phase)
	case a.last.Open() && a.last.Invite.TaskSID != x.sid && s.since(a.at) > stuckLimit:
		j.wrong("an invite left behind", x.talk, "%s has another invite", a.id)
	}
}

// since is how long ago a moment is.
func (s *Simulation) since(at time.Time) time.Duration { return s.now().Sub(at) }
