package directory

// grams finds names by any one to three bytes in a row of their folded text.
// Since UTF-8 is what it is, bytes match where characters do.
type grams struct {
	keys  []uint32 // a hash table: key, or 0 where a place is free
	at    []uint32 // beside it: the place in lists
	lists []postings
}

// A key is the bytes, their number above them, and beginning where they begin a
// word.
const beginning = 1 << 26

func gramKey(s string) uint32 {
	switch len(s) {
	case 1:
		return 1<<24 | uint32(s[0])
	case 2:
		return 2<<24 | uint32(s[0])<<8 | uint32(s[1])
	}
	return 3<<24 | uint32(s[0])<<16 | uint32(s[1])<<8 | uint32(s[2])
}

// place is where the key is, or where it would be.
func (g *grams) place(key uint32) int {
	mask := len(g.keys) - 1
	i := int(key*0x9E3779B1>>7) & mask
	for g.keys[i] != 0 && g.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

// find is the list of a key, nil where no name has it.
func (g *grams) find(key uint32) *postings {
	if i := g.place(key); g.keys[i] != 0 {
		return &g.lists[g.at[i]]
	}
	return nil
}

// list is the list of a key, which it makes if need be.
func (g *grams) list(key uint32) *postings {
	if 2*len(g.lists) >= len(g.keys) {
		g.grow()
	}
	i := g.place(key)
	if g.keys[i] == 0 {
		g.keys[i], g.at[i] = key, uint32(len(g.lists))
		g.lists = append(g.lists, postings{})
	}
	return &g.lists[g.at[i]]
}

func (g *grams) grow() {
	keys, at := g.keys, g.at
	size := max(1024, 2*len(keys))
	g.keys, g.at = make([]uint32, size), make([]uint32, size)
	for i, key := range keys {
		if key != 0 {
			place := g.place(key)
			g.keys[place], g.at[place] = key, at[i]
		}
	}
}

// gramsOf calls visit with the key of every gram of a folded name. None has a
// space in it, as no word of a query has.
func gramsOf(name string, visit func(key uint32)) {
	for i := 0; i < len(name); i++ {
		starts := begins(name, i)
		for n := 1; n <= 3 && i+n <= len(name) && name[i+n-1] != ' '; n++ {
			key := gramKey(name[i : i+n])
			visit(key)
			if starts {
				visit(key | beginning)
			}
		}
	}
}

// build lists the grams of all names: first it counts, so that every list gets
// the room that it takes and no more. room is for how many entries the bits are.
func (g *grams) build(entries []entry, room int) {
	for id := range entries {
		gramsOf(entries[id].folded, func(key uint32) { g.list(key).count(uint32(id)) })
	}
	all := uint32(0)
	for i := range g.lists {
		if p := &g.lists[i]; p.dense(room) {
			p.bits = newBitset(room)
		} else {
			all += p.size
		}
	}
	arena := make([]byte, all)
	for i := range g.lists {
		p := &g.lists[i]
		if p.bits == nil {
			p.gaps, arena = arena[:0:p.size], arena[p.size:]
		}
		p.next, p.n = 0, 0
	}
	for id := range entries {
		gramsOf(entries[id].folded, func(key uint32) { g.find(key).add(uint32(id)) })
	}
}

func newBitset(room int) bitset { return make(bitset, (room+63)/64) }
