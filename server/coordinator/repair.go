package coordinator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Repair records what an audit on the channel's last record has found, and takes
// the step that the record intends, as for an agent's request. It returns the
// last record that it knows of. The error is ledger.ErrConflict where somebody
// has written about the conversation in between, and transfer.ErrPointless where
// the record says so already: nothing was recorded, and the conversation has to
// be looked at again. After any other error it is not known whether it was.
func (c *Coordinator) Repair(ctx context.Context, last ledger.Record, e transfer.Repaired) (ledger.Record, error) {
	e.Event = c.named(last.State, e)
	next, err := transfer.Advance(last.State, e)
	if err != nil {
		return last, err
	}
	c.facts.changed(e.InteractionChannelSID)
	limited, cancel := c.Schedule.Within(ctx, recordLimit)
	defer cancel()
	record, err := c.append(limited, next, e, last.Sequence)
	if err != nil {
		return last, err
	}
	if carriedOn(next, e) {
		record = c.carryOn(ctx, record, e.About())
	}
	return record, nil
}

// named gives a departure that a repair begins an ID of its own: the same agent
// may have to be removed again.
func (c *Coordinator) named(s transfer.State, e transfer.Repaired) transfer.Event {
	channel := e.InteractionChannelSID
	id := func(of transfer.Departure) string {
		sum := sha256.Sum256([]byte(channel + "\n" + of.Agent.ParticipantSID + "\n" + string(of.Kind) + "\n" + c.NewID()))
		return "XD" + hex.EncodeToString(sum[:16])
	}
	switch event := e.Event.(type) {
	case transfer.DepartureRequested:
		event.Departure.ID = id(event.Departure)
		if event.Present == nil {
			event.Present = s.Present
		}
		return event
	case transfer.FoundGone:
		event.Departure.ID = id(event.Departure)
		return event
	}
	return e.Event
}

// RescueID is the ID of a new rescue.
func (c *Coordinator) RescueID(channelSID string) string {
	return transferID(channelSID, "", "rescue "+c.NewID())
}
