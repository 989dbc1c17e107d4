package sandbox

import (
	"encoding/hex"
	"hash/fnv"
	"math/bits"
)

// generator makes SIDs and secrets. Each prefix counts by itself, so that a new kind of object does not change the SIDs
// of the others.
type generator struct {
	seed   uint64
	counts map[string]uint64
}

func newGenerator(seed uint64) *generator {
	return &generator{seed: seed, counts: map[string]uint64{}}
}

// sid returns the next SID of a prefix, such as WT and 32 hexadecimal digits.
func (g *generator) sid(prefix string) string { return prefix + g.hex(prefix) }

func (g *generator) hex(kind string) string {
	g.counts[kind]++
	h := fnv.New64a()
	h.Write([]byte(kind))
	n := g.counts[kind]
	var raw [16]byte
	a := mix(g.seed ^ h.Sum64() + n)
	b := mix(a ^ bits.Reverse64(n) ^ g.seed)
	for i := range 8 {
		raw[i], raw[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	return hex.EncodeToString(raw[:])
}

// mix is the finalizer of splitmix64: every bit of the input changes about half of the output.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
