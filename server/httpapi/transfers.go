package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

const (
	// maxRequest is the size in bytes of the largest request for a transfer.
	maxRequest = 16 << 10
	// maxIdempotencyKey is the length in bytes of the longest idempotency key.
	maxIdempotencyKey = 128
	// startTimeout bounds a start that goes on after its client has gone.
	startTimeout = 30 * time.Second
)

// startTransfer answers POST /v1/transfers: 201 where the invite exists, 202
// while it is still being worked on, 200 for a repeat of the same key, and 409
// with the transfer where Twilio refused it and nothing was changed.
func (a *API) startTransfer(w http.ResponseWriter, r *http.Request, by Caller) {
	key, err := idempotencyKey(r.Header)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	request, err := readRequest(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	// An agent who closes the page in the middle must not leave the invite in
	// doubt: what was begun is carried on without them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), startTimeout)
	defer cancel()
	out, err := a.Transfers.Start(ctx, by, request, key)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if out.Transfer.Phase == transfer.PhaseFailed {
		a.failTransfer(w, r, out)
		return
	}
	w.Header().Set("Location", "/v1/transfers/"+out.Transfer.ID)
	writeJSON(w, startStatus(out), appendOutcome(nil, out))
}

// startStatus is the status of a transfer that was begun. One that is still
// being worked on answers 202, repeat or not: that is what the page waits for.
func startStatus(o Outcome) int {
	switch {
	case o.Transfer.Phase == transfer.PhaseInviting, o.Transfer.Phase == transfer.PhaseSearching:
		return http.StatusAccepted
	case o.Repeated:
		return http.StatusOK
	}
	return http.StatusCreated
}

// failTransfer answers 409 with why the transfer failed and with the transfer.
func (a *API) failTransfer(w http.ResponseWriter, r *http.Request, o Outcome) {
	reason := o.Transfer.Failure
	text := message(reason)
	if text == "" {
		reason = transfer.ReasonInviteRefused
		text = message(reason)
	}
	a.logProblem(r, problem{status: http.StatusConflict, reason: reason},
		errors.New("transfer "+o.Transfer.ID+" failed: "+o.Transfer.FailureDetail))
	body := json.NewWriter(nil)
	body.BeginObject()
	body.Key("code")
	body.String(string(reason))
	body.Key("message")
	body.String(text)
	body.Key("transfer")
	body.Raw(string(appendOutcome(nil, o)))
	body.EndObject()
	writeJSON(w, http.StatusConflict, body.Bytes())
}

// findTransfer answers GET /v1/transfers/{id}.
func (a *API) findTransfer(w http.ResponseWriter, r *http.Request, by Caller) {
	id := mux.Vars(r)["id"]
	if !transfer.ValidSID(id, "XT") {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonNotFound})
		return
	}
	out, err := a.Transfers.Find(r.Context(), by, id)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, appendOutcome(nil, out))
}

func appendOutcome(buf []byte, o Outcome) []byte {
	return wire.AppendTransfer(buf, o.InteractionSID, o.InteractionChannelSID, o.Transfer)
}

// readRequest reads the body, which must be JSON.
func readRequest(w http.ResponseWriter, r *http.Request) (transfer.Request, error) {
	kind, err := mediaType(r)
	if err != nil {
		return transfer.Request{}, err
	}
	if kind != "application/json" {
		return transfer.Request{}, &transfer.Refusal{Reason: transfer.ReasonUnsupportedMedia, Field: "Content-Type"}
	}
	body, err := readBody(w, r, maxRequest)
	if err != nil {
		return transfer.Request{}, err
	}
	request, err := wire.DecodeRequest(string(body))
	if err != nil {
		return transfer.Request{}, badRequest(err)
	}
	return request, nil
}

// badRequest makes the codec's error one for the agent, naming the field.
func badRequest(err error) error {
	var e *wire.Error
	if !errors.As(err, &e) {
		return &transfer.Refusal{Reason: transfer.ReasonBadRequest, Cause: err}
	}
	if e.Code == wire.CodeUnknownWireFormat {
		return &transfer.Refusal{Reason: transfer.ReasonUnknownWireFormat, Field: e.Path, Cause: err}
	}
	return &transfer.Refusal{
		Reason: transfer.ReasonBadRequest,
		Field:  e.Path,
		Detail: message(transfer.ReasonBadRequest) + " (" + e.Error() + ")",
		Cause:  err,
	}
}

// idempotencyKey returns the request's one idempotency key.
func idempotencyKey(h http.Header) (string, error) {
	const name = "Idempotency-Key"
	values := h.Values(name)
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", refuse(transfer.ReasonBadRequest, name, "The header Idempotency-Key is missing.")
	case len(values) > 1:
		return "", refuse(transfer.ReasonBadRequest, name, "The header Idempotency-Key is there twice.")
	case len(values[0]) > maxIdempotencyKey || !printable(values[0]):
		return "", refuse(transfer.ReasonBadRequest, name, "The header Idempotency-Key must be 1 to 128 printable characters of ASCII.")
	}
	return values[0], nil
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
