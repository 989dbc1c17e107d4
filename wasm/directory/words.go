package directory

import "strings"

// words finds entries by the words of their names, teams and skills: what
// spaces part. A word of a query has no space in it; it is within one of them or
// nowhere.
type words struct {
	texts []string // each once, folded
	in    lists    // the entries that have each of them
	// pairs are the keys of one or two bytes, and in paired the entries that have
	// them; triples are those of three, and in tripled the words that have them.
	pairs, triples  keys
	paired, tripled lists
}

// wordTable numbers words, while they are collected.
type wordTable struct {
	texts   []string
	numbers map[string]uint32
	kept    chunks
	buffer  []byte
}

// add appends the numbers of the words of a text.
func (t *wordTable) add(numbers []uint32, text string) []uint32 {
	t.buffer = appendFold(t.buffer[:0], text)
	folded := t.buffer
	for start := 0; start < len(folded); {
		end := start
		for end < len(folded) && folded[end] != ' ' {
			end++
		}
		if end > start {
			numbers = append(numbers, t.number(folded[start:end]))
		}
		start = end + 1
	}
	return numbers
}

func (t *wordTable) number(word []byte) uint32 {
	number, known := t.numbers[string(word)]
	if !known {
		number = uint32(len(t.texts))
		text := t.kept.keep(word)
		t.texts, t.numbers[text] = append(t.texts, text), number
	}
	return number
}

// buildWords collects the words of all entries.
func (x *Index) buildWords(room int) {
	table := wordTable{numbers: map[string]uint32{}}
	ofTerm := make([][]uint32, len(x.terms))
	for i := range x.terms {
		if x.terms[i].kind != termActivity {
			ofTerm[i] = table.add(nil, x.terms[i].text)
		}
	}
	named := make([]uint32, 0, 3*len(x.entries)) // the words of all names
	ends := make([]uint32, len(x.entries))
	for i := range x.entries {
		named = table.add(named, x.entries[i].name)
		ends[i] = uint32(len(named))
	}
	w := &x.words
	w.texts = table.texts
	w.in = makeLists(len(w.texts), room, func(add func(list, id uint32)) {
		start := uint32(0)
		for i := range x.entries {
			id := uint32(i)
			for _, word := range named[start:ends[i]] {
				add(word, id)
			}
			start = ends[i]
			x.eachTerm(&x.entries[i], func(place int32) {
				for _, word := range ofTerm[place] {
					add(word, id)
				}
			})
		}
	})
	w.buildKeys(room)
}

// eachTerm calls visit with an entry's team and skills.
func (x *Index) eachTerm(e *entry, visit func(place int32)) {
	if e.team >= 0 {
		visit(e.team)
	}
	for _, place := range x.sets[e.skills].terms {
		visit(place)
	}
}

// buildKeys makes the lists of keys out of the words.
func (w *words) buildKeys(room int) {
	for _, text := range w.texts {
		eachKey(text, 1, 2, func(key uint32) { w.pairs.number(key) })
		eachKey(text, 3, 3, func(key uint32) { w.triples.number(key) })
	}
	having := func(k *keys, least, most int) lists {
		return makeLists(int(k.n), never, func(add func(list, id uint32)) {
			for word, text := range w.texts {
				eachKey(text, least, most, func(key uint32) { add(k.number(key), uint32(word)) })
			}
		})
	}
	w.tripled = having(&w.triples, 3, 3)
	words := having(&w.pairs, 1, 2)
	set := newBitset(room)
	for i := range words.spans {
		clear(set)
		for _, word := range words.list(uint32(i)) {
			w.in.into(word, set)
		}
		w.paired.append(set)
	}
}

// eachKey calls visit with every key of so many bytes in a word; with one for
// its beginning too where it has one or two.
func eachKey(word string, least, most int, visit func(key uint32)) {
	for i := 0; i < len(word); i++ {
		starts := most < 3 && begins(word, i)
		for n := least; n <= most && i+n <= len(word); n++ {
			key := keyOf(word[i : i+n])
			visit(key)
			if starts {
				visit(key | beginning)
			}
		}
	}
}

// find adds the entries with a word of a query in one of theirs: to starts
// those where it begins there, and to anywhere the others, and maybe the same.
func (w *words) find(word string, starts, anywhere bitset) {
	if len(word) < 3 {
		if i, ok := w.pairs.find(keyOf(word)); ok {
			w.paired.into(i, anywhere)
		}
		if i, ok := w.pairs.find(keyOf(word) | beginning); ok {
			w.paired.into(i, starts)
		}
		return
	}
	for _, i := range w.candidates(word) {
		switch find(w.texts[i], word) {
		case atBeginning:
			w.in.into(i, starts)
		case inside:
			w.in.into(i, anywhere)
		}
	}
}

// candidates are words that may have a word of a query in them: those with its
// rarest three bytes.
func (w *words) candidates(word string) []uint32 {
	var rarest []uint32
	for i := 0; i+3 <= len(word); i++ {
		number, ok := w.triples.find(keyOf(word[i : i+3]))
		if !ok {
			return nil
		}
		if having := w.tripled.list(number); i == 0 || len(having) < len(rarest) {
			rarest = having
		}
	}
	return rarest
}

// chunks keeps many short strings in few pieces of memory.
type chunks struct{ strings.Builder }

func (c *chunks) keep(s []byte) string {
	if c.Cap()-c.Len() < len(s) {
		c.Reset()
		c.Grow(max(1<<13, len(s)))
	}
	start := c.Len()
	c.Write(s)
	return c.String()[start:]
}
