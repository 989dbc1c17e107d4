package httpapi

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// routes is the list of what the API answers. Paths are not cleaned: a redirect
// would turn a webhook's POST into a GET, and would break its signature.
func (a *API) routes() *mux.Router {
	m := mux.NewRouter().SkipClean(true)
	m.Handle("/v1/transfers", a.signedIn(a.startTransfer)).Methods(http.MethodPost)
	m.Handle("/v1/transfers/{id}", a.signedIn(a.findTransfer)).Methods(http.MethodGet)
	m.Handle("/v1/transfers/{id}/cancel", a.signedIn(a.cancelTransfer)).Methods(http.MethodPost)
	m.Handle("/v1/departures", a.signedIn(a.depart)).Methods(http.MethodPost)
	m.Handle("/v1/directory", a.signedIn(a.directory)).Methods(http.MethodGet)
	m.Handle("/v1/events", a.signedIn(a.events)).Methods(http.MethodGet)
	if a.ConfigStatus != nil {
		m.Handle("/v1/config", a.signedIn(a.config)).Methods(http.MethodGet)
	}
	m.HandleFunc("/v1/openapi.yaml", a.openAPI).Methods(http.MethodGet)
	m.HandleFunc("/webhooks/{product:taskrouter|conversations|interactions}", a.webhook).Methods(http.MethodPost)
	m.HandleFunc(pathHealth, health).Methods(http.MethodGet, http.MethodHead)
	m.HandleFunc("/readyz", a.ready).Methods(http.MethodGet, http.MethodHead)
	m.HandleFunc("/wasm/{name:.+}", a.serveModule).Methods(http.MethodGet, http.MethodHead)
	if a.Metrics != nil {
		m.Handle("/metrics", a.Metrics).Methods(http.MethodGet)
	}
	if a.Pages != nil {
		m.HandleFunc("/", a.servePage).Methods(http.MethodGet, http.MethodHead)
		m.HandleFunc("/web/{name:.*}", a.servePage).Methods(http.MethodGet, http.MethodHead)
	}
	m.NotFoundHandler = http.HandlerFunc(a.notFound)
	m.MethodNotAllowedHandler = a.methodNotAllowed(m)
	return m
}

// notFound answers people with text and programs with JSON.
func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	if forAPI(r.URL.Path) {
		a.fail(w, r, refuse(transfer.ReasonNotFound, "", "There is nothing at this address."))
		return
	}
	http.NotFound(w, r)
}

// methodNotAllowed names the methods that the address does take, as a 405 must.
func (a *API) methodNotAllowed(m *mux.Router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			probe := r.Clone(r.Context())
			probe.Method = method
			var match mux.RouteMatch
			if m.Match(probe, &match) && match.MatchErr == nil {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonMethodNotAllowed})
	})
}

// forAPI tells the addresses for programs from those for people.
func forAPI(path string) bool {
	return path != "/" && path != "/web" && !strings.HasPrefix(path, "/web/")
}

func forPages(path string) bool { return !forAPI(path) }
