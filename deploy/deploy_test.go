// Package deploy holds an example deployment; deploy/check holds the manifests
// against the types of those who read them.
package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

var update = flag.Bool("update", false, "write dependencies.md")

// requirement is one of go.mod's.
type requirement struct {
	Path, Version string
	Indirect      bool
}

// requirements are those of a go.mod that are not indirect.
func requirements(t *testing.T, file string) []requirement {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct{ Require []requirement }
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	direct := slices.DeleteFunc(mod.Require, func(r requirement) bool { return r.Indirect })
	slices.SortFunc(direct, func(a, b requirement) int { return strings.Compare(a.Path, b.Path) })
	return direct
}

// packages are those that a package.json names, as its lock file pins them.
func packages(t *testing.T, dir string) []requirement {
	t.Helper()
	var named struct{ Dependencies, DevDependencies map[string]string }
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	for name, into := range map[string]any{"package.json": &named, "package-lock.json": &lock} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []requirement
	for _, names := range []map[string]string{named.Dependencies, named.DevDependencies} {
		for name := range names {
			all = append(all, requirement{Path: name, Version: lock.Packages["node_modules/"+name].Version})
		}
	}
	slices.SortFunc(all, func(a, b requirement) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// TestDependenciesAreListed holds dependencies.md to the go.mod and lock files.
// Update it with
//
//	go test ./deploy -update
func TestDependenciesAreListed(t *testing.T) {
	var want strings.Builder
	want.WriteString("# Dependencies\n\nWhat everything here is built from and tested with, as the go.mod and package-lock.json files pin it; what those depend on\n" +
		"is in go.sum and in the lock files. Written by `go test ./deploy -update`. `make vuln` checks the Go modules against Go's\n" +
		"vulnerability database, where it can be reached.\n")
	table := func(title string, all []requirement) {
		fmt.Fprintf(&want, "\n## %s\n\n| | version |\n|---|---|\n", title)
		for _, r := range all {
			fmt.Fprintf(&want, "| %s | %s |\n", r.Path, r.Version)
			if r.Version == "" {
				t.Errorf("%s: %s has no version", title, r.Path)
			}
		}
		if len(all) == 0 {
			t.Errorf("%s: nothing", title)
		}
	}
	table("The backend", requirements(t, "../go.mod"))
	table("The check of the example deployment (deploy/check)", requirements(t, "check/go.mod"))
	err := filepath.WalkDir("..", func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || e.Name() == ".git" || e.Name() == "artifacts"):
			return fs.SkipDir
		case e.Name() == "package-lock.json":
			dir := filepath.Dir(file)
			title, err := filepath.Rel("..", dir)
			if err != nil {
				return err
			}
			table(filepath.ToSlash(title)+" (npm)", packages(t, dir))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("dependencies.md", []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Error("dependencies.md is not what go.mod and the lock files say: go test ./deploy -update")
	}
}

// TestNATSConfiguration lets NATS itself read the configurations.
func TestNATSConfiguration(t *testing.T) {
	t.Setenv("NATS_NAME", "nats-1")
	manifest, err := os.ReadFile("kubernetes/nats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	inner := regexp.MustCompile(`(?s)  nats\.conf: \|\n(.*?)\n---`).FindSubmatch(manifest)
	if inner == nil {
		t.Fatal("kubernetes/nats.yaml has no nats.conf")
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, bytes.ReplaceAll(append(inner[1], '\n'), []byte("\n    "), []byte("\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"nats/nats.conf", file} {
		o, err := server.ProcessConfigFile(f)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if !o.SyncAlways || !o.JetStream || o.ServerName != "nats-1" || len(o.Routes) != 3 || o.Cluster.Name != "flex-transfer" || o.StoreDir != "/data" {
			t.Errorf("%s: %+v", f, o)
		}
	}
}
