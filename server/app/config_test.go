package app

import (
	"errors"
	"strings"
	"testing"
)

// TestReplicasAreWhatTheLedgerTakes: another number names the setting, before the ledger refuses it by a name of its own.
func TestReplicasAreWhatTheLedgerTakes(t *testing.T) {
	for replicas := -1; replicas <= 7; replicas++ {
		l := Listen{Addr: "127.0.0.1:0", Runners: 1, NATS: []string{"nats://127.0.0.1:4222"}, Replicas: replicas}
		taken := replicas == 1 || replicas == 3 || replicas == 5
		err := l.Validate()
		var problem *Problem
		switch {
		case taken && err != nil:
			t.Errorf("%d: %v", replicas, err)
		case !taken && (!errors.As(err, &problem) || problem.Setting != "NATS_REPLICAS" || !strings.Contains(problem.Problem, "1, 3 or 5")):
			t.Errorf("%d: %v, want one that names NATS_REPLICAS and 1, 3 or 5", replicas, err)
		}
		if l.NATS = nil; l.Validate() != nil {
			t.Errorf("%d without NATS_URLS, which counts for nothing: %v", replicas, l.Validate())
		}
	}
}
