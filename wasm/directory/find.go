package directory

import "strings"

// query narrows set to the entries that have every word of a query in their
// name, team, skills or activity. It returns, for use until the next call,
// those of them in which every word begins a word there.
func (x *Index) query(words []string, set bitset) (first bitset) {
	first = x.scratch[0]
	copy(first, set)
	for _, word := range words {
		beginning, anywhere := x.scratch[1], x.scratch[2]
		clear(beginning)
		clear(anywhere)
		x.inNames(word, beginning, anywhere)
		for i := range x.terms {
			t := &x.terms[i]
			switch find(t.folded, word) {
			case atBeginning:
				beginning.or(t.in)
				anywhere.or(t.in)
			case inside:
				anywhere.or(t.in)
			}
		}
		first.and(beginning)
		set.and(anywhere)
	}
	return first
}

// inNames adds the entries with a word in their name.
func (x *Index) inNames(word string, starts, anywhere bitset) {
	if len(x.names.keys) == 0 {
		return
	}
	if len(word) <= 3 {
		if p := x.names.find(gramKey(word)); p != nil {
			p.into(anywhere)
		}
		if p := x.names.find(gramKey(word) | beginning); p != nil {
			p.into(starts)
		}
		return
	}
	rarest := x.rarest(word)
	if rarest == nil {
		return
	}
	rarest.each(func(id uint32) {
		switch find(x.entries[id].folded, word) {
		case atBeginning:
			starts.put(id)
			anywhere.put(id)
		case inside:
			anywhere.put(id)
		}
	})
}

// rarest is the shortest list of a gram of the word; nil where one of them is
// in no name.
func (x *Index) rarest(word string) *postings {
	var rarest *postings
	for i := 0; i+3 <= len(word); i++ {
		p := x.names.find(gramKey(word[i : i+3]))
		if p == nil {
			return nil
		}
		if rarest == nil || p.n < rarest.n {
			rarest = p
		}
	}
	return rarest
}

// wordsOf are the words of a query.
func wordsOf(query string) []string { return strings.Fields(Fold(query)) }
