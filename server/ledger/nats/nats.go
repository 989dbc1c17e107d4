// Package nats keeps the ledger in NATS JetStream: in a server in this process
// ([Options.Dir]), or in a cluster that several processes share
// ([Options.URLs]). The code path is the same.
//
// All records lie in one stream, with one subject for each interaction
// channel. A record is published with the sequence that its subject is expected
// to be at, and the server answers once the record is synced to disk (and, in a
// cluster, on a quorum). The same message is work: a durable consumer hands it
// to one process at a time until it is acknowledged. Queries and followers are
// served from a projection in memory, which every process feeds for itself.
package nats

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// requestTimeout is how long one request to the server may take before it
// counts as lost.
const requestTimeout = 3 * time.Second

// expireEvery is the pause between looks for channels past their age.
const expireEvery = time.Minute

// Ledger is a ledger in NATS JetStream. It implements [ledger.Ledger].
type Ledger struct {
	options  Options
	logger   *slog.Logger
	subjects subjects
	server   *embedded // nil where the servers are elsewhere
	nc       *natsgo.Conn
	js       jetstream.JetStream
	stream   jetstream.Stream
	known    *projection
	ended    *endedRecords
	desk     *desk
	counts   counts
	refeed   chan struct{} // asks the feed to be made anew
	told     atomic.Int64  // when the log was last told of records of a newer version, Unix seconds
	noting   sync.Mutex    // guards bucket
	bucket   jetstream.KeyValue

	// publish is [Ledger.publishOnce]; tests lose its answers.
	publish func(ctx context.Context, msg *natsgo.Msg) (sequence uint64, err error)

	ctx     context.Context // done once Close has begun
	cancel  context.CancelFunc
	running sync.WaitGroup
	closing sync.Once
}

var _ ledger.Ledger = (*Ledger)(nil)

type counts struct {
	appended, conflicts, uncertain, handedOut, skipped, undecodable, newer atomic.Uint64
}

// Stats are counts since Open.
type Stats struct {
	Appended    uint64 // records written by this process
	Conflicts   uint64 // records refused because the channel had moved on
	Uncertain   uint64 // writes whose answer was lost, so that they were read back
	HandedOut   uint64 // pieces of work that Next returned
	Skipped     uint64 // records not handed out, being replaced or without an open transfer
	Undecodable uint64 // records taken out of the work because they cannot be read
	Newer       uint64 // times that work was left to processes of a newer version
}

// Open starts or finds the server, makes the stream where it is missing, and
// begins to read it. It does not wait until all is read: see [Ledger.Ready].
// An error names the option at fault.
func Open(ctx context.Context, options Options) (*Ledger, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Ledger{options: o, logger: o.Logger, subjects: subjectsOf(o.Account), known: newProjection(), ended: newEndedRecords(o.keepPacked),
		refeed: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.publish = l.publishOnce
	if err := l.start(ctx); err != nil {
		_ = l.Close() // the error that counts is why it did not start
		return nil, err
	}
	return l, nil
}

func (l *Ledger) start(ctx context.Context) (err error) {
	if l.options.embedded() {
		if l.server, err = startEmbedded(l.options.Dir, l.logger); err != nil {
			return err
		}
	}
	l.desk = newDesk(l)
	if l.nc, err = connect(ctx, l.options, l.server, l.reconnected); err != nil {
		return err
	}
	if l.js, err = jetstream.New(l.nc); err != nil {
		return err
	}
	if l.stream, err = l.subjects.prepare(ctx, l.js, l.options); err != nil {
		return err
	}
	if err = l.desk.open(l.nc); err != nil {
		return err
	}
	l.run(l.feed)
	l.run(l.desk.watch)
	l.run(l.expire)
	if l.server != nil {
		l.run(l.mend)
	}
	return nil
}

// reconnected makes anew what the server may have forgotten meanwhile.
func (l *Ledger) reconnected() {
	l.desk.restart()
	select {
	case l.refeed <- struct{}{}:
	default:
	}
}

func (l *Ledger) run(f func(ctx context.Context)) {
	l.running.Add(1)
	go func() {
		defer l.running.Done()
		f(l.ctx)
	}()
}

// expire forgets what the stream has dropped by its age.
func (l *Ledger) expire(ctx context.Context) {
	for pause(ctx, expireEvery) {
		l.known.expire(time.Now().Add(-l.options.MaxAge))
	}
}

// Ready implements [ledger.Ledger]. It does not wait.
func (l *Ledger) Ready(ctx context.Context) error {
	if l.closed() {
		return ledger.ErrClosed
	}
	if o := l.outage(); o != nil {
		return o
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	if _, err := l.js.Stream(ctx, l.subjects.stream); err != nil {
		return readError("stream "+l.subjects.stream, err)
	}
	if _, caughtUp, _ := l.known.position(); !caughtUp {
		return errNotCaughtUp
	}
	return nil
}

// Stats returns what was counted since Open.
func (l *Ledger) Stats() Stats {
	return Stats{
		Appended:    l.counts.appended.Load(),
		Conflicts:   l.counts.conflicts.Load(),
		Uncertain:   l.counts.uncertain.Load(),
		HandedOut:   l.counts.handedOut.Load(),
		Skipped:     l.counts.skipped.Load(),
		Undecodable: l.counts.undecodable.Load(),
		Newer:       l.counts.newer.Load(),
	}
}

// Close implements [ledger.Ledger]. Work that is still in hand is handed out
// again, here or elsewhere.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		l.cancel()
		if l.desk != nil {
			l.desk.close()
		}
		l.running.Wait()
		if l.nc != nil {
			if l.nc.IsConnected() {
				_ = l.nc.FlushTimeout(l.options.request) // acknowledgements; one that is lost costs a repetition
			}
			l.nc.Close()
		}
		if l.server != nil {
			l.server.stop()
		}
	})
	return nil
}

func (l *Ledger) closed() bool { return l.ctx.Err() != nil }

// pause waits for d, and reports false if ctx was done before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
