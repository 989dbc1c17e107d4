package twilioapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// canned answers every request with the same.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Request: r, Body: io.NopCloser(bytes.NewReader(c.body)),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

func cannedClient(t *testing.T, status int, body []byte) *Client {
	t.Helper()
	c, err := New(Options{
		AccountSID: accountSID, WorkspaceSID: workspaceSID, APIKey: sid("SK", "1"), APISecret: testSecret, Pace: Unpaced,
		Transport: canned{status, body},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzTokenAnswer reads what may come in the place of a verdict about a token: no answer but a clear one makes it valid,
// and the token is in no error.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, []byte(`{"valid":true,"worker_sid":"WK00000000000000000000000000000001","roles":["agent"],"expiration":1767323045}`))
	f.Add(400, []byte(`{"valid":false,"code":20101,"message":"secret-token"}`))
	f.Add(403, []byte(`<html>secret-token</html>`))
	f.Add(200, []byte(`{"valid":null}`))
	f.Add(200, []byte(`{"valid":"true"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		const token = "secret-token"
		a := cannedClient(t, status, body).newAttempt(t.Context())
		a.secret, a.status, a.body = token, status, bytes.NewBuffer(body)
		said, err := a.token(nil)
		if said.Valid && (err != nil || !bytes.Contains(body, []byte("true"))) {
			t.Fatalf("%s: %+v, %v", body, said, err)
		}
		if said.WorkerSID != "" && !transfer.ValidSID(said.WorkerSID, "WK") || strings.Contains(said.Message, token) {
			t.Fatalf("%s: %+v", body, said)
		}
	})
}

// FuzzErrorAnswer reads what may come in the place of an error of Twilio's: what is said about it holds no secret, is one
// line, and claims that nothing has changed only where Twilio said so.
func FuzzErrorAnswer(f *testing.F) {
	f.Add(404, []byte(`{"code":20404,"message":"not found","status":404}`))
	f.Add(429, []byte(`{"code":45780,"message":"Too many requests"}`))
	f.Add(502, []byte(`<html>`+testSecret+`</html>`))
	f.Add(400, []byte(`{"code":1,"message":"`+testSecret+`\nsecond line"}`))
	f.Add(302, []byte(``))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 100 || status > 999 {
			status = 500
		}
		a := cannedClient(t, status, body).newAttempt(t.Context())
		a.status, a.body = status, bytes.NewBuffer(body)
		e := a.failure("x", nil)
		if e == nil {
			if status < 200 || status >= 300 {
				t.Fatalf("%d is a success", status)
			}
			return
		}
		if text := e.Error(); strings.Contains(text, testSecret) || strings.ContainsAny(text, "\r\n") || len(text) > 2*maxMessage {
			t.Errorf("%d %q: %q", status, body, text)
		}
		if status >= 500 && e.Outcome != Unknown {
			t.Errorf("%d %q: %s", status, body, e.Outcome)
		}
	})
}

// FuzzListAnswer reads what may come in the place of a page of a list: it ends, and what it names as the next page is
// asked of Twilio, wherever it says that it is.
func FuzzListAnswer(f *testing.F) {
	f.Add([]byte(`{"participants":[{"sid":"UT1","type":"agent","routing_properties":{"task_sid":"WT1"}}],"meta":{"next_page_url":null}}`))
	f.Add([]byte(`{"participants":[],"meta":{"next_page_url":"https://evil.example/x?Page=1"}}`))
	f.Add([]byte(`{"participants":[{"routing_properties":"text"}],"meta":{}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		hosts := map[string]bool{}
		c := cannedClient(t, 200, body)
		c.transport = noting{canned{200, body}, hosts}
		_, _ = c.Participants(within(t, 50*time.Millisecond), interactionSID, channelSID) // an answer that cannot be read is tried again
		delete(hosts, "flex-api.twilio.com")
		if len(hosts) > 0 {
			t.Errorf("%q led to %v", body, hosts)
		}
	})
}

type noting struct {
	http.RoundTripper
	hosts map[string]bool
}

func (n noting) RoundTrip(r *http.Request) (*http.Response, error) {
	n.hosts[r.URL.Host] = true
	return n.RoundTripper.RoundTrip(r)
}

// FuzzWebhook checks signatures of what anybody may send: nobody without the auth token is believed.
func FuzzWebhook(f *testing.F) {
	address := "https://transfer.example.com/webhooks/taskrouter"
	f.Add(address, []byte("EventType=x&TaskSid=y"), "application/x-www-form-urlencoded", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	f.Add(address+"?bodySHA256=00", []byte("{}"), "application/json", "x")
	f.Add("http://[::1", []byte("%zz"), "application/x-www-form-urlencoded; charset=utf-8", "")
	f.Fuzz(func(t *testing.T, address string, body []byte, contentType, signature string) {
		if err := VerifyWebhook(testToken, address, body, contentType, signature); err == nil {
			t.Errorf("%q, signed %q, is believed", body, signature)
		}
		if err := VerifyWebhook("", address, body, contentType, signature); err == nil {
			t.Errorf("%q is believed without an auth token", body)
		}
	})
}
