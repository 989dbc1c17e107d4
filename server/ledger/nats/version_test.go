package nats

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// newerURL makes the test binary be a process of the next version, with its
// ledger at the address.
const newerURL = "LEDGER_TEST_NEWER_URL"

// newer writes a record of its version behind the one that is there, waits for a
// line on its input and then finishes the work on it.
func newer(url string) int {
	stateVersion++
	o := testOptions("")
	o.URLs, o.Replicas = []string{url}, 1
	if err := runNewer(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runNewer(o Options) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	l, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer l.Close()
	last, err := l.Last(ctx, ledgertest.ChannelSID(1))
	if err != nil {
		return err
	}
	if _, err := l.Append(ctx, newerRecord("newer", transfer.PhaseRinging), last.Sequence); err != nil {
		return err
	}
	fmt.Println("written")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	for {
		w, err := l.Next(ctx)
		if err != nil {
			return err
		}
		if w.Record().ID != "newer" {
			_ = w.Later(time.Second) // the other one's
			continue
		}
		if _, err := l.Append(ctx, newerRecord("newest", transfer.PhaseCompleted), w.Record().Sequence); err != nil {
			return err
		}
		fmt.Println("finished")
		return w.Done()
	}
}

func newerRecord(id string, phase transfer.Phase) ledger.Record {
	r := ledgertest.NewRecord(1, id, phase)
	r.State.Version = stateVersion
	return r
}

// TestNewerProcess shares a ledger with a process of the next version: what that
// one has written is left to it, the rest goes on.
func TestNewerProcess(t *testing.T) {
	s := startServer(t, server.Options{StoreDir: t.TempDir()})
	l := openWith(t, remoteOptions(1, s))
	first := appendNew(t, l, 1, transfer.PhaseInviting)
	child := startNewer(t, s.ClientURL())
	child.says("written")
	handedOut := takeAll(t, l)
	for deadline := time.Now().Add(2 * time.Minute); l.Stats().Newer == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the work on the newer record was not offered to this process")
		}
	}
	if _, err := l.Append(t.Context(), ledgertest.NewRecord(1, "older", transfer.PhaseRinging), first); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("Append behind the record of this version: %v, want ErrConflict", err)
	}
	if r, err := l.Last(t.Context(), ledgertest.ChannelSID(1)); !errors.Is(err, ledger.ErrNewer) {
		t.Errorf("Last = %+v, %v, want ErrNewer", r, err)
	}
	if r, err := l.Find(t.Context(), ledgertest.TransferID(1)); !errors.Is(err, ledger.ErrNewer) {
		t.Errorf("Find = %+v, %v, want ErrNewer", r, err)
	}
	waitReady(t, l) // the other conversations can be served
	appendNew(t, l, 2, transfer.PhaseInviting)
	child.goOn()
	child.says("finished")
	if taken := handedOut(); taken[ledgertest.ChannelSID(2)] == 0 || taken[ledgertest.ChannelSID(1)] > 1 {
		t.Errorf("handed out: %v, want channel 2, and of channel 1 at most the record of this version", taken)
	}
	key, _ := keyOf(ledgertest.ChannelSID(1))
	if kept, err := l.readLast(t.Context(), key); err != nil || !strings.Contains(unpacked(t, kept), `"newest"`) {
		t.Errorf("the channel's last record: %v, %v", kept, err)
	}
}

func unpacked(t *testing.T, s stored) string {
	t.Helper()
	text, err := unpack(s.data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// takeAll takes all work until the function that it returns is called, which
// waits for channel 2's and tells how often each channel was handed out.
func takeAll(t *testing.T, l *Ledger) (end func() map[string]int) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	seen, taken, ended := make(chan struct{}), map[string]int{}, make(chan struct{})
	go func() {
		defer close(ended)
		for {
			w, err := l.Next(ctx)
			if err != nil {
				return
			}
			channel := w.Record().Channel()
			if taken[channel]++; channel == ledgertest.ChannelSID(2) && taken[channel] == 1 {
				close(seen)
			}
			_ = w.Done() // it comes again at worst
		}
	}()
	return func() map[string]int {
		select {
		case <-seen:
		case <-ctx.Done():
		}
		cancel()
		<-ended
		return taken
	}
}

// newerProcess is a process of the next version.
type newerProcess struct {
	*testing.T
	out *bufio.Reader
	in  io.WriteCloser
}

func startNewer(t *testing.T, url string) *newerProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), newerURL+"="+url)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it has ended by itself, if all went well
	return &newerProcess{t, bufio.NewReader(out), in}
}

func (p *newerProcess) says(want string) {
	p.Helper()
	if got, err := p.out.ReadString('\n'); err != nil || got != want+"\n" {
		p.Fatalf("the newer process says %q, %v, want %q", got, err, want)
	}
}

func (p *newerProcess) goOn() {
	p.Helper()
	if _, err := io.WriteString(p.in, "go on\n"); err != nil {
		p.Fatal(err)
	}
}

// TestReadRecord tells records of this version, of former and of later ones
// apart.
func TestReadRecord(t *testing.T) {
	record := func(version int, more string) string {
		return fmt.Sprintf(`{"id":"r","origin":"o","event":"e","state":{"version":%d,"interactionSid":"KD","interactionChannelSid":%q,"transfers":[]%s}}`,
			version, ledgertest.ChannelSID(1), more)
	}
	for name, c := range map[string]struct {
		text  string
		newer bool
		fails bool
	}{
		"this version":                        {text: record(stateVersion, "")},
		"a former one":                        {text: record(1, "")},
		"a former one, with what it knew":     {text: record(1, `,"forgotten":{"a":1}`)},
		"a field more":                        {record(stateVersion, `,"later":true`), true, true},
		"a later layout":                      {record(stateVersion+1, ""), true, true},
		"a later layout and a field more":     {record(stateVersion+1, `,"later":true`), true, true},
		"a later layout that reads otherwise": {strings.Replace(record(stateVersion+1, ""), "[]", "{}", 1), true, true},
		"no JSON":                             {"{", false, true},
		"another type in this layout":         {strings.Replace(record(stateVersion, ""), "[]", "{}", 1), false, true},
	} {
		r, err := readRecord([]byte(c.text))
		if (err != nil) != c.fails || errors.Is(err, ledger.ErrNewer) != c.newer {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (r.ID != "r" || r.Channel() != ledgertest.ChannelSID(1)) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
