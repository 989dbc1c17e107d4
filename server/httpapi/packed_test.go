package httpapi

import (
	"context"
	"errors"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestPackedDirectory(t *testing.T) {
	w := newWorld()
	o := w.options()
	var fails error
	o.Packed = func(context.Context) (Packed, error) {
		encoded := func(coding string) []byte {
			if coding == "gzip" {
				return []byte("zipped")
			}
			return nil
		}
		return Packed{Text: []byte("text"), ETag: `"abc"`, Encoded: encoded}, fails
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		accept, match, wantTag, wantBody string
		status                           int
	}{
		{"", "", `"abc"`, "text", 200},
		{"gzip, br", "", `"abc-gzip"`, "zipped", 200},
		{"deflate", "", `"abc"`, "text", 200},
		{"gzip", `"abc-gzip"`, `"abc-gzip"`, "", 304},
		{"gzip", `"x", W/"abc-gzip"`, `"abc-gzip"`, "", 304},
		{"gzip", `"abc"`, `"abc-gzip"`, "zipped", 200},
		{"", `*`, `"abc"`, "", 304},
	} {
		r := signedIn("GET", "/v1/directory", "")
		r.Header.Set("Accept", "text/plain")
		r.Header.Set("Accept-Encoding", c.accept)
		r.Header.Set("If-None-Match", c.match)
		resp := do(a, r)
		if body := bodyOf(t, resp); resp.StatusCode != c.status || body != c.wantBody || resp.Header.Get("ETag") != c.wantTag {
			t.Errorf("%+v: %d %q %s", c, resp.StatusCode, body, resp.Header.Get("ETag"))
		}
		if c.status == 200 && resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%v", resp.Header)
		}
	}
	fails = errors.New("not read")
	r := signedIn("GET", "/v1/directory", "")
	r.Header.Set("Accept", "text/plain")
	expect(t, do(a, r), 503, transfer.ReasonServiceUnavailable)
}
