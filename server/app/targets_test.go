package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestSettingsThatNameNobodyAreTold in the log, once.
func TestSettingsThatNameNobodyAreTold(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	var log bytes.Buffer
	c := settings.Default()
	c.Transfer.PingPong = transfer.PingPong{Transfers: 2, QueueSID: "WQ" + strings.Repeat("9", 32)}
	c.Transfer.Fallbacks = []transfer.Fallback{{Kind: transfer.FallbackQueue, SID: r.queue("Billing")}, {Kind: transfer.FallbackAgent}}
	b := &Backend{roster: r.backend.roster, settings: settings.Fixed(c), logger: slog.New(slog.NewTextHandler(&log, nil))}
	b.warnOfUnknown()
	b.warnOfUnknown()
	if told := log.String(); strings.Count(told, "WARN") != 1 || !strings.Contains(told, "pingPong.queueSid") {
		t.Errorf("%s", told)
	}
}
