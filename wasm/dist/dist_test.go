package dist

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestManifestThereAndBack(t *testing.T) {
	want := Build{Module: "transfer.abc.wasm", Exec: "wasm_exec.def.js", Rules: "123", Bytes: 42}
	text := string(want.Append(nil))
	if text != `{"module":"transfer.abc.wasm","exec":"wasm_exec.def.js","rules":"123","bytes":42}` {
		t.Error(text)
	}
	files := fstest.MapFS{ManifestName: {Data: []byte(text)}, want.Module: {}, want.Exec: {}}
	if got, err := readManifest(files); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	delete(files, want.Exec)
	if _, err := readManifest(files); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want.Exec) {
		t.Errorf("a file that the manifest names is missing: %v", err)
	}
}

func TestManifestSaysHowToBuild(t *testing.T) {
	_, err := readManifest(fstest.MapFS{"PLACEHOLDER": {}})
	if !errors.Is(err, ErrNotBuilt) || !strings.Contains(err.Error(), "make module") {
		t.Error(err)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"module":1}`, `{"module":"a","exec":"b","rules":"c","bytes":0}`, `{"module":"a","exec":"b","rules":"c","bytes":1} x`} {
		if m, err := ParseManifest(text); err == nil {
			t.Errorf("%q was read as %+v", text, m)
		}
	}
}

func TestPlaceholderIsEmbedded(t *testing.T) {
	if _, err := fs.Stat(FS(), "PLACEHOLDER"); err != nil {
		t.Error(err)
	}
}
