package simulate

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// line is one line of a story.
type line struct {
	at    time.Duration
	order int
	text  string
}

// event takes something that happened into the hash of the run.
func (s *Simulation) event(kind, a, b string) {
	s.result.Events++
	h := s.hash ^ uint64(s.now().UnixNano()) //nolint:gosec // only its bits matter
	for _, text := range [...]string{kind, a, b} {
		for i := range len(text) {
			h = (h ^ uint64(text[i])) * 0x100000001b3
		}
		h = (h ^ 0xff) * 0x100000001b3
	}
	s.hash = mix(h)
}

// handOver takes a hand-over into the hash.
func (s *Simulation) handOver(st *strand) {
	s.result.HandOvers++
	s.hash = mix(s.hash ^ uint64(s.now().UnixNano())*31 ^ uint64(st.id)) //nolint:gosec // only their bits matter
}

// say adds a line to the story of a conversation. The words are made only where
// somebody wants to read them.
func (s *Simulation) say(t *talk, words func() string) {
	if !s.options.Tell || t == nil || t == s.nowhere {
		return
	}
	s.result.lines++
	t.lines = append(t.lines, line{s.now().Sub(s.began), s.result.lines, words()})
}

// sayAll adds a line to every story.
func (s *Simulation) sayAll(words func() string) {
	if s.options.Tell {
		s.result.lines++
		s.nowhere.lines = append(s.nowhere.lines, line{s.now().Sub(s.began), s.result.lines, words()})
	}
}

// story is what happened in a conversation, and to the backends meanwhile.
func (s *Simulation) story(t *talk) string {
	if t == nil {
		return ""
	}
	lines := append([]line(nil), t.lines...)
	if len(lines) > 0 {
		for _, l := range s.nowhere.lines {
			if l.order > lines[0].order {
				lines = append(lines, l)
			}
		}
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].order < lines[j].order })
	var b strings.Builder
	for _, l := range lines {
		at := l.at.Round(time.Millisecond)
		fmt.Fprintf(&b, "%02d:%02d:%06.3f  %s\n", int(at.Hours()), int(at.Minutes())%60, (at % time.Minute).Seconds(), l.text)
	}
	return b.String()
}
