package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// handedOver waits until the account's own record says of a cold transfer what
// is promised: the agent has left, once; the target is in, once; and nobody is
// being asked any more. There was one invite, unless one that a killed backend
// had sent took effect only after it had been looked for: then there may be
// another one, which is undone.
func (r *killRig) handedOver(id, channel, from, to string) {
	r.Helper()
	wrong := ""
	for deadline := time.Now().Add(4 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if wrong = r.notHandedOver(channel, from, to); wrong == "" {
			break
		}
		if time.Now().After(deadline) {
			r.Fatalf("transfer %s: %s", id, wrong)
		}
	}
	made := r.invitesOf(id)
	for _, again := range made[min(1, len(made)):] {
		if !r.gate.lookedFor(channel, again.At) {
			r.Errorf("transfer %s was invited for again by task %s, without that the first invite was looked for", id, again.SID)
		}
	}
	if len(made) == 0 {
		r.Errorf("transfer %s was never invited for", id)
	}
	if joined := r.came("joined", channel, to); joined != 1 && len(made) == 1 {
		r.Errorf("transfer %s: %s joined %d times by one invite", id, to, joined)
	}
	if left := r.came("left", channel, from); left != 1 {
		r.Errorf("transfer %s: %s left %d times", id, from, left)
	}
	if len(made) > 1 {
		r.Logf("transfer %s had %d invites: one took effect after it was looked for, and was undone", id, len(made))
	}
}

// notHandedOver says what is not as it should be yet; empty if nothing.
func (r *killRig) notHandedOver(channel, from, to string) string {
	r.Helper()
	target, agents := r.worker(to).SID, 0
	now := r.account.Glance(channel)
	if now.Status != "active" {
		return "the conversation is " + now.Status
	}
	for _, p := range now.Participants {
		switch {
		case p.WorkerSID == r.worker(from).SID:
			return from + " is still in"
		case p.WorkerSID != "" && p.WorkerSID != target:
			return "worker " + p.WorkerSID + " is in"
		case p.WorkerSID == target:
			agents++
		}
	}
	for _, task := range now.Tasks {
		if task.Status == "pending" || task.Status == "reserved" {
			return "task " + task.SID + " still asks somebody: " + task.Attributes
		}
	}
	if agents != 1 {
		return fmt.Sprintf("%s is in %d times", to, agents)
	}
	return ""
}

// invitesOf are the tasks of the transfer's invites, as they were made.
func (r *killRig) invitesOf(id string) (made []sandbox.RecordEntry) {
	for _, e := range r.invited() {
		if stamp, _ := transfer.ReadStamp(e.Detail); stamp == id {
			made = append(made, e)
		}
	}
	return made
}

// came is how often the worker joined or left the channel.
func (r *killRig) came(status, channel, worker string) int {
	r.Helper()
	return r.count(sandbox.Query{Kind: "participant", Status: status, ChannelSID: channel, WorkerSID: r.worker(worker).SID})
}

// acceptSome lets Bea accept one, or all, of what she is asked now; some of it
// may just be taken back.
func (r *killRig) acceptSome(all bool) (accepted int) {
	r.Helper()
	for _, res := range r.account.Snapshot().Reservations {
		if res.WorkerName != "bea" || res.ReservationStatus != "pending" || accepted > 0 && !all {
			continue
		}
		if _, err := r.account.AcceptReservation(res.SID); err == nil {
			accepted++
		}
	}
	return accepted
}

// TestKillAndTheInviteIsLate kills a backend whose invite takes effect only
// once whoever took over has looked for it and made another one: both ring, and
// the target accepts one of them, or both.
func TestKillAndTheInviteIsLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		both  bool // are accepted
		after bool // it takes effect when the transfer is over
	}{
		{"it rings beside the other one, and one is accepted", false, false},
		{"it rings beside the other one, and both are accepted", true, false},
		{"it rings when all is over, and nobody minds it", false, true},
		{"it rings when all is over, and is accepted", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newKillRig(t)
			body := r.body(r.taskOf("ada"), "worker", r.worker("bea").SID)
			reached, release := r.gate.hold(heldLate, to("POST", "/Invites"))
			r.ask(body)
			reach(t, reached)
			r.kill()
			<-r.waiting
			r.start()
			a := r.post("ada", body, "click")
			r.phase("ada", a.id(), "ringing")
			if c.after {
				r.accept("bea")
				r.phase("ada", a.id(), "completed")
			}
			release()
			r.eventually("the first invite is there too", func() bool { return r.invites() == 2 })
			if c.both || !c.after {
				t.Logf("bea has accepted %d", r.acceptSome(c.both))
			}
			r.phase("ada", a.id(), "completed")
			r.handedOver(a.id(), r.conv.channel, "ada", "bea")
		})
	}
}
