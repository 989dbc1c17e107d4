package transfer

import (
	"unicode"
	"unicode/utf8"
)

// allows reports whether a thing of the name and the SID is allowed.
func (p Patterns) allows(name, sid string) bool {
	if len(p.Allow) > 0 && !matchAny(p.Allow, name, sid) {
		return false
	}
	return !matchAny(p.Deny, name, sid)
}

// empty reports whether the patterns allow everything.
func (p Patterns) empty() bool { return len(p.Allow) == 0 && len(p.Deny) == 0 }

// matchAny reports whether one of the patterns is the SID or matches the name.
func matchAny(patterns []string, name, sid string) bool {
	for _, p := range patterns {
		if (sid != "" && p == sid) || match(p, name) {
			return true
		}
	}
	return false
}

// match reports whether the whole name matches the pattern. It takes time in
// proportion to the product of both lengths at worst.
func match(pattern, name string) bool {
	p, n := 0, 0
	star, resume := -1, 0 // the last *, and where what it stands for ends
	for n < len(name) {
		c, size := utf8.DecodeRuneInString(name[n:])
		if p < len(pattern) {
			want, wide := utf8.DecodeRuneInString(pattern[p:])
			if want == '*' {
				star, resume = p, n
				p += wide
				continue
			}
			if want == '?' || sameLetter(want, c) {
				p += wide
				n += size
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, skipped := utf8.DecodeRuneInString(name[resume:])
		resume += skipped
		p, n = star+1, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func sameLetter(a, b rune) bool { return a == b || unicode.ToLower(a) == unicode.ToLower(b) }
