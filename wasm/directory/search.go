package directory

import (
	"strings"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Search returns the targets whose name has every word of the query within one
// of its own words. Letter case and accents do not count. Those in which every
// word of the query begins a word of the name come first; within both groups
// the order stays. An empty query returns the targets themselves.
func Search(targets []transfer.TargetView, query string) []transfer.TargetView {
	words := strings.Fields(Fold(query))
	if len(words) == 0 {
		return targets
	}
	var first, second []transfer.TargetView
	for _, t := range targets {
		switch match(Fold(t.Target.Name), words) {
		case atBeginning:
			first = append(first, t)
		case inside:
			second = append(second, t)
		}
	}
	return append(first, second...)
}

// quality is how well a name matches.
type quality uint8

const (
	nowhere quality = iota
	inside
	atBeginning
)

// match tells how well all words match the name; both are folded.
func match(name string, words []string) quality {
	worst := atBeginning
	for _, word := range words {
		worst = min(worst, find(name, word))
	}
	return worst
}

// find tells how well one word matches the name. A word has no spaces in it, so
// that it cannot match across two words of the name.
func find(name, word string) quality {
	found := nowhere
	for from := 0; ; {
		i := strings.Index(name[from:], word)
		if i < 0 {
			return found
		}
		if begins(name, from+i) {
			return atBeginning
		}
		found = inside
		_, n := utf8.DecodeRuneInString(name[from+i:])
		from += i + n
	}
}

// begins reports whether a word of the name begins at i: what is before is
// neither a letter nor a digit of ASCII, nor a character beyond it.
func begins(name string, i int) bool {
	if i == 0 {
		return true
	}
	c := name[i-1]
	return c < utf8.RuneSelf && (c < 'a' || c > 'z') && (c < '0' || c > '9')
}
