package simulate

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// bug is a fault that is put into the backends on purpose, to see whether the
// simulation finds it: something that stands between the coordinator and what
// it is made of, and breaks a rule.
type bug struct {
	what string
	// put changes what a backend is made of; nil where the bug is elsewhere.
	put func(*coordinator.Options)
	// deaf are the webhooks that nobody listens to.
	deaf string
	// leaves, where set, is how agents leave instead.
	leaves func(ctx context.Context, b *backend, q request) error
	// key, where set, makes the key of a transfer out of the one that was sent.
	key func(b *backend, sent string) string
}

// Bugs are the names of the faults that may be put in on purpose, sorted.
func Bugs() []string { return slices.Sorted(maps.Keys(bugs)) }

// BugWords says what a bug does.
func BugWords(name string) string { return bugs[name].what }

var bugs = map[string]bug{
	"no-lookup":          {what: "an invite whose answer was lost is asked for again without looking it up", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return noLookup{t} })},
	"blind-repeat":       {what: "an invite whose answer was lost is asked for again at once", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return blindRepeat{t} })},
	"settling-ignored":   {what: "an invite is looked up before the lists can show it", put: func(o *coordinator.Options) { o.Settling = time.Millisecond }},
	"lease-ignored":      {what: "a runner takes over an invite that somebody else is just asking for", put: work(func(w ledger.Work) ledger.Work { return noLease{w} })},
	"accept-ignored":     {what: "nobody notices that an invite was accepted", deaf: "reservation.accepted", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return noAccept{t} })},
	"withdraw-over-all":  {what: "an invite that could not be taken back, since it was accepted, counts as taken back", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return overAll{t} })},
	"leave-without-line": {what: "an agent leaves at once if the list shows somebody else, past the ledger", leaves: leaveAtOnce},
	"no-compare":         {what: "a record is written although somebody else has written in between", put: appends(func(l ledger.Ledger) ledger.Ledger { return noCompare{l} })},
	"false-success":      {what: "a removal whose answer was lost counts as done", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return believer{t} })},
	"lost-timer":         {what: "work that is not due yet is forgotten", put: work(func(w ledger.Work) ledger.Work { return noTimer{w} })},
	"lost-write":         {what: "one write in twenty is acknowledged and not made", put: appends(func(l ledger.Ledger) ledger.Ledger { return &forgetful{Ledger: l} })},
	"half-withdraw":      {what: "an invite that rings at somebody counts as taken back", put: twilio(func(t coordinator.Twilio) coordinator.Twilio { return halfWithdraw{t} })},
	"old-mirror":         {what: "the conversation's attributes show what was outstanding before", put: oldMirror},
	"hearsay":            {what: "who was heard to be off counts as off, although they may be back", put: func(o *coordinator.Options) { o.Roster = hearsay{o.Roster} }},
	"another-key":        {what: "a click that is sent again is taken for another one", key: anotherKey},
	"old-facts": {what: "who is in a conversation is read once", put: twilio(func(t coordinator.Twilio) coordinator.Twilio {
		return &oldFacts{t, map[string][]transfer.ParticipantRecord{}}
	})},
}

type hearsay struct{ coordinator.Roster }

func (r hearsay) Fresh(_ context.Context, sid string) (*transfer.WorkerRecord, error) {
	w, _ := r.Known(sid)
	return &w, nil
}

func twilio(around func(coordinator.Twilio) coordinator.Twilio) func(*coordinator.Options) {
	return func(o *coordinator.Options) { o.Twilio = around(o.Twilio) }
}

func appends(around func(ledger.Ledger) ledger.Ledger) func(*coordinator.Options) {
	return func(o *coordinator.Options) { o.Ledger = around(o.Ledger) }
}

func work(around func(ledger.Work) ledger.Work) func(*coordinator.Options) {
	return appends(func(l ledger.Ledger) ledger.Ledger { return workLedger{l, around} })
}

type workLedger struct {
	ledger.Ledger
	around func(ledger.Work) ledger.Work
}

func (l workLedger) Next(ctx context.Context) (ledger.Work, error) {
	w, err := l.Ledger.Next(ctx)
	if err != nil {
		return nil, err
	}
	return l.around(w), nil
}

type noLookup struct{ coordinator.Twilio }

func (noLookup) Invites(context.Context, string, string) ([]twilioapi.Invite, error) { return nil, nil }

type blindRepeat struct{ coordinator.Twilio }

func (t blindRepeat) Invite(ctx context.Context, r twilioapi.InviteRequest) (twilioapi.Invite, error) {
	i, err := t.Twilio.Invite(ctx, r)
	if err != nil && ctx.Err() == nil {
		return t.Twilio.Invite(ctx, r)
	}
	return i, err
}

type noLease struct{ ledger.Work }

func (w noLease) Record() ledger.Record {
	r := w.Work.Record()
	r.Time = r.Time.Add(-time.Hour)
	return r
}

type noAccept struct{ coordinator.Twilio }

func (t noAccept) TaskReservations(ctx context.Context, sid string) ([]twilioapi.Reservation, error) {
	list, err := t.Twilio.TaskReservations(ctx, sid)
	return slices.DeleteFunc(list, func(r twilioapi.Reservation) bool {
		return r.Status == "accepted" || r.Status == "wrapping" || r.Status == "completed"
	}), err
}

type overAll struct{ coordinator.Twilio }

func (t overAll) CancelTask(ctx context.Context, sid, etag, reason string) error {
	if err := t.Twilio.CancelTask(ctx, sid, etag, reason); err != nil && !twilioapi.IsRefused(err) {
		return err
	}
	return nil
}

type believer struct{ coordinator.Twilio }

func (t believer) LeaveParticipant(ctx context.Context, interaction, channel, participant string, as transfer.LeaveAs) error {
	err := t.Twilio.LeaveParticipant(ctx, interaction, channel, participant, as)
	if twilioapi.OutcomeOf(err) == twilioapi.Unknown {
		return nil
	}
	return err
}

type noCompare struct{ ledger.Ledger }

func (l noCompare) Append(ctx context.Context, r ledger.Record, expected uint64) (uint64, error) {
	for {
		sequence, err := l.Ledger.Append(ctx, r, expected)
		if !errors.Is(err, ledger.ErrConflict) {
			return sequence, err
		}
		last, err := l.Ledger.Last(ctx, r.Channel())
		if err != nil {
			return 0, err
		}
		expected = last.Sequence
	}
}

type noTimer struct{ ledger.Work }

func (w noTimer) Later(time.Duration) error { return w.Work.Done() }

type forgetful struct {
	ledger.Ledger
	n int
}

func (l *forgetful) Append(ctx context.Context, r ledger.Record, expected uint64) (uint64, error) {
	if l.n++; l.n%20 == 0 {
		return expected + 1, nil
	}
	return l.Ledger.Append(ctx, r, expected)
}

type oldFacts struct {
	coordinator.Twilio
	read map[string][]transfer.ParticipantRecord
}

func (t *oldFacts) Participants(ctx context.Context, interaction, channel string) ([]transfer.ParticipantRecord, error) {
	if list, ok := t.read[channel]; ok {
		return slices.Clone(list), nil
	}
	list, err := t.Twilio.Participants(ctx, interaction, channel)
	if err == nil {
		t.read[channel] = slices.Clone(list)
	}
	return list, err
}

// leaveAtOnce is how a plugin without a backend lets an agent leave.
func leaveAtOnce(ctx context.Context, b *backend, q request) error {
	ctx, cancel := b.sim.within(ctx, 8*time.Second, true)
	defer cancel()
	list, err := network{b}.Participants(ctx, q.r.InteractionSID, q.r.InteractionChannelSID)
	if err != nil {
		return err
	}
	me, others := "", 0
	for _, p := range list {
		switch {
		case p.TaskSID == q.r.TaskSID:
			me = p.SID
		case p.Type == "agent":
			others++
		}
	}
	if me == "" || others == 0 {
		return &transfer.Refusal{Reason: transfer.ReasonLastAgent}
	}
	return network{b}.LeaveParticipant(ctx, q.r.InteractionSID, q.r.InteractionChannelSID, me, transfer.LeaveCompleted)
}
