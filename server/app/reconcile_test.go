package app

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// rescueSoon are settings by which a customer may be alone for a second.
func rescueSoon(then settings.RescueThen) *settings.Store {
	c := settings.Default()
	c.Transfer.MultiParticipant = true
	c.Mirror = false
	c.Rescue = settings.Rescue{After: time.Second, Then: then}
	return settings.Fixed(c)
}

func newRescueRig(t *testing.T, then settings.RescueThen, change ...func(*Config)) *rig {
	return newRig(t, rigOptions{config: func(c *Config) {
		c.Settings = rescueSoon(then)
		for _, f := range change {
			f(c)
		}
	}})
}

// complete completes a task as a program beside the backend does, or an
// administrator: the agent leaves, and the channel stays open.
func (r *rig) complete(taskSID string) {
	r.Helper()
	r.twilio("https://taskrouter.twilio.com/v1/Workspaces/"+r.account.WorkspaceSID()+"/Tasks/"+taskSID, "AssignmentStatus", "completed", "Reason", "console")
}

// rescued waits until a queue is asked to take the customer over, and lets the
// worker do so.
func (r *rig) rescued(by string) {
	r.Helper()
	r.accept(by)
	r.eventuallyWithin(120*time.Second, by+" is with the customer", func() bool {
		return r.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: r.worker(by).SID}) > 0
	})
	if n := r.invites(); n != 1 {
		r.Errorf("%d invites", n)
	}
}

// TestCustomerLeftAloneIsHandedToAQueue lets the only agent's task be completed
// behind the backend's back.
func TestCustomerLeftAloneIsHandedToAQueue(t *testing.T) {
	t.Parallel()
	r := newRescueRig(t, settings.RescueReroute)
	r.setActivity("ada", "Offline")
	for _, other := range []string{"chidi", "sam"} {
		r.setActivity(other, "Offline")
	}
	r.complete(r.taskOf("ada"))
	r.rescued("bea")
	r.eventually("the metrics tell of it", func() bool {
		metrics := r.send(http.MethodGet, "/metrics", "", nil).text
		return strings.Contains(metrics, `reconcile_findings_total{finding="stranded",outcome="repaired"} 1`)
	})
	state, err := r.backend.ledger.Last(t.Context(), r.conv.channel)
	if err != nil {
		t.Fatal(err)
	}
	rescue := state.State.Transfers[0]
	if !rescue.Rescue || rescue.Target.Kind != transfer.TargetQueue || len(rescue.Repairs) != 1 || rescue.Repairs[0].Code != transfer.FindingStranded {
		t.Errorf("%+v", rescue)
	}
}

// TestInviteCanceledBehindOurBack: a task is canceled in the console, and no
// webhook tells.
func TestInviteCanceledBehindOurBack(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for the sweep")
	}
	r := newRescueRig(t, settings.RescueReroute)
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "click")
	r.phase("ada", a.id(), "ringing")
	r.account.SetWebhooks(sandbox.Webhooks{})
	canceled := r.invited()[0].TaskSID
	r.twilio("https://taskrouter.twilio.com/v1/Workspaces/"+r.account.WorkspaceSID()+"/Tasks/"+canceled, "AssignmentStatus", "canceled", "Reason", "console")
	r.eventuallyWithin(120*time.Second, "somebody else is asked", func() bool { return r.invites() == 2 })
	state, err := r.backend.ledger.Last(t.Context(), r.conv.channel)
	if err != nil {
		t.Fatal(err)
	}
	if got := state.State.Transfers[0]; got.Round != 1 || got.Tried[0].Outcome != transfer.ReasonInviteCanceled {
		t.Errorf("%+v", got)
	}
}

// TestConversationIsClosedByPolicy closes the conversation of a customer who is
// alone.
func TestConversationIsClosedByPolicy(t *testing.T) {
	t.Parallel()
	r := newRescueRig(t, settings.RescueClose)
	r.complete(r.taskOf("ada"))
	r.eventuallyWithin(120*time.Second, "the channel is closed", func() bool { return r.account.Glance(r.conv.channel).Status == "closed" })
}

// newOutageRig is a backend that can be killed, by whose settings a customer may
// be alone for two seconds; Ada has so many conversations.
func newOutageRig(t *testing.T, conversations int) *killRig {
	r := newKillRig(t)
	r.kill()
	more := make([]sandbox.WorldConversation, conversations-1)
	for i := range more {
		more[i] = sandbox.WorldConversation{Customer: sandbox.Customer{Name: fmt.Sprint("Customer ", i)}, Agents: []string{"ada"}}
	}
	if err := r.account.Load(sandbox.World{Conversations: more}); err != nil {
		t.Fatal(err)
	}
	r.env = append(r.env, "RESCUE_AFTER=2s", "LEAVE_ON_CHOICE=true")
	r.start()
	return r
}

// dataDir is the folder of the backend's ledger.
func (r *killRig) dataDir() string {
	dir := ""
	for _, variable := range r.env {
		if value, ok := strings.CutPrefix(variable, "DATA_DIR="); ok {
			dir = value
		}
	}
	return dir
}

// TestOutageInWhichWebhooksWereLost: the only agent's task is completed while the
// backend is down.
func TestOutageInWhichWebhooksWereLost(t *testing.T) {
	t.Parallel()
	r := newOutageRig(t, 1)
	r.kill()
	for _, other := range []string{"ada", "chidi", "sam"} {
		r.setActivity(other, "Offline")
	}
	r.complete(r.taskOf("ada"))
	time.Sleep(100 * time.Millisecond) // the webhook finds nobody
	r.start()
	r.rescued("bea")
}

// TestDataDirectoryLost deletes the ledger's folder while three transfers ring,
// and the agent asks for one of them again at once.
func TestDataDirectoryLost(t *testing.T) {
	t.Parallel()
	r := newOutageRig(t, 3)
	targets := []string{"bea", "chidi", "sam"}
	for _, name := range targets {
		r.setActivity(name, "Available")
	}
	var ids []string
	var again map[string]any
	for i, channel := range r.account.Snapshot().InteractionChannels {
		task := r.account.Glance(channel.SID).Tasks[0].SID
		r.conv = conversation{interaction: channel.InteractionSID, channel: channel.SID}
		body := r.body(task, "worker", r.worker(targets[i]).SID)
		if i == 1 {
			body["leaveOn"] = "accept"
			again = body
		}
		a := r.post("ada", body, fmt.Sprint("click", i))
		if !a.begun() {
			t.Fatalf("%d %s", a.status, a.text)
		}
		r.phase("ada", a.id(), "ringing")
		ids = append(ids, a.id())
	}
	r.kill()
	if err := os.RemoveAll(r.dataDir()); err != nil {
		t.Fatal(err)
	}
	r.start()
	if a := r.post("ada", again, "another click"); a.code() != "TRANSFER_UNDER_WAY" {
		t.Errorf("%d %s", a.status, a.text)
	}
	r.eventuallyWithin(120*time.Second, "all transfers are known again", func() bool {
		for _, id := range ids {
			if r.send("GET", "/v1/transfers/"+id, "", map[string]string{"Authorization": "Bearer " + r.token("ada")}).status != http.StatusOK {
				return false
			}
		}
		return true
	})
	for i, name := range targets {
		r.accept(name)
		r.found(ids[i])
	}
	if n := r.invites(); n != 3 {
		t.Errorf("%d invites", n)
	}
	if n := r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}); n != 3 {
		t.Errorf("ada left %d times", n)
	}
}
