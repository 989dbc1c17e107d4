package coordinator

import (
	"context"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestTheInviteEndsFirst cancels the invite's task in each phase: an agent who
// has not left stays; where nobody is left, the agent is asked to take the
// customer back.
func TestTheInviteEndsFirst(t *testing.T) {
	cancel := func(l *lab) {
		tasks := l.invites(l.last().ID)
		l.check(l.client.CancelTask(context.Background(), tasks[0], "", "console"))
	}
	for _, c := range []struct {
		name    string
		play    func(l *lab, p *process)
		removed int
	}{
		{"before the answer", func(l *lab, p *process) {
			p.once("invite", func(do func() error) error {
				err := do()
				cancel(l)
				l.deliverAll(p)
				return err
			})
			l.start(p)
		}, 0},
		{"while it is searched for", func(l *lab, p *process) {
			p.once("invite", lostAnswer)
			l.start(p)
			cancel(l)
			l.deliverAll(p)
		}, 0},
		{"… and the webhook is lost", func(l *lab, p *process) {
			p.once("invite", lostAnswer)
			l.start(p)
			cancel(l)
			l.takeHooks()
			l.clock.Advance(3 * time.Second)
		}, 0},
		{"before the agent has left", func(l *lab, p *process) {
			l.start(p)
			cancel(l)
			l.deliverAll(p)
		}, 0},
		{"while it rings", func(l *lab, p *process) {
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			cancel(l)
			l.deliverAll(p)
		}, 1},
		{"while it rings, and the webhook is lost", func(l *lab, p *process) {
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			cancel(l)
			l.takeHooks()
		}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			p := l.open()
			c.play(l, p)
			if c.removed > 0 {
				l.untilRound(p, 1)
				if _, asked := l.reservation("ada", "pending"); !asked || l.last().Tried[0].Outcome != transfer.ReasonInviteCanceled {
					t.Errorf("the customer is alone: %+v", l.last())
				}
			} else if got := l.until(p, transfer.PhaseCanceled); got.Failure != transfer.ReasonInviteCanceled {
				t.Errorf("%+v", got)
			}
			if n := l.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: l.worker("ada")}); n != c.removed {
				t.Errorf("ada left %d times", n)
			}
		})
	}
}

// TestTheConversationEnds closes the channel in each phase: nothing is left
// that rings.
func TestTheConversationEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		phase transfer.Phase
		play  func(l *lab, p *process)
	}{
		{"before the invite", transfer.PhaseFailed, func(l *lab, p *process) {
			p.once("invite", func(do func() error) error { l.closeChannel(); l.deliverAll(p); return do() })
			l.start(p)
		}},
		{"before its answer", transfer.PhaseAbandoned, func(l *lab, p *process) {
			p.once("invite", func(do func() error) error { err := do(); l.closeChannel(); l.deliverAll(p); return err })
			l.start(p)
		}},
		{"before the agent has left", transfer.PhaseAbandoned, func(l *lab, p *process) {
			l.start(p)
			l.closeChannel()
			l.deliverAll(p)
		}},
		{"while it rings", transfer.PhaseAbandoned, func(l *lab, p *process) {
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			l.closeChannel()
			l.deliverAll(p)
		}},
		{"while it rings, and no webhook comes", transfer.PhaseAbandoned, func(l *lab, p *process) {
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			l.closeChannel()
			l.takeHooks()
		}},
		{"while it rings, and the withdrawal gets no answer", transfer.PhaseAbandoned, func(l *lab, p *process) {
			l.start(p)
			l.until(p, transfer.PhaseRinging)
			l.closeChannel()
			p.once("cancel", lostAnswer)
			for _, form := range l.takeHooks() {
				_ = l.deliver(p, form) // refused once: Twilio may deliver it again, or not
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			p := l.open()
			c.play(l, p)
			got := l.until(p, c.phase)
			l.deliverAll(p)
			if again := l.last(); again.Phase != got.Phase {
				t.Errorf("%s became %s", got.Phase, again.Phase)
			}
			if _, ringing := l.reservation("bea", "pending"); ringing {
				t.Error("the target is still asked")
			}
		})
	}
}

// TestARefusedRemovalOfAClosedConversation does not go on for ever.
func TestARefusedRemovalOfAClosedConversation(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	l.post("flex-api.twilio.com", "/v1/Interactions/"+l.conv.InteractionSID+"/Channels/"+l.conv.SID, "Status=closed")
	l.takeHooks()
	p.around = func(op string, do func() error) error {
		if op == "remove" {
			return &twilioapi.Error{Outcome: twilioapi.Refused, Message: "not open"}
		}
		return do()
	}
	l.until(p, transfer.PhaseAbandoned)
}
