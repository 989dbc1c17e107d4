package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// publishesPerTransfer is how often a cold transfer is written down: requested,
// invited, left, accepted.
const publishesPerTransfer = 4

// throughput measures how many cold transfers a second are carried out from
// the request to the target's acceptance, all of them on disk, with no latency
// at Twilio and pacing lifted, beside what the disk gives.
func throughput(transfers, clients int) error {
	fmt.Printf("Durable cold transfers, no latency, pacing lifted, %d at a time, request to acceptance (peer, which keeps nothing: 941 to 1,120 a second)\n", clients)
	before, err := syncedPublishes()
	if err != nil {
		return err
	}
	r, err := newRig(transfers)
	if err != nil {
		return err
	}
	defer r.close()
	jobs, err := r.jobs()
	if err != nil {
		return err
	}
	idle, _, err := r.memory()
	if err != nil {
		return err
	}
	defer r.autoAccept()()
	took, err := r.run(jobs, clients)
	if err != nil {
		return err
	}
	now, highest, err := r.memory()
	if err != nil {
		return err
	}
	after, err := syncedPublishes()
	if err != nil {
		return err
	}
	rate, published := float64(len(jobs))/took.Seconds(), (before+after)/2
	fmt.Printf("  transfers       %8.0f a second (%d in %v, all completed)\n", rate, len(jobs), took.Round(time.Millisecond))
	fmt.Printf("  synced publishes%8.0f a second on this disk, %d at a time (before %.0f, after %.0f): room for %.0f transfers\n",
		published, clients, before, after, published/publishesPerTransfer)
	fmt.Printf("  ratio           %8.2f (aim: at least 0.5)\n", rate/(published/publishesPerTransfer))
	fmt.Printf("  memory          %8.0f MB at its highest, %.0f MB after, %.0f MB idle (aim: under 120; peer: 520 to 613)\n\n",
		float64(highest)/1024, float64(now)/1024, float64(idle)/1024)
	return nil
}

// run asks for all transfers and waits until the last is completed.
func (r *rig) run(jobs []job, clients int) (time.Duration, error) {
	target, next := r.target(), make(chan job)
	failed := make(chan error, clients)
	began := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for j := range next {
				if err := r.post(j, target); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for _, j := range jobs {
		next <- j
	}
	close(next)
	all.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
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
