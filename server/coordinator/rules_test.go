package coordinator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// rules are the settings of a game, said in such a way that the judge can tell
// by itself what they forbid.
type rules struct {
	transfer.Settings
	noCold, noWarm []string // names of agents whose permissions forbid it
	closedTo       string   // the name of a queue that nobody may hand over to
}

// guarded is the queue that the ping-pong guard sends conversations to.
const guarded = "Supervisors"

// drawRules draws them; 0 stands for plain ones.
func drawRules(g *game, bits uint64) rules {
	r := rules{Settings: transfer.Settings{ColdTransfer: true, MultiParticipant: true, LeaveOnChoice: true, MaxInvites: 3}}
	if bits == 0 {
		return r
	}
	random := g.random
	g.random = rand.New(rand.NewPCG(bits, 0))
	defer func() { g.random = random }()
	if switches := g.draw(9); switches < 3 { // all four combinations
		r.ColdTransfer, r.MultiParticipant = switches == 1, switches == 2
	}
	r.NativeTransfers = g.draw(60) == 0
	r.LeaveOn = one(g, []transfer.LeaveOn{"", transfer.LeaveOnInvite, transfer.LeaveOnAccept})
	r.LeaveOnChoice = g.often(8)
	r.LeaveAs = one(g, []transfer.LeaveAs{"", transfer.LeaveWrapup})
	r.MaxInvites = one(g, []int{0, 1, 2, 3})
	r.InviteTimeout = one(g, []time.Duration{0, 20 * time.Second, 20 * time.Second, 5 * time.Second})
	r.QueueTimeout = one(g, []time.Duration{0, 40 * time.Second, 40 * time.Second})
	r.FallbackAlways = g.draw(3) == 0
	r.Fallbacks = one(g, [][]transfer.Fallback{
		nil, nil, {}, {{Kind: transfer.FallbackQueue, SID: g.account.QueueSID("Billing")}, {Kind: transfer.FallbackAgent}},
		{{Kind: transfer.FallbackWorker, SID: g.worker("chidi")}, {Kind: transfer.FallbackClose}}, {{Kind: transfer.FallbackClose}},
		{{Kind: transfer.FallbackOrigin}},
	})
	if g.often(3) {
		r.PingPong = transfer.PingPong{Transfers: 1 + g.draw(2), Within: one(g, []time.Duration{20 * time.Second, 10 * time.Minute}),
			QueueSID: g.account.QueueSID(guarded)}
	}
	r.Handover.Digest = g.often(2)
	if g.often(2) {
		r.noCold = []string{one(g, people)}
	}
	if g.often(2) {
		r.noWarm = []string{one(g, people), one(g, people)}
	}
	if g.often(1) {
		r.closedTo = one(g, []string{"Billing", "Everyone"})
	}
	return r
}

// permit changes them so that more may be done at once.
func (r *rules) permit() {
	r.ColdTransfer, r.MultiParticipant, r.LeaveOnChoice, r.NativeTransfers = true, true, true, false
	r.MaxInvites, r.noCold, r.noWarm, r.closedTo = 3, nil, nil, ""
}

// settings are the rules as the product knows them.
func (r rules) settings() transfer.Settings {
	s := r.Settings
	for _, name := range r.noCold {
		s.Permissions = append(s.Permissions, transfer.Permission{Workers: []string{name}, NoCold: true})
	}
	for _, name := range r.noWarm {
		s.Permissions = append(s.Permissions, transfer.Permission{Workers: []string{name}, NoWarm: true})
	}
	if r.closedTo != "" {
		s.Permissions = append(s.Permissions, transfer.Permission{ToQueues: transfer.Patterns{Deny: []string{r.closedTo}}})
	}
	return s
}

// change changes the settings in the middle of a game.
func (g *game) change() {
	if g.draw(4) == 0 {
		g.rules = drawRules(g, uint64(g.draw(1<<16)))
	}
}

// judgeRequest looks at a transfer that was granted just now: the settings may
// not forbid it.
func (g *game) judgeRequest(before transfer.State, t transfer.Transfer) {
	var outstanding, handed int
	for _, o := range before.Transfers {
		if o.Open() {
			outstanding++
		}
		if o.Mode == transfer.ModeCold && (o.Open() || o.Phase == transfer.PhaseCompleted) && t.RequestedAt.Sub(o.RequestedAt) < g.rules.PingPong.Within {
			handed++
		}
	}
	r, cold, most := g.rules, t.Mode == transfer.ModeCold, g.rules.MaxInvites
	if most == 0 {
		most = transfer.DefaultMaxInvites
	}
	asked, standard := t.First(), r.LeaveOn
	if standard == "" {
		standard = transfer.LeaveOnInvite
	}
	guards := cold && r.PingPong.Transfers > 0 && handed >= r.PingPong.Transfers && !g.asking.supervises && asked.SID != r.PingPong.QueueSID
	for what, wrong := range map[string]bool{
		"while Twilio's own transfers are on":        r.NativeTransfers,
		"cold, which is switched off":                cold && !r.ColdTransfer,
		"warm, which is switched off":                !cold && !r.MultiParticipant,
		"cold, which is not permitted":               cold && slices.Contains(r.noCold, g.asking.name),
		"warm, which is not permitted":               !cold && slices.Contains(r.noWarm, g.asking.name),
		"to a queue that is closed":                  r.closedTo != "" && asked.SID == g.account.QueueSID(r.closedTo),
		"cold beside another transfer":               cold && outstanding > 0,
		"warm beside too many invites":               !cold && outstanding >= most,
		"with a moment of leaving that is no choice": cold && !r.LeaveOnChoice && t.LeaveOn != standard,
		"by somebody who is not in and supervises nobody": !g.asking.supervises &&
			t.From.WorkerSID != g.worker(g.asking.name),
		"to somebody else than asked for":          (t.Asked != nil) != guards || guards && t.Target.SID != r.PingPong.QueueSID,
		"to the agent who hands over":              t.Target.SID == t.From.WorkerSID,
		"of an agent who is not with the customer": !g.over() && !g.in(t.From.ParticipantSID), // it may have ended since that was read
	} {
		if wrong {
			g.blame(fmt.Sprintf("a transfer was granted %s: %+v", what, t))
		}
	}
}
