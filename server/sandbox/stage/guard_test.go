package stage

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		name, remote, host string
		headers            map[string]string
		allowed            bool
	}{
		{"program on this machine", "127.0.0.1:5000", "127.0.0.1:8080", nil, true},
		{"IPv6", "[::1]:5000", "[::1]:8080", nil, true},
		{"IPv6 with a zone", "[::1%lo]:5000", "localhost:8080", nil, true},
		{"another loopback address", "127.8.8.8:5000", "127.8.8.8", nil, true},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:5000", "localhost", nil, true},
		{"upper case", "127.0.0.1:5000", "LOCALHOST:8080", nil, true},
		{"own page", "127.0.0.1:5000", "localhost:8080",
			map[string]string{"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}, true},
		{"address bar", "127.0.0.1:5000", "localhost:8080", map[string]string{"Sec-Fetch-Site": "none"}, true},

		{"another machine", "192.0.2.7:5000", "127.0.0.1:8080", nil, false},
		{"another machine, IPv6", "[2001:db8::1]:5000", "localhost:8080", nil, false},
		{"unknown address", "", "localhost:8080", nil, false},
		{"pipe", "@", "localhost:8080", nil, false},
		{"foreign name for this machine", "127.0.0.1:5000", "evil.example:8080", nil, false},
		{"name that begins like localhost", "127.0.0.1:5000", "localhost.evil.example", nil, false},
		{"name that begins like an address", "127.0.0.1:5000", "127.0.0.1.evil.example", nil, false},
		{"unspecified address", "127.0.0.1:5000", "0.0.0.0:8080", nil, false},
		{"no host", "127.0.0.1:5000", "", nil, false},
		{"foreign page", "127.0.0.1:5000", "localhost:8080", map[string]string{"Origin": "https://evil.example"}, false},
		{"page of another port", "127.0.0.1:5000", "localhost:8080", map[string]string{"Origin": "http://localhost:9"}, false},
		{"page without an origin", "127.0.0.1:5000", "localhost:8080", map[string]string{"Origin": "null"}, false},
		{"other scheme", "127.0.0.1:5000", "localhost:8080", map[string]string{"Origin": "file://localhost:8080"}, false},
		{"cross-site without Origin", "127.0.0.1:5000", "localhost:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"same-site", "127.0.0.1:5000", "localhost:8080", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached := false
			guard := guarded(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
			req := httptest.NewRequest("GET", "/stage/live", nil)
			req.RemoteAddr, req.Host = c.remote, c.host
			for k, v := range c.headers {
				req.Header.Set(k, v)
			}
			rec := httptest.NewRecorder()
			guard.ServeHTTP(rec, req)
			if reached != c.allowed {
				t.Errorf("reached = %v, want %v (answer %d %s)", reached, c.allowed, rec.Code, rec.Body)
			}
			if !c.allowed && (rec.Code != http.StatusForbidden || rec.Header().Get("Content-Type") != "application/json") {
				t.Errorf("answer %d %q, want 403 in JSON", rec.Code, rec.Header().Get("Content-Type"))
			}
			if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers: %v", rec.Header())
			}
		})
	}
}
