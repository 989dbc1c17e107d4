package coordinator

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// atLeast is how often a long run has to take each edge and each pair.
var atLeast = flag.Int("at-least", 0, "print the tally of random games, and fail where an edge or a pair of actions was taken less often")

// tally counts what the random games have taken.
type tally struct {
	mu          sync.Mutex
	games       int
	edge, pairs map[string]int
	doubled     map[string]bool // transfers that a worker accepted who was in already
}

func newTally() *tally {
	return &tally{edge: map[string]int{}, pairs: map[string]int{}, doubled: map[string]bool{}}
}

// played counts a game; a long run shows from time to time how far it is.
func (c *tally) played() {
	c.add(func() {
		if c.games++; *atLeast > 0 && c.games%5000 == 0 {
			c.print(nil)
		}
	})
}

func (c *tally) pair(a, b string) { c.add(func() { c.pairs[a+" → "+b]++ }) }

func (c *tally) add(count func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count()
}

// edges counts the phases that a transition has taken transfers through.
func (c *tally) edges(before, after transfer.State) {
	c.add(func() {
		for _, t := range after.Transfers {
			was, known := before.Find(t.ID)
			if t.Doubled {
				c.doubled[t.ID] = true
			}
			switch {
			case !known:
				c.edge["requested → "+string(t.Phase)]++
			case was.Phase != t.Phase:
				c.edge[string(was.Phase)+" → "+string(t.Phase)]++
			}
		}
		for _, d := range after.Departures {
			if was, known := before.FindDeparture(d.ID); known && was.Phase != d.Phase {
				c.edge[string(d.Kind)+": "+string(was.Phase)+" → "+string(d.Phase)]++
			}
		}
	})
}

func (c *tally) wasDoubled(transferID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doubled[transferID]
}

// rarest is the action that has followed the other one least often.
func (c *tally) rarest(action string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.MinFunc(actions, func(a, b string) int { return c.pairs[action+" → "+a] - c.pairs[action+" → "+b] })
}

// actions are all that the people of a game do.
var actions = []string{
	"transfer cold", "transfer cold on accept", "transfer warm", "cancel", "leave", "remove", "accept", "decline",
}

// edges are those that random games reach; see transfer.Advance.
var edges = []string{
	"requested → inviting", "inviting → leaving", "inviting → ringing", "inviting → searching", "inviting → failed",
	"inviting → withdrawing", "inviting → completed", "searching → leaving", "searching → ringing", "searching → inviting",
	"searching → withdrawing", "leaving → ringing", "leaving → completed", "leaving → withdrawing", "leaving → abandoned",
	"ringing → completed", "ringing → leaving", "ringing → withdrawing", "ringing → abandoned", "withdrawing → inviting",
	"withdrawing → completed", "withdrawing → leaving", "withdrawing → closing", "withdrawing → declined", "withdrawing → timed-out",
	"withdrawing → canceled", "withdrawing → abandoned",
	"leave: leaving → gone", "remove: leaving → gone", "end: leaving → gone",
}

func (c *tally) report(t *testing.T) {
	if *atLeast > 0 {
		c.print(t)
	}
}

// print prints the tally and, with t, fails where something was done too seldom.
func (c *tally) print(t *testing.T) {
	fmt.Printf("%d games\n", c.games)
	var pairs []string
	for _, a := range actions {
		for _, b := range actions {
			pairs = append(pairs, a+" → "+b)
		}
	}
	printCounts(t, "Edge", c.edge, edges)
	printCounts(t, "Pair", c.pairs, pairs)
}

func printCounts(t *testing.T, title string, counts map[string]int, want []string) {
	names := slices.Sorted(maps.Keys(counts))
	for _, name := range want {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	fmt.Println(title)
	for _, name := range names {
		fmt.Printf("  %-52s %9d\n", name, counts[name])
		if t != nil && counts[name] < *atLeast && slices.Contains(want, name) {
			t.Errorf("%s %q was taken %d times, less than %d", strings.ToLower(title), name, counts[name], *atLeast)
		}
	}
}
