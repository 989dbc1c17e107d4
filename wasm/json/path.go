package json

import (
	"strconv"
	"unicode/utf8"
)

// path is the place in a text: one step for each array and object around it.
// Most texts are no deeper than the steps that are kept in place.
type path struct {
	near  [6]step
	far   []step
	depth int
}

// step is a key, or the index of an element.
type step struct {
	key   string
	index int // noIndex for a key
}

// noIndex is the index of a step that is a key.
const noIndex = -1

// maxStep is how much of a key is repeated in a path, in bytes.
const maxStep = 64

// enter sets the step at a depth, counted from 1. Those below are gone.
func (p *path) enter(depth int, key string, index int) {
	p.depth = depth
	if depth <= len(p.near) {
		p.near[depth-1] = step{key, index}
		return
	}
	p.far = append(p.far[:depth-1-len(p.near)], step{key, index})
}

// leave forgets the step at a depth.
func (p *path) leave(depth int) { p.depth = depth - 1 }

func (p *path) at(i int) step {
	if i < len(p.near) {
		return p.near[i]
	}
	return p.far[i-len(p.near)]
}

// String writes the path as "participants[2].sid".
func (p *path) String() string {
	text := ""
	for i := range p.depth {
		s := p.at(i)
		switch {
		case s.index != noIndex:
			text += "[" + strconv.Itoa(s.index) + "]"
		case i == 0:
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
