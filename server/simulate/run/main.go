// Command run plays simulations, see package simulate: `make simulate`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/flex-transfer/flex-transfer/server/simulate"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
	}
	os.Exit(code)
}

type flags struct {
	campaign simulate.Campaign
	floor    string
	faults   string
	replay   bool
	shrink   time.Duration
	quiet    bool
}

const usage = `Plays floors of agents and customers, one seed after another, until the time is over or an invariant is broken.

Floors:
  busy   200 agents have 1,000 conversations an hour, of 8 to 15 minutes; in about one of five somebody hands over or
         brings a colleague in
  dense  twice as many conversations, in which something happens every 3 minutes: shows faults soonest

Flags (defaults are those of the busy floor):
`

// parse reads the flags. A floor's settings are the defaults of the others.
func parse(args []string) (flags, error) {
	f, err := parseOn(simulate.FloorBusy, args)
	if err == nil && f.floor != simulate.FloorBusy {
		return parseOn(f.floor, args)
	}
	return f, err
}

func parseOn(floor string, args []string) (flags, error) {
	var f flags
	o := &f.campaign.Options
	if err := o.SetFloor(floor); err != nil {
		return f, err
	}
	set := flag.NewFlagSet("simulate", flag.ContinueOnError)
	set.Usage = func() { fmt.Fprint(set.Output(), usage); set.PrintDefaults() }
	set.StringVar(&f.floor, "floor", floor, "what kind of floor: busy or dense")
	set.DurationVar(&f.campaign.For, "for", 0, "how long to play, such as 10m")
	set.Float64Var(&f.campaign.Hours, "hours", 0, "how many hours of a floor to simulate")
	set.IntVar(&f.campaign.Parallel, "parallel", 1, "how many runs at once")
	set.BoolVar(&f.campaign.GoOn, "go-on", false, "go on after a broken invariant")
	set.Uint64Var(&o.Seed, "seed", 1, "the first seed")
	set.IntVar(&o.Agents, "agents", 200, "agents on the floor")
	set.IntVar(&o.Backends, "backends", 3, "backends")
	set.DurationVar(&o.For, "each", o.For, "how long customers come in each run")
	set.DurationVar(&o.TalkEvery, "talk-every", o.TalkEvery, "how often a customer comes for each agent")
	set.DurationVar(&o.TalkFor, "talk-for", o.TalkFor, "how long an agent talks before they do something")
	set.DurationVar(&o.TalkUpTo, "talk-up-to", o.TalkUpTo, "how long at most; 0: -talk-for is the average")
	set.DurationVar(&o.Patience, "patience", o.Patience, "how long a customer stays at most, on average")
	set.Float64Var(&o.Restless, "restless", o.Restless, "how much of what agents do is something else than ending the conversation")
	set.BoolVar(&o.Rough, "rough", false, "the worst weather in each run")
	set.StringVar(&f.faults, "faults", "all", "kinds of trouble: all, none, or some of "+strings.Join(simulate.AllFaults, ","))
	set.StringVar(&o.Bug, "bug", "", "a fault to put in on purpose: "+strings.Join(simulate.Bugs(), ", "))
	set.BoolVar(&f.replay, "replay", false, "play the one seed and tell its story")
	set.DurationVar(&f.shrink, "shrink", 2*time.Minute, "how long to shorten the story of a broken invariant")
	set.BoolVar(&f.quiet, "quiet", false, "do not print how far it is")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	var err error
	o.Faults, err = simulate.ParseFaults(f.faults)
	if err == nil && o.Bug != "" && !slices.Contains(simulate.Bugs(), o.Bug) {
		err = fmt.Errorf("-bug: %q is none of %s", o.Bug, strings.Join(simulate.Bugs(), ", "))
	}
	return f, err
}

// run returns 0 where nothing was found, 1 where an invariant is broken, and 2
// where it could not be played.
func run(args []string) (int, error) {
	f, err := parse(args)
	if err != nil {
		return 2, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a run needs little memory, and a fifth of its time went into tidying up
	}
	if f.replay {
		f.campaign.Hours, f.campaign.Options.Tell = 1e-9, true
	}
	told := time.Now()
	f.campaign.Each = func(r simulate.Result, total *simulate.Total) {
		if r.Violation != nil {
			fmt.Printf("seed %d: %s\n", r.Seed, r.Violation)
		}
		if !f.quiet && time.Since(told) > 30*time.Second {
			told = time.Now()
			fmt.Printf("… seed %d: %s\n", r.Seed, total.Progress())
		}
	}
	done, err := f.campaign.Run(ctx)
	if err != nil {
		return 2, err
	}
	fmt.Print(done.String())
	if len(done.Broken) == 0 {
		return 0, nil
	}
	for _, r := range done.Broken[:1] {
		tell(f, r)
	}
	return 1, nil
}

// tell prints the shortest story that breaks the same invariant.
func tell(f flags, r simulate.Result) {
	o := f.campaign.Options
	o.Seed = r.Seed
	short, err := simulate.Shrink(o, r.Violation.Code, f.shrink)
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		return
	}
	fmt.Printf("\nseed %d, shortened in %d runs: %s\n%s\n%s", r.Seed, short.Runs, short.Left(), short.Result.Violation, short.Result.Story)
}
