package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// customers are one of each channel, with what Twilio makes of them.
var customers = map[string]struct {
	sandbox.Customer
	taskChannel string
	author      string // begins so
	externals   int
}{
	"web":      {sandbox.Customer{Name: "Cleo Park", ChannelType: "web", PreEngagement: map[string]any{"topic": "bill"}}, "chat", "cleo-park-", 1},
	"sms":      {sandbox.Customer{Name: "Cleo Park", ChannelType: "sms", Address: "+12025550142"}, "sms", "+12025550142", 1},
	"whatsapp": {sandbox.Customer{Name: "Cleo Park", ChannelType: "whatsapp", Address: "whatsapp:+12025550142"}, "chat", "whatsapp:+12025550142", 1},
	"email": {sandbox.Customer{Name: "Cleo Park", ChannelType: "email", Address: "cleo@example.org", Subject: "Charged twice",
		Recipients: []sandbox.Recipient{{Name: "Dana Roy", Address: "dana@example.org"}, {Address: "eli@example.org", Level: "cc"}}},
		"email", "cleo@example.org", 3},
}

// withCustomer is a world in which the customer talks with the agents.
func withCustomer(c sandbox.Customer) func(*sandbox.World) {
	return func(w *sandbox.World) {
		w.Conversations[0].Customer = c
	}
}

// externals are the people outside the company who are in the conversation.
func (r *rig) externals() []sandbox.InteractionParticipant {
	var all []sandbox.InteractionParticipant
	for _, p := range r.account.Snapshot().InteractionParticipants {
		if p.ChannelSID == r.conv.channel && p.RoutingProperties == nil {
			all = append(all, p)
		}
	}
	return all
}

func (r *rig) task(sid string) sandbox.Task {
	r.Helper()
	for _, t := range r.account.Snapshot().Tasks {
		if t.SID == sid {
			return t
		}
	}
	r.Fatalf("no task %s", sid)
	return sandbox.Task{}
}

func attributesOf(t *testing.T, task sandbox.Task) map[string]any {
	t.Helper()
	var attributes map[string]any
	if err := json.Unmarshal([]byte(task.Attributes), &attributes); err != nil {
		t.Fatal(err)
	}
	return attributes
}

// depart asks to leave or to end the conversation.
func (r *rig) departAs(worker, kind, key string) answer {
	r.Helper()
	text, err := json.Marshal(map[string]any{
		"wire": 1, "rules": "test", "kind": kind, "interactionSid": r.conv.interaction,
		"interactionChannelSid": r.conv.channel, "taskSid": r.taskOf(worker),
	})
	if err != nil {
		r.Fatal(err)
	}
	return r.send("POST", "/v1/departures", string(text), map[string]string{
		"Authorization": "Bearer " + r.token(worker), "Content-Type": "application/json", "Idempotency-Key": key,
	})
}

// TestEachChannelIsHandedOver hands a conversation of each channel to another
// agent, cold: the customers stay, the new task is one of the same channel and
// knows the customer, and customer and agent go on writing.
func TestEachChannelIsHandedOver(t *testing.T) {
	t.Parallel()
	for kind, c := range customers {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t, rigOptions{features: cold, world: withCustomer(c.Customer)})
			before := r.task(r.taskOf("ada"))
			if before.TaskChannelUniqueName != c.taskChannel || len(r.externals()) != c.externals {
				t.Fatalf("the world: a task of %s, %d customers", before.TaskChannelUniqueName, len(r.externals()))
			}
			author := r.externals()[0].MediaProperties.Identity
			if !strings.HasPrefix(author, c.author) {
				t.Fatalf("the customer is %s", author)
			}
			a := r.post("ada", r.body(before.SID, "worker", r.worker("bea").SID), "k1")
			if !a.begun() {
				t.Fatalf("%d %s", a.status, a.text)
			}
			r.phase("ada", a.id(), "ringing")
			r.accept("bea")
			r.phase("bea", a.id(), "completed")
			r.once("ada", "bea")
			after := r.task(r.taskOf("bea"))
			if after.TaskChannelUniqueName != c.taskChannel {
				t.Errorf("the new task is of %s", after.TaskChannelUniqueName)
			}
			had, has := attributesOf(t, before), attributesOf(t, after)
			for _, key := range []string{"channelType", "customerAddress", "customerName", "from", "customers", "pre_engagement_data", "direction"} {
				if x, y := jsonOf(t, had[key]), jsonOf(t, has[key]); x != y {
					t.Errorf("attribute %s was %s and is %s", key, x, y)
				}
			}
			if n := len(r.externals()); n != c.externals {
				t.Errorf("%d customers are left of %d", n, c.externals)
			}
			for _, who := range []string{author, "bea"} {
				if _, err := r.account.SendMessage(r.conv.ch, who, "Thank you"); err != nil {
					t.Errorf("%s cannot write: %v", who, err)
				}
			}
			if _, err := r.account.SendMessage(r.conv.ch, "ada", "Hello?"); err == nil {
				t.Error("ada can still write")
			}
		})
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEachChannelGoesToAQueue hands a conversation of each channel to a queue.
func TestEachChannelGoesToAQueue(t *testing.T) {
	t.Parallel()
	for kind, c := range customers {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t, rigOptions{features: cold, world: withCustomer(c.Customer)})
			a := r.post("ada", r.body(r.taskOf("ada"), "queue", r.queue("Billing")), "k1")
			if !a.begun() {
				t.Fatalf("%d %s", a.status, a.text)
			}
			r.phase("ada", a.id(), "ringing")
			r.accept("bea")
			r.phase("ada", a.id(), "completed")
			r.once("ada", "bea")
			if n := len(r.externals()); n != c.externals {
				t.Errorf("%d customers are left of %d", n, c.externals)
			}
		})
	}
}

// TestRecipientsAreOneParty counts everybody who gets the mails as one: an
// agent alone with three of them may end the conversation and not leave it,
// and while the mail is handed over one of them may go.
func TestRecipientsAreOneParty(t *testing.T) {
	t.Parallel()
	mail := customers["email"]
	both := transfer.Settings{ColdTransfer: true, MultiParticipant: true}
	t.Run("alone with them", func(t *testing.T) {
		r := newRig(t, rigOptions{features: both, world: withCustomer(mail.Customer)})
		if a := r.departAs("ada", "leave", "k1"); a.code() != string(transfer.ReasonLastAgent) {
			t.Errorf("leaving: %d %s", a.status, a.text)
		}
		if a := r.departAs("ada", "end", "k2"); a.status >= 300 {
			t.Errorf("ending: %d %s", a.status, a.text)
		}
		r.eventually("the channel is closed", func() bool { return r.count(sandbox.Query{Kind: "channel", Status: "closed"}) == 1 })
	})
	t.Run("with another agent", func(t *testing.T) {
		r := newRig(t, rigOptions{features: both, world: withCustomer(mail.Customer), agents: []string{"ada", "bea"}})
		if a := r.departAs("ada", "end", "k1"); a.code() != string(transfer.ReasonOthersInConversation) {
			t.Errorf("ending: %d %s", a.status, a.text)
		}
		if a := r.departAs("ada", "leave", "k2"); a.status >= 300 {
			t.Errorf("leaving: %d %s", a.status, a.text)
		}
		r.eventually("ada has left", func() bool {
			return r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}) == 1
		})
		if n := len(r.externals()); n != 3 || r.count(sandbox.Query{Kind: "channel", Status: "closed"}) != 0 {
			t.Errorf("%d customers are left", n)
		}
	})
	t.Run("one of them goes while it rings", func(t *testing.T) {
		r := newRig(t, rigOptions{features: cold, world: withCustomer(mail.Customer)})
		a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k1")
		r.phase("ada", a.id(), "ringing")
		if err := r.account.CustomerLeaves(r.conv.ch, "dana@example.org"); err != nil {
			t.Fatal(err)
		}
		r.accept("bea")
		r.phase("ada", a.id(), "completed")
		r.once("ada", "bea")
	})
}
