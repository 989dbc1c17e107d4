package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func goodBody() string {
	return fmt.Sprintf(`{"wire":1,"rules":"r1","mode":"cold","interactionSid":"%s","interactionChannelSid":"%s","taskSid":"%s","target":{"kind":"worker","sid":"%s"}}`,
		sid("KD"), sid("UO"), sid("WT"), sid("WK"))
}

func post(body string, headers ...string) *http.Request {
	return signedIn("POST", "/v1/transfers", body, append([]string{"Content-Type", "application/json", "Idempotency-Key", "key 1"}, headers...)...)
}

func TestStartPassesOnWhatWasAsked(t *testing.T) {
	w := newWorld()
	w.start = func(_ context.Context, by Caller, r transfer.Request, key string) (Outcome, error) {
		if by.WorkerSID != ada.WorkerSID || key != "key 1" || r.Rules != "r1" || r.TaskSID != sid("WT") ||
			r.InteractionSID != sid("KD") || r.InteractionChannelSID != sid("UO") ||
			r.Target.Kind != transfer.TargetWorker || r.Target.SID != sid("WK") {
			t.Errorf("got %+v %+v %q", by, r, key)
		}
		return outcome(transfer.PhaseLeaving), nil
	}
	resp := do(w.api(t), post(goodBody()))
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.StatusCode, bodyOf(t, resp))
	}
	if got, want := resp.Header.Get("Location"), "/v1/transfers/"+sid("XT"); got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	var got struct{ ID, Phase, InteractionSid, RequestedAt string }
	if err := json.Unmarshal([]byte(bodyOf(t, resp)), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != sid("XT") || got.Phase != "leaving" || got.InteractionSid != sid("KD") || got.RequestedAt != "2026-01-02T03:04:05.006Z" {
		t.Errorf("got %+v", got)
	}
}

func TestStartStatuses(t *testing.T) {
	for _, c := range []struct {
		phase    transfer.Phase
		repeated bool
		want     int
	}{
		{transfer.PhaseInviting, false, 202},
		{transfer.PhaseInviting, true, 202},
		{transfer.PhaseSearching, false, 202},
		{transfer.PhaseLeaving, false, 201},
		{transfer.PhaseRinging, false, 201},
		{transfer.PhaseRinging, true, 200},
		{transfer.PhaseCompleted, false, 201},
		{transfer.PhaseCompleted, true, 200},
		{transfer.PhaseCanceled, true, 200},
		{transfer.PhaseAbandoned, true, 200},
	} {
		t.Run(fmt.Sprint(c.phase, c.repeated), func(t *testing.T) {
			w := newWorld()
			w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
				o := outcome(c.phase)
				o.Repeated = c.repeated
				return o, nil
			}
			resp := do(w.api(t), post(goodBody()))
			if resp.StatusCode != c.want || resp.Header.Get("Location") == "" {
				t.Errorf("status %d, want %d; Location %q", resp.StatusCode, c.want, resp.Header.Get("Location"))
			}
		})
	}
}

func TestStartThatFailedSaysWhyAndShowsTheTransfer(t *testing.T) {
	for _, c := range []struct{ failure, want transfer.Reason }{
		{transfer.ReasonInviteRefused, transfer.ReasonInviteRefused},
		{transfer.ReasonTargetUnavailable, transfer.ReasonTargetUnavailable},
		{"", transfer.ReasonInviteRefused},
		{"NEVER_HEARD_OF", transfer.ReasonInviteRefused},
	} {
		for _, repeated := range []bool{false, true} {
			w := newWorld()
			w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
				o := outcome(transfer.PhaseFailed)
				o.Repeated = repeated
				o.Transfer.Failure, o.Transfer.FailureDetail = c.failure, "80906 interaction secret words"
				return o, nil
			}
			resp := do(w.api(t), post(goodBody()))
			f := expect(t, resp, 409, c.want)
			if f.Message != c.want.Message() || !strings.Contains(string(f.Transfer), sid("XT")) || !strings.Contains(string(f.Transfer), `"phase":"failed"`) {
				t.Errorf("got %+v %s", f, f.Transfer)
			}
			if strings.Contains(string(f.Transfer), "secret words") {
				t.Error("Twilio's words reached the agent")
			}
			if !strings.Contains(w.log.String(), "secret words") {
				t.Error("Twilio's words did not reach the log")
			}
		}
	}
}

func TestStartRefusesBadRequestsBeforeAnythingIsDone(t *testing.T) {
	long := strings.Repeat("x", 129)
	replace := func(old, with string) string {
		changed := strings.Replace(goodBody(), old, with, 1)
		if changed == goodBody() {
			t.Fatalf("%s is not in the body", old)
		}
		return changed
	}
	type test struct {
		name   string
		r      *http.Request
		status int
		code   transfer.Reason
		field  string
	}
	header := func(name string, values ...string) *http.Request {
		r := post(goodBody())
		r.Header[http.CanonicalHeaderKey(name)] = values
		return r
	}
	tests := []test{
		{"no key", header("Idempotency-Key"), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"empty key", header("Idempotency-Key", ""), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"two keys", header("Idempotency-Key", "a", "b"), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"long key", header("Idempotency-Key", long), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"key with a line break", header("Idempotency-Key", "a\r\nX: b"), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"key not ASCII", header("Idempotency-Key", "schlüssel"), 400, "BAD_REQUEST", "Idempotency-Key"},
		{"no type", header("Content-Type"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"form", header("Content-Type", "application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"text, as a page of another site may send", header("Content-Type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"malformed type", header("Content-Type", "application/json; charset"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"latin-1", header("Content-Type", "application/json; charset=latin1"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"gzip", header("Content-Encoding", "gzip"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding"},
		{"empty", post(""), 400, "BAD_REQUEST", ""},
		{"no JSON", post("mode=cold"), 400, "BAD_REQUEST", ""},
		{"cut off", post(goodBody()[:40]), 400, "BAD_REQUEST", ""},
		{"array", post("[]"), 400, "BAD_REQUEST", ""},
		{"null", post("null"), 400, "BAD_REQUEST", ""},
		{"twice", post(goodBody() + goodBody()), 400, "BAD_REQUEST", ""},
		{"deep", post(strings.Repeat("[", 5000)), 400, "BAD_REQUEST", ""},
		{"unknown field", post(replace(`"mode"`, `"evil":1,"mode"`)), 400, "BAD_REQUEST", "evil"},
		{"unknown field inside", post(replace(`"kind"`, `"evil":1,"kind"`)), 400, "BAD_REQUEST", "target.evil"},
		{"SID with a path", post(replace(sid("WT"), "WT/../../Workers")), 400, "BAD_REQUEST", "taskSid"},
		{"SID of something else", post(replace(sid("UO"), sid("CH"))), 400, "BAD_REQUEST", "interactionChannelSid"},
		{"queue with a worker's SID", post(replace("worker", "queue")), 400, "BAD_REQUEST", "target.sid"},
		{"another wire", post(replace(`"wire":1`, `"wire":2`)), 400, "UNKNOWN_WIRE_FORMAT", "wire"},
		{"too large", post(goodBody() + strings.Repeat(" ", maxRequest)), 413, "TOO_LARGE", ""},
	}
	w := newWorld()
	w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
		t.Error("the transfer was started")
		return Outcome{}, nil
	}
	a := w.api(t)
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			f := expect(t, do(a, c.r), c.status, c.code)
			if c.field != "" && f.Field != c.field {
				t.Errorf("field %q, want %q", f.Field, c.field)
			}
		})
	}
}

func TestStartTakesTheLargestBodyAndTheLongestKey(t *testing.T) {
	body := goodBody()
	body += strings.Repeat(" ", maxRequest-len(body))
	r := post(body)
	r.Header.Set("Idempotency-Key", strings.Repeat("~", maxIdempotencyKey))
	r.Header.Set("Content-Type", `Application/JSON; charset="UTF-8"`)
	if resp := do(newWorld().api(t), r); resp.StatusCode != 201 {
		t.Fatal(resp.StatusCode, bodyOf(t, resp))
	}
}

func TestEveryRefusalHasItsStatus(t *testing.T) {
	want := map[transfer.Reason]int{
		"TARGET_UNAVAILABLE": 409, "TRANSFER_UNDER_WAY": 409, "NOT_IN_CONVERSATION": 403, "FORBIDDEN": 403,
		"QUEUE_NOT_SERVED": 422, "TARGET_IS_SELF": 422, "IDEMPOTENCY_KEY_REUSED": 422, "TWILIO_BUSY": 429,
		"TWILIO_REFUSED": 502, "TWILIO_UNAVAILABLE": 503, "SERVICE_UNAVAILABLE": 503, "INTERNAL": 500,
	}
	reasons := append(transfer.Reasons(), ReasonTooManyStreams, ReasonTooManyGuesses, ReasonModuleNotBuilt)
	for _, reason := range reasons {
		t.Run(string(reason), func(t *testing.T) {
			w := newWorld()
			w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
				return Outcome{}, fmt.Errorf("coordinator: %w", &transfer.Refusal{Reason: reason, Field: "target.sid", Cause: errors.New("the cause")})
			}
			resp := do(w.api(t), post(goodBody()))
			status, known := statuses[reason]
			if !known {
				t.Fatal("the reason has no status")
			}
			if pinned, ok := want[reason]; ok && pinned != status {
				t.Errorf("status %d, want %d", status, pinned)
			}
			f := expect(t, resp, status, reason)
			if status != 500 && (f.Message != message(reason) || f.Field != "target.sid") {
				t.Errorf("got %+v", f)
			}
			if again := resp.Header.Get("Retry-After") != ""; again != (status == 429 || status == 503) {
				t.Errorf("Retry-After %q with %d", resp.Header.Get("Retry-After"), status)
			}
			if strings.Contains(f.Message, "the cause") || !strings.Contains(w.log.String(), "the cause") {
				t.Error("the cause belongs into the log, and only there")
			}
			if resp.Header.Get("Location") != "" {
				t.Error("an error has a Location")
			}
		})
	}
}

func TestOtherErrorsAreInternal(t *testing.T) {
	for name, err := range map[string]error{
		"plain":          errors.New("disk password=hunter2"),
		"unknown reason": &transfer.Refusal{Reason: "WHAT", Detail: "hunter2"},
		"internal":       &transfer.Refusal{Reason: transfer.ReasonInternal, Detail: "hunter2"},
		"deadline":       context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) { return Outcome{}, err }
			resp := do(w.api(t), post(goodBody()))
			f := expect(t, resp, 500, transfer.ReasonInternal)
			id := resp.Header.Get("X-Request-Id")
			if id == "" || !strings.Contains(f.Message, id) || strings.Contains(f.Message, "hunter2") {
				t.Errorf("message %q, request %q", f.Message, id)
			}
			if log := w.log.String(); !strings.Contains(log, id) || !strings.Contains(log, err.Error()) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestDetailReplacesTheText(t *testing.T) {
	w := newWorld()
	w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
		return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonTargetUnavailable, Detail: "Grace is at lunch."}
	}
	if f := expect(t, do(w.api(t), post(goodBody())), 409, transfer.ReasonTargetUnavailable); f.Message != "Grace is at lunch." {
		t.Error(f.Message)
	}
}

func TestStartOutlivesItsClient(t *testing.T) {
	w := newWorld()
	w.start = func(ctx context.Context, _ Caller, _ transfer.Request, _ string) (Outcome, error) {
		if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
			t.Errorf("the start ends with its client (%v), or never", ctx.Err())
		}
		return outcome(transfer.PhaseRinging), nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	do(w.api(t), post(goodBody()).WithContext(ctx))
}

func TestFind(t *testing.T) {
	w := newWorld()
	asked := 0
	find := w.find
	w.find = func(ctx context.Context, by Caller, id string) (Outcome, error) {
		asked++
		if id != sid("XT") {
			return Outcome{}, &transfer.Refusal{Reason: transfer.ReasonNotFound}
		}
		return find(ctx, by, id)
	}
	a := w.api(t)
	resp := do(a, signedIn("GET", "/v1/transfers/"+sid("XT"), ""))
	if body := bodyOf(t, resp); resp.StatusCode != 200 || !strings.Contains(body, sid("XT")) {
		t.Fatal(resp.StatusCode, body)
	}
	foreign := "XT" + strings.Repeat("b", 32)
	expect(t, do(a, signedIn("GET", "/v1/transfers/"+foreign, "")), 404, transfer.ReasonNotFound)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	for _, id := range []string{"x", sid("WT"), sid("XT") + "0", "..%2f..%2fetc", "%00", "XT" + strings.Repeat("G", 32)} {
		expect(t, do(a, signedIn("GET", "/v1/transfers/"+id, "")), 404, transfer.ReasonNotFound)
	}
	if asked != 2 {
		t.Error("a malformed ID was looked up")
	}
}

// TestTheSignInCounts: whatever an agent asks for is answered in time, although Twilio took seconds to say who they are.
func TestTheSignInCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		verify := w.verify
		w.verify = func(ctx context.Context, token string) (Caller, error) {
			time.Sleep(answerWithin / 2)
			return verify(ctx, token)
		}
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		w.start = func(ctx context.Context, _ Caller, _ transfer.Request, _ string) (Outcome, error) {
			return Outcome{}, hang(ctx)
		}
		w.cancel = func(ctx context.Context, _ Caller, _ transfer.Request) (Outcome, error) { return Outcome{}, hang(ctx) }
		w.find = func(ctx context.Context, _ Caller, _ string) (Outcome, error) { return Outcome{}, hang(ctx) }
		w.depart = func(ctx context.Context, _ Caller, _ transfer.Request) (DepartureOutcome, error) {
			return DepartureOutcome{}, hang(ctx)
		}
		w.directory = func(ctx context.Context, _ Caller, _ Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
			return nil, nil, hang(ctx)
		}
		o := w.options()
		o.Packed = func(ctx context.Context) (Packed, error) { return Packed{}, hang(ctx) }
		a, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		packed := signedIn("GET", "/v1/directory", "")
		packed.Header.Set("Accept", "text/plain")
		for _, r := range []*http.Request{
			post(goodBody()), small("/v1/departures", conversationBody(`,"kind":"leave"`)), small(cancelPath, conversationBody("")),
			signedIn("GET", "/v1/transfers/"+sid("XT"), ""), signedIn("GET", "/v1/directory", ""), packed,
		} {
			began := time.Now()
			if resp := do(a, r); resp.StatusCode < 500 || time.Since(began) != answerWithin {
				t.Errorf("%s %s: %d after %v", r.Method, r.URL.Path, resp.StatusCode, time.Since(began))
			}
		}
	})
}
