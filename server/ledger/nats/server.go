package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
)

// startTimeout bounds the start of the embedded server, which reads its files
// meanwhile.
const startTimeout = 2 * time.Minute

// embedded is a NATS server in this process that nobody else can reach. After a
// write that failed it is replaced by another one on the same files (outage.go).
type embedded struct {
	dir    string
	logger *slog.Logger
	lock   *dirLock

	mu     sync.Mutex
	server *server.Server // nil while it is being replaced
	outage *outage        // nil while all is well
	sound  context.Context
	spoil  context.CancelCauseFunc // ends sound
}

// startEmbedded runs a server on the files in dir.
func startEmbedded(dir string, logger *slog.Logger) (*embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger/nats: Dir: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: dir, logger: logger, lock: lock}
	if err := e.start(); err != nil {
		_ = lock.release() // the error that counts is the server's
		return nil, err
	}
	return e, nil
}

// start runs a server. Every write is synced before it is acknowledged.
//
// Of the ways in which nats-server 2.15 can do that on one replica, one sync
// for each message is the fastest at our size: PersistMode async gives up the
// sync, and an atomic batch, which syncs once for all its messages, first
// stages them in files of its own, which cost more than they save below 64
// messages a batch.
func (e *embedded) start() error {
	if err := distrust(e.dir); err != nil {
		return err
	}
	files := lastFiles(e.dir)
	s, err := server.NewServer(&server.Options{
		ServerName:             "flex-transfer",
		DontListen:             true,
		NoSigs:                 true,
		JetStream:              true,
		StoreDir:               e.dir,
		SyncAlways:             true,
		JetStreamMaxMemory:     32 << 20, // consumers' state only: the stream is in files
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("ledger/nats: embedded server: %w", err)
	}
	sound, spoil := context.WithCancelCause(context.Background())
	e.mu.Lock()
	e.sound, e.spoil, e.outage = sound, spoil, nil
	e.mu.Unlock()
	s.SetLoggerV2(serverLog{e.logger.With("component", "nats-server"), func(text string) { e.failed(sound, text) }}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(startTimeout) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return fmt.Errorf("ledger/nats: embedded server: not ready with the files in %s; its log says why", e.dir)
	}
	e.tellLost(files)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	return nil
}

// errNoServer says that the server is being replaced.
var errNoServer = errors.New("ledger/nats: the embedded server is being started anew")

// InProcessConn connects to the server that runs now.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	s := e.server
	e.mu.Unlock()
	if s == nil {
		return nil, errNoServer
	}
	return s.InProcessConn()
}

// end ends the server and waits for it. The files stay this process's.
func (e *embedded) end() {
	e.mu.Lock()
	s := e.server
	e.server = nil
	e.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// stop ends the server for good.
func (e *embedded) stop() {
	e.end()
	if outage, _ := e.state(); outage == nil {
		trust(e.dir)
	}
	_ = e.lock.release() // the lock ends with the process at the latest
}

// connect dials the embedded server, or those at the URLs.
func connect(ctx context.Context, o Options, e *embedded, reconnected func()) (*natsgo.Conn, error) {
	opts := []natsgo.Option{
		natsgo.Name("flex-transfer ledger"),
		natsgo.MaxReconnects(-1),
		natsgo.ReconnectWait(250 * time.Millisecond),
		// What cannot be sent now is not sent behind the back of a caller that
		// has been told so.
		natsgo.ReconnectBufSize(-1),
		natsgo.ReconnectHandler(func(*natsgo.Conn) { reconnected() }),
		natsgo.DisconnectErrHandler(func(_ *natsgo.Conn, err error) {
			if err != nil {
				o.Logger.Warn("the ledger lost its connection", "error", err)
			}
		}),
		natsgo.ErrorHandler(func(_ *natsgo.Conn, _ *natsgo.Subscription, err error) {
			o.Logger.Warn("the ledger's connection reports an error", "error", err)
		}),
	}
	if e != nil {
		return dial(ctx, "", append(opts, natsgo.InProcessServer(e), natsgo.Timeout(startTimeout))...)
	}
	if o.CredentialsFile != "" {
		opts = append(opts, natsgo.UserCredentials(o.CredentialsFile))
	}
	if deadline, ok := ctx.Deadline(); ok {
		opts = append(opts, natsgo.Timeout(time.Until(deadline)))
	}
	nc, err := dial(ctx, joinURLs(o.URLs), opts...)
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: URLs: %w", err)
	}
	return nc, nil
}

// dial is [natsgo.Connect], which heeds no context: at the end of ctx it is left
// to itself, and what it comes to is closed.
func dial(ctx context.Context, urls string, opts ...natsgo.Option) (*natsgo.Conn, error) {
	type result struct {
		nc  *natsgo.Conn
		err error
	}
	dialed := make(chan result, 1)
	go func() {
		nc, err := natsgo.Connect(urls, opts...)
		dialed <- result{nc, err}
	}()
	select {
	case r := <-dialed:
		return r.nc, r.err
	case <-ctx.Done():
		go func() {
			if r := <-dialed; r.nc != nil {
				r.nc.Close()
			}
		}()
		return nil, ctx.Err()
	}
}
