package main

// verdict is what an agent was told of a request to leave, or to hand over.
type verdict int

const (
	granted verdict = iota
	refused
	unsaid // nobody has answered, or that they are not in the conversation any more, which may be what they asked for
)

func verdictOf(a answer) verdict {
	switch {
	case a.granted():
		return granted
	case a.silent(), a.body.Code == "NOT_IN_CONVERSATION":
		return unsaid
	}
	return refused
}

// When whoever hands a conversation over leaves it.
const (
	leavesAtOnce   = "at once"   // cold
	leavesOnAccept = "on accept" // cold, with somebody to wait for
	staysIn        = "never"     // warm
)

// judgeSeats compares where each agent is with what they were told: whoever was
// told that they have left, or have handed over, is gone; whoever was refused, or
// whose transfer came to nothing before they would have left, is still there.
func (r *report) judgeSeats(s *story, c *channel, t *tally) {
	for i, seat := range s.job.agents {
		_, in := c.agents[seat.participant]
		leaves, may, why := false, false, "was refused"
		for _, v := range s.asked[i] {
			leaves, may = leaves || v == granted, may || v == unsaid
		}
		if leaves {
			why = "was told to have left"
		}
		for _, told := range s.told {
			switch {
			case told.by != seat || told.leaves == staysIn:
			case told.phase == "completed":
				leaves, why = true, "was told that their transfer is completed"
			case told.leaves == leavesAtOnce:
				may = true // they have handed over what nobody took
			default:
				why = "was told that their transfer is " + told.phase
			}
		}
		switch asked := len(s.asked[i]) > 0 || i == 0; {
		case leaves && in:
			r.wrong(&t.untrue, s, "%s %s, and is still there", seat.name, why)
		case asked && !leaves && !may && !s.unanswered && !in:
			r.wrong(&t.untrue, s, "%s %s, and is gone", seat.name, why)
		}
	}
}
