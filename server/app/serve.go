package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/settings"
)

// Serve is the command that runs the backend against a Twilio account.
type Serve struct {
	Listen   `embed:"" group:"Server"`
	Account  `embed:"" group:"Twilio"`
	Features `embed:"" group:"Features"`
}

// Validate returns every setting that does not do, each as a *Problem or, of the
// settings file, as a *settings.Problem.
func (s *Serve) Validate() error {
	_, err := s.Features.open(s.AccountSID, "", nil)
	return errors.Join(s.Listen.Validate(), s.Account.Validate(), err)
}

// Run serves until ctx is done, and says on out where.
func (s *Serve) Run(ctx context.Context, out io.Writer, logger *slog.Logger) error {
	if err := s.Validate(); err != nil {
		return err
	}
	store, err := s.Features.open(s.AccountSID, "", logger)
	if err != nil {
		return err
	}
	listener, err := listen(&s.Listen)
	if err != nil {
		return err
	}
	return s.serveOn(ctx, listener, store, out, logger)
}

// serveOn is Run on a listener that is open. It answers from the beginning.
func (s *Serve) serveOn(ctx context.Context, listener net.Listener, store *settings.Store, out io.Writer, logger *slog.Logger) error {
	door := newDoor()
	answering := answerOn(listener, door)
	b, err := Start(ctx, Config{Listen: s.Listen, Account: s.Account, Settings: store, Logger: logger})
	if err != nil {
		return errors.Join(err, answering.Close())
	}
	door.opens(b.Handler)
	reloadOnHangup(ctx, store)
	collectSooner()
	fmt.Fprintf(out, "The transfer backend serves account %s at %s\n", s.AccountSID, s.PublicURL)
	return answering.untilDrained(ctx, s.DrainDelay, b.Drain, b.Close)
}

// listen opens the address, and sets PublicURL to it where none is set.
func listen(l *Listen) (net.Listener, error) {
	listener, err := net.Listen("tcp", l.Addr)
	if err != nil {
		return nil, &Problem{"ADDR", err.Error()}
	}
	if l.PublicURL = strings.TrimSuffix(l.PublicURL, "/"); l.PublicURL == "" {
		l.PublicURL = reachable(listener.Addr())
	}
	return listener, nil
}

// collectSooner trades a little time for memory, unless GOGC says otherwise: a
// backend leaves half as much garbage lying about, beside what is in use.
func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// reachable is an address under which a browser on this machine reaches the
// listener: one that listens everywhere listens on the loopback too.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// serve answers requests until ctx is done, for who is alone, so that nobody has to
// notice that it drains.
func serve(ctx context.Context, listener net.Listener, h http.Handler, drain func(), closeAll func() error) error {
	return answerOn(listener, h).untilDrained(ctx, 0, drain, closeAll)
}

// answering is a server that answers requests.
type answering struct {
	*http.Server
	failed chan error // one error, once it answers no more
}

// answerOn begins to answer requests.
func answerOn(listener net.Listener, h http.Handler) *answering {
	a := &answering{failed: make(chan error, 1), Server: &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
	}}
	go func() { a.failed <- a.Serve(listener) }()
	return a
}

// untilDrained goes on until ctx is done. Then it drains, which makes the backend
// not ready, and goes on answering for the delay, in which load balancers notice;
// lets requests under way finish, and closes.
func (a *answering) untilDrained(ctx context.Context, delay time.Duration, drain func(), closeAll func() error) error {
	select {
	case err := <-a.failed:
		return errors.Join(err, closeAll())
	case <-ctx.Done():
	}
	drain()
	a.SetKeepAlivesEnabled(false) // the next request goes over a connection to somebody else
	pause(context.WithoutCancel(ctx), delay)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := a.Shutdown(stopCtx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("some requests did not end in time"), a.Server.Close())
	}
	return errors.Join(err, closeAll())
}
