package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// tally is what became of the stories of one kind.
type tally struct {
	all, willing, completed               int
	successes, failures, refused, rescued int
	alone                                 int // customers who were alone at all
	untrue, lost, doubled, stranded       int
	leftBehind, closed, unanswered        int
}

// report is the judgement of a run.
type report struct {
	plan                   plan
	took                   time.Duration
	interrupted            bool // this is of the floors that were finished
	stories                []*story
	tally                  map[string]*tally
	alone, doubles         []time.Duration
	unasked                []time.Duration // how long customers were alone, or with nothing but an invite that was declined
	left, missing          int             // conversations whose attributes still show an invite; invites that they did not show
	unlisted               []time.Duration // how long invites waited that the attributes did not show
	repairs                map[string]float64
	kills, cuts, natsKills []time.Time
	freezes                []time.Time // of backends and NATS servers
	splits                 []time.Time // of NATS servers, from each other
	requests               int         // asked of backends
	slow                   []string    // those that took longer than the plan allows
	slowest                time.Duration
	findings               []finding
}

// finding is something that is not as it has to be, with what tells how it came
// about: the account's record of the conversation, and the backends' words.
type finding struct {
	words    string
	story    *story
	evidence []string
}

// add adds what came of another floor.
func (r *report) add(o *report) {
	r.took += o.took
	r.stories = append(r.stories, o.stories...)
	for kind, t := range o.tally {
		for i, n := range t.counts() {
			*r.of(kind).counts()[i] += *n
		}
	}
	r.alone, r.doubles, r.unasked, r.unlisted = append(r.alone, o.alone...), append(r.doubles, o.doubles...), append(r.unasked, o.unasked...), append(r.unlisted, o.unlisted...)
	r.left, r.missing, r.requests, r.slow, r.slowest = r.left+o.left, r.missing+o.missing, r.requests+o.requests, append(r.slow, o.slow...), max(r.slowest, o.slowest)
	for name, n := range o.repairs {
		r.repairs[name] += n
	}
	r.kills, r.cuts, r.natsKills = append(r.kills, o.kills...), append(r.cuts, o.cuts...), append(r.natsKills, o.natsKills...)
	r.freezes, r.splits, r.findings = append(r.freezes, o.freezes...), append(r.splits, o.splits...), append(r.findings, o.findings...)
}

// counts are all of its numbers.
func (t *tally) counts() []*int {
	return []*int{&t.all, &t.willing, &t.completed, &t.successes, &t.failures, &t.refused, &t.rescued, &t.alone,
		&t.untrue, &t.lost, &t.doubled, &t.stranded, &t.leftBehind, &t.closed, &t.unanswered}
}

func (r *report) of(kind string) *tally {
	if r.tally[kind] == nil {
		r.tally[kind] = &tally{}
	}
	return r.tally[kind]
}

// wrong notes that something is not as it has to be.
func (r *report) wrong(count *int, s *story, format string, values ...any) {
	*count++
	r.findings = append(r.findings, finding{story: s, words: fmt.Sprintf("%s, channel %s: %s (answers: %s)", s.kind, s.job.channel,
		fmt.Sprintf(format, values...), strings.Join(s.words, "; "))})
}

// aim is how many of the transfers with a willing target are to be completed,
// under faults.
const aim = 0.995

// sum adds a count up over all kinds.
func (r *report) sum(of func(*tally) int) (n int) {
	for _, t := range r.tally {
		n += of(t)
	}
	return n
}

// broken are the promises that were not kept.
func (r *report) broken() []string {
	var broken []string
	check := func(what string, n int) {
		if n > 0 {
			broken = append(broken, fmt.Sprintf("%d %s", n, what))
		}
	}
	if r.interrupted {
		broken = append(broken, fmt.Sprintf("interrupted after %d of %d conversations", len(r.stories), r.plan.conversations()))
	}
	check("reports that were not true", r.sum(func(t *tally) int { return t.untrue }))
	check("transfers lost", r.sum(func(t *tally) int { return t.lost }))
	check("invites or transfers doubled", r.sum(func(t *tally) int { return t.doubled }))
	check(fmt.Sprintf("customers alone for more than %s", r.plan.grace), r.sum(func(t *tally) int { return t.stranded }))
	check("invites left behind", r.sum(func(t *tally) int { return t.leftBehind }))
	check("conversations closed that nobody ended", r.sum(func(t *tally) int { return t.closed }))
	check(fmt.Sprintf("conversations in which a request was not answered within %s", r.plan.patience), r.sum(func(t *tally) int { return t.unanswered }))
	check(fmt.Sprintf("requests that a backend took longer than %s for", r.plan.answer), len(r.slow))
	check("conversations whose attributes still show an invite", r.left)
	check(fmt.Sprintf("invites that the conversation's attributes did not show for more than %s", r.plan.listed), r.missing)
	if share, want := r.completed(), r.aim(); share < want {
		broken = append(broken, fmt.Sprintf("%.2f %% of the transfers with a willing target were completed, not %.1f %%", 100*share, 100*want))
	}
	return broken
}

func (r *report) aim() float64 {
	if r.plan.faults <= 0 && r.plan.kill <= 0 && r.plan.cut <= 0 && r.plan.killNATS <= 0 && r.plan.freeze <= 0 && r.plan.split <= 0 {
		return 1
	}
	return aim
}

// completed is the share of the transfers with a willing target that were
// completed.
func (r *report) completed() float64 {
	willing := r.sum(func(t *tally) int { return t.willing })
	if willing == 0 {
		return 1
	}
	return float64(r.sum(func(t *tally) int { return t.completed })) / float64(willing)
}

// write prints the report, and writes it with its plots to the folder.
func (r *report) write(w io.Writer, dir string) error {
	fmt.Fprintf(w, "\n%d conversations in %s: seed %d, %g times the template's fault mix, lists that lag by 1 s%s; %d backends killed, %d cut off, %d NATS servers killed, %d cut off from the others, %d of both stood still%s\n\n",
		len(r.stories), r.took.Round(time.Second), r.plan.seed, r.plan.faults, map[bool]string{true: ", requests that take effect after their lookup"}[r.plan.late],
		len(r.kills), len(r.cuts), len(r.natsKills), len(r.splits), len(r.freezes), limited(r.plan.rate))
	if err := r.table(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%.2f %% of the transfers with a willing target were completed\n", 100*r.completed())
	fmt.Fprintf(w, "customers alone for a moment or more: %d, the longest for %s\n", len(r.alone), longest(r.alone))
	fmt.Fprintf(w, "… or with nothing but an invite that was declined: %d, the longest for %s, p99 %s\n", len(r.unasked), longest(r.unasked),
		part(slices.Sorted(slices.Values(r.unasked)), 0.99))
	fmt.Fprintf(w, "two invites at a time: %d, the longest for %s\n", len(r.doubles), longest(r.doubles))
	unlisted := slices.Sorted(slices.Values(r.unlisted))
	fmt.Fprintf(w, "invites that waited and were not in the conversation's attributes: for %s at most, p99.9 %s, p99 %s, of %d\n",
		longest(unlisted), part(unlisted, 0.999), part(unlisted, 0.99), len(unlisted))
	answers := r.answers()
	fmt.Fprintf(w, "an agent knew what became of a request after: p50 %s, p99 %s, at most %s\n", part(answers, 0.5), part(answers, 0.99), longest(answers))
	fmt.Fprintf(w, "%d requests, asked again where a backend had died or was busy; the slowest single one took %s\n", r.requests, r.slowest.Round(time.Millisecond))
	for _, name := range slices.Sorted(maps.Keys(r.repairs)) {
		fmt.Fprintf(w, "repaired: %s %.0f\n", name, r.repairs[name])
	}
	for i, f := range r.findings {
		if i == 20 {
			fmt.Fprintf(w, "… and %d more\n", len(r.findings)-i)
			break
		}
		fmt.Fprintln(w, "WRONG:", f.words)
	}
	for _, what := range r.slow[:min(len(r.slow), 20)] {
		fmt.Fprintln(w, "SLOW:", what)
	}
	for _, b := range r.broken() {
		fmt.Fprintln(w, "BROKEN:", b)
	}
	if dir == "" {
		return nil
	}
	path := filepath.Join(dir, "chaos.html")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	fmt.Fprintln(w, "with plots:", path)
	if err := os.WriteFile(path, []byte(r.page()), 0o644); err != nil || len(r.findings) == 0 {
		return err
	}
	path = filepath.Join(dir, "chaos-findings.txt")
	fmt.Fprintln(w, "with what the account and the backends say of each finding:", path)
	return os.WriteFile(path, []byte(r.evidence()), 0o644)
}

// evidence is what the account and the backends say of each finding.
func (r *report) evidence() string {
	var b strings.Builder
	for _, f := range r.findings {
		fmt.Fprintf(&b, "%s\n  %s\n\n", f.words, strings.Join(f.evidence, "\n  "))
	}
	return b.String()
}

// limited says how many calls a second Twilio allows.
func limited(rate int) string {
	if rate == 0 {
		return ""
	}
	return fmt.Sprintf("; at Twilio's limit of %d calls a second to each endpoint", rate)
}

// columns are those of the table.
var columns = []struct {
	title string
	of    func(*tally) int
}{
	{"told", func(t *tally) int { return t.all }},
	{"completed, true", func(t *tally) int { return t.successes }},
	{"not completed, true", func(t *tally) int { return t.failures }},
	{"refused", func(t *tally) int { return t.refused }},
	{"untrue", func(t *tally) int { return t.untrue }},
	{"lost", func(t *tally) int { return t.lost }},
	{"doubled", func(t *tally) int { return t.doubled }},
	{"alone", func(t *tally) int { return t.alone }},
	{"stranded", func(t *tally) int { return t.stranded }},
	{"left behind", func(t *tally) int { return t.leftBehind }},
	{"closed", func(t *tally) int { return t.closed }},
	{"unanswered", func(t *tally) int { return t.unanswered }},
	{"rescued", func(t *tally) int { return t.rescued }},
}

func (r *report) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range columns {
		fmt.Fprint(t, "\t", c.title)
	}
	fmt.Fprintln(t, "\t")
	for _, kind := range slices.Sorted(maps.Keys(r.tally)) {
		fmt.Fprint(t, kind)
		for _, c := range columns {
			fmt.Fprint(t, "\t", c.of(r.tally[kind]))
		}
		fmt.Fprintln(t, "\t")
	}
	fmt.Fprint(t, "all")
	for _, c := range columns {
		fmt.Fprint(t, "\t", r.sum(c.of))
	}
	fmt.Fprintln(t, "\t")
	return t.Flush()
}

func (r *report) answers() []time.Duration {
	var all []time.Duration
	for _, s := range r.stories {
		if s.answer > 0 {
			all = append(all, s.answer)
		}
	}
	slices.Sort(all)
	return all
}

func longest(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Max(all).Round(time.Millisecond)
}

// part is the duration that a share of the sorted ones do not exceed.
func part(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(share*float64(len(sorted)-1))].Round(time.Millisecond)
}
