package coordinator

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// laggingLedger has heard of nothing that others wrote, as of a process that is cut
// off or lags, until it asks for the newest record. While it is cut off it cannot.
type laggingLedger struct {
	ledger.Ledger
	heard ledger.Record // the zero record where it had heard of none
	cut   bool
	asked bool
}

func (d *laggingLedger) Last(ctx context.Context, channel string) (ledger.Record, error) {
	switch {
	case d.asked:
		return d.Ledger.Last(ctx, channel)
	case d.heard.Sequence == 0:
		return ledger.Record{}, ledger.ErrNotFound
	}
	return d.heard.Clone(), nil
}

func (d *laggingLedger) Newest(ctx context.Context, channel string) (ledger.Record, error) {
	if d.cut {
		return ledger.Record{}, errors.New("no answer")
	}
	d.asked = true
	return d.Ledger.Newest(ctx, channel)
}

// TestRefusedByTheLastRecord: what one process has carried out is asked for again
// at one that has heard nothing of it, and by whose facts it cannot be. It is
// found; and where the ledger cannot be asked, nobody says that it was refused.
func TestRefusedByTheLastRecord(t *testing.T) {
	t.Run("a transfer", func(t *testing.T) {
		l := newLab(t)
		r := l.request("ada", "bea")
		first := l.open()
		askedAgain(t, l, first, func(p *process) (id string, err error) {
			o, err := p.Start(t.Context(), l.as("ada"), r, "key")
			if p == first {
				l.deliverAll(p)
				l.run(p) // Ada is out
			}
			return o.Transfer.ID, err
		})
	})
	t.Run("a leave", func(t *testing.T) {
		l, first := several(t, nil)
		r := l.request("ada", "bea")
		l.joins(first)
		r.Action = transfer.ActionLeave
		askedAgain(t, l, first, func(p *process) (id string, err error) {
			o, err := p.Depart(t.Context(), l.as("ada"), r)
			return o.Departure.ID, err
		})
	})
	t.Run("a cancel", func(t *testing.T) {
		l, first := several(t, nil)
		r := l.request("ada", "bea")
		r.Action, r.TransferID = transfer.ActionCancel, l.ask(first, "ada", warm).Transfer.ID
		askedAgain(t, l, first, func(p *process) (id string, err error) {
			o, err := p.Cancel(t.Context(), l.as("ada"), r)
			if p == first { // and the conversation has ended since
				l.check(l.client.CloseChannel(t.Context(), l.conv.InteractionSID, l.conv.SID, transfer.LeaveCompleted))
			}
			return o.Transfer.ID, err
		})
	})
}

func manyAgents(o *Options) {
	o.Settings = func() transfer.Settings { return transfer.Settings{ColdTransfer: true, MultiParticipant: true} }
}

// askedAgain asks at the first process, and then at others that know what was
// recorded before that.
func askedAgain(t *testing.T, l *lab, first *process, ask func(p *process) (id string, err error)) {
	t.Helper()
	before, err := first.Ledger.Last(t.Context(), l.conv.SID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		t.Fatal(err)
	}
	id, err := ask(first)
	l.check(err)
	again := func(cut bool) (string, error) {
		p := l.open(manyAgents)
		p.Ledger = &laggingLedger{Ledger: p.Ledger, heard: before, cut: cut}
		return ask(p)
	}
	var refusal *transfer.Refusal
	if _, err := again(true); !errors.As(err, &refusal) || refusal.Reason != transfer.ReasonServiceUnavailable {
		t.Errorf("cut off: %v, want %s", err, transfer.ReasonServiceUnavailable)
	}
	if found, err := again(false); err != nil || found != id {
		t.Errorf("a moment behind: %q, %v, want %q", found, err, id)
	}
}

// TestRefusedAfterAllTheTime: where Twilio has taken all the time for an answer,
// the ledger is asked nevertheless, and nobody says that nothing was changed.
func TestRefusedAfterAllTheTime(t *testing.T) {
	l := newLab(t)
	l.start(l.open())
	for name, c := range map[string]struct {
		key   string
		lags  bool
		want  []transfer.Reason
		doubt bool
	}{
		"what was begun elsewhere": {"key", true, []transfer.Reason{transfer.ReasonServiceUnavailable}, true},
		// Twilio and the ledger are read at once: either may be the first to say that the time is over.
		"what was not": {"another", false, []transfer.Reason{transfer.ReasonTwilioUnavailable, transfer.ReasonServiceUnavailable}, false},
	} {
		p := l.open()
		if c.lags {
			p.Ledger = &laggingLedger{Ledger: p.Ledger}
		}
		ctx, over := context.WithCancel(t.Context())
		p.around = func(op string, _ func() error) error {
			over()
			return errLost(op)
		}
		_, err := p.Start(ctx, l.as("ada"), l.request("ada", "bea"), c.key)
		var refusal *transfer.Refusal
		if !errors.As(err, &refusal) || !slices.Contains(c.want, refusal.Reason) || (refusal.Detail != "") != c.doubt {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
