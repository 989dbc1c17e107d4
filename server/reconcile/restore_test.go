package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// lose kills the backend and loses its data. Nobody has done any work yet on the
// ledger that stands in its place.
func (l *lab) lose() {
	l.Helper()
	_ = l.process.ledger.Close()
	l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
	l.process = l.open()
}

// click is a request of Ada's, and the answer in words.
type click func(l *lab, first transfer.Transfer) string

func (l *lab) request(change func(*transfer.Request)) transfer.Request {
	l.Helper()
	r := transfer.Request{InteractionSID: l.conv.InteractionSID, InteractionChannelSID: l.conv.SID, TaskSID: l.task("ada")}
	change(&r)
	return r
}

func (l *lab) ada() coordinator.Caller {
	return coordinator.Caller{WorkerSID: l.account.WorkerSID("ada"), Roles: []string{"agent"}}
}

func answer(what any, err error) string {
	var refusal *transfer.Refusal
	if errors.As(err, &refusal) {
		return "refused: " + string(refusal.Reason)
	}
	return fmt.Sprint(what, " ", err)
}

// clickTo asks for a transfer.
func clickTo(mode transfer.Mode, worker, key string) click {
	return func(l *lab, first transfer.Transfer) string {
		r := l.request(func(r *transfer.Request) { r.Mode, r.Target = mode, l.toWorker(worker) })
		if key == "key" {
			r.LeaveOn = first.LeaveOn
		}
		o, err := l.process.Start(l.Context(), l.ada(), r, key)
		return answer(fmt.Sprint(o.Repeated, o.Transfer.ID, o.Transfer.Phase), err)
	}
}

// clickAway asks to leave or to end.
func clickAway(action transfer.Action) click {
	return func(l *lab, _ transfer.Transfer) string {
		o, err := l.process.Depart(l.Context(), l.ada(), l.request(func(r *transfer.Request) { r.Action = action }))
		return answer(o.Departure.Phase, err)
	}
}

func clickCancel(l *lab, first transfer.Transfer) string {
	o, err := l.process.Cancel(l.Context(), l.ada(), l.request(func(r *transfer.Request) { r.Action, r.TransferID = transfer.ActionCancel, first.ID }))
	return answer(fmt.Sprint(o.Transfer.ID, o.Transfer.Phase), err)
}

// TestClickAfterDataLoss: whatever an agent asks for before the first sweep is
// answered as if nothing had been lost, and nobody is asked twice.
func TestClickAfterDataLoss(t *testing.T) {
	const cold, warm = transfer.ModeCold, transfer.ModeWarm
	for name, c := range map[string]struct {
		mode  transfer.Mode
		on    transfer.LeaveOn
		click click
		want  string // how the answer begins; "" where it depends on IDs
	}{
		"to somebody else":           {cold, transfer.LeaveOnAccept, clickTo(cold, "chidi", "key2"), "refused: TRANSFER_UNDER_WAY"},
		"to the same one":            {cold, transfer.LeaveOnAccept, clickTo(cold, "bea", "key2"), "refused: TRANSFER_UNDER_WAY"},
		"the same click":             {cold, transfer.LeaveOnAccept, clickTo(cold, "bea", "key"), "true"},
		"an invite meanwhile":        {cold, transfer.LeaveOnAccept, clickTo(warm, "chidi", "key2"), ""},
		"leaving meanwhile":          {cold, transfer.LeaveOnAccept, clickAway(transfer.ActionLeave), ""},
		"ending meanwhile":           {cold, transfer.LeaveOnAccept, clickAway(transfer.ActionEnd), "refused: "},
		"taking it back":             {cold, transfer.LeaveOnAccept, clickCancel, ""},
		"to the one who is invited":  {warm, "", clickTo(warm, "bea", "key2"), "refused: "},
		"to another, after invite":   {warm, "", clickTo(cold, "chidi", "key2"), "refused: "},
		"leaving, who has invited":   {warm, "", clickAway(transfer.ActionLeave), "gone"},
		"ending, who has invited":    {warm, "", clickAway(transfer.ActionEnd), "refused: "},
		"taking an invite back":      {warm, "", clickCancel, ""},
		"the same click, invited":    {warm, "", clickTo(warm, "bea", "key"), "true"},
		"another invite, to another": {warm, "", clickTo(warm, "chidi", "key2"), "false"},
	} {
		t.Run(name, func(t *testing.T) {
			play := func(begin func(*lab)) (*lab, string, string) {
				l := newLab(t)
				l.only("bea", "chidi")
				first := l.start(c.mode, c.on, l.toWorker("bea"), "key")
				l.pass(3 * time.Second)
				begin(l)
				answer := c.click(l, first)
				l.pass(20 * time.Second)
				end := fmt.Sprint(len(l.live()), l.agents())
				for _, x := range l.state().Transfers {
					end += fmt.Sprint(" ", x.ID, x.Mode, x.Target.Name, x.Phase)
				}
				return l, answer, end
			}
			_, want, wantEnd := play((*lab).restart)
			l, got, end := play((*lab).lose)
			if got != want || end != wantEnd {
				t.Errorf("the answer is %q, and in the end %s; with the data %q and %s: %+v", got, end, want, wantEnd, l.process.reports)
			}
			if len(want) < len(c.want) || want[:len(c.want)] != c.want {
				t.Errorf("with the data the answer is %q, want %q", want, c.want)
			}
		})
	}
}

// looks is how often it was asked which tasks a conversation has, since the
// account has answered so many requests.
func (l *lab) looks(since uint64) (n int) {
	for _, e := range l.requests("/Tasks") {
		if e.ID > since {
			n++
		}
	}
	return n
}

// costs is how many such looks f makes.
func (l *lab) costs(f func()) int {
	before := l.account.Trace().Count()
	f()
	return l.looks(before)
}

// TestClickWhileTwilioFails: while nobody can tell what was lost, nothing is
// begun, and nobody says that the request was refused.
func TestClickWhileTwilioFails(t *testing.T) {
	l := newLab(t)
	l.only("bea", "chidi")
	first := l.start(transfer.ModeCold, transfer.LeaveOnAccept, l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	_ = l.process.ledger.Close()
	l.store = memory.NewStore(memory.Options{Now: l.clock.Now})
	l.process = l.open(func(o *coordinator.Options) { o.Answer = 300 * time.Millisecond })
	l.check(l.account.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: "status", Status: 503}}}}))
	for _, c := range []click{clickTo(transfer.ModeCold, "chidi", "key2"), clickAway(transfer.ActionLeave), clickCancel} {
		if got := c(l, first); got != "refused: SERVICE_UNAVAILABLE" {
			t.Errorf("the answer is %q", got)
		}
	}
	if n := len(l.live()); n != 1 {
		t.Errorf("%d invites", n)
	}
	l.account.Faults().Clear()
	l.process = l.open()
	if got := clickTo(transfer.ModeCold, "chidi", "key2")(l, first); got != "refused: TRANSFER_UNDER_WAY" {
		t.Errorf("after that the answer is %q", got)
	}
}

// TestClickBetweenSweepAndVisits: a sweep only says where to look, for the
// process that swept and for others.
func TestClickBetweenSweepAndVisits(t *testing.T) {
	for _, asked := range []string{"who swept", "another"} {
		t.Run(asked, func(t *testing.T) {
			l := newLab(t)
			l.only("bea", "chidi")
			first := l.start(transfer.ModeCold, transfer.LeaveOnAccept, l.toWorker("bea"), "key")
			l.pass(3 * time.Second)
			l.lose()
			l.clock.Advance(time.Second)
			swept := l.process
			for decision := reconcile.DecisionWait; decision != reconcile.DecisionSwept; {
				result, err := swept.reconciler.RunOnce(t.Context())
				l.check(err)
				decision = result.Decision
			}
			if n := len(l.state().Transfers); n != 0 {
				t.Fatalf("%d transfers are recorded", n)
			}
			if asked == "another" {
				l.process = l.open()
			}
			if got := clickTo(transfer.ModeCold, "chidi", "key2")(l, first); got != "refused: TRANSFER_UNDER_WAY" {
				t.Errorf("the answer is %q", got)
			}
			l.process = swept
			l.pass(time.Second)
			another := l.open()
			if n := l.costs(func() { l.check(another.reconciler.Restore(t.Context(), l.conv.InteractionSID, l.conv.SID)) }); n != 0 {
				t.Errorf("%d looks once it has been visited", n)
			}
		})
	}
}

// TestRestoreCostsNothingLater: once a sweep has been through, no process looks
// before it decides, whoever swept and whoever has begun since.
func TestRestoreCostsNothingLater(t *testing.T) {
	l := newLab(t, func(w *sandbox.World) { w.Conversations = append(w.Conversations, talks(2, "sam")...) })
	l.lose()
	restore := func(p *process, n int) func() {
		c := l.account.Snapshot().InteractionChannels[n]
		return func() { l.check(p.reconciler.Restore(t.Context(), c.InteractionSID, c.SID)) }
	}
	other := l.open()
	for _, want := range []int{1, 0} {
		if n := l.costs(restore(l.process, 0)); n != want {
			t.Errorf("%d looks before the first sweep, want %d", n, want)
		}
	}
	l.pass(5 * time.Second)
	for n := range 3 {
		for name, p := range map[string]*process{"who swept": l.process, "another": other, "a new one": l.open()} {
			if got := l.costs(restore(p, n)); got != 0 {
				t.Errorf("%s makes %d looks", name, got)
			}
		}
	}
	l.restart()
	if got := l.costs(restore(l.process, 1)); got != 0 {
		t.Errorf("%d looks after a restart", got)
	}
}

// TestRestoreAtOnce: two backends are asked at once about two invites that were
// lost; both are recorded, once each.
func TestRestoreAtOnce(t *testing.T) {
	l := newLab(t)
	l.only("bea", "chidi", "sam")
	l.start(transfer.ModeWarm, "", l.toWorker("bea"), "key")
	l.pass(3 * time.Second)
	l.start(transfer.ModeWarm, "", l.toWorker("chidi"), "key2")
	l.pass(3 * time.Second)
	l.lose()
	other, ended := l.open(), make(chan error)
	for _, p := range []*process{l.process, other} {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ended <- p.reconciler.Restore(ctx, l.conv.InteractionSID, l.conv.SID)
		}()
	}
	l.check(errors.Join(<-ended, <-ended))
	if n := len(l.state().Transfers); n != 2 {
		t.Errorf("%d transfers are recorded", n)
	}
	l.pass(20 * time.Second)
	if n := len(l.live()); n != 2 {
		t.Errorf("%d invites", n)
	}
}
