package simulate

import (
	"math"
	"time"
)

// roll is a small source of random numbers that belongs to one thing: the fate
// of one call, the next act of one agent. It is made from the seed and the
// names of the thing, so that what is drawn for it depends on nothing else.
type roll struct{ state uint64 }

// newRoll returns the source of the thing that is called by kind and the
// numbers.
func newRoll(seed uint64, kind string, numbers ...int) roll {
	h := mix(seed)
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * 0x100000001b3
	}
	for _, n := range numbers {
		h = mix(h ^ uint64(n)*0x9e3779b97f4a7c15) //nolint:gosec // only its bits matter
	}
	return roll{h}
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (r *roll) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

// n draws from 0 to n-1.
func (r *roll) n(n int) int {
	if n <= 1 {
		return 0
	}
	return int(r.next() % uint64(n)) //nolint:gosec // n > 1
}

// float draws from [0, 1).
func (r *roll) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// happens is true with the probability.
func (r *roll) happens(p float64) bool { return r.float() < p }

// between draws a time.
func (r *roll) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(r.next()%uint64(most-least)) //nolint:gosec // positive
}

// about draws a time with the mean, as the gaps of a Poisson process are; at
// most ten times the mean.
func (r *roll) about(mean time.Duration) time.Duration {
	return min(time.Duration(-math.Log(1-r.float())*float64(mean)), 10*mean)
}

// oneOf draws one of them.
func oneOf[T any](r *roll, of ...T) T { return of[r.n(len(of))] }
