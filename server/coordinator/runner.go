package coordinator

import (
	"context"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
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

// RunOnce waits for one piece of work and does what is due about it. It starts
// no goroutine but the one that shows signs of life during a step. The error
// is that of the ledger or of the step; the work is never lost by it.
func (c *Coordinator) RunOnce(ctx context.Context) (Decision, error) {
	work, err := c.Ledger.Next(ctx)
	if err != nil {
		return DecisionNothing, err
	}
	record := work.Record()
	steps := record.State.Steps()
	if len(steps) == 0 {
		return DecisionNothing, work.Done()
	}
	step := steps[0]
	now := c.Clock()
	switch {
	case step.Kind == transfer.StepInvite:
		return c.takeOver(ctx, work, step, now)
	case now.Before(step.NotBefore):
		return DecisionWait, work.Later(step.NotBefore.Sub(now))
	}
	next, written, err := c.alive(work, func() (ledger.Record, bool, error) { return c.take(ctx, record, step) })
	switch {
	case written:
		c.carryOn(ctx, next)
		return DecisionStep, work.Done()
	case err == nil && next.Sequence != record.Sequence:
		return DecisionNothing, work.Done() // whoever wrote the newer record carries it on
	case err == nil && step.Kind == transfer.StepCheck:
		return DecisionWait, work.Later(transfer.CheckEvery)
	}
	return c.retry(work, step, err)
}

// retry leaves the work for later.
func (c *Coordinator) retry(work ledger.Work, step transfer.Step, err error) (Decision, error) {
	if err != nil {
		c.Logger.Warn("a step will be tried again", "step", step.Kind, "transfer", step.Transfer.ID, "error", err)
	}
	if laterErr := work.Later(retryAfter); laterErr != nil {
		c.Logger.Warn("the ledger did not take a later", "transfer", step.Transfer.ID, "error", laterErr)
	}
	return DecisionRetry, err
}

// takeOver deals with an intended invite that this process does not have in
// hand: once the lease of whoever recorded it is over, it is not known whether
// the invite exists. It may have been made at the very end of the lease, so it
// is looked up after the settling time.
func (c *Coordinator) takeOver(ctx context.Context, work ledger.Work, step transfer.Step, now time.Time) (Decision, error) {
	if c.own.attach(work) {
		return DecisionInHand, nil
	}
	record := work.Record()
	if wait := record.Time.Add(c.Lease).Sub(now); wait > 0 {
		return DecisionWait, work.Later(wait)
	}
	_, written, err := c.record(ctx, record, transfer.InviteUnknown{TransferID: step.Transfer.ID, Due: now.Add(c.Settling), At: now})
	switch {
	case err != nil:
		return c.retry(work, step, err)
	case !written:
		return DecisionNothing, work.Done() // it was answered meanwhile
	}
	return DecisionTookOver, work.Done()
}

// alive runs the step and shows signs of life meanwhile.
func (c *Coordinator) alive(work ledger.Work, step func() (ledger.Record, bool, error)) (ledger.Record, bool, error) {
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				_ = work.Progress() // the work is handed out again at worst: steps may be repeated
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	return step()
}
