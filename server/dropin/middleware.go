package dropin

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// methods are those that the endpoints take. Source: the template's functions.
const methods = "GET,POST,OPTIONS"

// record is what is noted of a request while it is answered, for the log.
type record struct {
	id     string
	worker string
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	if rec, ok := r.Context().Value(recordKey{}).(*record); ok {
		return rec
	}
	return &record{}
}

func noteCaller(r *http.Request, by Caller) { recordOf(r).worker = by.WorkerSID }

// served puts around an answer what each needs: headers, a line in the log
// without query and body, where tokens are, and an answer where it panics.
func (d *DropIn) served(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
	rec, began := &record{id: rand.Text()}, time.Now()
	r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
	counted := &statusWriter{ResponseWriter: w}
	d.setHeaders(w.Header(), r)
	w.Header().Set("X-Request-Id", rec.id)
	defer func() {
		if cause := recover(); cause != nil {
			d.Logger.Error("panic", "request", rec.id, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if counted.status != 0 {
				panic(http.ErrAbortHandler) // the half must not be taken for the whole
			}
			d.refuse(counted, endpoints[r.URL.Path], http.StatusInternalServerError, transfer.ReasonInternal.Message(), 0)
		}
		d.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("request", rec.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", counted.status), slog.Duration("took", time.Since(began)), slog.String("worker", rec.worker))
	}()
	answer(counted, r)
}

// setHeaders lets the configured origins read the answer, and keeps it from
// everybody else.
func (d *DropIn) setHeaders(h http.Header, r *http.Request) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	origin := r.Header.Get("Origin")
	switch {
	case slices.Contains(d.Origins, "*"):
		origin = "*"
	default:
		h.Add("Vary", "Origin")
		if origin == "" || !slices.Contains(d.Origins, origin) {
			return
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Content-Type")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Max-Age", "600")
	}
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
