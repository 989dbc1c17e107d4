package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// channel is what the account's record tells about one conversation.
type channel struct {
	conversation string
	closed       bool
	agents       map[string]string // participants: SID → task
	live         map[string]bool   // tasks that wait for somebody
	byRound      map[string]map[string]bool
	joined       map[string]bool      // tasks by which somebody joined
	waited       map[string]*span     // tasks of our invites, while they waited for somebody
	declined     map[string]bool      // tasks that wait although whom they asked has declined
	alone        stretches            // with no agent and no invite
	unasked      stretches            // with no agent, and at most an invite that was declined
	doubled      map[string]time.Time // transfer and round → since when
	doubles      []time.Duration
	stamps       map[string]stamp // by task
}

// stretches are the times in which something is so.
type stretches struct {
	since   time.Time // zero where it is not
	longest time.Duration
}

// note notes whether it is so from now on; at the end it is so no more.
func (s *stretches) note(is bool, at time.Time, end bool) {
	switch {
	case is && s.since.IsZero():
		s.since = at
	case (!is || end) && !s.since.IsZero():
		s.longest, s.since = max(s.longest, at.Sub(s.since)), time.Time{}
	}
}

// reading goes through the record from its beginning.
type reading struct {
	channels map[string]*channel
	ofTask   map[string]string // task → channel
}

func read(entries []sandbox.RecordEntry, now time.Time) *reading {
	r := &reading{channels: map[string]*channel{}, ofTask: map[string]string{}}
	for i := range entries {
		r.entry(&entries[i])
	}
	for _, c := range r.channels { // what still is so at the end
		c.see(now, true)
	}
	return r
}

func (r *reading) channel(sid string) *channel {
	c := r.channels[sid]
	if c == nil {
		c = &channel{agents: map[string]string{}, live: map[string]bool{}, byRound: map[string]map[string]bool{},
			joined: map[string]bool{}, waited: map[string]*span{}, declined: map[string]bool{}, doubled: map[string]time.Time{}, stamps: map[string]stamp{}}
		r.channels[sid] = c
	}
	return c
}

// stamp is what our backends write into an invite's task.
type stamp struct {
	TransferID string `json:"transferId"`
	Plan       struct {
		Round  int  `json:"round"`
		Rescue bool `json:"rescue"`
	} `json:"transferPlan"`
}

func (s stamp) String() string { return fmt.Sprintf("%s/%d", s.TransferID, s.Plan.Round) }

func (r *reading) entry(e *sandbox.RecordEntry) {
	sid := e.ChannelSID
	switch e.Kind {
	case "channel":
		sid = e.SID
		r.channel(sid).closed, r.channel(sid).conversation = e.Status == "closed", e.ConversationSID
	case "task":
		if sid == "" {
			sid = r.ofTask[e.SID]
		}
		if sid == "" {
			return
		}
		r.ofTask[e.SID] = sid
		r.channel(sid).task(e)
	case "reservation":
		if sid = r.ofTask[e.TaskSID]; sid == "" || e.Status != "rejected" {
			return
		}
		r.channel(sid).decline(e)
	case "participant":
		if e.Type != "agent" {
			return
		}
		r.channel(sid).participant(e)
	default:
		return
	}
	r.channel(sid).see(e.At, false)
}

func (c *channel) task(e *sandbox.RecordEntry) {
	waits := e.Status == "pending" || e.Status == "reserved"
	var s stamp
	if e.Status == "pending" && json.Unmarshal([]byte(e.Detail), &s) == nil && s.TransferID != "" {
		c.stamps[e.SID] = s
	}
	delete(c.live, e.SID)
	if e.Status != "pending" {
		delete(c.declined, e.SID)
	}
	if waits {
		c.live[e.SID] = true
	}
	if c.stamps[e.SID].TransferID == "" {
		return
	}
	switch w := c.waited[e.SID]; {
	case w == nil:
		c.waited[e.SID] = &span{from: e.At}
	case !waits && w.to.IsZero():
		w.to = e.At
	}
	of := c.stamps[e.SID].String()
	if c.byRound[of] == nil {
		c.byRound[of] = map[string]bool{}
	}
	delete(c.byRound[of], e.SID)
	if waits {
		c.byRound[of][e.SID] = true
	}
	switch since, is := c.doubled[of]; {
	case !is && len(c.byRound[of]) > 1:
		c.doubled[of] = e.At
	case is && len(c.byRound[of]) <= 1:
		c.doubles = append(c.doubles, e.At.Sub(since))
		delete(c.doubled, of)
	}
}

// decline notes that whom an invite of ours asked has declined: it need not be in
// the list any more, and nobody is asked by it.
func (c *channel) decline(e *sandbox.RecordEntry) {
	if w := c.waited[e.TaskSID]; w != nil && c.live[e.TaskSID] {
		c.declined[e.TaskSID] = true
		if w.to.IsZero() {
			w.to = e.At
		}
	}
}

func (c *channel) participant(e *sandbox.RecordEntry) {
	if e.Status == "joined" {
		c.agents[e.SID] = e.TaskSID
		c.joined[e.TaskSID] = true
		return
	}
	delete(c.agents, e.SID) // left, or wraps up
}

// see notes since when the customer is alone.
func (c *channel) see(at time.Time, end bool) {
	nobody := !c.closed && len(c.agents) == 0
	c.alone.note(nobody && len(c.live) == 0, at, end)
	c.unasked.note(nobody && len(c.live) == len(c.declined), at, end)
	if end {
		for of, since := range c.doubled {
			c.doubles = append(c.doubles, at.Sub(since))
			delete(c.doubled, of)
		}
	}
}
