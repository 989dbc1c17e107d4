package dropin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// vouched is a Verifier that knows one answer.
type vouched struct {
	by  Caller
	err error
}

func (v vouched) Verify(context.Context, string) (Caller, error) { return v.by, v.err }

// nobody is an engine and a Twilio that are not to be asked.
type nobody struct {
	Engine
	Twilio
}

var someone = Caller{WorkerSID: "WK00000000000000000000000000000001"}

func drop(t *testing.T, v Verifier, queues func() []transfer.QueueRecord) (*DropIn, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	d, err := New(Options{
		Verifier: v, Engine: nobody{}, Twilio: nobody{}, Queues: queues, Enabled: func() bool { return true },
		Origins: []string{"https://flex.twilio.com"}, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		Text: func(language string, r transfer.Reason) string {
			if language == "es" && r == transfer.ReasonServiceUnavailable {
				return "Espere."
			}
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, &logged
}

func get(d *DropIn, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", address, nil)
	r.Header.Set("Accept-Language", "es")
	d.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	return w
}

// TestWhatIsNotDecided is answered so that the plugin asks again by itself, and
// what is is not.
func TestWhatIsNotDecided(t *testing.T) {
	for name, c := range map[string]struct {
		verifier vouched
		status   int
		says     string
	}{
		"Twilio cannot be asked":  {vouched{err: &transfer.Refusal{Reason: transfer.ReasonTwilioUnavailable}}, 429, `{"success":false,"message":"Twilio does not answer`},
		"Twilio is busy":          {vouched{err: &transfer.Refusal{Reason: transfer.ReasonTwilioBusy}}, 429, "Twilio is busy"},
		"the directory is unread": {vouched{by: someone}, 429, `"Espere."`},
		"the token is not valid":  {vouched{err: &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}}, 403, "Unauthorized: "},
		"no worker":               {vouched{by: Caller{Identity: "guest"}}, 403, "does not belong to a worker"},
		"something else":          {vouched{err: errors.New("secret")}, 500, `{"success":false,"message":"Something went wrong`},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := drop(t, c.verifier, func() []transfer.QueueRecord { return nil })
			w := get(d, pathQueues+"?Token=abc")
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if (c.status == 429) != (w.Header().Get("Retry-After") != "") {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
		})
	}
}

func TestAFloodIsHeldBack(t *testing.T) {
	d, _ := drop(t, vouched{by: someone}, func() []transfer.QueueRecord { return []transfer.QueueRecord{} })
	asked := 0
	d.Allow = func(worker string) (time.Duration, bool) {
		if asked++; worker != someone.WorkerSID {
			t.Errorf("%q is counted", worker)
		}
		return 3 * time.Second, asked <= 2
	}
	get(d, pathQueues) // nobody, until the token is known
	for n := range 4 {
		w := get(d, pathQueues+"?Token=abc")
		if held := n >= 2; held != (w.Code == 429) || held != (w.Header().Get("Retry-After") == "3") || held != strings.Contains(w.Body.String(), `"success":false`) {
			t.Errorf("request %d: %d %s %v", n, w.Code, w.Body, w.Header())
		}
	}
}

// TestGuessesAreHeldBack asks nobody for a worker who has guessed too often, and
// tells of each request what it was about and what came of it.
func TestGuessesAreHeldBack(t *testing.T) {
	d, _ := drop(t, vouched{by: someone}, func() []transfer.QueueRecord { return []transfer.QueueRecord{} })
	d.Twilio = nowhere{}
	allowed, last := false, ""
	d.About = func(worker, about string, do func() error) bool {
		if worker != someone.WorkerSID || about == last {
			t.Errorf("%q asks about %q", worker, about)
		}
		last = about
		if allowed {
			if err := do(); err == nil {
				t.Error("what was refused is told as done")
			}
		}
		return allowed
	}
	for n, address := range []string{
		pathAttributes + "?attributes={}&conversationSid=CH", pathTaskStatus + "?assignmentStatus=canceled&taskSid=WT",
	} {
		for m := range 2 {
			allowed = m == 1
			w := get(d, fmt.Sprintf("%s%032x&Token=abc", address, n*2+m))
			if held := !allowed; held != (w.Code == 429) || held != (w.Header().Get("Retry-After") == "1") || !strings.Contains(w.Body.String(), `"success":false`) {
				t.Errorf("%s, %v: %d %s %v", address, allowed, w.Code, w.Body, w.Header())
			}
		}
	}
	if w := get(d, pathQueues+"?Token=abc"); w.Code != 200 {
		t.Errorf("what needs nobody: %d %s", w.Code, w.Body)
	}
	var refusal *transfer.Refusal
	if err := error(&badParameters{}); !errors.As(err, &refusal) || refusal.Reason != transfer.ReasonBadRequest {
		t.Error("wrong parameters look like something that nobody has answered")
	}
}

// nowhere is a Twilio in which nothing exists.
type nowhere struct{ Twilio }

func (nowhere) Identities(context.Context, string) ([]string, error) {
	return nil, &transfer.Refusal{Reason: transfer.ReasonNotFound}
}

func (nowhere) Task(context.Context, string) (transfer.TaskRecord, error) {
	return transfer.TaskRecord{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
}

func TestAPanicIsAnswered(t *testing.T) {
	d, logged := drop(t, vouched{by: someone}, func() []transfer.QueueRecord { panic("boom") })
	w := get(d, pathQueues+"?Token=hidden")
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"success":false`) || strings.Contains(w.Body.String(), "boom") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if text := logged.String(); !strings.Contains(text, "boom") || strings.Contains(text, "hidden") || !strings.Contains(text, "status=500") {
		t.Errorf("logged %s", text)
	}
}

func TestHeaders(t *testing.T) {
	d, _ := drop(t, vouched{by: someone}, func() []transfer.QueueRecord { return nil })
	h := get(d, pathQueues).Header()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Vary": "Origin",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
	if h.Get("X-Request-Id") == "" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", h)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "Options.") {
		t.Error(err)
	}
}
