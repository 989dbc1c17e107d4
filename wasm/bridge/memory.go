//go:build js && wasm

package bridge

import (
	"unsafe"

	"github.com/hack-pad/safejs"

	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// Questions and answers go through the module's memory, as UTF-8: a page writes
// the question where reserve says, calls decide with its length, and reads the
// answer where decide says. A function of package syscall/js would take twice
// the time for the same, most of it for the objects that a call makes.
//
// A page asks one question at a time, and Go moves nothing in its memory; so the
// addresses hold until the next question.
var (
	questionText []byte
	answerText   []byte
	answerLength uint32
	decider      wire.Decider
)

// maxQuestion is the longest question that is taken, in bytes.
const maxQuestion = 64 << 20

// reserve makes room for a question of so many bytes and returns its address.
func (b *bridge) reserve(args []safejs.Value) any {
	if len(args) == 0 || args[0].Type() != safejs.TypeNumber {
		return failure(badArgument("size", "expected a number"))
	}
	size, err := args[0].Int()
	if err != nil || size < 1 || size > maxQuestion {
		return failure(badArgument("size", "is too large for a question"))
	}
	questionText = make([]byte, size)
	return address(&questionText[0])
}

// decide answers the question of so many bytes, see [wire.Decide]. It returns
// the answer's address; its length is at lengthAddress.
//
//go:wasmexport decide
func decide(size uint32) (at uint32) {
	defer func() {
		if p := recover(); p != nil {
			at = answer([]byte(panicked(p)))
		}
	}()
	if int64(size) > int64(len(questionText)) {
		return answer([]byte(failure(badArgument("size", "is more than was reserved"))))
	}
	question := unsafe.String(&questionText[0], size) // nothing keeps a part of it past the answer
	beforeDecision(question)
	return answer(decider.Append(answerText[:0], question))
}

// answer keeps an answer until the next one, and returns its address.
func answer(text []byte) uint32 {
	answerText, answerLength = text, uint32(len(text))
	return uint32(address(&text[0]))
}

func lengthAddress() int { return int(uintptr(unsafe.Pointer(&answerLength))) }

// address is where a byte is in the module's memory.
func address(b *byte) int { return int(uintptr(unsafe.Pointer(b))) }
