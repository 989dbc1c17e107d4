package coordinator

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// atLeast is how often a long run has to take each edge and each pair.
var atLeast = flag.Int("at-least", 0, "print the tally of random games, and fail where an edge or a pair of actions was taken less often")

// tally counts what the random games have taken.
type tally struct {
	mu                  sync.Mutex
	games               int
	edge, events, pairs map[string]int
}

func newTally() *tally {
	return &tally{edge: map[string]int{}, events: map[string]int{}, pairs: map[string]int{}}
}

// played counts a game; a long run shows from time to time how far it is.
func (c *tally) played() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.games++; *atLeast > 0 && c.games%5000 == 0 {
		c.print(nil)
	}
}

func (c *tally) pair(a, b string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pairs[a+" → "+b]++
}

// edges counts the phases that a record has taken transfers and departures
// through.
func (c *tally) edges(before transfer.State, r ledger.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, edge := range edgesOf(before, r.State) {
		c.edge[edge]++
		c.events[edge+", "+r.Event]++
	}
}

// edgesOf are the edges of the state machine that lead from one state to the
// next.
func edgesOf(before, after transfer.State) (taken []string) {
	for _, t := range after.Transfers {
		was, known := before.Find(t.ID)
		if !known {
			was.Phase = "requested"
		}
		if was.Phase != t.Phase {
			taken = append(taken, string(was.Phase)+" → "+string(t.Phase))
		}
	}
	for _, d := range after.Departures {
		was, known := before.FindDeparture(d.ID)
		if !known || was.Phase == transfer.DepartureFailed && d.Phase == transfer.DepartureLeaving {
			was.Phase = "requested"
		}
		if was.Phase != d.Phase {
			taken = append(taken, string(d.Kind)+": "+string(was.Phase)+" → "+string(d.Phase))
		}
	}
	return taken
}

func (c *tally) report(t *testing.T) {
	if *atLeast > 0 {
		c.print(t)
	}
}

// print prints the tally and, with t, fails where something was done too seldom.
func (c *tally) print(t *testing.T) {
	fmt.Printf("%d games\n", c.games)
	printCounts(t, "Edge", c.edge, edges)
	printCounts(t, "Edge by event", c.events, nil)
	printCounts(t, "Pair", c.pairs, pairs())
	for edge := range unreached {
		if t != nil && c.edge[edge] > 0 {
			t.Errorf("edge %q was taken %d times: it is said to be out of reach", edge, c.edge[edge])
		}
	}
}

// pairs are all pairs of actions that can follow each other.
func pairs() (names []string) {
	for _, a := range actions {
		for _, b := range append([]string{actionEnd}, actions...) {
			names = append(names, a+" → "+b)
		}
	}
	return names
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
		fmt.Printf("  %-60s %9d\n", name, counts[name])
		if t != nil && counts[name] < *atLeast && slices.Contains(want, name) {
			t.Errorf("%s %q was taken %d times, less than %d", strings.ToLower(title), name, counts[name], *atLeast)
		}
	}
}
