// Command chaos carries out thousands of transfers while everything goes wrong
// that can: Twilio answers 429, 500, 503, resets, loses answers, hangs, and its
// lists lag; webhooks get lost, come twice and in the wrong order; backends and
// NATS servers are killed with -9 or stand still, backends are cut off from NATS,
// and NATS servers from each other. Then it judges, by the simulated account's own record and not by our
// ledger, what became of each transfer and of each customer.
//
// The backends are processes of their own (three unless told otherwise) on a
// NATS cluster of three processes, and everything goes over sockets. What
// happens is drawn from a seed; when it happens is up to the machine, so that
// a run is like another one of the same seed, not the same. The simulation
// (server/simulate) is what replays.
//
// It is started by make chaos. It ends with 1 where something was doubled, lost
// or left behind, or a customer was alone for longer than the grace period.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// plan is what a run does.
type plan struct {
	transfers, races  int // transfers, and races of each kind
	floor             int // conversations that are open at the same time
	clients, replicas int // agents who act at the same time, backends
	seed              uint64
	faults            float64 // how many times the fault mix that the template was measured under
	late              bool    // requests may also take effect after they were looked up
	kill, cut, freeze time.Duration
	killNATS, split   time.Duration
	calm              bool          // nothing of all this
	rate              int           // Twilio's limit for each endpoint, a second; 0 for none
	grace             time.Duration // how long a customer may be alone
	listed            time.Duration // how long an invite may be missing from the list
	answer            time.Duration // how long a backend may take to answer one request with what it knows
	patience          time.Duration // how long a page asks until somebody says what became of it
	out               string        // folder of the HTML report; empty for none
}

func flags(args []string) (plan, error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	var p plan
	f.IntVar(&p.transfers, "transfers", 20_000, "transfers, warm and cold")
	f.IntVar(&p.races, "races", 1000, "races of each kind")
	f.IntVar(&p.floor, "floor", 2500, "conversations that are open at the same time: once they have been played and judged, others begin, on a new account and with the next seed")
	f.IntVar(&p.clients, "clients", 192, "agents who act at the same time")
	f.IntVar(&p.replicas, "replicas", 3, "backends")
	f.Uint64Var(&p.seed, "seed", 1, "what is drawn")
	f.Float64Var(&p.faults, "faults", 2, "how many times the fault mix that the template was measured under; 0 for none")
	f.BoolVar(&p.late, "late", false, "requests may also take effect after they were looked up")
	f.DurationVar(&p.kill, "kill-every", 5*time.Second, "kill -9 a backend so often; 0 for never")
	f.DurationVar(&p.killNATS, "kill-nats-every", 30*time.Second, "kill -9 a NATS server so often; 0 for never")
	f.DurationVar(&p.cut, "cut-every", 17*time.Second, "cut a backend off from NATS for a while so often; 0 for never")
	f.DurationVar(&p.freeze, "freeze-every", 29*time.Second, "let a backend or a NATS server stand still for some seconds so often, which is slow and cut off at once; 0 for never")
	f.DurationVar(&p.split, "split-every", time.Minute, "cut a NATS server off from the others for some seconds so often, while backends still reach it; 0 for never")
	f.BoolVar(&p.calm, "calm", false, "nothing goes wrong: no faults, kills and cuts; every transfer with a willing target has to be completed")
	f.IntVar(&p.rate, "rate", 0, "Twilio's limit: calls a second to each endpoint, which the sandbox enforces and the backends share; 0 for none, which lets more happen in the same time")
	f.DurationVar(&p.grace, "grace", 10*time.Second, "how long a customer may be alone, and a doubled invite be there")
	f.DurationVar(&p.listed, "listed", 25*time.Second, "how long an invite may be missing from the conversation's attributes")
	f.DurationVar(&p.answer, "answer", 10*time.Second, "how long a backend may take to answer one request")
	f.DurationVar(&p.patience, "patience", 90*time.Second, "how long an agent's page asks again until a backend says what became of a request")
	f.StringVar(&p.out, "out", "artifacts", "folder of the HTML report")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	if p.calm {
		p.faults, p.late, p.kill, p.cut, p.freeze, p.killNATS, p.split = 0, false, 0, 0, 0, 0, 0
	}
	return p, nil
}

func main() {
	if code, is := playRole(); is {
		os.Exit(code)
	}
	p, err := flags(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	report, err := run(ctx, p, os.Stdout)
	if err == nil {
		err = report.write(os.Stdout, p.out)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	case len(report.broken()) > 0:
		os.Exit(1)
	}
}

// run carries a plan out, floor by floor, and judges it.
func run(ctx context.Context, p plan, progress *os.File) (*report, error) {
	whole := &report{plan: p, tally: map[string]*tally{}, repairs: map[string]float64{}}
	for i, part := range p.floors() {
		r, err := runFloor(ctx, part, progress)
		if err != nil && ctx.Err() != nil && len(whole.stories) > 0 {
			whole.interrupted = true
			break
		}
		if err != nil {
			return nil, err
		}
		whole.add(r)
		fmt.Fprintf(progress, "floor %d: %d conversations in %s, %d findings; %d of %d conversations so far\n",
			i+1, len(r.stories), r.took.Round(time.Second), len(r.findings), len(whole.stories), p.conversations())
		for _, found := range r.findings {
			fmt.Fprintln(progress, "  ", found.words)
		}
	}
	return whole, nil
}

// conversations is how many there are: one for each transfer and for each race.
func (p plan) conversations() int { return p.transfers + len(races)*p.races }

// floors are the plan in parts, of as many conversations as a floor has.
func (p plan) floors() []plan {
	n := max(1, (p.conversations()+p.floor-1)/max(p.floor, 1))
	parts := make([]plan, n)
	for i := range parts {
		share := func(of int) int { return of*(i+1)/n - of*i/n }
		parts[i] = p
		parts[i].transfers, parts[i].races, parts[i].seed = share(p.transfers), share(p.races), p.seed+uint64(i)
	}
	return parts
}

// runFloor carries a part of a plan out and judges it.
func runFloor(ctx context.Context, p plan, progress *os.File) (*report, error) {
	f, err := newFloor(p)
	if err != nil {
		return nil, err
	}
	defer f.close()
	c, err := startCluster(ctx, p, f)
	if err != nil {
		return nil, err
	}
	defer c.close()
	f.account.SetWebhooks(c.webhooks())
	if err := f.setFaults(p); err != nil {
		return nil, err
	}
	stopTrouble := c.trouble(p)
	began := time.Now()
	played := play(ctx, p, f, c, progress)
	stopTrouble()
	f.account.Faults().Clear()
	if err := c.allUp(ctx); err != nil {
		return nil, err
	}
	settle(ctx, c, played, progress)
	r := judge(p, f, played)
	r.took, r.repairs, r.kills, r.cuts, r.natsKills = time.Since(began), c.repairs(), c.kills, c.cuts, c.natsKills
	r.freezes, r.splits = c.freezes, c.splits
	r.requests, r.slow, r.slowest = c.requests, c.slow, c.slowest
	r.explain(f, c)
	return r, ctx.Err()
}
