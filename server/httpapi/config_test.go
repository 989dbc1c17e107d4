package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestSupervisorsSeeHowTheSettingsStand(t *testing.T) {
	w := newWorld()
	status := ConfigStatus{Account: sid("AC"), File: "config.yaml", Revision: "abc", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a := w.api(t, func(o *Options) { o.ConfigStatus = func() ConfigStatus { return status } })
	if resp := do(a, signedIn("GET", "/v1/config", "")); resp.StatusCode != 403 {
		t.Errorf("an agent gets %d", resp.StatusCode)
	}
	w.verify = func(context.Context, string) (Caller, error) {
		return Caller{WorkerSID: sid("WK"), Roles: []string{"supervisor"}}, nil
	}
	got := bodyOf(t, do(a, signedIn("GET", "/v1/config", "")))
	if want := `{"account":"` + sid("AC") + `","file":"config.yaml","revision":"abc","since":"2026-01-02T03:04:05.000Z","problems":[],"rejectedAt":null}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	status.Problems, status.RejectedAt = []string{`config.yaml:2: mirror: "x"`}, status.Since.Add(time.Second)
	got = bodyOf(t, do(a, signedIn("GET", "/v1/config", "")))
	if want := `"problems":["config.yaml:2: mirror: \"x\""],"rejectedAt":"2026-01-02T03:04:06.000Z"}`; !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant …%s", got, want)
	}
	if resp := do(newWorld().api(t), signedIn("GET", "/v1/config", "")); resp.StatusCode != 404 {
		t.Errorf("where there is none: %d", resp.StatusCode)
	}
}

func TestErrorsAreSaidInTheReadersLanguage(t *testing.T) {
	w := newWorld()
	var fails error
	w.find = func(context.Context, Caller, string) (Outcome, error) { return Outcome{}, fails }
	w.start = func(context.Context, Caller, transfer.Request, string) (Outcome, error) {
		o := outcome(transfer.PhaseFailed)
		o.Transfer.Failure = transfer.ReasonInviteRefused
		return o, nil
	}
	a := w.api(t, func(o *Options) {
		o.Text = func(language string, reason transfer.Reason) string {
			if reason == transfer.ReasonTwilioBusy {
				return ""
			}
			return language + " " + string(reason)
		}
	})
	ask := func() string {
		r := signedIn("GET", "/v1/transfers/"+sid("XT"), "")
		r.Header.Set("Accept-Language", "th")
		return bodyOf(t, do(a, r))
	}
	for _, c := range []struct {
		fails error
		want  string
	}{
		{&transfer.Refusal{Reason: transfer.ReasonNotFound}, `"message":"th NOT_FOUND"`},
		{&transfer.Refusal{Reason: transfer.ReasonNotFound, Detail: "In particular."}, `"message":"In particular."`},
		{&transfer.Refusal{Reason: transfer.ReasonTwilioBusy}, `"message":"` + transfer.ReasonTwilioBusy.Message() + `"`},
		{errors.New("broken"), `"message":"th INTERNAL (Request `},
	} {
		fails = c.fails
		if got := ask(); !strings.Contains(got, c.want) {
			t.Errorf("%v: got %s, want %s", c.fails, got, c.want)
		}
	}
	if got := bodyOf(t, do(a, post(goodBody(), "Accept-Language", "pt-BR"))); !strings.Contains(got, `"message":"pt-BR INVITE_REFUSED"`) {
		t.Errorf("a transfer that failed: %s", got)
	}
}
