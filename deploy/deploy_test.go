// Package deploy holds an example deployment; deploy/check holds the manifests
// against the types of those who read them.
package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
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

// TestDependenciesAreListed holds dependencies.md to go.mod. Update it with
//
//	go test ./deploy -update
func TestDependenciesAreListed(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []requirement
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("# Dependencies\n\nThe modules that the backend is built from, as go.mod pins them and go.sum proves them; what they depend on is in\n" +
		"go.sum. Written by `go test ./deploy -update`. `make vuln` checks all of them against Go's vulnerability database,\n" +
		"where it can be reached.\n\n| module | version |\n|---|---|\n")
	modules := 0
	slices.SortFunc(mod.Require, func(a, b requirement) int { return strings.Compare(a.Path, b.Path) })
	for _, r := range mod.Require {
		if !r.Indirect {
			fmt.Fprintf(&want, "| %s | %s |\n", r.Path, r.Version)
			modules++
		}
	}
	if modules < 10 {
		t.Fatalf("only %d modules", modules)
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
		t.Error("dependencies.md is not what go.mod says: go test ./deploy -update")
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
