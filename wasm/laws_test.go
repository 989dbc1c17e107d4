// The laws of the rooms under wasm/, for both targets: see the design. They are
// read off `go list -deps`, so that an import at the end of a long chain counts
// as much as one of our own.
package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	ourModule = "github.com/flex-transfer/flex-transfer/"
	safejs    = "github.com/hack-pad/safejs"
)

// target is what code is compiled for.
type target struct {
	name string
	env  []string
}

var (
	host    = target{"host", nil}
	browser = target{"browser", []string{"GOOS=js", "GOARCH=wasm"}}
)

// list runs go list and returns its lines.
func (on target) list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Env = append(cmd.Environ(), on.env...)
	out, err := cmd.Output()
	if e, ok := err.(*exec.ExitError); ok {
		t.Fatalf("go list %v for the %s: %v\n%s", args, on.name, err, e.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// deps are the packages that end up in the binary with a package.
func (on target) deps(t *testing.T, pkg string) []string {
	t.Helper()
	deps := on.list(t, "-deps", pkg)
	if len(deps) < 5 {
		t.Fatalf("%s has only the dependencies %v", pkg, deps)
	}
	return deps
}

// standard reports whether a package is of the standard library: its path
// begins with no domain.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestNothingHereImportsTheServer(t *testing.T) {
	for _, on := range []target{host, browser} {
		for _, dep := range on.list(t, "-deps", "-test", "./...") {
			if strings.HasPrefix(dep, ourModule+"server") || strings.HasPrefix(dep, ourModule+"web") {
				t.Errorf("for the %s, something under wasm/ depends on %s", on.name, dep)
			}
		}
	}
}

func TestModuleLinksOnlyWhatItMay(t *testing.T) {
	deps := browser.deps(t, ".")
	for _, banned := range []string{"encoding/json", "encoding/json/v2", "net", "net/http", "net/url", "math/rand", "math/rand/v2", "regexp", "text/template", "testing"} {
		if slices.Contains(deps, banned) {
			t.Errorf("the module links %s", banned)
		}
	}
	for _, dep := range deps {
		if !standard(dep) && !strings.HasPrefix(dep, ourModule+"wasm") && dep != safejs && !strings.HasPrefix(dep, safejs+"/") {
			t.Errorf("the module links %s", dep)
		}
	}
}

// TestOnlySafejsImportsSyscallJS also covers files behind build tags.
func TestOnlySafejsImportsSyscallJS(t *testing.T) {
	for _, tags := range []string{"", "faults"} {
		importers := browser.list(t, "-tags", tags, "-deps", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{if eq . "syscall/js"}}{{$p}}{{"\n"}}{{end}}{{end}}`, ".")
		if !slices.Contains(importers, safejs) {
			t.Error("nothing imports syscall/js: this test no longer sees what it should")
		}
		for _, pkg := range importers {
			if !standard(pkg) && pkg != safejs && !strings.HasPrefix(pkg, safejs+"/") {
				t.Errorf("%s imports syscall/js", pkg)
			}
		}
	}
}

// pure are the rooms that both the browser and the server link, and that must
// give the same answer in both, always.
var pure = []string{"directory", "json", "transfer", "wire"}

// harmless are the standard packages that the pure rooms may import.
var harmless = []string{
	"cmp", "crypto/sha256", "encoding/base32", "encoding/base64", "encoding/hex", "errors", "fmt", "maps", "math/bits", "slices", "sort",
	"strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

func TestPureRoomsImportOnlyHarmlessPackages(t *testing.T) {
	allowed := map[string][]string{ // of our own
		"directory": {"transfer"}, "json": nil, "transfer": {"json"}, "wire": {"directory", "json", "transfer"},
	}
	for _, room := range pure {
		for _, on := range []target{host, browser} {
			imports := on.list(t, "-f", `{{join .Imports "\n"}}`, "./"+room)
			if len(imports) == 0 {
				t.Errorf("%s imports nothing: this test no longer sees what it should", room)
			}
			for _, path := range imports {
				ours, isOurs := strings.CutPrefix(path, ourModule+"wasm/")
				if isOurs && slices.Contains(allowed[room], ours) || slices.Contains(harmless, path) {
					continue
				}
				t.Errorf("for the %s, %s imports %s", on.name, room, path)
			}
			for _, dep := range on.deps(t, "./"+room) {
				if dep == "net" || dep == "net/http" || dep == "encoding/json" || strings.HasPrefix(dep, "math/rand") || strings.HasPrefix(dep, safejs) {
					t.Errorf("for the %s, %s depends on %s", on.name, room, dep)
				}
			}
		}
	}
}

// TestPureRoomsReadNoClock looks at every use of package time by name.
func TestPureRoomsReadNoClock(t *testing.T) {
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Local", "LoadLocation"}
	for _, room := range pure {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no sources: %v", room, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, use := range usesOfTime(t, file) {
				if slices.Contains(clocks, use) {
					t.Errorf("%s uses time.%s", file, use)
				}
			}
		}
	}
}

func TestServerSideOfWasmKeepsOutOfHTTP(t *testing.T) {
	for _, room := range []string{"dist", "js"} {
		for _, dep := range host.deps(t, "./"+room) {
			if dep == "net/http" {
				t.Errorf("%s depends on net/http: the server serves the files", room)
			}
		}
	}
}

// usesOfTime are the names of package time that a file uses.
func usesOfTime(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` && spec.Name != nil {
			t.Errorf("%s imports time under the name %s, which hides it from this test", path, spec.Name)
		}
	}
	var uses []string
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "time" {
				uses = append(uses, selector.Sel.Name)
			}
		}
		return true
	})
	return uses
}

func TestUsesOfTimeAreSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.go")
	source := "package x\nimport \"time\"\nvar a, b = time.Now(), time.UTC\n"
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if uses := usesOfTime(t, path); !slices.Equal(uses, []string{"Now", "UTC"}) {
		t.Errorf("found %v", uses)
	}
}
