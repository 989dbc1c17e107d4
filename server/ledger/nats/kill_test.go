package nats

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// childDir makes the test binary the child of TestKill.
const childDir = "LEDGER_TEST_CHILD_DIR"

// killChannels is how many channels the child writes to at once.
const killChannels = 4

// child appends without end and reports each acknowledged record on stdout.
func child(dir string) int {
	o := testOptions(dir)
	o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	l, err := Open(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	failed := make(chan error)
	for n := range killChannels {
		go func() { failed <- appendWithoutEnd(l, n) }()
	}
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}

func appendWithoutEnd(l *Ledger, n int) error {
	for {
		var expected uint64
		last, err := l.Last(context.Background(), ledgertest.ChannelSID(n))
		if err == nil {
			expected = last.Sequence
		}
		id := fmt.Sprintf("p%d-%d-%d", os.Getpid(), n, time.Now().UnixNano())
		sequence, err := l.Append(context.Background(), ledgertest.NewRecord(n, id, transfer.PhaseRinging), expected)
		if err != nil {
			return err
		}
		if _, err := fmt.Printf("%d %d %s\n", n, sequence, id); err != nil {
			return err
		}
	}
}

type acknowledged struct {
	n        int
	sequence uint64
	id       string
}

// runAndKill runs the child, kills it with SIGKILL some time after its first
// acknowledgement, and returns what it reported until then.
func runAndKill(t *testing.T, dir string, after time.Duration) (acks []acknowledged) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var killer *time.Timer
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			break // a line that is cut off was not reported
		}
		var a acknowledged
		if _, err := fmt.Sscanf(line, "%d %d %s", &a.n, &a.sequence, &a.id); err != nil {
			t.Fatalf("the child says %q", line)
		}
		acks = append(acks, a)
		if killer == nil {
			killer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // Wait says whether it worked
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the child was not killed: %v", cmd.ProcessState)
	}
	return acks
}

func TestKill(t *testing.T) {
	dir := t.TempDir()
	var acks []acknowledged
	for round := range 12 {
		got := runAndKill(t, dir, time.Duration(5+round*17)*time.Millisecond)
		acks = append(acks, got...)
	}
	t.Logf("%d records acknowledged by 12 processes that were killed", len(acks))
	l := openWith(t, testOptions(dir))
	last := map[int]uint64{}
	for _, a := range acks {
		key, _ := keyOf(ledgertest.ChannelSID(a.n))
		s, err := l.readAt(context.Background(), key, a.sequence)
		if err != nil {
			t.Fatalf("record %d was acknowledged: %v", a.sequence, err)
		}
		r, err := s.decode()
		if err != nil || r.ID != a.id || s.sequence != a.sequence {
			t.Fatalf("record %d was acknowledged as %s; there is %d, %+v, %v", a.sequence, a.id, s.sequence, r, err)
		}
		last[a.n] = max(last[a.n], a.sequence)
	}
	checkOpenWork(t, l, last)
}

// checkOpenWork finds the last record of each channel in the work, soon.
func checkOpenWork(t *testing.T, l *Ledger, last map[int]uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*testAckWait)
	defer cancel()
	seen := map[string]ledger.Record{}
	for len(seen) < len(last) {
		w, err := l.Next(ctx)
		if err != nil {
			t.Fatalf("Next after %d of %d channels: %v", len(seen), len(last), err)
		}
		seen[w.Record().Channel()] = w.Record()
		if err := w.Done(); err != nil {
			t.Fatal(err)
		}
	}
	for n, sequence := range last {
		if r := seen[ledgertest.ChannelSID(n)]; r.Sequence < sequence {
			t.Errorf("channel %d: record %d was handed out, but %d was acknowledged", n, r.Sequence, sequence)
		}
	}
}
