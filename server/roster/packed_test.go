package roster

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/flex-transfer/flex-transfer/wasm/directory"
)

func TestPackedIsFresh(t *testing.T) {
	r, f := newRoster(t)
	began := time.Now()
	first, err := r.Packed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Packed(t.Context())
	if err != nil || again != first {
		t.Errorf("packed anew with nothing changed, %v", err)
	}
	d, err := directory.Load(string(first.Text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if workers, queues := d.Size(); workers != 3 || queues != 2 {
		t.Errorf("%d workers, %d queues", workers, queues)
	}
	f.pass(time.Minute)
	r.Apply(f.event("worker.activity.update", with(ada, "Break")))
	changed, err := r.Packed(t.Context())
	if err != nil || changed.ETag == first.ETag || !bytes.Contains(changed.Text, []byte("Break")) {
		t.Errorf("the change is missing: %v", err)
	}
	if time.Since(began) < packEvery {
		t.Error("packed twice within a second")
	}
}

func TestPackedIsEncoded(t *testing.T) {
	r, _ := newRoster(t)
	p, err := r.Packed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := gzip.NewReader(bytes.NewReader(p.Encoded("gzip")))
	if err != nil {
		t.Fatal(err)
	}
	for name, reader := range map[string]io.Reader{"gzip": zipped, "br": brotli.NewReader(bytes.NewReader(p.Encoded("br")))} {
		if text, err := io.ReadAll(reader); err != nil || !bytes.Equal(text, p.Text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.Encoded("deflate") != nil {
		t.Error("a coding that is not there")
	}
}
