package simulate

import (
	"context"
	"strings"
	"testing"
	"time"
)

// messaging is a busy floor of few agents.
func messaging(seed uint64) Options {
	o := Options{Seed: seed, Agents: 20}
	_ = o.SetFloor(FloorBusy)
	o.For = time.Hour
	return o
}

// TestTheBusyFloor holds it to what is said of it: five conversations an hour
// for each agent, of 8 to 15 minutes, one of five with a transfer.
func TestTheBusyFloor(t *testing.T) {
	total := Total{Ended: map[string]int{}, Repairs: map[string]int{}}
	for seed := range uint64(4) {
		r := play(t, messaging(seed))
		mustHold(t, messaging(seed), r)
		total.add(r)
	}
	agents, hours := 20.0, total.Floor.Hours()
	if each := float64(total.Conversations) / agents / hours; hours != 4 || each < 4 || each > 6 {
		t.Errorf("%.1f conversations an hour for each agent in %.1f hours", each, hours)
	}
	if part := float64(total.Transfers) / float64(total.Conversations); part < 0.1 || part > 0.4 {
		t.Errorf("%d transfers in %d conversations", total.Transfers, total.Conversations)
	}
	if err := new(Options).SetFloor("empty"); err == nil {
		t.Error("there is no such floor")
	}
}

// TestACampaignGoesOn: two campaigns, one from where the other has ended, have
// played what one has.
func TestACampaignGoesOn(t *testing.T) {
	part := func(seed uint64, hours float64) Total {
		total, err := Campaign{Options: small(seed), Hours: hours, Parallel: 2}.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	first := part(2000, 0.3)
	if first.Seeds[0] != 2000 || first.Seeds[1] != 2000+uint64(first.Runs) || first.Floor.Hours() < 0.3 || first.Simulated <= first.Floor {
		t.Fatalf("%+v", first)
	}
	second := part(first.Seeds[1], 0.3)
	whole := Total{Ended: map[string]int{}, Repairs: map[string]int{}}
	for seed := uint64(2000); seed < second.Seeds[1]; seed++ {
		whole.add(play(t, small(seed)))
	}
	if first.Transfers+second.Transfers != whole.Transfers || first.Events+second.Events != whole.Events || first.Floor+second.Floor != whole.Floor {
		t.Errorf("%d + %d transfers, %d in one go", first.Transfers, second.Transfers, whole.Transfers)
	}
	for _, text := range []string{"simulated hours ", "go on with ", "conversations ", "transfers ", "kills", "repairs ", "the longest ", "broken invariants 0"} {
		if !strings.Contains(first.String(), text) {
			t.Errorf("the total does not say %q", text)
		}
	}
	if p := first.Progress(); !strings.Contains(p, "transfers") || strings.Contains(p, "\n") {
		t.Error(p)
	}
}

// TestOneThingThatGoesWrongLeavesNobodyAlone: the limit is tight enough for a
// step that is taken late to be found.
func TestOneThingThatGoesWrongLeavesNobodyAlone(t *testing.T) {
	s := empty(t)
	u := &talk{sid: "UO1", status: "active", here: true, seats: []*seat{{}}, counts: map[string]int{}}
	s.truth.channels[u.sid] = u
	s.judge.changed(u)
	s.trouble(u, "one thing")
	s.until(graceLimit - time.Second)
	if s.result.Violation != nil {
		t.Fatal(s.result.Violation)
	}
	s.until(2 * time.Second)
	if v := s.result.Violation; v == nil || v.Code != "alone" {
		t.Errorf("after one disturbance: %v", v)
	}
}

// TestSeveralThingsMayTakeLonger: but not for ever.
func TestSeveralThingsMayTakeLonger(t *testing.T) {
	s := empty(t)
	u := &talk{sid: "UO1", status: "active", here: true, seats: []*seat{{}}, counts: map[string]int{}}
	s.truth.channels[u.sid] = u
	s.trouble(u, "one thing")
	s.judge.changed(u)
	s.shaken = append(s.shaken, s.now())
	s.until(aloneLimit - time.Second)
	if s.result.Violation != nil {
		t.Fatal(s.result.Violation)
	}
	s.until(2 * time.Second)
	if v := s.result.Violation; v == nil || v.Code != "alone" {
		t.Errorf("after a long time: %v", v)
	}
}
