package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// reconcilers is how many conversations are looked at at once.
const reconcilers = 4

// newReconciler makes the room that looks for what is wrong.
func (b *Backend) newReconciler(m *metrics) (*reconcile.Reconciler, error) {
	return reconcile.New(reconcile.Options{
		Ledger: b.ledger, Twilio: b.twilio, Engine: b.coordinator, Roster: b.roster, Settings: b.settings.Transfer,
		Policy: b.rescuePolicy, Logger: b.logger, Observe: m.reconciled,
		MirrorHindrance: func(c twilioapi.Conversation, outstanding []transfer.Transfer) string {
			return string(mirror.Hindrance(c, outstanding))
		},
	})
}

// rescuePolicy is what the settings that are in force say.
func (b *Backend) rescuePolicy() reconcile.Policy {
	c := b.settings.Current()
	return reconcile.Policy{
		Grace: cmp.Or(c.Rescue.After, settings.DefaultRescueAfter), Then: reconcile.Then(cmp.Or(c.Rescue.Then, settings.RescueReroute)),
		QueueSID: c.Rescue.QueueSID, Mirror: c.Mirror,
	}
}

// runReconciler looks at whatever is due, once the directory has been read: a
// rescue needs the queues.
func (b *Backend) runReconciler(ctx context.Context) {
	for ctx.Err() == nil && b.ready(ctx) != nil {
		pause(ctx, 200*time.Millisecond)
	}
	for ctx.Err() == nil {
		changed := b.reconciler.Changed()
		result, err := b.reconciler.RunOnce(ctx)
		switch {
		case errors.Is(err, ledger.ErrClosed):
			return
		case err != nil && ctx.Err() == nil:
			b.logger.Warn("a look for what is wrong is tried again", "decision", result.Decision, "error", err)
		}
		if result.Decision != reconcile.DecisionWait && result.Decision != reconcile.DecisionNotReady {
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-time.After(time.Until(result.Next)):
		}
	}
}

// suspect lets the reconciler know what a webhook tells.
func (w webhooks) suspect(e httpapi.Event) {
	switch e.Product {
	case "taskrouter":
		w.reconciler.TaskEvent(e.Type, e.Fields["TaskAttributes"])
	case "interactions":
		w.reconciler.ChannelEvent(e.Type, e.Fields["InteractionSid"], firstOf(e.Fields, "ChannelSid", "InteractionChannelSid"),
			e.Fields["MediaChannelSid"], channelStatus(e))
	case "conversations":
		w.reconciler.ConversationEvent(e.Type, e.Fields["ConversationSid"])
	}
}

func (m *metrics) reconciled(r reconcile.Report) {
	m.repairs.WithLabelValues(string(r.Code), r.Outcome).Inc()
}
