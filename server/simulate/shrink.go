package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Short is a run that was made as short as it could be while it still breaks
// the same invariant.
type Short struct {
	Options Options
	Result  Result
	Runs    int // that it took
	all     int // disturbances of the run as it was
	left    []string
}

// Left says in words what is left of the run.
func (s Short) Left() string {
	faults := "every kind of trouble"
	if s.Options.Faults != nil {
		faults = strings.Join(s.Options.Faults, ", ")
	}
	customers := "all customers"
	if s.Options.Customers != nil {
		customers = fmt.Sprintf("%d customers", len(s.Options.Customers))
	}
	return fmt.Sprintf("%s, %d agents, %s, %d of %d disturbances left (%s)", s.Result.Simulated.Round(time.Second), s.Options.Agents,
		customers, len(s.left), s.all, faults)
}

// shrinker tries shorter runs.
type shrinker struct {
	best  Short
	code  string
	until time.Time
}

// Shrink plays the run again and again with parts of it left out, as long as it
// is given, and returns the shortest that breaks the invariant of the code: one
// that ends earlier, with the one customer alone, with fewer agents, with fewer
// kinds of trouble, with fewer disturbances. The draws of what is left stay as
// they were, see [roll].
func Shrink(o Options, code string, within time.Duration) (Short, error) {
	o.Tell = true
	s := &shrinker{code: code, until: time.Now().Add(within)} //nolint:forbidigo // the patience of who waits for it
	r, err := Run(o)
	if err != nil {
		return Short{}, err
	}
	if r.Violation == nil || r.Violation.Code != code {
		return Short{}, fmt.Errorf("seed %d does not break %q: what decides must have changed", o.Seed, code)
	}
	o.setDefaults()
	s.best = Short{Options: o, Result: r, Runs: 1, all: len(r.troubles)}
	s.customers()
	s.agents()
	s.kinds()
	s.disturbances()
	s.customers()
	s.best.left = s.best.Result.troubles
	return s.best, nil
}

// try plays a run, and keeps it if it breaks the same invariant.
func (s *shrinker) try(change func(*Options)) bool {
	if time.Now().After(s.until) { //nolint:forbidigo // see above
		return false
	}
	o := s.best.Options
	change(&o)
	s.best.Runs++
	r, err := Run(o)
	if err != nil || r.Violation == nil || r.Violation.Code != s.code {
		return false
	}
	s.best.Options, s.best.Result = o, r
	return true
}

// customers leaves out customers: all but the one of the story, else as many as
// possible of those who came by then.
func (s *shrinker) customers() {
	one := s.best.Result.customer
	if one < 0 || len(s.best.Options.Customers) == 1 {
		return
	}
	if s.try(func(o *Options) { o.Customers = map[int]bool{one: true} }) {
		return
	}
	if s.best.Options.Customers == nil {
		came := map[int]bool{}
		for n := range s.best.Result.Conversations {
			came[n] = true
		}
		if !s.try(func(o *Options) { o.Customers = came }) {
			return
		}
	}
	kept := slices.Sorted(maps.Keys(s.best.Options.Customers))
	without(kept, func(left []int) bool {
		return s.try(func(o *Options) {
			o.Customers = map[int]bool{one: true}
			for _, n := range left {
				o.Customers[n] = true
			}
		})
	})
}

// agents leaves out agents from the end of the list.
func (s *shrinker) agents() {
	for n := s.best.Options.Agents / 2; n >= 2; n /= 2 {
		if !s.try(func(o *Options) { o.TalkEvery, o.Agents = o.TalkEvery*time.Duration(n)/time.Duration(o.Agents), n }) {
			return
		}
	}
}

// kinds leaves out kinds of trouble.
func (s *shrinker) kinds() {
	for _, kind := range AllFaults {
		if !s.best.Options.has(kind) {
			continue
		}
		s.try(func(o *Options) {
			kept := o.Faults
			if kept == nil {
				kept = AllFaults
			}
			o.Faults = slices.DeleteFunc(slices.Clone(kept), func(k string) bool { return k == kind })
		})
	}
}

// disturbances leaves out single ones.
func (s *shrinker) disturbances() {
	happened := slices.Compact(slices.Sorted(slices.Values(s.best.Result.troubles)))
	without(happened, func(left []string) bool {
		return s.try(func(o *Options) {
			o.Without = maps.Clone(s.best.Options.Without)
			if o.Without == nil {
				o.Without = map[string]bool{}
			}
			for _, name := range happened {
				if !slices.Contains(left, name) {
					o.Without[name] = true
				}
			}
		})
	})
}

// without leaves out as much of the list as it can: halves first, then smaller
// parts, down to single ones.
func without[T any](list []T, still func(left []T) bool) {
	for size := (len(list) + 1) / 2; size > 0 && len(list) > 0; size /= 2 {
		for from := 0; from < len(list); {
			to := min(from+size, len(list))
			left := slices.Concat(list[:from], list[to:])
			if still(left) {
				list = left
			} else {
				from = to
			}
		}
		if size == 1 {
			return
		}
	}
}
