package nats

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// What Options leaves open.
const (
	DefaultMaxAge  = 30 * 24 * time.Hour
	DefaultAckWait = 5 * time.Second
)

// Options says where the ledger is kept and how. Exactly one of Dir and URLs
// is set.
type Options struct {
	// Dir is the folder of the embedded server's files. It is made if it is
	// missing and belongs to one process at a time.
	Dir string
	// URLs are the addresses of the NATS servers, for several processes with one
	// ledger. Those servers must run JetStream with sync_interval: always, or
	// an acknowledged record can be lost when a machine loses its power.
	URLs []string
	// CredentialsFile holds the JWT and the key for URLs; empty for none.
	CredentialsFile string

	// Account is the Twilio account whose transfers these are: part of the
	// subjects and of the stream's name. Letters, digits, '-' and '_'.
	Account string
	// Replicas is how many of the servers at URLs keep the records: 1, 3 or 5.
	// Zero is 1 with Dir and 3 with URLs; with Dir nothing else is possible.
	Replicas int
	// MaxAge is how long records are kept; zero for DefaultMaxAge.
	MaxAge time.Duration
	// AckWait is how long a piece of work may go without a sign of life before
	// it is handed out again; zero for DefaultAckWait.
	AckWait time.Duration
	// Logger gets what happens here and in the embedded server; nil for
	// slog.Default.
	Logger *slog.Logger

	keepPacked int           // channels that ended last; zero for keepPacked. Tests set it
	request    time.Duration // how long one request to the server may take; zero for requestTimeout. Tests set it
}

// embedded reports whether the server runs in this process.
func (o Options) embedded() bool { return o.Dir != "" }

// withDefaults fills in what is left open and names the field that is wrong.
func (o Options) withDefaults() (Options, error) {
	if o.Replicas == 0 {
		o.Replicas = 3
		if o.embedded() {
			o.Replicas = 1
		}
	}
	if o.MaxAge == 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.AckWait == 0 {
		o.AckWait = DefaultAckWait
	}
	if o.keepPacked == 0 {
		o.keepPacked = keepPacked
	}
	if o.request == 0 {
		o.request = requestTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o, o.validate()
}

func (o Options) validate() error {
	switch {
	case o.Dir == "" && len(o.URLs) == 0:
		return errors.New("ledger/nats: Dir or URLs: one of them must be set")
	case o.Dir != "" && len(o.URLs) > 0:
		return errors.New("ledger/nats: Dir and URLs: only one of them can be set")
	case !validToken(o.Account):
		return fmt.Errorf("ledger/nats: Account %q: want letters, digits, '-' and '_'", o.Account)
	case o.Replicas != 1 && o.Replicas != 3 && o.Replicas != 5:
		return fmt.Errorf("ledger/nats: Replicas %d: want 1, 3 or 5", o.Replicas)
	case o.embedded() && o.Replicas != 1:
		return fmt.Errorf("ledger/nats: Replicas %d: the embedded server keeps one", o.Replicas)
	case o.MaxAge < time.Second:
		return fmt.Errorf("ledger/nats: MaxAge %s: want at least a second", o.MaxAge)
	case o.AckWait < 100*time.Millisecond:
		return fmt.Errorf("ledger/nats: AckWait %s: want at least 100 ms", o.AckWait)
	}
	return nil
}

func validToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}
