package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// maxBody is more than any request that Twilio takes.
const maxBody = 1 << 20

// Handler serves every product; the request's Host header says which (flex-api.twilio.com, taskrouter.twilio.com,
// conversations.twilio.com, iam.twilio.com; a region and a port are allowed).
func (a *Account) Handler() http.Handler { return http.HandlerFunc(a.serveHTTP) }

func (a *Account) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is too large or broken", http.StatusRequestEntityTooLarge)
		return
	}
	out, err := a.serve(r.Context(), &incoming{method: r.Method, host: r.Host, url: r.URL, header: r.Header, body: body})
	if err != nil {
		return // the caller is gone
	}
	if out.reset {
		resetConnection(w)
		return
	}
	for k, v := range out.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

// resetConnection makes the caller's read fail with ECONNRESET, or at least end early where there is no TCP below.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// RoundTripper serves every product without a socket. It answers by the request's Host, or by its URL's host, and gives
// up with the context's error when the request's context ends. Resets are errors that wrap syscall.ECONNRESET.
func (a *Account) RoundTripper() http.RoundTripper { return roundTripper{a} }

type roundTripper struct{ account *Account }

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	in := &incoming{method: r.Method, host: host, url: r.URL, header: r.Header.Clone(), body: body}
	out, err := t.account.serve(r.Context(), in)
	if err != nil {
		return nil, err
	}
	if out.reset {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("sandbox: %w", syscall.ECONNRESET)}
	}
	return &http.Response{
		Status: strconv.Itoa(out.status) + " " + http.StatusText(out.status), StatusCode: out.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: out.header, ContentLength: int64(len(out.body)),
		Body: io.NopCloser(bytes.NewReader(out.body)), Request: r,
	}, nil
}
