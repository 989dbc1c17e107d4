package simulate

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Campaign is one run after another, each on the next seed, until the time is
// over, enough has been simulated, or an invariant is broken.
type Campaign struct {
	// Options are those of each run; their Seed is the first.
	Options Options
	// For is how long it goes on, and Hours how much is to be simulated; 0: no
	// limit.
	For   time.Duration
	Hours float64
	// Parallel is how many runs are under way at once; 1 if 0.
	Parallel int
	// GoOn plays on after a broken invariant.
	GoOn bool
	// Each, where set, is told of each run, one at a time, in no order.
	Each func(Result)
}

// Total is what came of a campaign.
type Total struct {
	Runs          int
	Simulated     time.Duration
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
				o.Seed = next
				next++
				stop := enough || ctx.Err() != nil
				mu.Unlock()
				if stop {
					return
				}
				r, err := Run(o)
				mu.Lock()
				if err != nil {
					failed, enough = err, true
				} else {
					total.add(r)
					enough = enough || (r.Violation != nil && !c.GoOn) || (c.Hours > 0 && total.Simulated.Hours() >= c.Hours)
					if c.Each != nil {
						c.Each(r)
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	total.Took = time.Since(began)
	return total, failed
}

func (t *Total) add(r Result) {
	t.Runs++
	t.Simulated += r.Simulated
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
	return fmt.Sprintf(`simulated hours   %.1f in %d runs, %.1f hours a minute
conversations     %d, with %d requests of agents (%d lost their backend)
transfers         %d: %v
trouble           %d disturbances, %d kills
hand-overs        %d, and %d events
customers alone   %d times, the longest %s, %d times longer than 10 s
  after something behind our back: %d times, the longest %s
repairs           %v
agents waited     at most %s for an answer
broken invariants %d
`, t.Simulated.Hours(), t.Runs, t.Simulated.Hours()/t.Took.Minutes(), t.Conversations, t.Requests, t.Unanswered,
		t.Transfers, t.Ended, t.Troubles, t.Kills, t.HandOvers, t.Events,
		t.Alone.Count, t.Alone.Longest.Round(time.Millisecond), t.Alone.Over10, t.Behind.Count, t.Behind.Longest.Round(time.Millisecond), t.Repairs, t.Waited.Round(time.Millisecond), len(t.Broken))
}
