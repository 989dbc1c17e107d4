package main

import (
	"testing"
	"time"
)

// TestJudgeSeats: who is there although they were told to be gone is found, and who is gone although they were not.
func TestJudgeSeats(t *testing.T) {
	ada, ben := seat{worker: "WK1", name: "ada", participant: "UT1"}, seat{worker: "WK2", name: "ben", participant: "UT2"}
	in := func(participants ...string) map[string]string {
		agents := map[string]string{}
		for _, p := range participants {
			agents[p] = "WT"
		}
		return agents
	}
	for name, c := range map[string]struct {
		told       []told
		asked      [2][]verdict
		unanswered bool
		in         map[string]string
		wrong      int
	}{
		"handed over and gone":              {told: []told{{"XT1", ada, leavesAtOnce, "completed"}}, in: in("UT2")},
		"handed over and there":             {told: []told{{"XT1", ada, leavesAtOnce, "completed"}}, in: in("UT1", "UT2"), wrong: 1},
		"on accept, and there":              {told: []told{{"XT1", ada, leavesOnAccept, "completed"}}, in: in("UT1", "UT2"), wrong: 1},
		"on accept, declined, and gone":     {told: []told{{"XT1", ada, leavesOnAccept, "declined"}}, in: in("UT2"), wrong: 1},
		"at once, declined, and gone":       {told: []told{{"XT1", ada, leavesAtOnce, "declined"}}, in: in("UT2")},
		"warm and there":                    {told: []told{{"XT1", ada, staysIn, "completed"}}, in: in("UT1", "UT2")},
		"warm and gone":                     {told: []told{{"XT1", ada, staysIn, "completed"}}, in: in("UT2"), wrong: 1},
		"refused and gone":                  {in: in("UT2"), wrong: 1},
		"nobody answered, and gone":         {unanswered: true, in: in("UT2")},
		"left and there":                    {asked: [2][]verdict{{granted}, nil}, in: in("UT1", "UT2"), wrong: 1},
		"one left, the other was refused":   {asked: [2][]verdict{{granted}, {refused}}, in: in("UT2")},
		"both gone, one was refused":        {asked: [2][]verdict{{granted}, {refused}}, in: in(), wrong: 1},
		"gone, and nobody has said so":      {asked: [2][]verdict{{unsaid}, nil}, in: in("UT2")},
		"who asked for nothing may be gone": {told: []told{{"XT1", ada, staysIn, "canceled"}}, in: in("UT1")},
	} {
		r := &report{}
		s := &story{job: job{agents: []seat{ada, ben}}, told: c.told, asked: c.asked, unanswered: c.unanswered}
		var tally tally
		if r.judgeSeats(s, &channel{agents: c.in}, &tally); tally.untrue != c.wrong {
			t.Errorf("%s: %d wrong, want %d: %+v", name, tally.untrue, c.wrong, r.findings)
		}
	}
}

// TestMissingFromTheList: the longest stretch in which an invite waits and is not shown.
func TestMissingFromTheList(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	const shows, other, none = `{"invites":{"WT1":{}}}`, `{"a":1,"invites":{"WT2":{}}}`, `{}`
	for name, c := range map[string]struct {
		shown map[int]string // by the second
		want  int            // of an invite that waits from 10 to 40
	}{
		"never":                  {nil, 30},
		"soon, and to the end":   {map[int]string{12: shows}, 2},
		"soon, and past the end": {map[int]string{12: shows, 41: none}, 2},
		"lost again":             {map[int]string{12: shows, 15: other}, 25},
		"lost and put right":     {map[int]string{12: shows, 15: none, 24: shows}, 9},
		"only after it was over": {map[int]string{45: shows}, 30},
		"what cannot be read":    {map[int]string{12: shows, 20: `{"invites":`}, 20},
		"another one's, and its": {map[int]string{11: other, 13: `{"invites":{"WT1":{},"WT2":{}}}`}, 3},
	} {
		l := &list{shown: map[string][]*span{}, now: map[string][]string{}}
		for s := range 60 {
			if text, changes := c.shown[s]; changes {
				l.see("CH1", text, at(s))
			}
		}
		if got := l.missing("WT1", span{at(10), at(40)}); got != time.Duration(c.want)*time.Second {
			t.Errorf("%s: %v, want %ds", name, got, c.want)
		}
	}
}
