package app

import (
	"net/http"
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
	r.eventuallyWithin(60*time.Second, by+" is with the customer", func() bool {
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
