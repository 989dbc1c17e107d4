package json

import (
	"strconv"
	"unicode/utf8"
)

// Writer appends JSON to a buffer and puts the commas. It does not check that
// what is begun is ended, or that keys stand in objects: the caller's tests do.
type Writer struct {
	buf   []byte
	comma bool // the next key or value is preceded by another
}

// firstSize is the size of a buffer that the writer makes, in bytes.
const firstSize = 128

// NewWriter returns a writer that appends to buf, which may be nil. What buf
// holds already is kept.
func NewWriter(buf []byte) *Writer {
	if buf == nil {
		buf = make([]byte, 0, firstSize)
	}
	return &Writer{buf: buf}
}

// Bytes is the buffer with all that was written.
func (w *Writer) Bytes() []byte { return w.buf }

// BeginObject begins an object; keys and values follow in turn.
func (w *Writer) BeginObject() { w.begin('{') }

// EndObject ends the object that was begun last.
func (w *Writer) EndObject() { w.end('}') }

// BeginArray begins an array.
func (w *Writer) BeginArray() { w.begin('[') }

// EndArray ends the array that was begun last.
func (w *Writer) EndArray() { w.end(']') }

// Key writes the key of the value that comes next.
func (w *Writer) Key(key string) {
	w.separate()
	w.buf = append(appendString(w.buf, key), ':')
	w.comma = false
}

// String writes a string. Bytes that are not UTF-8 become U+FFFD.
func (w *Writer) String(s string) {
	w.separate()
	w.buf = appendString(w.buf, s)
}

// Int writes a whole number.
func (w *Writer) Int(n int64) {
	w.separate()
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(b bool) {
	w.separate()
	w.buf = strconv.AppendBool(w.buf, b)
}

// Null writes null.
func (w *Writer) Null() { w.Raw("null") }

// Raw writes a value that is JSON already, such as one from [Reader.Raw]. The
// caller vouches for it. An empty text is written as null.
func (w *Writer) Raw(json string) {
	w.separate()
	if json == "" {
		json = "null"
	}
	w.buf = append(w.buf, json...)
}

func (w *Writer) begin(bracket byte) {
	w.separate()
	w.buf = append(w.buf, bracket)
	w.comma = false
}

func (w *Writer) end(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = true
}

// separate writes the comma before a key or a value that follows another.
func (w *Writer) separate() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

// PlainKey is [Writer.Key] for a key that stands for itself in a string: ASCII
// without quotes, backslashes and control characters.
func (w *Writer) PlainKey(key string) {
	w.buf = w.appendKey(w.buf, key)
	w.comma = false
}

// Member writes a key as PlainKey does, and its value, which is a string.
func (w *Writer) Member(key, value string) {
	w.buf = appendString(w.appendKey(w.buf, key), value)
	w.comma = true
}

func (w *Writer) appendKey(buf []byte, key string) []byte {
	if w.comma {
		buf = append(buf, ',')
	}
	return append(append(append(buf, '"'), key...), '"', ':')
}

// appendString appends s in quotes. U+2028 and U+2029 are escaped so that the
// result may stand in a script.
func appendString(buf []byte, s string) []byte {
	if n := len(buf) + len(s) + 2; n <= cap(buf) { // most strings are plain
		out := buf[:n]
		if copyPlain(out[len(buf)+1:], s) {
			out[len(buf)], out[n-1] = '"', '"'
			return out
		}
	}
	return appendEscaped(buf, s)
}

// copyPlain copies s to a place that is longer, if all of it stands for itself
// in a string. Eight bytes at a time, the last of which may be copied twice.
func copyPlain(to []byte, s string) bool {
	if len(s) < 8 {
		for i := 0; i < len(s); i++ {
			if isSpecial(s[i]) {
				return false
			}
			to[i] = s[i]
		}
		return true
	}
	for i := 0; ; i = min(i+8, len(s)-8) {
		x := load(s[i:])
		if specials(x) != 0 {
			return false
		}
		store(to[i:], x)
		if i == len(s)-8 {
			return true
		}
	}
}

func appendEscaped(buf []byte, s string) []byte {
	buf = append(buf, '"')
	done := 0 // what is before it has been appended
	for i := skipPlain(s, 0); i < len(s); i = skipPlain(s, i) {
		if c := s[i]; c < utf8.RuneSelf {
			buf = appendEscape(append(buf, s[done:i]...), c)
			i++
			done = i
			continue
		}
		char, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case char == utf8.RuneError && n == 1:
			buf = append(append(buf, s[done:i]...), "\uFFFD"...)
			done = i + n
		case char == '\u2028' || char == '\u2029':
			buf = append(append(buf, s[done:i]...), `\u202`...)
			buf = append(buf, hexDigits[char&0xF])
			done = i + n
		}
		i += n
	}
	return append(append(buf, s[done:]...), '"')
}

const hexDigits = "0123456789abcdef"

// appendEscape appends the escape sequence of an ASCII character.
func appendEscape(buf []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(buf, '\\', c)
	case '\n':
		return append(buf, `\n`...)
	case '\r':
		return append(buf, `\r`...)
	case '\t':
		return append(buf, `\t`...)
	}
	return append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}
