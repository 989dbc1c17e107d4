package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// maxWebhook is the size in bytes of the largest webhook. A conversation's
	// attributes alone may be 16 kB, and some more when encoded as a form.
	maxWebhook = 256 << 10
	// webhookTimeout bounds the taking in of an event: TaskRouter waits for the
	// answer for 15 s.
	webhookTimeout = 10 * time.Second
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// eventFields names, for each product, the fields that hold an event's type and
// its ID; the first that is there counts. Conversations and Interactions send
// the delivery's ID as a header instead.
var eventFields = map[string]struct{ kind, id []string }{
	"taskrouter":    {kind: []string{"EventType"}, id: []string{"Sid"}},
	"conversations": {kind: []string{"EventType"}},
	"interactions":  {kind: []string{"EventType", "eventType", "type"}, id: []string{"EventSid", "eventSid", "id"}},
}

// webhook answers POST /webhooks/{product}. Repeats and events out of order are
// passed on: what takes them in compares with what it knows.
func (a *API) webhook(w http.ResponseWriter, r *http.Request) {
	kind, err := mediaType(r)
	if err != nil || kind != formType && kind != jsonType {
		err = refuse(transfer.ReasonUnsupportedMedia, "Content-Type", "A webhook must be a form or JSON.")
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body, err := readBody(w, r, maxWebhook)
	if err == nil {
		err = a.verifyWebhook(r, kind, body)
	}
	var event Event
	if err == nil {
		event, err = parseEvent(mux.Vars(r)["product"], r.Header, kind, body)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	// What Twilio has told is taken in even if it does not wait for the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), webhookTimeout)
	defer cancel()
	if err := a.Webhooks.Apply(ctx, event); err != nil {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable,
			Cause: fmt.Errorf("webhook %s %s %s: %w", event.Product, clip(event.Type, 64), clip(event.ID, 64), err)})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// verifyWebhook refuses what Twilio has not signed for exactly this address
// and body.
func (a *API) verifyWebhook(r *http.Request, kind string, body []byte) error {
	signatures := r.Header.Values("X-Twilio-Signature")
	if len(signatures) != 1 || signatures[0] == "" {
		return refuse(transfer.ReasonForbidden, "X-Twilio-Signature", "The webhook is not signed.")
	}
	if kind == jsonType && !bodyHashed(r.URL.RawQuery, body) {
		return refuse(transfer.ReasonForbidden, "bodySHA256", "The webhook's body is not the one that was signed.")
	}
	if !a.Webhooks.VerifySignature(a.PublicURL+requestURI(r), r.Header.Get("Content-Type"), body, signatures[0]) {
		return refuse(transfer.ReasonForbidden, "X-Twilio-Signature", "The webhook's signature is not Twilio's.")
	}
	return nil
}

// requestURI is the path and query exactly as they were sent.
func requestURI(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// bodyHashed reports whether the query holds the SHA-256 of the body, once:
// the signature of a JSON webhook covers the address alone, so the body counts
// only through it.
func bodyHashed(query string, body []byte) bool {
	values, err := url.ParseQuery(query)
	if err != nil || len(values["bodySHA256"]) != 1 {
		return false
	}
	sum := sha256.Sum256(body)
	return strings.EqualFold(values.Get("bodySHA256"), hex.EncodeToString(sum[:]))
}

// parseEvent makes an event out of a verified body.
func parseEvent(product string, h http.Header, kind string, body []byte) (Event, error) {
	parse := formFields
	if kind == jsonType {
		parse = jsonFields
	}
	fields, err := parse(string(body))
	if err != nil {
		return Event{}, err
	}
	names := eventFields[product]
	e := Event{Product: product, Type: first(fields, names.kind), ID: first(fields, names.id), Fields: fields}
	if delivery := h.Get("I-Twilio-Idempotency-Token"); e.ID == "" && harmlessID(delivery) {
		e.ID = delivery
	}
	if e.Type == "" {
		return Event{}, refuse(transfer.ReasonBadRequest, names.kind[0], "The webhook has no "+names.kind[0]+".")
	}
	return e, nil
}

func first(fields map[string]string, names []string) string {
	for _, name := range names {
		if v := fields[name]; v != "" {
			return v
		}
	}
	return ""
}

// formFields reads a form in which no key is there twice: of a repeated one,
// the signature covers the first value only.
func formFields(body string) (map[string]string, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, &transfer.Refusal{Reason: transfer.ReasonBadRequest, Detail: "The webhook's form is malformed.", Cause: err}
	}
	fields := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) != 1 {
			return nil, refuse(transfer.ReasonBadRequest, clip(name, 64), "A field of the webhook is there twice.")
		}
		fields[name] = all[0]
	}
	return fields, nil
}

// jsonFields reads an object in which no key is there twice. Strings are taken
// as they are, null as the empty string, and all other values as their JSON
// text.
func jsonFields(body string) (map[string]string, error) {
	fields := make(map[string]string)
	r := json.NewReader(body)
	err := r.Object(func(key string) error {
		if _, repeated := fields[key]; repeated {
			return refuse(transfer.ReasonBadRequest, clip(key, 64), "A field of the webhook is there twice.")
		}
		if r.Null() {
			fields[key] = ""
			return nil
		}
		var err error
		if r.Kind() == json.String {
			fields[key], err = r.String()
		} else {
			fields[key], err = r.Raw()
		}
		return err
	})
	if err == nil {
		err = r.End()
	}
	if refusal := (*transfer.Refusal)(nil); errors.As(err, &refusal) {
		return nil, refusal
	}
	if err != nil {
		return nil, &transfer.Refusal{Reason: transfer.ReasonBadRequest, Detail: "The webhook's JSON is malformed.", Cause: err}
	}
	return fields, nil
}
