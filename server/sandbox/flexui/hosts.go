package flexui

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// allHosts are the hosts of Twilio's that Flex asks, by their first label.
func (s *Server) allHosts(tsock http.Handler) map[string]http.Handler {
	return map[string]http.Handler{
		"":             s.pageHost(),
		"flex-api":     s.flexAPI(),
		"flex":         s.hostedFlex(),
		"status":       s.status(),
		"media":        s.media(),
		"iam":          s.iam(),
		"assets":       s.assets(),
		"event-bridge": s.eventBridge(),
		"tsock":        tsock,
		// The REST API of the same account, for whoever has its credentials.
		"taskrouter": s.account.Handler(), "conversations": s.account.Handler(),
	}
}

// ServeHTTP answers by the request's Host: Twilio's names, and this machine's for the page's own host. Other names are
// refused: one that a foreign page had made resolve to 127.0.0.1 would sign it in.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	label := ""
	if host := hostOf(r); strings.HasSuffix(host, ".twilio.com") || strings.HasSuffix(host, ".twiliocdn.com") {
		label, _, _ = strings.Cut(host, ".")
	}
	s.logger.Debug("flexui", "method", r.Method, "host", r.Host, "path", r.URL.Path)
	if host := hostOf(r); label == "" && (host == "localhost" || net.ParseIP(host).IsLoopback()) {
		s.hosts[""].ServeHTTP(w, r)
		return
	}
	if allowOrigin(w, r) {
		return
	}
	if h := s.hosts[label]; h != nil && label != "" {
		h.ServeHTTP(w, r)
		return
	}
	s.nobody(w, r)
}

func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(host)
}

// allowOrigin lets any page read the answers, with credentials, as Twilio does for Flex wherever it is hosted; and answers
// preflights, which it says by true.
func allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	h.Set("Access-Control-Allow-Private-Network", "true")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// nobody answers what nobody imitates, and notes it.
func (s *Server) nobody(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + hostOf(r) + r.URL.Path
	s.note(what)
	refuse(w, &sandbox.Error{Status: http.StatusNotFound, Code: 20404, Message: "The sandbox does not imitate " + what})
}

// note remembers what nobody imitates.
func (s *Server) note(what string) {
	s.logger.Warn("flexui: nobody imitates this", "request", what)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.unknown, what) && len(s.unknown) < 1000 {
		s.unknown = append(s.unknown, what)
	}
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// refuse writes an error as Twilio does. One that is not a *sandbox.Error is a fault of the sandbox itself.
func refuse(w http.ResponseWriter, err error) {
	var e *sandbox.Error
	if !errors.As(err, &e) {
		e = &sandbox.Error{Status: http.StatusInternalServerError, Code: 20500, Message: err.Error()}
	}
	answer(w, e.Status, map[string]any{"code": e.Code, "message": e.Message, "status": e.Status})
}

func invalid(message string) error {
	return &sandbox.Error{Status: http.StatusBadRequest, Code: 20001, Message: message}
}
