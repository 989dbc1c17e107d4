package json

import (
	"strconv"
	"unicode/utf8"
)

// step is a key, or the index of an element.
type step struct {
	key   string
	index int // noIndex for a key
}

// noIndex is the index of a step that is a key.
const noIndex = -1

// maxStep is how much of a key is repeated in a path, in bytes.
const maxStep = 64

// failedIn notes that an error came up in a member or an element. It returns the
// error, or one that says that nothing was read.
func (r *Reader) failedIn(in step, err error) error {
	r.trail = append(r.trail, in)
	if err == nil {
		err = r.fail("was not read")
	}
	return err
}

// Path is the place where an error came up, such as "participants[2].sid". It is
// empty for the text as a whole, and where there was no error. Long keys are
// cut.
func (r *Reader) Path() string {
	text := ""
	for i := len(r.trail) - 1; i >= 0; i-- {
		switch s := r.trail[i]; {
		case s.index != noIndex:
			text += "[" + strconv.Itoa(s.index) + "]"
		case i == len(r.trail)-1:
			text = shorten(s.key)
		default:
			text += "." + shorten(s.key)
		}
	}
	return text
}

// shorten cuts a long key, between two characters.
func shorten(key string) string {
	if len(key) <= maxStep {
		return key
	}
	end := maxStep
	for !utf8.RuneStart(key[end]) {
		end--
	}
	return key[:end] + "…"
}
