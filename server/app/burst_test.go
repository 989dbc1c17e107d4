package app

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
)

var burst = flag.Int("burst", 60, "transfers that are asked for at once in TestShiftChange")

// startNATS is a NATS server, as somebody else would run it.
func startNATS(t *testing.T) string {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("NATS is not ready")
	}
	return s.ClientURL()
}

// throttled counts what reaches Twilio, and what Twilio turns away.
type throttled struct {
	http.RoundTripper
	calls, refused atomic.Int64
}

func (c *throttled) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	c.calls.Add(1)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		c.refused.Add(1)
	}
	return resp, err
}

// another starts one more backend on the rig's account, with the rig's
// settings.
func (r *rig) another(change func(*Config)) (*Backend, *httptest.Server) {
	r.Helper()
	var handler atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { (*handler.Load()).ServeHTTP(w, q) }))
	c := r.config
	c.Listen.PublicURL = r.server.URL // webhooks are signed for it, whoever gets them
	change(&c)
	b := startBackend(r.T, c)
	handler.Store(&b.Handler)
	r.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	r.eventually("the other backend is ready", func() bool { return b.ready(r.Context()) == nil })
	return b, server
}

// crowd is the demo's world with so many agents more, each in a conversation.
func crowd(n int) func(*sandbox.World) {
	return func(w *sandbox.World) {
		for i := range n {
			name := fmt.Sprintf("agent%04d", i)
			w.Workers = append(w.Workers, sandbox.WorldWorker{
				FriendlyName: name, Activity: "Available", Attributes: map[string]any{"contact_uri": "client:" + name, "roles": []string{"agent"}},
			})
			w.Conversations = append(w.Conversations, sandbox.WorldConversation{
				Customer: sandbox.Customer{Name: fmt.Sprintf("Customer %d", i), ChannelType: "web"}, Agents: []string{name},
			})
		}
	}
}

// TestShiftChange lets many agents hand their conversations over at the same
// moment, at three backends with one ledger, under Twilio's own limit: every
// transfer is made, once, and nobody's request is left without an answer. Run
// with -burst 1000 for a whole floor.
func TestShiftChange(t *testing.T) {
	var twilio throttled
	address := startNATS(t)
	r := newRig(t, rigOptions{world: crowd(*burst), features: cold, config: func(c *Config) {
		twilio.RoundTripper = c.Transport
		c.Transport = &twilio
		c.Listen.NATS, c.Listen.Replicas, c.Listen.Runners = []string{address}, 1, 32
		c.Settings = settings.Fixed(settings.Config{Transfer: cold, Mirror: true})
	}})
	servers := []*httptest.Server{r.server}
	for range 2 {
		b, server := r.another(func(*Config) {})
		t.Cleanup(func() { r.closeBackend(b) })
		servers = append(servers, server)
	}
	snapshot := r.account.Snapshot()
	channels := map[string]string{} // by interaction
	for _, ch := range snapshot.InteractionChannels {
		channels[ch.InteractionSID] = ch.SID
	}
	began := time.Now()
	var all sync.WaitGroup
	var slowest atomic.Int64
	for i, a := range agentsIn(r, snapshot, channels, *burst) {
		all.Go(func() { a.handOver(servers[i%len(servers)].URL, &slowest) })
	}
	all.Wait()
	t.Logf("%d transfers in %v; the slowest answer took %v; %d calls, %d of them turned away", *burst, time.Since(began).Round(time.Millisecond),
		time.Duration(slowest.Load()).Round(time.Millisecond), twilio.calls.Load(), twilio.refused.Load())
	r.eventuallyWithin(4*time.Minute, "every agent has left", func() bool {
		return r.count(sandbox.Query{Kind: "participant", Status: "left"}) == *burst
	})
	if n := r.invites(); n != *burst {
		t.Errorf("%d invites for %d transfers", n, *burst)
	}
	// Calls that set out at the right time may arrive late and in flocks where
	// the machine is busy; without a shared pace, more than half are turned away.
	if refused, calls := twilio.refused.Load(), twilio.calls.Load(); refused > calls/4 {
		t.Errorf("Twilio turned %d of %d calls away", refused, calls)
	}
}

// leaver is an agent who hands their conversation over.
type leaver struct {
	*rig
	name, token string
	body        string
}

// handOver asks until the transfer has begun, as a page would: again with the
// same key where the answer is to come again.
func (a leaver) handOver(backend string, slowest *atomic.Int64) {
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); {
		asked := time.Now()
		status, header, text := a.ask(backend)
		for took := int64(time.Since(asked)); ; {
			if old := slowest.Load(); took <= old || slowest.CompareAndSwap(old, took) {
				break
			}
		}
		switch status {
		case http.StatusCreated, http.StatusOK:
			return
		case http.StatusAccepted, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			pause, _ := strconv.Atoi(header.Get("Retry-After"))
			time.Sleep(time.Duration(max(pause, 1)) * time.Second)
		default:
			a.Errorf("%s: %d %s", a.name, status, text)
			return
		}
	}
	a.Errorf("%s: the transfer has not begun", a.name)
}

func (a leaver) ask(backend string) (int, http.Header, string) {
	q, err := http.NewRequestWithContext(a.Context(), "POST", backend+"/v1/transfers", bytes.NewBufferString(a.body))
	if err != nil {
		a.Error(err)
		return 0, nil, ""
	}
	q.Header.Set("Authorization", "Bearer "+a.token)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", a.name)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		a.Error(err)
		return 0, nil, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Error(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}
