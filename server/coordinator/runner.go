package coordinator

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Decision is what a runner did about a piece of work.
type Decision string

// The decisions of a runner.
const (
	DecisionNothing  Decision = "nothing"   // the work had been answered already
	DecisionInHand   Decision = "in-hand"   // this process is taking the step in a request
	DecisionWait     Decision = "wait"      // it is not due yet
	DecisionTookOver Decision = "took-over" // somebody else intended an invite and fell silent
	DecisionStep     Decision = "step"      // a step was taken
	DecisionRetry    Decision = "retry"     // a step came to nothing; again later
)

// retryAfter is the pause after a step that came to nothing.
const retryAfter = time.Second

// busyAfter is the pause of a step that nobody waits for, and for which there
// was no room at Twilio's limit.
const busyAfter = 5 * time.Second

// levelOf is how loudly a step's failure is told: that others went first is
// nothing to look into.
func levelOf(err error) slog.Level {
	if errors.Is(err, twilioapi.ErrTooBusy) {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// RunOnce waits for one piece of work and does what is due about it: the first
// step that is due and comes to something, since that makes a new record, which
// is new work. It starts no goroutine but the one that shows signs of life
// during a step. The error is that of the ledger or of the last step that
// failed; the work is never lost by it.
func (c *Coordinator) RunOnce(ctx context.Context) (Decision, error) {
	work, err := c.Ledger.Next(ctx)
	if err != nil {
		return DecisionNothing, err
	}
	r := run{Coordinator: c, work: work, record: work.Record(), now: c.Clock(), wait: transfer.CheckEvery}
	steps := r.record.State.Steps()
	if len(steps) == 0 {
		return DecisionNothing, work.Done()
	}
	for _, step := range steps {
		decision, over := r.take(ctx, step)
		if over {
			return decision, r.endErr
		}
	}
	return r.leave()
}

// run is the work on one record.
type run struct {
	*Coordinator
	work   ledger.Work
	record ledger.Record
	now    time.Time
	wait   time.Duration // until the record is looked at again, if nothing comes of it
	inHand bool
	far    bool  // a time in the record lies further ahead than it can
	failed error // of the last step that failed
	endErr error // of ending the work
}

// take takes a step if it is due and nobody else's. It returns true where the
// work is over by it.
func (r *run) take(ctx context.Context, step transfer.Step) (Decision, bool) {
	if handled(step.Kind) && r.own.has(r.record.ID) {
		r.inHand = true
		return "", false
	}
	if step.Kind == transfer.StepInvite {
		return r.takeOver(ctx, step)
	}
	if left := r.left(step.NotBefore, wholeWait(step, r.Settling)); left > 0 {
		r.wait = min(r.wait, left)
		return "", false
	}
	next, written, err := r.alive(r.work, func() (ledger.Record, bool, error) { return r.Coordinator.take(ctx, r.record, step) })
	switch {
	case written:
		if about := step.Transfer.ID; r.own.has(next.ID) {
			r.carryOn(ctx, next, about)
		}
		r.endErr = r.work.Done()
		return DecisionStep, true
	case err != nil:
		again := retryAfter
		if patient(r.record.State, step.Kind, r.Clock()) && errors.Is(err, twilioapi.ErrTooBusy) {
			again = busyAfter
		}
		r.Logger.Log(ctx, levelOf(err), "a step will be tried again", "step", step.Kind, "channel", r.record.Channel(), "transfer", step.Transfer.ID, "departure", step.Departure.ID, "error", err)
		r.failed, r.wait = err, min(r.wait, again)
	case next.Sequence != r.record.Sequence:
		r.endErr = r.work.Done() // whoever wrote the newer record carries it on
		return DecisionNothing, true
	default:
		r.wait = min(r.wait, pause(step, r.now))
	}
	return "", false
}

// pause is how long a step that came to nothing rests.
func pause(step transfer.Step, now time.Time) time.Duration {
	if step.Kind != transfer.StepCheck {
		return retryAfter
	}
	if left := step.Transfer.Deadline.Sub(now); !step.Transfer.Deadline.IsZero() && left > 0 {
		return min(left, transfer.CheckEvery)
	}
	return transfer.CheckEvery
}

// leave ends work of which nothing has come: it is left with whoever has the
// record in hand, or for later.
func (r *run) leave() (Decision, error) {
	if r.far {
		r.waits.add(r.record, r.wait)
	} else {
		r.waits.forget(r.record.Channel())
	}
	if r.inHand && r.own.attach(r.work) {
		return DecisionInHand, r.failed
	}
	if r.failed != nil {
		if err := r.work.Later(r.wait); err != nil {
			r.Logger.Warn("the ledger did not take a later", "channel", r.record.Channel(), "error", err)
		}
		return DecisionRetry, r.failed
	}
	return DecisionWait, r.work.Later(r.wait)
}

// takeOver deals with an intended invite that this process does not have in
// hand: once the lease of whoever recorded it is over, it is not known whether
// the invite exists. It may have been made at the very end of the lease, so it
// is looked up after the settling time.
func (r *run) takeOver(ctx context.Context, step transfer.Step) (Decision, bool) {
	if left := r.left(leaseEnds(r.record, r.Lease), max(r.record.Lease, r.Lease)); left > 0 {
		r.wait = min(r.wait, left)
		return "", false
	}
	_, written, err := r.Coordinator.record(ctx, r.record, transfer.InviteUnknown{
		TransferID: step.Transfer.ID, Round: step.Transfer.Round, Attempt: step.Transfer.Attempt, Due: r.now.Add(r.Settling), At: r.now,
	})
	switch {
	case err != nil:
		r.failed, r.wait = err, min(r.wait, retryAfter)
		return "", false
	case !written:
		r.endErr = r.work.Done() // it was answered meanwhile
		return DecisionNothing, true
	}
	r.endErr = r.work.Done()
	return DecisionTookOver, true
}

// alive runs the step and shows signs of life meanwhile.
func (c *Coordinator) alive(work ledger.Work, step func() (ledger.Record, bool, error)) (ledger.Record, bool, error) {
	stop := c.Schedule.Every(time.Second, func() {
		_ = work.Progress() // the work is handed out again at worst: steps may be repeated
	})
	defer stop()
	return step()
}
