package coordinator

import (
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// leaseOf is the lease of a record with the event: 0, which stands for the
// usual one, unless an invite will stand in a line at Twilio's limit. Without
// it, the invites of a burst would be taken for lost while they wait, looked
// for, and asked for again: each a call more in the same line.
func (c *Coordinator) leaseOf(e transfer.Event) time.Duration {
	if _, departs := e.(transfer.DepartureRequested); departs || c.InviteLine == nil {
		return 0
	}
	line := c.InviteLine()
	if line < time.Second {
		return 0
	}
	return c.Lease + line + line/2
}

// leaseEnds is when others may take over what the record intends.
func leaseEnds(r ledger.Record, usual time.Duration) time.Time {
	return r.Time.Add(max(r.Lease, usual))
}
