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
// "main.f main.go:12", and a function that was inlined is not in it. That was the
// only difference in the tests of packages reflect and sync, slimmed and run with
// GOGC=5: reflect calls an inlined method "unknown method" when it panics.

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

const (
	// inlinedCallLength is the size of a runtime.inlinedCall in bytes.
	inlinedCallLength = 16
	// endOfArgInfo ends what says how the arguments are printed
	// (internal/abi.TraceArgsEndSeq).
	endOfArgInfo = 0xFF
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

// slimFunction drops a function's tables for traces and notes what the others
// use.
func (t *tables) slimFunction(i int) error {
	at := int(get(t.funcs, 8*i+4))
	if at < 8*t.count || at > len(t.funcs)-funcLength {
		return fmt.Errorf("%w: function %d is outside of its table", errWasm, i)
	}
	f := t.funcs[at:]
	pcdata, funcdata := int(get(f, fieldPCData)), int(f[fieldFuncData])
	if pcdata > 8 || funcdata > 8 || len(f) < funcLength+4*(pcdata+funcdata) {
		return fmt.Errorf("%w: function %d has %d and %d tables", errWasm, i, pcdata, funcdata)
	}
	for _, field := range []int{fieldPCFile, fieldPCLine, fieldUnit, fieldStartLine} {
		set(f, field, 0)
	}
	if err := t.dropData(f, pcdata, funcdata); err != nil {
		return err
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
	if err := t.useName(f); err != nil {
		return err
	}
	return t.useTable(f, fieldPCSP)
}

// dropData drops what is not kept of the data that a function refers to.
func (t *tables) dropData(f []byte, pcdata, funcdata int) error {
	for n := range funcdata {
		field := funcLength + 4*(pcdata+n)
		at := get(f, field)
		if at == noFuncData {
			continue
		}
		if int(at) >= len(t.data) {
			return fmt.Errorf("%w: data of a function is outside of the memory", errWasm)
		}
		switch n {
		case funcdataInlTree:
			last, err := t.lastInlined(f, pcdata)
			if err != nil {
				return err
			}
			t.dropped[at] = max(t.dropped[at], (last+1)*inlinedCallLength)
		case funcdataArgInfo:
			t.dropped[at] = max(t.dropped[at], bytes.IndexByte(t.data[at:], endOfArgInfo)+1)
		case funcdataArgLive, funcdataWrapInfo:
		default:
			t.kept[at] = true
			continue
		}
		set(f, field, noFuncData)
	}
	return nil
}

// lastInlined is the index of the last call that was inlined into a function, -1
// where there is none.
func (t *tables) lastInlined(f []byte, pcdata int) (last int, err error) {
	last = -1
	if pcdata <= pcdataInlTreeIndex {
		return last, nil
	}
	if at := int(get(f, funcLength+4*pcdataInlTreeIndex)); at != 0 {
		err = t.walk(at, func(_, value int) { last = max(last, value) })
	}
	return last, err
}

func get(f []byte, field int) uint32        { return binary.LittleEndian.Uint32(f[field:]) }
func set(f []byte, field int, value uint32) { binary.LittleEndian.PutUint32(f[field:], value) }
