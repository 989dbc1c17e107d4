package twilioapi

import (
	"net"
	"net/http"
	"time"
)

// newTransport is the connection pool for Twilio. Go's own keeps two idle connections a host, which at a few hundred
// requests a second means a new connection for nearly every one.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // Go's own, never replaced here
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 5 * time.Second
	t.MaxIdleConns = 512
	t.MaxIdleConnsPerHost = 128
	t.IdleConnTimeout = 60 * time.Second
	t.DisableCompression = true // answers are small; asking for gzip costs a reader per answer
	// A connection that died silently is found by a ping, not by the next agent's transfer.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}
