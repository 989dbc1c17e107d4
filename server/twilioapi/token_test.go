package twilioapi

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestValidateToken(t *testing.T) {
	cases := []struct {
		name   string
		status int
		body   string
		want   Token
		err    Outcome
	}{
		{
			"valid", 200, `{"valid":true,"code":0,"message":null,"expiration":"2026-01-02T03:04:05Z","realm_user_id":"x",` +
				`"identity":"ada","roles":["agent","supervisor"],"worker_sid":"` + sid("WK", "1") + `"}`,
			Token{
				Valid: true, Identity: "ada", WorkerSID: sid("WK", "1"), Roles: []string{"agent", "supervisor"},
				Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			}, Done,
		},
		{"a worker SID that is none", 200, `{"valid":true,"worker_sid":"../x"}`, Token{Valid: true}, Done},
		{"expired", 200, `{"valid":false,"code":20104,"message":"Access Token expired"}`, Token{Code: 20104, Message: "Access Token expired"}, Done},
		{"said with a status", 400, `{"valid":false,"code":20101,"message":"no"}`, Token{Code: 20101, Message: "no"}, Done},
		{"our credentials", 401, `{"code":20003,"message":"Authenticate"}`, Token{}, Refused},
		{"valid, but an error", 400, `{"valid":true,"code":20001,"message":"x"}`, Token{}, Refused},
		{"no verdict", 200, `{"identity":"ada"}`, Token{}, Unknown},
		{"not JSON", 200, `yes`, Token{}, Unknown},
		{"false within a server error", 500, `{"valid":false,"code":1,"message":"x"}`, Token{}, Unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(within(t, time.Minute))
			defer cancel()
			f := newFake(t, reply(c.status, c.body), func(o *Options) { o.Observe = func(Call) { cancel() } }) // one answer is enough
			got, err := f.client.ValidateToken(ctx, "a.b.c")
			if OutcomeOf(err) != c.err {
				t.Fatalf("got %+v, %v", got, err)
			}
			if err == nil && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if err != nil && got.Valid {
				t.Error("valid in spite of an error")
			}
			r := f.seen()[0]
			if r.host != "iam.twilio.com" || r.path != "/v1/Accounts/"+accountSID+"/Tokens/validate" || r.body != `{"token":"a.b.c"}` || r.user == "" {
				t.Errorf("asked %+v", r)
			}
		})
	}
}

func TestValidateTokenWithoutAsking(t *testing.T) {
	f := newFake(t, reply(200, `{"valid":true}`))
	for _, token := range []string{"", strings.Repeat("x", maxToken+1)} {
		got, err := f.client.ValidateToken(t.Context(), token)
		if err != nil || got.Valid || len(f.seen()) != 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

func TestInstant(t *testing.T) {
	for raw, want := range map[string]int64{
		`1767323045`: 1767323045, `"2026-01-02T03:04:05Z"`: 1767323045, `null`: 0, `""`: 0, `"x"`: 0, `-5`: 0, ``: 0,
	} {
		got := instant(json.RawMessage(raw))
		if want == 0 && !got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}
