package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// rulesVariable is what the linker sets to the hash of the rules.
const rulesVariable = "github.com/flex-transfer/flex-transfer/wasm/transfer.RulesHash"

// buildFlags are those of go build. Inlining is switched off in the runtime,
// which makes the module 5 % smaller once it is compressed; the rules keep it.
func buildFlags(rules, output string) []string {
	return []string{
		"build", "-trimpath", "-buildvcs=false", "-gcflags=runtime=-l",
		"-ldflags=-s -w -buildid= -X " + rulesVariable + "=" + rules,
		"-o", output, "./wasm",
	}
}

// compile returns the compiled module and the support script of the toolchain
// that compiled it: they belong together.
func compile(root, rules string) (module, exec []byte, err error) {
	dir, err := os.MkdirTemp("", "flex-transfer-wasm")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	output := filepath.Join(dir, "transfer.wasm")
	if _, err := goCommand(root, []string{"GOOS=js", "GOARCH=wasm"}, buildFlags(rules, output)...); err != nil {
		return nil, nil, err
	}
	if module, err = os.ReadFile(output); err != nil {
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
