package json

import (
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string. Where it is written without escapes the result shares
// the memory of the text. Bytes that are not UTF-8 and halves of surrogate
// pairs are replaced by U+FFFD.
func (r *Reader) String() (string, error) {
	if r.peek() != '"' {
		return "", r.expected(String)
	}
	raw, plain, err := r.quoted()
	if err != nil || plain {
		return raw, err
	}
	return unescape(raw), nil
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

// special marks the bytes that do not stand for themselves in a string, or need
// a second look: quotes, backslashes, control characters and all beyond ASCII.
var special = func() (table [256]bool) {
	for c := range table {
		table[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return table
}()

// skipPlain returns the place of the first special byte from i on, or the
// length of s.
func skipPlain(s string, i int) int {
	for i < len(s) && !special[s[i]] {
		i++
	}
	return i
}

// escape consumes an escape sequence after checking it.
func (r *Reader) escape() error {
	if r.pos+1 >= len(r.text) {
		return r.fail("a string does not end")
	}
	switch r.text[r.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.pos += 2
		return nil
	case 'u':
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
			out = append(out, escaped(raw[i+1]))
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

// escaped is the character for which a letter after a backslash stands.
func escaped(letter byte) byte {
	switch letter {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return letter
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
