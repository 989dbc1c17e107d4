package main

import (
	"reflect"
	"testing"
)

// TestFloors: the parts of a plan are the whole.
func TestFloors(t *testing.T) {
	for _, p := range []plan{{transfers: 20_000, races: 1000, floor: 2500, seed: 7}, {transfers: 10, races: 1, floor: 4}, {transfers: 5, floor: 100}, {transfers: 1, races: 1, floor: 0}} {
		transfers, raced := 0, 0
		for i, part := range p.floors() {
			transfers, raced = transfers+part.transfers, raced+part.races
			if part.seed != p.seed+uint64(i) || p.floor > len(races) && part.conversations() > p.floor+len(races) {
				t.Errorf("%+v: part %d: %+v", p, i, part)
			}
		}
		if transfers != p.transfers || raced != p.races {
			t.Errorf("%+v: %d transfers, %d races", p, transfers, raced)
		}
	}
}

// TestCounts: every number of a tally is added up.
func TestCounts(t *testing.T) {
	if n, want := len((&tally{}).counts()), reflect.TypeFor[tally]().NumField(); n != want {
		t.Errorf("%d numbers of %d", n, want)
	}
	a, b := &report{tally: map[string]*tally{}, repairs: map[string]float64{}}, &report{tally: map[string]*tally{}}
	b.of("kind").untrue, b.slow, b.findings = 2, []string{"GET"}, []finding{{words: "one"}}
	a.add(b)
	a.add(b)
	if a.of("kind").untrue != 4 || len(a.slow) != 2 || len(a.findings) != 2 {
		t.Errorf("%+v, %+v", a, a.of("kind"))
	}
}
