package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// callTime is how long each call to Twilio takes in the latency run.
const callTime = 100 * time.Millisecond

// latency measures cold transfers with 100 ms a call to Twilio, one at a time:
// how long the agent waits, how long until the agent is out, and how many
// calls stand one behind the other.
func latency(samples int) error {
	fmt.Printf("Cold transfer with %v a call to Twilio, one at a time, %d each (template: 3 calls in sequence, agent removed p50 307 ms, p99 313 ms)\n", callTime, samples)
	for _, warm := range []bool{true, false} {
		if err := latencyOf(warm, samples); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

func latencyOf(warm bool, samples int) error {
	r, err := newRig(samples)
	if err != nil {
		return err
	}
	defer r.close()
	jobs, err := r.jobs()
	if err != nil {
		return err
	}
	if err := r.account.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: sandbox.FaultSlow, DelayMS: int(callTime.Milliseconds())}}}}); err != nil {
		return err
	}
	var answered, removed []time.Duration
	calls := map[int]int{}
	for _, j := range jobs {
		if !warm {
			if j.token, err = r.account.IssueToken(j.worker, time.Hour); err != nil { // one that the backend has not seen
				return err
			}
		}
		if warm {
			if err := r.warm(j); err != nil {
				return err
			}
			time.Sleep(2 * callTime) // the agent reads the directory
		}
		began := time.Now()
		if err := r.post(j, r.worker("bea")); err != nil {
			return err
		}
		answered = append(answered, time.Since(began))
		mine, err := r.awaitRemoval(j, began)
		if err != nil {
			return err
		}
		removed = append(removed, mine[len(mine)-1].end.Sub(began))
		calls[inSequence(mine)]++
	}
	name := "cold (nothing known)"
	if warm {
		name = "warm (directory open)"
	}
	fmt.Printf("  %-22s calls in sequence %v; agent answered p50 %3d ms, p99 %3d ms; agent removed p50 %3d ms, p99 %3d ms\n",
		name, keys(calls), ms(answered, 50), ms(answered, 99), ms(removed, 50), ms(removed, 99))
	return nil
}

// span is one call to Twilio.
type span struct {
	what       string
	begin, end time.Time
}

// awaitRemoval waits until the removal was answered, and returns all calls
// since the click.
func (r *rig) awaitRemoval(j job, began time.Time) ([]span, error) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		var spans []span
		done := false
		for _, e := range r.account.Trace().Last(1000) {
			begin := e.At
			end := begin.Add(time.Duration(e.DurationMS * float64(time.Millisecond)))
			if e.Out || end.Before(began) {
				continue
			}
			spans = append(spans, span{e.Method + " " + e.Template, begin, end})
			done = done || (e.Method == "POST" && strings.Contains(e.Path, j.channel+"/Participants/"))
		}
		if done {
			slices.SortFunc(spans, func(a, b span) int { return a.end.Compare(b.end) })
			return spans, nil
		}
	}
	return nil, fmt.Errorf("the agent of %s was not removed in 10 s", j.channel)
}

// inSequence is the largest number of calls of which each began after the one
// before had ended.
func inSequence(spans []span) int {
	n := 0
	var last time.Time
	for _, s := range spans {
		if !s.begin.Before(last) {
			n, last = n+1, s.end
		}
	}
	return n
}

func keys(m map[int]int) []int {
	var all []int
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// ms is a percentile in milliseconds.
func ms(all []time.Duration, percentile int) int64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*percentile/100)].Milliseconds()
}
