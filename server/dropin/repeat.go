package dropin

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// repeatWithin is how long after the first request the same one counts as its
	// repeat although somebody has joined a queue's invite by then: as long as the
	// template's plugin keeps repeating. Source: its ApiService (ten times, pauses of
	// up to 3 s).
	repeatWithin = 20 * time.Second
	// joinedWithin is the same for a colleague who is in the conversation: they
	// would not be invited anyway.
	joinedWithin = 2 * time.Minute
)

// begin begins the transfer, or finds the one that the same request has begun,
// and returns it once it is known that its invite exists.
func (d *DropIn) begin(ctx context.Context, by Caller, r transfer.Request) (transfer.Transfer, error) {
	for {
		s, err := d.Engine.State(ctx, r.InteractionChannelSID)
		if err != nil {
			return transfer.Transfer{}, err
		}
		if t, ok := d.repeated(s, by, r); ok {
			return d.settled(ctx, s, t)
		}
		if takenBack(s, by, r) { // asked again: the former invite has to be gone
			if _, err := d.Engine.Await(ctx, r.InteractionChannelSID, func(s transfer.State) bool {
				_, repeat := d.repeated(s, by, r)
				return repeat || !takenBack(s, by, r)
			}); err != nil {
				return transfer.Transfer{}, err
			}
			continue
		}
		t, err := d.Engine.Start(ctx, by, r, key(s, r))
		var refusal *transfer.Refusal
		switch {
		case errors.As(err, &refusal):
			return d.meanwhile(ctx, by, r, refusal)
		case err != nil:
			return transfer.Transfer{}, err
		}
		s.InteractionChannelSID = r.InteractionChannelSID
		return d.settled(ctx, s, t)
	}
}

// key is the idempotency key of a request: the same for all that come while
// nothing has ended in the conversation. The record keeps the newest of what
// has ended, so that a key never comes back.
func key(s transfer.State, r transfer.Request) string {
	after := ""
	for _, t := range s.Transfers {
		if !t.Open() {
			after = t.ID
		}
	}
	return "dropin " + string(r.Mode) + " " + r.TaskSID + " " + r.Target.SID + " " + after
}

// same reports whether the request would begin this very transfer.
func same(t transfer.Transfer, by Caller, r transfer.Request) bool {
	target := t.Target.Same(r.Target) || (t.Asked != nil && t.Asked.Same(r.Target) && t.Round == 0)
	left := t.Mode == transfer.ModeCold && !t.LeftAt.IsZero() && t.First().Same(r.Target) // whoever is asked by now
	return t.RequestedBy == by.WorkerSID && t.From.TaskSID == r.TaskSID && t.Mode == r.Mode && (target || left)
}

// over reports whether the invite is being taken back, or was.
func over(t transfer.Transfer) bool {
	return t.Over != "" || t.Phase == transfer.PhaseWithdrawing || t.Phase == transfer.PhaseClosing
}

// repeated finds the transfer that the request repeats, see the package
// documentation.
func (d *DropIn) repeated(s transfer.State, by Caller, r transfer.Request) (transfer.Transfer, bool) {
	for i := len(s.Transfers) - 1; i >= 0; i-- {
		t := s.Transfers[i]
		if !same(t, by, r) {
			continue
		}
		switch {
		case t.Mode == transfer.ModeCold && !t.LeftAt.IsZero(), t.Open() && !over(t):
			return t, true
		case t.Phase == transfer.PhaseCompleted && t.Target.Kind == transfer.TargetQueue:
			return t, d.Clock().Sub(t.RequestedAt) < repeatWithin
		}
		return transfer.Transfer{}, false
	}
	return transfer.Transfer{}, false
}

// takenBack reports whether the invite of the same transfer is being taken back.
func takenBack(s transfer.State, by Caller, r transfer.Request) bool {
	return slices.ContainsFunc(s.Transfers, func(t transfer.Transfer) bool { return same(t, by, r) && t.Open() && over(t) })
}

// meanwhile looks whether the request was refused since the same one has been
// carried out in the meantime.
func (d *DropIn) meanwhile(ctx context.Context, by Caller, r transfer.Request, refusal *transfer.Refusal) (transfer.Transfer, error) {
	s, err := d.Engine.State(ctx, r.InteractionChannelSID)
	if err != nil {
		return transfer.Transfer{}, refusal
	}
	if t, ok := d.repeated(s, by, r); ok {
		return d.settled(ctx, s, t)
	}
	if refusal.Reason == transfer.ReasonTargetAlreadyParticipating {
		for _, t := range s.Transfers {
			if same(t, by, r) && t.Phase == transfer.PhaseCompleted && d.Clock().Sub(t.RequestedAt) < joinedWithin {
				return d.settled(ctx, s, t)
			}
		}
	}
	return transfer.Transfer{}, refusal
}

// settled waits until it is known whether the transfer's invite exists, and
// returns the transfer if it does.
func (d *DropIn) settled(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Transfer, error) {
	if t.InviteUnsettled() {
		now, err := d.Engine.Await(ctx, s.InteractionChannelSID, func(s transfer.State) bool {
			t, ok := s.Find(t.ID)
			return !ok || !t.InviteUnsettled()
		})
		if err != nil {
			return transfer.Transfer{}, err
		}
		t, _ = now.Find(t.ID)
	}
	switch {
	case t.Invite.SID != "" && t.Phase != transfer.PhaseFailed:
		return t, nil
	case t.Failure != "":
		return transfer.Transfer{}, &transfer.Refusal{Reason: t.Failure, Cause: errors.New(t.FailureDetail)}
	case t.Over != "":
		return transfer.Transfer{}, &transfer.Refusal{Reason: t.Over}
	}
	return transfer.Transfer{}, &transfer.Refusal{Reason: transfer.ReasonRequestUnderWay}
}
