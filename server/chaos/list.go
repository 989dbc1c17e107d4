package main

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// lateBy is how long those take who are late: longer than an invite may be
// missing from the list, and less than INVITE_TIMEOUT, with time to spare. What is
// missing is put right once the grace period is over; three backends may die over
// it, and each time the next one has the work 5 s later.
const lateBy = 26 * time.Second

// span is a stretch of time; it has not ended where to is zero.
type span struct{ from, to time.Time }

// list is what the conversations' attributes have shown, as whoever looks at
// them sees it: the template's own screens.
type list struct {
	stop func()

	mu    sync.Mutex
	shown map[string][]*span // by the invite's task
	now   map[string][]string
}

// watch reads along each change of a conversation's attributes.
func watch(account *sandbox.Account) *list {
	l := &list{shown: map[string][]*span{}, now: map[string][]string{}}
	l.stop = account.Subscribe(func(c sandbox.Change) {
		if conv, ok := c.Object.(sandbox.Conversation); ok {
			l.see(conv.SID, conv.Attributes, time.Now())
		}
	})
	return l
}

func (l *list) see(conversation, attributes string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var shows struct {
		Invites map[string]any `json:"invites"`
	}
	if strings.Contains(attributes, `"invites"`) {
		_ = json.Unmarshal([]byte(attributes), &shows) // what cannot be read shows nothing
	}
	for _, task := range l.now[conversation] {
		if _, still := shows.Invites[task]; !still {
			all := l.shown[task]
			all[len(all)-1].to = at
		}
	}
	var now []string
	for task := range shows.Invites {
		now = append(now, task)
		if all := l.shown[task]; len(all) == 0 || !all[len(all)-1].to.IsZero() {
			l.shown[task] = append(all, &span{from: at})
		}
	}
	l.now[conversation] = now
}

// missing is the longest time at a stretch in which the task's invite waited and
// was not shown.
func (l *list) missing(task string, waited span) (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gap := waited.from
	for _, s := range l.shown[task] {
		if !s.from.Before(waited.to) {
			break
		}
		longest = max(longest, s.from.Sub(gap))
		if s.to.IsZero() || s.to.After(waited.to) {
			return longest
		}
		if s.to.After(gap) {
			gap = s.to
		}
	}
	return max(longest, waited.to.Sub(gap))
}

// judgeList finds invites that were lost from the list, or never came to be in it.
// Those of an agent who leaves at once need not be: nobody is there to see them.
func (r *report) judgeList(s *story, c *channel, l *list) {
	for task, w := range c.waited {
		if w.to.IsZero() || c.stamps[task].Plan.Rescue || s.leavesAtOnceBy(c.stamps[task].TransferID) {
			continue
		}
		missing := l.missing(task, *w)
		r.unlisted = append(r.unlisted, missing)
		if missing > r.plan.listed {
			r.wrong(&r.missing, s, "an invite of %s waited for %s without being in the conversation's attributes", c.stamps[task], missing.Round(100*time.Millisecond))
		}
	}
}

// leavesAtOnceBy reports whether the agent leaves as soon as the transfer's invite is there.
func (s *story) leavesAtOnceBy(transferID string) bool {
	return slices.ContainsFunc(s.told, func(t told) bool { return t.id == transferID && t.leaves == leavesAtOnce })
}
