package coordinator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Caller is who asks.
type Caller struct {
	WorkerSID string // WK…
	Roles     []string
}

// supervises reports whether the caller may see conversations of others.
func (c Caller) supervises() bool {
	return slices.Contains(c.Roles, "supervisor") || slices.Contains(c.Roles, "admin")
}

// Outcome is a transfer and the conversation it belongs to.
type Outcome struct {
	Transfer              transfer.Transfer
	InteractionSID        string
	InteractionChannelSID string
	Repeated              bool
}

func outcome(s transfer.State, id string, repeated bool) (Outcome, error) {
	t, ok := s.Find(id)
	if !ok {
		return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
	}
	return Outcome{Transfer: t, InteractionSID: s.InteractionSID, InteractionChannelSID: s.InteractionChannelSID, Repeated: repeated}, nil
}

// transferID is the ID of the transfer that a request makes: the same for the
// same conversation, worker and idempotency key, so that a repeat finds it.
func transferID(channelSID, workerSID, key string) string {
	sum := sha256.Sum256([]byte(channelSID + "\n" + workerSID + "\n" + key))
	return "XT" + hex.EncodeToString(sum[:16])
}

// Start decides on the request by fresh facts and begins the transfer. It
// returns once Twilio has the invite, or has refused it, or after some seconds
// with what is known. A refused request is a *transfer.Refusal and has changed
// nothing. A repeat of a key finds the transfer that it made.
func (c *Coordinator) Start(ctx context.Context, by Caller, r transfer.Request, key string) (Outcome, error) {
	answerBy, cancel := c.Schedule.Within(ctx, c.Answer)
	defer cancel()
	r.TransferID = transferID(r.InteractionChannelSID, by.WorkerSID, key)
	record, repeated, err := c.begin(answerBy, by, r)
	if err != nil {
		return Outcome{}, err
	}
	if repeated {
		return c.await(answerBy, record, r.TransferID)
	}
	// From here on the intent is recorded: it is carried on even if the agent's
	// browser goes away.
	record = c.carryOnWithin(answerBy, record, r.TransferID)
	return outcome(record.State, r.TransferID, false)
}

// carryOnWithin takes the step that this process has just recorded, and
// returns the last record that is known when it was taken or ctx is done. The
// step itself is taken to its end in any case.
func (c *Coordinator) carryOnWithin(ctx context.Context, record ledger.Record, about string) ledger.Record {
	var last ledger.Record
	ended := c.leave(func() { last = c.carryOn(context.WithoutCancel(ctx), record, about) })
	if ended(ctx) {
		return last
	}
	return record
}

// begin records the intent, if the rules agree, or finds the transfer that the
// same key has made before.
func (c *Coordinator) begin(ctx context.Context, by Caller, r transfer.Request) (record ledger.Record, repeated bool, err error) {
	if err := c.restored(ctx, r); err != nil {
		return ledger.Record{}, false, err
	}
	for {
		last, repeated, err := c.repeated(ctx, by, r)
		if err != nil || repeated {
			return last, repeated, err
		}
		g, next, e, err := c.intend(ctx, by, r)
		if err != nil {
			if err = c.sure(ctx, r.InteractionChannelSID, last, err); errors.Is(err, errOvertaken) {
				continue
			}
			return ledger.Record{}, false, err
		}
		record, err := c.append(ctx, next, e, g.last.Sequence)
		if errors.Is(err, ledger.ErrConflict) {
			continue
		}
		if err != nil {
			return ledger.Record{}, false, unsureOf(err)
		}
		return record, false, nil
	}
}

// intend gathers the facts and lets the rules decide: what is to be recorded of
// the request, and the state by it.
func (c *Coordinator) intend(ctx context.Context, by Caller, r transfer.Request) (g gathered, next transfer.State, e transfer.Requested, err error) {
	if g, err = c.gather(ctx, by, r); err != nil {
		return g, next, e, err
	}
	plan, err := transfer.Decide(g.facts, r)
	if err != nil {
		return g, next, e, asDecision(err)
	}
	e = transfer.Requested{Plan: plan, At: c.Clock()}
	if next, err = transfer.Advance(g.last.State, e); err != nil {
		return g, next, e, &transfer.Refusal{Reason: transfer.ReasonTransferUnderWay, Cause: err}
	}
	return g, next, e, nil
}

// errOvertaken says that more is recorded than a refusal was decided by.
var errOvertaken = errors.New("the record has moved on")

// lastLook is how long the ledger may take to say whether a refusal counts where
// the time for an answer is over.
const lastLook = 500 * time.Millisecond

// sure is the refusal of a request, once it is sure that it was decided by the
// channel's last record, else errOvertaken. The same request may have been made
// before, or twice at once, and have gone through at a process that this one has
// heard nothing of since: the agent is gone by now, or a transfer under way. Where
// the ledger cannot say, nobody knows.
func (c *Coordinator) sure(ctx context.Context, channelSID string, last ledger.Record, refusal error) error {
	late := ctx.Err() // Twilio has taken all the time that there was
	if late != nil {
		var cancel context.CancelFunc
		ctx, cancel = c.Schedule.Within(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	newest, err := c.Ledger.Newest(ctx, channelSID)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return refusal
	case err != nil:
		return unsureOf(errors.Join(err, refusal))
	case newest.Sequence > last.Sequence && late != nil:
		return unsureOf(errors.Join(late, refusal))
	case newest.Sequence > last.Sequence:
		return errOvertaken
	}
	return refusal
}

// unsureOf is what the agent is told where nobody knows whether the request was
// recorded: if it was, it will be carried out.
func unsureOf(err error) error {
	if errors.Is(err, ledger.ErrNotWritten) {
		return unavailable(err)
	}
	return &transfer.Refusal{
		Reason: transfer.ReasonServiceUnavailable, Cause: err,
		Detail: "The transfer service does not answer right now. The transfer may still begin; look before you try again.",
	}
}

// asDecision makes sure that what the rules refuse is a refusal: attributes
// that Twilio promises to be JSON and are not are the only other error.
func asDecision(err error) error {
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) {
		return err
	}
	return &transfer.Refusal{Reason: transfer.ReasonNotAConversation, Field: "taskSid", Cause: err}
}

// repeated finds the transfer that the same worker made with the same key, and
// the channel's last record. The key may not be used again for something else.
func (c *Coordinator) repeated(ctx context.Context, by Caller, r transfer.Request) (ledger.Record, bool, error) {
	last, err := c.last(ctx, r.InteractionChannelSID)
	if err != nil {
		return ledger.Record{}, false, err
	}
	t, found := last.State.Find(r.TransferID)
	if !found {
		return last, false, nil
	}
	if t.RequestedBy != by.WorkerSID || t.Mode != r.Mode || t.From.TaskSID != r.TaskSID || !t.First().Same(r.Target) ||
		t.Briefing.Reason != r.Reason || t.Briefing.Notes != r.Notes || (r.LeaveOn != "" && r.LeaveOn != t.LeaveOn) ||
		last.State.InteractionSID != r.InteractionSID {
		return ledger.Record{}, false, &transfer.Refusal{Reason: transfer.ReasonKeyReused, Field: "Idempotency-Key"}
	}
	return last, true, nil
}

// errSettled ends a wait.
var errSettled = errors.New("settled")

// await waits until it is known whether the invite exists, or until ctx is
// done, and answers with what is known then.
func (c *Coordinator) await(ctx context.Context, record ledger.Record, id string) (Outcome, error) {
	if t, _ := record.State.Find(id); t.InviteUnsettled() {
		err := c.Ledger.Follow(ctx, record.Sequence, func(r ledger.Record) error {
			if r.Channel() != record.Channel() {
				return nil
			}
			record = r
			if t, _ := r.State.Find(id); t.InviteUnsettled() {
				return nil
			}
			return errSettled
		})
		if err != nil && !errors.Is(err, errSettled) && ctx.Err() == nil {
			return Outcome{}, unavailable(err)
		}
	}
	return outcome(record.State, id, true)
}

// Find returns a transfer that concerns the caller, or that a supervisor asks
// for. Where the ledger does not answer within Options.Answer it says so: a
// process that has just begun may still be waiting for it.
func (c *Coordinator) Find(ctx context.Context, by Caller, id string) (Outcome, error) {
	if !transfer.ValidSID(id, "XT") {
		return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
	}
	answerBy, cancel := c.Schedule.Within(ctx, c.Answer)
	defer cancel()
	record, err := c.Ledger.Find(answerBy, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
	}
	if err != nil {
		return Outcome{}, unavailable(err)
	}
	if t, ok := record.State.Find(id); !ok || (!concerns(record.State, t, by.WorkerSID) && !by.supervises()) {
		return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
	}
	return outcome(record.State, id, false)
}
