package directory

import "math/bits"

// bitset is a set of entries, one bit each.
type bitset []uint64

func newBitset(room int) bitset { return make(bitset, (room+63)/64) }

func (b bitset) has(id uint32) bool { return b[id>>6]&(1<<(id&63)) != 0 }
func (b bitset) put(id uint32)      { b[id>>6] |= 1 << (id & 63) }
func (b bitset) drop(id uint32)     { b[id>>6] &^= 1 << (id & 63) }

func (b bitset) set(id uint32, in bool) {
	if in {
		b.put(id)
	} else {
		b.drop(id)
	}
}

// and keeps what is in the other set too.
func (b bitset) and(other bitset) {
	b = b[:len(other)]
	for i, w := range other {
		b[i] &= w
	}
}

func (b bitset) or(other bitset) {
	b = b[:len(other)]
	for i, w := range other {
		b[i] |= w
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls visit with all that are in the set, in ascending order.
func (b bitset) each(visit func(id uint32)) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			visit(uint32(i)<<6 + uint32(bits.TrailingZeros64(w)))
		}
	}
}

// lists are many sets of numbers, themselves numbered from 0. They are made once
// and take no more room than they need: few numbers are a list, many are bits.
type lists struct {
	spans []span
	ids   []uint32
	bits  []bitset
}

// span is where a set is: n numbers of ids, or one of the bits.
type span struct{ from, n uint32 }

// inBits is the n of a set that is bits.
const inBits = ^uint32(0)

// never is the room for lists that are to be bits in no case.
const never = 1 << 40

// bitsAreLess reports whether bits take less room than a list of so many.
func bitsAreLess(n, room int) bool { return 32*n > room }

// makeLists makes n sets of numbers below room. each calls its argument with
// every set and a number in it; it is called twice and must do the same.
func makeLists(n, room int, each func(add func(list, id uint32))) lists {
	l := lists{spans: make([]span, n)}
	each(func(list, _ uint32) { l.spans[list].n++ })
	all := uint32(0)
	for i := range l.spans {
		s := &l.spans[i]
		if bitsAreLess(int(s.n), room) {
			*s = span{uint32(len(l.bits)), inBits}
			l.bits = append(l.bits, newBitset(room))
		} else {
			s.from, s.n, all = all, 0, all+s.n
		}
	}
	l.ids = make([]uint32, all)
	each(func(list, id uint32) {
		s := &l.spans[list]
		if s.n == inBits {
			l.bits[s.from].put(id)
		} else {
			l.ids[s.from+s.n] = id
			s.n++
		}
	})
	return l
}

// append adds a set after all others.
func (l *lists) append(set bitset) {
	if n := set.count(); bitsAreLess(n, 64*len(set)) {
		l.spans = append(l.spans, span{uint32(len(l.bits)), inBits})
		l.bits = append(l.bits, append(bitset(nil), set...))
		return
	}
	from := uint32(len(l.ids))
	set.each(func(id uint32) { l.ids = append(l.ids, id) })
	l.spans = append(l.spans, span{from, uint32(len(l.ids)) - from})
}

// list are the numbers of a set that is not bits.
func (l *lists) list(i uint32) []uint32 {
	s := l.spans[i]
	return l.ids[s.from : s.from+s.n]
}

// into puts all numbers of a set into another one.
func (l *lists) into(i uint32, set bitset) {
	s := l.spans[i]
	if s.n == inBits {
		set.or(l.bits[s.from])
		return
	}
	for _, id := range l.ids[s.from : s.from+s.n] {
		set[id>>6] |= 1 << (id & 63)
	}
}
