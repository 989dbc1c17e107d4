package settings

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// watched is a store over a file, and what it told.
type watched struct {
	*Store
	t        *testing.T
	outcomes []Outcome
	told     []Effective
}

func watch(t *testing.T, text string, overrides ...Override) *watched {
	t.Helper()
	w := &watched{t: t}
	file := filepath.Join(t.TempDir(), "config.yaml")
	w.write(file, text)
	var err error
	w.Store, err = Open(Options{File: file, Account: account, Overrides: overrides,
		LookupEnv: func(name string) (string, bool) { return "secret", name == "SUMMARY_TOKEN" }})
	if err != nil {
		t.Fatal(err)
	}
	w.OnReload(func(o Outcome) { w.outcomes = append(w.outcomes, o) })
	w.Subscribe(func(e Effective) { w.told = append(w.told, e) })
	return w
}

func (w *watched) write(file, text string) {
	w.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) change(text string) error {
	w.t.Helper()
	w.write(w.File, text)
	return w.RunOnce()
}

func TestAChangedFileIsInForce(t *testing.T) {
	w := watch(t, "transfer: {maxInvites: 2}")
	if err := w.change("transfer: {maxInvites: 3}"); err != nil {
		t.Fatal(err)
	}
	if w.Transfer().MaxInvites != 3 || len(w.told) != 1 || w.told[0].Transfer.MaxInvites != 3 {
		t.Errorf("in force: %d, told: %v", w.Transfer().MaxInvites, w.told)
	}
	if err := w.change("# as it was\ntransfer: {maxInvites: 3}"); err != nil {
		t.Fatal(err)
	}
	if err := w.RunOnce(); err != nil { // nothing has changed
		t.Fatal(err)
	}
	if want := []Outcome{OutcomeApplied, OutcomeSame}; !slices.Equal(w.outcomes, want) || len(w.told) != 1 {
		t.Errorf("%v, told %d times", w.outcomes, len(w.told))
	}
}

func TestAFileWithAMistakeChangesNothing(t *testing.T) {
	w := watch(t, "transfer: {maxInvites: 2}")
	before := w.Status()
	for range 2 { // it is reported once
		if err := w.change("transfer: {maxInvites: two}"); len(w.outcomes) == 0 && err == nil {
			t.Fatal("no error")
		}
	}
	s := w.Status()
	if w.Transfer().MaxInvites != 2 || len(w.told) != 0 || !slices.Equal(w.outcomes, []Outcome{OutcomeInvalid}) {
		t.Errorf("in force: %d, told %v, outcomes %v", w.Transfer().MaxInvites, w.told, w.outcomes)
	}
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "config.yaml:1: transfer.maxInvites") || s.RejectedAt.IsZero() || s.Revision != before.Revision {
		t.Errorf("%+v", s)
	}
	if err := os.Remove(w.File); err != nil {
		t.Fatal(err)
	}
	if err := w.RunOnce(); err == nil || w.Transfer().MaxInvites != 2 || !slices.Equal(w.outcomes, []Outcome{OutcomeInvalid, OutcomeMissing}) {
		t.Errorf("removed: %v, %v", err, w.outcomes)
	}
	if err := w.change("transfer: {maxInvites: 2}"); err != nil { // as it was in the beginning
		t.Fatal(err)
	}
	if s := w.Status(); len(s.Problems) != 0 || !s.RejectedAt.IsZero() || len(w.told) != 0 {
		t.Errorf("%+v, told %v", s, w.told)
	}
}

func TestTheEnvironmentKeepsCountingMore(t *testing.T) {
	w := watch(t, "", Override{"transfer.coldTransfer", "COLD_TRANSFER", "false"})
	if err := w.change("transfer: {coldTransfer: true, maxInvites: 9}"); err != nil {
		t.Fatal(err)
	}
	if s := w.Transfer(); s.ColdTransfer || s.MaxInvites != 9 {
		t.Errorf("%+v", s)
	}
}

func TestTheSummaryTokenIsOfTheEnvironment(t *testing.T) {
	w := watch(t, "summary: {url: 'https://s.example.com/', tokenEnv: SUMMARY_TOKEN}")
	if got := w.Current().Summary.Token; got != "secret" {
		t.Errorf("token %q", got)
	}
	err := w.change("summary: {url: 'https://s.example.com/', tokenEnv: NOT_SET}")
	if err == nil || !strings.Contains(err.Error(), "config.yaml:1: summary.tokenEnv: names the environment variable NOT_SET") {
		t.Errorf("%v", err)
	}
}

func TestABackendDoesNotStartOnMistakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if _, err := Open(Options{File: file}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%v", err)
	}
	if _, err := Open(Options{Overrides: []Override{{"mirror", "MIRROR_INVITES", "x"}}}); err == nil || !strings.Contains(err.Error(), "MIRROR_INVITES") {
		t.Errorf("%v", err)
	}
}

// Many programs empty a file before they write it; empty, it would mean the
// defaults.
func TestAFileThatIsBeingWrittenDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, "transfer: {coldTransfer: false}")
		w.write(w.File, "")
		var looking sync.WaitGroup
		looking.Go(func() { _ = w.RunOnce() })
		synctest.Wait() // it has seen the empty file
		w.write(w.File, "transfer: {coldTransfer: false, maxInvites: 7}")
		looking.Wait()
		if w.Transfer().ColdTransfer || len(w.told) != 0 {
			t.Errorf("half a file is in force: %+v", w.Transfer())
		}
		if err := w.RunOnce(); err != nil || w.Transfer().MaxInvites != 7 || len(w.told) != 1 {
			t.Errorf("the whole file is not in force: %v, told %d times", err, len(w.told))
		}
	})
}

func TestRunLooksAtTheFileNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, "transfer: {maxInvites: 2}")
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		w.write(w.File, "transfer: {maxInvites: 4}")
		time.Sleep(DefaultEvery + 2*settle)
		synctest.Wait()
		if got := w.Transfer().MaxInvites; got != 4 {
			t.Errorf("in force after %s: %d", DefaultEvery, got)
		}
		stop()
		running.Wait()
	})
}

func TestWhoHasCanceledIsNotTold(t *testing.T) {
	s := Fixed(Default())
	told := 0
	cancel := s.Subscribe(func(Effective) { told++ })
	c := Default()
	c.Transfer.ColdTransfer = false
	s.Set(c)
	s.Set(c) // the same again
	cancel()
	s.Set(Default())
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestStoreMayBeUsedFromEverywhere(t *testing.T) {
	s := Fixed(Default())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			defer s.Subscribe(func(Effective) {})()
			c := Default()
			c.Transfer.MaxInvites = i + 1
			s.Set(c)
			_, _ = s.Transfer(), s.Status()
		})
	}
	all.Wait()
	var got transfer.Settings = s.Transfer()
	if got.MaxInvites < 1 || s.Status().Revision == "" {
		t.Errorf("%+v", s.Status())
	}
}
