package simulate

import (
	"context"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Faults that were chosen by somebody who had not written the simulation, as far
// as they can be put in without a change of the product. The others, which are
// patches, are in testdata/bugs.md.

// halfWithdraw takes an invite that rings at somebody for taken back.
type halfWithdraw struct{ coordinator.Twilio }

func (t halfWithdraw) CancelTask(ctx context.Context, sid, etag, reason string) error {
	if task, err := t.Task(ctx, sid); err == nil && task.AssignmentStatus == "reserved" {
		return nil
	}
	return t.Twilio.CancelTask(ctx, sid, etag, reason)
}

// oldMirror shows the invites that were outstanding the last time.
func oldMirror(o *coordinator.Options) {
	show, before := o.Mirror, map[string][]transfer.Transfer{}
	o.Mirror = func(ctx context.Context, conversation string, outstanding []transfer.Transfer) error {
		err := show(ctx, conversation, before[conversation])
		before[conversation] = outstanding
		return err
	}
}

// anotherKey makes a key of its own for each request.
func anotherKey(b *backend, _ string) string { return b.newID() }
