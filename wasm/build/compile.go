package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// rulesVariable is what the linker sets to the hash of the rules.
const rulesVariable = "github.com/flex-transfer/flex-transfer/wasm/transfer.RulesHash"

// buildFlags are those of go build. -s and -w drop what only debuggers read.
func buildFlags(rules, tags, output string) []string {
	return []string{
		"build", "-trimpath", "-buildvcs=false", "-tags=" + tags,
		"-ldflags=-s -w -buildid= -X " + rulesVariable + "=" + rules, "-o", output, "./wasm",
	}
}

// compile returns the compiled module, slimmed, and the support script of the
// toolchain that compiled it: they belong together. tags may be empty.
func compile(root, rules, tags string) (module, exec []byte, err error) {
	dir, err := os.MkdirTemp("", "flex-transfer-wasm")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	output := filepath.Join(dir, "transfer.wasm")
	release, err := goCommand(root, nil, "env", "GOVERSION")
	if err != nil {
		return nil, nil, err
	}
	if _, err := goCommand(root, environment(release), buildFlags(rules, tags, output)...); err != nil {
		return nil, nil, err
	}
	if module, err = os.ReadFile(output); err != nil {
		return nil, nil, err
	}
	if module, err = slim(module, release); err != nil {
		return nil, nil, err
	}
	goroot, err := goCommand(root, nil, "env", "GOROOT")
	if err != nil {
		return nil, nil, err
	}
	exec, err = os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, nil, fmt.Errorf("the toolchain has no support script for the browser: %w", err)
	}
	return module, exec, nil
}

// environment is that of go build. Go 1.26 may be told to use the garbage
// collector that was the only one until 1.25: it takes 9 kB less, and its
// successor is for programs with large heaps and many cores.
func environment(release string) []string {
	env := []string{"GOOS=js", "GOARCH=wasm"}
	if known(release) {
		env = append(env, "GOEXPERIMENT=nogreenteagc")
	}
	return env
}
