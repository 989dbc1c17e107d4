package directory

import "strings"

// escape makes a field of any text.
func escape(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			out = append(out, '\\', '\\')
		case '\t':
			out = append(out, '\\', 't')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		default:
			out = append(out, c)
		}
	}
	return out
}

// unescape is the text of a field. Most have nothing to be replaced, and share
// the memory of the field.
func unescape(field string) string {
	if strings.IndexByte(field, '\\') < 0 {
		return field
	}
	out := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		c := field[i]
		if c == '\\' && i+1 < len(field) {
			i++
			switch c = field[i]; c {
			case 't':
				c = '\t'
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			}
		}
		out = append(out, c)
	}
	return string(out)
}

// field cuts the first field off a line.
func field(line string) (first, rest string) {
	if i := strings.IndexByte(line, '\t'); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, ""
}

// number reads a number of at most nine digits.
func number(s string) (n int, ok bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

// list reads numbers that are parted by commas, each less than the limit.
func list(s string, limit int) (numbers []int32, ok bool) {
	for s != "" {
		item, rest, more := strings.Cut(s, ",")
		n, ok := number(item)
		if !ok || n >= limit || more && rest == "" {
			return nil, false
		}
		numbers, s = append(numbers, int32(n)), rest
	}
	return numbers, true
}

const digits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// compact writes a SID of the prefix in 22 characters, and any other one as it
// is after an equals sign.
func compact(out []byte, sid, prefix string) []byte {
	if len(sid) != 34 || sid[:2] != prefix {
		return escape(append(out, '='), sid)
	}
	start, bits, have := len(out), 0, 0
	for i := 2; i < len(sid); i++ {
		nibble := strings.IndexByte(hexDigits, sid[i])
		if nibble < 0 {
			return escape(append(out[:start], '='), sid)
		}
		bits, have = bits<<4|nibble, have+4
		if have >= 6 {
			have -= 6
			out = append(out, digits64[bits>>have&63])
		}
	}
	return append(out, digits64[bits<<(6-have)&63])
}

const hexDigits = "0123456789abcdef"

// expand is the SID that a field stands for. It must be one that wellFormed
// accepts.
func expand(field, prefix string) string {
	if field[0] == '=' {
		return unescape(field[1:])
	}
	return string(appendExpanded(make([]byte, 0, expandedLength+1), field, prefix))
}

// expandedLength is that of a SID, in bytes.
const expandedLength = 34

// appendExpanded appends the SID of a field that is 22 characters: two of them
// are three of the SID's.
func appendExpanded(out []byte, field, prefix string) []byte {
	end := len(out) + expandedLength
	out = append(out, prefix...)
	for i := 0; i+1 < len(field); i += 2 {
		bits := value64(field[i])<<6 | value64(field[i+1])
		out = append(out, hexDigits[bits>>8&15], hexDigits[bits>>4&15], hexDigits[bits&15])
	}
	return out[:end]
}

// wellFormed reports whether a field can be a SID.
func wellFormed(field string) bool {
	if field != "" && field[0] == '=' {
		return true
	}
	if len(field) != 22 || value64(field[21])&15 != 0 {
		return false
	}
	for i := 0; i < len(field); i++ {
		if value64(field[i]) < 0 {
			return false
		}
	}
	return true
}

// values64 are the values of the digits, and -1 for every other character.
var values64 = func() (values [256]int8) {
	for i := range values {
		values[i] = int8(strings.IndexByte(digits64, byte(i)))
	}
	return values
}()

func value64(c byte) int { return int(values64[c]) }
