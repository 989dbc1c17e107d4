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
	b, err := Start(ctx, Config{Listen: s.Listen, Account: s.Account, Settings: store, Logger: logger})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	reloadOnHangup(ctx, store)
	collectSooner()
	fmt.Fprintf(out, "The transfer backend serves account %s at %s\n", s.AccountSID, s.PublicURL)
	return serveAndDrain(ctx, listener, s.DrainDelay, b.Handler, b.Drain, b.Close)
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

// serve is serveAndDrain for who is alone, so that nobody has to notice.
func serve(ctx context.Context, listener net.Listener, h http.Handler, drain func(), closeAll func() error) error {
	return serveAndDrain(ctx, listener, 0, h, drain, closeAll)
}

// serveAndDrain answers requests until ctx is done. Then it drains, which makes
// it not ready, and goes on answering for the delay, in which load balancers
// notice; lets requests under way finish, and closes.
func serveAndDrain(ctx context.Context, listener net.Listener, delay time.Duration, h http.Handler, drain func(), closeAll func() error) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return errors.Join(err, closeAll())
	case <-ctx.Done():
	}
	drain()
	server.SetKeepAlivesEnabled(false) // the next request goes over a connection to somebody else
	pause(context.WithoutCancel(ctx), delay)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(stopCtx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(errors.New("some requests did not end in time"), server.Close())
	}
	return errors.Join(err, closeAll())
}
