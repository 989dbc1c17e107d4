package nats

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// atOnce is how many writers the benchmarks have.
const atOnce = 64

// kilobyte is a record of about 1 kB.
func kilobyte(tb testing.TB, n int, id string, phase transfer.Phase) ledger.Record {
	tb.Helper()
	r := ledgertest.NewRecord(n, id, phase)
	data, err := json.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	r.State.Transfers[0].Invite.Attributes = strings.Repeat("x", max(1000-len(data), 1))
	return r
}

// BenchmarkSyncedPublish is what the disk and the server allow: bare publishes
// of 1 kB, 64 at a time, each synced.
func BenchmarkSyncedPublish(b *testing.B) {
	l := openWith(b, testOptions(b.TempDir()))
	_, err := l.js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "bare", Subjects: []string{"bare.*"}})
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 1000)
	b.ResetTimer()
	inParallel(atOnce, b.N, func(i int) {
		if _, err := l.js.Publish(context.Background(), fmt.Sprint("bare.", i), data); err != nil {
			b.Error(err)
		}
	})
	report(b, b.N)
}

// BenchmarkAppend writes new channels through the ledger.
func BenchmarkAppend(b *testing.B) {
	l := openWith(b, testOptions(b.TempDir()))
	r := kilobyte(b, 0, "r", transfer.PhaseCompleted)
	b.ResetTimer()
	inParallel(atOnce, b.N, func(i int) {
		r := r.Clone()
		r.State.InteractionChannelSID = ledgertest.ChannelSID(i)
		if _, err := l.Append(context.Background(), r, 0); err != nil {
			b.Error(err)
		}
	})
	report(b, b.N)
}

// BenchmarkTransfers writes four records a channel, as a cold transfer does,
// while runners are handed the work. It counts records.
func BenchmarkTransfers(b *testing.B) {
	l := openWith(b, testOptions(b.TempDir()))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range 4 {
		go func() {
			for {
				w, err := l.Next(ctx)
				if err != nil {
					return
				}
				_ = w.Done() // it ends with the ledger
			}
		}()
	}
	phases := []transfer.Phase{transfer.PhaseInviting, transfer.PhaseLeaving, transfer.PhaseRinging, transfer.PhaseCompleted}
	r := kilobyte(b, 0, "r", transfer.PhaseInviting)
	b.ResetTimer()
	inParallel(atOnce, b.N/4, func(i int) {
		var expected uint64
		for n, phase := range phases {
			r := r.Clone()
			r.ID = fmt.Sprint("r", n)
			r.State.InteractionChannelSID = ledgertest.ChannelSID(i)
			r.State.Transfers[0].ID = ledgertest.TransferID(i)
			r.State.Transfers[0].Phase = phase
			sequence, err := l.Append(ctx, r, expected)
			if err != nil {
				b.Error(err)
			}
			expected = sequence
		}
	})
	report(b, b.N/4*4)
	stats := l.Stats()
	b.ReportMetric(float64(stats.HandedOut+stats.Skipped)/float64(b.N), "work/record")
}

// report adds the rate and the process's memory so far.
func report(b *testing.B, records int) {
	b.StopTimer()
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(rss(b))/(1<<20), "MB-RSS")
}

func rss(tb testing.TB) uint64 {
	tb.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0 // no such file on this system
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		tb.Fatal(err)
	}
	return resident * uint64(os.Getpagesize())
}
