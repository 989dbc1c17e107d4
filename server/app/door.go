package app

import (
	"io"
	"net/http"
	"sync/atomic"
)

// door stands before a backend that is still getting ready, such as one that waits
// for its ledger: whoever comes is told so at once, instead of waiting in a line
// that nobody answers.
type door struct{ open atomic.Pointer[http.Handler] }

// opens lets requests through from now on.
func (d *door) opens(to http.Handler) { d.open.Store(&to) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if next := d.open.Load(); next != nil {
		(*next).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == "/healthz" { // it lives
		_, _ = io.WriteString(w, `{"status":"ok"}`) // whoever has gone asks again
		return
	}
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"code":"SERVICE_UNAVAILABLE","message":"The transfer service is starting. Nothing was changed; try again in a moment."}`) // likewise
}
