package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// pathHealth is where whoever runs the process asks whether it lives.
const pathHealth = "/healthz"

// readyTimeout bounds the question whether the backend is ready.
const readyTimeout = 3 * time.Second

// Starting answers while there is no API yet: the process lives, and everything
// else is refused with 503 and when to come again.
func Starting() http.Handler {
	return identified(securityHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == pathHealth {
			health(w, r)
			return
		}
		p := problemOf(refuse(transfer.ReasonServiceUnavailable, "", "The service is starting. Nothing was changed; try again in a moment."), requestID(r))
		p.answer(w)
	})))
}

// health says that the process answers, and nothing more.
func health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, []byte(`{"status":"ok"}`))
}

// ready says whether requests should be sent here. Why not is in the log: the
// answer is for anybody.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if a.streams.draining() {
		a.failQuietly(w, r, refuse(transfer.ReasonServiceUnavailable, "", "The service is shutting down."))
		return
	}
	if err := a.Ready(ctx); err != nil {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable, Cause: err})
		return
	}
	writeJSON(w, http.StatusOK, []byte(`{"status":"ready"}`))
}
