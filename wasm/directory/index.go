package directory

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	workerPrefix = "WK"
	queuePrefix  = "WQ"
	// spare is for how many entries an index has room beyond those that it was
	// loaded with, before it is laid out anew.
	spare = 512
)

// Index finds entries, which are workers or queues, by their name, team,
// skills and activity. Entries are numbered in the order in which they are to
// be shown; those that came later have the numbers after, and a place of their
// own in the order.
type Index struct {
	prefix  string // of the SIDs
	entries []entry
	loaded  uint32            // how many have their number by their order
	late    []late            // the others, by their place in the order
	bySID   []uint32          // a hash table: number of the entry + 1, or 0
	words   words             // of all but the late ones
	terms   []term            // teams, skills and activities
	first   [3]int            // where those of each kind begin in terms, while a text is read
	sets    []skillSet        // what skills an entry may have
	byText  map[string]uint32 // the place in sets by the text of a line, while it is read
	alive   bitset            // those that are there
	able    bitset            // those that are available
	scratch [4]bitset
	layouts int // how often the entries were numbered anew
}

// entry is a worker or a queue. Its strings share the memory of the text that
// was loaded.
type entry struct {
	name     string
	sid      string // as in the text
	text     uint32 // see [Hit]
	skills   uint32 // the place in sets
	team     int32  // the place in terms, or -1
	activity int32
}

// late is what is kept of a late entry besides.
type late struct {
	id, before uint32 // the numbers of the entry and of the one that it comes before
	folded     string // the name
	letters    uint64 // of the name, the team and the skills
}

// term is a team, a skill or an activity.
type term struct {
	kind    termKind
	text    string
	folded  string
	letters uint64
	in      bitset // the entries that have it, of an activity
}

func termOf(kind termKind, text string, room int) term {
	t := term{kind: kind, text: text, folded: Fold(text)}
	t.letters = lettersOf(t.folded)
	if kind == termActivity {
		t.in = newBitset(room)
	}
	return t
}

// skillSet is some skills, as places in terms, and their names once somebody
// asked for them.
type skillSet struct {
	terms []int32
	texts []string
}

type termKind uint8

const (
	termActivity termKind = iota
	termTeam
	termSkill
)

// fields are what an entry is made from.
type fields struct {
	name, sid string // the SID as in the text
	team      int32  // these as in entry
	activity  int32
	skills    uint32
	text      uint32
	able      bool
}

// fields are those of an entry that comes by itself.
func (x *Index) fields(name, sid string, skills []string) fields {
	f := fields{name: name, sid: string(compact(nil, sid, x.prefix)), team: -1, activity: -1, able: true}
	var set []int32
	for _, skill := range skills {
		if skill != "" {
			set = append(set, x.term(termSkill, skill))
		}
	}
	f.skills = x.skillSet(set)
	return f
}

// term is the place of a term, which it adds if need be.
func (x *Index) term(kind termKind, text string) int32 {
	for i := range x.terms {
		if x.terms[i].text == text && x.terms[i].kind == kind {
			return int32(i)
		}
	}
	text = strings.Clone(text)
	x.terms = append(x.terms, termOf(kind, text, x.room()))
	return int32(len(x.terms) - 1)
}

// room is for how many entries there is place.
func (x *Index) room() int { return 64 * len(x.alive) }

// skillSet is the place of a set of skills in sets, to which it is added if
// need be.
func (x *Index) skillSet(skills []int32) uint32 {
	for i := range x.sets {
		if slices.Equal(x.sets[i].terms, skills) {
			return uint32(i)
		}
	}
	x.sets = append(x.sets, skillSet{terms: skills})
	return uint32(len(x.sets) - 1)
}

// fill builds everything from the entries of a text, which stand in their
// order.
func (x *Index) fill(n int, next func(i int) fields) {
	room := (n + spare + 63) &^ 63
	x.alive, x.able = newBitset(room), newBitset(room)
	for i := range x.scratch {
		x.scratch[i] = newBitset(room)
	}
	for i := range x.terms {
		x.terms[i] = termOf(x.terms[i].kind, x.terms[i].text, room)
	}
	size := 1024
	for size < 2*room {
		size *= 2
	}
	x.bySID = make([]uint32, size)
	x.entries, x.loaded = make([]entry, n, room), uint32(n)
	for i := range n {
		f := next(i)
		x.entries[i] = entryOf(f)
		x.note(uint32(i), f)
	}
	x.buildWords(room)
}

func entryOf(f fields) entry {
	return entry{name: f.name, sid: f.sid, text: f.text, skills: f.skills, team: f.team, activity: f.activity}
}

// note enters an entry everywhere but for its name.
func (x *Index) note(id uint32, f fields) {
	x.alive.put(id)
	x.able.set(id, f.able)
	if f.activity >= 0 {
		x.terms[f.activity].in.put(id)
	}
	mask := len(x.bySID) - 1
	i := hashSID(f.sid) & mask
	for x.bySID[i] != 0 && x.entries[x.bySID[i]-1].sid != f.sid {
		i = (i + 1) & mask
	}
	x.bySID[i] = id + 1
}

// lookup is the number of the entry of a SID, as in the text.
func (x *Index) lookup(sid string) (uint32, bool) {
	if len(x.bySID) == 0 {
		return 0, false
	}
	mask := len(x.bySID) - 1
	for i := hashSID(sid) & mask; x.bySID[i] != 0; i = (i + 1) & mask {
		if id := x.bySID[i] - 1; x.entries[id].sid == sid {
			return id, x.alive.has(id)
		}
	}
	return 0, false
}

func hashSID(sid string) int {
	h := uint32(2166136261)
	for i := 0; i < len(sid); i++ {
		h = (h ^ uint32(sid[i])) * 16777619
	}
	return int(h >> 1)
}

// find is the number of the entry of a SID.
func (x *Index) find(sid string) (uint32, bool) {
	return x.lookup(string(compact(make([]byte, 0, 40), sid, x.prefix)))
}

// termText is the text of a term, empty for none.
func (x *Index) termText(place int32) string {
	if place < 0 {
		return ""
	}
	return x.terms[place].text
}

// skillsOf are the names of an entry's skills. They must not be changed.
func (x *Index) skillsOf(e *entry) []string {
	set := &x.sets[e.skills]
	if set.texts == nil && len(set.terms) > 0 {
		set.texts = make([]string, len(set.terms))
		for i, place := range set.terms {
			set.texts[i] = x.terms[place].text
		}
	}
	return set.texts
}

// sid is the SID of an entry.
func (x *Index) sid(id uint32) string { return expand(x.entries[id].sid, x.prefix) }

// colleague is a worker as the rules see one.
func (x *Index) colleague(id uint32, sid string) transfer.Colleague {
	e := &x.entries[id]
	return transfer.Colleague{
		SID: sid, Name: e.name, Activity: x.termText(e.activity), Available: x.able.has(id),
		Team: x.termText(e.team), Skills: x.skillsOf(e),
	}
}

// put enters an entry, or changes it. It reports the entry's number, and
// whether that is a new one.
func (x *Index) put(f fields) (id uint32, moved bool) {
	id, has := x.lookup(f.sid)
	if has && x.same(id, f) {
		e := &x.entries[id]
		if e.activity != f.activity {
			if e.activity >= 0 {
				x.terms[e.activity].in.drop(id)
			}
			if f.activity >= 0 {
				x.terms[f.activity].in.put(id)
			}
			e.activity = f.activity
		}
		x.able.set(id, f.able)
		return id, false
	}
	if has {
		x.remove(id)
	}
	if len(x.entries) == x.room() {
		x.layOut()
	}
	return x.append(f), true
}

// same reports whether an entry differs in nothing but its activity.
func (x *Index) same(id uint32, f fields) bool {
	e := &x.entries[id]
	return e.name == f.name && e.team == f.team && e.skills == f.skills
}

// remove takes an entry out.
func (x *Index) remove(id uint32) {
	x.alive.drop(id)
	x.able.drop(id)
	if e := &x.entries[id]; e.activity >= 0 {
		x.terms[e.activity].in.drop(id)
	}
}

// append enters an entry after all others, and notes where in the order it
// belongs: by its name without accents and case, since there is no collator
// here. The next text that is loaded brings it to its place.
func (x *Index) append(f fields) uint32 {
	id := uint32(len(x.entries))
	f.name, f.sid = strings.Clone(f.name), strings.Clone(f.sid)
	x.entries = append(x.entries, entryOf(f))
	x.note(id, f)
	l := late{id: id, folded: Fold(f.name)}
	l.letters = lettersOf(l.folded)
	x.eachTerm(&x.entries[id], func(place int32) { l.letters |= x.terms[place].letters })
	place, _ := slices.BinarySearchFunc(x.entries[:x.loaded], l.folded, func(a entry, name string) int {
		return strings.Compare(Fold(a.name), name)
	})
	l.before = uint32(place)
	i, _ := slices.BinarySearchFunc(x.late, l, func(a, l late) int {
		if a.before != l.before {
			return int(a.before) - int(l.before)
		}
		return strings.Compare(a.folded, l.folded)
	})
	x.late = slices.Insert(x.late, i, l)
	return id
}

// layOut numbers all entries anew, in the order in which they stand: there is
// room for others again.
func (x *Index) layOut() {
	old := *x
	order := make([]uint32, 0, len(old.entries))
	old.inOrder(old.alive, func(id uint32) bool {
		order = append(order, id)
		return true
	})
	*x = Index{prefix: old.prefix, terms: old.terms, sets: old.sets, layouts: old.layouts + 1}
	able := old.able
	x.fill(len(order), func(i int) fields {
		e := &old.entries[order[i]]
		return fields{e.name, e.sid, e.team, e.activity, e.skills, e.text, able.has(order[i])}
	})
}

// inOrder calls visit with the entries of a set in their order, until it says
// no.
func (x *Index) inOrder(set bitset, visit func(id uint32) bool) {
	late := x.late
	for i, w := range set {
		if w == 0 {
			continue
		}
		for ; w != 0; w &= w - 1 {
			id := uint32(i)<<6 + uint32(bits.TrailingZeros64(w))
			if id >= x.loaded {
				break
			}
			for len(late) > 0 && late[0].before <= id {
				if set.has(late[0].id) && !visit(late[0].id) {
					return
				}
				late = late[1:]
			}
			if !visit(id) {
				return
			}
		}
	}
	for _, l := range late {
		if set.has(l.id) && !visit(l.id) {
			return
		}
	}
}
