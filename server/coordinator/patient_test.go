package coordinator

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// crowded lets nothing through that nobody waits for.
type crowded struct{}

func (crowded) Wait(_ context.Context, endpoint string, class twilioapi.Class) error {
	if class == twilioapi.ClassSweep {
		return fmt.Errorf("%s: %w", endpoint, twilioapi.ErrTooBusy)
	}
	return nil
}

// TestAnInviteIsShownUnderLoad: at Twilio's limit the list of the invites comes
// after all that somebody waits for, until one has not been shown for a while; and
// it waits again once it is only to be cleared.
func TestAnInviteIsShownUnderLoad(t *testing.T) {
	l := newLab(t)
	client, err := twilioapi.New(twilioapi.Options{
		AccountSID: l.account.AccountSID(), AuthToken: l.account.AuthToken(), WorkspaceSID: l.account.WorkspaceSID(),
		Transport: l.account.RoundTripper(), Pace: crowded{},
	})
	l.check(err)
	var shown, tried int
	p := l.open(manyAgents, func(o *Options) {
		o.Mirror = func(ctx context.Context, conversationSID string, outstanding []transfer.Transfer) error {
			tried++
			if _, err := client.Conversation(ctx, conversationSID); err != nil {
				return err
			}
			shown = len(outstanding)
			return nil
		}
	})
	l.ask(p, "ada", warm)
	after := time.Duration(0)
	for ; shown == 0 && after < time.Minute; after += time.Second {
		l.run(p)
		l.clock.Advance(time.Second)
	}
	if limit := unshown + busyAfter; tried < 2 || after > limit {
		t.Errorf("the invite was shown after %v and %d tries, want more than one and at most %v", after, tried, limit)
	}
	l.accept("bea")
	l.deliverAll(p)
	for range 20 {
		l.run(p)
		l.clock.Advance(time.Second)
	}
	if shown != 1 {
		t.Error("the list was cleared, although others were waited for")
	}
}
