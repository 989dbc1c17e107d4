package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/flex-transfer/flex-transfer/"

// packages are the packages of the module with what they import, tests left
// out. Those of JavaScript's target are checked under wasm/.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		imports[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	return imports
}

// TestLaws holds the arrows between the rooms to what ARCHITECTURE.md says.
func TestLaws(t *testing.T) {
	all := packages(t)
	for _, law := range []struct {
		name string
		// from and to are prefixes of import paths; ours are without the module.
		from, to string
		// but are the packages that may all the same.
		but []string
	}{
		{"nothing under wasm/ imports server/", "wasm/", "server/", nil},
		{"only app and measurements import the sandbox", "", "server/sandbox", []string{"server/app", "server/bench", "server/chaos", "server/sandbox", "server/simulate"}},
		{"the sandbox imports none of our packages", "server/sandbox", "", []string{"→server/sandbox"}},
		{"only twilioapi imports twilio-go", "", "github.com/twilio/twilio-go", []string{"server/twilioapi"}},
		{"only the ledger imports NATS, and what runs servers of it", "", "github.com/nats-io", []string{"server/ledger/nats", "server/chaos"}},
		{"the coordinator does not know HTTP", "server/coordinator", "server/httpapi", nil},
		{"nor the reconciler", "server/reconcile", "server/httpapi", nil},
		{"of the server, the reconciler knows ledger and twilioapi", "server/reconcile", "server/", []string{"→server/ledger", "→server/twilioapi"}},
		{"the drop-in imports no room of the server", "server/dropin", "server/", nil},
		{"of wasm/, the drop-in knows transfer alone", "server/dropin", "wasm/", []string{"→wasm/transfer"}},
		{"the API imports no room of the server", "server/httpapi", "server/", nil},
		{"of wasm/, the API knows transfer, wire and json", "server/httpapi", "wasm/", []string{"→wasm/transfer", "→wasm/wire", "→wasm/json"}},
		{"only app mounts the stage", "", "server/sandbox/stage", []string{"server/app", "server/sandbox/stage", "server/sandbox/flexui/start"}},
		{"the ledger imports no room of the server but its own", "server/ledger", "server/", []string{"→server/ledger"}},
		{"twilioapi imports no room of the server", "server/twilioapi", "server/", nil},
		{"of the server, the mirror knows twilioapi alone", "server/mirror", "server/", []string{"→server/twilioapi"}},
		{"and so does the digest", "server/digest", "server/", []string{"→server/twilioapi"}},
		{"only main, measurements and app put things together", "", "server/app", []string{"server", "server/bench", "server/chaos"}},
	} {
		t.Run(law.name, func(t *testing.T) {
			seen := false
			for from, imports := range all {
				if !strings.HasPrefix(from, law.from) || allowed(from, law.but) {
					continue
				}
				seen = true
				for _, to := range imports {
					ours, isOurs := strings.CutPrefix(to, module)
					if law.to == "" && !isOurs || !strings.HasPrefix(ours, law.to) || allowedTarget(ours, law.but) {
						continue
					}
					t.Errorf("%s imports %s", from, ours)
				}
			}
			if !seen {
				t.Errorf("no package %s: the law checks nothing", law.from)
			}
		})
	}
}

// allowed reports whether the package, or a parent of it, is among them.
func allowed(pkg string, but []string) bool {
	for _, b := range but {
		if pkg == b || b != "server" && strings.HasPrefix(pkg, b+"/") {
			return true
		}
	}
	return false
}

// allowedTarget reports whether the import is one that is allowed to all, which
// is marked with an arrow.
func allowedTarget(pkg string, but []string) bool {
	for _, b := range but {
		if b, ok := strings.CutPrefix(b, "→"); ok && (pkg == b || strings.HasPrefix(pkg, b+"/")) {
			return true
		}
	}
	return false
}
