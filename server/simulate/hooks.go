package simulate

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// taskEvents are the events of TaskRouter that backends are told of.
var taskEvents = []string{
	"reservation.accepted", "reservation.rejected", "reservation.timeout", "task.canceled", "task.deleted", "task.system-deleted",
	"task.completed", "task.wrapup",
	"worker.activity.update",
}

// hook lets a webhook have its fate: it comes soon, late, twice or never, to
// any backend.
func (s *Simulation) hook(h sandbox.Webhook) {
	if h.Event == s.bug.deaf {
		return
	}
	t := s.talkOf(s.truth.channelOf(h.Form.Get("TaskSid")))
	if c := h.Form.Get("ChannelSid"); c != "" {
		t = s.talkOf(c)
	}
	number := t.count("hook")
	r := newRoll(s.options.Seed, "hook", t.number, number)
	wait, to := 20*time.Millisecond+r.about(s.weather.hookDelays), s.backends[r.n(len(s.backends))]
	if !s.calm && r.happens(s.weather.hooks) && s.trouble(t, fmt.Sprint("hook ", t.number, " ", number)) {
		switch r.n(4) {
		case 0:
			s.say(t, func() string { return "  the webhook " + h.Event + " is lost" })
			return
		case 1:
			other := s.backends[r.n(len(s.backends))]
			s.at(wait+r.between(0, 20*time.Second), func() { s.deliver(other, t, h, 0) })
		default:
			wait += r.between(time.Second, 50*time.Second)
			s.say(t, func() string { return fmt.Sprintf("  the webhook %s will come after %s", h.Event, wait) })
		}
	}
	s.at(wait, func() { s.deliver(to, t, h, 0) })
}

// deliver brings a webhook to a backend, or to another one if that is down or
// cannot take it, as Twilio does three times.
func (s *Simulation) deliver(b *backend, t *talk, h sandbox.Webhook, try int) {
	again := func() {
		if try < 2 {
			s.at(2*time.Second, func() { s.deliver(s.backends[(b.number+1)%len(s.backends)], t, h, try+1) })
		}
	}
	if !b.up {
		again()
		return
	}
	s.event("webhook", h.Event, b.name)
	s.say(t, func() string { return "  webhook " + h.Event + " (at " + b.name + ")" })
	taken := false
	s.spawn(b, "webhook", func() {
		ctx, cancel := s.within(context.Background(), 15*time.Second, true)
		defer cancel()
		taken = b.take(ctx, h.Form) == nil
	}, func() {
		if !taken {
			again()
		}
	})
}

// take is what the backend does about a webhook.
func (b *backend) take(ctx context.Context, form url.Values) error {
	kind := form.Get("EventType")
	b.suspect(kind, form)
	switch {
	case kind == "worker.activity.update":
		b.heardOf(form.Get("WorkerSid"), form.Get("WorkerActivityName"))
		return nil
	case form.Get("TaskSid") != "" && strings.Contains(kind, "."):
		return b.coordinator.ApplyTask(ctx, coordinator.TaskEvent{
			Type: kind, TaskSID: form.Get("TaskSid"), TaskAttributes: form.Get("TaskAttributes"),
			WorkerSID: form.Get("WorkerSid"), Reason: form.Get("TaskCanceledReason"),
		})
	}
	return b.coordinator.ApplyChannel(ctx, form.Get("ChannelSid"), form.Get("ChannelStatus"))
}
