package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// folder makes a folder as server/sandbox/flexui/ui is, with a Flex UI of one line.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"entry.js":                                  `import * as Flex from "@twilio/flex-ui"; window.Twilio = {Flex};`,
		"package-lock.json":                         `{}`,
		"node_modules/.package-lock.json":           `{}`,
		"node_modules/@twilio/flex-ui/package.json": `{"name": "@twilio/flex-ui", "version": "2.17.1", "main": "index.js"}`,
		"node_modules/@twilio/flex-ui/index.js":     `exports.VERSION = process.env.NODE_ENV + typeof global;`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuild(t *testing.T) {
	dir := folder(t)
	dist, err := Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dist, Name)
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "production") || strings.Contains(string(text), "process.env") {
		t.Errorf("bundle: %s %v", text, err)
	}
	// Nothing is done where nothing has changed, and something where a file is newer.
	old := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		touched string
		again   bool
	}{{"", false}, {"entry.js", true}} {
		for _, name := range []string{"entry.js", "package-lock.json", "node_modules/.package-lock.json"} {
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(out, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if c.touched != "" {
			soon := time.Now().Add(time.Minute)
			if err := os.Chtimes(filepath.Join(dir, c.touched), soon, soon); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Build(dir); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil || (string(text) != "mine") != c.again {
			t.Errorf("touched %q: %s %v", c.touched, text, err)
		}
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "entry.js"), []byte(`import "./missing.js";`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(dir); err == nil || !strings.Contains(err.Error(), "missing.js") {
		t.Errorf("a bundle that cannot be made: %v", err)
	}
	if _, err := Build(t.TempDir()); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("nothing installed: %v", err)
	}
}
