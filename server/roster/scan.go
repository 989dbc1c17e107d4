package roster

import (
	"fmt"
	"strings"
)

type tokenKind uint8

const (
	end    tokenKind = iota
	text             // a string, without its quotes
	number           // 1, 5.1, -2
	word             // AND, OR, NOT, IN, HAS, CONTAINS, TRUE, FALSE, NULL, in capitals
	name             // a key
	sign             // an operator, a bracket or a comma
)

type token struct {
	kind   tokenKind
	text   string
	offset int
}

// words are written in any case.
var words = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "IN": true, "HAS": true, "CONTAINS": true,
	"TRUE": true, "FALSE": true, "NULL": true,
}

// scan cuts an expression into tokens; the last one is the end.
func scan(s string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(s); {
		if strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			i++
			continue
		}
		t, length, err := next(s, i)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		i += length
	}
	return append(tokens, token{kind: end, offset: len(s)}), nil
}

// next reads the token at offset i, and says how long it is.
func next(s string, i int) (token, int, error) {
	switch c := s[i]; {
	case c == '"' || c == '\'':
		return quoted(s, i)
	case isDigit(c) || (c == '-' || c == '.') && i+1 < len(s) && isDigit(s[i+1]):
		length := 1 + span(s[i+1:], func(c byte) bool { return isDigit(c) || c == '.' })
		return token{number, s[i : i+length], i}, length, nil
	case isLetter(c) || c == '.':
		length := span(s[i:], func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })
		if upper := strings.ToUpper(s[i : i+length]); words[upper] {
			return token{word, upper, i}, length, nil
		}
		return token{name, s[i : i+length], i}, length, nil
	}
	for _, operator := range []string{"==", "!=", ">=", "<=", ">", "<", "(", ")", "[", "]", ","} {
		if strings.HasPrefix(s[i:], operator) {
			return token{sign, operator, i}, len(operator), nil
		}
	}
	return token{}, 0, fmt.Errorf("%w: %q at offset %d means nothing", ErrExpression, s[i:i+1], i)
}

// quoted reads a string. How a quote is escaped is not documented; a backslash before a quote or a backslash is
// taken as an escape.
func quoted(s string, i int) (token, int, error) {
	var b strings.Builder
	for at := i + 1; at < len(s); at++ {
		switch c := s[at]; {
		case c == s[i]:
			return token{text, b.String(), i}, at + 1 - i, nil
		case c == '\\' && at+1 < len(s) && strings.IndexByte(`\'"`, s[at+1]) >= 0:
			at++
			b.WriteByte(s[at])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, 0, fmt.Errorf("%w: the string at offset %d has no end", ErrExpression, i)
}

func span(s string, in func(byte) bool) int {
	for i := range len(s) {
		if !in(s[i]) {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isLetter takes in whatever is beyond ASCII, since keys are not limited to it.
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}
