package app

import (
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// warnOfUnknown tells the log of queues and workers that the settings name and
// that the account does not have: a guard or a fallback that never acts. Each is
// told once while it is so.
func (b *Backend) warnOfUnknown() {
	workers, queues := b.roster.Directory()
	known := map[string]bool{}
	for _, w := range workers {
		known[w.SID] = true
	}
	for _, q := range queues {
		known[q.SID] = true
	}
	missing := map[string]bool{}
	named := sidsOf(b.settings.Transfer())
	if sid := b.settings.Current().Rescue.QueueSID; sid != "" {
		named["rescue.queueSid"] = sid
	}
	for setting, sid := range named {
		if known[sid] {
			continue
		}
		missing[setting] = true
		if !b.warned[setting] {
			b.logger.Warn("a setting names a queue or worker that the account does not have; it has no effect", "setting", setting, "sid", sid)
		}
	}
	b.warned = missing
}

// sidsOf are the queues and workers that settings name, by the setting.
func sidsOf(s transfer.Settings) map[string]string {
	sids := map[string]string{}
	if s.PingPong.Transfers > 0 {
		sids["pingPong.queueSid"] = s.PingPong.QueueSID
	}
	for _, f := range s.Fallbacks {
		if f.SID != "" {
			sids["fallbacks.order: "+string(f.Kind)+" "+f.SID] = f.SID
		}
	}
	return sids
}
