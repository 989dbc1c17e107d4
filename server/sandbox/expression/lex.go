package expression

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenOpenArray
	tokenCloseArray
	tokenComma
	tokenOperator // == != > >= < <= and the keywords, in upper case
	tokenConstant
	tokenPath
)

// token is one word of the source. text is an operator's name or the source of
// what it is; value is set for constants and path for references.
type token struct {
	kind   tokenKind
	offset int
	text   string
	value  any
	path   path
}

type lexer struct {
	src string
	pos int
}

// keywords maps the operators that are words. NOT is only half of NOT IN.
var keywords = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "IN": true, "HAS": true, "CONTAINS": true,
}

var constants = map[string]any{"TRUE": true, "FALSE": false, "NULL": nil}

var punctuation = map[byte]tokenKind{
	'(': tokenOpen, ')': tokenClose, '[': tokenOpenArray, ']': tokenCloseArray, ',': tokenComma,
}

func (l *lexer) fail(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: offset, Problem: fmt.Sprintf(format, args...)}
}

// next reads one token.
func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.src) {
		return token{kind: tokenEnd, offset: start}, nil
	}
	c := l.src[start]
	if kind, ok := punctuation[c]; ok {
		l.pos++
		return token{kind: kind, offset: start, text: l.src[start:l.pos]}, nil
	}
	switch {
	case strings.IndexByte("=!<>", c) >= 0:
		return l.operator()
	case c == '\'' || c == '"':
		return l.quoted()
	case c >= '0' && c <= '9':
		return l.number()
	}
	if r, _ := utf8.DecodeRuneInString(l.src[start:]); startsKey(r) {
		return l.word()
	} else if r == '-' {
		return token{}, l.fail(start, "hyphens are not supported")
	} else {
		return token{}, l.fail(start, "unexpected character %q", r)
	}
}

func (l *lexer) operator() (token, error) {
	start := l.pos
	for _, op := range []string{"==", "!=", ">=", "<=", ">", "<"} {
		if strings.HasPrefix(l.src[start:], op) {
			l.pos += len(op)
			return token{kind: tokenOperator, offset: start, text: op}, nil
		}
	}
	return token{}, l.fail(start, "unknown operator %q", l.src[start:start+1])
}

func (l *lexer) quoted() (token, error) {
	start, quote := l.pos, l.src[l.pos]
	var text strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == quote:
			l.pos = i + 1
			return token{kind: tokenConstant, offset: start, text: l.src[start:l.pos], value: text.String()}, nil
		case c == '\\' && i+1 < len(l.src):
			i++
			text.WriteByte(l.src[i])
		default:
			text.WriteByte(c)
		}
	}
	return token{}, l.fail(start, "string without a closing %c", quote)
}

func (l *lexer) number() (token, error) {
	start := l.pos
	for l.pos < len(l.src) && (isDigit(l.src[l.pos]) || l.src[l.pos] == '.') {
		l.pos++
	}
	text := l.src[start:l.pos]
	value, err := strconv.ParseFloat(text, 64)
	if r, _ := utf8.DecodeRuneInString(l.src[l.pos:]); err != nil || continuesKey(r) || strings.HasSuffix(text, ".") {
		return token{}, l.fail(start, "malformed number %q", text)
	}
	return token{kind: tokenConstant, offset: start, text: text, value: value}, nil
}

// word reads a keyword, a named constant or a path. Only a whole first word
// can be a keyword: worker.in is a path.
func (l *lexer) word() (token, error) {
	start := l.pos
	first := l.key()
	upper := strings.ToUpper(first)
	followed := l.pos < len(l.src) && l.src[l.pos] == '.'
	if !followed && keywords[upper] {
		return token{kind: tokenOperator, offset: start, text: upper}, nil
	}
	if value, ok := constants[upper]; ok && !followed {
		return token{kind: tokenConstant, offset: start, text: first, value: value}, nil
	}
	steps, err := l.steps(path{{key: first}})
	if err != nil {
		return token{}, err
	}
	return token{kind: tokenPath, offset: start, text: l.src[start:l.pos], path: steps}, nil
}

// steps reads what follows a path's first key: .key and [index].
func (l *lexer) steps(p path) (path, error) {
	for l.pos < len(l.src) {
		start := l.pos
		switch l.src[l.pos] {
		case '.':
			l.pos++
			key := l.key()
			if key == "" {
				return nil, l.fail(start, "no key after the dot")
			}
			p = append(p, step{key: key})
		case '[':
			end := strings.IndexByte(l.src[start:], ']')
			if end < 0 {
				return nil, l.fail(start, "index without a closing ]")
			}
			index, err := strconv.ParseUint(l.src[start+1:start+end], 10, 31)
			if err != nil {
				return nil, l.fail(start+1, "an index has to be a whole number")
			}
			l.pos += end + 1
			p = append(p, step{index: int(index), indexed: true})
		case '-':
			return nil, l.fail(start, "hyphens are not supported")
		default:
			return p, nil
		}
	}
	return p, nil
}

// key reads as many characters of a key as there are, perhaps none.
func (l *lexer) key() string {
	start := l.pos
	for l.pos < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.pos:])
		if !continuesKey(r) {
			break
		}
		l.pos += size
	}
	return l.src[start:l.pos]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func startsKey(r rune) bool {
	return r == '_' || r == '$' || r != utf8.RuneError && unicode.IsLetter(r)
}

func continuesKey(r rune) bool {
	return startsKey(r) || r != utf8.RuneError && unicode.IsDigit(r)
}
