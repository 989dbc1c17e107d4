package simulate

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/reconcile"
)

// Campaign is one run after another, each on the next seed, until the time is
// over, enough has been simulated, or an invariant is broken.
type Campaign struct {
	// Options are those of each run; their Seed is the first.
	Options Options
	// For is how long it goes on, and Hours how many hours of a floor are to be
	// simulated, those after the last customer left out; 0: no limit.
	For   time.Duration
	Hours float64
	// Parallel is how many runs are under way at once; 1 if 0.
	Parallel int
	// GoOn plays on after a broken invariant.
	GoOn bool
	// Each, where set, is told of each run, one at a time, in no order, and of the
	// total so far.
	Each func(Result, *Total)
}

// Total is what came of a campaign.
type Total struct {
	Runs          int
	Seeds         [2]uint64     // the first, and the one to go on with: all between them were played
	Floor         time.Duration // in which customers came
	Simulated     time.Duration // with what it took to come to rest
	Took          time.Duration
	Conversations int
	Requests      int
	Unanswered    int
	Transfers     int
	Ended         map[string]int
	Kills         int
	Troubles      int
	HandOvers     int
	Events        int
	Alone, Behind Times
	Repairs       map[string]int
	Waited        time.Duration
	Broken        []Result // the runs in which an invariant was broken
}

// Run plays the campaign. The error is that of options that do not do.
func (c Campaign) Run(ctx context.Context) (Total, error) {
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	total := Total{Ended: map[string]int{}, Repairs: map[string]int{}}
	began := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	var failed error
	next, enough := c.Options.Seed, false
	for range max(c.Parallel, 1) {
		all.Go(func() {
			for {
				mu.Lock()
				o := c.Options
				if enough || ctx.Err() != nil {
					mu.Unlock()
					return
				}
				o.Seed = next
				next++
				mu.Unlock()
				r, err := Run(o)
				mu.Lock()
				if err != nil {
					failed, enough = err, true
				} else {
					total.add(r)
					total.Took = time.Since(began)
					enough = enough || (r.Violation != nil && !c.GoOn) || (c.Hours > 0 && total.Floor.Hours() >= c.Hours)
					if c.Each != nil {
						c.Each(r, &total)
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	total.Seeds, total.Took = [2]uint64{c.Options.Seed, next}, time.Since(began)
	return total, failed
}

func (t *Total) add(r Result) {
	t.Runs++
	t.Simulated += r.Simulated
	t.Floor += r.Floor
	t.Conversations += r.Conversations
	t.Requests += r.Requests
	t.Unanswered += r.Unanswered
	t.Transfers += r.Transfers
	t.Kills += r.Kills
	t.Troubles += r.Troubles
	t.HandOvers += r.HandOvers
	t.Events += r.Events
	t.Waited = max(t.Waited, r.Waited)
	for phase, n := range r.Ended {
		t.Ended[phase] += n
	}
	for what, n := range r.Repairs {
		t.Repairs[what] += n
	}
	t.Alone.join(r.Alone)
	t.Behind.join(r.Behind)
	if r.Violation != nil {
		t.Broken = append(t.Broken, r)
	}
}

func (t *Times) join(o Times) {
	t.Count, t.Over10, t.Together, t.Longest = t.Count+o.Count, t.Over10+o.Over10, t.Together+o.Together, max(t.Longest, o.Longest)
}

// String is the campaign in a few lines.
func (t *Total) String() string {
	hours := max(t.Floor.Hours(), 1e-9)
	return fmt.Sprintf(`simulated hours   %.1f of a floor (%.1f with what it took to come to rest), %.1f a minute
seeds             %d to %d; go on with %d
conversations     %d (%.0f an hour), with %d requests of agents (%d lost their backend)
transfers         %d (%.0f an hour): %v
trouble           %d disturbances, %d kills
hand-overs        %d, and %d events
customers alone   %d times, the longest %s, %d times longer than 10 s
  after something behind our back: %d times, the longest %s
repairs           %d (%.1f an hour): %v
agents waited     at most %s for an answer
broken invariants %d
`, t.Floor.Hours(), t.Simulated.Hours(), t.Floor.Hours()/t.Took.Minutes(), t.Seeds[0], t.Seeds[1]-1, t.Seeds[1],
		t.Conversations, float64(t.Conversations)/hours, t.Requests, t.Unanswered,
		t.Transfers, float64(t.Transfers)/hours, t.Ended, t.Troubles, t.Kills, t.HandOvers, t.Events,
		t.Alone.Count, t.Alone.Longest.Round(time.Millisecond), t.Alone.Over10, t.Behind.Count, t.Behind.Longest.Round(time.Millisecond),
		t.repaired(), float64(t.repaired())/hours, t.Repairs, t.Waited.Round(time.Millisecond), len(t.Broken))
}

// Progress is the campaign so far in a line.
func (t *Total) Progress() string {
	return fmt.Sprintf("%.0f hours, %d conversations, %d transfers, %d kills, %d repairs, alone at most %s, broken %d (%.1f hours a minute)",
		t.Floor.Hours(), t.Conversations, t.Transfers, t.Kills, t.repaired(), t.Alone.Longest.Round(time.Millisecond), len(t.Broken),
		t.Floor.Hours()/t.Took.Minutes())
}

// repaired is how many repairs were made.
func (t *Total) repaired() int {
	n := 0
	for what, count := range t.Repairs {
		if strings.HasSuffix(what, " "+reconcile.OutcomeRepaired) {
			n += count
		}
	}
	return n
}
