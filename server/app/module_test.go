package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

// TestTheModuleIsServed fetches the built module from a whole backend, as
// browsers with and without compression do.
func TestTheModuleIsServed(t *testing.T) {
	t.Parallel()
	if _, err := dist.Manifest(); err != nil {
		t.Fatalf("this test needs the module, run make module: %v", err)
	}
	r := newRig(t, rigOptions{features: cold})
	header, text := r.fetch("/wasm/manifest.json", "identity")
	if got := header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("the manifest may be kept: %q", got)
	}
	var manifest struct {
		Module string
		Exec   string
		Bytes  int
	}
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Module == "" || manifest.Exec == "" {
		t.Fatalf("the manifest: %v\n%s", err, text)
	}
	for _, c := range []struct {
		accept, want string
		decode       func(io.Reader) (io.Reader, error)
	}{
		{"br", "br", func(b io.Reader) (io.Reader, error) { return brotli.NewReader(b), nil }},
		{"gzip", "gzip", func(b io.Reader) (io.Reader, error) { return gzip.NewReader(b) }},
		{"gzip, deflate, br, zstd", "br", func(b io.Reader) (io.Reader, error) { return brotli.NewReader(b), nil }},
		{"identity", "", func(b io.Reader) (io.Reader, error) { return b, nil }},
	} {
		t.Run(c.accept, func(t *testing.T) {
			for _, f := range []struct{ name, kind, begin string }{
				{manifest.Module, "application/wasm", "\x00asm\x01\x00\x00\x00"},
				{manifest.Exec, "text/javascript", "//"},
			} {
				header, body := r.fetch("/wasm/"+f.name, c.accept)
				if got := header.Get("Content-Type"); !strings.HasPrefix(got, f.kind) {
					t.Errorf("%s: Content-Type is %q", f.name, got)
				}
				if got := header.Get("Content-Encoding"); got != c.want {
					t.Errorf("%s: Content-Encoding is %q, want %q", f.name, got, c.want)
				}
				if got := header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
					t.Errorf("%s: Cache-Control is %q", f.name, got)
				}
				if got := header.Get("Vary"); !strings.Contains(got, "Accept-Encoding") {
					t.Errorf("%s: Vary is %q", f.name, got)
				}
				plain, err := c.decode(bytes.NewReader(body))
				if err != nil {
					t.Fatalf("%s: %v", f.name, err)
				}
				content, err := io.ReadAll(plain)
				if err != nil || !strings.HasPrefix(string(content), f.begin) {
					t.Errorf("%s: %v, begins with %q", f.name, err, content[:min(len(content), 8)])
				}
				if f.name == manifest.Module && len(content) != manifest.Bytes {
					t.Errorf("%s: %d bytes, the manifest says %d", f.name, len(content), manifest.Bytes)
				}
			}
		})
	}
}

// fetch gets a file as it is sent, compressed or not.
func (r *rig) fetch(path, accept string) (http.Header, []byte) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), "GET", r.server.URL+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Accept-Encoding", accept) // so that the client leaves the body as it is
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.Fatalf("%s: %d, %v, %.200s", path, resp.StatusCode, err, body)
	}
	return resp.Header, body
}
