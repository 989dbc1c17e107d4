package coordinator

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// rescueOf is the repair of a customer who is alone in the lab's conversation.
func (l *lab) rescueOf(p *process) transfer.Repaired {
	l.testing.Helper()
	s := transfer.Scene{
		Channel: transfer.ChannelRecord{SID: l.conv.SID, InteractionSID: l.conv.InteractionSID, Type: "web", Status: "active"}, State: l.state(),
	}
	plan, err := s.Rescue(p.RescueID(l.conv.SID), transfer.QueueRecord{SID: l.account.QueueSID("Everyone"), FriendlyName: "Everyone"})
	l.check(err)
	return transfer.Repaired{
		Repair: transfer.Repair{Code: transfer.FindingStranded, At: l.clock.Now()}, Event: transfer.Requested{Plan: plan, At: l.clock.Now()},
		InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID,
	}
}

func TestRepairCarriesTheRescueOn(t *testing.T) {
	l := newLab(t)
	p := l.open()
	record, err := p.Repair(context.Background(), ledger.Record{}, l.rescueOf(p))
	l.check(err)
	rescue := record.State.Transfers[0]
	if rescue.Phase != transfer.PhaseRinging || !rescue.Rescue || len(rescue.Repairs) != 1 || len(l.invites(rescue.ID)) != 1 {
		t.Errorf("%+v", rescue)
	}
}

// TestRepairIsMadeOnWhatWasSeen: somebody has written about the conversation
// meanwhile.
func TestRepairIsMadeOnWhatWasSeen(t *testing.T) {
	l := newLab(t)
	p := l.open()
	e := l.rescueOf(p)
	l.start(p)
	if _, err := p.Repair(context.Background(), ledger.Record{}, e); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("%v", err)
	}
	if n := len(l.state().Transfers); n != 1 {
		t.Errorf("%d transfers", n)
	}
}

// TestRepairThatChangesNothing is not recorded.
func TestRepairThatChangesNothing(t *testing.T) {
	l := newLab(t)
	p := l.open()
	o := l.start(p)
	last, err := p.ledger.Last(context.Background(), l.conv.SID)
	l.check(err)
	_, err = p.Repair(context.Background(), last, transfer.Repaired{Event: transfer.Rebuilt{Transfer: o.Transfer}, InteractionChannelSID: l.conv.SID})
	if !errors.Is(err, transfer.ErrPointless) {
		t.Errorf("%v", err)
	}
	now, err := p.ledger.Last(context.Background(), l.conv.SID)
	l.check(err)
	if now.Sequence != last.Sequence {
		t.Error("it was recorded")
	}
}

// TestRescueOutlivesItsProcess: whoever recorded it dies before Twilio is asked.
func TestRescueOutlivesItsProcess(t *testing.T) {
	l := newLab(t)
	p, other := l.open(), l.open()
	p.once("invite", func(func() error) error { p.kill(); return errLost("the request") })
	_, _ = p.Repair(context.Background(), ledger.Record{}, l.rescueOf(p))
	rescue := l.until(other, transfer.PhaseRinging)
	if n := len(l.invites(rescue.ID)); n != 1 || !rescue.Rescue {
		t.Errorf("%d invites of %+v", n, rescue)
	}
}

// TestSameAgentIsRemovedAgain: each removal of a repair is one of its own.
func TestSameAgentIsRemovedAgain(t *testing.T) {
	l := newLab(t)
	p := l.open()
	o := l.start(p)
	l.until(p, transfer.PhaseRinging)
	for n := range 2 {
		last, err := p.ledger.Last(context.Background(), l.conv.SID)
		l.check(err)
		_, err = p.Repair(context.Background(), last, transfer.Repaired{
			Repair: transfer.Repair{Code: transfer.FindingStillIn}, InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID,
			Event: transfer.DepartureRequested{Departure: transfer.Departure{Kind: transfer.DepartureRemove, Agent: o.Transfer.From}, At: l.clock.Now()},
		})
		l.check(err)
		l.clock.Advance(3 * time.Second)
		l.run(p)
		departures := l.state().Departures
		if len(departures) != n+1 || departures[n].Phase != transfer.DepartureGone || n > 0 && departures[0].ID == departures[1].ID {
			t.Fatalf("%+v", departures)
		}
	}
}
