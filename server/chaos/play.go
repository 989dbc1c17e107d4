package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// game is what the agents of a run act on.
type game struct {
	*floor
	cluster *cluster
	tokens  map[string]string // by worker
}

// story is what became of one conversation, as its agents were told.
type story struct {
	kind    string
	job     job
	willing bool // somebody wants to take over, so that it should be completed
	began   time.Time
	told    []told
	asked   [2][]verdict  // what each agent was told who asked to leave
	answer  time.Duration // the first answer that said what became of it
	// unanswered says that nobody ever said what became of a request for a
	// transfer; silences counts all requests of which nobody did.
	unanswered bool
	silences   int
	words      []string // every answer, in short
}

// told is a transfer that was granted, and the phase that was told of last.
type told struct {
	id     string
	by     seat
	leaves string // when they leave by it
	phase  string
}

// kind is a kind of story.
type kind struct {
	name   string
	agents int // in the conversation when it begins
	tell   func(context.Context, *game, *story, *rand.Rand)
}

// transfers are drawn as often as they stand here.
var transfers = []kind{
	{"cold, to an agent", 1, cold("taker", takers, nil)}, {"cold, to an agent", 1, cold("taker", takers, nil)},
	{"cold, to an agent", 1, cold("taker", takers, nil)}, {"cold, to an agent", 1, cold("taker", takers, nil)},
	{"cold, to a queue", 1, coldToQueue}, {"cold, to a queue", 1, coldToQueue},
	{"cold, on accept", 1, cold("taker", takers, map[string]any{"leaveOn": "accept"})},
	{"warm, then leave", 1, warm}, {"warm, then leave", 1, warm},
	{"cold, declined, next one", 1, cold("grump", grumps, nil)},
}

// races are things done at the same moment, at different backends.
var races = []kind{
	{"race: two clicks", 1, twoClicks}, {"race: two invites", 1, twoInvites}, {"race: cancel and accept", 1, cancelAndAccept},
	{"race: cold and leave", 2, coldAndLeave}, {"race: two leave", 2, twoLeave},
}

// play tells all stories, as many at a time as there are clients.
func play(ctx context.Context, p plan, f *floor, c *cluster, progress *os.File) []*story {
	g := &game{floor: f, cluster: c, tokens: map[string]string{}}
	stories := g.draw(p)
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range p.clients {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(stories) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				s := stories[i]
				s.began = time.Now()
				s.tell(ctx, g)
				if n := done.Add(1); n%1000 == 0 {
					fmt.Fprintf(progress, "%d of %d conversations\n", n, len(stories))
				}
			}
		})
	}
	all.Wait()
	var played []*story
	for _, s := range stories {
		played = append(played, s.story)
	}
	return played
}

// drawn is a story that is to be told.
type drawn struct {
	*story
	kind   kind
	random *rand.Rand
}

func (d drawn) tell(ctx context.Context, g *game) { d.kind.tell(ctx, g, d.story, d.random) }

// draw mixes all stories of the plan, each with its conversation.
func (g *game) draw(p plan) []drawn {
	random := rand.New(rand.NewPCG(p.seed, 6))
	byAgents := [3][]kind{}
	for range p.transfers {
		byAgents[1] = append(byAgents[1], transfers[random.IntN(len(transfers))])
	}
	for _, r := range races {
		for range p.races {
			byAgents[r.agents] = append(byAgents[r.agents], r)
		}
	}
	var all []drawn
	jobs := g.jobs
	for _, kinds := range byAgents {
		for _, k := range kinds {
			j := jobs[0]
			jobs = jobs[1:]
			for _, a := range j.agents {
				if g.tokens[a.worker] == "" {
					g.tokens[a.worker], _ = g.account.IssueToken(a.worker, 24*time.Hour)
				}
			}
			all = append(all, drawn{&story{kind: k.name, job: j}, k, rand.New(rand.NewPCG(p.seed, random.Uint64()))})
		}
	}
	random.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	return all
}

// leaving notes what an agent was told who asked to leave.
func (s *story) leaving(agent int, a answer) {
	s.heard(a)
	s.asked[agent] = append(s.asked[agent], verdictOf(a))
}

// heard notes whether anybody said what became of a request.
func (s *story) heard(a answer) {
	if a.silent() {
		s.silences++
	}
}

// granted notes a transfer that was granted.
func (s *story) granted(by seat, leaves string, a answer) {
	if s.answer == 0 {
		s.answer = a.took
	}
	s.heard(a)
	s.unanswered = s.unanswered || a.silent()
	s.words = append(s.words, fmt.Sprintf("%d %s %s", a.status, a.body.Code, a.body.Phase))
	if a.granted() && a.body.ID != "" {
		s.told = append(s.told, told{a.body.ID, by, leaves, a.body.Phase})
	}
}

// followAll follows what was granted for as long as an agent would look.
func (g *game) followAll(ctx context.Context, s *story) {
	for i := range s.told {
		s.told[i].phase = g.follow(ctx, s.told[i].by, s.told[i].id, 20*time.Second)
	}
}

func worker(sid string) map[string]any { return map[string]any{"kind": "worker", "sid": sid} }

func key(r *rand.Rand) string { return fmt.Sprintf("%016x", r.Uint64()) }

// together does things at the same moment.
func together(things ...func()) {
	var all sync.WaitGroup
	for _, do := range things {
		all.Go(do)
	}
	all.Wait()
}
