package coordinator

import (
	"context"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// restored makes sure that what is recorded of the conversation can be relied
// on: a ledger that knows of nothing may stand in the place of one that was lost,
// while Twilio asks somebody by an invite of ours. Where that cannot be found out
// it is not decided by guess, and nobody says that the request was refused: it may
// have been made before.
func (c *Coordinator) restored(ctx context.Context, r transfer.Request) error {
	if c.Restore == nil {
		return nil
	}
	if err := c.Restore(ctx, r.InteractionSID, r.InteractionChannelSID); err != nil {
		return &transfer.Refusal{
			Reason: transfer.ReasonServiceUnavailable, Cause: err,
			Detail: "It cannot be told yet whether a transfer of this conversation is under way. Try again in a moment.",
		}
	}
	return nil
}
