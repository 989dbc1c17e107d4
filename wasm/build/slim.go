package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// A Go program carries tables about its functions (runtime/symtab.go): where the
// garbage collector finds pointers on the stack, how to unwind it, and which
// file and line each instruction comes from. The last are a tenth of the module,
// and nobody but the text of a stack trace reads them: like the symbols that -s
// and -w drop. slim drops them too, so that a trace says "main.f ?:0" instead of
// "main.f main.go:12", and a function that was inlined is not in it.

// knownRelease is the release of Go whose tables and experiments are known
// here. The module of another one stays as its linker made it.
const knownRelease = "go1.26"

// known reports whether a release, such as "go1.26.8", is the known one.
func known(release string) bool {
	return release == knownRelease || strings.HasPrefix(release, knownRelease+".")
}

// The tables of a function, by Go's numbers (internal/abi/symtab.go).
const (
	pcdataUnsafePoint  = 0 // for preemption by signals, which WebAssembly has not
	pcdataInlTreeIndex = 2 // traces
	pcdataArgLiveIndex = 3 // traces
	funcdataInlTree    = 3 // traces
	funcdataArgInfo    = 5 // traces
	funcdataArgLive    = 6 // traces
	funcdataWrapInfo   = 7 // the execution tracer
)

// The beginning of the tables: pcHeader's magic, padding, the smallest
// instruction and the size of a pointer.
var tableMagic = []byte{0xF1, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8}

// The places of 32-bit fields in runtime._func, in bytes.
const (
	fieldName      = 4
	fieldPCSP      = 16
	fieldPCFile    = 20
	fieldPCLine    = 24
	fieldPCData    = 28 // how many there are
	fieldUnit      = 32
	fieldStartLine = 36
	fieldFuncData  = 43 // how many there are; one byte
	funcLength     = 44
	noFuncData     = ^uint32(0)
)

// slim drops from a module what only stack traces read. It fails where the
// module's tables are not those of the release.
func slim(module []byte, release string) ([]byte, error) {
	if !known(release) {
		return module, nil
	}
	before, memory, after, err := splitData(module)
	if err != nil {
		return nil, err
	}
	t, err := findTables(memory)
	if err != nil {
		return nil, err
	}
	for i := range t.count {
		if err := t.slimFunction(i); err != nil {
			return nil, err
		}
	}
	t.clearUnused()
	return joinData(before, memory, after), nil
}

// tables are those of all functions. Each is a part of the module's memory.
type tables struct {
	count                           int
	names, units, files, pcs, funcs []byte
	usedNames, usedPCs              []bool
}

// findTables finds the tables by their header.
func findTables(memory []byte) (*tables, error) {
	at := bytes.Index(memory, tableMagic)
	if at < 0 || bytes.Contains(memory[at+1:], tableMagic) || len(memory) < at+72 {
		return nil, fmt.Errorf("%w: the header of the functions' tables is not there once", errWasm)
	}
	header := func(i int) int { return int(binary.LittleEndian.Uint64(memory[at+8*i:])) }
	count := header(1)
	places := []int{header(4), header(5), header(6), header(7), header(8), len(memory) - at}
	for i, place := range places[1:] {
		if place < places[i] || places[0] < 72 || place > len(memory)-at {
			return nil, fmt.Errorf("%w: the functions' tables are out of order", errWasm)
		}
	}
	part := func(i int) []byte { return memory[at+places[i] : at+places[i+1]] }
	t := &tables{count: count, names: part(0), units: part(1), files: part(2), pcs: part(3), funcs: part(4)}
	if count < 1 || 8*count > len(t.funcs) {
		return nil, fmt.Errorf("%w: %d functions", errWasm, count)
	}
	t.usedNames, t.usedPCs = make([]bool, len(t.names)), make([]bool, len(t.pcs))
	return t, nil
}

// slimFunction drops a function's tables for traces and notes what the others
// use.
func (t *tables) slimFunction(i int) error {
	at := int(binary.LittleEndian.Uint32(t.funcs[8*i+4:]))
	if at < 8*t.count || at > len(t.funcs)-funcLength {
		return fmt.Errorf("%w: function %d is outside of its table", errWasm, i)
	}
	f := t.funcs[at:]
	pcdata, funcdata := int(binary.LittleEndian.Uint32(f[fieldPCData:])), int(f[fieldFuncData])
	if pcdata > 8 || funcdata > 8 || len(f) < funcLength+4*(pcdata+funcdata) {
		return fmt.Errorf("%w: function %d has %d and %d tables", errWasm, i, pcdata, funcdata)
	}
	for _, field := range []int{fieldPCFile, fieldPCLine, fieldUnit, fieldStartLine} {
		set(f, field, 0)
	}
	for n := range pcdata {
		switch n {
		case pcdataUnsafePoint, pcdataInlTreeIndex, pcdataArgLiveIndex:
			set(f, funcLength+4*n, 0)
		default:
			if err := t.useTable(f, funcLength+4*n); err != nil {
				return err
			}
		}
	}
	for n := range funcdata {
		switch n {
		case funcdataInlTree, funcdataArgInfo, funcdataArgLive, funcdataWrapInfo:
			set(f, funcLength+4*(pcdata+n), noFuncData)
		}
	}
	if err := t.useName(f); err != nil {
		return err
	}
	return t.useTable(f, fieldPCSP)
}

func set(f []byte, field int, value uint32) { binary.LittleEndian.PutUint32(f[field:], value) }

// useName notes that the name of a function is used.
func (t *tables) useName(f []byte) error {
	at := int(binary.LittleEndian.Uint32(f[fieldName:]))
	for i := at; i < len(t.names); i++ {
		t.usedNames[i] = true
		if t.names[i] == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: a name is outside of its table", errWasm)
}

// useTable notes that a table of values by instruction is used: pairs of
// differences, the first of which is 0 only at the end.
func (t *tables) useTable(f []byte, field int) error {
	at := int(binary.LittleEndian.Uint32(f[field:]))
	if at == 0 {
		return nil // there is none
	}
	for i := at; i < len(t.pcs); {
		_, n := binary.Uvarint(t.pcs[i:])
		end := t.pcs[i] == 0 && i > at
		if !end {
			_, m := binary.Uvarint(t.pcs[i+max(n, 0):])
			if n <= 0 || m <= 0 {
				break
			}
			n += m
		}
		for j := range n {
			t.usedPCs[i+j] = true
		}
		if i += n; end {
			return nil
		}
	}
	return fmt.Errorf("%w: a table of a function does not end", errWasm)
}

// clearUnused makes zeros of what is not used any more.
func (t *tables) clearUnused() {
	clear(t.units)
	clear(t.files)
	for i, used := range t.usedNames {
		if !used {
			t.names[i] = 0
		}
	}
	for i, used := range t.usedPCs {
		if !used {
			t.pcs[i] = 0
		}
	}
}
