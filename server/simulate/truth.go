package simulate

import (
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// truth is what is the case in the account, kept from the sandbox's own record,
// entry by entry. Nothing of it comes from our ledger.
type truth struct {
	sim           *Simulation
	channels      map[string]*talk // by interaction channel SID
	conversations map[string]*talk // by conversation SID
	tasks         map[string]*task
	reservations  map[string]*reservation
	seats         map[string]*seat
	activities    map[string]string // by worker SID
}

// talk is one conversation, as an interaction channel.
type talk struct {
	number       int // of the customer who began it
	customer     string
	sid          string // UO…
	interaction  string // KD…
	conversation string // CH…
	status       string
	here         bool // the customer is in it
	seats        []*seat
	tasks        []*task
	alone        time.Time // since when nobody is with the customer and nobody is asked; zero if somebody is
	attended     time.Time // until when that was so the last time
	ended        time.Time // when it was closed
	late         bool      // a request about it took effect when nobody counted on it any more
	behind       bool      // somebody did something about it behind our back
	misshown     bool      // a process that was overtaken has shown invites that were outstanding no more
	troubles     []time.Time
	watched      bool // by the audits
	counts       map[string]int
	lines        []line
}

// count numbers the operations of a kind.
func (t *talk) count(op string) int {
	t.counts[op]++
	return t.counts[op]
}

// seat is an agent in a conversation: an InteractionParticipant.
type seat struct {
	talk    *talk
	number  int
	sid     string // UT…
	worker  string // WK…
	task    string // WT…
	in      bool   // and not wrapping up
	joined  time.Time
	removed bool // a backend has asked for it
}

// task is an invite's task.
type task struct {
	talk     *talk
	sid      string
	transfer string // the stamp: the transfer's ID, and its round
	round    int
	status   string
	since    time.Time    // of the status
	accepted string       // the worker who did
	held     *reservation // by which they did
	asked    int          // reservations
	declined int          // those that were rejected, or that nobody answered
	born     time.Time
}

// live reports whether somebody may still accept it.
func (t *task) live() bool { return t.status == "pending" || t.status == "reserved" }

type reservation struct {
	sid    string
	task   *task
	worker *worker
	status string
	number int // of its task
}

func newTruth(s *Simulation) *truth {
	return &truth{
		sim: s, channels: map[string]*talk{}, conversations: map[string]*talk{}, tasks: map[string]*task{},
		reservations: map[string]*reservation{}, seats: map[string]*seat{}, activities: map[string]string{},
	}
}

// hear takes in an entry of the account's record.
func (u *truth) hear(e sandbox.RecordEntry) {
	switch e.Kind {
	case "interaction":
		t := &talk{sid: e.ChannelSID, interaction: e.InteractionSID, conversation: e.ConversationSID, here: true, counts: map[string]int{}}
		t.number, t.customer = u.sim.floor.arriving, u.sim.floor.customerName(u.sim.floor.arriving)
		u.channels[t.sid], u.conversations[t.conversation] = t, t
		u.sim.talks = append(u.sim.talks, t)
		u.sim.watch(t)
	case "channel":
		if t := u.channels[e.ChannelSID]; t != nil {
			t.status = e.Status
			if e.Status == "closed" {
				t.ended = u.sim.now()
			}
			u.sim.say(t, func() string { return "  the conversation is " + e.Status })
		}
	case "participant":
		u.hearParticipant(e)
	case "task":
		u.hearTask(e)
	case "reservation":
		u.hearReservation(e)
	case "worker":
		u.activities[e.WorkerSID] = e.Status
		if w := u.sim.floor.bySID[e.WorkerSID]; w != nil {
			w.back = time.Time{}
			if e.Status == "Available" {
				w.back = u.sim.now()
			}
		}
	}
	if t := u.channels[e.ChannelSID]; t != nil {
		u.sim.judge.changed(t)
	}
	u.sim.event(e.Kind, e.SID, e.Status)
}

func (u *truth) hearParticipant(e sandbox.RecordEntry) {
	t := u.channels[e.ChannelSID]
	if t == nil {
		return
	}
	if e.Type != "agent" {
		t.here = e.Status == "joined"
		return
	}
	if e.Status == "joined" {
		p := &seat{talk: t, number: len(t.seats), sid: e.SID, worker: e.WorkerSID, task: e.TaskSID, in: true, joined: u.sim.now()}
		t.seats = append(t.seats, p)
		u.seats[p.sid] = p
		u.sim.say(t, func() string { return "  " + u.sim.floor.nameOf(e.WorkerSID) + " is in the conversation" })
		u.sim.floor.joined(p)
		return
	}
	if p := u.seats[e.SID]; p != nil && p.in {
		p.in = false
		u.sim.say(t, func() string { return "  " + u.sim.floor.nameOf(p.worker) + " is out of the conversation" })
		u.sim.judge.gone(p)
	}
}

func (u *truth) hearTask(e sandbox.RecordEntry) {
	x := u.tasks[e.TaskSID]
	if x == nil {
		x = &task{sid: e.TaskSID, talk: u.channels[e.ChannelSID], born: u.sim.now()}
		u.tasks[x.sid] = x
		if e.Detail != "" {
			x.transfer, x.round = transfer.ReadStamp(e.Detail)
		}
		if x.talk != nil {
			x.talk.tasks = append(x.talk.tasks, x)
			u.sim.watch(x.talk)
		}
	}
	x.status, x.since = e.Status, u.sim.now()
	if x.talk == nil {
		return
	}
	if x.transfer != "" && e.Status != "reserved" && e.Status != "wrapping" && e.Status != "completed" && e.Status != "deleted" {
		u.sim.say(x.talk, func() string { return "  the invite's task is " + e.Status })
	}
	if e.Status == "deleted" {
		delete(u.tasks, x.sid)
		u.sim.judge.unused(x)
	}
	if e.Status == "pending" {
		u.sim.judge.asked(x)
	}
}

func (u *truth) hearReservation(e sandbox.RecordEntry) {
	r := u.reservations[e.SID]
	if r == nil {
		x := u.tasks[e.TaskSID]
		if x == nil || x.talk == nil {
			return
		}
		x.asked++
		r = &reservation{sid: e.SID, task: x, worker: u.sim.floor.bySID[e.WorkerSID], number: x.asked}
		u.reservations[r.sid] = r
	}
	r.status = e.Status
	switch e.Status {
	case "pending":
		u.sim.floor.rings(r)
	case "accepted":
		r.task.accepted, r.task.held = r.worker.sid, r
		u.sim.say(r.task.talk, func() string { return "  " + r.worker.name + " accepts" })
		u.sim.floor.accepted(r)
	case "wrapping":
		u.sim.floor.wraps(r)
	case "rejected", "timeout":
		r.task.declined++
		u.sim.say(r.task.talk, func() string { return "  " + r.worker.name + ": " + e.Status })
		delete(u.reservations, r.sid)
	case "completed", "canceled", "rescinded":
		delete(u.reservations, r.sid)
	}
}

// channelOf is the interaction channel of a task; "" if there is none.
func (u *truth) channelOf(taskSID string) string {
	if x := u.tasks[taskSID]; x != nil && x.talk != nil {
		return x.talk.sid
	}
	return ""
}

func (u *truth) channelOfConversation(sid string) string {
	if t := u.conversations[sid]; t != nil {
		return t.sid
	}
	return ""
}

// worker is a worker as a read shows them.
func (u *truth) worker(w *worker) transfer.WorkerRecord {
	at := u.activities[w.sid]
	return transfer.WorkerRecord{SID: w.sid, FriendlyName: w.name, ActivityName: at, Available: at == "Available"}
}

// agents are how many agents are in the conversation.
func (t *talk) agents() int {
	n := 0
	for _, p := range t.seats {
		if p.in {
			n++
		}
	}
	return n
}

// asking reports whether somebody is being asked.
func (t *talk) asking() bool {
	for _, x := range t.tasks {
		if x.live() {
			return true
		}
	}
	return false
}
