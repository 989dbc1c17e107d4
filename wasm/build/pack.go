package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"

	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

const (
	// inputsName is the file that holds the hash of what the output was made of.
	inputsName = "INPUTS"
	// placeholderName is committed, so that there is something to embed.
	placeholderName = "PLACEHOLDER"
)

// pack writes the files and removes those of older builds. The hash of the
// inputs comes last: an interrupted build is done again.
func pack(out, inputs, rules string, module, exec []byte) error {
	m := dist.Build{
		Module: "transfer." + hashOf(module) + ".wasm", Exec: "wasm_exec." + hashOf(exec) + ".js",
		Rules: rules, Bytes: int64(len(module)),
	}
	if err := clean(out); err != nil {
		return err
	}
	for name, content := range map[string][]byte{m.Module: module, m.Exec: exec} {
		if err := writeCompressed(filepath.Join(out, name), content); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(out, dist.ManifestName), append(m.Append(nil), '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, inputsName), []byte(inputs+"\n"), 0o644)
}

// clean makes the folder hold nothing but its placeholder.
func clean(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == placeholderName {
			continue
		}
		if err := os.Remove(filepath.Join(out, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// writeCompressed writes a file, and its compressed forms beside it.
func writeCompressed(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	br, err := compress(content, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) })
	if err != nil {
		return err
	}
	gz, err := compress(content, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // the level is a valid one
		return z
	})
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path+".br", br, 0o644), os.WriteFile(path+".gz", gz, 0o644))
}

func compress(content []byte, with func(io.Writer) io.WriteCloser) ([]byte, error) {
	var out bytes.Buffer
	w := with(&out)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err := w.Close() // it writes the rest
	return out.Bytes(), err
}

// upToDate reports whether the folder holds what the inputs make.
func upToDate(out, inputs string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(out, inputsName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(text)) != inputs {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, err := readManifest(out)
	if err != nil {
		return false, nil // it is made anew
	}
	for _, name := range []string{m.Module, m.Exec} {
		for _, ending := range []string{"", ".br", ".gz"} {
			if _, err := os.Stat(filepath.Join(out, name+ending)); err != nil {
				return false, nil
			}
		}
	}
	return true, nil
}

func readManifest(out string) (dist.Build, error) {
	text, err := os.ReadFile(filepath.Join(out, dist.ManifestName))
	if err != nil {
		return dist.Build{}, err
	}
	return dist.ParseManifest(string(text))
}

// printSizes prints the size of the module in each form, in bytes.
func printSizes(w io.Writer, out string) error {
	m, err := readManifest(out)
	if err != nil {
		return err
	}
	sizes := make([]any, 0, 4)
	for _, ending := range []string{"", ".gz", ".br"} {
		info, err := os.Stat(filepath.Join(out, m.Module+ending))
		if err != nil {
			return err
		}
		sizes = append(sizes, info.Size())
	}
	_, err = fmt.Fprintf(w, "%s: raw %d, gzip %d, brotli %d bytes; rules %s\n", append(append([]any{m.Module}, sizes...), m.Rules)...)
	return err
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:hashLength]
}
