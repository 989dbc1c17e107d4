package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	goodToken = "good.token-of_ada"
	publicURL = "https://transfer.example.com"
)

// sid is a SID with the prefix.
func sid(prefix string) string { return prefix + strings.Repeat("0a", 16) }

var ada = Caller{WorkerSID: sid("WK"), Identity: "ada", Roles: []string{"agent"}}

// world is the fakes behind an API. Tests replace the functions they are about.
type world struct {
	verify    func(context.Context, string) (Caller, error)
	start     func(context.Context, Caller, transfer.Request, string) (Outcome, error)
	cancel    func(context.Context, Caller, transfer.Request) (Outcome, error)
	depart    func(context.Context, Caller, transfer.Request) (DepartureOutcome, error)
	find      func(context.Context, Caller, string) (Outcome, error)
	directory func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error)
	follow    func(context.Context, Caller, uint64, Listener) error
	settings  transfer.Settings
	apply     func(context.Context, Event) error
	signed    func(url, contentType string, body []byte, signature string) bool
	log       *lockedBuffer
}

func (w *world) Verify(ctx context.Context, token string) (Caller, error) {
	return w.verify(ctx, token)
}

func (w *world) Start(ctx context.Context, by Caller, r transfer.Request, key string) (Outcome, error) {
	return w.start(ctx, by, r, key)
}

func (w *world) Find(ctx context.Context, by Caller, id string) (Outcome, error) {
	return w.find(ctx, by, id)
}

func (w *world) Directory(ctx context.Context, by Caller, c Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
	return w.directory(ctx, by, c)
}

func (w *world) Settings(Caller) transfer.Settings { return w.settings }

func (w *world) Cancel(ctx context.Context, by Caller, r transfer.Request) (Outcome, error) {
	return w.cancel(ctx, by, r)
}

func (w *world) Depart(ctx context.Context, by Caller, r transfer.Request) (DepartureOutcome, error) {
	return w.depart(ctx, by, r)
}

func (w *world) Follow(ctx context.Context, by Caller, after uint64, to Listener) error {
	if err := to.Listening(); err != nil {
		return err
	}
	return w.follow(ctx, by, after, to)
}

func (w *world) Apply(ctx context.Context, e Event) error { return w.apply(ctx, e) }

func (w *world) VerifySignature(url, contentType string, body []byte, signature string) bool {
	return w.signed(url, contentType, body, signature)
}

// newWorld is one in which ada is signed in and all goes well.
func newWorld() *world {
	return &world{
		verify: func(_ context.Context, token string) (Caller, error) {
			if token != goodToken {
				return Caller{}, &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}
			}
			return ada, nil
		},
		start: func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
			return outcome(transfer.PhaseRinging), nil
		},
		cancel: func(_ context.Context, _ Caller, r transfer.Request) (Outcome, error) {
			o := outcome(transfer.PhaseWithdrawing)
			o.Transfer.ID = r.TransferID
			return o, nil
		},
		depart: func(context.Context, Caller, transfer.Request) (DepartureOutcome, error) {
			return departure(transfer.DepartureGone), nil
		},
		settings: transfer.Settings{ColdTransfer: true},
		find: func(_ context.Context, _ Caller, id string) (Outcome, error) {
			o := outcome(transfer.PhaseRinging)
			o.Transfer.ID = id
			return o, nil
		},
		directory: func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
			return nil, nil, nil
		},
		follow: func(ctx context.Context, _ Caller, _ uint64, _ Listener) error {
			<-ctx.Done()
			return ctx.Err()
		},
		apply:  func(context.Context, Event) error { return nil },
		signed: func(string, string, []byte, string) bool { return true },
		log:    &lockedBuffer{},
	}
}

func outcome(phase transfer.Phase) Outcome {
	return Outcome{
		Transfer: transfer.Transfer{
			ID: sid("XT"), Mode: transfer.ModeCold, Phase: phase,
			Target:      transfer.Target{Kind: transfer.TargetWorker, SID: sid("WK"), Name: "Grace"},
			RequestedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC),
		},
		InteractionSID:        sid("KD"),
		InteractionChannelSID: sid("UO"),
	}
}

func departure(phase transfer.DeparturePhase) DepartureOutcome {
	return DepartureOutcome{
		Departure: transfer.Departure{
			ID: sid("XD"), Kind: transfer.DepartureLeave, Phase: phase, RequestedBy: ada.WorkerSID,
			Agent:       transfer.Agent{WorkerSID: ada.WorkerSID, Name: "Ada", ParticipantSID: sid("UT"), TaskSID: sid("WT")},
			RequestedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC),
		},
		InteractionSID:        sid("KD"),
		InteractionChannelSID: sid("UO"),
	}
}

// api builds the API on the world.
func (w *world) api(t *testing.T, adjust ...func(*Options)) *API {
	t.Helper()
	o := w.options()
	for _, f := range adjust {
		f(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func (w *world) options() Options {
	return Options{
		Verifier: w, Transfers: w, Directory: w, Watch: w, Webhooks: w,
		PublicURL: publicURL,
		Logger:    slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// lockedBuffer is a log that handlers may write to while a test reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// request makes a request; headers come as name, value, name, value.
func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// signedIn makes a request of ada's.
func signedIn(method, target, body string, headers ...string) *http.Request {
	return request(method, target, body, append(headers, "Authorization", "Bearer "+goodToken)...)
}

// do sends the request without a socket.
func do(a *API, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w.Result()
}

// failure is the body of an error.
type failure struct {
	Code, Message, Field string
	Transfer, Departure  json.RawMessage
}

// failureOf reads the error and checks that it is one that an agent can use.
func failureOf(t *testing.T, resp *http.Response) failure {
	t.Helper()
	body := bodyOf(t, resp)
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Fatalf("error has type %q: %s", got, body)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("error may be kept: %q", got)
	}
	var f failure
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		t.Fatalf("error is no JSON: %v: %s", err, body)
	}
	if f.Code == "" || f.Message == "" {
		t.Fatalf("error without code or message: %s", body)
	}
	return f
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// expect checks status and code of an error.
func expect(t *testing.T, resp *http.Response, status int, reason transfer.Reason) failure {
	t.Helper()
	if resp.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", resp.StatusCode, status, bodyOf(t, resp))
	}
	f := failureOf(t, resp)
	if f.Code != string(reason) {
		t.Fatalf("code %s, want %s", f.Code, reason)
	}
	return f
}
