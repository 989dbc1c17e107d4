package flexui

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

//go:embed page.html
var pageSource string

var pages = template.Must(template.New("page").Parse(pageSource))

// pageHost is where the page is, with everything that it loads from its own host.
//
//	/                 Flex, where the address has a Token; otherwise a list of workers to sign in as
//	/as/{worker}      signs in the worker of that friendly name: a redirect to /?Token=…
//	/plugins          the plugin service
//	/flex-ui.js       the bundle
func (s *Server) pageHost() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /as/{worker}", s.signIn)
	mux.HandleFunc("GET /plugins", s.signedIn(s.plugins))
	mux.HandleFunc("GET /flex-ui.js", s.bundle)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && isFlexRoute(r.URL.Path):
			s.page(w, r)
		case s.options.Pages != nil:
			s.options.Pages.ServeHTTP(w, r)
		default:
			s.nobody(w, r)
		}
	})
	return mux
}

// isFlexRoute says whether a path is one of Flex's own, which it changes the address to: they are all the same page.
func isFlexRoute(path string) bool {
	for _, view := range []string{"/agent-desktop", "/teams", "/queues-stats", "/admin", "/login"} {
		if strings.HasPrefix(path, view) {
			return true
		}
	}
	return path == "/"
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	address, err := s.SignInURL(r.PathValue("worker"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, strings.TrimPrefix(address, s.URL()), http.StatusFound)
}

func (s *Server) bundle(w http.ResponseWriter, r *http.Request) {
	name := filepath.Join(s.options.BundleDir, "flex-ui.js")
	if _, err := os.Stat(name); s.options.BundleDir == "" || err != nil {
		http.Error(w, "The bundle of the Flex UI is missing: see server/sandbox/flexui/bundle", http.StatusNotFound)
		return
	}
	http.ServeFile(w, r, name)
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	config, err := json.Marshal(map[string]any{
		"pluginService":    map[string]any{"enabled": true, "url": s.URL() + "/plugins"},
		"sso":              map[string]any{"accountSid": s.account.AccountSID()},
		"disableTelemetry": true, "disableBrowserVoice": true, "initialDeviceCheck": false, "logLevel": "warn",
	})
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	data := struct {
		SignedIn bool
		Identity string // of whom the address signs in, for the window's title
		Workers  []sandbox.Worker
		Config   template.JS
	}{SignedIn: r.URL.Query().Get("Token") != "" || r.URL.Path != "/" || r.URL.Query().Has("resume"),
		Identity: r.URL.Query().Get("Identity"), Config: template.JS(config)}
	if !data.SignedIn {
		data.Workers = s.account.Snapshot().Workers
	}
	_ = pages.Execute(w, data)
}
