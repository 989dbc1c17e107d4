package app

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/stage"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
)

// Sandbox is the command that runs the demo: a simulated Twilio account, the
// backend on top of it, and the pages.
type Sandbox struct {
	Listen   `embed:"" group:"Server"`
	Features `embed:"" group:"Features"`
	World    string `name:"world" env:"SANDBOX_WORLD" type:"existingfile" placeholder:"FILE" help:"JSON file that describes the simulated account. Default: the demo's."`
	Workers  int    `name:"workers" env:"SANDBOX_WORKERS" help:"Add generated workers to the demo's, up to so many in all, such as 15000, and a queue for each of their skills."`
	Seed     uint64 `name:"seed" env:"SANDBOX_SEED" default:"1" help:"The simulated account's SIDs and tokens are made from it."`
	Keep     bool   `name:"keep-data" env:"SANDBOX_KEEP_DATA" help:"Keep the ledger in --data-dir between runs. By default it goes with the demo, as the simulated account does."`
}

// transferWorkflow is the friendly name of the workflow that routes transfers,
// as in the Flex project template.
const transferWorkflow = "Chat Transfer"

// Run serves the demo until ctx is done, and says on out where it is.
func (s *Sandbox) Run(ctx context.Context, out io.Writer, logger *slog.Logger) error {
	if err := s.Listen.Validate(); err != nil {
		return err
	}
	listener, err := listen(&s.Listen)
	if err != nil {
		return err
	}
	demo, err := s.start(ctx, listener, logger)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(out, "\n  A customer and three agents are waiting for you.\n  Open %s\n\n  Stop with Ctrl-C.\n", s.PublicURL)
	return serve(ctx, listener, demo.handler, demo.drain, demo.Close)
}

// demo is the simulated account and the backend on top of it.
type demo struct {
	handler http.Handler
	account *sandbox.Account
	backend *Backend
	scratch string // folder to be removed
}

// drain ends the streams, and the webhooks: their connections would hold up the
// server's end.
func (d *demo) drain() {
	d.backend.Drain()
	_ = d.account.Close() // it never fails, and may be closed again
}

func (d *demo) Close() error {
	var err error
	if d.backend != nil { // it may not have come so far
		err = d.backend.Close()
	}
	err = errors.Join(err, d.account.Close())
	if d.scratch != "" {
		err = errors.Join(err, os.RemoveAll(d.scratch))
	}
	return err
}

func (s *Sandbox) start(ctx context.Context, listener net.Listener, logger *slog.Logger) (*demo, error) {
	d, err := s.open(logger)
	if err != nil {
		return nil, err
	}
	if err := s.connect(ctx, d, listener, logger); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// open makes the simulated account, with nothing on top of it yet.
func (s *Sandbox) open(logger *slog.Logger) (*demo, error) {
	world, err := s.world()
	if err != nil {
		return nil, err
	}
	account := sandbox.New(sandbox.Options{Seed: s.Seed, Logger: logger})
	if err := account.Load(world); err != nil {
		return nil, errors.Join(&Problem{"SANDBOX_WORLD", err.Error()}, account.Close())
	}
	return &demo{account: account}, nil
}

// connect starts the backend on the account. Pages of the origins may call it
// besides its own.
func (s *Sandbox) connect(ctx context.Context, d *demo, listener net.Listener, logger *slog.Logger, origins ...string) error {
	account, err := accountOf(d.account)
	if err != nil {
		return err
	}
	listenOn := s.Listen
	listenOn.Origins = slices.Concat(listenOn.Origins, []string{reachable(listener.Addr())}, origins)
	if !s.Keep {
		scratch, err := os.MkdirTemp("", "flex-transfer-demo-")
		if err != nil {
			return err
		}
		d.scratch, listenOn.DataDir = scratch, scratch
	}
	d.account.SetWebhooks(sandbox.Webhooks{
		TaskRouterURL:    s.PublicURL + "/webhooks/taskrouter",
		InteractionsURL:  s.PublicURL + "/webhooks/interactions",
		ConversationsURL: s.PublicURL + "/webhooks/conversations",
	})
	store, err := s.Features.open(account.AccountSID, s.builtIn(), logger)
	if err != nil {
		return err
	}
	d.backend, err = Start(ctx, Config{
		Listen: listenOn, Account: account, Settings: store, Logger: logger,
		Transport: d.account.RoundTripper(), Pages: true,
	})
	if err != nil {
		return err
	}
	reloadOnHangup(ctx, store)
	d.handler = byHost(d.account.Handler(), stage.Handler(d.account), d.backend.Handler)
	return nil
}

// demoSettings are those of the demo's world, whose SIDs they name.
//
//go:embed demo.yaml
var demoSettings string

// builtIn are the settings where no file is named: another world has only the
// defaults.
func (s *Sandbox) builtIn() string {
	if s.World == "" {
		return demoSettings
	}
	return ""
}

func (s *Sandbox) world() (sandbox.World, error) {
	if s.World == "" {
		if s.Workers > 0 {
			return sandbox.LargeWorld(s.Workers, s.Seed), nil
		}
		return sandbox.DemoWorld(), nil
	}
	text, err := os.ReadFile(s.World)
	if err != nil {
		return sandbox.World{}, &Problem{"SANDBOX_WORLD", err.Error()}
	}
	w, err := sandbox.ParseWorld(text)
	if err != nil {
		return sandbox.World{}, &Problem{"SANDBOX_WORLD", err.Error()}
	}
	return w, nil
}

// accountOf are the settings with which a backend reaches the simulated
// account, as an operator would find them in Twilio's console.
func accountOf(a *sandbox.Account) (Account, error) {
	settings := Account{
		AccountSID: a.AccountSID(), APIKey: a.APIKey(), APISecret: a.APISecret(),
		AuthToken: a.AuthToken(), WorkspaceSID: a.WorkspaceSID(), Rate: twilioapi.DefaultRate,
	}
	for _, w := range a.Snapshot().Workflows {
		if w.FriendlyName == transferWorkflow {
			settings.WorkflowSID = w.SID
		}
	}
	if settings.WorkflowSID == "" {
		return Account{}, &Problem{"SANDBOX_WORLD", fmt.Sprintf("has no workflow named %q", transferWorkflow)}
	}
	return settings, nil
}

// byHost sends what is addressed to Twilio to the simulated account, /stage/
// to the stage, and the rest to the backend: so that another backend, or
// Twilio's own SDKs, can use the sandbox through the same address.
func byHost(twilio, stage, backend http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		switch {
		case strings.HasSuffix(host, ".twilio.com"):
			twilio.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/stage/"):
			stage.ServeHTTP(w, r)
		default:
			backend.ServeHTTP(w, r)
		}
	})
}
