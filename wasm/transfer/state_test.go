package transfer

import (
	"testing"
	"time"
)

// Notes and digests go to those who are in the conversation: not to who has
// left it in a way that no departure tells of, such as by completing the task
// in Flex.
func TestWhoIsAMember(t *testing.T) {
	agent := func(worker string, n int) Agent { return Agent{WorkerSID: worker, TaskSID: sid("WT", n)} }
	warm := func(n int, from Agent, at time.Time, acceptedBy string) Transfer {
		return Transfer{
			ID: sid("XT", n), Mode: ModeWarm, From: from, RequestedAt: at, Phase: PhaseCompleted,
			Invite: Invite{TaskSID: sid("WT", n+1)}, AcceptedBy: acceptedBy, AcceptedAt: at.Add(5 * time.Second),
		}
	}
	first := warm(1, agent(ada, 1), noon, bea)
	later := noon.Add(time.Minute)
	for name, c := range map[string]struct {
		state State
		want  map[string]bool
	}{
		"who joined": {
			State{Transfers: []Transfer{first}, Present: []Agent{agent(ada, 1)}},
			map[string]bool{ada: true, bea: true, cyd: false, "": false},
		},
		"who was there at the next decision": {
			State{Transfers: []Transfer{first, warm(2, agent(ada, 1), later, "")}, Present: []Agent{agent(ada, 1), agent(bea, 2)}},
			map[string]bool{ada: true, bea: true},
		},
		"who was missing at the next decision": {
			State{Transfers: []Transfer{first, warm(2, agent(ada, 1), later, "")}, Present: []Agent{agent(ada, 1)}},
			map[string]bool{ada: true, bea: false},
		},
		"who asked and was missing at the next decision": {
			State{Transfers: []Transfer{first, warm(2, agent(bea, 2), later, "")}, Present: []Agent{agent(bea, 2)}},
			map[string]bool{ada: false, bea: true},
		},
		"who joined so lately that the list did not show them": {
			State{Transfers: []Transfer{first, warm(2, agent(ada, 1), noon.Add(8*time.Second), "")}, Present: []Agent{agent(ada, 1)}},
			map[string]bool{ada: true, bea: true},
		},
		"who left": {
			State{
				Transfers:  []Transfer{first},
				Departures: []Departure{{Kind: DepartureLeave, Agent: agent(bea, 2), Phase: DepartureGone, RequestedAt: later}},
				Present:    []Agent{agent(ada, 1), agent(bea, 2)},
			},
			map[string]bool{ada: true, bea: false},
		},
	} {
		for worker, want := range c.want {
			if got := c.state.Member(worker); got != want {
				t.Errorf("%s: %q is a member: %v, want %v", name, worker, got, want)
			}
		}
	}
}
