package simulate

import (
	"testing"
	"time"
)

func TestSlice(t *testing.T) {
	for seed := range uint64(20) {
		begin := time.Now()
		r, err := Run(Options{Seed: seed, Tell: true})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Run(Options{Seed: seed})
		t.Logf("%v: hash %x %x, %d hand-overs, %d events, %d conversations, %d requests, %d transfers %v, %d kills, %d troubles, alone %+v, waited %s slow %d", time.Since(begin), r.Hash, again.Hash, r.HandOvers, r.Events, r.Conversations, r.Requests, r.Transfers, r.Ended, r.Kills, r.Troubles, r.Alone, r.Waited, r.Slow)
		if r.Violation != nil {
			t.Logf("seed %d: %s\n%s", seed, r.Violation, r.Story)
		}
	}
}
