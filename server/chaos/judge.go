package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// settle waits until every transfer that was granted has ended: an agent would
// have looked away by then, but nothing may be left hanging.
func settle(ctx context.Context, c *cluster, stories []*story, progress *os.File) {
	g := &game{floor: c.floor, cluster: c, tokens: map[string]string{}}
	open := 0
	for _, s := range stories {
		for i, t := range s.told {
			if ended[t.phase] {
				continue
			}
			open++
			if g.tokens[t.by.worker] == "" {
				g.tokens[t.by.worker], _ = g.account.IssueToken(t.by.worker, time.Hour)
			}
			s.told[i].phase = g.follow(ctx, t.by, t.id, max(2*time.Minute, g.cluster.plan.patience))
		}
	}
	fmt.Fprintf(progress, "%d transfers were still under way when the last agent had asked\n", open)
	sleep(ctx, 45*time.Second) // what is to be repaired soon is by then, also the attributes
}

// leftover finds an invite in a conversation's attributes.
var leftover = regexp.MustCompile(`"invites":\s*\{\s*"`)

// judge compares what the agents were told with what the account's record says.
func judge(p plan, f *floor, stories []*story) *report {
	r := &report{plan: p, stories: stories, tally: map[string]*tally{}}
	reading := read(f.account.Record().Entries(sandbox.Query{}), time.Now())
	for _, s := range stories {
		c := reading.channel(s.job.channel)
		t := r.of(s.kind)
		t.all++
		if s.willing {
			t.willing++
			if slices.ContainsFunc(s.told, func(t told) bool { return t.phase == "completed" }) {
				t.completed++
			}
		}
		if s.silences > 0 {
			r.wrong(&t.unanswered, s, "nobody said within %s what became of a request", p.patience)
		}
		r.judgeTold(s, c, t)
		r.judgeUntold(s, c, t)
		r.judgeSeats(s, c, t)
		r.judgeList(s, c, f.list)
		r.judgeCustomer(s, c, t)
	}
	r.judgeAttributes(f, reading)
	return r
}

// judgeAttributes finds invites that the conversations' attributes still show.
// All of them are over by now.
func (r *report) judgeAttributes(f *floor, reading *reading) {
	shown := map[string]string{}
	for _, c := range f.account.Snapshot().Conversations {
		if leftover.MatchString(c.Attributes) {
			shown[c.SID] = c.Attributes
		}
	}
	for _, s := range r.stories {
		if text := shown[reading.channel(s.job.channel).conversation]; text != "" {
			r.wrong(&r.left, s, "the conversation's attributes still show an invite: %s", text)
		}
	}
}

// judgeTold judges what was granted.
func (r *report) judgeTold(s *story, c *channel, t *tally) {
	seen := map[string]bool{}
	for _, told := range s.told {
		if seen[told.id] {
			continue // two clicks, one transfer
		}
		seen[told.id] = true
		joined := c.joinedBy(told.id)
		switch {
		case !ended[told.phase]:
			r.wrong(&t.lost, s, "transfer %s was granted and never ended: %q", told.id, told.phase)
		case told.phase == "completed" && joined == 0:
			r.wrong(&t.untrue, s, "transfer %s is told to be completed, and nobody joined", told.id)
		case told.phase == "completed":
			t.successes++
		case joined > 0:
			r.wrong(&t.untrue, s, "transfer %s is told to be %s, and somebody joined", told.id, told.phase)
		default:
			t.failures++
		}
		if joined > 1 {
			r.wrong(&t.doubled, s, "%d joined by transfer %s", joined, told.id)
		}
	}
	if len(s.told) == 0 && s.answer > 0 {
		t.refused++
	}
	if s.kind == "race: two clicks" && len(seen) > 1 {
		r.wrong(&t.doubled, s, "two clicks made %d transfers", len(seen))
	}
}

// joinedBy counts who joined by invites of the transfer.
func (c *channel) joinedBy(transferID string) (n int) {
	for task, s := range c.stamps {
		if s.TransferID == transferID && c.joined[task] {
			n++
		}
	}
	return n
}

// judgeUntold finds invites that no agent was told of: those of a request that
// was refused or never answered, and those that wait although all has ended. An
// agent to whom nobody has answered has asked, and may find it carried out.
func (r *report) judgeUntold(s *story, c *channel, t *tally) {
	for task, stamp := range c.stamps {
		known := slices.ContainsFunc(s.told, func(t told) bool { return t.id == stamp.TransferID })
		switch {
		case c.live[task] && !c.closed && !stamp.Plan.Rescue:
			r.wrong(&t.leftBehind, s, "an invite of %s still waits", stamp)
		case !known && !stamp.Plan.Rescue && !s.unanswered:
			r.wrong(&t.untrue, s, "a request was refused, and invite %s was made", stamp)
		case stamp.Plan.Rescue:
			t.rescued++
		}
	}
}

// judgeCustomer looks at how long the customer was alone, and at invites of
// which there were two at a time.
func (r *report) judgeCustomer(s *story, c *channel, t *tally) {
	if c.alone.longest > aMoment {
		t.alone++
		r.alone = append(r.alone, c.alone.longest)
	}
	if c.unasked.longest > aMoment {
		r.unasked = append(r.unasked, c.unasked.longest)
	}
	if c.alone.longest > r.plan.grace {
		r.wrong(&t.stranded, s, "the customer was alone for %s", c.alone.longest.Round(100*time.Millisecond))
	}
	for _, d := range c.doubles {
		r.doubles = append(r.doubles, d)
		if d > r.plan.grace || !r.plan.late {
			r.wrong(&t.doubled, s, "two invites at the same time for %s", d.Round(100*time.Millisecond))
		}
	}
	if c.closed {
		r.wrong(&t.closed, s, "the conversation was closed")
	}
}

// aMoment is what an accept takes from the task to the participant.
const aMoment = 20 * time.Millisecond
