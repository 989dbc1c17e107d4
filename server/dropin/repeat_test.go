package dropin

import (
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ada  = Caller{WorkerSID: "WKada"}
	bea  = transfer.Target{Kind: transfer.TargetWorker, SID: "WKbea"}
	desk = transfer.Target{Kind: transfer.TargetQueue, SID: "WQdesk"}
)

func asked(mode transfer.Mode, target transfer.Target) transfer.Request {
	return transfer.Request{Mode: mode, TaskSID: "WTada", Target: target}
}

// begun is a transfer by such a request, changed.
func begun(mode transfer.Mode, target transfer.Target, change func(*transfer.Transfer)) transfer.Transfer {
	t := transfer.Transfer{
		ID: "XT1", Mode: mode, Target: target, RequestedBy: "WKada", From: transfer.Agent{WorkerSID: "WKada", TaskSID: "WTada"},
		Phase: transfer.PhaseRinging, RequestedAt: noon,
	}
	if change != nil {
		change(&t)
	}
	return t
}

func ends(phase transfer.Phase) func(*transfer.Transfer) {
	return func(t *transfer.Transfer) { t.Phase = phase }
}

func TestRepeated(t *testing.T) {
	warm, cold := transfer.ModeWarm, transfer.ModeCold
	left := func(t *transfer.Transfer) { t.Phase, t.LeftAt = transfer.PhaseDeclined, noon }
	next := func(t *transfer.Transfer) {
		t.Tried, t.Target, t.Round, t.LeftAt = []transfer.Tried{{Target: bea}}, desk, 1, noon
	}
	for _, c := range []struct {
		name   string
		before transfer.Transfer
		now    transfer.Request
		after  time.Duration
		want   bool
	}{
		{"rings", begun(warm, bea, nil), asked(warm, bea), time.Hour, true},
		{"the invite is on its way", begun(cold, bea, ends(transfer.PhaseInviting)), asked(cold, bea), 0, true},
		{"is searched for", begun(cold, bea, ends(transfer.PhaseSearching)), asked(cold, bea), 0, true},
		{"another mode", begun(warm, bea, nil), asked(cold, bea), 0, false},
		{"another target", begun(warm, bea, nil), asked(warm, desk), 0, false},
		{"another task", begun(warm, bea, func(t *transfer.Transfer) { t.From.TaskSID = "WTother" }), asked(warm, bea), 0, false},
		{"another worker's", begun(warm, bea, func(t *transfer.Transfer) { t.RequestedBy = "WKbea" }), asked(warm, bea), 0, false},
		{"is being taken back", begun(warm, bea, func(t *transfer.Transfer) { t.Over = transfer.ReasonTargetDeclined }), asked(warm, bea), 0, false},
		{"is being withdrawn", begun(warm, bea, ends(transfer.PhaseWithdrawing)), asked(warm, bea), 0, false},
		{"was declined", begun(warm, bea, ends(transfer.PhaseDeclined)), asked(warm, bea), 0, false},
		{"was canceled", begun(warm, desk, ends(transfer.PhaseCanceled)), asked(warm, desk), 0, false},
		{"was refused by Twilio", begun(cold, bea, ends(transfer.PhaseFailed)), asked(cold, bea), 0, false},
		{"the agent has left by it", begun(cold, bea, left), asked(cold, bea), time.Hour, true},
		{"the agent has left, the next one is asked", begun(cold, bea, next), asked(cold, bea), 0, true},
		{"the agent has left, for the one who is asked next", begun(cold, bea, next), asked(cold, desk), 0, true},
		{"a queue's invite was accepted just now", begun(warm, desk, ends(transfer.PhaseCompleted)), asked(warm, desk), repeatWithin - 1, true},
		{"a queue's invite was accepted", begun(warm, desk, ends(transfer.PhaseCompleted)), asked(warm, desk), repeatWithin, false},
		{"a colleague has joined, as the rules will say", begun(warm, bea, ends(transfer.PhaseCompleted)), asked(warm, bea), 0, false},
		{"sent to another queue by the guard", begun(cold, desk, func(t *transfer.Transfer) { asked := bea; t.Asked = &asked }), asked(cold, bea), 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &DropIn{Options: Options{Clock: func() time.Time { return noon.Add(c.after) }}}
			s := transfer.State{Transfers: []transfer.Transfer{c.before}}
			if _, got := d.repeated(s, ada, c.now); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestKeys makes keys: the same while nothing ends, and never one that was there.
func TestKeys(t *testing.T) {
	s := transfer.State{}
	r, keys := asked(transfer.ModeWarm, bea), map[string]bool{}
	for n := range 60 {
		k := key(s, r)
		if keys[k] {
			t.Fatalf("key %d was there before", n)
		}
		keys[k] = true
		id := "XT" + string(rune('A'+n))
		s.Transfers = append(s.Transfers, begun(transfer.ModeWarm, desk, func(t *transfer.Transfer) { t.ID = id }))
		if key(s, r) != k {
			t.Errorf("key %d changes with a transfer that is open", n)
		}
		s.Transfers[len(s.Transfers)-1].Phase = transfer.PhaseDeclined
		s.Transfers = s.Transfers[max(0, len(s.Transfers)-20):] // the record forgets
	}
	for _, other := range []transfer.Request{asked(transfer.ModeCold, bea), asked(transfer.ModeWarm, desk), {Mode: transfer.ModeWarm, TaskSID: "WTbea", Target: bea}} {
		if key(s, other) == key(s, r) {
			t.Errorf("%+v has the same key", other)
		}
	}
}
