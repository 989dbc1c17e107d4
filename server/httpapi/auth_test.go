package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestSignInIsNeeded(t *testing.T) {
	a := newWorld().api(t)
	for _, r := range []*http.Request{
		request("POST", "/v1/transfers", goodBody()),
		request("GET", "/v1/transfers/"+sid("XT"), ""),
		request("POST", "/v1/transfers/"+sid("XT")+"/cancel", conversationBody("")),
		request("POST", "/v1/departures", conversationBody(`,"kind":"leave"`)),
		request("GET", "/v1/directory", ""),
		request("GET", "/v1/events", ""),
	} {
		resp := do(a, r)
		expect(t, resp, 401, transfer.ReasonUnauthenticated)
		if got := resp.Header.Get("WWW-Authenticate"); got != `Bearer realm="flex-transfer"` {
			t.Errorf("%s: WWW-Authenticate %q", r.URL.Path, got)
		}
	}
}

func TestTokensThatAreNotEvenAskedAbout(t *testing.T) {
	w := newWorld()
	w.verify = func(_ context.Context, token string) (Caller, error) {
		t.Errorf("asked about %q", token)
		return ada, nil
	}
	a := w.api(t)
	for name, values := range map[string][]string{
		"empty":         {""},
		"scheme alone":  {"Bearer"},
		"no token":      {"Bearer "},
		"padding alone": {"Bearer ==="},
		"basic":         {"Basic QUM6dG9rZW4="},
		"no scheme":     {goodToken},
		"two":           {"Bearer " + goodToken, "Bearer " + goodToken},
		"list":          {"Bearer " + goodToken + ", Bearer x"},
		"line break":    {"Bearer a\r\nX-Admin: 1"},
		"not ASCII":     {"Bearer tökén"},
		"too long":      {"Bearer " + strings.Repeat("a", maxToken+1)},
	} {
		t.Run(name, func(t *testing.T) {
			r := request("GET", "/v1/directory", "")
			r.Header["Authorization"] = values
			expect(t, do(a, r), 401, transfer.ReasonUnauthenticated)
		})
	}
	for _, target := range []string{"/v1/directory?token=" + goodToken, "/v1/directory?access_token=" + goodToken} {
		expect(t, do(a, request("GET", target, "", "Cookie", "token="+goodToken)), 401, transfer.ReasonUnauthenticated)
	}
}

func TestTokensOfAnyFormThatFlexMayGiveThem(t *testing.T) {
	var got string
	w := newWorld()
	w.verify = func(_ context.Context, token string) (Caller, error) { got = token; return ada, nil }
	a := w.api(t)
	longest := strings.Repeat("a", maxToken)
	for header, want := range map[string]string{
		"Bearer eyJ.a_b-c~d+e/f==": "eyJ.a_b-c~d+e/f==",
		"bearer x":                 "x",
		"BEARER   x":               "x",
		"Bearer " + longest:        longest,
	} {
		if resp := do(a, request("GET", "/v1/directory", "", "Authorization", header)); resp.StatusCode != 200 || got != want {
			t.Errorf("%.40s: status %d, token %.40q", header, resp.StatusCode, got)
		}
	}
}

func TestVerifierRefuses(t *testing.T) {
	for _, c := range []struct {
		reason    transfer.Reason
		status    int
		challenge string
	}{
		{transfer.ReasonUnauthenticated, 401, `Bearer realm="flex-transfer", error="invalid_token"`},
		{transfer.ReasonTwilioUnavailable, 503, ""},
		{transfer.ReasonForbidden, 403, ""},
	} {
		w := newWorld()
		w.verify = func(context.Context, string) (Caller, error) {
			return Caller{}, &transfer.Refusal{Reason: c.reason}
		}
		resp := do(w.api(t), signedIn("GET", "/v1/directory", ""))
		expect(t, resp, c.status, c.reason)
		if got := resp.Header.Get("WWW-Authenticate"); got != c.challenge {
			t.Errorf("WWW-Authenticate %q, want %q", got, c.challenge)
		}
	}
}

func TestOnlyWorkersMayCome(t *testing.T) {
	for _, worker := range []string{"", "WK1", "US" + strings.Repeat("0", 32)} {
		w := newWorld()
		w.verify = func(context.Context, string) (Caller, error) { return Caller{WorkerSID: worker, Identity: "x"}, nil }
		expect(t, do(w.api(t), signedIn("GET", "/v1/directory", "")), 403, transfer.ReasonForbidden)
	}
}

func TestCallerIsInTheContext(t *testing.T) {
	w := newWorld()
	w.directory = func(ctx context.Context, by Caller, _ Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		if got, ok := CallerOf(ctx); !ok || got.WorkerSID != by.WorkerSID {
			t.Errorf("got %+v %v", got, ok)
		}
		return nil, nil, nil
	}
	do(w.api(t), signedIn("GET", "/v1/directory", ""))
	if _, ok := CallerOf(t.Context()); ok {
		t.Error("a caller out of nowhere")
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	w := newWorld()
	a := w.api(t)
	do(a, signedIn("GET", "/v1/directory?interactionSid=secretquery", ""))
	do(a, signedIn("GET", "/v1/events?after=secretquery", ""))
	do(a, request("GET", "/v1/directory?token=secretquery", "", "Authorization", "Bearer secretforged"))
	do(a, request("POST", "/webhooks/taskrouter?k=secretquery", "a=secretbody&a=secretbody",
		"Content-Type", formType, "X-Twilio-Signature", "secretsignature"))
	log := w.log.String()
	if strings.Contains(log, "secret") || strings.Contains(log, goodToken) {
		t.Errorf("log: %s", log)
	}
	if !strings.Contains(log, `"path":"/v1/directory"`) || !strings.Contains(log, ada.WorkerSID) || !strings.Contains(log, `"status":401`) {
		t.Errorf("the log lacks what happened: %s", log)
	}
}
