// Command build compiles the module and puts it, compressed and under names
// with a hash of its contents, into wasm/dist/files, from where it is embedded
// into the server. Run it anywhere in the checkout:
//
//	go run ./wasm/build
//
// It does nothing but print the sizes where nothing has changed since the last
// time. The output depends on the sources and the toolchain alone. With -check
// it builds nothing, and fails where the module is not of the sources. With -o
// it writes the bare module to a file and nothing else; tests build it with
// -tags.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "only check that the module is up to date")
	output := flag.String("o", "", "only write the module to this file")
	tags := flag.String("tags", "", "build tags, with -o")
	flag.Parse()
	work := func() error { return run(*check) }
	if *output != "" {
		work = func() error { return writeModule(*output, *tags) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "wasm/build:", err)
		os.Exit(1)
	}
}

// errStale is what -check says.
var errStale = errors.New("the built module is not of these sources: run `make module`, or `go run ./wasm/build`")

func run(check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	inputs, err := hashInputs(root)
	if err != nil {
		return err
	}
	out := filepath.Join(root, "wasm", "dist", "files")
	built, err := upToDate(out, inputs)
	if err != nil {
		return err
	}
	if !built && check {
		return errStale
	}
	if !built {
		if err := build(root, out, inputs); err != nil {
			return err
		}
	}
	return printSizes(os.Stdout, out)
}

// build makes everything anew.
func build(root, out, inputs string) error {
	rules, err := hashRules(root)
	if err != nil {
		return err
	}
	module, exec, err := compile(root, rules, "")
	if err != nil {
		return err
	}
	return pack(out, inputs, rules, module, exec)
}

// writeModule writes the module to a file, as it would be shipped but for tags.
func writeModule(output, tags string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	module, _, err := compile(root, "development", tags)
	if err != nil {
		return err
	}
	return os.WriteFile(output, module, 0o644)
}

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	gomod, err := goCommand("", nil, "env", "GOMOD")
	if err != nil {
		return "", err
	}
	if gomod == "" || gomod == os.DevNull {
		return "", fmt.Errorf("run it within the checkout: there is no go.mod here")
	}
	return filepath.Dir(gomod), nil
}

// goCommand runs the go command in a folder and returns what it printed.
func goCommand(dir string, env []string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if e, ok := err.(*exec.ExitError); ok {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, e.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
