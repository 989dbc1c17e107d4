package simulate

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
)

// reconcilers is how many conversations a backend looks at at once.
const reconcilers = 2

var (
	_ reconcile.Twilio   = network{}
	_ reconcile.Schedule = schedule{}
	_ reconcile.Roster   = (*people)(nil)
	_ ledger.Notes       = (*book)(nil)
	_ ledger.Opens       = (*book)(nil)
)

// reconcile lets the backend look for what is wrong.
func (b *backend) reconcile() {
	s := b.sim
	b.noticed = signal{}
	policy := reconcile.Policy{Grace: 10 * time.Second, Then: reconcile.ThenReroute, Mirror: true}
	if r := newRoll(s.options.Seed, "policy"); r.happens(0.2) {
		policy.Then = reconcile.ThenClose
	}
	var err error
	b.reconciler, err = reconcile.New(reconcile.Options{
		Ledger: b.coordinator.Ledger, Twilio: network{b}, Engine: b.coordinator, Roster: b.people, Settings: b.coordinator.Settings,
		Policy: func() reconcile.Policy { return policy }, Clock: b.now, Schedule: schedule{b},
		Observe: func(r reconcile.Report) {
			s.result.Repairs[string(r.Code)+" "+r.Outcome]++
			s.event("repair", r.ChannelSID, string(r.Code)+r.Outcome)
			s.say(s.talkOf(r.ChannelSID), func() string { return b.name + " finds: " + r.Words + ": " + r.Outcome })
			s.judge.repaired(r)
		},
	})
	if err != nil {
		panic("simulate: " + err.Error()) // the options are right
	}
	for range reconcilers {
		s.spawn(b, "reconciler", b.lookAround, nil)
	}
}

// lookAround does what is due, as the app does.
func (b *backend) lookAround() {
	s := b.sim
	for {
		result, _ := b.reconciler.RunOnce(context.Background())
		if result.Decision != reconcile.DecisionWait && result.Decision != reconcile.DecisionNotReady {
			b.noticed.all()
			continue
		}
		var t *timer
		_ = s.wait(context.Background(), func(wake func()) {
			t = s.at(max(result.Next.Sub(b.now()), time.Millisecond), wake)
			b.noticed.waiting = append(b.noticed.waiting, wake)
		})
		t.stop()
	}
}

// suspect lets the reconciler know what a webhook tells.
func (b *backend) suspect(kind string, form url.Values) {
	if b.sim.options.NoReconciler {
		return
	}
	if form.Get("TaskSid") != "" {
		b.reconciler.TaskEvent(kind, form.Get("TaskAttributes"))
	} else {
		b.reconciler.ChannelEvent(kind, form.Get("InteractionSid"), form.Get("ChannelSid"), form.Get("MediaChannelSid"), form.Get("ChannelStatus"))
	}
	b.noticed.all()
}

// Tasks implements reconcile.Twilio.
func (n network) Tasks(ctx context.Context, statuses ...string) ([]twilioapi.ListedTask, error) {
	return call(ctx, n, "tasks", "", func(ctx context.Context) ([]twilioapi.ListedTask, error) { return n.sim.client.Tasks(ctx, statuses...) })
}

// TasksOf implements reconcile.Twilio.
func (n network) TasksOf(ctx context.Context, channel string) ([]twilioapi.ListedTask, error) {
	return call(ctx, n, "tasks", channel, func(ctx context.Context) ([]twilioapi.ListedTask, error) { return n.sim.client.TasksOf(ctx, channel) })
}

// Events implements reconcile.Twilio.
func (n network) Events(ctx context.Context, q twilioapi.EventQuery) ([]twilioapi.TaskRouterEvent, error) {
	return call(ctx, n, "events", "", func(ctx context.Context) ([]twilioapi.TaskRouterEvent, error) { return n.sim.client.Events(ctx, q) })
}

// Conversation implements reconcile.Twilio: its attributes are what the mirror
// shows.
func (n network) Conversation(ctx context.Context, sid string) (twilioapi.Conversation, error) {
	channel := n.sim.truth.channelOfConversation(sid)
	return call(ctx, n, "conversation", channel, func(context.Context) (twilioapi.Conversation, error) {
		shown := map[string]struct{}{}
		if st := n.sim.judge.states[channel]; st != nil {
			for _, task := range st.mirror {
				shown[task] = struct{}{}
			}
		}
		text, err := json.Marshal(map[string]any{"invites": shown})
		return twilioapi.Conversation{SID: sid, State: "active", Attributes: string(text)}, err
	})
}

// behind lets an agent, or an administrator, do something that no backend hears
// of: the agent ends in Flex's own screen, or somebody cancels an invite's task
// in the console.
func (f *floor) behind(p *seat, d *roll) {
	s, t := f.sim, p.talk
	t.behind = true
	for _, x := range t.tasks {
		if x.transfer != "" && x.live() && d.happens(0.5) {
			s.say(t, func() string { return "somebody cancels the invite's task in the console" })
			_ = s.client.CancelTask(s.always, x.sid, "", "canceled in the console")
			return
		}
	}
	s.say(t, func() string { return f.nameOf(p.worker) + " ends in Flex's own screen" })
	p.removed = true
	r := s.truth.reservationOf(p)
	if r == nil {
		return
	}
	if d.happens(0.5) {
		_, _ = s.account.WrapUp(r.sid)
	} else {
		_, _ = s.account.CompleteTask(r.sid)
	}
}

// reservationOf is the reservation that brought an agent in.
func (u *truth) reservationOf(p *seat) *reservation {
	if x := u.tasks[p.task]; x != nil {
		return x.held
	}
	return nil
}
