package json

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string. Where it is written without escapes the result shares
// the memory of the text. Bytes that are not UTF-8 and halves of surrogate
// pairs are replaced by U+FFFD.
func (r *Reader) String() (string, error) {
	start := r.pos + 1
	if end := plainEnd(r.text, r.pos); end > 0 { // most strings are plain
		r.pos = end + 1
		return r.text[start:end], nil
	}
	return r.anyString()
}

// Text reads a string into its place. A null leaves the place as it is.
func (r *Reader) Text(into *string) error {
	start := r.pos + 1
	if end := plainEnd(r.text, r.pos); end > 0 {
		r.pos, *into = end+1, r.text[start:end]
		return nil
	}
	if r.Null() {
		return nil
	}
	var err error
	*into, err = r.anyString()
	return err
}

// plainEnd is where the closing quote is of a string that begins at i and is
// plain: of ASCII without escapes. It is 0 where none does, and may be where the
// text ends soon after it.
func plainEnd(text string, i int) int {
	if i >= len(text) || text[i] != '"' {
		return 0
	}
	for i++; i+8 <= len(text); i += 8 {
		if found := specials(load(text[i:])); found != 0 {
			i += bits.TrailingZeros64(found) >> 3
			break
		}
	}
	if i < len(text) && text[i] == '"' {
		return i
	}
	return 0
}

func (r *Reader) anyString() (string, error) {
	if r.peek() != '"' {
		return "", r.expected(String)
	}
	if s, ok := r.simple(); ok {
		return s, nil
	}
	raw, plain, err := r.quoted()
	if err != nil || plain {
		return raw, err
	}
	return unescape(raw), nil
}

// scratchSize is what most strings with escapes fit into, in bytes.
const scratchSize = 256

// simple reads a string of ASCII that has escapes of one letter, as the JSON in
// a JSON string does; otherwise it consumes nothing. The reader stands at the
// opening quote.
func (r *Reader) simple() (string, bool) {
	if r.scratch == nil {
		r.scratch = make([]byte, 0, scratchSize)
	}
	text, out := r.text, r.scratch[:0]
	for i := r.pos + 1; i < len(text); i++ {
		for i+8 <= len(text) { // eight bytes at a time, up to a special one
			x := load(text[i:])
			if len(out)+8 > cap(out) {
				out = append(make([]byte, 0, 2*cap(out)), out...)
			}
			store(out[len(out):len(out)+8], x)
			n := 8
			if found := specials(x); found != 0 {
				n = bits.TrailingZeros64(found) >> 3
			}
			i, out = i+n, out[:len(out)+n]
			if n < 8 {
				break
			}
		}
		if i == len(text) {
			return "", false
		}
		c := text[i]
		switch {
		case c == '"':
			r.pos, r.scratch = i+1, out
			return r.keep(out), true
		case c == '\\':
			if i++; i == len(text) || simpleEscapes[text[i]] == 0 {
				return "", false
			}
			c = simpleEscapes[text[i]]
		case c < ' ' || c >= utf8.RuneSelf:
			return "", false
		}
		out = append(out, c)
	}
	return "", false
}

// keep makes a string of what was put together from escapes.
func (r *Reader) keep(value []byte) string {
	if r.values.Cap()-r.values.Len() < len(value) {
		r.values.Reset() // the strings in it stay where they are
		r.values.Grow(max(r.room, len(value)))
	}
	start := r.values.Len()
	r.values.Write(value)
	return r.values.String()[start:]
}

// simpleEscapes are the characters for which a letter after a backslash stands,
// 0 for those that stand for none.
var simpleEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// quoted consumes a string and returns what is between its quotes. plain
// reports that this is the value: it has no escapes and is UTF-8. The reader
// stands at the opening quote.
func (r *Reader) quoted() (raw string, plain bool, err error) {
	r.pos++
	start, ascii, escapes := r.pos, true, false
	for {
		r.pos = skipPlain(r.text, r.pos)
		if r.pos == len(r.text) {
			return "", false, r.fail("a string does not end")
		}
		switch c := r.text[r.pos]; {
		case c == '"':
			raw = r.text[start:r.pos]
			r.pos++
			return raw, !escapes && (ascii || utf8.ValidString(raw)), nil
		case c == '\\':
			escapes = true
			if err := r.escape(); err != nil {
				return "", false, err
			}
		case c < ' ':
			return "", false, r.fail("a control character in a string must be escaped")
		default:
			ascii = false
			r.pos++
		}
	}
}

// skipPlain returns the place of the first special byte from i on, or the
// length of s: one that does not stand for itself in a string, or needs a second
// look. It looks at eight bytes at a time, for most of a text is in strings.
func skipPlain(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if found := specials(load(s[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(s) && !isSpecial(s[i]) {
		i++
	}
	return i
}

func isSpecial(c byte) bool { return c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf }

// load reads eight bytes, the first as the lowest; the compiler makes one
// instruction of it.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// store is the reverse of load.
func store(to []byte, x uint64) {
	_ = to[7]
	to[0], to[1], to[2], to[3] = byte(x), byte(x>>8), byte(x>>16), byte(x>>24)
	to[4], to[5], to[6], to[7] = byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56)
}

// specials sets the highest bit of each special byte. Those above the lowest
// one that is set may be wrong.
func specials(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quotes := x ^ ones*'"'
	backslashes := x ^ ones*'\\'
	// A byte minus 1, or minus a space, borrows where it is smaller.
	return ((quotes - ones) | (backslashes - ones) | (x - ones*' ') | x) & highs
}

// escape consumes an escape sequence after checking it.
func (r *Reader) escape() error {
	if r.pos+1 >= len(r.text) {
		return r.fail("a string does not end")
	}
	if c := r.text[r.pos+1]; simpleEscapes[c] != 0 {
		r.pos += 2
		return nil
	} else if c == 'u' {
		if _, ok := hex4(r.text[r.pos+2:]); ok {
			r.pos += 6
			return nil
		}
	}
	return r.fail("an unknown escape sequence in a string")
}

// unescape gives the value of what stands between quotes. Its escapes have
// been checked.
func unescape(raw string) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '\\' && raw[i+1] == 'u':
			char, n := codePoint(raw[i:])
			out = utf8.AppendRune(out, char)
			i += n
		case c == '\\':
			out = append(out, simpleEscapes[raw[i+1]])
			i += 2
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			char, n := utf8.DecodeRuneInString(raw[i:])
			out = utf8.AppendRune(out, char)
			i += n
		}
	}
	return string(out)
}

// codePoint reads a \u escape, or two that make a surrogate pair, and tells
// how many bytes they take. Half a pair is U+FFFD.
func codePoint(s string) (rune, int) {
	first, _ := hex4(s[2:])
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		second, _ := hex4(s[8:])
		if char := utf16.DecodeRune(first, second); char != utf8.RuneError {
			return char, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads four hexadecimal digits.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var v rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | rune(c)
	}
	return v, true
}
