package reconcile_test

import (
	"context"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// What came of it.

func (l *lab) state() transfer.State {
	r, err := l.store.Open().Last(context.Background(), l.conv.SID)
	if err != nil {
		return transfer.State{}
	}
	return r.State
}

// live are the tasks of the conversation that ask somebody.
func (l *lab) live() (tasks []sandbox.GlanceTask) {
	for _, t := range l.account.Glance(l.conv.SID).Tasks {
		if t.Status == "pending" || t.Status == "reserved" {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// agents are who is in and not wrapping up.
func (l *lab) agents() (names []string) {
	for _, p := range l.account.Glance(l.conv.SID).Participants {
		for _, w := range l.account.Snapshot().Workers {
			if p.WorkerSID == w.SID && !p.Wrapping {
				names = append(names, w.FriendlyName)
			}
		}
	}
	return names
}

// repaired counts the repairs of a kind.
func (l *lab) repaired(code transfer.FindingCode) (n int) {
	for _, r := range l.process.reports {
		if r.Code == code && r.Outcome == reconcile.OutcomeRepaired {
			n++
		}
	}
	return n
}

// found holds what was repaired to what is expected, and nothing else.
func (l *lab) found(want ...transfer.FindingCode) {
	l.Helper()
	var got []transfer.FindingCode
	for _, r := range l.process.reports {
		if r.Outcome == reconcile.OutcomeRepaired {
			got = append(got, r.Code)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		l.Errorf("repaired %v, want %v", got, want)
	}
}

// longestAlone is for how long the customer was alone with an open channel, by
// the account's own record.
func (l *lab) longestAlone() (longest time.Duration) {
	in, asked, open := map[string]bool{}, map[string]bool{}, false
	var since time.Time
	look := func(at time.Time) {
		alone := open && len(in) == 0 && len(asked) == 0
		switch {
		case alone && since.IsZero():
			since = at
		case !alone && !since.IsZero():
			longest, since = max(longest, at.Sub(since)), time.Time{}
		}
	}
	for _, e := range l.account.Record().Entries(sandbox.Query{ChannelSID: l.conv.SID}) {
		switch {
		case e.Kind == "channel":
			open = e.Status == "active"
		case e.Kind == "participant" && e.Type == "agent" && e.Status == "joined":
			in[e.TaskSID] = true
		case e.Kind == "participant" && e.Type == "agent":
			delete(in, e.TaskSID)
		case e.Kind == "task" && (e.Status == "pending" || e.Status == "reserved"):
			asked[e.SID] = true
		case e.Kind == "task":
			delete(asked, e.SID)
			if e.Status != "assigned" {
				delete(in, e.SID)
			}
		}
		look(e.At)
	}
	look(l.clock.Now())
	if !since.IsZero() {
		longest = max(longest, l.clock.Now().Sub(since))
	}
	return longest
}
