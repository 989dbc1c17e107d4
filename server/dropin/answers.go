package dropin

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// success is the answer where there is nothing more to say.
type success struct {
	Success bool `json:"success"`
}

// failure is how the template answers what went wrong.
type failure struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
	// Error is the same for the older sample.
	Error string `json:"error,omitempty"`
}

// rejection is how the template answers parameters that do not do.
type rejection struct {
	Data    any    `json:"data"` // null
	Message string `json:"message"`
}

// unauthorized is answered with 403 and its text.
type unauthorized string

// Error is the text. Source: twilio-flex-token-validator, which words it so.
func (u unauthorized) Error() string { return "Unauthorized: " + string(u) }

// flood is the error of a worker who asks too often.
type flood struct {
	wait time.Duration
	text string
}

// Error is the text for the agent.
func (f *flood) Error() string { return f.text }

// again are the reasons for which it makes sense that the plugin asks again by
// itself: nothing has been decided.
var again = map[transfer.Reason]bool{
	transfer.ReasonTwilioBusy: true, transfer.ReasonTwilioUnavailable: true,
	transfer.ReasonServiceUnavailable: true, transfer.ReasonRequestUnderWay: true,
}

// fail answers with the error, in the template's shapes.
func (d *DropIn) fail(w http.ResponseWriter, r *http.Request, e endpoint, err error) {
	var bad *badParameters
	var denied unauthorized
	var often *flood
	var refusal *transfer.Refusal
	switch {
	case errors.As(err, &denied):
		d.note(r, slog.LevelInfo, http.StatusForbidden, err)
		writeText(w, http.StatusForbidden, denied.Error())
	case errors.As(err, &bad):
		d.note(r, slog.LevelInfo, bad.status, err)
		writeJSON(w, bad.status, rejection{Message: bad.message})
	case errors.As(err, &often):
		d.note(r, slog.LevelWarn, http.StatusTooManyRequests, err)
		d.refuse(w, e, http.StatusTooManyRequests, often.Error(), often.wait)
	case errors.As(err, &refusal) && refusal.Reason == transfer.ReasonMethodNotAllowed:
		d.refuse(w, e, http.StatusMethodNotAllowed, refusal.Error(), 0)
	case errors.As(err, &refusal) && again[refusal.Reason]:
		d.note(r, slog.LevelWarn, http.StatusTooManyRequests, err)
		d.refuse(w, e, http.StatusTooManyRequests, d.text(r, refusal), time.Second)
	case errors.As(err, &refusal) && refusal.Reason != transfer.ReasonInternal:
		d.note(r, slog.LevelInfo, http.StatusInternalServerError, err)
		d.refuse(w, e, http.StatusInternalServerError, d.text(r, refusal), 0)
	default:
		d.note(r, slog.LevelError, http.StatusInternalServerError, err)
		text := d.text(r, &transfer.Refusal{Reason: transfer.ReasonInternal})
		d.refuse(w, e, http.StatusInternalServerError, text+" (Request "+recordOf(r).id+".)", 0)
	}
}

// refuse answers that something was not done.
func (d *DropIn) refuse(w http.ResponseWriter, e endpoint, status int, message string, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	f := failure{Message: message}
	if e.sample {
		f.Error = message
	}
	writeJSON(w, status, f)
}

// text is what the agent is told, in the language that the browser asks for.
func (d *DropIn) text(r *http.Request, refusal *transfer.Refusal) string {
	if d.Text != nil && refusal.Detail == "" {
		if text := d.Text(r.Header.Get("Accept-Language"), refusal.Reason); text != "" {
			return text
		}
	}
	return refusal.Error()
}

// note logs why a request was refused: no parameter's value is in it.
func (d *DropIn) note(r *http.Request, level slog.Level, status int, err error) {
	attrs := []slog.Attr{
		slog.String("request", recordOf(r).id), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.String("error", err.Error()),
	}
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) {
		attrs = append(attrs, slog.String("code", string(refusal.Reason)))
		if refusal.Cause != nil {
			attrs = append(attrs, slog.String("cause", refusal.Cause.Error()))
		}
	}
	d.Logger.LogAttrs(r.Context(), level, "drop-in: request refused", attrs...)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("dropin: %v", err)) // texts and booleans can be written
	}
	write(w, status, "application/json", text)
}

func writeText(w http.ResponseWriter, status int, text string) {
	write(w, status, "text/plain; charset=utf-8", []byte(text))
}

func write(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the plugin is gone: nobody is left to be told
}
