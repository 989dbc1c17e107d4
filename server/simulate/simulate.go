package simulate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Options are what a run is made of. Two runs with the same options are the
// same, to the last hand-over.
type Options struct {
	Seed uint64
	// Agents are on the floor; 20 if 0. Backends share one ledger; 3 if 0.
	Agents, Backends int
	// For is how long customers come. After it trouble ends, what is under way
	// comes to rest, and everything is looked at once more. 30 minutes if 0.
	For time.Duration
	// TalkEvery is how often a customer comes for each agent, and TalkFor how long
	// an agent talks before they do something, on average; 6 and 3 minutes if 0.
	// Where TalkUpTo is set it is anything between TalkFor and TalkUpTo.
	TalkEvery, TalkFor, TalkUpTo time.Duration
	// Patience is how long a customer stays at most, on average; 25 minutes if 0.
	Patience time.Duration
	// Rough is the worst weather, whatever the seed says.
	Rough bool
	// Restless is how much of what agents do is something else than ending the
	// conversation, from 0 to 1: transfers, invites, leaving; 0.7 if 0.
	Restless float64
	// Faults are the kinds of trouble that are part of the run; nil for all.
	Faults []string
	// Bug, where set, is a fault that is put into the backends on purpose: one of
	// [Bugs].
	Bug string
	// Wire lets each call to Twilio go through the real client, as HTTP and JSON.
	// The history is the same, and takes three times as long.
	Wire bool
	// NoReconciler lets nobody look for what is wrong, but for the engine itself.
	// Then nothing happens behind the backends' back.
	NoReconciler bool
	// Tell keeps what happens in words, for a story.
	Tell bool
	// Customers, where not nil, are the only ones that come, and Without are
	// disturbances that are left out, by their names: for making a story short.
	Customers map[int]bool
	Without   map[string]bool
}

func (o *Options) setDefaults() {
	for of, standard := range map[*int]int{&o.Agents: 20, &o.Backends: 3} {
		if *of == 0 {
			*of = standard
		}
	}
	if o.Restless == 0 {
		o.Restless = 0.7
	}
	for of, standard := range map[*time.Duration]time.Duration{
		&o.For: 30 * time.Minute, &o.TalkEvery: 6 * time.Minute, &o.TalkFor: 3 * time.Minute, &o.Patience: 25 * time.Minute,
	} {
		if *of == 0 {
			*of = standard
		}
	}
}

// Violation is a broken invariant.
type Violation struct {
	Code   string // the same for the same kind, whatever the details
	Detail string
	At     time.Duration // after the beginning
	talk   *talk
}

func (v *Violation) String() string {
	return fmt.Sprintf("%s: %s (after %s)", v.Code, v.Detail, v.At.Round(time.Millisecond))
}

// Simulation is a run under way.
type Simulation struct {
	options  Options
	weather  weather
	settings transfer.Settings
	result   Result

	clock    *sandbox.ManualClock
	began    time.Time
	timers   timers
	timed    int
	strands  int
	ready    []*strand
	present  time.Time
	carriers []*carrier // that are free
	current  *strand
	order    roll
	calm     bool // no trouble any more, and nobody comes
	ending   bool // agents still do what they do
	over     bool
	hash     uint64

	account         *sandbox.Account
	client          accountDoor
	always          context.Context //nolint:containedctx // that of requests on their way
	away, available string          // activities
	store           *memory.Store
	writer          *memory.Ledger
	nextWork        *timer
	pumping         bool
	appended        signal
	idle            []*runner

	truth    *truth
	judge    *judge
	floor    *floor
	talks    []*talk
	watched  []*talk // those that the audits look at
	nowhere  *talk
	backends []*backend
	bug      bug
	troubles []string
	shaken   []time.Time // when a backend was killed, stood still or was cut off
}

// start is when every run begins: in the past of any machine's clock, see
// [limit].
var start = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

type recordOf = ledger.Record

// Run plays one run to its end, or to the first broken invariant.
func Run(o Options) (Result, error) {
	s, err := newSimulation(o)
	if err != nil {
		return Result{}, err
	}
	defer s.close()
	s.play()
	return s.finish(), nil
}

func newSimulation(o Options) (*Simulation, error) {
	o.setDefaults()
	s := &Simulation{options: o, clock: sandbox.NewManualClock(start), began: start, present: start, order: newRoll(o.Seed, "order")}
	s.weather, s.result.Ended, s.result.Repairs = drawWeather(&s.options), map[string]int{}, map[string]int{}
	s.nowhere = &talk{number: -1, counts: map[string]int{}}
	s.floor, s.truth, s.judge = &floor{sim: s}, newTruth(s), newJudge(s)
	if o.Bug != "" {
		bug, ok := bugs[o.Bug]
		if !ok {
			return nil, fmt.Errorf("bug: %q is none of %s", o.Bug, strings.Join(Bugs(), ", "))
		}
		s.bug = bug
	}
	always, _ := s.within(context.Background(), 0, false)
	always.deadline = start.Add(100 * 365 * 24 * time.Hour).Add(-100 * 365 * 24 * time.Hour) // passed, by the machine's clock
	s.always = always
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// build makes the account, the ledger and the backends.
func (s *Simulation) build() error {
	world := s.floor.world(s.options.Agents)
	s.account = sandbox.New(sandbox.Options{
		Seed: s.options.Seed, Clock: s.clock, Limits: &sandbox.Limits{}, RecordLimit: -1,
		Tap: &sandbox.Tap{Record: s.truth.hear, Webhook: s.hook},
	})
	if err := s.account.Load(world); err != nil {
		return err
	}
	s.floor.workflow = s.account.WorkflowSID("Chat Transfer")
	s.away, s.available = s.account.ActivitySID("Break"), s.account.ActivitySID("Available")
	lag := int(s.weather.lag / time.Millisecond)
	if err := s.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: lag, ParticipantsMS: lag, TasksMS: lag}}); err != nil {
		return err
	}
	s.account.SetWebhooks(sandbox.Webhooks{
		TaskRouterURL: "hook:", TaskRouterEvents: taskEvents, InteractionsURL: "hook:", InteractionsFor: []string{"onChannelStatusUpdated", "onParticipantLeft"},
	})
	if err := s.dial(); err != nil {
		return err
	}
	s.settings = drawSettings(s, 0)
	reload := newRoll(s.options.Seed, "reload")
	version := reload.n(2)
	s.at(s.options.For/2, func() { s.settings = drawSettings(s, version) })
	s.store = memory.NewStore(memory.Options{Now: s.now, Quick: true})
	s.writer = s.store.Open()
	for n := range s.options.Backends {
		r := newRoll(s.options.Seed, "skew", n)
		b := &backend{sim: s, number: n, name: fmt.Sprint("backend ", n+1), skew: r.between(-s.weather.skew, s.weather.skew+1)}
		s.backends = append(s.backends, b)
		b.start()
		b.troubles()
	}
	return nil
}

// dial makes the way to the account.
func (s *Simulation) dial() (err error) {
	if !s.options.Wire {
		s.client = door{s.account.Shortcut()}
		return nil
	}
	s.client, err = twilioapi.New(twilioapi.Options{
		AccountSID: s.account.AccountSID(), AuthToken: s.account.AuthToken(), WorkspaceSID: s.account.WorkspaceSID(),
		Transport: s.account.RoundTripper(), Pace: twilioapi.Unpaced,
	})
	return err
}

// drawSettings draws what the feature does: in the middle of every other run it
// is changed.
func drawSettings(s *Simulation, version int) transfer.Settings {
	r := newRoll(s.options.Seed, "settings", version)
	return transfer.Settings{
		ColdTransfer: true, MultiParticipant: true, LeaveOnChoice: true, MaxInvites: 3,
		InviteTimeout: oneOf(&r, 20*time.Second, 45*time.Second, 2*time.Minute), QueueTimeout: oneOf(&r, 40*time.Second, 5*time.Minute),
		FallbackAlways: r.happens(0.25), LeaveAs: oneOf(&r, transfer.LeaveCompleted, transfer.LeaveWrapup),
		Fallbacks: oneOf(&r,
			nil, nil, []transfer.Fallback{}, []transfer.Fallback{{Kind: transfer.FallbackQueue, SID: s.floor.queues[1].SID}, {Kind: transfer.FallbackAgent}},
			[]transfer.Fallback{{Kind: transfer.FallbackWorker, SID: s.floor.workers[0].sid}, {Kind: transfer.FallbackClose}}),
		PingPong: oneOf(&r, transfer.PingPong{}, transfer.PingPong{}, transfer.PingPong{Transfers: 3, Within: 10 * time.Minute, QueueSID: s.floor.queues[1].SID}),
	}
}

// now is the time.
func (s *Simulation) now() time.Time { return s.present }

// unreconciled reports whether nobody looks for what no backend has recorded.
func (s *Simulation) unreconciled() bool { return s.options.NoReconciler }

// quiet is how long things may take to come to rest.
const quiet = 12 * time.Minute

// play lets everything happen.
func (s *Simulation) play() {
	s.floor.customer(0)
	for _, w := range s.floor.workers {
		s.floor.pauses(w)
	}
	var audit func()
	audit = func() {
		s.judge.audit()
		s.at(30*time.Second, audit)
	}
	audit()
	s.at(s.options.For, s.settle)
	s.at(s.options.For+quiet, func() { s.judge.end(); s.over = true })
	for !s.over {
		if len(s.ready) > 0 {
			s.run(s.draw())
			continue
		}
		at, any := s.due()
		if !any {
			return
		}
		s.pass(at)
	}
}

// draw takes one of the strands that are ready.
func (s *Simulation) draw() *strand {
	i := s.order.n(len(s.ready))
	st := s.ready[i]
	last := len(s.ready) - 1
	s.ready[i], s.ready[last] = s.ready[last], nil
	s.ready = s.ready[:last]
	return st
}

// settle ends the trouble.
func (s *Simulation) settle() {
	s.calm = true
	s.sayAll(func() string { return "trouble ends" })
	for _, b := range s.backends {
		b.cutUntil = time.Time{}
	}
	_ = s.account.Faults().Set(sandbox.Switches{})
	s.pumpSoon()
}

// close ends what is left of the run.
func (s *Simulation) close() {
	s.over = true
	for _, b := range s.backends {
		for len(b.strands) > 0 {
			s.kill(b.strands[len(b.strands)-1])
		}
	}
	for _, c := range s.carriers {
		c.stop()
	}
	_ = s.account.Close()
}

// violate ends the run: an invariant is broken.
func (s *Simulation) violate(code, channel, detail string) {
	if s.over {
		return
	}
	s.over = true
	s.result.Violation = &Violation{Code: code, Detail: detail, At: s.now().Sub(s.began), talk: s.truth.channels[channel]}
	s.event("violation", code, channel)
}

// talkOf is the conversation of a channel.
func (s *Simulation) talkOf(channel string) *talk {
	if t := s.truth.channels[channel]; t != nil {
		return t
	}
	return s.nowhere
}

// closeBehind lets a customer end the conversation for everybody, as a chat
// window does.
func (s *Simulation) closeBehind(t *talk) {
	for _, p := range t.seats {
		p.removed = true
	}
	_ = s.client.CloseChannel(s.always, t.interaction, t.sid, transfer.LeaveWrapup)
}
