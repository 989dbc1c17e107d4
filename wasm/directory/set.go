package directory

import "math/bits"

// bitset is a set of entries, one bit each.
type bitset []uint64

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
	for i, w := range other {
		b[i] &= w
	}
}

func (b bitset) or(other bitset) {
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

// postings are a set of entries that grows at its end: the differences between
// one number and the next in seven bits a byte, the eighth set where more
// follow; or bits, where these take less.
type postings struct {
	gaps []byte
	bits bitset // nil: gaps
	next uint32 // the number that follows the last one
	n    uint32 // how many there are
	size uint32 // of the gaps, in bytes
}

// count is add, without the adding: it sizes a list.
func (p *postings) count(id uint32) {
	if id >= p.next {
		p.size += gapLength(id - p.next)
		p.next = id + 1
	}
}

// dense reports whether bits take less than gaps.
func (p *postings) dense(room int) bool { return int(p.size) > room/8 }

// add puts an entry in whose number is greater than those of all others; a
// repeated one counts once.
func (p *postings) add(id uint32) {
	if id < p.next {
		return
	}
	p.n++
	if p.bits != nil {
		p.bits.put(id)
	} else {
		p.gaps = appendGap(p.gaps, id-p.next)
	}
	p.next = id + 1
}

func appendGap(out []byte, gap uint32) []byte {
	for gap >= 0x80 {
		out = append(out, byte(gap)|0x80)
		gap >>= 7
	}
	return append(out, byte(gap))
}

func gapLength(gap uint32) uint32 {
	n := uint32(1)
	for ; gap >= 0x80; gap >>= 7 {
		n++
	}
	return n
}

// into puts all entries into a set.
func (p *postings) into(set bitset) {
	if p.bits != nil {
		set.or(p.bits)
		return
	}
	next := uint32(0)
	for i := 0; i < len(p.gaps); {
		var gap uint32
		gap, i = gapAt(p.gaps, i)
		set.put(next + gap)
		next += gap + 1
	}
}

func gapAt(gaps []byte, i int) (gap uint32, after int) {
	c := gaps[i]
	gap = uint32(c & 0x7F)
	for shift := 7; c >= 0x80; shift += 7 {
		i++
		c = gaps[i]
		gap |= uint32(c&0x7F) << shift
	}
	return gap, i + 1
}

// each calls visit with all entries, in ascending order.
func (p *postings) each(visit func(id uint32)) {
	if p.bits != nil {
		eachBit(p.bits, visit)
		return
	}
	next := uint32(0)
	for i := 0; i < len(p.gaps); {
		var gap uint32
		gap, i = gapAt(p.gaps, i)
		visit(next + gap)
		next += gap + 1
	}
}

func eachBit(b bitset, visit func(id uint32)) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			visit(uint32(i)<<6 + uint32(bits.TrailingZeros64(w)))
		}
	}
}
