package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/nats"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/roster"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/dist"
	"github.com/flex-transfer/flex-transfer/wasm/js"
	"github.com/flex-transfer/flex-transfer/web"
)

// Config is what a backend is made of.
type Config struct {
	Listen  Listen
	Account Account
	// Settings are what the feature does; nil stands for the defaults.
	Settings *settings.Store
	// Transport carries the calls to Twilio; nil means the network.
	Transport http.RoundTripper
	// Pages serves the demo's pages.
	Pages bool
	// Ledger replaces the one that the settings ask for.
	Ledger ledger.Ledger
	Logger *slog.Logger
}

// Backend is a running backend without its listener: an HTTP handler and what
// works behind it.
type Backend struct {
	Handler http.Handler

	api         *httpapi.API
	coordinator *coordinator.Coordinator
	reconciler  *reconcile.Reconciler
	roster      *roster.Roster
	ledger      ledger.Ledger
	twilio      *twilioapi.Client
	settings    *settings.Store
	logger      *slog.Logger
	origin      string // names this process
	pacing      pacing
	tokens      *twilioapi.Tokens
	warned      map[string]bool // settings that name what is not there; only runRoster touches it
	stop        context.CancelFunc
	running     sync.WaitGroup
}

// Start puts a backend together and sets it to work. It makes no call to
// Twilio before it returns; readiness says when the directory has been read.
func Start(ctx context.Context, c Config) (*Backend, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Settings == nil {
		c.Settings = settings.Fixed(settings.Default())
	}
	b := &Backend{logger: c.Logger, settings: c.Settings, origin: randomID()}
	metrics := newMetrics()
	c.Settings.OnReload(metrics.reload)
	var err error
	if b.ledger, err = openLedger(ctx, c); err != nil {
		return nil, err
	}
	if b.pacing, err = newPacing(c, b); err != nil {
		return nil, errors.Join(err, b.ledger.Close())
	}
	if b.twilio, err = twilioapi.New(twilioapi.Options{
		AccountSID: c.Account.AccountSID, APIKey: c.Account.APIKey, APISecret: c.Account.APISecret,
		AuthToken: c.Account.AuthToken, WorkspaceSID: c.Account.WorkspaceSID, BaseURL: c.Account.BaseURL,
		Transport: c.Transport, Pace: b.pacing, Logger: c.Logger, Observe: metrics.call,
	}); err == nil {
		err = b.assemble(c, metrics)
	}
	if err != nil {
		b.pacing.stop()
		return nil, errors.Join(err, b.ledger.Close())
	}
	b.run(c.Listen.Runners)
	return b, nil
}

// assemble makes the rooms that need no closing.
func (b *Backend) assemble(c Config, metrics *metrics) error {
	b.roster = roster.New(roster.Options{API: b.twilio, WorkflowSID: c.Account.WorkflowSID, Clock: time.Now, Logger: c.Logger})
	var err error
	if b.coordinator, err = coordinator.New(coordinator.Options{
		Ledger: b.ledger, Twilio: b.twilio, Roster: b.roster, Settings: b.settings.Transfer,
		WorkflowSID: c.Account.WorkflowSID, Logger: c.Logger, Origin: b.origin, NewID: randomID,
		Mirror: b.mirror(metrics), Digest: b.digest, Observe: metrics.event, InviteLine: b.twilio.InviteLine,
		Restore: func(ctx context.Context, interactionSID, channelSID string) error {
			return b.reconciler.Restore(ctx, interactionSID, channelSID)
		},
	}); err != nil {
		return err
	}
	if b.reconciler, err = b.newReconciler(metrics); err != nil {
		return err
	}
	told, err := newNews(c, b)
	if err != nil {
		return err
	}
	listed := directory{roster: b.roster, coordinator: b.coordinator, settings: b.forCaller}
	signIn := verifier{twilioapi.NewTokens(b.twilio.ValidateToken, time.Now)}
	b.tokens = signIn.tokens
	o := httpapi.Options{
		Verifier:  signIn,
		Transfers: transfers{b.coordinator},
		Directory: listed, Packed: listed.packed,
		Watch:    watch{coordinator: b.coordinator, roster: b.roster, settings: b.settings, forCaller: b.forCaller},
		Webhooks: webhooks{authToken: c.Account.AuthToken, coordinator: b.coordinator, news: told, reconciler: b.reconciler},
		Ready:    b.ready, ConfigStatus: b.configStatus, Text: textOf, PublicURL: c.Listen.PublicURL, Origins: c.Listen.Origins, AgentRate: c.Listen.AgentRate,
		Module: dist.FS(), ModuleScripts: js.Files(), Logger: c.Logger,
		Metrics: promhttp.HandlerFor(metrics.registry, promhttp.HandlerOpts{}),
	}
	if c.Pages {
		o.Pages = web.Files()
	}
	if b.api, err = httpapi.New(o); err != nil {
		return err
	}
	b.Handler, err = b.withDropIn(c, signIn)
	return err
}

// ready is nil once the ledger answers and the directory has been read.
func (b *Backend) ready(ctx context.Context) error {
	if err := b.ledger.Ready(ctx); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return b.roster.Ready()
}

// run starts the background work: runners of the ledger's work, and the
// roster's reads.
func (b *Backend) run(runners int) {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	for range max(runners, 1) {
		b.running.Go(func() { b.runWork(ctx) })
	}
	b.running.Go(func() { b.runRoster(ctx) })
	b.running.Go(func() { b.roster.RunFigures(ctx) })
	b.running.Go(func() { b.watchTargets(ctx) })
	b.running.Go(func() { b.settings.Run(ctx) })
	for range reconcilers {
		b.running.Go(func() { b.runReconciler(ctx) })
	}
}

// watchTargets takes back the invites of workers who go off, also once the
// ledger is there again.
func (b *Backend) watchTargets(ctx context.Context) {
	for ctx.Err() == nil {
		if err := b.coordinator.WatchTargets(ctx); err != nil && ctx.Err() == nil {
			b.logger.Warn("workers who go off are not noticed at once for now", "error", err)
		}
		pause(ctx, time.Second)
	}
}

func (b *Backend) runWork(ctx context.Context) {
	for ctx.Err() == nil {
		did, err := b.coordinator.RunOnce(ctx)
		switch {
		case err == nil, ctx.Err() != nil, did == coordinator.DecisionRetry: // that piece of work rests, others need not
		case errors.Is(err, ledger.ErrClosed):
			return
		default:
			b.logger.Warn("work goes on after a pause", "error", err)
			pause(ctx, 200*time.Millisecond)
		}
	}
}

// runRoster reads the directory until it has it, then once in a while.
func (b *Backend) runRoster(ctx context.Context) {
	wait := time.Second
	for ctx.Err() == nil {
		if err := b.roster.RunOnce(ctx); err != nil {
			b.logger.Warn("the directory could not be read; it is tried again", "error", err, "after", wait)
			pause(ctx, wait)
			wait = min(2*wait, time.Minute)
			continue
		}
		b.warnOfUnknown()
		wait = time.Second
		select {
		case <-ctx.Done():
		case <-b.roster.Wake():
			pause(ctx, wait) // changes come in flocks: one read does for all
		case <-time.After(b.roster.RefreshEvery()):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Drain ends the event streams, so that browsers go to another replica; other
// requests are still served.
func (b *Backend) Drain() { b.api.Drain() }

// Close stops the work and closes the ledger. Steps under way are finished or
// left to whoever comes next.
func (b *Backend) Close() error {
	b.api.Drain()
	b.stop()
	b.running.Wait()
	b.coordinator.Wait()
	b.pacing.stop()
	b.tokens.Close()
	return errors.Join(b.ledger.Close(), b.twilio.Close())
}

func openLedger(ctx context.Context, c Config) (ledger.Ledger, error) {
	if c.Ledger != nil {
		return c.Ledger, nil
	}
	o := nats.Options{Account: c.Account.AccountSID, Logger: c.Logger}
	if len(c.Listen.NATS) > 0 {
		o.URLs, o.CredentialsFile, o.Replicas = c.Listen.NATS, c.Listen.NATSCreds, c.Listen.Replicas
	} else {
		o.Dir = c.Listen.DataDir
		if o.Dir == "" {
			o.Dir = filepath.Join("data", c.Account.AccountSID)
		}
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, &Problem{"DATA_DIR", err.Error()}
		}
	}
	l, err := nats.Open(ctx, o)
	if err != nil {
		setting := "DATA_DIR"
		if len(o.URLs) > 0 {
			setting = "NATS_URLS"
		}
		return nil, &Problem{setting, fmt.Sprintf("the ledger cannot be opened: %v", err)}
	}
	return l, nil
}

// randomID is unique: 26 letters and digits would do, 32 hexadecimal ones are
// easier to read.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
