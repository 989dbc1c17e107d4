package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// publishesPerTransfer is how often a cold transfer is written down: requested,
// invited, left, accepted.
const publishesPerTransfer = 4

// throughput measures how many cold transfers a second are carried out from
// the request to the target's acceptance, all of them on disk, with no latency
// at Twilio and pacing lifted, beside what the disk gives.
func throughput(transfers, clients int) error {
	fmt.Printf("Durable cold transfers, no latency, pacing lifted, %d at a time, %d each, request to acceptance (template, which records nothing: 941 to 1,120 a second)\n", clients, transfers)
	before, err := syncedPublishes()
	if err != nil {
		return err
	}
	for _, warm := range []bool{true, false} {
		if err := throughputOf(warm, transfers, clients, before); err != nil {
			return err
		}
	}
	after, err := syncedPublishes()
	fmt.Printf("  synced publishes, %d at a time, on this disk: %.0f a second before, %.0f after\n\n", clients, before, after)
	return err
}

func throughputOf(warm bool, transfers, clients int, published float64) error {
	r, err := newRig(transfers)
	if err != nil {
		return err
	}
	defer r.close()
	jobs, err := r.jobs()
	if err != nil {
		return err
	}
	name := "cold (nothing known)"
	if warm {
		name = "warm (directory open)"
		if err := each(jobs, clients, r.warm); err != nil {
			return err
		}
		time.Sleep(time.Second) // the reads that opening the directory began
	}
	defer r.autoAccept()()
	backend, here, err := r.cpu()
	if err != nil {
		return err
	}
	profiled := r.profile(name)
	took, err := r.run(jobs, clients)
	if err = errors.Join(err, profiled()); err != nil {
		return err
	}
	backendAfter, hereAfter, err := r.cpu()
	if err != nil {
		return err
	}
	now, highest, err := r.memory()
	if err != nil {
		return err
	}
	rate := float64(len(jobs)) / took.Seconds()
	fmt.Printf("  %-22s %5.0f a second, %.2f of what %.0f synced publishes a second allow at %d a transfer (aim: 0.5)\n",
		name, rate, rate/(published/publishesPerTransfer), published, publishesPerTransfer)
	fmt.Printf("  %-22s %.2f ms of processor a transfer in the backend, %.2f ms in the simulated Twilio and the agents beside it, %d cores\n",
		"", perTransfer(backendAfter-backend, jobs), perTransfer(hereAfter-here, jobs), runtime.NumCPU())
	fmt.Printf("  %-22s backend's memory %d MB at its highest, %d MB after (aim: under 120; template: 520 to 613)\n", "", highest>>10, now>>10)
	return nil
}

func perTransfer(d time.Duration, jobs []job) float64 {
	return d.Seconds() * 1000 / float64(len(jobs))
}

// run asks for all transfers and waits until the last is completed.
func (r *rig) run(jobs []job, clients int) (time.Duration, error) {
	target, began := r.worker("bea"), time.Now()
	if err := each(jobs, clients, func(j job) error { return r.post(j, target) }); err != nil {
		return 0, err
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		completed, err := r.metric("transfer_events_total", `phase="completed"`)
		if err != nil {
			return 0, err
		}
		if int(completed) >= len(jobs) {
			return time.Since(began), nil
		}
	}
	return 0, fmt.Errorf("not all transfers were completed in a minute")
}

// each does all jobs, as many at a time as there are clients, and returns the
// first error.
func each(jobs []job, clients int, do func(job) error) error {
	var all errgroup.Group
	all.SetLimit(clients)
	for _, j := range jobs {
		all.Go(func() error { return do(j) })
	}
	return all.Wait()
}

var nsPerOp = regexp.MustCompile(`BenchmarkSyncedPublish\S*\s+\d+\s+([\d.]+) ns/op`)

// syncedPublishes runs the ledger's own benchmark of nothing but publishing.
func syncedPublishes() (float64, error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^BenchmarkSyncedPublish$", "-benchtime", "2s", "./server/ledger/nats")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	m := nsPerOp.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("no figure in %s", out)
	}
	ns, err := strconv.ParseFloat(string(m[1]), 64)
	return 1e9 / ns, err
}
