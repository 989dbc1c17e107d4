package main

import (
	"encoding/binary"
	"errors"
)

// The sections of a WebAssembly module that matter here, and the opcodes of the
// expressions that say where a data segment begins.
const (
	sectionCustom = 0
	sectionData   = 11
	opI32Const    = 0x41
	opEnd         = 0x0B
	headerLength  = 8
)

// maxMemory bounds the memory that a module may fill as it begins, in bytes.
const maxMemory = 64 << 20

// zeroRun is how many zeros end a data segment: fresh memory is zero, and the
// head of another segment takes some bytes.
const zeroRun = 64

var errWasm = errors.New("the module is not as expected")

// splitData takes a module apart: what is before and after its data, and the
// memory as it is when the module begins. Custom sections are dropped: they name
// the tools.
func splitData(module []byte) (before, memory, after []byte, err error) {
	if len(module) < headerLength {
		return nil, nil, nil, errWasm
	}
	before = append(before, module[:headerLength]...)
	into := &before
	for rest := module[headerLength:]; len(rest) > 0; {
		id, section := rest[0], rest
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, nil, nil, errWasm
		}
		content := rest[1+n:][:size]
		rest = rest[1+n+int(size):]
		switch id {
		case sectionCustom:
		case sectionData:
			if memory, err = readSegments(content); err != nil {
				return nil, nil, nil, err
			}
			into = &after
		default:
			*into = append(*into, section[:1+n+int(size)]...)
		}
	}
	return before, memory, after, nil
}

// readSegments reads the content of a data section into a memory from address 0.
func readSegments(content []byte) (memory []byte, err error) {
	count, n := binary.Uvarint(content)
	if n <= 0 {
		return nil, errWasm
	}
	content = content[n:]
	for range count {
		if len(content) < 2 || content[0] != 0 || content[1] != opI32Const {
			return nil, errWasm
		}
		at, n := signed(content[2:])
		if n <= 0 || at < 0 || len(content) < 3+n || content[2+n] != opEnd {
			return nil, errWasm
		}
		content = content[3+n:]
		size, n := binary.Uvarint(content)
		if n <= 0 || size > uint64(len(content)-n) || uint64(at)+size > maxMemory {
			return nil, errWasm
		}
		if end := at + int(size); end > len(memory) {
			memory = append(memory, make([]byte, end-len(memory))...)
		}
		copy(memory[at:], content[n:][:size])
		content = content[n+int(size):]
	}
	return memory, nil
}

// joinData is the reverse of splitData.
func joinData(before, memory, after []byte) []byte {
	var segments []byte
	count := uint64(0)
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end := segmentEnd(memory, at)
		segments = append(segments, 0, opI32Const)
		segments = append(appendSigned(segments, at), opEnd)
		segments = binary.AppendUvarint(segments, uint64(end-at))
		segments = append(segments, memory[at:end]...)
		count++
		at = end
	}
	content := append(binary.AppendUvarint(nil, count), segments...)
	out := append(append([]byte{}, before...), sectionData)
	out = append(binary.AppendUvarint(out, uint64(len(content))), content...)
	return append(out, after...)
}

// segmentEnd is where the segment that begins at a place ends: before the next
// long run of zeros.
func segmentEnd(memory []byte, at int) int {
	end := at
	for i := at; i < len(memory) && i-end < zeroRun; i++ {
		if memory[i] != 0 {
			end = i + 1
		}
	}
	return end
}

// signed reads a number in signed LEB128 and tells how many bytes it takes, 0
// where there is none.
func signed(text []byte) (value, n int) {
	for i := 0; i < len(text) && i < 5; i++ {
		value |= int(text[i]&0x7F) << (7 * i)
		if text[i]&0x80 == 0 {
			if text[i]&0x40 != 0 {
				value -= 1 << (7 * (i + 1))
			}
			return value, i + 1
		}
	}
	return 0, 0
}

// appendSigned appends a number that is not negative in signed LEB128.
func appendSigned(out []byte, value int) []byte {
	for value >= 0x40 {
		out = append(out, byte(value)|0x80)
		value >>= 7
	}
	return append(out, byte(value))
}
