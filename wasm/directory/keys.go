package directory

// keys number keys from 0, in the order in which they come: a hash table.
type keys struct {
	keys []uint32 // a key, or 0 where a place is free
	at   []uint32 // beside it: its number
	n    uint32
}

// A key is one to three bytes in a row of a folded text, their number above
// them, and beginning where they begin a word. Since UTF-8 is what it is, bytes
// match where characters do.
const beginning = 1 << 26

func keyOf(s string) uint32 {
	switch len(s) {
	case 1:
		return 1<<24 | uint32(s[0])
	case 2:
		return 2<<24 | uint32(s[0])<<8 | uint32(s[1])
	}
	return 3<<24 | uint32(s[0])<<16 | uint32(s[1])<<8 | uint32(s[2])
}

// place is where the key is, or where it would be.
func (k *keys) place(key uint32) int {
	mask := len(k.keys) - 1
	i := int(key*0x9E3779B1>>7) & mask
	for k.keys[i] != 0 && k.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

// find is the number of a key, if it has one.
func (k *keys) find(key uint32) (number uint32, ok bool) {
	if len(k.keys) == 0 {
		return 0, false
	}
	i := k.place(key)
	return k.at[i], k.keys[i] != 0
}

// number is the number of a key, which it gets if need be.
func (k *keys) number(key uint32) uint32 {
	if 2*int(k.n) >= len(k.keys) {
		k.grow()
	}
	i := k.place(key)
	if k.keys[i] == 0 {
		k.keys[i], k.at[i] = key, k.n
		k.n++
	}
	return k.at[i]
}

func (k *keys) grow() {
	old := *k
	size := max(256, 2*len(old.keys))
	k.keys, k.at = make([]uint32, size), make([]uint32, size)
	for i, key := range old.keys {
		if key != 0 {
			place := k.place(key)
			k.keys[place], k.at[place] = key, old.at[i]
		}
	}
}
