package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if code, is := playRole(); is {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// patient is what a slow machine asks for. The weather goes by the clock and not
// by the processor time that there is: where a backend under the race detector
// takes long to start, most of them are down most of the time. What is told has
// to be true there too; how long things take is for make chaos to measure.
var patient = []string{"-answer", "1m", "-patience", "5m"}

// TestShortRun is a small make chaos.
func TestShortRun(t *testing.T) {
	r := played(t, "-transfers", "150", "-races", "10", "-clients", "16", "-kill-every", "8s", "-kill-nats-every", "25s", "-cut-every", "20s", "-split-every", "30s", "-grace", "60s", "-listed", "3m")
	if r.of("cold, to an agent").successes == 0 || len(r.kills) == 0 {
		t.Error("nothing happened")
	}
}

// TestCalm: where nothing goes wrong, at Twilio's own limit, every transfer with a
// willing target is completed.
func TestCalm(t *testing.T) {
	r := played(t, "-calm", "-listed", "60s", "-rate", "20", "-transfers", "60", "-races", "4", "-clients", "8")
	if r.aim() != 1 || r.of("cold, to an agent").successes == 0 || len(r.kills)+len(r.splits) > 0 {
		t.Errorf("not calm: %+v", r.plan)
	}
}

// played plays what the flags say, and fails where a promise is broken.
func played(t *testing.T, args ...string) *report {
	t.Parallel()
	p, err := flags(append(append(args, patient...), "-out", ""))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 15*time.Minute)
	defer stop()
	r, err := run(ctx, p, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.write(os.Stdout, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if broken := r.broken(); len(broken) > 0 {
		t.Error(strings.Join(broken, "\n"))
		t.Log(r.evidence())
	}
	return r
}
