package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestRequestIDs(t *testing.T) {
	a := newWorld().api(t)
	for given, kept := range map[string]bool{
		"trace-0123_ABC":        true,
		"":                      false,
		"short":                 false,
		strings.Repeat("a", 65): false,
		"a b c d e f g":         false,
		"evil\r\nSet-Cookie: a": false,
		"\"},{\"level\":\"x":    false,
	} {
		r := request("GET", "/healthz", "")
		r.Header["X-Request-Id"] = []string{given}
		if got := do(a, r).Header.Get("X-Request-Id"); (got == given) != kept || len(got) < 8 {
			t.Errorf("%q became %q", given, got)
		}
	}
	one, two := do(a, request("GET", "/healthz", "")), do(a, request("GET", "/healthz", ""))
	if one.Header.Get("X-Request-Id") == two.Header.Get("X-Request-Id") {
		t.Error("two requests have one ID")
	}
}

func TestPanicIsAnsweredAndTheConnectionKept(t *testing.T) {
	w := newWorld()
	w.directory = func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		panic("of a hunter2")
	}
	server := serve(t, w.api(t))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	lines := bufio.NewReader(conn)
	for range 2 {
		r := signedIn("GET", "http://x/v1/directory", "")
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(lines, r)
		if err != nil {
			t.Fatal(err)
		}
		if f := expect(t, resp, 500, transfer.ReasonInternal); strings.Contains(f.Message, "hunter2") {
			t.Error(f.Message)
		}
	}
	if log := w.log.String(); !strings.Contains(log, "of a hunter2") || !strings.Contains(log, "middleware_test.go") {
		t.Errorf("log without cause or stack: %s", log)
	}
}

func TestAbortedAnswerStaysAborted(t *testing.T) {
	w := newWorld()
	w.directory = func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		panic(http.ErrAbortHandler)
	}
	server := serve(t, w.api(t))
	r, _ := http.NewRequest("GET", server.URL+"/v1/directory", nil)
	r.Header.Set("Authorization", "Bearer "+goodToken)
	if resp, err := server.Client().Do(r); err == nil {
		resp.Body.Close()
		t.Error("got an answer: ", resp.Status)
	}
	if strings.Contains(w.log.String(), `"msg":"panic"`) {
		t.Error("logged as a panic")
	}
}

func TestSecurityHeaders(t *testing.T) {
	a := newWorld().api(t)
	for _, path := range []string{"/v1/directory", "/healthz", "/webhooks/taskrouter", "/nowhere"} {
		h := do(a, request("GET", path, "")).Header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Content-Security-Policy") != apiCSP || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func preflight(path, origin, method, headers string) *http.Request {
	return request("OPTIONS", path, "", "Origin", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers)
}

func TestCORS(t *testing.T) {
	const flex = "https://flex.twilio.com"
	wanted := "authorization,content-type,idempotency-key,last-event-id"
	a := newWorld().api(t, func(o *Options) { o.Origins = []string{flex, "http://localhost:3000"} })
	for _, c := range []struct {
		name, path, origin, method, headers string
		allowed                             bool
	}{
		{"transfers", "/v1/transfers", flex, "POST", wanted, true},
		{"events", "/v1/events", "http://localhost:3000", "GET", wanted, true},
		{"module", "/wasm/x.wasm", flex, "GET", "", true},
		{"other origin", "/v1/transfers", "https://evil.example.com", "POST", wanted, false},
		{"origin that ends alike", "/v1/transfers", "https://evilflex.twilio.com", "POST", wanted, false},
		{"origin that begins alike", "/v1/transfers", flex + ".evil.com", "POST", wanted, false},
		{"other scheme", "/v1/transfers", "http://flex.twilio.com", "POST", wanted, false},
		{"null", "/v1/transfers", "null", "POST", wanted, false},
		{"other method", "/v1/transfers", flex, "DELETE", wanted, false},
		{"other header", "/v1/transfers", flex, "POST", "x-evil", false},
		{"webhooks", "/webhooks/taskrouter", flex, "POST", "content-type", false},
		{"metrics", "/metrics", flex, "GET", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := do(a, preflight(c.path, c.origin, c.method, c.headers)).Header
			if got := h.Get("Access-Control-Allow-Origin") == c.origin; got != c.allowed {
				t.Errorf("allowed: %v: %v", got, h)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
		})
	}
	h := do(a, signedIn("GET", "/v1/directory", "", "Origin", flex)).Header
	if h.Get("Access-Control-Allow-Origin") != flex || !strings.Contains(strings.Join(h.Values("Access-Control-Expose-Headers"), ","), "Retry-After") {
		t.Errorf("answer: %v", h)
	}
	refused := do(a, request("GET", "/v1/directory", "", "Origin", flex))
	if refused.StatusCode != 401 || refused.Header.Get("Access-Control-Allow-Origin") != flex {
		t.Error("a page cannot read why it is refused")
	}
	if got := do(a, signedIn("GET", "/v1/directory", "", "Origin", "https://evil.example.com")).Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("answer for another origin: %q", got)
	}
}

func TestCORSOfAnyAndOfNone(t *testing.T) {
	any := newWorld().api(t, func(o *Options) { o.Origins = []string{"*"} })
	if got := do(any, preflight("/v1/transfers", "https://a.example.com", "POST", "authorization")).Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("any: %q", got)
	}
	none := newWorld().api(t)
	for _, r := range []*http.Request{
		preflight("/v1/transfers", "https://a.example.com", "POST", "authorization"),
		signedIn("GET", "/v1/directory", "", "Origin", "https://a.example.com"),
	} {
		if got := do(none, r).Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("none: %q", got)
		}
	}
}

func TestRoutes(t *testing.T) {
	a := newWorld().api(t, func(o *Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metric 1") })
	})
	for _, c := range []struct{ method, path, allow string }{
		{"GET", "/v1/transfers", "POST"},
		{"DELETE", "/v1/transfers/" + sid("XT"), "GET"},
		{"POST", "/v1/directory", "GET"},
		{"PUT", "/v1/events", "GET"},
		{"POST", "/healthz", "GET, HEAD"},
		{"POST", "/wasm/loader.js", "GET, HEAD"},
		{"GET", "/webhooks/interactions", "POST"},
		{"BREW", "/metrics", "GET"},
	} {
		resp := do(a, signedIn(c.method, c.path, ""))
		expect(t, resp, 405, transfer.ReasonMethodNotAllowed)
		if got := resp.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s: Allow %q, want %q", c.path, got, c.allow)
		}
	}
	for _, path := range []string{"/v1", "/v1/", "/v1/nothing", "/v1//transfers", "/v1/transfers/", "/v1/../v1/directory", "/webhooks/", "/favicon.ico"} {
		expect(t, do(a, signedIn("GET", path, "")), 404, transfer.ReasonNotFound)
	}
	if body := bodyOf(t, do(a, request("GET", "/metrics", ""))); body != "metric 1" {
		t.Error(body)
	}
	expect(t, do(newWorld().api(t), request("GET", "/metrics", "")), 404, transfer.ReasonNotFound)
}

func TestHealth(t *testing.T) {
	w := newWorld()
	var problem error
	a := w.api(t, func(o *Options) {
		o.Ready = func(ctx context.Context) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the question has no end")
			}
			return problem
		}
	})
	if resp := do(a, request("GET", "/readyz", "")); resp.StatusCode != 200 {
		t.Error(resp.StatusCode)
	}
	problem = io.ErrUnexpectedEOF
	resp := do(a, request("GET", "/readyz", ""))
	if f := expect(t, resp, 503, transfer.ReasonServiceUnavailable); strings.Contains(f.Message, "EOF") || !strings.Contains(w.log.String(), "EOF") {
		t.Error("the cause belongs into the log, and only there")
	}
	if resp := do(a, request("GET", "/healthz", "")); resp.StatusCode != 200 || bodyOf(t, resp) != `{"status":"ok"}` {
		t.Error("healthz depends on readiness")
	}
}

// TestRawHeaderInjection sends what Go's own client would not.
func TestRawHeaderInjection(t *testing.T) {
	w := newWorld()
	w.start = func(_ context.Context, _ Caller, _ transfer.Request, key string) (Outcome, error) {
		t.Errorf("started with the key %q", key)
		return outcome(transfer.PhaseRinging), nil
	}
	server := serve(t, w.api(t))
	for _, header := range []string{"Idempotency-Key: a\rb", "Idempotency-Key: a\x00b", "Idempotency-Key: \xff\xfe", "Idempotency-Key : a", "Idempotency-Key: a\r\n b\r\nIdempotency-Key: c"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
			goodToken, header, len(goodBody()), goodBody())
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if resp.StatusCode != 400 {
			t.Errorf("%q: %s", header, resp.Status)
		}
		resp.Body.Close()
		conn.Close()
	}
}

func TestHugeBodyIsNotReadToItsEnd(t *testing.T) {
	server := serve(t, newWorld().api(t))
	endless := &countingReader{}
	r, _ := http.NewRequest("POST", server.URL+"/v1/transfers", io.LimitReader(endless, 1<<30))
	r.Header = post("").Header
	resp, err := server.Client().Do(r)
	if err == nil {
		expect(t, resp, 413, transfer.ReasonTooLarge)
	}
	if n := endless.n.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

// countingReader is read by the client's own goroutine.
type countingReader struct{ n atomic.Int64 }

func (c *countingReader) Read(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	clear(p)
	return len(p), nil
}

func TestBodyThatBreaksOff(t *testing.T) {
	r := post("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"wire"`), failingReader{}))
	expect(t, do(newWorld().api(t), r), 400, transfer.ReasonBadRequest)
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnswersCannotBeKept(t *testing.T) {
	a := newWorld().api(t)
	for _, r := range []*http.Request{post(goodBody()), signedIn("GET", "/v1/directory", ""), signedIn("GET", "/v1/transfers/"+sid("XT"), "")} {
		if got := do(a, r).Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: %q", r.URL.Path, got)
		}
	}
}

func TestResponseControllerReachesThroughTheMiddleware(t *testing.T) {
	w := &countedWriter{ResponseWriter: httptest.NewRecorder()}
	if err := http.NewResponseController(w).Flush(); err != nil {
		t.Error(err)
	}
}
