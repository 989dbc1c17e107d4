package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How long what is killed stays down, what is cut stays cut, and what stands
// still does so.
const (
	downFor     = time.Second
	natsDownFor = 3 * time.Second
	cutFor      = 6 * time.Second
	splitFor    = 12 * time.Second // longer than a server that leads takes to notice that it is alone
	stillFor    = 5 * time.Second
	countEvery  = time.Second
)

// trouble kills, cuts and stops as the plan says until it is told to stop.
func (c *cluster) trouble(p plan) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	every := func(d time.Duration, stream uint64, do func(*rand.Rand)) {
		if d <= 0 {
			return
		}
		random := rand.New(rand.NewPCG(p.seed, stream))
		all.Go(func() {
			for sleep(ctx, d/2+time.Duration(random.Int64N(int64(d)))) {
				do(random)
			}
		})
	}
	every(p.kill, 2, func(r *rand.Rand) {
		n := r.IntN(len(c.backends))
		victim := c.backends[n]
		c.note(&c.kills, "backend %d is killed", n)
		victim.kill()
		c.dead(victim)
		sleep(ctx, downFor)
		_ = victim.start() // allUp says if it does not come back
	})
	every(p.killNATS, 3, func(r *rand.Rand) {
		c.quorum.RLock()
		defer c.quorum.RUnlock()
		n := r.IntN(len(c.nats))
		victim := c.nats[n]
		c.note(&c.natsKills, "NATS server %d is killed", n)
		victim.kill()
		sleep(ctx, natsDownFor)
		_ = victim.start()
	})
	every(p.cut, 4, func(r *rand.Rand) {
		n := r.IntN(len(c.backends))
		victim := c.backends[n]
		c.note(&c.cuts, "backend %d is cut off", n)
		for _, w := range victim.ways {
			w.cut(true)
		}
		sleep(ctx, cutFor)
		for _, w := range victim.ways {
			w.cut(false)
		}
	})
	every(p.freeze, 7, func(r *rand.Rand) {
		c.quorum.RLock()
		defer c.quorum.RUnlock()
		all := slices.Clone(c.nats)
		for _, b := range c.backends {
			all = append(all, b.process)
		}
		n := r.IntN(len(all))
		victim := all[n]
		if !victim.stand(true) {
			return
		}
		if n -= len(c.nats); n < 0 {
			c.note(&c.freezes, "NATS server %d stands still", n+len(c.nats))
		} else {
			c.note(&c.freezes, "backend %d stands still", n)
		}
		sleep(ctx, stillFor)
		victim.stand(false)
	})
	every(p.split, 8, func(r *rand.Rand) {
		c.quorum.Lock()
		defer c.quorum.Unlock()
		n := r.IntN(len(c.nats))
		c.note(&c.splits, "NATS server %d is cut off from the others", n)
		c.split(n, true)
		sleep(ctx, splitFor)
		c.split(n, false)
	})
	every(countEvery, 5, func(*rand.Rand) { c.count() })
	return func() { cancel(); all.Wait() }
}

// split cuts a NATS server off from the others, or lets it come back.
func (c *cluster) split(n int, is bool) {
	for _, r := range c.routes {
		if r.from == n || r.to == n {
			r.cut(is)
		}
	}
}

// sleep reports whether the time passed before ctx was done.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// note notes that something happens, and to whom.
func (c *cluster) note(when *[]time.Time, words string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	*when = append(*when, now)
	c.happened = append(c.happened, happening{now, fmt.Sprintf(words, n)})
}

// happening is what was done to one of the processes.
type happening struct {
	at    time.Time
	words string
}

// findingsMetric begins the counters of what the reconciler did.
const findingsMetric = "reconcile_findings_total{"

// count reads the counters of every backend's repairs, which die with it.
func (c *cluster) count() {
	for i, r := range c.backends {
		resp, err := c.client.Get(r.url + "/metrics")
		if err != nil {
			continue
		}
		now := map[string]float64{}
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), " ")
			if labels, ok := strings.CutPrefix(name, findingsMetric); ok {
				now[strings.TrimSuffix(labels, "}")], _ = strconv.ParseFloat(value, 64)
			}
		}
		resp.Body.Close()
		c.mu.Lock()
		c.lastCounts[i] = now
		c.mu.Unlock()
	}
}

// dead adds up what a backend that was killed had counted when it was last
// asked.
func (c *cluster) dead(victim *replica) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range c.backends {
		if r == victim {
			for name, n := range c.lastCounts[i] {
				c.counted[name] += n
			}
			c.lastCounts[i] = nil
		}
	}
}

// repairs are how often the reconciler did what, as far as it was asked before
// it was killed.
func (c *cluster) repairs() map[string]float64 {
	c.count()
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := map[string]float64{}
	for name, n := range c.counted {
		sum[name] += n
	}
	for _, counts := range c.lastCounts {
		for name, n := range counts {
			sum[name] += n
		}
	}
	return sum
}
