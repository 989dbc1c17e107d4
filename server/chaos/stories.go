package main

import (
	"context"
	"maps"
	"math/rand/v2"
	"strconv"
	"time"
)

// cold hands the conversation to an agent of a kind.
func cold(to string, of int, more map[string]any) func(context.Context, *game, *story, *rand.Rand) {
	return func(ctx context.Context, g *game, s *story, r *rand.Rand) {
		s.willing = to != "grump"
		leaves := leavesAtOnce
		if more["leaveOn"] == "accept" {
			leaves = leavesOnAccept
		}
		body := map[string]any{"mode": "cold", "target": worker(g.account.WorkerSID(to + strconv.Itoa(r.IntN(of))))}
		maps.Copy(body, more)
		s.granted(s.job.agents[0], leaves, g.transfer(ctx, s.job, s.job.agents[0], key(r), body))
		g.followAll(ctx, s)
	}
}

func coldToQueue(ctx context.Context, g *game, s *story, r *rand.Rand) {
	s.willing = true
	to := map[string]any{"kind": "queue", "sid": g.account.QueueSID("Everyone")}
	s.granted(s.job.agents[0], leavesAtOnce, g.transfer(ctx, s.job, s.job.agents[0], key(r), map[string]any{"mode": "cold", "target": to}))
	g.followAll(ctx, s)
}

// warm invites a colleague and leaves once they have joined.
func warm(ctx context.Context, g *game, s *story, r *rand.Rand) {
	s.willing = true
	me := s.job.agents[0]
	s.granted(me, staysIn, g.transfer(ctx, s.job, me, key(r), map[string]any{"mode": "warm", "target": g.taker(r)}))
	g.followAll(ctx, s)
	if len(s.told) == 1 && s.told[0].phase == "completed" {
		s.leaving(0, g.leave(ctx, s.job, me))
	}
}

// twoClicks is one click that came twice, each with a key of its own.
func twoClicks(ctx context.Context, g *game, s *story, r *rand.Rand) {
	s.willing = true
	me, to := s.job.agents[0], g.taker(r)
	answers, keys := [2]answer{}, [2]string{key(r), key(r)}
	click := func(i int) func() {
		return func() {
			answers[i] = g.transfer(ctx, s.job, me, keys[i], map[string]any{"mode": "cold", "target": to})
		}
	}
	together(click(0), click(1))
	for _, a := range answers {
		s.granted(me, leavesAtOnce, a)
	}
	g.followAll(ctx, s)
}

// twoInvites brings two colleagues in at once, who take their time, so that both
// invites have to be in the list.
func twoInvites(ctx context.Context, g *game, s *story, r *rand.Rand) {
	s.willing = true
	me, n := s.job.agents[0], r.IntN(late)
	answers, keys := [2]answer{}, [2]string{key(r), key(r)}
	invite := func(i int) func() {
		to := worker(g.account.WorkerSID("late" + strconv.Itoa((n+i)%late)))
		return func() {
			answers[i] = g.transfer(ctx, s.job, me, keys[i], map[string]any{"mode": "warm", "target": to})
		}
	}
	together(invite(0), invite(1))
	for _, a := range answers {
		s.granted(me, staysIn, a)
	}
	g.followAll(ctx, s)
}

// cancelAndAccept takes an invite back while the colleague accepts it.
func cancelAndAccept(ctx context.Context, g *game, s *story, r *rand.Rand) {
	me, to := s.job.agents[0], g.account.WorkerSID("slow"+strconv.Itoa(r.IntN(slow)))
	s.granted(me, staysIn, g.transfer(ctx, s.job, me, key(r), map[string]any{"mode": "warm", "target": worker(to)}))
	if len(s.told) == 0 {
		return
	}
	pending := g.pending(ctx, s.job, to)
	together(
		func() { s.heard(g.cancel(ctx, s.job, me, s.told[0].id)) },
		func() {
			time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond)
			_, _ = g.account.AcceptReservation(pending) // who is faster is what the race is about
		},
	)
	g.followAll(ctx, s)
}

// coldAndLeave lets one of two agents hand the conversation over while the
// other one leaves.
func coldAndLeave(ctx context.Context, g *game, s *story, r *rand.Rand) {
	s.willing = true
	a, b := s.job.agents[0], s.job.agents[1]
	var handed, left answer
	together(
		func() {
			handed = g.transfer(ctx, s.job, a, key(r), map[string]any{"mode": "cold", "target": g.taker(r)})
		},
		func() { left = g.leave(ctx, s.job, b) },
	)
	s.granted(a, leavesAtOnce, handed)
	s.leaving(1, left)
	g.followAll(ctx, s)
}

// twoLeave lets both agents leave at once: one of them must stay.
func twoLeave(ctx context.Context, g *game, s *story, _ *rand.Rand) {
	var answers [2]answer
	leave := func(i int) func() {
		return func() { answers[i] = g.leave(ctx, s.job, s.job.agents[i]) }
	}
	together(leave(0), leave(1))
	for i, a := range answers {
		s.leaving(i, a)
	}
}

func (g *game) taker(r *rand.Rand) map[string]any {
	return worker(g.account.WorkerSID("taker" + strconv.Itoa(r.IntN(takers))))
}

// pending waits for the reservation with which a worker is asked; empty if there
// is none in time.
func (g *game) pending(ctx context.Context, j job, workerSID string) string {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); sleep(ctx, 5*time.Millisecond) {
		for _, task := range g.account.Glance(j.channel).Tasks {
			for _, r := range task.Reservations {
				if r.WorkerSID == workerSID && r.Status == "pending" {
					return r.SID
				}
			}
		}
	}
	return ""
}
