package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// request is one request of an agent, at one backend.
type request struct {
	seat *seat
	r    transfer.Request
	key  string
	by   coordinator.Caller
	what string
	id   string // of the transfer that it makes
	left int    // how often it is sent again where the connection broke
	had  string // the transfer that the same click had been answered with when it was sent
}

// act lets an agent do one of the things that agents do.
func (f *floor) act(p *seat, n int, d *roll) {
	s, t := f.sim, p.talk
	q := request{seat: p, by: coordinator.Caller{WorkerSID: p.worker, Roles: []string{"agent"}}, left: d.n(3)}
	q.r = transfer.Request{InteractionSID: t.interaction, InteractionChannelSID: t.sid, TaskSID: p.task}
	if behind := newRoll(s.options.Seed, "behind", t.number, p.number, n); behind.happens(s.weather.behind) && !s.calm &&
		s.trouble(t, fmt.Sprint("behind ", t.number, " ", p.number, " ", n)) {
		f.behind(p, &behind)
		return
	}
	q.key = fmt.Sprintf("key %d %d %d", t.number, p.number, n)
	me := f.nameOf(p.worker)
	switch kind := 1 - (1-d.float())/s.options.Restless*0.7; {
	case !t.here && d.happens(0.5), kind < 0.3:
		q.r.Action, q.what = transfer.ActionEnd, me+" ends the conversation"
	case kind < 0.40:
		q.r.Action, q.what = transfer.ActionLeave, me+" leaves"
	case kind < 0.45:
		q.r.Action, q.what = transfer.ActionRemove, me+" removes somebody"
		q.r.ParticipantSID = t.seats[d.n(len(t.seats))].sid
	case kind < 0.52:
		q.r.Action, q.what = transfer.ActionCancel, me+" takes an invite back"
		if q.r.TransferID = s.judge.invited(t, d); q.r.TransferID == "" {
			return
		}
	default:
		f.transfer(&q, d, me)
	}
	backend := s.backends[d.n(len(s.backends))]
	patience := 10*time.Second + d.between(0, 20*time.Second)
	if d.happens(0.03) {
		patience = d.between(0, 500*time.Millisecond) // the browser goes away
	}
	s.send(backend, q, patience)
	if d.happens(0.04) { // a double click
		s.send(s.backends[d.n(len(s.backends))], q, patience)
	}
	if again := newRoll(s.options.Seed, "again", t.number, p.number, n); again.happens(0.04) { // the browser has not seen the answer
		s.at(again.between(time.Second, 8*time.Second), func() { s.send(s.backends[again.n(len(s.backends))], q, patience) })
	}
}

// transfer fills in a transfer of a kind that is drawn, to somebody.
func (f *floor) transfer(q *request, d *roll, me string) {
	how := "hands over"
	switch k := d.float(); {
	case k < 0.45:
		q.r.Mode, q.r.LeaveOn = transfer.ModeCold, transfer.LeaveOnInvite
	case k < 0.65:
		q.r.Mode, q.r.LeaveOn, how = transfer.ModeCold, transfer.LeaveOnAccept, "hands over, once it is accepted,"
	default:
		q.r.Mode, how = transfer.ModeWarm, "invites"
	}
	var to string
	if d.happens(0.3) {
		queue := f.queues[d.n(3)]
		q.r.Target, to = transfer.Target{Kind: transfer.TargetQueue, SID: queue.SID}, "the queue "+queue.FriendlyName
	} else {
		w := f.workers[d.n(len(f.workers))]
		if seats := q.seat.talk.seats; len(seats) > 1 && d.happens(0.2) {
			w = f.bySID[seats[d.n(len(seats))].worker] // somebody who was in it before
		}
		q.r.Target, to = transfer.Target{Kind: transfer.TargetWorker, SID: w.sid}, w.name
	}
	q.what = me + " " + how + " to " + to
	if q.r.Mode == transfer.ModeWarm {
		q.what = me + " invites " + to
	}
	q.id = coordinator.TransferID(q.r.InteractionChannelSID, q.by.WorkerSID, q.key)
}

// send brings a request to a backend. Where its process dies, the connection
// breaks, and the browser may send it again, to another one.
func (s *Simulation) send(b *backend, q request, patience time.Duration) {
	if !b.up {
		b = s.backends[(b.number+1)%len(s.backends)]
		if !b.up {
			return
		}
	}
	s.say(q.seat.talk, func() string { return q.what + " (at " + b.name + ")" })
	answered := false
	s.judge.requested(q)
	q.had = s.judge.clicks[q.id]
	s.spawn(b, "request", func() {
		ctx, cancel := s.within(context.Background(), patience, true)
		defer cancel()
		began := s.now()
		err := s.ask(ctx, b, q)
		answered = true
		s.judge.waited(b, q, began)
		s.say(q.seat.talk, func() string { return "  answer to " + s.floor.nameOf(q.by.WorkerSID) + ": " + answerWords(err) })
	}, func() {
		if !answered {
			s.judge.unanswered(q)
			if q.left > 0 {
				q.left--
				s.at(time.Second, func() { s.send(s.backends[(b.number+1)%len(s.backends)], q, patience) })
			}
		}
	})
}

func answerWords(err error) string {
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) {
		return "refused, " + string(refusal.Reason)
	}
	if err != nil {
		return err.Error()
	}
	return "done, or being done"
}

// ask makes the request and lets the judge look at the answer.
func (s *Simulation) ask(ctx context.Context, b *backend, q request) error {
	switch q.r.Action {
	case "", transfer.ActionTransfer:
		key := q.key
		if s.bug.key != nil {
			key = s.bug.key(b, key)
		}
		o, err := b.coordinator.Start(ctx, q.by, q.r, key)
		s.judge.started(q, o, err)
		return err
	case transfer.ActionLeave:
		if s.bug.leaves != nil {
			return s.bug.leaves(ctx, b, q)
		}
	case transfer.ActionCancel:
		o, err := b.coordinator.Cancel(ctx, q.by, q.r)
		s.judge.canceled(q, o, err)
		return err
	}
	had := s.judge.leaving(q)
	o, err := b.coordinator.Depart(ctx, q.by, q.r)
	s.judge.departed(q, o, err, had)
	return err
}
