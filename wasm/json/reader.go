package json

import (
	"strconv"
	"strings"
)

// MaxDepth is how deep arrays and objects may be nested in each other.
const MaxDepth = 64

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds. Invalid is the end of the text, or something that begins no value.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

var kindNames = [...]string{"nothing", "an object", "an array", "a string", "a number", "true or false", "null"}

// String names the kind for error messages, with its article.
func (k Kind) String() string { return kindNames[k] }

// Reader pulls JSON values from a text, in the order of the text. Every error
// it returns by itself is an [*Error]; after an error it must not be used again.
type Reader struct {
	text  string
	pos   int
	depth int
	// scratch is a buffer that is used again and again.
	scratch []byte
	// values are strings that had escapes, one after the other: one piece of memory
	// takes less time than many. room is how long it was after the last text.
	values strings.Builder
	room   int
	trail  []step // after an error, where it came up, the innermost step first
}

// NewReader returns a reader at the beginning of the text.
func NewReader(text string) *Reader { return &Reader{text: text} }

// Reset puts the reader at the beginning of another text.
func (r *Reader) Reset(text string) {
	*r = Reader{text: text, scratch: r.scratch, trail: r.trail[:0], room: r.values.Len()}
}

// Same consumes a string and reports true where it is written as given, quotes
// and all; otherwise it consumes nothing but white space.
func (r *Reader) Same(written string) bool {
	r.peek()
	return written != "" && r.literal(written)
}

// Since is the text from an offset up to where the reader stands.
func (r *Reader) Since(offset int) string { return r.text[offset:r.pos] }

// Offset is the byte at which the reader stands, counted from 0.
func (r *Reader) Offset() int { return r.pos }

// Kind tells the kind of the next value by its first character, and consumes
// nothing but white space.
func (r *Reader) Kind() Kind {
	switch c := r.peek(); c {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return Invalid
}

// Object reads an object and calls member with each key, which must consume
// the value that follows. An error of member ends the reading and is returned
// as it is.
func (r *Reader) Object(member func(key string) error) error {
	if err := r.open('{', Object); err != nil {
		return err
	}
	if r.closes('}') {
		return nil
	}
	for {
		key := ""
		start := r.pos + 1 // most keys are plain, and nothing stands around the colon
		if end := plainEnd(r.text, start-1); end > 0 && end+2 < len(r.text) && r.text[end+1] == ':' && r.text[end+2] > ' ' {
			key, r.pos = r.text[start:end], end+2
		} else {
			var err error
			if key, err = r.key(); err != nil {
				return err
			}
		}
		before := r.pos
		if err := member(key); err != nil || r.pos == before {
			return r.failedIn(step{key, noIndex}, err)
		}
		if r.at(',') { // most often
			r.pos++
		} else if done, err := r.more('}'); done || err != nil {
			return err
		}
	}
}

// Array reads an array and calls item with the index of each element, counted
// from 0, which must consume that element. An error of item ends the reading
// and is returned as it is.
func (r *Reader) Array(item func(i int) error) error {
	if err := r.open('[', Array); err != nil {
		return err
	}
	if r.closes(']') {
		return nil
	}
	for i := 0; ; i++ {
		r.peek()
		before := r.pos
		if err := item(i); err != nil || r.pos == before {
			return r.failedIn(step{"", i}, err)
		}
		if done, err := r.more(']'); done || err != nil {
			return err
		}
	}
}

// Null consumes a null and reports true if one is next; otherwise it consumes
// nothing but white space.
func (r *Reader) Null() bool {
	// A value that is something else is told at once: most are.
	return r.pos < len(r.text) && (r.text[r.pos] == 'n' || r.text[r.pos] <= ' ') && r.null()
}

func (r *Reader) null() bool { return r.peek() == 'n' && r.literal("null") }

// Bool reads true or false.
func (r *Reader) Bool() (bool, error) {
	switch r.peek() {
	case 't':
		if r.literal("true") {
			return true, nil
		}
	case 'f':
		if r.literal("false") {
			return false, nil
		}
	}
	return false, r.expected(Bool)
}

// Raw reads a value of any kind and returns its text, without the white space
// around it.
func (r *Reader) Raw() (string, error) {
	r.peek()
	start := r.pos
	if err := r.Skip(); err != nil {
		return "", err
	}
	return r.text[start:r.pos], nil
}

// Skip reads a value of any kind and checks that it is well formed.
func (r *Reader) Skip() error {
	switch r.Kind() {
	case Object:
		return r.Object(func(string) error { return r.Skip() })
	case Array:
		return r.Array(func(int) error { return r.Skip() })
	case String:
		_, _, err := r.quoted()
		return err
	case Number:
		_, err := r.number()
		return err
	case Bool:
		_, err := r.Bool()
		return err
	case Null:
		if r.Null() {
			return nil
		}
	}
	return r.fail("expected a value" + r.found())
}

// End checks that only white space remains.
func (r *Reader) End() error {
	if r.peek(); r.pos < len(r.text) {
		return r.fail("expected the end" + r.found())
	}
	return nil
}

// open consumes the bracket that begins a value of a kind.
func (r *Reader) open(bracket byte, kind Kind) error {
	if r.peek() != bracket {
		return r.expected(kind)
	}
	if r.depth == MaxDepth {
		return r.fail("nested more than " + strconv.Itoa(MaxDepth) + " deep")
	}
	r.pos++
	r.depth++
	return nil
}

// closes consumes a closing bracket and reports true if it is next.
func (r *Reader) closes(bracket byte) bool {
	if r.peek() != bracket {
		return false
	}
	r.pos++
	r.depth--
	return true
}

// more consumes what follows an element: a comma, or the closing bracket, for
// which it reports true.
func (r *Reader) more(bracket byte) (done bool, err error) {
	switch r.peek() {
	case ',':
		r.pos++
		return false, nil
	case bracket:
		r.pos++
		r.depth--
		return true, nil
	}
	return false, r.fail("expected a comma or " + string(rune(bracket)) + r.found())
}

// key consumes a key, its colon and the white space after it.
func (r *Reader) key() (string, error) {
	if r.peek() != '"' {
		return "", r.fail("expected a key" + r.found())
	}
	key, err := r.String()
	if err != nil {
		return "", err
	}
	if r.peek() != ':' {
		return "", r.fail("expected a colon" + r.found())
	}
	r.pos++
	r.peek()
	return key, nil
}

// literal consumes the word if it is next.
func (r *Reader) literal(word string) bool {
	if len(r.text)-r.pos < len(word) || r.text[r.pos:r.pos+len(word)] != word {
		return false
	}
	r.pos += len(word)
	return true
}

// peek skips white space and returns the next byte, 0 at the end of the text.
func (r *Reader) peek() byte {
	if r.pos < len(r.text) && r.text[r.pos] > ' ' {
		return r.text[r.pos]
	}
	return r.peekOn()
}

func (r *Reader) peekOn() byte {
	for ; r.pos < len(r.text); r.pos++ {
		switch c := r.text[r.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (r *Reader) fail(message string) error { return &Error{Offset: r.pos, Message: message} }

func (r *Reader) expected(kind Kind) error { return r.fail("expected " + kind.String() + r.found()) }

// found says in an error message what stands at the reader's place.
func (r *Reader) found() string {
	if r.pos >= len(r.text) {
		return ", found the end"
	}
	if kind := r.Kind(); kind != Invalid {
		return ", found " + kind.String()
	}
	return ", found " + strconv.QuoteToASCII(r.text[r.pos:r.pos+1])
}
