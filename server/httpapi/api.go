package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	defaultHeartbeat   = 15 * time.Second
	defaultStreamLife  = 30 * time.Minute
	defaultStreamWrite = 10 * time.Second
)

// API is the backend's HTTP API. Make one with [New].
type API struct {
	Options
	handler http.Handler
	streams *streams
	limits  *limits
	guesses *guesses
	module  *files
	scripts *files
	pages   *files
	openapi *files
	build   string // where the scripts are for good, see buildOf
}

// New checks the options, naming the one that is at fault, and builds the API.
// Every interface but Ready must be given.
func New(o Options) (*API, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.setDefaults()
	build, err := buildOf(o.ModuleScripts)
	if err != nil {
		return nil, fmt.Errorf("httpapi: Options.ModuleScripts: %w", err)
	}
	a := &API{
		Options: o,
		streams: newStreams(),
		limits:  newLimits(o.AgentRate),
		guesses: newGuesses(o.AgentRate),
		module:  newFiles(o.Module),
		scripts: newFiles(o.ModuleScripts),
		pages:   newFiles(o.Pages),
		openapi: newFiles(document),
		build:   build,
	}
	a.handler = a.wrap(a.routes())
	return a, nil
}

// Handler answers every request, and may be used without a socket too.
func (a *API) Handler() http.Handler { return a.handler }

// Drain ends the open streams and refuses new ones, so that a shutdown does
// not wait for them: the pages resume at another replica. It does not wait.
func (a *API) Drain() { a.streams.drain() }

// Close drains, and returns once the last stream has ended.
func (a *API) Close() {
	a.streams.drain()
	a.streams.wait()
}

func (o *Options) check() error {
	var problems []error
	for _, need := range []struct {
		name    string
		missing bool
	}{
		{"Verifier", o.Verifier == nil},
		{"Transfers", o.Transfers == nil},
		{"Directory", o.Directory == nil},
		{"Watch", o.Watch == nil},
		{"Webhooks", o.Webhooks == nil},
	} {
		if need.missing {
			problems = append(problems, fmt.Errorf("httpapi: Options.%s is missing", need.name))
		}
	}
	if err := CheckOrigin(strings.TrimSuffix(o.PublicURL, "/")); err != nil {
		problems = append(problems, fmt.Errorf("httpapi: Options.PublicURL: %w", err))
	}
	for i, origin := range o.Origins {
		if origin == "*" {
			continue
		}
		if err := CheckOrigin(origin); err != nil {
			problems = append(problems, fmt.Errorf("httpapi: Options.Origins[%d]: %w", i, err))
		}
	}
	if o.AgentRate < 0 {
		problems = append(problems, errors.New("httpapi: Options.AgentRate must not be negative"))
	}
	if o.Heartbeat < 0 || o.StreamLife < 0 || o.StreamWrite < 0 {
		problems = append(problems, errors.New("httpapi: Options.Heartbeat, StreamLife and StreamWrite must not be negative"))
	}
	return errors.Join(problems...)
}

func (o *Options) setDefaults() {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.StreamLife == 0 {
		o.StreamLife = defaultStreamLife
	}
	if o.StreamWrite == 0 {
		o.StreamWrite = defaultStreamWrite
	}
}

// CheckOrigin accepts scheme://host[:port] and nothing more.
func CheckOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("%q is not a URL", text)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q must begin with https:// or http://", text)
	}
	if u.Host == "" || strings.Contains(u.Host, "*") || u.Scheme+"://"+u.Host != text {
		return fmt.Errorf("%q must be a scheme and a host, without path, query or user", text)
	}
	return nil
}
