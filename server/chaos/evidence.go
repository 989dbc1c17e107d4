package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// evidenceFor is how many findings get their evidence.
const evidenceFor = 20

// logTime is how the backends' logs and the evidence write the time.
const logTime = "2006-01-02T15:04:05.000Z07:00"

// explain adds to each finding what the account's record and the backends' logs
// say of its conversation, in the order of time.
func (r *report) explain(f *floor, c *cluster) {
	some := r.findings[:min(len(r.findings), evidenceFor)]
	if len(some) == 0 {
		return
	}
	tasks := map[string]int{} // whose the tasks are
	for i := range some {
		for _, e := range f.account.Record().Entries(sandbox.Query{ChannelSID: some[i].story.job.channel}) {
			tasks[e.TaskSID] = i
			some[i].add(e.At, fmt.Sprintf("account: %s %s %s %s %s task %s %.60s", e.Kind, e.SID, e.Type, e.Status, e.WorkerSID, e.TaskSID, e.Detail))
		}
	}
	for _, e := range f.account.Record().Entries(sandbox.Query{}) {
		if i, is := tasks[e.TaskSID]; is && e.TaskSID != "" && e.Kind == "reservation" {
			some[i].add(e.At, fmt.Sprintf("account: reservation %s %s task %s", e.Status, e.WorkerSID, e.TaskSID))
		}
	}
	for n, b := range c.backends {
		log, err := os.Open(b.log)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(log); lines.Scan(); {
			line := lines.Text()
			for i := range some {
				if some[i].story.mentioned(line) {
					some[i].evidence = append(some[i].evidence, fmt.Sprintf("%s backend %d: %s", timeOf(line), n, line))
				}
			}
		}
		log.Close()
	}
	for _, h := range c.happened {
		for i := range some {
			if s := some[i].story; h.at.After(s.began) && h.at.Before(s.began.Add(time.Minute)) {
				some[i].add(h.at, h.words)
			}
		}
	}
	for i := range some {
		slices.Sort(some[i].evidence)
	}
}

func (f *finding) add(at time.Time, words string) {
	f.evidence = append(f.evidence, at.UTC().Format(logTime)+" "+words)
}

// mentioned reports whether the line is about the story, requests left out.
func (s *story) mentioned(line string) bool {
	if strings.Contains(line, "msg=request ") {
		return false
	}
	return strings.Contains(line, s.job.channel) ||
		slices.ContainsFunc(s.told, func(t told) bool { return strings.Contains(line, t.id) })
}

// timeOf is the time at the beginning of a log's line.
func timeOf(line string) string {
	at, _, _ := strings.Cut(strings.TrimPrefix(line, "time="), " ")
	return at
}
