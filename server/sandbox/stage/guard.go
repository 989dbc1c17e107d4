package stage

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// guarded lets through what comes from this machine and from no other page.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if problem := stranger(r); problem != "" {
			refuse(w, &sandbox.Error{Status: http.StatusForbidden, Code: 20403, Message: problem})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// stranger says why a request may not act, or "" if it may. The Host header is
// looked at because a foreign name that resolves to 127.0.0.1 would make a
// foreign page same-origin.
func stranger(r *http.Request) string {
	switch {
	case !loopbackAddress(r.RemoteAddr):
		return "The stage answers this machine only"
	case !loopbackName(r.Host):
		return "The stage answers to localhost and loopback addresses only"
	case !sameOrigin(r):
		return "The stage answers pages of its own origin only"
	}
	return ""
}

func loopbackAddress(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return false
	}
	host, _, _ = strings.Cut(host, "%") // the zone of an IPv6 address
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// loopbackName takes a Host header, with or without a port.
func loopbackName(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// sameOrigin believes what browsers say in headers that a page cannot set;
// other programs send neither and are let through.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origins := r.Header.Values("Origin")
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	return true
}
