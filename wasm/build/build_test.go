package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

// checkout makes a folder that looks like ours to the hashing.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "go.mod"), "module x\n\nrequire (\n\t"+dependency+" v0.1.0 // indirect\n)\n")
	for _, folder := range append(append([]string{}, moduleFolders...), toolFolders...) {
		write(t, filepath.Join(root, folder, "a.go"), "package a\n")
	}
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hashes(t *testing.T, root string) (rules, inputs string) {
	t.Helper()
	rules, err := hashRules(root)
	if err != nil {
		t.Fatal(err)
	}
	if inputs, err = hashInputs(root); err != nil {
		t.Fatal(err)
	}
	return rules, inputs
}

func TestHashesChangeWithWhatTheyName(t *testing.T) {
	for _, c := range []struct {
		file, text    string
		rules, inputs bool // whether they change
	}{
		{"wasm/transfer/a.go", "package b\n", true, true},
		{"wasm/transfer/new.go", "package a\n", true, true},
		{"wasm/directory/a.go", "package b\n", true, true},
		{"wasm/wire/a.go", "package b\n", true, true},
		{"wasm/json/a.go", "package b\n", false, true},
		{"wasm/bridge/a.go", "package b\n", false, true},
		{"wasm/a.go", "package b\n", false, true},
		{"wasm/build/a.go", "package b\n", false, true},
		{"go.mod", "module x\nrequire " + "(\n" + dependency + " v0.2.0\n)\n", false, true},
		{"go.mod", "module x\n\nrequire (\n\t" + dependency + " v0.1.0\n\tother v1.0.0\n)\n", false, false},
		{"wasm/transfer/a_test.go", "package a\n", false, false},
		{"wasm/transfer/testdata/a.go", "package a\n", false, false},
		{"wasm/transfer/a.go", "package a\r\n", false, false},
		{"wasm/js/a.go", "package a\n", false, false},
	} {
		root := checkout(t)
		rules, inputs := hashes(t, root)
		write(t, filepath.Join(root, c.file), c.text)
		newRules, newInputs := hashes(t, root)
		if (rules != newRules) != c.rules || (inputs != newInputs) != c.inputs {
			t.Errorf("%s: the rules' hash changed: %v, that of the inputs: %v", c.file, rules != newRules, inputs != newInputs)
		}
	}
}

func TestHashInputsWantsItsInputs(t *testing.T) {
	root := checkout(t)
	write(t, filepath.Join(root, "go.mod"), "module x\n")
	if _, err := hashInputs(root); err == nil || !strings.Contains(err.Error(), dependency) {
		t.Error(err)
	}
	root = checkout(t)
	if err := os.Remove(filepath.Join(root, "wasm/wire/a.go")); err != nil {
		t.Fatal(err)
	}
	if _, err := hashRules(root); err == nil || !strings.Contains(err.Error(), "wasm/wire") {
		t.Error(err)
	}
}

func TestPack(t *testing.T) {
	out := t.TempDir()
	write(t, filepath.Join(out, placeholderName), "kept")
	write(t, filepath.Join(out, "transfer.old.wasm"), "stale")
	module, exec := bytes.Repeat([]byte("module "), 1000), []byte("exec")
	if ok, err := upToDate(out, "in"); ok || err != nil {
		t.Errorf("before: %v, %v", ok, err)
	}
	if err := pack(out, "in", "rules", module, exec); err != nil {
		t.Fatal(err)
	}
	if ok, err := upToDate(out, "in"); !ok || err != nil {
		t.Errorf("after: %v, %v", ok, err)
	}
	if ok, _ := upToDate(out, "other"); ok {
		t.Error("other inputs went unnoticed")
	}
	m, err := readManifest(out)
	if want := (dist.Build{Module: "transfer." + hashOf(module) + ".wasm", Exec: "wasm_exec." + hashOf(exec) + ".js", Rules: "rules", Bytes: 7000}); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
	checkCompressed(t, filepath.Join(out, m.Module), module)
	checkCompressed(t, filepath.Join(out, m.Exec), exec)
	if entries, _ := os.ReadDir(out); len(entries) != 9 { // two files thrice, manifest, inputs, placeholder
		t.Errorf("the folder holds %v", entries)
	}
	var sizes strings.Builder
	if err := printSizes(&sizes, out); err != nil || !strings.Contains(sizes.String(), "raw 7000, gzip ") {
		t.Errorf("%s, %v", &sizes, err)
	}
	if err := os.Remove(filepath.Join(out, m.Module+".br")); err != nil {
		t.Fatal(err)
	}
	if ok, _ := upToDate(out, "in"); ok {
		t.Error("a missing file went unnoticed")
	}
}

func checkCompressed(t *testing.T, path string, want []byte) {
	t.Helper()
	for ending, open := range map[string]func(io.Reader) (io.Reader, error){
		"":    func(r io.Reader) (io.Reader, error) { return r, nil },
		".br": func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		".gz": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	} {
		text, err := os.ReadFile(path + ending)
		if err != nil {
			t.Fatal(err)
		}
		r, err := open(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s%s holds %d bytes, %v", path, ending, len(got), err)
		}
	}
}

// maxBrotli is the budget of the module as browsers load it, in bytes.
const maxBrotli = 600_000

// TestBuiltModule fails where the module that this checkout would embed is not
// of its sources, or too large. `make module` builds it.
func TestBuiltModule(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := run(true); err != nil {
		t.Fatal(err)
	}
	m, err := dist.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if rules, err := hashRules(root); err != nil || m.Rules != rules {
		t.Errorf("the module's rules are %s, the sources' are %s: %v", m.Rules, rules, err)
	}
	info, err := os.Stat(filepath.Join(root, "wasm", "dist", "files", m.Module+".br"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBrotli {
		t.Errorf("the module takes %d bytes with brotli; the budget is %d", info.Size(), maxBrotli)
	}
}
