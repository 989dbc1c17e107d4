package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// The reasons that only this package gives.
const (
	// ReasonTooManyStreams: the worker has as many streams open as one may.
	ReasonTooManyStreams transfer.Reason = "TOO_MANY_STREAMS"
	// ReasonTooManyRequests: the worker makes more requests than one may.
	ReasonTooManyRequests transfer.Reason = "TOO_MANY_REQUESTS"
	// ReasonTooManyGuesses: the worker asks too often about conversations that
	// they are not in.
	ReasonTooManyGuesses transfer.Reason = "TOO_MANY_GUESSES"
	// ReasonModuleNotBuilt: this binary holds no wasm.
	ReasonModuleNotBuilt transfer.Reason = "MODULE_NOT_BUILT"
)

var ownMessages = map[transfer.Reason]string{
	ReasonTooManyStreams:  "This page is open in too many windows. Close some of them.",
	ReasonTooManyRequests: "You are asking faster than the transfer service allows. Nothing was changed; wait a moment, then try again.",
	ReasonTooManyGuesses:  "You have asked too often about conversations that you are not in. Nothing was changed; wait a moment, then try again.",
	ReasonModuleNotBuilt:  "This service was built without its browser module. Build it with make build.",
}

// statuses is the one place where a reason becomes an HTTP status.
var statuses = map[transfer.Reason]int{
	transfer.ReasonBadRequest:        http.StatusBadRequest,
	transfer.ReasonUnknownWireFormat: http.StatusBadRequest,
	transfer.ReasonUnauthenticated:   http.StatusUnauthorized,
	transfer.ReasonForbidden:         http.StatusForbidden,
	transfer.ReasonNotInConversation: http.StatusForbidden,
	transfer.ReasonTargetNotAllowed:  http.StatusForbidden,
	transfer.ReasonModeNotAllowed:    http.StatusForbidden,
	transfer.ReasonNotFound:          http.StatusNotFound,
	transfer.ReasonMethodNotAllowed:  http.StatusMethodNotAllowed,
	transfer.ReasonTooLarge:          http.StatusRequestEntityTooLarge,
	transfer.ReasonUnsupportedMedia:  http.StatusUnsupportedMediaType,

	// What cannot be now, and may be later.
	transfer.ReasonTaskNotAssigned:            http.StatusConflict,
	transfer.ReasonConversationNotActive:      http.StatusConflict,
	transfer.ReasonRequestUnderWay:            http.StatusConflict,
	transfer.ReasonTransferUnderWay:           http.StatusConflict,
	transfer.ReasonInviteOutstanding:          http.StatusConflict,
	transfer.ReasonTargetUnavailable:          http.StatusConflict,
	transfer.ReasonTargetAlreadyParticipating: http.StatusConflict,
	transfer.ReasonTargetAlreadyInvited:       http.StatusConflict,
	transfer.ReasonTooManyInvites:             http.StatusConflict,
	transfer.ReasonLeavingUnderWay:            http.StatusConflict,
	transfer.ReasonInviteUnderWay:             http.StatusConflict,
	transfer.ReasonLastAgent:                  http.StatusConflict,
	transfer.ReasonOthersInConversation:       http.StatusConflict,
	transfer.ReasonParticipantNotFound:        http.StatusConflict,
	transfer.ReasonInviteOver:                 http.StatusConflict,
	transfer.ReasonCancelUnderWay:             http.StatusConflict,
	transfer.ReasonNobodyWouldStay:            http.StatusConflict,

	// What was begun and failed.
	transfer.ReasonInviteRefused:   http.StatusConflict,
	transfer.ReasonInviteCanceled:  http.StatusConflict,
	transfer.ReasonCustomerLeft:    http.StatusConflict,
	transfer.ReasonInviteNotStored: http.StatusConflict,
	transfer.ReasonInviteWithdrawn: http.StatusConflict,
	transfer.ReasonInviteTimedOut:  http.StatusConflict,
	transfer.ReasonTargetDeclined:  http.StatusConflict,
	transfer.ReasonTargetWentOff:   http.StatusConflict,
	transfer.ReasonLeaveRefused:    http.StatusConflict,

	// What will not be, however often it is asked for.
	transfer.ReasonColdTransferOff:    http.StatusUnprocessableEntity,
	transfer.ReasonNativeTransfersOn:  http.StatusUnprocessableEntity,
	transfer.ReasonNotAConversation:   http.StatusUnprocessableEntity,
	transfer.ReasonModeNotEnabled:     http.StatusUnprocessableEntity,
	transfer.ReasonTargetNotFound:     http.StatusUnprocessableEntity,
	transfer.ReasonTargetIsSelf:       http.StatusUnprocessableEntity,
	transfer.ReasonQueueNotServed:     http.StatusUnprocessableEntity,
	transfer.ReasonAttributesTooLarge: http.StatusUnprocessableEntity,
	transfer.ReasonKeyReused:          http.StatusUnprocessableEntity,

	transfer.ReasonMultiParticipantOff:  http.StatusUnprocessableEntity,
	transfer.ReasonLeaveOnNotChoosable:  http.StatusUnprocessableEntity,
	transfer.ReasonReasonRequired:       http.StatusUnprocessableEntity,
	transfer.ReasonUnknownReason:        http.StatusUnprocessableEntity,
	transfer.ReasonNotesTooLong:         http.StatusUnprocessableEntity,
	transfer.ReasonCannotRemoveCustomer: http.StatusUnprocessableEntity,
	transfer.ReasonCannotRemoveSelf:     http.StatusUnprocessableEntity,

	// What a digest tells, and no answer has as its code.
	transfer.ReasonSummaryFailed: http.StatusBadGateway,
	transfer.ReasonDigestFailed:  http.StatusBadGateway,

	transfer.ReasonTwilioBusy:         http.StatusTooManyRequests,
	ReasonTooManyRequests:             http.StatusTooManyRequests,
	ReasonTooManyGuesses:              http.StatusTooManyRequests,
	ReasonTooManyStreams:              http.StatusTooManyRequests,
	transfer.ReasonTwilioRefused:      http.StatusBadGateway,
	transfer.ReasonTwilioUnavailable:  http.StatusServiceUnavailable,
	transfer.ReasonServiceUnavailable: http.StatusServiceUnavailable,
	ReasonModuleNotBuilt:              http.StatusServiceUnavailable,
	transfer.ReasonInternal:           http.StatusInternalServerError,
}

// retryAfter says, in seconds, when it makes sense to try again; 2 where a
// reason with status 429 or 503 is not named here.
var retryAfter = map[transfer.Reason]int{
	transfer.ReasonTwilioBusy: 1,
	ReasonTooManyGuesses:      1,
	ReasonTooManyStreams:      15,
	ReasonModuleNotBuilt:      60,
}

const defaultRetryAfter = 2

func message(reason transfer.Reason) string {
	if text := reason.Message(); text != "" {
		return text
	}
	return ownMessages[reason]
}

// refuse makes the error of a request that is refused with a text of its own.
func refuse(reason transfer.Reason, field, detail string) error {
	return &transfer.Refusal{Reason: reason, Field: field, Detail: detail}
}

// problem is an error as it is answered.
type problem struct {
	status         int
	reason         transfer.Reason
	message, field string
	// after is when to try again, in seconds; 0: by the reason.
	after int
	// own is true where the message is the request's own, not the reason's.
	own bool
}

// problemOf turns any error into what is answered. An error that is no refusal,
// or one with a reason that has no status, is INTERNAL: its text is for the
// log alone, and the agent gets the request's ID to pass on.
func problemOf(err error, requestID string) problem {
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) && refusal != nil {
		if status, known := statuses[refusal.Reason]; known && status != http.StatusInternalServerError {
			p := problem{after: comeAgain(err), status: status, reason: refusal.Reason, message: refusal.Detail, field: refusal.Field, own: true}
			if p.message == "" {
				p.message, p.own = message(refusal.Reason), false
			}
			return p
		}
	}
	return problem{
		status:  http.StatusInternalServerError,
		reason:  transfer.ReasonInternal,
		message: withRequest(message(transfer.ReasonInternal), requestID),
	}
}

// comeAgain is when the error itself says to try again, in seconds.
func comeAgain(err error) int {
	var t *tooMany
	if errors.As(err, &t) {
		return t.after
	}
	return 0
}

func withRequest(text, requestID string) string { return text + " (Request " + requestID + ".)" }

// translate says the problem in the language that the reader wants most. What
// is about one request in particular is said in English, as it is for
// programmers; pages have words of their own for every code.
func (a *API) translate(p *problem, r *http.Request) {
	if a.Text == nil || p.own {
		return
	}
	text := a.Text(r.Header.Get("Accept-Language"), p.reason)
	switch {
	case text == "":
	case p.reason == transfer.ReasonInternal:
		p.message = withRequest(text, requestID(r))
	default:
		p.message = text
	}
}

// fail answers with the error and logs its cause: as an error where it is ours
// and somebody is still waiting for the answer.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.logProblem(r, problemOf(err, requestID(r)), err)
	a.failQuietly(w, r, err)
}

// failQuietly is fail for what is as it should be.
func (a *API) failQuietly(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, requestID(r))
	a.translate(&p, r)
	p.answer(w)
}

// answer is the whole answer.
func (p problem) answer(w http.ResponseWriter) {
	p.setHeaders(w.Header())
	writeJSON(w, p.status, wire.AppendError(nil, string(p.reason), p.message, p.field))
}

// setHeaders takes back what was meant for a good answer, and says when to try
// again where that helps.
func (p problem) setHeaders(h http.Header) {
	for _, name := range []string{"Content-Encoding", "Content-Length", "ETag", "Last-Modified", "Location"} {
		h.Del(name)
	}
	if p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable {
		seconds, named := retryAfter[p.reason]
		switch {
		case p.after > 0:
			seconds = p.after
		case !named:
			seconds = defaultRetryAfter
		}
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
}

func (a *API) logProblem(r *http.Request, p problem, err error) {
	level := slog.LevelInfo
	if p.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request", requestID(r)),
		slog.String("code", string(p.reason)),
		slog.String("error", err.Error()),
	}
	if p.field != "" {
		attrs = append(attrs, slog.String("field", p.field))
	}
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) && refusal != nil && refusal.Cause != nil {
		attrs = append(attrs, slog.String("cause", refusal.Cause.Error()))
	}
	a.Logger.LogAttrs(r.Context(), level, "request refused", attrs...)
}

// writeJSON answers with a JSON body that nobody keeps.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody is left to be told
}
