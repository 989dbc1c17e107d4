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
	loaded  uint32   // how many have their number by their order
	late    []uint32 // the others, by their place in the order
	bySID   []uint32 // a hash table: number of the entry + 1, or 0
	names   grams
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
	name, folded string
	sid          string // as in the text
	before       uint32 // a late one: the number of the entry that it comes before
	skills       uint32 // the place in sets
	team         int32  // the place in terms, or -1
	activity     int32
}

// term is a team, a skill or an activity, and which entries have it.
type term struct {
	kind   termKind
	text   string
	folded string
	in     bitset
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
	x.terms = append(x.terms, term{kind, text, Fold(text), newBitset(x.room())})
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
		x.terms[i].in = newBitset(room)
	}
	size := 1024
	for size < 2*room {
		size *= 2
	}
	x.bySID = make([]uint32, size)
	x.entries, x.loaded = make([]entry, n, room), uint32(n)
	var folded chunks
	for i := range n {
		f := next(i)
		x.entries[i] = entryOf(f, folded.keep(Fold(f.name)))
		x.note(uint32(i), f)
	}
	x.names.build(x.entries, room)
}

func entryOf(f fields, folded string) entry {
	return entry{name: f.name, folded: folded, sid: f.sid, skills: f.skills, team: f.team, activity: f.activity}
}

// chunks keeps many short strings in few pieces of memory.
type chunks struct{ strings.Builder }

func (c *chunks) keep(s string) string {
	if c.Cap()-c.Len() < len(s) {
		c.Reset()
		c.Grow(max(1<<15, len(s)))
	}
	start := c.Len()
	c.WriteString(s)
	return c.String()[start:]
}

// note enters an entry everywhere but for its name.
func (x *Index) note(id uint32, f fields) {
	x.alive.put(id)
	x.able.set(id, f.able)
	if f.activity >= 0 {
		x.terms[f.activity].in.put(id)
	}
	if f.team >= 0 {
		x.terms[f.team].in.put(id)
	}
	for _, skill := range x.sets[f.skills].terms {
		x.terms[skill].in.put(id)
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

// colleague is a worker as the rules see one.
func (x *Index) colleague(id uint32) transfer.Colleague {
	e := &x.entries[id]
	return transfer.Colleague{
		SID: expand(e.sid, x.prefix), Name: e.name, Activity: x.termText(e.activity), Available: x.able.has(id),
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
	for i := range x.terms {
		x.terms[i].in.drop(id)
	}
}

// append enters an entry after all others, and notes where in the order it
// belongs: by its name without accents and case, since there is no collator
// here. The next text that is loaded brings it to its place.
func (x *Index) append(f fields) uint32 {
	id := uint32(len(x.entries))
	f.name, f.sid = strings.Clone(f.name), strings.Clone(f.sid)
	e := entryOf(f, Fold(f.name))
	place, _ := slices.BinarySearchFunc(x.entries[:x.loaded], e.folded, func(a entry, name string) int {
		return strings.Compare(a.folded, name)
	})
	e.before = uint32(place)
	x.entries = append(x.entries, e)
	x.note(id, f)
	gramsOf(e.folded, func(key uint32) { x.names.list(key).add(id) })
	i, _ := slices.BinarySearchFunc(x.late, e, func(late uint32, e entry) int {
		if a := &x.entries[late]; a.before != e.before {
			return int(a.before) - int(e.before)
		}
		return strings.Compare(x.entries[late].folded, e.folded)
	})
	x.late = slices.Insert(x.late, i, id)
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
		return fields{e.name, e.sid, e.team, e.activity, e.skills, able.has(order[i])}
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
			for len(late) > 0 && x.entries[late[0]].before <= id {
				if set.has(late[0]) && !visit(late[0]) {
					return
				}
				late = late[1:]
			}
			if !visit(id) {
				return
			}
		}
	}
	for _, id := range late {
		if set.has(id) && !visit(id) {
			return
		}
	}
}
