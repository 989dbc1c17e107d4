package app

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// TestDropInAsksAgain asks the same colleague once more after they have
// declined, at once and each time.
func TestDropInAsksAgain(t *testing.T) {
	t.Parallel()
	r := dropInRig(t)
	fields, tasks := r.inviting("ada", r.worker("bea").SID, false), map[string]bool{}
	for n := 1; n <= 3; n++ {
		tasks[r.mustSucceed(r.plugin("ada", dropInInvite, fields)).field("invitesTaskSid")] = true
		if len(tasks) != n || r.invites() != n {
			t.Fatalf("request %d: %d tasks in answers, %d invites", n, len(tasks), r.invites())
		}
		r.eventually("bea is asked", func() bool { _, ok := r.reservation("bea", "pending"); return ok })
		res, _ := r.reservation("bea", "pending")
		if _, err := r.account.RejectReservation(res.SID); err != nil {
			t.Fatal(err)
		}
		r.eventually("the decline is known", func() bool {
			return r.count(sandbox.Query{Kind: "task", Status: "canceled", SID: res.TaskSID}) == 1
		})
		r.available("bea")
	}
}

// available waits until the worker can be asked, setting them so.
func (r *rig) available(worker string) {
	r.Helper()
	r.setActivity(worker, "Available")
	r.eventually(worker+" is available", func() bool {
		w, ok := r.backend.roster.Known(r.worker(worker).SID)
		return ok && w.Available
	})
}

// TestDropInRepeats sends one request many times at once, and again when all is
// over: there is one invite, and every answer names it.
func TestDropInRepeats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		cold   bool
		target func(*rig) string
	}{
		{"cold to an agent", true, func(r *rig) string { return r.worker("bea").SID }},
		{"warm to an agent", false, func(r *rig) string { return r.worker("bea").SID }},
		{"warm to a queue", false, func(r *rig) string { return r.queue("Billing") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := dropInRig(t)
			fields, tasks := r.inviting("ada", c.target(r), c.cold), sync.Map{}
			fields["Token"] = r.token("ada")
			body := encoded(fields)
			again := func() {
				a := answer{status: http.StatusTooManyRequests}
				for a.status == http.StatusTooManyRequests {
					a = r.ask("POST", dropInInvite, body, formHeader)
				}
				if a.status != http.StatusOK || a.body["success"] != true {
					t.Errorf("%d %s", a.status, a.text)
				}
				tasks.Store(a.field("invitesTaskSid"), true)
			}
			var all sync.WaitGroup
			for range 50 {
				all.Go(again)
			}
			all.Wait()
			r.accept("bea")
			again()
			r.eventually("bea is in", func() bool {
				return r.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: r.worker("bea").SID}) == 1
			})
			again()
			n := 0
			tasks.Range(func(any, any) bool { n++; return true })
			if n != 1 || r.invites() != 1 {
				t.Errorf("%d tasks in answers, %d invites", n, r.invites())
			}
		})
	}
}

// TestDropInUnderFaults loses the answer to the invite, or gets none: the plugin
// repeats the request, and there is one invite.
func TestDropInUnderFaults(t *testing.T) {
	for name, do := range map[string]sandbox.Action{
		"the answer is lost":          {Kind: sandbox.FaultLostAnswer},
		"no answer, but an invite":    {Kind: sandbox.FaultHangAfter},
		"no answer and no invite":     {Kind: sandbox.FaultHang},
		"Twilio is broken for a time": {Kind: sandbox.FaultStatus, Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := dropInRig(t)
			if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Path: pathInvites, Method: "POST"}, Do: do, Times: 1}); err != nil {
				t.Fatal(err)
			}
			a := r.mustSucceed(r.plugin("ada", dropInInvite, r.inviting("ada", r.worker("bea").SID, true)))
			r.accept("bea")
			r.eventually("ada has left", func() bool {
				return r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}) == 1
			})
			r.once("ada", "bea")
			if made := r.invited(); made[0].SID != a.field("invitesTaskSid") {
				t.Errorf("the answer names %s, the account has %s", a.field("invitesTaskSid"), made[0].SID)
			}
		})
	}
}

// TestDropInRepeatsElsewhere sends one request to two backends at once, and
// again to the one that did not answer first: they share what they know.
func TestDropInRepeatsElsewhere(t *testing.T) {
	t.Parallel()
	for _, cold := range []bool{true, false} {
		t.Run(map[bool]string{true: "cold", false: "warm"}[cold], func(t *testing.T) {
			store := memory.NewStore(memory.Options{Now: time.Now})
			r := dropInRigOn(t, store.Open())
			b, other := r.another(func(c *Config) { c.Ledger = store.Open() })
			t.Cleanup(func() { r.closeBackend(b) })
			fields, tasks := r.inviting("ada", r.worker("bea").SID, cold), sync.Map{}
			fields["Token"] = r.token("ada")
			body := encoded(fields)
			again := func(backend string) {
				a := answer{status: http.StatusTooManyRequests}
				for a.status == http.StatusTooManyRequests {
					a = r.askAt(backend, "POST", dropInInvite, body, formHeader)
				}
				if a.status != http.StatusOK || a.body["success"] != true {
					t.Errorf("%d %s", a.status, a.text)
				}
				tasks.Store(a.field("invitesTaskSid"), true)
			}
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() { again(r.server.URL) })
				all.Go(func() { again(other.URL) })
			}
			all.Wait()
			again(other.URL)
			n := 0
			tasks.Range(func(any, any) bool { n++; return true })
			if n != 1 || r.invites() != 1 {
				t.Errorf("%d tasks in answers, %d invites", n, r.invites())
			}
		})
	}
}
