package httpapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const authToken = "the account's auth token"

// sign is Twilio's signature: HMAC-SHA1 of the address with, for a form, its
// sorted keys each followed by its value.
func sign(address, form string) string {
	values, _ := url.ParseQuery(form)
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		address += key + values.Get(key)
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(address))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signingWorld checks signatures for real and keeps the events.
func signingWorld() (*world, *[]Event) {
	w := newWorld()
	events := new([]Event)
	w.signed = func(address, contentType string, body []byte, signature string) bool {
		form := string(body)
		if strings.Contains(address, "bodySHA256=") {
			form = ""
		}
		return hmac.Equal([]byte(sign(address, form)), []byte(signature))
	}
	w.apply = func(_ context.Context, e Event) error {
		*events = append(*events, e)
		return nil
	}
	return w, events
}

func formHook(path, form string) *http.Request {
	return request("POST", path, form, "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8",
		"X-Twilio-Signature", sign(publicURL+path, form))
}

func jsonHook(path, body string) *http.Request {
	sum := sha256.Sum256([]byte(body))
	path += "?bodySHA256=" + hex.EncodeToString(sum[:])
	return request("POST", path, body, "Content-Type", "application/json", "X-Twilio-Signature", sign(publicURL+path, ""))
}

func TestWebhooksBecomeEvents(t *testing.T) {
	for _, c := range []struct {
		name string
		r    *http.Request
		want Event
	}{
		{
			"TaskRouter",
			formHook("/webhooks/taskrouter", "EventType=reservation.accepted&Sid=EV1&TaskSid=WT1&TaskAttributes=%7B%22a%22%3A%22%C3%BC+%26%22%7D"),
			Event{"taskrouter", "reservation.accepted", "EV1", map[string]string{
				"EventType": "reservation.accepted", "Sid": "EV1", "TaskSid": "WT1", "TaskAttributes": `{"a":"ü &"}`}},
		},
		{
			"Conversations",
			formHook("/webhooks/conversations", "EventType=onConversationStateUpdated&StateTo=closed&Empty="),
			Event{"conversations", "onConversationStateUpdated", "", map[string]string{
				"EventType": "onConversationStateUpdated", "StateTo": "closed", "Empty": ""}},
		},
		{
			"Interactions as a form",
			formHook("/webhooks/interactions", "EventType=onParticipantLeft&InteractionSid=KD1"),
			Event{"interactions", "onParticipantLeft", "", map[string]string{"EventType": "onParticipantLeft", "InteractionSid": "KD1"}},
		},
		{
			"Interactions as JSON",
			jsonHook("/webhooks/interactions", `{"eventType":"onChannelCreated","n":1.5,"ok":true,"none":null,"inner":{"a":[1]}}`),
			Event{"interactions", "onChannelCreated", "", map[string]string{
				"eventType": "onChannelCreated", "n": "1.5", "ok": "true", "none": "", "inner": `{"a":[1]}`}},
		},
		{
			"with a query of its own",
			formHook("/webhooks/taskrouter?a=b%20c&d=&e", "EventType=task.canceled&Sid=EV2"),
			Event{"taskrouter", "task.canceled", "EV2", map[string]string{"EventType": "task.canceled", "Sid": "EV2"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, events := signingWorld()
			resp := do(w.api(t), c.r)
			if resp.StatusCode != 204 || bodyOf(t, resp) != "" {
				t.Fatal(resp.StatusCode)
			}
			if len(*events) != 1 || !reflect.DeepEqual((*events)[0], c.want) {
				t.Errorf("got %+v, want %+v", *events, c.want)
			}
		})
	}
}

func TestDeliveryIDComesFromTheHeaderWhereTheBodyHasNone(t *testing.T) {
	const id = "4b3b0f3d-79b2-4d0e-a9a4-000000000000"
	w, events := signingWorld()
	a := w.api(t)
	for _, c := range []struct{ path, form, token, want string }{
		{"/webhooks/conversations", "EventType=x", id, id},
		{"/webhooks/taskrouter", "EventType=x&Sid=EV1", id, "EV1"},
		{"/webhooks/conversations", "EventType=x", strings.Repeat("x", 100), ""},
	} {
		r := formHook(c.path, c.form)
		r.Header.Set("I-Twilio-Idempotency-Token", c.token)
		do(a, r)
		if got := (*events)[len(*events)-1].ID; got != c.want {
			t.Errorf("ID %q, want %q", got, c.want)
		}
	}
}

func TestRepeatedWebhooksArePassedOn(t *testing.T) {
	w, events := signingWorld()
	a := w.api(t)
	for range 3 {
		if resp := do(a, formHook("/webhooks/taskrouter", "EventType=task.created&Sid=EV1")); resp.StatusCode != 204 {
			t.Fatal(resp.StatusCode)
		}
	}
	if len(*events) != 3 {
		t.Errorf("%d events", len(*events))
	}
}

// TestForgedWebhooks takes a signed one and changes one thing.
func TestForgedWebhooks(t *testing.T) {
	const form = "EventType=task.created&Sid=EV1"
	good := func() *http.Request { return formHook("/webhooks/taskrouter?a=1", form) }
	change := func(f func(*http.Request)) *http.Request { r := good(); f(r); return r }
	signature := good().Header.Get("X-Twilio-Signature")
	jsonBody := `{"EventType":"onChannelCreated"}`
	signedJSON := jsonHook("/webhooks/interactions", jsonBody)
	unhashed := sign(publicURL+"/webhooks/interactions", "")
	for name, r := range map[string]*http.Request{
		"no signature":    change(func(r *http.Request) { r.Header.Del("X-Twilio-Signature") }),
		"empty signature": change(func(r *http.Request) { r.Header.Set("X-Twilio-Signature", "") }),
		"two signatures":  change(func(r *http.Request) { r.Header.Add("X-Twilio-Signature", signature) }),
		"other signature": change(func(r *http.Request) { r.Header.Set("X-Twilio-Signature", sign(publicURL, form)) }),
		"other query":     request("POST", "/webhooks/taskrouter?a=2", form, "Content-Type", formType, "X-Twilio-Signature", signature),
		"other encoding":  request("POST", "/webhooks/taskrouter?a=%31", form, "Content-Type", formType, "X-Twilio-Signature", signature),
		"other product":   request("POST", "/webhooks/conversations?a=1", form, "Content-Type", formType, "X-Twilio-Signature", signature),
		"other body":      request("POST", "/webhooks/taskrouter?a=1", form+"0", "Content-Type", formType, "X-Twilio-Signature", signature),
		"other JSON": request("POST", signedJSON.RequestURI, `{"EventType":"forged"}`, "Content-Type", jsonType,
			"X-Twilio-Signature", signedJSON.Header.Get("X-Twilio-Signature")),
		"JSON without a hash": request("POST", "/webhooks/interactions", jsonBody, "Content-Type", jsonType, "X-Twilio-Signature", unhashed),
		"JSON with two hashes": request("POST", signedJSON.RequestURI+"&bodySHA256=00", jsonBody, "Content-Type", jsonType,
			"X-Twilio-Signature", sign(publicURL+signedJSON.RequestURI+"&bodySHA256=00", "")),
		"forged host": change(func(r *http.Request) {
			r.Host = "evil.example.com"
			r.Header.Set("X-Forwarded-Host", "evil.example.com")
			r.Header.Set("X-Twilio-Signature", sign("https://evil.example.com/webhooks/taskrouter?a=1", form))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			w, events := signingWorld()
			expect(t, do(w.api(t), r), 403, transfer.ReasonForbidden)
			if len(*events) != 0 {
				t.Error("a forged webhook was taken in")
			}
		})
	}
}

func TestWebhookHoldsBehindAProxy(t *testing.T) {
	w, _ := signingWorld()
	r := formHook("/webhooks/taskrouter", "EventType=task.created")
	r.Host = "10.0.0.7:8080"
	if resp := do(w.api(t, func(o *Options) { o.PublicURL = publicURL + "/" }), r); resp.StatusCode != 204 {
		t.Error(resp.StatusCode)
	}
}

func TestMalformedWebhooks(t *testing.T) {
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		code   transfer.Reason
		field  string
	}{
		"repeated key":      {formHook("/webhooks/taskrouter", "EventType=a&Sid=1&Sid=2"), 400, "BAD_REQUEST", "Sid"},
		"bad escape":        {formHook("/webhooks/taskrouter", "EventType=a&b=%zz"), 400, "BAD_REQUEST", ""},
		"no type":           {formHook("/webhooks/taskrouter", "Sid=EV1"), 400, "BAD_REQUEST", "EventType"},
		"empty":             {formHook("/webhooks/conversations", ""), 400, "BAD_REQUEST", "EventType"},
		"JSON array":        {jsonHook("/webhooks/interactions", "[]"), 400, "BAD_REQUEST", ""},
		"JSON cut off":      {jsonHook("/webhooks/interactions", `{"EventType":"a"`), 400, "BAD_REQUEST", ""},
		"JSON and more":     {jsonHook("/webhooks/interactions", `{"EventType":"a"}{}`), 400, "BAD_REQUEST", ""},
		"JSON repeated key": {jsonHook("/webhooks/interactions", `{"EventType":"a","EventType":"b"}`), 400, "BAD_REQUEST", "EventType"},
		"JSON deep":         {jsonHook("/webhooks/interactions", `{"EventType":`+strings.Repeat("[", 9999)), 400, "BAD_REQUEST", ""},
		"too large":         {formHook("/webhooks/taskrouter", "EventType=a&b="+strings.Repeat("x", maxWebhook)), 413, "TOO_LARGE", ""},
		"text":              {request("POST", "/webhooks/taskrouter", "x", "Content-Type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		"no content type":   {request("POST", "/webhooks/taskrouter", "x"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		"unknown product":   {formHook("/webhooks/video", "EventType=a"), 404, "NOT_FOUND", ""},
		"GET":               {request("GET", "/webhooks/taskrouter", ""), 405, "METHOD_NOT_ALLOWED", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, events := signingWorld()
			if f := expect(t, do(w.api(t), c.r), c.status, c.code); f.Field != c.field {
				t.Errorf("field %q, want %q", f.Field, c.field)
			}
			if len(*events) != 0 {
				t.Error("it was taken in")
			}
		})
	}
}

func TestLargestWebhook(t *testing.T) {
	w, events := signingWorld()
	form := "EventType=a&b="
	form += strings.Repeat("x", maxWebhook-len(form))
	if resp := do(w.api(t), formHook("/webhooks/taskrouter", form)); resp.StatusCode != 204 || len(*events) != 1 {
		t.Fatal(resp.StatusCode)
	}
}

func TestWebhookThatCannotBeTakenInIsTriedAgain(t *testing.T) {
	for _, err := range []error{errors.New("ledger gone"), &transfer.Refusal{Reason: transfer.ReasonNotFound, Cause: errors.New("ledger gone")}} {
		w, _ := signingWorld()
		w.apply = func(ctx context.Context, _ Event) error {
			if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
				t.Error("the event ends with its sender, or never")
			}
			return err
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		resp := do(w.api(t), formHook("/webhooks/taskrouter", "EventType=a").WithContext(ctx))
		expect(t, resp, 503, transfer.ReasonServiceUnavailable)
		if resp.Header.Get("Retry-After") == "" || !strings.Contains(w.log.String(), err.Error()) {
			t.Error("no Retry-After, or nothing in the log")
		}
	}
}
