package settings

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	Source string // the file, or the name of the environment variable
	Line   int    // in the file, from 1; 0 where there is none
	Field  string // such as transfer.inviteTimeout, or accounts.AC….pingPong.within
	Text   string // what is wrong, as the rest of a sentence that begins with the field
}

// Error is one line: file:line: field: text.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Source)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	return b.String() + ": " + p.Text
}

// Problems are all that is wrong, in the order of the lines.
type Problems []*Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap are the problems, one by one.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i, one := range p {
		all[i] = one
	}
	return all
}

// maxProblems is how many are noted: whoever has that many does not read on.
const maxProblems = 100

// add notes a problem, once: what defaults and accounts share is checked for
// each of them.
func (p *Problems) add(one Problem) {
	known := slices.ContainsFunc(*p, func(known *Problem) bool { return *known == one })
	if !known && len(*p) < maxProblems {
		*p = append(*p, &one)
	}
}

// err is nil where nothing is wrong.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b *Problem) int { return a.Line - b.Line })
	return p
}
