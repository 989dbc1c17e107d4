package coordinator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// DepartureOutcome is a departure and the conversation it belongs to.
type DepartureOutcome struct {
	Departure             transfer.Departure
	InteractionSID        string
	InteractionChannelSID string
	Repeated              bool
}

func departureOutcome(s transfer.State, id string, repeated bool) (DepartureOutcome, error) {
	d, ok := s.FindDeparture(id)
	if !ok {
		return DepartureOutcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
	}
	return DepartureOutcome{Departure: d, InteractionSID: s.InteractionSID, InteractionChannelSID: s.InteractionChannelSID, Repeated: repeated}, nil
}

// departureID is the ID of a departure: one for each participant and kind.
func departureID(channelSID, participantSID string, kind transfer.DepartureKind) string {
	sum := sha256.Sum256([]byte(channelSID + "\n" + participantSID + "\n" + string(kind)))
	return "XD" + hex.EncodeToString(sum[:16])
}

// Depart lets an agent leave, removes one, or ends the conversation, if the
// rules agree on facts that are read anew. It returns once it has happened, or
// after some seconds with what is known. A refused request is a
// *transfer.Refusal and has changed nothing. A repeat finds what was begun.
func (c *Coordinator) Depart(ctx context.Context, by Caller, r transfer.Request) (DepartureOutcome, error) {
	answerBy, cancel := c.Schedule.Within(ctx, c.Answer)
	defer cancel()
	record, id, repeated, err := c.beginDeparture(answerBy, by, r)
	if err != nil {
		return DepartureOutcome{}, err
	}
	if !repeated {
		record = c.carryOnWithin(answerBy, record, id)
	}
	return departureOutcome(record.State, id, repeated)
}

func (c *Coordinator) beginDeparture(ctx context.Context, by Caller, r transfer.Request) (record ledger.Record, id string, repeated bool, err error) {
	if err := c.restored(ctx, r); err != nil {
		return ledger.Record{}, "", false, err
	}
	for {
		last, err := c.last(ctx, r.InteractionChannelSID)
		if err != nil {
			return ledger.Record{}, "", false, err
		}
		if d, ok := departureBefore(last.State, by, r); ok {
			return last, d.ID, true, nil
		}
		g, e, err := c.intendDeparture(ctx, by, r)
		if err != nil {
			if err = c.sure(ctx, r.InteractionChannelSID, last, err); errors.Is(err, errOvertaken) {
				continue
			}
			return ledger.Record{}, "", false, err
		}
		next, err := transfer.Advance(g.last.State, e)
		if errors.Is(err, transfer.ErrPointless) {
			return g.last, e.Departure.ID, true, nil
		}
		if err != nil {
			return ledger.Record{}, "", false, &transfer.Refusal{Reason: transfer.ReasonInternal, Cause: err}
		}
		record, err := c.append(ctx, next, e, g.last.Sequence)
		if errors.Is(err, ledger.ErrConflict) {
			continue
		}
		if err != nil {
			return ledger.Record{}, "", false, unsureOf(err)
		}
		return record, e.Departure.ID, false, nil
	}
}

// intendDeparture gathers the facts and lets the rules decide: what is to be
// recorded of the request.
func (c *Coordinator) intendDeparture(ctx context.Context, by Caller, r transfer.Request) (gathered, transfer.DepartureRequested, error) {
	c.facts.changed(r.InteractionChannelSID) // who leaves must not be decided on what was read for something else
	g, err := c.gather(ctx, by, r)
	if err != nil {
		return g, transfer.DepartureRequested{}, err
	}
	d, err := transfer.DecideDeparture(g.facts, r)
	if err != nil {
		return g, transfer.DepartureRequested{}, asDecision(err)
	}
	d.ID = departureID(r.InteractionChannelSID, d.Agent.ParticipantSID, d.Kind)
	return g, transfer.DepartureRequested{
		Departure: d, Present: g.facts.Present(), InteractionSID: r.InteractionSID, InteractionChannelSID: r.InteractionChannelSID,
		ConversationSID: g.facts.Task.ConversationSID, At: c.Clock(),
	}, nil
}

// departureBefore is the departure that the same request has begun before.
func departureBefore(s transfer.State, by Caller, r transfer.Request) (transfer.Departure, bool) {
	for _, d := range s.Departures {
		same := d.Kind == transfer.DepartureKind(r.Action) && d.Phase != transfer.DepartureFailed &&
			(d.RequestedBy == by.WorkerSID || d.Agent.WorkerSID == by.WorkerSID)
		if d.Kind == transfer.DepartureRemove {
			same = same && d.Agent.ParticipantSID == r.ParticipantSID
		} else {
			same = same && d.Agent.TaskSID == r.TaskSID
		}
		if same {
			return d, true
		}
	}
	return transfer.Departure{}, false
}

// last is the channel's last record; the zero record where there is none.
func (c *Coordinator) last(ctx context.Context, channelSID string) (ledger.Record, error) {
	record, err := c.Ledger.Last(ctx, channelSID)
	if err == nil || errors.Is(err, ledger.ErrNotFound) {
		return record, nil
	}
	return ledger.Record{}, unavailable(err)
}

// Cancel takes an outstanding invite back, if the rules agree. It returns once
// that has happened, or after some seconds with what is known: somebody may
// have accepted meanwhile. A refused request is a *transfer.Refusal and has
// changed nothing. A repeat finds what was begun.
func (c *Coordinator) Cancel(ctx context.Context, by Caller, r transfer.Request) (Outcome, error) {
	if !transfer.ValidSID(r.TransferID, "XT") {
		return Outcome{}, errNoTransfer
	}
	answerBy, cancel := c.Schedule.Within(ctx, c.Answer)
	defer cancel()
	if err := c.restored(answerBy, r); err != nil {
		return Outcome{}, err
	}
	for {
		last, err := c.last(answerBy, r.InteractionChannelSID)
		if err != nil {
			return Outcome{}, err
		}
		t, err := transferOf(last.State, r)
		if err == nil && withdrawn(last.State, t, by) {
			return outcome(last.State, t.ID, true)
		}
		var (
			g    gathered
			next transfer.State
			e    transfer.Canceled
		)
		if err == nil {
			g, next, e, err = c.intendCancel(answerBy, by, r, t)
		}
		if err != nil {
			if err = c.sure(answerBy, r.InteractionChannelSID, last, err); errors.Is(err, errOvertaken) {
				continue
			}
			return Outcome{}, err
		}
		record, err := c.append(answerBy, next, e, g.last.Sequence)
		if errors.Is(err, ledger.ErrConflict) {
			continue
		}
		if err != nil {
			return Outcome{}, unsureOf(err)
		}
		if carriedOn(next, e) {
			record = c.carryOnWithin(answerBy, record, t.ID)
		}
		return outcome(record.State, t.ID, false)
	}
}

// withdrawn reports whether the invite is being taken back, or was, and the one
// who asks may know.
func withdrawn(s transfer.State, t transfer.Transfer, by Caller) bool {
	canceled := t.Over == transfer.ReasonInviteWithdrawn || t.Failure == transfer.ReasonInviteWithdrawn
	return canceled && (concerns(s, t, by.WorkerSID) || by.supervises())
}

// intendCancel gathers the facts and lets the rules decide: what is to be
// recorded of the request, and the state by it.
func (c *Coordinator) intendCancel(ctx context.Context, by Caller, r transfer.Request, t transfer.Transfer) (g gathered, next transfer.State, e transfer.Canceled, err error) {
	if r.TaskSID == "" {
		r.TaskSID = t.From.TaskSID // who asked for the transfer may have left by it
	}
	if g, err = c.gather(ctx, by, r); err != nil {
		return g, next, e, err
	}
	if err = transfer.DecideCancel(g.facts, r); err != nil {
		return g, next, e, err
	}
	e = transfer.Canceled{TransferID: t.ID, By: by.WorkerSID, At: c.Clock()}
	if next, err = transfer.Advance(g.last.State, e); err != nil {
		return g, next, e, &transfer.Refusal{Reason: transfer.ReasonInviteOver, Cause: err}
	}
	return g, next, e, nil
}

// errNoTransfer says that there is no such transfer in the conversation.
var errNoTransfer = &transfer.Refusal{Reason: transfer.ReasonNotFound, Field: "transferId"}

// transferOf is the transfer that a request names.
func transferOf(s transfer.State, r transfer.Request) (transfer.Transfer, error) {
	t, ok := s.Find(r.TransferID)
	if !ok || s.InteractionSID != r.InteractionSID {
		return t, errNoTransfer
	}
	return t, nil
}

// depart lets somebody leave, or ends the conversation. Both may be repeated.
func (c *Coordinator) depart(ctx context.Context, s transfer.State, d transfer.Departure) (transfer.Event, error) {
	var err error
	if d.Kind == transfer.DepartureEnd {
		err = c.Twilio.CloseChannel(ctx, s.InteractionSID, s.InteractionChannelSID, d.LeaveAs)
	} else {
		err = c.Twilio.LeaveParticipant(ctx, s.InteractionSID, s.InteractionChannelSID, d.Agent.ParticipantSID, d.LeaveAs)
	}
	c.facts.changed(s.InteractionChannelSID)
	departed := transfer.Departed{DepartureID: d.ID, At: c.Clock()}
	switch {
	case err == nil, twilioapi.IsNotFound(err):
		return departed, nil
	case !twilioapi.IsRefused(err):
		return nil, err
	}
	over, overErr := c.channelOver(ctx, s)
	if overErr == nil && over {
		return departed, nil
	}
	if d.Kind != transfer.DepartureEnd {
		gone, goneErr := c.gone(ctx, s, d.Agent)
		if goneErr != nil {
			return nil, errors.Join(err, goneErr)
		}
		if gone {
			return departed, nil
		}
	}
	if overErr != nil {
		return nil, errors.Join(err, overErr)
	}
	return transfer.DepartureRefused{DepartureID: d.ID, Reason: transfer.ReasonLeaveRefused, Detail: err.Error(), At: c.Clock()}, nil
}
