package app

import (
	"context"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/digest"
	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// mirrorSettle is how long after a write of a conversation's attributes they
// are read back.
const mirrorSettle = 300 * time.Millisecond

// mirror writes the outstanding invites into a conversation's attributes, where
// the settings want that.
func (b *Backend) mirror(m *metrics) func(context.Context, string, []transfer.Transfer) error {
	return func(ctx context.Context, conversationSID string, outstanding []transfer.Transfer) error {
		if !b.settings.Current().Mirror {
			return nil
		}
		done, err := mirror.Write(ctx, b.twilio, conversationSID, outstanding, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(mirrorSettle):
				return nil
			}
		})
		m.mirrored(done)
		if done.Restored > 0 || done.Skipped > 0 {
			b.logger.Info("mirror", "conversation", conversationSID, "restored", done.Restored, "skipped", done.Why)
		}
		return err
	}
}

// digest makes the digest of a transfer by the settings that are in force.
func (b *Backend) digest(ctx context.Context, s transfer.State, t transfer.Transfer) transfer.Digest {
	summary := b.settings.Current().Summary
	names := map[string]string{}
	for _, known := range s.Transfers {
		if w, ok := b.roster.Known(known.From.WorkerSID); ok && known.From.Name != "" {
			names[w.FriendlyName] = known.From.Name
		}
	}
	maker := digest.Maker{
		Twilio: b.twilio, ServiceURL: summary.URL, Token: summary.Token, Timeout: summary.Timeout, Logger: b.logger,
		Workers: func() []transfer.WorkerRecord { workers, _ := b.roster.Directory(); return workers },
	}
	return maker.Make(ctx, digest.Input{State: b.labelled(s), Transfer: t, Names: names})
}

// labelled is the state with the labels of the reasons in the place of their
// codes, for people.
func (b *Backend) labelled(s transfer.State) transfer.State {
	labels := map[string]string{}
	for _, option := range b.settings.Transfer().Handover.Reasons {
		labels[option.Code] = option.Label("")
	}
	s.Transfers = slices.Clone(s.Transfers)
	for i := range s.Transfers {
		if label := labels[s.Transfers[i].Briefing.Reason]; label != "" {
			s.Transfers[i].Briefing.Reason = label
		}
	}
	return s
}
