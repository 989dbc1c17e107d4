package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

// header is what a module begins with.
var header = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// moduleOf is a module with a section before its data and one of custom data
// after it.
func moduleOf(memory []byte) []byte {
	before := append(slices.Clone(header), 1, 1, 0)
	return append(joinData(before, memory, nil), sectionCustom, 2, 1, 'x')
}

func TestDataSurvives(t *testing.T) {
	memory := make([]byte, 70_000)
	copy(memory[3:], "abc")
	copy(memory[10_000:], "d")
	copy(memory[10_000+zeroRun:], "e") // too few zeros before it for a segment of its own
	copy(memory[69_990:], "0123456789")
	before, got, after, err := splitData(moduleOf(memory))
	if err != nil || !bytes.Equal(got, memory) || len(after) != 0 || !bytes.Equal(before, append(slices.Clone(header), 1, 1, 0)) {
		t.Errorf("before %v, %d bytes of memory, after %v, %v", before, len(got), after, err)
	}
	joined := joinData(before, got, after)
	if want := moduleOf(memory); !bytes.Equal(joined, want[:len(want)-4]) { // but for the custom section
		t.Error("the module changed")
	}
	if len(joined) > 150 {
		t.Errorf("the zeros were written: %d bytes", len(joined))
	}
}

func TestSlimRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, module := range map[string][]byte{
		"nothing":    nil,
		"cut":        moduleOf([]byte("abc"))[:15],
		"no tables":  moduleOf([]byte("abc")),
		"two tables": moduleOf(bytes.Repeat(tableMagic, 2)),
		"no order":   moduleOf(append(slices.Clone(tableMagic), bytes.Repeat([]byte{1}, 100)...)),
	} {
		if _, err := slim(module, "go1.26"); !errors.Is(err, errWasm) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := slim(module, "go1.27"); err != nil || !bytes.Equal(got, module) {
			t.Errorf("%s: the module of another release was touched: %v", name, err)
		}
	}
}

// TestSlimAgain: the module that is shipped was slimmed, has its tables still,
// and there is nothing more to drop. That it works, in panics and collections as
// well, is tested in wasm/js.
func TestSlimAgain(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	m, err := dist.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(root, "wasm", "dist", "files", m.Module))
	if err != nil {
		t.Fatal(err)
	}
	again, err := slim(module, knownRelease)
	if err != nil || !bytes.Equal(again, module) {
		t.Errorf("%d bytes became %d: %v", len(module), len(again), err)
	}
	_, memory, _, err := splitData(module)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := findTables(memory)
	if err != nil {
		t.Fatal(err)
	}
	if tables.count < 1000 || !bytes.Contains(tables.names, []byte("main.main\x00")) || bytes.Count(tables.files, []byte{0}) != len(tables.files) {
		t.Errorf("%d functions; the names of functions are missing, or those of files are there", tables.count)
	}
}
