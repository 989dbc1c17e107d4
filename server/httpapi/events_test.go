package httpapi

import (
	"bufio"
	"context"
	"errors"
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

// patience bounds each wait of these tests; none takes so long when all is well.
const patience = 2 * time.Minute

// sse is one server-sent event, or a comment alone.
type sse struct{ id, event, data, comment string }

// reader reads a stream in the way that a browser does.
type reader struct {
	t     *testing.T
	resp  *http.Response
	lines *bufio.Reader
}

// listen opens a stream of ada's.
func listen(t *testing.T, server *httptest.Server, path string, headers ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+goodToken)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &reader{t: t, resp: resp, lines: bufio.NewReader(resp.Body)}
}

// next reads the next event.
func (r *reader) next() (sse, error) {
	var e sse
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return e, err
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			return e, nil
		case name == "id":
			e.id = value
		case name == "event":
			e.event = value
		case name == "data":
			e.data += value
		case name == "":
			e.comment = value
		default:
			r.t.Errorf("line %q", line)
		}
	}
}

func (r *reader) must() sse {
	r.t.Helper()
	e, err := r.next()
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// serve runs the API behind a real server.
func serve(t *testing.T, a *API) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		a.Close()
		server.Close()
	})
	return server
}

func TestStreamTellsWhatHappens(t *testing.T) {
	w := newWorld()
	w.follow = func(ctx context.Context, by Caller, after uint64, to Listener) error {
		if by.WorkerSID != ada.WorkerSID || after != 0 {
			t.Errorf("follows %+v after %d", by, after)
		}
		odd := outcome(transfer.PhaseRinging)
		odd.Transfer.Target.Name = "a\n\nevent: forged\r\ndata: {}\u2028"
		err := errors.Join(
			to.Transferred(7, odd), to.Departed(7, departure(transfer.DepartureGone)),
			to.Worker(transfer.WorkerRecord{SID: sid("WK"), FriendlyName: "grace\nid: 9"}),
			to.Queue(transfer.QueueRecord{SID: sid("WQ"), Figures: &transfer.QueueFigures{Waiting: 4}}),
			to.Settings(transfer.Settings{MultiParticipant: true}),
		)
		if err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	s := listen(t, serve(t, w.api(t)), "/v1/events")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform",
	} {
		if got := s.resp.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if e := s.must(); e.event != "hello" || e.id != "" || !strings.Contains(e.data, `"cold_transfer":true`) || !strings.Contains(e.data, `"rules":"`+transfer.RulesHash) {
		t.Errorf("got %+v", e)
	}
	if e := s.must(); e.event != "transfer" || e.id != "7" || !strings.Contains(e.data, sid("XT")) {
		t.Errorf("got %+v", e)
	}
	if e := s.must(); e.event != "departure" || e.id != "7" || !strings.Contains(e.data, sid("XD")) || !strings.Contains(e.data, sid("UO")) {
		t.Errorf("got %+v", e)
	}
	if e := s.must(); e.event != "worker" || e.id != "" || !strings.Contains(e.data, sid("WK")) {
		t.Errorf("got %+v", e)
	}
	if e := s.must(); e.event != "queue" || e.id != "" || !strings.Contains(e.data, `"waiting":4`) {
		t.Errorf("got %+v", e)
	}
	if e := s.must(); e.event != "settings" || e.id != "" || !strings.Contains(e.data, `"rules":"`) || !strings.Contains(e.data, `"multi_participant":true`) {
		t.Errorf("got %+v", e)
	}
}

func TestStreamResumes(t *testing.T) {
	for _, c := range []struct {
		path, header string
		want         uint64
	}{
		{"/v1/events", "", 0},
		{"/v1/events?after=", "", 0},
		{"/v1/events?after=5", "", 5},
		{"/v1/events", "6", 6},
		{"/v1/events?after=5", "6", 6},
		{"/v1/events?after=18446744073709551615", "", 1<<64 - 1},
	} {
		t.Run(c.path+" "+c.header, func(t *testing.T) {
			got := make(chan uint64, 1)
			w := newWorld()
			w.follow = func(ctx context.Context, _ Caller, after uint64, _ Listener) error {
				got <- after
				return nil
			}
			var headers []string
			if c.header != "" {
				headers = []string{"Last-Event-ID", c.header}
			}
			do(w.api(t), signedIn("GET", c.path, "", headers...))
			if after := <-got; after != c.want {
				t.Errorf("after %d, want %d", after, c.want)
			}
		})
	}
}

func TestStreamRefusesPlacesThatAreNone(t *testing.T) {
	a := newWorld().api(t)
	for _, c := range []struct{ path, header, field string }{
		{"/v1/events?after=x", "", "after"},
		{"/v1/events?after=-1", "", "after"},
		{"/v1/events?after=%2B1", "", "after"},
		{"/v1/events?after=18446744073709551616", "", "after"},
		{"/v1/events?after=1&after=2", "", "after"},
		{"/v1/events?after=%zz", "", ""},
		{"/v1/events", "1_000", "Last-Event-ID"},
		{"/v1/events", "0x10", "Last-Event-ID"},
		{"/v1/events", "1\nevent: forged", "Last-Event-ID"},
		{"/v1/events?after=x", "6", "after"},
	} {
		r := signedIn("GET", c.path, "")
		if c.header != "" {
			r.Header.Set("Last-Event-ID", c.header)
		}
		if f := expect(t, do(a, r), 400, transfer.ReasonBadRequest); f.Field != c.field {
			t.Errorf("%+v: field %q", c, f.Field)
		}
	}
	r := signedIn("GET", "/v1/events", "", "Last-Event-ID", "1", "Last-Event-ID", "2")
	expect(t, do(a, r), 400, transfer.ReasonBadRequest)
}

func TestStreamHasAHeartbeatAndOutlivesTheServersTimeouts(t *testing.T) {
	a := newWorld().api(t, func(o *Options) { o.Heartbeat = time.Second })
	server := httptest.NewUnstartedServer(a.Handler())
	server.Config.ReadTimeout, server.Config.WriteTimeout = 3*time.Second, 3*time.Second
	server.Start()
	defer server.Close()
	defer a.Close()
	s := listen(t, server, "/v1/events")
	s.must()
	for range 5 {
		if e := s.must(); e.comment == "" || e.event != "" {
			t.Errorf("got %+v", e)
		}
	}
}

func TestDrainEndsStreamsCleanly(t *testing.T) {
	a := newWorld().api(t, func(o *Options) { o.StreamWrite = 2 * time.Second })
	server := serve(t, a)
	s := listen(t, server, "/v1/events")
	s.must()
	time.Sleep(2100 * time.Millisecond) // past the deadline of the last write
	a.Drain()
	if _, err := s.next(); err != io.EOF {
		t.Errorf("got %v, want a clean end", err)
	}
	closed := make(chan struct{})
	go func() { a.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("Close hangs")
	}
	resp := do(a, signedIn("GET", "/v1/events", ""))
	expect(t, resp, 503, transfer.ReasonServiceUnavailable)
	expect(t, do(a, request("GET", "/readyz", "")), 503, transfer.ReasonServiceUnavailable)
	if resp := do(a, signedIn("GET", "/v1/directory", "")); resp.StatusCode != 200 {
		t.Error("drained for more than streams")
	}
}

func TestStreamEndsAfterItsLife(t *testing.T) {
	w := newWorld()
	a := w.api(t, func(o *Options) { o.StreamLife = 50 * time.Millisecond })
	s := listen(t, serve(t, a), "/v1/events")
	s.must()
	if _, err := s.next(); err != io.EOF {
		t.Errorf("got %v, want a clean end", err)
	}
	if strings.Contains(w.log.String(), "broke off") {
		t.Errorf("an end as planned counts as a failure: %s", w.log)
	}
}

func TestStreamEndsWithItsClient(t *testing.T) {
	ended := make(chan struct{})
	w := newWorld()
	w.follow = func(ctx context.Context, _ Caller, _ uint64, _ Listener) error {
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}
	s := listen(t, serve(t, w.api(t)), "/v1/events")
	s.must()
	s.resp.Body.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the stream goes on without its client")
	}
}

func TestStreamWhoseSourceFailsEndsAndIsLogged(t *testing.T) {
	w := newWorld()
	w.follow = func(context.Context, Caller, uint64, Listener) error {
		return errors.New("ledger gone")
	}
	s := listen(t, serve(t, w.api(t)), "/v1/events")
	s.must()
	if _, err := s.next(); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(w.log.String(), "ledger gone") {
		t.Error("not logged")
	}
}

func TestSlowClientIsDropped(t *testing.T) {
	dropped := make(chan error, 1)
	w := newWorld()
	w.follow = func(ctx context.Context, _ Caller, _ uint64, to Listener) error {
		big := transfer.WorkerRecord{SID: sid("WK"), Attributes: strings.Repeat("x", 1<<20)}
		for range 200 {
			if err := to.Worker(big); err != nil {
				if ctx.Err() == nil {
					t.Error("the stream's context goes on")
				}
				if again := to.Worker(big); again == nil {
					t.Error("a dropped client is written to again")
				}
				dropped <- err
				return err
			}
		}
		dropped <- nil
		return nil
	}
	a := w.api(t, func(o *Options) { o.StreamWrite = time.Second })
	server := serve(t, a)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+goodToken+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-dropped:
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("got %v, want a timeout", err)
		}
	case <-time.After(patience):
		t.Fatal("the client is still waited for")
	}
}

func TestStreamsOfOneWorkerAreLimited(t *testing.T) {
	w := newWorld()
	grace := Caller{WorkerSID: "WK" + strings.Repeat("1", 32)}
	w.verify = func(_ context.Context, token string) (Caller, error) {
		if token == "grace" {
			return grace, nil
		}
		return ada, nil
	}
	a := w.api(t)
	server := serve(t, a)
	open := make([]*reader, maxStreams)
	for i := range open {
		open[i] = listen(t, server, "/v1/events")
		open[i].must()
	}
	resp := do(a, signedIn("GET", "/v1/events", ""))
	expect(t, resp, 429, ReasonTooManyStreams)
	if resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if s := listen(t, server, "/v1/events", "Authorization", "Bearer grace"); s.resp.StatusCode != 200 {
		t.Error("another worker is refused")
	}
	open[0].resp.Body.Close()
	deadline := time.Now().Add(patience)
	for {
		s := listen(t, server, "/v1/events")
		if s.resp.StatusCode == 200 {
			break
		}
		s.resp.Body.Close()
		if time.Now().After(deadline) {
			t.Fatal("a place that became free is not given again")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestStreamThatPanicsStopsItsHeart(t *testing.T) {
	w := newWorld()
	w.follow = func(context.Context, Caller, uint64, Listener) error {
		panic("in the middle")
	}
	a := w.api(t, func(o *Options) { o.Heartbeat = time.Millisecond })
	s := listen(t, serve(t, a), "/v1/events")
	for {
		if _, err := s.next(); err != nil {
			if err == io.EOF {
				t.Error("half a stream ends like a whole one")
			}
			break
		}
	}
	a.streams.mu.Lock()
	defer a.streams.mu.Unlock()
	if len(a.streams.byOwner) != 0 {
		t.Error("its place is not given back")
	}
}

func TestCloseWaitsForTheLastStream(t *testing.T) {
	var ended atomic.Bool
	w := newWorld()
	w.follow = func(ctx context.Context, _ Caller, _ uint64, _ Listener) error {
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		ended.Store(true)
		return ctx.Err()
	}
	a := w.api(t)
	listen(t, serve(t, a), "/v1/events").must()
	a.Close()
	if !ended.Load() {
		t.Error("Close did not wait")
	}
}

// stumbling fails the first write, and would take the next.
type stumbling struct {
	*httptest.ResponseRecorder
	failed bool
}

func (s *stumbling) Write(p []byte) (int, error) {
	if !s.failed {
		s.failed = true
		n, _ := s.ResponseRecorder.Write(p[:len(p)/2])
		return n, io.ErrShortWrite
	}
	return s.ResponseRecorder.Write(p)
}

func TestNothingFollowsHalfAnEvent(t *testing.T) {
	w := &stumbling{ResponseRecorder: httptest.NewRecorder()}
	canceled := 0
	s := newStream(w, signedIn("GET", "/v1/events", ""), func() { canceled++ }, time.Second)
	first := s.send("worker", 0, []byte("{}"))
	half := w.Body.Len()
	s.comment()
	if again := s.send("worker", 0, []byte("{}")); first == nil || again != first || w.Body.Len() != half || canceled != 1 {
		t.Errorf("first %v, then %v; %d bytes after %d; canceled %d times", first, again, w.Body.Len(), half, canceled)
	}
}
