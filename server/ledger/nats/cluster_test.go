package nats

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/ledgertest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// startServer runs a NATS server on a loopback port, as somebody else would.
func startServer(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	s := newServer(t, o)
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	return s
}

func newServer(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoSigs, o.NoLog, o.JetStream = "127.0.0.1", true, true, true
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func remoteOptions(replicas int, servers ...*server.Server) Options {
	o := testOptions("")
	for _, s := range servers {
		o.URLs = append(o.URLs, s.ClientURL())
	}
	o.Replicas = replicas
	return o
}

func TestConformanceRemote(t *testing.T) {
	conforms(t, func(t *testing.T) Options {
		return remoteOptions(1, startServer(t, server.Options{StoreDir: t.TempDir()}))
	})
}

// TestTwoProcesses shares one ledger.
func TestTwoProcesses(t *testing.T) {
	s := startServer(t, server.Options{StoreDir: t.TempDir()})
	o := remoteOptions(1, s)
	o.AckWait = time.Hour // nothing comes twice, however slow the machine is
	a, b := openWith(t, o), openWith(t, o)
	ctx := context.Background()
	for n := range 100 {
		appendNew(t, a, n, transfer.PhaseInviting)
		if r, err := b.Find(ctx, ledgertest.TransferID(n)); err != nil || r.Channel() != ledgertest.ChannelSID(n) {
			t.Fatalf("Find in the other process: %s, %v", r.Channel(), err)
		}
	}
	for n := range 100 { // what Newest says is heard of, although the feed has not brought it
		sequence, err := a.Append(ctx, ledgertest.NewRecord(n, fmt.Sprint("next", n), transfer.PhaseRinging), uint64(n+1))
		if err != nil {
			t.Fatal(err)
		}
		newest, err := b.Newest(ctx, ledgertest.ChannelSID(n))
		if err != nil || newest.Sequence != sequence {
			t.Fatalf("Newest in the other process: %d, %v; want %d", newest.Sequence, err, sequence)
		}
		if r, err := b.Last(ctx, ledgertest.ChannelSID(n)); err != nil || r.Sequence != sequence {
			t.Fatalf("Last after Newest: %d, %v; want %d", r.Sequence, err, sequence)
		}
	}
	last := appendNew(t, b, 1000, transfer.PhaseInviting)
	if r, err := a.Last(ctx, ledgertest.ChannelSID(1000)); err != nil || r.Sequence != last {
		t.Errorf("Last in the other process: %d, %v; want %d", r.Sequence, err, last)
	}
	seen := map[string]int{}
	for n := range 101 {
		w := nextWithin(t, []*Ledger{a, b}[n%2], time.Minute)
		seen[w.Record().Channel()]++
		if err := w.Done(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 101 {
		t.Errorf("101 pieces of work, but only %d channels: some were handed to both", len(seen))
	}
}

// TestFindWaitsForAFeedThatIsLate: a transfer that another process has begun is
// found, however late its record is brought; one that nobody has begun, and one
// whose record was deleted, are not.
func TestFindWaitsForAFeedThatIsLate(t *testing.T) {
	s := startServer(t, server.Options{StoreDir: t.TempDir()})
	a, b := openWith(t, remoteOptions(1, s)), openWith(t, remoteOptions(1, s))
	ctx := context.Background()
	b.ended.mu.Lock() // the feed comes no further than the first record that has ended
	appendNew(t, a, 1, transfer.PhaseCompleted)
	appendNew(t, a, 2, transfer.PhaseInviting)
	found := make(chan error, 1)
	go func() {
		r, err := b.Find(ctx, ledgertest.TransferID(2))
		if err == nil && r.Channel() != ledgertest.ChannelSID(2) {
			err = fmt.Errorf("of channel %s", r.Channel())
		}
		found <- err
	}()
	select {
	case err := <-found:
		t.Errorf("Find did not wait: %v", err)
		found <- nil
	case <-time.After(catchUpLimit + catchUpLimit/2):
	}
	b.ended.mu.Unlock()
	if err := <-found; err != nil {
		t.Errorf("Find of a record that came late: %v", err)
	}
	key, _ := keyOf(ledgertest.ChannelSID(3))
	appendNew(t, a, 3, transfer.PhaseInviting)
	if err := a.stream.Purge(ctx, jetstream.WithPurgeSubject(a.subjects.of(key))); err != nil {
		t.Fatal(err)
	}
	c := openWith(t, remoteOptions(1, s)) // to which the stream's last record is never brought
	for _, n := range []int{3, 4} {
		if r, err := c.Find(ctx, ledgertest.TransferID(n)); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("Find of transfer %d, which is not there: %s, %v", n, r.ID, err)
		}
	}
}

// TestServerRestart takes the server away in the middle of it all.
func TestServerRestart(t *testing.T) {
	o := server.Options{StoreDir: t.TempDir()}
	o.Port = freePorts(t, 1)[0]
	s := startServer(t, o)
	remote := remoteOptions(1, s)
	remote.request = 0 // answers are lost here
	l := openWith(t, remote)
	appendNew(t, l, 1, transfer.PhaseInviting)
	work := make(chan ledger.Work, 2)
	go func() {
		for range 2 {
			w, err := l.Next(context.Background())
			if err != nil {
				t.Errorf("Next: %v", err)
			}
			work <- w
		}
	}()
	if err := (<-work).Done(); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	if err := l.Ready(context.Background()); err == nil {
		t.Error("Ready without a server")
	}
	written := make(chan uint64, 1)
	go func() {
		sequence, err := l.Append(context.Background(), ledgertest.NewRecord(2, "during", transfer.PhaseInviting), 0)
		if err != nil {
			t.Errorf("Append: %v", err)
		}
		written <- sequence
	}()
	startServer(t, o)
	sequence := <-written
	if w := <-work; w.Record().Channel() != ledgertest.ChannelSID(1) && w.Record().Sequence != sequence {
		t.Errorf("handed out %+v", w.Record())
	}
	waitFrontier(t, l, sequence)
	waitReady(t, l)
}

// TestCluster keeps three copies and goes on with two.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds to elect leaders")
	}
	servers := startCluster(t)
	o := remoteOptions(3, servers...)
	o.request = 0 // answers are lost here
	a, b := openWith(t, o), openWith(t, o)
	at := map[int]uint64{}
	for n := range 20 {
		at[n] = appendNew(t, a, n, transfer.PhaseInviting)
	}
	info, err := a.stream.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if info.Config.Replicas != 3 || len(info.Cluster.Replicas) != 2 {
		t.Fatalf("the stream has %d replicas, %+v", info.Config.Replicas, info.Cluster)
	}
	for _, s := range servers {
		if s.Name() == info.Cluster.Leader {
			s.Shutdown() // the worst of the three
			s.WaitForShutdown()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for n := range 20 {
		sequence, err := b.Append(ctx, ledgertest.NewRecord(n, "with-two", transfer.PhaseRinging), at[n])
		if err != nil {
			t.Fatalf("Append with two of three servers: %v", err)
		}
		at[n] = sequence
	}
	waitFrontier(t, a, at[19])
	for n := range 20 {
		if r, err := a.Last(ctx, ledgertest.ChannelSID(n)); err != nil || r.Sequence != at[n] {
			t.Errorf("Last of channel %d = %d, %v; want %d", n, r.Sequence, err, at[n])
		}
	}
	checkOpenWork(t, a, at)
}

func startCluster(t *testing.T) (servers []*server.Server) {
	t.Helper()
	ports := freePorts(t, 3)
	var routes []*url.URL
	for _, port := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", port)})
	}
	for n, port := range ports {
		servers = append(servers, newServer(t, server.Options{
			ServerName: fmt.Sprint("n", n), StoreDir: t.TempDir(), SyncAlways: true, Routes: routes,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: port},
		}))
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == 3 {
				return servers
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster has no leader")
		}
	}
}

// freePorts finds ports that nobody uses now, outside of the range from which
// the system gives ports to whoever asks for any.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range 1000 {
		port := 20_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			continue
		}
		defer listener.Close()
		if ports = append(ports, port); len(ports) == n {
			return ports
		}
	}
	t.Fatal("there is no free port between 20000 and 30000")
	return nil
}
