package directory

import "strings"

// query narrows set to the entries that have every word of a query in their
// name, team, skills or activity. It returns, for use until the next call,
// those of them in which every word begins a word there.
func (x *Index) query(words []string, set bitset) (first bitset) {
	first = x.scratch[0]
	copy(first, set)
	for _, word := range words {
		starts, anywhere := x.scratch[1], x.scratch[2]
		clear(starts)
		clear(anywhere)
		x.words.find(word, starts, anywhere)
		letters := lettersOf(word)
		x.inActivities(word, letters, starts, anywhere)
		x.inLate(word, letters, starts, anywhere)
		anywhere.or(starts)
		first.and(starts)
		set.and(anywhere)
	}
	return first
}

// inActivities adds the entries with a word in their activity.
func (x *Index) inActivities(word string, letters uint64, starts, anywhere bitset) {
	for i := range x.terms {
		t := &x.terms[i]
		if t.kind != termActivity || letters&^t.letters != 0 {
			continue
		}
		switch find(t.folded, word) {
		case atBeginning:
			starts.or(t.in)
		case inside:
			anywhere.or(t.in)
		}
	}
}

// inLate adds the late entries with a word in their name, team or skills, which
// are not among the words.
func (x *Index) inLate(word string, letters uint64, starts, anywhere bitset) {
	for i := range x.late {
		l := &x.late[i]
		if letters&^l.letters != 0 {
			continue
		}
		found := find(l.folded, word)
		x.eachTerm(&x.entries[l.id], func(place int32) { found = max(found, find(x.terms[place].folded, word)) })
		switch found {
		case atBeginning:
			starts.put(l.id)
		case inside:
			anywhere.put(l.id)
		}
	}
}

// lettersOf are the bytes of a folded text, as bits: those of a word are all
// among those of any text that has it.
func lettersOf(text string) uint64 {
	var letters uint64
	for i := 0; i < len(text); i++ {
		letters |= 1 << (text[i] & 63)
	}
	return letters
}

// wordsOf are the words of a query.
func wordsOf(query string) []string { return strings.Fields(Fold(query)) }
