package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The beginning of the tables: pcHeader's magic, padding, the smallest
// instruction and the size of a pointer.
var tableMagic = []byte{0xF1, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8}

// headerWords is the size of runtime.pcHeader in words of 8 bytes; the others
// are places in runtime.moduledata: of findfunctab, which follows the functions'
// data, and of gofunc, where that begins.
const (
	headerWords = 9
	afterData   = 19
	beginOfData = 40
)

// tables are those of all functions. Each is a part of the module's memory.
type tables struct {
	count                           int
	names, units, files, pcs, funcs []byte
	usedNames, usedPCs              []bool
	// data is the memory from where the places of the functions' data count;
	// kept are the places of what is used, and dropped the sizes of the rest.
	data    []byte
	kept    map[uint32]bool
	dropped map[uint32]int
}

// findTables finds the tables by their header.
func findTables(memory []byte) (*tables, error) {
	at := bytes.Index(memory, tableMagic)
	if at < 0 || bytes.Contains(memory[at+1:], tableMagic) || len(memory) < at+8*headerWords {
		return nil, fmt.Errorf("%w: the header of the functions' tables is not there once", errWasm)
	}
	header := func(i int) int { return word(memory, at+8*i) }
	count := header(1)
	places := []int{header(4), header(5), header(6), header(7), header(8), len(memory) - at}
	for i, place := range places[1:] {
		if place < places[i] || places[0] < 8*headerWords || place > len(memory)-at {
			return nil, fmt.Errorf("%w: the functions' tables are out of order", errWasm)
		}
	}
	part := func(i int) []byte { return memory[at+places[i] : at+places[i+1]] }
	t := &tables{
		count: count, names: part(0), units: part(1), files: part(2), pcs: part(3), funcs: part(4),
		kept: map[uint32]bool{}, dropped: map[uint32]int{},
	}
	if count < 1 || 8*count > len(t.funcs) {
		return nil, fmt.Errorf("%w: %d functions", errWasm, count)
	}
	t.usedNames, t.usedPCs = make([]bool, len(t.names)), make([]bool, len(t.pcs))
	data, err := findFuncData(memory, at, at+places[0], len(t.names))
	t.data = data
	return t, err
}

// findFuncData finds the functions' data by runtime.moduledata, which begins
// with the address of the header and the slice of the names.
func findFuncData(memory []byte, header, names, length int) ([]byte, error) {
	var begin []byte
	for _, w := range []int{header, names, length, length} {
		begin = binary.LittleEndian.AppendUint64(begin, uint64(w))
	}
	at := bytes.Index(memory, begin)
	if at < 0 || at+8*(beginOfData+1) > len(memory) {
		return nil, fmt.Errorf("%w: there is no moduledata", errWasm)
	}
	data, end := word(memory, at+8*beginOfData), word(memory, at+8*afterData)
	if data <= header || end <= data || end > len(memory) {
		return nil, fmt.Errorf("%w: the functions' data is out of order", errWasm)
	}
	return memory[data:end], nil
}

// word reads a number that is not negative; one that is too large for a memory
// is -1.
func word(memory []byte, at int) int {
	if w := binary.LittleEndian.Uint64(memory[at:]); w < maxMemory {
		return int(w)
	}
	return -1
}

// useName notes that the name of a function is used.
func (t *tables) useName(f []byte) error {
	at := int(get(f, fieldName))
	for i := at; i < len(t.names); i++ {
		t.usedNames[i] = true
		if t.names[i] == 0 {
			return nil
		}
	}
	return fmt.Errorf("%w: a name is outside of its table", errWasm)
}

// useTable notes that a table of values by instruction is used.
func (t *tables) useTable(f []byte, field int) error {
	at := int(get(f, field))
	if at == 0 {
		return nil // there is none
	}
	return t.walk(at, func(end, _ int) {
		for ; at < end; at++ {
			t.usedPCs[at] = true
		}
	})
}

// walk reads a table of values by instruction: pairs of differences of the
// value and the instruction, the first of which is 0 only at the beginning and
// at the end. It calls each with the end of each pair and its value.
func (t *tables) walk(at int, each func(end, value int)) error {
	value := -1
	for i := at; i < len(t.pcs); {
		difference, n := binary.Uvarint(t.pcs[i:])
		if n == 1 && difference == 0 && i > at {
			each(i+1, value)
			return nil
		}
		_, m := binary.Uvarint(t.pcs[i+max(n, 0):])
		if n <= 0 || m <= 0 {
			break
		}
		value += int(int32(-(difference & 1) ^ (difference >> 1)))
		i += n + m
		each(i, value)
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
	for at, size := range t.dropped {
		if !t.kept[at] { // what is the same is there once, also if it means another thing
			clear(t.data[at:min(int(at)+size, len(t.data))])
		}
	}
}
