package twilioapi

import (
	"maps"
	"slices"
	"time"
)

// part is what this process may use of one endpoint's limit, and what it could use before.
type part struct{ history []computed }

// computed is a part as it was computed, until the next one.
type computed struct {
	at   time.Time
	size int
}

// set notes what was computed now, and forgets what has no influence any more.
func (p *part) set(now time.Time, size int) {
	for len(p.history) > 1 && now.Sub(p.history[1].at) > holdBack {
		p.history = slices.Delete(p.history, 0, 1)
	}
	if n := len(p.history); n == 0 || p.history[n-1].size != size {
		p.history = append(p.history, computed{now, size})
	}
}

// quota is the smallest part that was computed in the time for which growth is held back; nothing where there was none
// for so long.
func (p *part) quota(now time.Time) quota {
	if len(p.history) == 0 {
		return quota{}
	}
	q := quota{hoped: p.history[len(p.history)-1].size}
	if now.Sub(p.history[0].at) < holdBack {
		return q
	}
	q.now = q.hoped
	for i, c := range p.history {
		if i+1 == len(p.history) || now.Sub(p.history[i+1].at) < holdBack {
			q.now = min(q.now, c.size)
		}
	}
	return q
}

func (p *part) clone() *part { return &part{history: slices.Clone(p.history)} }

// quotaOf is the quota of an endpoint. Where this process does not hear itself, it is no more than an equal part.
func (s *SharedPacer) quotaOf(endpoint string, now time.Time) quota {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parts[endpoint]
	if p == nil {
		p = s.idle
	}
	q := p.quota(now)
	if s.cutOff(now) {
		q.now = min(q.now, s.equal())
	}
	// Whoever waits has a demand, which comes to an equal part, unless others have something more urgent.
	q.hoped = max(q.hoped, s.equal())
	return q
}

func (s *SharedPacer) cutOff(now time.Time) bool {
	return !s.heard.IsZero() && now.Sub(s.heard) > silence
}

// equal is the part of each where all want the same.
func (s *SharedPacer) equal() int { return max(s.limit/max(len(s.members), 1), 1) }

// compute finds this process's part of every endpoint, by what was announced. Nothing is computed before this process
// has heard itself, or for once it has left.
func (s *SharedPacer) compute(now time.Time) {
	if s.cutOff(now) {
		s.setAll(now, func(string) int { return s.equal() })
		return
	}
	// Silent is who says nothing while this process still hears itself.
	maps.DeleteFunc(s.members, func(_ string, m *member) bool { return s.heard.Sub(m.heard) > silence })
	ids := slices.Sorted(maps.Keys(s.members))
	me := slices.Index(ids, s.id)
	if me < 0 {
		return
	}
	for _, m := range s.members {
		for endpoint := range m.demand {
			if s.parts[endpoint] == nil && len(s.parts) < maxEndpoints {
				s.parts[endpoint] = s.idle.clone()
			}
		}
	}
	s.setAll(now, func(endpoint string) int {
		demands := make([][classes]int, len(ids))
		for i, id := range ids {
			demands[i] = s.members[id].demand[endpoint]
		}
		return split(s.limit, demands)[me]
	})
}

func (s *SharedPacer) setAll(now time.Time, size func(endpoint string) int) {
	for endpoint, p := range s.parts {
		p.set(now, size(endpoint))
	}
	s.idle.set(now, size(""))
}

// split divides the limit by the demands: one for everybody, so that whoever had nothing to do can begin at once, then
// by class, the most urgent first, and what is left over in equal parts. Where the limit is smaller than the number of
// processes, each still gets one.
func split(limit int, demands [][classes]int) []int {
	parts, wanted := make([]int, len(demands)), make([]int, len(demands))
	left := limit - len(parts)
	for i := range parts {
		parts[i] = 1
	}
	for class := range classes {
		missing := make([]int, len(demands))
		for i, d := range demands {
			wanted[i] = min(wanted[i]+min(d[class], limit), limit)
			missing[i] = max(wanted[i]-parts[i], 0)
		}
		left = fill(parts, missing, left)
	}
	missing := make([]int, len(demands))
	for i := range missing {
		missing[i] = limit
	}
	fill(parts, missing, left)
	return parts
}

// fill gives to those who miss something, in equal parts as far as they miss as much, and returns what is left.
func fill(parts, missing []int, left int) int {
	for left > 0 {
		needy := 0
		for _, m := range missing {
			if m > 0 {
				needy++
			}
		}
		if needy == 0 {
			break
		}
		each := max(left/needy, 1)
		for i := range parts {
			give := min(missing[i], each, left)
			parts[i], missing[i], left = parts[i]+give, missing[i]-give, left-give
		}
	}
	return max(left, 0)
}
