package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// cluster is the backends and the NATS servers, each a process of its own, and
// the balancer through which Twilio reaches them.
type cluster struct {
	plan     plan
	dir      string
	backends []*replica
	nats     []*process
	routes   []route
	quorum   sync.RWMutex // held while a NATS server is cut off from the others, so that the others stay two
	balancer *httptest.Server
	client   *http.Client
	floor    *floor

	mu                     sync.Mutex
	next                   int
	kills, cuts, natsKills []time.Time
	freezes, splits        []time.Time
	happened               []happening
	requests               int                // asked of backends
	slowest                time.Duration      // of them, answered or not
	slow                   []string           // of them, what took longer than the plan allows
	counted                map[string]float64 // repairs of processes that are dead, by name
	lastCounts             []map[string]float64
}

// route is the way from one NATS server to another.
type route struct {
	from, to int
	*way
}

// replica is a backend with its way to NATS, which can be cut.
type replica struct {
	*process
	url  string
	ways []*way
}

// startCluster starts everything and waits until all of it is ready.
func startCluster(ctx context.Context, p plan, f *floor) (*cluster, error) {
	c := &cluster{plan: p, floor: f, counted: map[string]float64{}, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 128}, Timeout: p.answer + 5*time.Second,
	}}
	var err error
	if c.dir, err = os.MkdirTemp("", "flex-transfer-chaos-"); err != nil {
		return nil, err
	}
	c.balancer = httptest.NewServer(http.HandlerFunc(c.balance))
	addresses, err := c.startNATS()
	if err == nil {
		err = c.startBackends(p.replicas, p.rate, addresses)
	}
	if err == nil {
		err = c.allUp(ctx)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// startNATS starts three servers that are a cluster.
func (c *cluster) startNATS() ([]string, error) {
	const n = 3
	ports, err := freePorts(2 * n)
	if err != nil {
		return nil, err
	}
	addresses := ports[:n]
	for i := range n {
		var routes []string
		for j := range n {
			if i == j {
				continue
			}
			w, err := newWay(ports[n+j])
			if err != nil {
				return nil, err
			}
			c.routes = append(c.routes, route{i, j, w})
			routes = append(routes, "nats://"+w.address())
		}
		s := newProcess(roleNATS, "NODE=n"+fmt.Sprint(i), "ADDR="+addresses[i], "CLUSTER="+ports[n+i],
			"ROUTES="+strings.Join(routes, ","), "DATA_DIR="+filepath.Join(c.dir, "nats"+fmt.Sprint(i)))
		c.nats = append(c.nats, s)
		if err := s.start(); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

func (c *cluster) startBackends(n, rate int, nats []string) error {
	ports, err := freePorts(n)
	if err != nil {
		return err
	}
	a := c.floor.account
	for i := range n {
		r := &replica{url: "http://" + ports[i]}
		var urls []string
		for _, address := range nats {
			w, err := newWay(address)
			if err != nil {
				return err
			}
			r.ways = append(r.ways, w)
			urls = append(urls, "nats://"+w.address())
		}
		r.process = newProcess(roleBackend, "ADDR="+ports[i], "PUBLIC_URL="+c.balancer.URL, "NATS_URLS="+strings.Join(urls, ","),
			"TWILIO_ACCOUNT_SID="+a.AccountSID(), "TWILIO_AUTH_TOKEN="+a.AuthToken(), "TWILIO_FLEX_WORKSPACE_SID="+a.WorkspaceSID(),
			"TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID="+a.WorkflowSID("Chat Transfer"), "TWILIO_BASE_URL="+c.floor.twilio.URL, "TWILIO_REQUESTS_PER_SECOND="+strconv.Itoa(rate),
			"LEAVE_ON_CHOICE=true", "INVITE_TIMEOUT=30s", "QUEUE_TIMEOUT=30s")
		r.log = filepath.Join(c.dir, fmt.Sprintf("backend%d.log", i))
		c.backends, c.lastCounts = append(c.backends, r), append(c.lastCounts, nil)
		if err := r.start(); err != nil {
			return err
		}
	}
	return nil
}

// webhooks are those that a backend is told of, at the balancer.
func (c *cluster) webhooks() sandbox.Webhooks {
	return sandbox.Webhooks{
		TaskRouterURL: c.balancer.URL + "/webhooks/taskrouter", InteractionsURL: c.balancer.URL + "/webhooks/interactions",
	}
}

// balance hands a webhook to one of the backends, and to the next one where
// nobody answers.
func (c *cluster) balance(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for range c.backends {
		to, err := url.Parse(c.some().url)
		if err != nil {
			break
		}
		broken := false
		p := httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				r.Out.Host = r.In.Host
				r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
			},
			Transport:    c.client.Transport,
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { broken = true },
		}
		if p.ServeHTTP(w, q); !broken {
			return
		}
	}
	w.WriteHeader(http.StatusBadGateway)
}

// some is one backend after the other.
func (c *cluster) some() *replica {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	return c.backends[c.next%len(c.backends)]
}

// allUp starts what is down, mends every way, and waits until every backend is
// ready.
func (c *cluster) allUp(ctx context.Context) error {
	for _, w := range c.routes {
		w.cut(false)
	}
	for _, n := range c.nats {
		n.stand(false)
		if err := n.start(); err != nil {
			return err
		}
	}
	for _, r := range c.backends {
		for _, w := range r.ways {
			w.cut(false)
		}
		r.stand(false)
		if err := r.start(); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		waiting := ""
		for _, r := range c.backends {
			if !c.ready(r) {
				waiting = r.url
				if err := r.start(); err != nil { // one that gave up while NATS was not there yet
					return err
				}
			}
		}
		switch {
		case waiting == "":
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return errors.New("a backend is not ready after two minutes: " + waiting + "; its log ends with\n" + c.logs())
		}
	}
}

func (c *cluster) ready(r *replica) bool {
	resp, err := c.client.Get(r.url + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// logs are the last lines of each backend.
func (c *cluster) logs() string {
	var b strings.Builder
	for i, r := range c.backends {
		text, _ := os.ReadFile(r.log)
		fmt.Fprintf(&b, "backend %d: %s\n", i, text[max(0, len(text)-2000):])
	}
	return b.String()
}

func (c *cluster) close() {
	for _, r := range c.backends {
		r.kill()
		for _, w := range r.ways {
			w.close()
		}
	}
	for _, n := range c.nats {
		n.kill()
	}
	for _, w := range c.routes {
		w.close()
	}
	c.balancer.Close()
	_ = os.RemoveAll(c.dir)
}

// freePorts are addresses on which nobody listens. They are outside the range
// from which the system gives ports to whoever asks for any, so that nobody is
// given one while the process that is to have it is down.
func freePorts(n int) ([]string, error) {
	var found []string
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 15_000+rand.IntN(15_000)))
		if err != nil {
			continue
		}
		defer l.Close()
		if found = append(found, l.Addr().String()); len(found) == n {
			return found, nil
		}
	}
	return nil, errors.New("no free ports between 15000 and 30000")
}
