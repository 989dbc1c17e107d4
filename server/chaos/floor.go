package main

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// How many agents there are of each kind.
const (
	agents = 96 // who are in conversations and hand them over
	takers = 32 // who accept what they are asked, soon
	slow   = 32 // who accept after some seconds, unless somebody is faster
	late   = 32 // who take longer to accept than the grace period
	grumps = 4  // who decline
)

// floor is a simulated account with its agents and conversations, over a
// socket.
type floor struct {
	account *sandbox.Account
	twilio  *httptest.Server
	jobs    []job
	list    *list
	stop    func()

	mu     sync.Mutex
	random *rand.Rand
}

// job is a conversation with one or two agents in it.
type job struct {
	interaction, channel, conversation string
	agents                             []seat
}

// seat is an agent in a conversation.
type seat struct{ worker, name, task, participant string }

// newFloor makes a floor on which each transfer and each race has its own
// conversation.
func newFloor(p plan) (*floor, error) {
	f := &floor{random: rand.New(rand.NewPCG(p.seed, 1))}
	f.account = sandbox.New(sandbox.Options{Seed: p.seed, Limits: &sandbox.Limits{RequestsPerSecond: p.rate}, RecordLimit: 1 << 24})
	total, withTwo := p.transfers+len(races)*p.races, 0
	for _, r := range races {
		if r.agents == 2 {
			withTwo += p.races
		}
	}
	if err := f.account.Load(world(total, withTwo)); err != nil {
		return nil, err
	}
	f.jobs = jobsOf(f.account.Snapshot())
	if len(f.jobs) != total {
		return nil, fmt.Errorf("%d conversations were made, not %d", len(f.jobs), total)
	}
	f.twilio = httptest.NewServer(f.account.Handler())
	f.list = watch(f.account)
	f.stop = f.answer()
	return f, nil
}

func (f *floor) close() {
	f.stop()
	f.list.stop()
	_ = f.account.Close()
	f.twilio.CloseClientConnections()
	f.twilio.Close()
}

// world is the demo's, with conversations; the last of them have two agents.
func world(conversations, withTwo int) sandbox.World {
	w := sandbox.DemoWorld()
	w.Conversations = nil
	for i := range w.Workers {
		w.Workers[i].Activity = "Offline"
	}
	for kind, n := range map[string]int{"agent": agents, "taker": takers, "slow": slow, "late": late, "grump": grumps} {
		for i := range n {
			w.Workers = append(w.Workers, sandbox.WorldWorker{FriendlyName: kind + strconv.Itoa(i), FullName: kind + " " + strconv.Itoa(i), Activity: "Available"})
		}
	}
	for i := range w.Workers {
		w.Workers[i].Capacity = map[string]int{"chat": 1 << 20, "default": 1 << 20}
	}
	for i := range conversations {
		in := []string{"agent" + strconv.Itoa(i%agents)}
		if i >= conversations-withTwo {
			in = append(in, "agent"+strconv.Itoa((i+1)%agents))
		}
		w.Conversations = append(w.Conversations, sandbox.WorldConversation{Customer: sandbox.Customer{Name: fmt.Sprint("Customer ", i)}, Agents: in})
	}
	return w
}

// jobsOf finds the conversations, those with one agent first.
func jobsOf(s sandbox.Snapshot) []job {
	names := map[string]string{}
	for _, w := range s.Workers {
		names[w.SID] = w.FriendlyName
	}
	byChannel := map[string]*job{}
	for _, p := range s.InteractionParticipants {
		if p.RoutingProperties == nil {
			continue
		}
		j := byChannel[p.ChannelSID]
		if j == nil {
			j = &job{interaction: p.InteractionSID, channel: p.ChannelSID}
			byChannel[p.ChannelSID] = j
		}
		r := p.RoutingProperties
		j.agents = append(j.agents, seat{r.WorkerSID, names[r.WorkerSID], r.TaskSID, p.SID})
	}
	var one, two []job
	for _, c := range s.InteractionChannels {
		switch j := byChannel[c.SID]; {
		case j == nil:
		case len(j.agents) == 1:
			one = append(one, *j)
		default:
			two = append(two, *j)
		}
	}
	return append(one, two...)
}

// draw chooses a number below n.
func (f *floor) draw(n int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(n)
}

// some is an agent of a kind.
func (f *floor) some(kind string, of int) string {
	return f.account.WorkerSID(kind + strconv.Itoa(f.draw(of)))
}

// answer lets every agent answer what they are asked, each in their way.
func (f *floor) answer() (stop func()) {
	var mu sync.Mutex
	stopped := false
	cancel := f.account.Subscribe(func(c sandbox.Change) {
		r, ok := c.Object.(sandbox.Reservation)
		if !ok || c.Kind != "reservation" || r.ReservationStatus != "pending" {
			return
		}
		wait, reply := time.Duration(100+f.draw(900))*time.Millisecond, f.account.AcceptReservation
		switch {
		case strings.HasPrefix(r.WorkerName, "grump"):
			reply = f.account.RejectReservation
		case strings.HasPrefix(r.WorkerName, "slow"):
			wait += 4 * time.Second
		case strings.HasPrefix(r.WorkerName, "late"):
			wait += lateBy
		}
		time.AfterFunc(wait, func() {
			mu.Lock()
			defer mu.Unlock()
			if !stopped {
				_, _ = reply(r.SID) // it may have been withdrawn meanwhile
			}
		})
	})
	return func() {
		cancel()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}

// setFaults makes Twilio unreliable. Once is the mix that the template was
// measured under; the rest, such as lists that lag, is there in any mix.
func (f *floor) setFaults(p plan) error {
	if p.faults <= 0 {
		return nil
	}
	times := func(probability float64) float64 { return min(probability*p.faults, 1) }
	status := func(code int, probability float64) sandbox.Rule {
		return sandbox.Rule{Do: sandbox.Action{Kind: sandbox.FaultStatus, Status: code}, Probability: times(probability)}
	}
	kind := func(kind string, delay int, probability float64) sandbox.Rule {
		return sandbox.Rule{Do: sandbox.Action{Kind: kind, DelayMS: delay}, Probability: times(probability)}
	}
	s := sandbox.Switches{
		Rules: []sandbox.Rule{
			status(503, 0.05), status(429, 0.05), kind(sandbox.FaultReset, 0, 0.02), kind(sandbox.FaultLostAnswer, 0, 0.01),
			status(500, 0.01), kind(sandbox.FaultHTML, 0, 0.005), kind(sandbox.FaultHang, 0, 0.0025),
			kind(sandbox.FaultHangAfter, 0, 0.0025), kind(sandbox.FaultSlow, 700, 0.01),
		},
		Lag:      sandbox.ListLag{ParticipantsMS: 1000, InvitesMS: 1000, TasksMS: 1000},
		Webhooks: sandbox.WebhookFaults{Drop: times(0.01), Duplicate: times(0.02), Reorder: times(0.02), DelayMS: 50},
	}
	if p.late {
		s.Rules = append(s.Rules, kind(sandbox.FaultLate, 4000, 0.0025))
	}
	return f.account.Faults().Set(s)
}
