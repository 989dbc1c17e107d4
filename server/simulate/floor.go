package simulate

import (
	"fmt"
	"strconv"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// floor is the people: agents, and customers who come and go.
type floor struct {
	sim      *Simulation
	workflow string
	workers  []*worker
	bySID    map[string]*worker
	queues   []transfer.QueueRecord
	arriving int // the customer whose conversation is being made
	came     int
}

// worker is an agent.
type worker struct {
	number int
	sid    string
	name   string
	read   int
	away   int
	back   time.Time // since when they are available; zero while they are not
}

// names are the first agents'; the others are numbered.
var names = []string{
	"Ada", "Bea", "Chidi", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jun", "Kira", "Leo", "Mia", "Nils", "Oya", "Pia",
	"Quin", "Rosa", "Sam", "Tove", "Uma", "Vera", "Wim", "Xia", "Yara", "Zeno",
}

// customers are the first customers' names.
var customers = []string{"Alma", "Boris", "Carla", "Dimitri", "Elsa", "Femi", "Greta", "Hugo", "Ines", "Jonas"}

func named(list []string, n int) string {
	if n < len(list) {
		return list[n]
	}
	return list[n%len(list)] + " " + strconv.Itoa(n/len(list)+1)
}

func (f *floor) customerName(n int) string { return named(customers, n) }

func (f *floor) nameOf(workerSID string) string {
	if w := f.bySID[workerSID]; w != nil {
		return w.name
	}
	return workerSID
}

// world is the account: the demo's queues and workflows, and as many agents as
// are wanted. Their skills are billing, returns, or both, in turn.
func (f *floor) world(agents int) sandbox.World {
	w := sandbox.DemoWorld()
	w.Workers, w.Conversations = nil, nil
	f.bySID = map[string]*worker{}
	for n := range agents {
		a := &worker{number: n, sid: fmt.Sprintf("WK%032x", 0xada000+n), name: named(names, n)}
		f.workers = append(f.workers, a)
		f.bySID[a.sid] = a
		skills := [][]string{{"billing"}, {"returns"}, {"billing", "returns"}}[n%3]
		w.Workers = append(w.Workers, sandbox.WorldWorker{
			SID: a.sid, FriendlyName: a.name, FullName: a.name, Activity: "Available",
			Attributes: map[string]any{"contact_uri": "client:a" + strconv.Itoa(n), "roles": []string{"agent"}, "routing": map[string]any{"skills": skills}},
		})
	}
	for _, q := range w.Queues {
		f.queues = append(f.queues, transfer.QueueRecord{SID: q.SID, FriendlyName: q.FriendlyName})
	}
	return w
}

// customer lets the n-th customer come, and arranges for the next.
func (f *floor) customer(n int) {
	s := f.sim
	r := newRoll(s.options.Seed, "customer", n)
	gap := s.options.TalkEvery / time.Duration(len(f.workers))
	s.at(r.about(gap), func() {
		if s.calm {
			return
		}
		f.customer(n + 1)
		if s.options.Customers != nil && !s.options.Customers[n] {
			return
		}
		f.comes(n, &r)
	})
}

func (f *floor) comes(n int, r *roll) {
	s := f.sim
	f.arriving, f.came = n, f.came+1
	started, err := s.account.StartConversation(sandbox.Customer{Name: f.customerName(n)}, "")
	if err != nil {
		panic("simulate: " + err.Error()) // the world is right
	}
	t := s.truth.channels[started.InteractionChannelSID]
	s.say(t, func() string { return t.customer + " writes" })
	patience, closes := r.about(s.options.Patience), r.happens(0.3)
	s.at(patience, func() {
		if !t.here || t.status != "active" {
			return
		}
		s.say(t, func() string { return t.customer + " leaves" })
		if closes {
			s.closeBehind(t)
			return
		}
		_ = s.account.CustomerLeaves(t.conversation, started.Identity)
	})
}

// rings lets an agent answer who is asked: accept, decline, or do nothing.
func (f *floor) rings(r *reservation) {
	s := f.sim
	d := newRoll(s.options.Seed, "answer", r.task.talk.number, len(r.task.talk.tasks), r.number)
	after := d.between(500*time.Millisecond, 12*time.Second)
	if d.happens(0.1) {
		after = d.between(100*time.Millisecond, 500*time.Millisecond)
	}
	if d.happens(0.12) { // at the last moment
		after = s.settings.InviteTimeout + d.between(-200*time.Millisecond, time.Second)
	}
	does := d.float()
	if does > 0.93 && !s.calm {
		return // looks away
	}
	s.at(after, func() {
		if r.status != "pending" {
			return
		}
		if does < 0.84 || s.calm {
			_, _ = s.account.AcceptReservation(r.sid)
		} else {
			_, _ = s.account.RejectReservation(r.sid)
		}
	})
}

// accepted sees to it that a task without a conversation behind it comes to an
// end.
func (f *floor) accepted(r *reservation) {
	s := f.sim
	s.at(30*time.Second, func() {
		if r.status != "accepted" {
			return
		}
		for _, p := range r.task.talk.seats {
			if p.task == r.task.sid {
				return
			}
		}
		_, _ = s.account.CompleteTask(r.sid)
	})
}

// wraps lets an agent finish their wrap-up.
func (f *floor) wraps(r *reservation) {
	s := f.sim
	d := newRoll(s.options.Seed, "wrap", r.task.talk.number, r.number)
	s.at(d.between(5*time.Second, 40*time.Second), func() {
		if r.status == "wrapping" {
			_, _ = s.account.CompleteTask(r.sid)
		}
	})
}

// pauses lets an agent go off and come back.
func (f *floor) pauses(w *worker) {
	s := f.sim
	d := newRoll(s.options.Seed, "away", w.number, w.away)
	w.away++
	s.at(d.about(time.Hour), func() {
		if s.calm {
			return
		}
		_, _ = s.account.SetActivity(w.sid, s.away)
		s.at(d.between(time.Minute, 10*time.Minute), func() {
			_, _ = s.account.SetActivity(w.sid, s.available)
			f.pauses(w)
		})
	})
}

// joined begins an agent's part in a conversation.
func (f *floor) joined(p *seat) { f.think(p, 0) }

// think lets an agent do something in a while, as long as they are in.
func (f *floor) think(p *seat, n int) {
	s := f.sim
	r := newRoll(s.options.Seed, "act", p.talk.number, p.number, n)
	s.at(500*time.Millisecond+f.talks(n, &r), func() {
		if !p.in || p.talk.status != "active" || s.calm && !s.ending {
			return
		}
		f.act(p, n, &r)
		f.think(p, n+1)
	})
}

// talks draws how long an agent talks before they do the n-th thing.
func (f *floor) talks(n int, r *roll) time.Duration {
	o := &f.sim.options
	switch {
	case n > 0:
		return r.about(min(o.TalkFor, time.Minute))
	case o.TalkUpTo > 0:
		return r.between(o.TalkFor, o.TalkUpTo)
	}
	return r.about(o.TalkFor)
}
