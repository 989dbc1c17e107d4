package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	webhookTimeout  = 15 * time.Second
	webhookQueueMax = 65_536 // webhooks that wait for one address; more are dropped, and traced as such
)

// outgoing is a webhook on its way.
type outgoing struct {
	product, event, address string
	form                    url.Values
	token                   string // the same for retries and duplicates of one webhook
}

// deliverer brings webhooks to their addresses: one goroutine an address, one webhook at a time and in order, unless
// faults are set.
type deliverer struct {
	account *Account
	client  *http.Client
	own     bool // client was made here
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu     sync.Mutex
	idle   *sync.Cond
	busy   int // webhooks waiting or under way
	closed bool
	lines  map[string]*line
}

// line is what waits for one address.
type line struct {
	queue   []*outgoing
	held    *outgoing // goes after the next one
	running bool
}

func newDeliverer(a *Account, client *http.Client) *deliverer {
	own := client == nil
	if own {
		client = &http.Client{Timeout: webhookTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	}
	d := &deliverer{account: a, client: client, own: own, lines: map[string]*line{}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.idle = sync.NewCond(&d.mu)
	return d
}

// send lets faults at a webhook and queues what they leave of it.
func (d *deliverer) send(o *outgoing) {
	if d.account.tap.takes(o) {
		return
	}
	drop, duplicate, reorder, delay := d.account.faults.webhook()
	if drop {
		d.traced(o, 0, 0, "dropped by a fault")
		return
	}
	if delay > 0 {
		d.account.clock.AfterFunc(delay, func() { d.enqueue(o, duplicate, reorder) })
		return
	}
	d.enqueue(o, duplicate, reorder)
}

func (d *deliverer) enqueue(o *outgoing, duplicate, reorder bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	l := d.lines[o.address]
	if l == nil {
		l = &line{}
		d.lines[o.address] = l
	}
	if reorder && l.held == nil {
		l.held = o
		return
	}
	now := []*outgoing{o}
	if duplicate {
		now = append(now, o)
	}
	if l.held != nil {
		now = append(now, l.held)
		l.held = nil
	}
	if len(l.queue)+len(now) > webhookQueueMax {
		d.wg.Go(func() { d.traced(o, 0, 0, "dropped: too many wait for this address") })
		return
	}
	l.queue = append(l.queue, now...)
	d.busy += len(now)
	if !l.running {
		l.running = true
		d.wg.Go(func() { d.run(l) })
	}
}

// run delivers what waits for one address, and ends when nothing does.
func (d *deliverer) run(l *line) {
	for {
		d.mu.Lock()
		if d.closed || len(l.queue) == 0 {
			l.running = false
			d.mu.Unlock()
			return
		}
		o := l.queue[0]
		l.queue[0] = nil
		l.queue = l.queue[1:]
		d.mu.Unlock()
		d.deliver(o)
		d.mu.Lock()
		d.busy--
		d.idle.Broadcast()
		d.mu.Unlock()
	}
}

// deliver posts one webhook. The address's fragment (#rc=2) says how often a failure is tried again, at most 5 times.
func (d *deliverer) deliver(o *outgoing) {
	address, fragment, _ := strings.Cut(o.address, "#")
	overrides, _ := url.ParseQuery(fragment)
	retries, _ := strconv.Atoi(overrides.Get("rc"))
	for try := 0; try <= min(max(retries, 0), 5); try++ {
		started := time.Now()
		status := d.post(address, o, try)
		d.traced(o, status, time.Since(started), "")
		if status != 0 && status < 500 || d.ctx.Err() != nil {
			return
		}
	}
}

// post returns the answer's status, 0 for none.
func (d *deliverer) post(address string, o *outgoing, try int) int {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, address, strings.NewReader(o.form.Encode()))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("X-Twilio-Signature", Sign(d.account.authToken, address, o.form))
	req.Header.Set("I-Twilio-Idempotency-Token", o.token)
	if try > 0 {
		req.Header.Set("X-Twilio-Retry-Count", strconv.Itoa(try))
	}
	res, err := d.client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode
}

func (d *deliverer) traced(o *outgoing, status int, took time.Duration, summary string) {
	if summary == "" {
		summary = hookSummary(o.form)
	}
	d.account.traced(TraceEntry{
		At: d.account.now(), Out: true, Product: o.product, Method: http.MethodPost, Path: o.address, Template: o.event,
		Status: status, DurationMS: float64(took.Microseconds()) / 1000, Summary: summary,
	})
}

func hookSummary(form url.Values) string {
	var words []string
	for _, key := range []string{"TaskSid", "ReservationSid", "WorkerName", "ParticipantSid", "Author"} {
		if v := form.Get(key); v != "" {
			words = append(words, v)
		}
	}
	return strings.Join(words, " ")
}

func (d *deliverer) waitIdle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.idle.Broadcast()
	})
	defer stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.busy > 0 && !d.closed && ctx.Err() == nil {
		d.idle.Wait()
	}
	return ctx.Err()
}

func (d *deliverer) close() {
	d.mu.Lock()
	d.closed = true
	d.idle.Broadcast()
	d.mu.Unlock()
	d.cancel()
	d.wg.Wait()
	if d.own {
		d.client.CloseIdleConnections()
	}
}

// Sign returns the X-Twilio-Signature of a form posted to an address: base64 of HMAC-SHA1 over the address and the
// sorted fields. Source: https://www.twilio.com/docs/usage/security
func Sign(authToken, address string, form url.Values) string {
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	mac := hmac.New(sha1.New, []byte(authToken))
	_, _ = io.WriteString(mac, address)
	for _, k := range keys {
		_, _ = io.WriteString(mac, k+form.Get(k))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignBody returns the address (with bodySHA256 added) and the X-Twilio-Signature of a JSON body posted to it.
func SignBody(authToken, address string, body []byte) (signedAddress, signature string) {
	sum := sha256.Sum256(body)
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	signedAddress = address + separator + "bodySHA256=" + hex.EncodeToString(sum[:])
	return signedAddress, Sign(authToken, signedAddress, nil)
}
