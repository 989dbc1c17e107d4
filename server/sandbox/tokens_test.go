package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func (l *lab) validate(account, token string, status int) map[string]any {
	l.t.Helper()
	body, _ := json.Marshal(map[string]string{"token": token})
	req, _ := http.NewRequest("POST", "https://iam.twilio.com/v1/Accounts/"+account+"/Tokens/validate", bytes.NewReader(body))
	req.SetBasicAuth(l.AccountSID(), l.AuthToken())
	req.Header.Set("Content-Type", "application/json")
	res, err := l.Client().Do(req)
	noError(l.t, err)
	is(l.t, "status", res.StatusCode, status)
	v := map[string]any{}
	noError(l.t, json.NewDecoder(res.Body).Decode(&v))
	return v
}

func TestFlexTokens(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	ada := must[string](t)(l.IssueToken(l.WorkerSID("ada"), time.Hour))
	v := l.validate(l.AccountSID(), ada, 200)
	is(t, "valid", v["valid"], any(true))
	is(t, "worker_sid", v["worker_sid"], any(l.WorkerSID("ada")))
	is(t, "identity", v["identity"], any("ada"))
	is(t, "role", v["roles"].([]any)[0], any("agent"))
	is(t, "expiration", v["expiration"], any("2025-01-01T01:00:00Z"))
	sam := must[string](t)(l.IssueToken(l.WorkerSID("sam"), 2*time.Hour))
	is(t, "role", l.validate(l.AccountSID(), sam, 200)["roles"].([]any)[0], any("supervisor"))

	l.clock.Advance(time.Hour)
	v = l.validate(l.AccountSID(), ada, 200)
	is(t, "valid", v["valid"], any(false))
	is(t, "code", v["code"], any(20104.0))
	is(t, "sam is still in", l.validate(l.AccountSID(), sam, 200)["valid"], any(true))
	l.RevokeToken(sam)
	is(t, "revoked", l.validate(l.AccountSID(), sam, 200)["code"], any(20101.0))
	is(t, "forged", l.validate(l.AccountSID(), "FLEX.forged", 200)["valid"], any(false))
	l.validate(l.AccountSID(), "", 400)
	l.validate("AC00000000000000000000000000000000", ada, 404)
	_, err := l.IssueToken("WK00000000000000000000000000000000", time.Hour)
	wantError(t, err, 404, 20404)
}
