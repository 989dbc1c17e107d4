package flexui

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/flexui/twilsock"
)

// DefaultTokenLifetime is how long a sign-in is good where the options do not say.
const DefaultTokenLifetime = 12 * time.Hour

// Plugin is a plugin that Flex loads through its plugin service.
type Plugin struct {
	Name    string
	Version string // of the plugin, such as 1.0.0
	Src     string // address of its script, as the browser reaches it; a path is one of the page's own host
}

// Options say how the Flex UI is served. The zero value is usable: a free port of 127.0.0.1, no plugins.
type Options struct {
	// Listen is the address of the one TLS listener; empty means 127.0.0.1:0. Whoever reaches it can sign in as any worker,
	// so New refuses what is not a loopback address.
	Listen string
	// StateDir keeps the certificate authority, so that it is the same after a restart; empty means one in memory.
	StateDir string
	// BundleDir is where the bundle of the Flex UI is (flex-ui.js, made by package bundle). The page says so where it is
	// missing; nothing else needs it.
	BundleDir string
	// Plugins are what the plugin service lists.
	Plugins []Plugin
	// UIAttributes are merged into the configuration's ui_attributes; plugins read their settings there.
	UIAttributes map[string]any
	// Language is the configuration's ui_language; empty leaves it to Flex (English).
	Language string
	// Pages answers what the page's own host does not know itself, such as a plugin's script; nil means 404.
	Pages http.Handler
	// TokenLifetime is how long a sign-in is good; 0 means DefaultTokenLifetime.
	TokenLifetime time.Duration
	// Logger gets requests that nobody answers (as warnings) and the rest (as debug); nil means nothing is logged.
	Logger *slog.Logger
}

// Server serves the Flex UI of one account over one TLS listener.
type Server struct {
	account   *sandbox.Account
	options   Options
	logger    *slog.Logger
	listener  net.Listener
	server    *http.Server
	hosts     map[string]http.Handler // by first label; "" is the page's own host
	spki      string
	authority []byte
	served    chan error
	heartbeat time.Duration // of the event bridge

	stopping context.Context // ends when Close is called: hijacked connections watch it
	stop     context.CancelFunc

	mu      sync.Mutex
	unknown []string
}

// New starts to serve. Close ends it; the account stays open. An error names the option that is wrong.
func New(account *sandbox.Account, o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = DefaultTokenLifetime
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	for i, p := range o.Plugins {
		if p.Name == "" || p.Src == "" {
			return nil, fmt.Errorf("flexui: Plugins[%d]: needs Name and Src", i)
		}
	}
	if err := checkLoopback(o.Listen); err != nil {
		return nil, fmt.Errorf("flexui: Listen: %w", err)
	}
	ca, err := loadAuthority(o.StateDir)
	if err != nil {
		return nil, fmt.Errorf("flexui: StateDir: %w", err)
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("flexui: Listen: %w", err)
	}
	s := &Server{account: account, options: o, logger: o.Logger, listener: listener, spki: ca.spki, authority: ca.pem,
		served: make(chan error, 1), heartbeat: bridgeHeartbeat}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.hosts = s.allHosts(twilsock.New(account, o.Logger))
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{ca.leaf}, NextProtos: []string{"http/1.1"}},
		ErrorLog:    slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return s.stopping }}
	go func() { s.served <- s.server.ServeTLS(listener, "", "") }()
	return s, nil
}

func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is not a loopback address", listen)
	}
	return nil
}

// Close stops serving and closes every connection.
func (s *Server) Close() error {
	s.stop()
	err := s.server.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.served <- http.ErrServerClosed // Close may be called again
	return err
}

// Address is where the listener is: host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// URL is the address of the page, with which it asks who signs in.
func (s *Server) URL() string { return "https://" + s.Address() }

// SPKI is the base64 SHA-256 hash of the certificate's public key, for Chromium's --ignore-certificate-errors-spki-list.
func (s *Server) SPKI() string { return s.spki }

// Authority is the certificate of the sandbox's own authority, PEM, for clients that verify.
func (s *Server) Authority() []byte { return s.authority }

// ChromiumFlags are the flags with which Chromium finds this server under Twilio's names, takes its certificate and asks
// nobody else. The last one lets pages run without permission prompts for the local network.
func (s *Server) ChromiumFlags() []string {
	_, port, _ := net.SplitHostPort(s.Address())
	return []string{
		"--host-resolver-rules=MAP *.twilio.com:443 127.0.0.1:" + port + ", MAP *.twiliocdn.com:443 127.0.0.1:" + port + ", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
		"--ignore-certificate-errors-spki-list=" + s.spki,
		"--disable-features=LocalNetworkAccessChecks",
	}
}

// SignInURL mints a token for the worker of that friendly name and returns the address at which the browser is signed in as
// that worker. A worker that does not exist is an error.
func (s *Server) SignInURL(friendlyName string) (string, error) {
	sid := s.account.WorkerSID(friendlyName)
	if sid == "" {
		return "", fmt.Errorf("flexui: there is no worker %q", friendlyName)
	}
	token, err := s.account.IssueToken(sid, s.options.TokenLifetime)
	if err != nil {
		return "", err
	}
	session, err := s.account.FlexSession(token)
	if err != nil {
		return "", err
	}
	q := url.Values{"Token": {token}, "Identity": {session.Identity}, "Expiration": {session.Expires.UTC().Format(time.RFC3339)}}
	for _, role := range session.Roles {
		q.Add("Roles", role)
	}
	return s.URL() + "/?" + q.Encode(), nil
}

// Unanswered returns what was asked of this server and answered with 404 by nobody's intent: method, host and path, each
// once, in the order they came. It is what to look at when a new version of Flex does not start.
func (s *Server) Unanswered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.unknown...)
}
