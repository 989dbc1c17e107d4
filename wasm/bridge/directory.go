//go:build js && wasm

package bridge

import (
	"unsafe"

	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// directories is the directory of this instance. Its questions go the way of
// decide's; the packed text has room of its own, which it keeps.
var (
	directories   wire.Directories
	directoryRoom []byte
)

// reserveDirectory makes room for a packed directory and the order of its
// entries, and returns the address.
//
//go:wasmexport reserveDirectory
func reserveDirectory(size uint32) uint32 {
	if size == 0 || size > maxQuestion {
		return 0
	}
	directoryRoom = make([]byte, size)
	return uint32(address(&directoryRoom[0]))
}

// loadDirectory takes what was written there: the text, so many bytes, and after
// it the order, four bytes a number, the least one first.
//
//go:wasmexport loadDirectory
func loadDirectory(length uint32) (at uint32) {
	return asked(func(buf []byte) []byte {
		room := directoryRoom
		directoryRoom = nil
		if int(length) > len(room) || length == 0 {
			return []byte(failure(badArgument("length", "is more than was reserved")))
		}
		text := unsafe.String(&room[0], length)
		order := make([]uint32, (len(room)-int(length))/4)
		for i := range order {
			at := int(length) + 4*i
			order[i] = uint32(room[at]) | uint32(room[at+1])<<8 | uint32(room[at+2])<<16 | uint32(room[at+3])<<24
		}
		if len(order) == 0 {
			order = nil
		}
		return directories.Load(buf, text, order)
	})
}

//go:wasmexport updateDirectory
func updateDirectory(size uint32) uint32 { return askDirectory(size, directories.Update) }

//go:wasmexport openDirectory
func openDirectory(size uint32) uint32 { return askDirectory(size, directories.Open) }

//go:wasmexport nativeFilters
func nativeFilters(size uint32) uint32 { return askDirectory(size, directories.Filters) }

// search puts a query, whose text takes so many bytes, see
// [wire.Directories.Search]. It returns the address of the numbers, or 0 where
// there is no answer.
//
//go:wasmexport search
func search(size, favourites, flags, limit uint32) (at uint32) {
	defer func() {
		if p := recover(); p != nil {
			at = 0
		}
	}()
	if int64(size) > int64(len(questionText)) {
		return 0
	}
	text := ""
	if size > 0 {
		text = unsafe.String(&questionText[0], size)
	}
	numbers := directories.Search(text, favourites, flags, limit)
	return uint32(uintptr(unsafe.Pointer(&numbers[0])))
}

//go:wasmexport describe
func describe(of, number uint32) uint32 {
	return asked(func(buf []byte) []byte { return directories.Describe(buf, of, number) })
}

// askDirectory puts the question of so many bytes.
func askDirectory(size uint32, ask func(buf []byte, question string) []byte) uint32 {
	return asked(func(buf []byte) []byte {
		if int64(size) > int64(len(questionText)) {
			return []byte(failure(badArgument("size", "is more than was reserved")))
		}
		return ask(buf, unsafe.String(&questionText[0], size))
	})
}

// asked keeps the answer of a function, or the failure where it panics.
func asked(ask func(buf []byte) []byte) (at uint32) {
	defer func() {
		if p := recover(); p != nil {
			at = answer([]byte(panicked(p)))
		}
	}()
	return answer(ask(answerText[:0]))
}
