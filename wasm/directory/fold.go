package directory

import (
	"unicode"
	"unicode/utf8"
)

// plainOf is the letters that stand for an accented one.
var plainOf = func() map[rune]string {
	m := make(map[rune]string, 512)
	for _, group := range accents {
		for _, letter := range group.accented {
			m[letter] = group.plain
		}
	}
	return m
}()

// The combining accents of Unicode, with which a letter may be written in two.
const (
	firstCombining = '\u0300'
	lastCombining  = '\u036F'
)

// Fold writes a name in small letters without accents, so that two that differ
// in nothing else are the same.
func Fold(s string) string {
	if i := foldedAlready(s); i < len(s) {
		return string(appendFold(append(make([]byte, 0, len(s)+4), s[:i]...), s[i:]))
	}
	return s
}

// foldedAlready is how many bytes at the beginning stay as they are.
func foldedAlready(s string) int {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	return i
}

// appendFold appends what [Fold] makes of a text.
func appendFold(out []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			char, n := utf8.DecodeRuneInString(s[i:])
			out = appendFolded(out, unicode.ToLower(char))
			i += n
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
		i++
	}
	return out
}

// appendFolded appends a small letter without its accent.
func appendFolded(out []byte, c rune) []byte {
	if c >= firstCombining && c <= lastCombining {
		return out
	}
	if plain, ok := plainOf[c]; ok {
		return append(out, plain...)
	}
	return utf8.AppendRune(out, c)
}
