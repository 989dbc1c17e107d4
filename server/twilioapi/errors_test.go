package twilioapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOutcomeOfAnswers(t *testing.T) {
	const problem = `{"code":80906,"message":"not open","more_info":"https://…","status":400}`
	const html = `<html><body>502 Bad Gateway</body></html>`
	cases := []struct {
		name    string
		answer  http.HandlerFunc
		outcome Outcome
		code    int
		status  int
	}{
		{"bad request", reply(400, problem), Refused, 80906, 400},
		{"not authenticated", reply(401, `{"code":20003,"message":"Authenticate"}`), Refused, 20003, 401},
		{"conflict", reply(409, problem), Refused, 80906, 409},
		{"precondition", reply(412, `{"code":20412,"message":"ETag"}`), Refused, 20412, 412},
		{"not found", reply(404, `{"code":20404,"message":"no"}`), NotFound, 20404, 404},
		{"throttled", reply(429, `{"code":45780,"message":"slow down"}`), Throttled, 45780, 429},
		{"throttled by a balancer", reply(429, html), Throttled, 0, 429},
		{"request timeout", reply(408, problem), Unknown, 80906, 408},
		{"too early", reply(425, problem), Unknown, 80906, 425},
		{"server error", reply(500, `{"code":20500,"message":"oops"}`), Unknown, 20500, 500},
		{"unavailable, HTML", reply(503, html), Unknown, 0, 503},
		{"not found, HTML of a proxy", reply(404, html), Unknown, 0, 404},
		{"refused, empty", reply(403, ""), Unknown, 0, 403},
		{"JSON, not Twilio's", reply(400, `{"error":"x"}`), Unknown, 0, 400},
		{"done, HTML", reply(200, html), Unknown, 0, 200},
		{"done, empty", reply(201, ""), Unknown, 0, 201},
		{"done, without SID", reply(201, `{}`), Unknown, 0, 201},
		{"done, SID of another kind", reply(201, strings.ReplaceAll(madeInvite, "KG", "KX")), Unknown, 0, 201},
		{"cut before the answer", cut(""), Unknown, 0, 0},
		{"cut within the answer", cut("HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"sid\":"), Unknown, 0, 201},
		{"garbage", cut("hello\r\n\r\n"), Unknown, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(within(t, time.Minute))
			defer cancel()
			f := newFake(t, c.answer, func(o *Options) {
				if c.outcome == Throttled {
					o.Observe = func(Call) { cancel() } // no time to repeat
				}
			})
			_, err := f.invite(ctx)
			e := wantOutcome(t, err, c.outcome)
			if e.Code != c.code || e.Status != c.status || e.Endpoint != "Invites.create" {
				t.Errorf("got %+v, want code %d and status %d", e, c.code, c.status)
			}
			if n := len(f.seen()); n != 1 {
				t.Errorf("the write was made %d times", n)
			}
			if MayHaveHappened(err) != (c.outcome == Unknown) || NotDone(err) == MayHaveHappened(err) {
				t.Errorf("MayHaveHappened %v, NotDone %v for %s", MayHaveHappened(err), NotDone(err), c.outcome)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	_, err := f.invite(t.Context())
	wantOutcome(t, err, Unknown)
	if n := len(f.seen()); n != 1 {
		t.Errorf("%d requests, want 1: a redirect repeats the write", n)
	}
}

func TestHangEndsWithTheContext(t *testing.T) {
	f := newFake(t, hang)
	begin := time.Now()
	_, err := f.invite(within(t, time.Second))
	wantOutcome(t, err, Unknown)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say that the deadline came", err)
	}
	if d := time.Since(begin); d > time.Minute {
		t.Errorf("it took %v", d)
	}
}

func TestHangEndsWithoutADeadline(t *testing.T) {
	for limit := 50 * time.Millisecond; ; limit *= 4 {
		f := newFake(t, hang)
		f.client.attemptLimit = limit
		_, err := f.invite(t.Context())
		n := len(f.seen())
		if n == 0 && limit < 10*time.Second {
			continue // the machine was too slow to send it within the limit
		}
		wantOutcome(t, err, Unknown)
		if n != 1 {
			t.Errorf("the write was made %d times", n)
		}
		return
	}
}

func TestCanceledBeforeItIsSent(t *testing.T) {
	f := newFake(t, reply(201, madeInvite))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.invite(ctx)
	wantOutcome(t, err, NotSent)
	if !errors.Is(err, context.Canceled) || len(f.seen()) != 0 {
		t.Errorf("%v after %d requests", err, len(f.seen()))
	}
}

func TestConnectionRefusedIsNotSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	for _, base := range []string{"http://" + address, "http://no-such-host.invalid"} {
		f := newFake(t, reply(201, madeInvite), func(o *Options) { o.BaseURL = base })
		_, err = f.invite(within(t, time.Minute))
		wantOutcome(t, err, NotSent)
		if MayHaveHappened(err) {
			t.Error("an invite that was never sent may have happened")
		}
	}
}

func TestMessagesKeepSecrets(t *testing.T) {
	echo := `{"code":20001,"message":"bad ` + testSecret + ` and ` + testToken + `\n and the flex token eyJhbGciOi"}`
	var log bytes.Buffer
	f := newFake(t, reply(400, echo), func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := f.client.ValidateToken(t.Context(), "eyJhbGciOi")
	e := wantOutcome(t, err, Refused)
	for _, secret := range []string{testSecret, testToken, "eyJhbGciOi", "\n"} {
		if strings.Contains(e.Error(), secret) {
			t.Errorf("%q has %q in it", e.Error(), secret)
		}
		if secret != "\n" && strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "Tokens.validate") {
		t.Errorf("logged %q", log.String())
	}
	f = newFake(t, reply(200, `{"valid":false,"code":1,"message":"eyJhbGciOi is bad"}`))
	if said, err := f.client.ValidateToken(t.Context(), "eyJhbGciOi"); err != nil || said.Message != "*** is bad" {
		t.Errorf("%+v, %v", said, err)
	}
	f = newFake(t, reply(400, `{"code":20001,"message":"`+strings.Repeat("é", 4000)+`"}`))
	if _, err = f.invite(t.Context()); len(err.Error()) > 2*maxMessage {
		t.Errorf("a message of %d bytes", len(err.Error()))
	}
}

func TestErrorsOfOthers(t *testing.T) {
	other := errors.New("other")
	if OutcomeOf(nil) != Done || OutcomeOf(other) != Unknown || !MayHaveHappened(other) || NotDone(nil) || CodeOf(other) != 0 {
		t.Error("an error of somebody else must count as unknown, and nil as done")
	}
}
