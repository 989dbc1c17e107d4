// Package json reads and writes JSON without reflection.
//
// The standard encoding/json is not linked into the browser's module: it adds
// more than 70 kB to it after compression and is three times slower for what is
// said here. This package holds only what the rules and the wire format need.
//
// [Reader] pulls values from a string, and [Writer] appends them to a buffer.
// The reader accepts what encoding/json accepts and gives the same values, but
// for these differences:
//
//   - Arrays and objects may be nested [MaxDepth] deep, not 10,000.
//   - Keys are handed over as they come: doubled ones twice, and in the letter
//     case in which they were written.
//   - null is a value of its own, see [Reader.Null]; it does not read as an
//     empty string or a zero.
package json
