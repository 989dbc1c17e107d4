package nats

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
)

const testAckWait = time.Second

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	if url := os.Getenv(newerURL); url != "" {
		os.Exit(newer(url))
	}
	leaktest.Main(m)
}

func testOptions(dir string) Options {
	return Options{
		Dir: dir, Account: "ACtest", AckWait: testAckWait,
		request: time.Minute, // a slow machine loses no answer
		Logger:  slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func openWith(t testing.TB, o Options) *Ledger {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	l, err := Open(ctx, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it never fails
	waitReady(t, l)
	return l
}

func waitReady(t testing.TB, l *Ledger) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := l.Ready(context.Background())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestConformance(t *testing.T) {
	conforms(t, func(t *testing.T) Options { return testOptions(t.TempDir()) })
}

// conforms plays the conformance suite, each test on a place of its own.
func conforms(t *testing.T, place func(t *testing.T) Options) {
	ledgertest.Run(t, ledgertest.Harness{
		AckWait: testAckWait,
		Open: func(t *testing.T, ackWait time.Duration) ledger.Ledger {
			o := place(t)
			o.AckWait = ackWait
			return openWith(t, o)
		},
		Reopen: func(t *testing.T, l ledger.Ledger) ledger.Ledger {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return openWith(t, l.(*Ledger).options)
		},
	})
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	l, err := Open(context.Background(), testOptions(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	waitReady(t, l)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Next: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := leaktest.Find(before); err != nil {
		t.Error(err)
	}
}
