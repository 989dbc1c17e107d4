package simulate

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// small is a run that is over in a fraction of a second and in which much
// happens.
func small(seed uint64) Options {
	return Options{Seed: seed, Agents: 6, For: 8 * time.Minute, TalkEvery: 3 * time.Minute, TalkFor: time.Minute, Restless: 0.85}
}

// busy is one in which rare things happen too: the worst weather, and many
// conversations.
func busy(seed uint64) Options {
	return Options{Seed: seed, Agents: 8, For: 20 * time.Minute, TalkEvery: 2 * time.Minute, TalkFor: time.Minute, Restless: 0.85, Rough: true}
}

func play(t *testing.T, o Options) Result {
	t.Helper()
	r, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mustHold fails with the story of what is broken, as short as it can be told
// soon.
func mustHold(t *testing.T, o Options, r Result) {
	t.Helper()
	if r.Violation == nil {
		return
	}
	short, err := Shrink(o, r.Violation.Code, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Errorf("seed %d: %s\n%s, %s:\n%s", r.Seed, r.Violation, short.Left(), short.Result.Violation, short.Result.Story)
}

// TestNothingIsBroken plays small floors in every weather.
func TestNothingIsBroken(t *testing.T) {
	seeds := uint64(40)
	if raceEnabled {
		seeds = 10
	}
	transfers, ended := 0, map[string]int{}
	for seed := range seeds {
		r := play(t, small(seed))
		mustHold(t, small(seed), r)
		transfers += r.Transfers
		for phase, n := range r.Ended {
			ended[phase] += n
		}
	}
	if transfers < int(seeds)*10 || ended["completed"] < int(seeds)*5 || ended["timed-out"]+ended["declined"] == 0 {
		t.Errorf("too little happens: %d transfers, %v", transfers, ended)
	}
}

// TestABusyFloor plays a floor of 200 agents for some minutes.
func TestABusyFloor(t *testing.T) {
	o := Options{Seed: 7, Agents: 200, For: 6 * time.Minute, Restless: 0.5}
	r := play(t, o)
	mustHold(t, o, r)
	if r.Transfers < o.Agents/8 || r.Conversations < o.Agents/2 {
		t.Errorf("too little happens: %d transfers in %d conversations", r.Transfers, r.Conversations)
	}
}

// hashes are the seeds that are held against another process, and what is
// different from [small] for some of them.
func hashes(t *testing.T) []string {
	t.Helper()
	var lines []string
	seeds := uint64(50)
	if raceEnabled {
		seeds = 6
	}
	for seed := range seeds {
		o := small(1000 + seed)
		o.For = 4 * time.Minute
		r := play(t, o)
		lines = append(lines, fmt.Sprintf("%d %016x %d %d", o.Seed, r.Hash, r.HandOvers, r.Events))
	}
	for seed := range seeds / 6 { // strands are carried by others' coroutines for longer here
		r := play(t, messaging(1000+seed))
		lines = append(lines, fmt.Sprintf("%d %016x %d %d", r.Seed, r.Hash, r.HandOvers, r.Events))
	}
	return lines
}

// TestTheSameSeedIsTheSameHistory plays 50 seeds in this process and in another
// one: each hand-over and each event must be the same. Telling the story must
// change nothing.
func TestTheSameSeedIsTheSameHistory(t *testing.T) {
	if os.Getenv("SIMULATE_HASHES") != "" {
		for _, line := range hashes(t) {
			fmt.Println("hash", line)
		}
		return
	}
	here := hashes(t)
	other := exec.Command(os.Args[0], "-test.run=^TestTheSameSeedIsTheSameHistory$", "-test.timeout=10m") //nolint:gosec // this very test
	other.Env = append(os.Environ(), "SIMULATE_HASHES=1", "GOMAXPROCS=1", "GOGC=50")
	out, err := other.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var there []string
	for line := range strings.Lines(string(out)) {
		if hash, ok := strings.CutPrefix(strings.TrimSpace(line), "hash "); ok {
			there = append(there, hash)
		}
	}
	if !slices.Equal(here, there) {
		t.Errorf("the histories differ:\n%s\n\n%s", strings.Join(here, "\n"), strings.Join(there, "\n"))
	}
	different := map[string]bool{}
	for _, line := range here {
		different[strings.Fields(line)[1]] = true
	}
	if len(different) != len(here) {
		t.Errorf("%d seeds have %d histories", len(here), len(different))
	}
	told := small(1000)
	told.For, told.Tell = 4*time.Minute, true
	if r := play(t, told); fmt.Sprintf("%d %016x %d %d", told.Seed, r.Hash, r.HandOvers, r.Events) != here[0] {
		t.Error("telling the story changes it")
	}
}

// TestSeedsThatFailed plays the seeds that once broke an invariant, a line each:
// see the file. They hold what was mended.
func TestSeedsThatFailed(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seeds := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		o, err := parseSeed(line)
		if err != nil {
			t.Fatalf("testdata/seeds.txt: %q: %v", line, err)
		}
		if raceEnabled && o.For > time.Hour {
			continue // it is played without the race detector
		}
		seeds++
		mustHold(t, o, play(t, o))
	}
	t.Logf("%d seeds", seeds)
}

// parseSeed reads a line of seeds.txt.
func parseSeed(line string) (Options, error) {
	var o Options
	if words := strings.Fields(line); len(words) == 2 {
		seed, err := strconv.ParseUint(words[0], 10, 64)
		if err != nil {
			return o, err
		}
		o.Seed, o.Agents = seed, 200
		return o, o.SetFloor(words[1])
	}
	var each, every time.Duration
	var eachText, everyText string
	if _, err := fmt.Sscan(line, &o.Seed, &o.Agents, &eachText, &everyText, &o.Restless, &o.Rough); err != nil {
		return o, err
	}
	each, err := time.ParseDuration(eachText)
	if err != nil {
		return o, err
	}
	every, err = time.ParseDuration(everyText)
	o.For, o.TalkEvery = each, every
	return o, err
}

// withinSeeds is how many runs it may take to find a bug.
const withinSeeds = 80

// TestBugsAreFound puts each bug in and plays until it is found.
func TestBugsAreFound(t *testing.T) {
	names := Bugs()
	if raceEnabled { // all of them are looked for without the race detector
		names = []string{"no-lookup", "leave-without-line"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(withinSeeds) {
				o := busy(seed)
				o.Bug = name
				if r := play(t, o); r.Violation != nil {
					t.Logf("seed %d: %s", seed, r.Violation)
					return
				}
			}
			t.Errorf("%s: not found in %d runs", BugWords(name), withinSeeds)
		})
	}
	if len(Bugs()) < 5 {
		t.Errorf("%d bugs", len(Bugs()))
	}
}

// TestShrink makes a story out of a run of many conversations.
func TestShrink(t *testing.T) {
	o := small(0)
	o.Agents, o.Bug, o.Rough = 20, "no-lookup", true
	var r Result
	for r.Violation == nil {
		if o.Seed++; o.Seed > withinSeeds {
			t.Fatal("the bug is not found")
		}
		r = play(t, o)
	}
	short, err := Shrink(o, r.Violation.Code, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(short.Options.Customers) != 1 || len(short.left) > r.Troubles/2 {
		t.Errorf("hardly shorter: %s", short.Left())
	}
	if short.Result.Violation.Code != r.Violation.Code || short.Result.Story == "" {
		t.Errorf("another story: %s\n%s", short.Result.Violation, short.Result.Story)
	}
	again := play(t, short.Options)
	if again.Hash != short.Result.Hash || again.Story != short.Result.Story {
		t.Error("the story is not the same when it is played again")
	}
	t.Logf("%s in %d runs:\n%s", short.Left(), short.Runs, short.Result.Story)
}

// TestFaultsMatter: each kind of trouble happens, and a run without any has
// none.
func TestFaultsMatter(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(6) {
		o := small(seed)
		o.Tell, o.Rough = true, true
		for _, name := range play(t, o).troubles {
			kinds[strings.Fields(name)[0]]++
		}
	}
	want := slices.DeleteFunc(slices.Clone(AllFaults), func(k string) bool { return k == FaultHooks || k == FaultLag || k == FaultSkew })
	for _, kind := range append(want, "hook") {
		if kinds[kind] == 0 {
			t.Errorf("%s never happens: %v", kind, kinds)
		}
	}
	o := small(3)
	o.Faults = []string{}
	if r := play(t, o); r.Troubles != 0 || r.Kills != 0 || r.Violation != nil || r.Ended["completed"] == 0 {
		t.Errorf("without trouble: %+v", r)
	}
}

// TestTheRealClientIsTheSame: with the real client between, each run is the same
// to the last hand-over.
func TestTheRealClientIsTheSame(t *testing.T) {
	seeds := uint64(8)
	if raceEnabled {
		seeds = 2
	}
	for seed := range seeds {
		o := small(500 + seed)
		quick := play(t, o)
		o.Wire = true
		if wire := play(t, o); wire.Hash != quick.Hash || wire.Transfers == 0 {
			t.Errorf("seed %d: %016x after %d events with the real client, %016x after %d without", o.Seed, wire.Hash, wire.Events, quick.Hash, quick.Events)
		}
	}
}
