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
	// maxRequest is the size in bytes of the largest request for a transfer: its
	// notes may be written with escapes. The other requests have nothing but SIDs.
	maxRequest      = 64 << 10
	maxSmallRequest = 4 << 10
	// maxIdempotencyKey is the length in bytes of the longest idempotency key.
	maxIdempotencyKey = 128
	// answerWithin is how long after its arrival a request is answered at the
	// latest, by what is known then: agents are promised 10 s.
	answerWithin = 9 * time.Second
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
	request, err := readRequest(w, r, maxRequest, wire.DecodeRequest)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ctx, cancel := outliving(r)
	defer cancel()
	var out Outcome
	err = a.about(by, request, func() (err error) { out, err = a.Transfers.Start(ctx, by, request, key); return err })
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

// outliving is the context of what is carried on without its client: an agent
// who closes the page in the middle must not leave anything in doubt. It ends
// in time for an answer; the time that the sign-in took counts.
func outliving(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithDeadline(context.WithoutCancel(r.Context()), recordOf(r).arrived.Add(answerWithin))
}

// inTime is the context of what is asked for its client alone. It ends as that of
// [outliving] does.
func inTime(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithDeadline(r.Context(), recordOf(r).arrived.Add(answerWithin))
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
	a.failWith(w, r, o.Transfer.Failure, transfer.ReasonInviteRefused, "transfer "+o.Transfer.ID+" failed: "+o.Transfer.FailureDetail,
		"transfer", appendOutcome(nil, o))
}

// failWith answers 409 with why something failed and with what it is, under its
// name. The cause is for the log; standard is the reason where there is none
// that agents can be told.
func (a *API) failWith(w http.ResponseWriter, r *http.Request, reason, standard transfer.Reason, cause, name string, record []byte) {
	text := message(reason)
	if text == "" {
		reason, text = standard, message(standard)
	}
	p := problem{status: http.StatusConflict, reason: reason, message: text}
	a.translate(&p, r)
	a.logProblem(r, p, errors.New(cause))
	body := json.NewWriter(nil)
	body.BeginObject()
	body.Key("code")
	body.String(string(reason))
	body.Key("message")
	body.String(p.message)
	body.Key(name)
	body.Raw(string(record))
	body.EndObject()
	writeJSON(w, http.StatusConflict, body.Bytes())
}

// cancelTransfer answers POST /v1/transfers/{id}/cancel: 200 with the transfer
// once it is recorded that its invite is to be taken back.
func (a *API) cancelTransfer(w http.ResponseWriter, r *http.Request, by Caller) {
	id := mux.Vars(r)["id"]
	if !transfer.ValidSID(id, "XT") {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonNotFound})
		return
	}
	request, err := readRequest(w, r, maxSmallRequest, wire.DecodeCancel)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	request.TransferID = id
	ctx, cancel := outliving(r)
	defer cancel()
	var out Outcome
	err = a.about(by, request, func() (err error) { out, err = a.Transfers.Cancel(ctx, by, request); return err })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, appendOutcome(nil, out))
}

// findTransfer answers GET /v1/transfers/{id}.
func (a *API) findTransfer(w http.ResponseWriter, r *http.Request, by Caller) {
	id := mux.Vars(r)["id"]
	if !transfer.ValidSID(id, "XT") {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonNotFound})
		return
	}
	ctx, cancel := inTime(r)
	defer cancel()
	out, err := a.Transfers.Find(ctx, by, id)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, appendOutcome(nil, out))
}

func appendOutcome(buf []byte, o Outcome) []byte {
	return wire.AppendTransfer(buf, o.InteractionSID, o.InteractionChannelSID, o.Transfer)
}

// readRequest reads the body, which must be JSON of at most so many bytes.
func readRequest(w http.ResponseWriter, r *http.Request, most int64, decode func(string) (transfer.Request, error)) (transfer.Request, error) {
	kind, err := mediaType(r)
	if err != nil {
		return transfer.Request{}, err
	}
	if kind != "application/json" {
		return transfer.Request{}, &transfer.Refusal{Reason: transfer.ReasonUnsupportedMedia, Field: "Content-Type"}
	}
	body, err := readBody(w, r, most)
	if err != nil {
		return transfer.Request{}, err
	}
	request, err := decode(string(body))
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
