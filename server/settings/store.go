package settings

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// DefaultEvery is how often the file is looked at.
const DefaultEvery = 2 * time.Second

// Outcome is what became of a file that had changed.
type Outcome string

// The outcomes.
const (
	OutcomeApplied Outcome = "applied" // in force now
	OutcomeSame    Outcome = "same"    // valid, and nothing in it changes this account's settings
	OutcomeInvalid Outcome = "invalid" // not in force: the settings before it are
	OutcomeMissing Outcome = "missing" // cannot be read: the settings before it are in force
)

// Options are what a store is made of.
type Options struct {
	// File is the path of the settings file; empty for none.
	File string
	// Text is used where there is no file: settings that are part of a program.
	Text    string
	Account string // AC…
	// Overrides count more than the file, see [Environment].
	Overrides []Override
	// LookupEnv finds the summary service's token; os.LookupEnv if nil.
	LookupEnv func(string) (string, bool)
	// Every is how often the file is looked at; DefaultEvery if 0.
	Every  time.Duration
	Clock  func() time.Time // time.Now if nil
	Logger *slog.Logger
}

// Store holds the settings that are in force. Its methods may be called from
// any goroutine.
type Store struct {
	Options
	current atomic.Pointer[Effective]

	reloading sync.Mutex // one reload at a time
	seen      string     // what was last read: a hash, or an error's text

	mu          sync.Mutex
	status      Status
	subscribers map[*func(Effective)]struct{}
	observe     func(Outcome)
}

// Status is how a store stands.
type Status struct {
	File    string
	Account string
	// Revision names the settings that are in force, Since is when they came.
	Revision string
	Since    time.Time
	// Problems are what is wrong with the file as it is now: it is not in force.
	// RejectedAt is when it was found; zero where nothing is wrong.
	Problems   []string
	RejectedAt time.Time
}

// Open reads the settings. It fails with Problems where something is wrong with
// them: a backend does not start on settings that nobody meant.
func Open(o Options) (*Store, error) {
	s := &Store{Options: o, subscribers: map[*func(Effective)]struct{}{}, observe: func(Outcome) {}}
	if s.LookupEnv == nil {
		s.LookupEnv = os.LookupEnv
	}
	if s.Every == 0 {
		s.Every = DefaultEvery
	}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	text, err := s.readFile()
	if err != nil {
		return nil, err
	}
	e, err := s.evaluate(text)
	if err != nil {
		return nil, err
	}
	s.seen = digest(text)
	s.current.Store(&e)
	s.status = Status{File: s.File, Account: s.Account, Revision: e.Revision, Since: s.Clock()}
	return s, nil
}

// Fixed is a store without a file, for programs that make their settings
// themselves; [Store.Set] changes them.
func Fixed(c Config) *Store {
	s, err := Open(Options{LookupEnv: func(string) (string, bool) { return "", false }})
	if err != nil {
		panic(err) // the defaults are valid, and there is nothing else
	}
	s.Set(c)
	return s
}

// Set puts settings in force that come from no file.
func (s *Store) Set(c Config) {
	s.apply(Effective{Config: c, Account: s.Account, Revision: revision(&c)})
}

// Current is what is in force.
func (s *Store) Current() Effective { return *s.current.Load() }

// Transfer are the settings that the rules depend on, as they are in force.
func (s *Store) Transfer() transfer.Settings { return s.current.Load().Transfer }

// Status is how the store stands.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Subscribe calls fn with the settings each time that they have changed, from
// the goroutine that reloads: fn must not block. After cancel has returned, fn
// may still be called once more if a change is being told at that moment.
func (s *Store) Subscribe(fn func(Effective)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers[&fn] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subscribers, &fn)
	}
}

// OnReload has fn told what became of each file that had changed, from the
// goroutine that reloads. There is one fn: the last.
func (s *Store) OnReload(fn func(Outcome)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe = fn
}

// tell reports what became of a file that had changed.
func (s *Store) tell(o Outcome) {
	s.mu.Lock()
	observe := s.observe
	s.mu.Unlock()
	observe(o)
}

// Run looks at the file until ctx is done: files are compared by their content,
// since times and inodes mean little on mounted configuration.
func (s *Store) Run(ctx context.Context) {
	if s.File == "" {
		return
	}
	ticker := time.NewTicker(s.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = s.RunOnce() // it is logged and counted
		}
	}
}

// RunOnce looks at the file, and puts it into force if it has changed and does.
// Otherwise everything stays as it is; the error says why, and is logged and
// counted once for each such file.
func (s *Store) RunOnce() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	_, seen, _ := s.look()
	if seen == s.seen {
		return nil
	}
	time.Sleep(settle)
	text, again, err := s.look()
	if again != seen {
		return nil // it is being written: the next look will tell
	}
	s.seen = seen
	if err != nil {
		return s.reject(OutcomeMissing, err)
	}
	e, err := s.evaluate(text)
	if err != nil {
		return s.reject(OutcomeInvalid, err)
	}
	outcome := OutcomeSame
	if s.apply(e) {
		outcome = OutcomeApplied
	}
	s.tell(outcome)
	s.Logger.Info("the settings file has changed", "file", s.File, "outcome", outcome, "revision", e.Revision)
	return nil
}

// settle is how long a file has to stay as it is before it counts: half a file,
// or one that is empty since it is about to be written, might be valid too.
const settle = 50 * time.Millisecond

// look reads the file, and names what it has seen.
func (s *Store) look() (text []byte, seen string, err error) {
	if text, err = s.readFile(); err != nil {
		return nil, err.Error(), err
	}
	return text, digest(text), nil
}

func (s *Store) readFile() ([]byte, error) {
	if s.File == "" {
		return []byte(s.Text), nil
	}
	text, err := os.ReadFile(s.File)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, Problems{{Source: s.File, Text: "cannot be read: " + err.Error()}}
	}
	return text, nil
}

func (s *Store) evaluate(text []byte) (Effective, error) {
	name := s.File
	if name == "" {
		name = "built-in settings"
	}
	f, err := Parse(name, text)
	if err != nil {
		return Effective{}, err
	}
	e, err := f.Effective(s.Account, s.Overrides)
	if err != nil {
		return e, err
	}
	return e, e.findToken(s.LookupEnv)
}

// findToken reads the summary service's token.
func (e *Effective) findToken(lookup func(string) (string, bool)) error {
	if e.Summary.TokenEnv == "" {
		return nil
	}
	token, set := lookup(e.Summary.TokenEnv)
	if !set || token == "" {
		return Problems{{Source: e.Origin("summary.tokenEnv"), Field: "summary.tokenEnv",
			Text: fmt.Sprintf("names the environment variable %s, which is not set", e.Summary.TokenEnv)}}
	}
	e.Summary.Token = token
	return nil
}

// reject keeps what is in force.
func (s *Store) reject(outcome Outcome, err error) error {
	var problems Problems
	errors.As(err, &problems)
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Error()
		s.Logger.Error("the settings file was changed but is not in force", "problem", texts[i])
	}
	s.mu.Lock()
	s.status.Problems, s.status.RejectedAt = texts, s.Clock()
	s.mu.Unlock()
	s.tell(outcome)
	return err
}

// apply puts settings into force and tells the subscribers, if anything is
// different.
func (s *Store) apply(e Effective) bool {
	before := s.current.Swap(&e)
	s.mu.Lock()
	s.status.Problems, s.status.RejectedAt = nil, time.Time{}
	changed := before.Revision != e.Revision
	var tell []func(Effective)
	if changed {
		s.status.Revision, s.status.Since = e.Revision, s.Clock()
		for fn := range s.subscribers {
			tell = append(tell, *fn)
		}
	}
	s.mu.Unlock()
	for _, fn := range tell {
		fn(e)
	}
	return changed
}

func digest(text []byte) string {
	h := sha256.Sum256(text)
	return string(h[:])
}
