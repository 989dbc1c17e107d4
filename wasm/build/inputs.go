package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// The folders whose sources make the module, and those that are the rules.
var (
	moduleFolders = []string{"wasm", "wasm/bridge", "wasm/directory", "wasm/json", "wasm/transfer", "wasm/wire"}
	ruleFolders   = []string{"wasm/directory", "wasm/transfer", "wasm/wire"}
	// toolFolders are this program's: another way to build makes another module.
	toolFolders = []string{"wasm/build", "wasm/dist"}
)

// dependency is the only module that the browser's module links.
const dependency = "github.com/hack-pad/safejs"

// hashRules names the rules: a hash of the sources that decide.
func hashRules(root string) (string, error) {
	return hashSources(root, ruleFolders, "")
}

// hashInputs names everything that the output depends on: sources, the version
// of the dependency, toolchain and flags.
func hashInputs(root string) (string, error) {
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	version := ""
	for line := range strings.Lines(string(gomod)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == dependency {
			version = fields[1]
		}
	}
	if version == "" {
		return "", fmt.Errorf("go.mod does not require %s", dependency)
	}
	folders := append(append([]string{}, moduleFolders...), toolFolders...)
	return hashSources(root, folders, runtime.Version()+" "+version+" "+strings.Join(buildFlags("", "", ""), " "))
}

// hashSources hashes the Go sources of some folders, but for their tests, with
// something else. Line ends do not count: a checkout may have changed them.
func hashSources(root string, folders []string, with string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", with)
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			return "", err
		}
		count := 0
		for _, entry := range entries {
			if !isSource(entry) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, folder, entry.Name()))
			if err != nil {
				return "", err
			}
			source := strings.ReplaceAll(string(text), "\r\n", "\n")
			fmt.Fprintf(h, "%s/%s %d\n%s", folder, entry.Name(), len(source), source)
			count++
		}
		if count == 0 {
			return "", fmt.Errorf("%s has no Go sources", folder)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:hashLength], nil
}

// hashLength is how many hexadecimal digits of a hash are kept.
const hashLength = 16

func isSource(entry fs.DirEntry) bool {
	name := entry.Name()
	return !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}
