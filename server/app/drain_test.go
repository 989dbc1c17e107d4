package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// balancer hands each request to one of the backends that are ready, as a load
// balancer does: it asks now and then, and tries another one only where no
// connection comes about.
type balancer struct {
	backends []*url.URL
	ready    []atomic.Bool
	next     atomic.Int64
	proxy    *httputil.ReverseProxy
}

func newBalancer(t *testing.T, addresses ...string) *balancer {
	b := &balancer{ready: make([]atomic.Bool, len(addresses))}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil {
			t.Fatal(err)
		}
		b.backends = append(b.backends, u)
	}
	b.proxy = &httputil.ReverseProxy{Rewrite: b.rewrite, FlushInterval: -1}
	b.proxy.Transport = elsewhere{&http.Transport{MaxIdleConnsPerHost: 64}, b}
	b.look()
	ctx, stop := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			pause(ctx, 50*time.Millisecond)
			b.look()
		}
	})
	t.Cleanup(func() { stop(); looking.Wait() })
	return b
}

// rewrite sends the request to one of the backends, so that Go may send it once
// more where a kept connection was closed under it: it has an idempotency key.
func (b *balancer) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(b.pick())
	body, err := io.ReadAll(r.In.Body)
	if err != nil {
		return // what is missing is refused
	}
	r.Out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Out.Body, _ = r.Out.GetBody()
}

// elsewhere tries the other backends where no connection comes about.
type elsewhere struct {
	http.RoundTripper
	b *balancer
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := e.RoundTripper.RoundTrip(r)
	for _, u := range e.b.backends {
		var failed *net.OpError
		if !errors.As(err, &failed) || failed.Op != "dial" {
			break
		}
		r = r.Clone(r.Context())
		r.URL.Host = u.Host
		r.Body, _ = r.GetBody()
		resp, err = e.RoundTripper.RoundTrip(r)
	}
	return resp, err
}

func (b *balancer) look() {
	for i, u := range b.backends {
		resp, err := http.Get(u.String() + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
		}
		b.ready[i].Store(err == nil && resp.StatusCode == http.StatusOK)
	}
}

func (b *balancer) pick() *url.URL {
	for range b.backends {
		if i := int(b.next.Add(1)) % len(b.backends); b.ready[i].Load() {
			return b.backends[i]
		}
	}
	return b.backends[0]
}

// TestDrain stops one of two replicas under load, as SIGTERM does: it is not
// ready at once, its streams end, what is under way is finished, and no request
// is lost.
func TestDrain(t *testing.T) {
	t.Parallel()
	const agents = 40
	const notice = 15 * time.Second // for the balancer, which may be slow to look
	address := startNATS(t)
	r := newRig(t, rigOptions{world: crowd(agents), features: cold, config: func(c *Config) {
		c.Listen.NATS, c.Listen.Replicas, c.Account.Rate = []string{address}, 1, 0
	}})
	r.account.SetLimits(sandbox.Limits{})
	leaving, _ := r.another(func(*Config) {})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, terminate := context.WithCancel(t.Context())
	defer terminate()
	stopped := make(chan error, 1)
	go func() {
		stopped <- answerOn(listener, leaving.Handler).untilDrained(ctx, notice, leaving.Drain, leaving.Close)
	}()
	own := "http://" + listener.Addr().String()
	stream := r.listen(own)
	b := newBalancer(t, own, r.server.URL)
	front := &http.Server{Handler: b.proxy}
	frontListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = front.Serve(frontListener) }()
	defer front.Close()

	s := r.account.Snapshot()
	channels := map[string]string{}
	for _, ch := range s.InteractionChannels {
		channels[ch.InteractionSID] = ch.SID
	}
	var all sync.WaitGroup
	var answered atomic.Int64
	for i, a := range agentsIn(r, s, channels, agents) {
		if i == agents/4 {
			terminate()
		}
		all.Go(func() {
			status, _, text := a.ask("http://" + frontListener.Addr().String())
			if status != http.StatusCreated && status != http.StatusAccepted {
				t.Errorf("%s: %d %s", a.name, status, text)
			}
			answered.Add(1)
		})
		time.Sleep(20 * time.Millisecond)
	}
	all.Wait()
	if err := <-stopped; err != nil {
		t.Errorf("it stopped with %v", err)
	}
	if rest, err := io.ReadAll(stream); err != nil {
		t.Errorf("the stream broke off with %v after %q", err, rest)
	}
	r.eventuallyWithin(4*time.Minute, "every agent has left", func() bool {
		return r.count(sandbox.Query{Kind: "participant", Status: "left"}) == agents
	})
	if n := r.invites(); n != agents || answered.Load() != agents {
		t.Errorf("%d invites and %d answers for %d requests", n, answered.Load(), agents)
	}
}

// listen opens ada's event stream at a backend, and returns it once it has begun.
func (r *rig) listen(backend string) io.ReadCloser {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), "GET", backend+"/v1/events", nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.token("ada"))
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = resp.Body.Close() })
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || resp.StatusCode != http.StatusOK {
		r.Fatalf("the stream began with %s %q, %v", resp.Status, first, err)
	}
	return resp.Body
}

// agentsIn are the agents of a crowd, with their requests.
func agentsIn(r *rig, s sandbox.Snapshot, channels map[string]string, n int) (all []leaver) {
	r.Helper()
	queue, workers, interactions := r.queue("Everyone"), map[string]string{}, map[string]string{}
	for _, task := range s.Tasks {
		var attributes struct {
			Interaction string `json:"flexInteractionSid"`
		}
		if json.Unmarshal([]byte(task.Attributes), &attributes) == nil {
			interactions[task.SID] = attributes.Interaction
		}
	}
	for _, w := range s.Workers {
		workers[w.FriendlyName] = w.SID
	}
	for _, res := range s.Reservations {
		if res.ReservationStatus != "accepted" || !strings.HasPrefix(res.WorkerName, "agent") {
			continue
		}
		token, err := r.account.IssueToken(workers[res.WorkerName], time.Hour)
		if err != nil {
			r.Fatal(err)
		}
		interaction := interactions[res.TaskSID]
		all = append(all, leaver{rig: r, name: res.WorkerName, token: token, body: fmt.Sprintf(
			`{"wire":1,"rules":"test","mode":"cold","interactionSid":%q,"interactionChannelSid":%q,"taskSid":%q,"target":{"kind":"queue","sid":%q}}`,
			interaction, channels[interaction], res.TaskSID, queue)})
	}
	if len(all) != n {
		r.Fatalf("%d agents in conversations, want %d", len(all), n)
	}
	return all
}
