package simulate

import (
	"errors"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// What agents are told: every answer is held against the account, and against what
// they have asked for and been told before.

// requested notes a request that is sent.
func (j *judge) requested(q request) {
	if q.id != "" {
		j.asking[q.id]++
	}
	j.sim.result.Requests++
}

// unanswered notes a request whose process died: nobody knows whether it will
// be carried out.
func (j *judge) unanswered(q request) { j.sim.result.Unanswered++ }

// answerLimit is the longest that an agent may wait for an answer.
const answerLimit = 10 * time.Second

// waited looks at how long an agent waited for a backend that did not stand
// still meanwhile.
func (j *judge) waited(b *backend, q request, began time.Time) {
	if b.frozenUntil.After(began) {
		return
	}
	d := j.sim.since(began)
	j.sim.result.Waited = max(j.sim.result.Waited, d)
	if d > answerLimit {
		j.wrong("no answer in time", q.seat.talk, "%s: %s", q.what, d)
	}
}

// started holds the answer to a transfer against the account.
func (j *judge) started(q request, o coordinator.Outcome, err error) {
	if err == nil {
		j.asking[q.id]--
		delete(j.refused, q.id)
		j.clicked(q, o)
		j.told(q, o.Transfer)
	} else if why, is := refusal(err); is {
		j.asking[q.id]--
		j.refusedAgain(q, why)
		if j.transfers[q.id] == nil {
			j.refused[q.id] = string(why)
		}
	}
}

// refusal is why a request was refused, and false where that was not said: it may have been carried out.
func refusal(err error) (transfer.Reason, bool) {
	var r *transfer.Refusal
	if !errors.As(err, &r) {
		return "", false
	}
	return r.Reason, r.Reason != transfer.ReasonServiceUnavailable && r.Reason != transfer.ReasonInternal
}

// told holds a transfer that an agent is told of against the account.
func (j *judge) told(q request, tr transfer.Transfer) {
	t := q.seat.talk
	a := j.transfers[tr.ID]
	if a == nil {
		j.wrong("lost transfer", t, "%s was answered, and the ledger has no such transfer", tr.ID)
		return
	}
	if tr.Invite.SID != "" && !slices.ContainsFunc(t.tasks, func(x *task) bool { return x.sid == tr.Invite.TaskSID }) && j.sim.now().Sub(tr.InvitedAt) < time.Minute {
		j.wrong("untrue success", t, "%s is answered with an invite that is not there", tr.ID)
	}
	if tr.Phase == transfer.PhaseCompleted {
		j.completed(t, &tr)
	}
}

// leaving is the departure that the same agent has asked for before, as it is recorded; "" where there is none.
func (j *judge) leaving(q request) string {
	for _, d := range j.sim.store.Newest(q.seat.talk.sid).State.Departures {
		if q.r.Action == transfer.ActionLeave && d.Kind == transfer.DepartureLeave && d.Agent.TaskSID == q.r.TaskSID &&
			d.RequestedBy == q.by.WorkerSID && d.Phase != transfer.DepartureFailed {
			return d.ID
		}
	}
	return ""
}

// departed holds the answer to a leave, a removal or an end against the account, and against what the agent had asked for
// when they asked.
func (j *judge) departed(q request, o coordinator.DepartureOutcome, err error, had string) {
	t := q.seat.talk
	if why, is := refusal(err); is && had != "" && j.leaving(q) != "" {
		j.wrong("refused what was granted", t, "%s, and now %s", had, why)
	}
	if err != nil || o.Departure.Phase != transfer.DepartureGone || t.status != "active" {
		return
	}
	if o.Departure.Kind == transfer.DepartureEnd {
		j.wrong("untrue success", t, "the conversation is said to be ended, and is not")
		return
	}
	if p := j.sim.truth.seats[o.Departure.Agent.ParticipantSID]; p != nil && p.in {
		j.wrong("untrue success", t, "%s is said to be out, and is in", j.sim.floor.nameOf(p.worker))
	}
}

// canceled holds the answer to a cancel against the account.
func (j *judge) canceled(q request, o coordinator.Outcome, err error) {
	if err != nil || o.Transfer.Phase != transfer.PhaseCanceled || q.seat.talk.late {
		return
	}
	for _, x := range q.seat.talk.tasks {
		if x.transfer == o.Transfer.ID && (x.live() || x.accepted != "") {
			j.wrong("untrue success", q.seat.talk, "the invite of %s is said to be taken back, and is %s", o.Transfer.ID, x.status)
		}
	}
}

// clicked holds the answers to one click, sent again or twice, against each
// other.
func (j *judge) clicked(q request, o coordinator.Outcome) {
	if first, answered := j.clicks[q.id]; answered && first != o.Transfer.ID {
		j.wrong("two transfers for one click", q.seat.talk, "%s and %s", first, o.Transfer.ID)
	}
	j.clicks[q.id] = o.Transfer.ID
}

// refusedAgain looks at a click that is refused, and was granted before.
func (j *judge) refusedAgain(q request, why transfer.Reason) {
	if q.had != "" {
		j.wrong("refused what was granted", q.seat.talk, "%s, and now %s", q.had, why)
	}
}
