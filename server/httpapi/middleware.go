package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/cors"
)

// corsMaxAge is how long a browser may keep the answer to a preflight, in
// seconds.
const corsMaxAge = 600

// pageCSP lets a page load scripts, styles and data from this backend alone,
// and compile WebAssembly.
const pageCSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"

// apiCSP is for answers that are no pages, should a browser show one.
const apiCSP = "default-src 'none'; frame-ancestors 'none'"

// wrap puts around the routes what every answer needs, outermost last.
func (a *API) wrap(next http.Handler) http.Handler {
	next = a.withCORS(next)
	next = securityHeaders(next)
	next = a.recovered(next)
	next = a.logged(next)
	return identified(next)
}

// record is what is noted of a request while it is answered, for the log.
type record struct {
	id      string
	worker  string
	arrived time.Time
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	rec, _ := r.Context().Value(recordKey{}).(*record)
	if rec == nil {
		return &record{arrived: time.Now()}
	}
	return rec
}

func requestID(r *http.Request) string { return recordOf(r).id }

func noteCaller(r *http.Request, by Caller) { recordOf(r).worker = by.WorkerSID }

// identified gives each request an ID: the proxy's, where it has a harmless
// form, else a random one.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !harmlessID(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordKey{}, &record{id: id, arrived: time.Now()})))
	})
}

func harmlessID(id string) bool {
	for i := 0; i < len(id); i++ {
		if c := id[i]; !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return 8 <= len(id) && len(id) <= 64
}

// logged writes one line for each answer: no query, no header, no body.
func (a *API) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := &countedWriter{ResponseWriter: w}
		began := time.Now()
		defer func() {
			level := slog.LevelInfo
			if r.URL.Path == pathHealth || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
				level = slog.LevelDebug
			}
			rec := recordOf(r)
			a.Logger.LogAttrs(r.Context(), level, "request",
				slog.String("request", rec.id),
				slog.String("method", clip(r.Method, 16)),
				slog.String("path", clip(r.URL.Path, 200)),
				slog.Int("status", counted.status),
				slog.Int64("bytes", counted.bytes),
				slog.Duration("took", time.Since(began)),
				slog.String("worker", rec.worker))
		}()
		next.ServeHTTP(counted, r)
	})
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// recovered answers 500 where a handler panics. Where the answer had begun, the
// connection is cut, so that the client does not take the half for the whole.
func (a *API) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			a.Logger.Error("panic", "request", requestID(r), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if begun(w) {
				panic(http.ErrAbortHandler)
			}
			a.fail(w, r, fmt.Errorf("panic: %v", cause))
		}()
		next.ServeHTTP(w, r)
	})
}

// securityHeaders sets what browsers need to know to keep the answers apart
// from other sites. What lies under /wasm/ may be loaded by Flex, which is
// another site, and carries no policy of its own: a worker would take it on.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		switch {
		case strings.HasPrefix(r.URL.Path, "/wasm/"):
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		case forPages(r.URL.Path):
			h.Set("Content-Security-Policy", pageCSP)
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		default:
			h.Set("Content-Security-Policy", apiCSP)
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// withCORS lets the configured origins call the API and load the module. With
// none configured nothing is added: rs/cors would take that for all of them.
// Cookies are never involved, so the origin "*" gives no more than anybody with
// a token has anyway.
func (a *API) withCORS(next http.Handler) http.Handler {
	if len(a.Origins) == 0 {
		return next
	}
	shared := cors.New(cors.Options{
		AllowedOrigins: a.Origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"},
		ExposedHeaders: []string{"ETag", "Location", "Retry-After", "X-Request-Id"},
		MaxAge:         corsMaxAge,
	}).Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") || strings.HasPrefix(r.URL.Path, "/wasm/") {
			shared.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
