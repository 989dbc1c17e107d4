package simulate

import (
	"os"
	"testing"
	"time"
)

func TestBugsTry(t *testing.T) {
	for _, bug := range Bugs() {
		if f := os.Getenv("BUG"); f != "" && f != bug {
			continue
		}
		begin := time.Now()
		found := false
		for seed := range uint64(12) {
			r, err := Run(Options{Seed: seed, Bug: bug, Tell: os.Getenv("BUG") != ""})
			if err != nil {
				t.Fatal(err)
			}
			if r.Violation != nil {
				t.Logf("%s: seed %d: %s, %s\n%s", bug, seed, r.Violation, time.Since(begin), r.Story)
				found = true
				break
			}
		}
		if !found {
			t.Errorf("%s is not found, %s", bug, time.Since(begin))
		}
	}
}
