package coordinator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func wantReason(t *testing.T, err error, want transfer.Reason) {
	t.Helper()
	var refusal *transfer.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		t.Errorf("%v (%+v), want %s", err, refusal, want)
	}
}

// TestWhoMayNot asks with everything that does not belong together.
func TestWhoMayNot(t *testing.T) {
	l := newLab(t)
	other, err := l.account.StartConversation(sandbox.Customer{Name: "Other"}, "Hello")
	l.check(err)
	p := l.open()
	good := l.request("ada", "bea")
	for _, c := range []struct {
		name   string
		by     Caller
		change func(*transfer.Request)
		want   transfer.Reason
	}{
		{"somebody else", l.as("bea"), func(*transfer.Request) {}, transfer.ReasonNotInConversation},
		{"nobody", Caller{}, func(*transfer.Request) {}, transfer.ReasonNotInConversation},
		{"another task", l.as("ada"), func(r *transfer.Request) { r.TaskSID = other.TaskSID }, transfer.ReasonNotInConversation},
		{"another channel", l.as("ada"), func(r *transfer.Request) { r.InteractionChannelSID = other.InteractionChannelSID }, transfer.ReasonNotInConversation},
		{"another interaction", l.as("ada"), func(r *transfer.Request) { r.InteractionSID = other.InteractionSID }, transfer.ReasonNotInConversation},
		{"another conversation with the own task", l.as("ada"), func(r *transfer.Request) {
			r.InteractionSID, r.InteractionChannelSID = other.InteractionSID, other.InteractionChannelSID
		}, transfer.ReasonNotInConversation},
		{"a path", l.as("ada"), func(r *transfer.Request) { r.TaskSID = "../Workers" }, transfer.ReasonTwilioUnavailable},
		{"nobody's target", l.as("ada"), func(r *transfer.Request) { r.Target.SID = "WK0" }, transfer.ReasonTargetNotFound},
		{"a mode", l.as("ada"), func(r *transfer.Request) { r.Mode = "luke" }, transfer.ReasonModeNotEnabled},
	} {
		for _, fresh := range []string{"fresh", "cached"} {
			r := good
			c.change(&r)
			if fresh == "cached" {
				_, _ = p.conversation(context.Background(), good.InteractionSID, good.InteractionChannelSID, good.TaskSID)
			}
			_, err := p.Start(context.Background(), c.by, r, "k")
			t.Log(c.name, fresh)
			wantReason(t, err, c.want)
		}
	}
	if p.count("invite")+p.count("append") != 0 {
		t.Error("something was changed")
	}
}

// TestTaskAttributesThatLie: an agent may write anything into the own task.
func TestTaskAttributesThatLie(t *testing.T) {
	l := newLab(t)
	other, err := l.account.StartConversation(sandbox.Customer{Name: "Other"}, "Hello")
	l.check(err)
	r := l.request("ada", "bea")
	text := fmt.Sprintf(`{"flexInteractionSid":%q,"flexInteractionChannelSid":%q}`, other.InteractionSID, other.InteractionChannelSID)
	l.setAttributes(r.TaskSID, text)
	p := l.open()
	_, err = p.Start(context.Background(), l.as("ada"), r, "k")
	wantReason(t, err, transfer.ReasonNotInConversation)
	r.InteractionSID, r.InteractionChannelSID = other.InteractionSID, other.InteractionChannelSID
	_, err = p.Start(context.Background(), l.as("ada"), r, "k")
	wantReason(t, err, transfer.ReasonNotInConversation)
	if p.count("invite") != 0 {
		t.Error("somebody was invited")
	}
}

func TestASupervisorMayActForAnAgent(t *testing.T) {
	l := newLab(t)
	p := l.open()
	_, err := p.Start(context.Background(), l.as("sam"), l.request("ada", "bea"), "k")
	wantReason(t, err, transfer.ReasonNotInConversation)
	o, err := p.Start(context.Background(), l.as("sam", "supervisor"), l.request("ada", "bea"), "k")
	if err != nil || o.Transfer.From.WorkerSID != l.worker("ada") || o.Transfer.RequestedBy != l.worker("sam") {
		t.Fatalf("%+v %v", o, err)
	}
	l.finish(t, p)
}

func TestAKeyIsForOneRequest(t *testing.T) {
	l := newLab(t)
	p := l.open()
	first := l.start(p)
	again, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
	if err != nil || !again.Repeated || again.Transfer.ID != first.Transfer.ID {
		t.Errorf("%+v %v", again, err)
	}
	for _, change := range []func(*transfer.Request){
		func(r *transfer.Request) { r.Target.SID = l.worker("chidi") },
		func(r *transfer.Request) { r.TaskSID = "WT00000000000000000000000000000000" },
		func(r *transfer.Request) { r.InteractionSID = "KD00000000000000000000000000000000" },
		func(r *transfer.Request) { r.Mode = "warm" },
	} {
		r := l.request("ada", "bea")
		change(&r)
		_, err := p.Start(context.Background(), l.as("ada"), r, "key")
		wantReason(t, err, transfer.ReasonKeyReused)
	}
	// The key of one worker is not that of another one, and a supervisor's is no way in.
	_, err = p.Start(context.Background(), l.as("bea"), l.request("ada", "bea"), "key")
	wantReason(t, err, transfer.ReasonNotInConversation)
	r := l.request("ada", "bea")
	l.finish(t, p)
	after, err := p.Start(context.Background(), l.as("ada"), r, "key")
	if err != nil || !after.Repeated || after.Transfer.Phase != transfer.PhaseCompleted {
		t.Errorf("after the end: %+v %v", after, err)
	}
}

// TestAKeyThatIsForgotten is decided anew, by what is so then.
func TestAKeyThatIsForgotten(t *testing.T) {
	l := newLab(t)
	p := l.open()
	r := l.request("ada", "bea")
	p.around = func(op string, do func() error) error {
		if op == "invite" {
			return &twilioapi.Error{Outcome: twilioapi.Refused, Message: "no"}
		}
		return do()
	}
	for i := range 25 {
		if _, err := p.Start(context.Background(), l.as("ada"), r, fmt.Sprint("key", i)); err != nil {
			t.Fatal(err)
		}
	}
	if o, err := p.Start(context.Background(), l.as("ada"), r, "key0"); err != nil || o.Repeated || p.count("invite") != 26 {
		t.Errorf("%+v %v after %d invites", o, err, p.count("invite"))
	}
}

// TestTwoProcessesRace lets many requests for one conversation come at once to
// two processes: one transfer is begun.
func TestTwoProcessesRace(t *testing.T) {
	for _, keys := range []int{1, 10} {
		l := newLab(t)
		both := []*process{l.open(), l.open()}
		r, by := l.request("ada", "bea"), l.as("ada")
		var all sync.WaitGroup
		var made sync.Map
		for i := range 20 {
			all.Go(func() {
				o, err := both[i%2].Start(context.Background(), by, r, fmt.Sprint("key", i%keys))
				var refusal *transfer.Refusal
				switch {
				case err == nil:
					made.Store(o.Transfer.ID, o.Transfer)
				case keys == 1, !errors.As(err, &refusal), refusal.Reason != transfer.ReasonTransferUnderWay:
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		n := 0
		made.Range(func(any, any) bool { n++; return true })
		if n != 1 || len(l.state().Transfers) != 1 {
			t.Errorf("%d keys: %d transfers were told of, %d recorded", keys, n, len(l.state().Transfers))
		}
		l.finish(t, both[0])
	}
}

// TestARepeatWaitsForTheAnswer: while the invite is searched for, the same
// request waits, and is told as soon as it is known.
func TestARepeatWaitsForTheAnswer(t *testing.T) {
	l := newLab(t)
	p := l.open(func(o *Options) { o.Answer = time.Minute })
	p.once("invite", lostAnswer)
	l.start(p)
	r, by := l.request("ada", "bea"), l.as("ada")
	answer := make(chan Outcome, 1)
	go func() {
		o, err := p.Start(context.Background(), by, r, "key")
		if err != nil {
			t.Error(err)
		}
		answer <- o
	}()
	select {
	case o := <-answer:
		t.Fatalf("answered too early: %+v", o)
	case <-time.After(20 * time.Millisecond):
	}
	l.clock.Advance(3 * time.Second)
	l.run(p)
	if o := <-answer; o.Transfer.InviteUnsettled() || !o.Repeated {
		t.Errorf("%+v", o)
	}
}

// TestTheAgentIsAnsweredInTime whatever does not answer.
func TestTheAgentIsAnsweredInTime(t *testing.T) {
	for _, op := range []string{"participants", "append", "invite", "second append", "repeat"} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { answeredInTime(t, op) })
		})
	}
}

func answeredInTime(t *testing.T, op string) {
	l := newLab(t)
	p := l.open(func(o *Options) { o.Answer = 100 * time.Millisecond })
	defer p.Wait() // for what the answer did not wait for
	release := make(chan struct{})
	appends := 0
	hang := func(now string, do func() error) error {
		if now == "append" {
			appends++
		}
		if now == op || op == "second append" && now == "append" && appends == 2 {
			<-release
			return context.DeadlineExceeded
		}
		return do()
	}
	p.around = hang
	if op == "repeat" {
		p.around = nil
		p.once("invite", lostAnswer)
		l.start(p)
	}
	answered := make(chan error, 1)
	go func() {
		o, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
		if err == nil && !o.Transfer.InviteUnsettled() {
			t.Errorf("%+v", o)
		}
		answered <- err
	}()
	if op == "participants" || op == "append" {
		// The real ones heed their context; here it is the fake that does not.
		time.AfterFunc(150*time.Millisecond, func() { close(release) })
	} else {
		defer close(release)
	}
	select {
	case err := <-answered:
		if want := map[string]transfer.Reason{"participants": transfer.ReasonTwilioUnavailable, "append": transfer.ReasonServiceUnavailable}[op]; want != "" {
			wantReason(t, err, want)
		} else if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("no answer")
	}
}

// TestTheAgentGoesAway in the middle: what was begun is carried on.
func TestTheAgentGoesAway(t *testing.T) {
	l := newLab(t)
	p := l.open()
	ctx, cancel := context.WithCancel(context.Background())
	p.once("invite", func(do func() error) error { cancel(); return do() })
	if _, err := p.Start(ctx, l.as("ada"), l.request("ada", "bea"), "key"); err != nil {
		t.Error(err)
	}
	p.Wait()
	if got := l.last(); got.Phase != transfer.PhaseLeaving {
		t.Errorf("%+v", got)
	}
	l.finish(t, p)
}

// TestAppendAnswersAreLost loses the answer to each append of a transfer: the
// record stands, and whoever wrote it does not know.
func TestAppendAnswersAreLost(t *testing.T) {
	for nth := 1; nth <= 5; nth++ {
		l := newLab(t)
		p, seen := l.open(), 0
		p.around = func(op string, do func() error) error {
			if op != "append" {
				return do()
			}
			if seen++; seen == nth {
				return lostAnswer(do)
			}
			return do()
		}
		_, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
		if nth == 1 {
			wantReason(t, err, transfer.ReasonServiceUnavailable)
		} else if err != nil {
			t.Error(err)
		}
		t.Logf("append %d", nth)
		l.until(p, transfer.PhaseRinging)
		l.accept("bea")
		for _, form := range l.takeHooks() {
			_ = l.deliver(p, form)
		}
		l.sound(t)
	}
}

// TestTheRightCode is what an agent is told about each kind of failure.
func TestTheRightCode(t *testing.T) {
	for _, c := range []struct {
		op   string
		err  error
		want transfer.Reason
	}{
		{"participants", &twilioapi.Error{Outcome: twilioapi.Throttled}, transfer.ReasonTwilioBusy},
		{"participants", twilioapi.ErrTooBusy, transfer.ReasonTwilioBusy},
		{"channel", &twilioapi.Error{Outcome: twilioapi.Refused}, transfer.ReasonTwilioRefused},
		{"task", &twilioapi.Error{Outcome: twilioapi.NotFound}, transfer.ReasonNotInConversation},
		{"task", &twilioapi.Error{Outcome: twilioapi.Unknown}, transfer.ReasonTwilioUnavailable},
		{"task", &twilioapi.Error{Outcome: twilioapi.NotSent}, transfer.ReasonTwilioUnavailable},
		{"append", errors.New("the disk is full"), transfer.ReasonServiceUnavailable},
	} {
		l := newLab(t)
		p := l.open()
		p.once(c.op, func(func() error) error { return c.err })
		_, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
		wantReason(t, err, c.want)
		if p.count("invite") != 0 {
			t.Error("somebody was invited")
		}
	}
	l := newLab(t)
	p := l.open()
	p.kill()
	_, err := p.Start(context.Background(), l.as("ada"), l.request("ada", "bea"), "key")
	wantReason(t, err, transfer.ReasonServiceUnavailable)
	_, err = p.Find(context.Background(), l.as("ada"), "XT00000000000000000000000000000000")
	wantReason(t, err, transfer.ReasonServiceUnavailable)
}

func TestFindOnlyForWhomItConcerns(t *testing.T) {
	l := newLab(t)
	p := l.open()
	id := l.start(p).Transfer.ID
	for _, by := range []Caller{l.as("ada"), l.as("bea"), l.as("sam", "supervisor"), l.as("sam", "admin")} {
		if o, err := p.Find(context.Background(), by, id); err != nil || o.Transfer.ID != id || o.InteractionSID != l.conv.InteractionSID {
			t.Errorf("%+v: %+v %v", by, o, err)
		}
	}
	for _, by := range []Caller{l.as("chidi"), l.as("sam"), {}} {
		_, err := p.Find(context.Background(), by, id)
		wantReason(t, err, transfer.ReasonNotFound)
	}
	for _, id := range []string{"", "XT1", "XT00000000000000000000000000000000", id[:2] + "/" + id[3:]} {
		_, err := p.Find(context.Background(), l.as("ada"), id)
		wantReason(t, err, transfer.ReasonNotFound)
	}
}

func TestOptionsAreNamed(t *testing.T) {
	l := newLab(t)
	for _, change := range []func(*Options){
		func(o *Options) { o.Ledger = nil }, func(o *Options) { o.WorkflowSID = "WW1" }, func(o *Options) { o.Origin = "" },
	} {
		o := l.open().Options
		change(&o)
		if _, err := New(o); err == nil {
			t.Error("taken")
		}
	}
	if c := l.open().Coordinator; c.Trust != 30*time.Second || c.Settling != 2*time.Second || c.Lease != 5*time.Second || c.Answer != 8*time.Second {
		t.Errorf("%+v", c.Options)
	}
}

// TestARepeatThatComesLate: the same click reaches a second process, which reads
// the facts once the first one has gone through with it and Ada is gone.
func TestARepeatThatComesLate(t *testing.T) {
	l := newLab(t)
	a, b := l.open(), l.open()
	var first Outcome
	b.once("participants", func(do func() error) error {
		var err error
		first, err = a.Start(t.Context(), l.as("ada"), l.request("ada", "bea"), "key")
		l.check(err)
		l.until(a, transfer.PhaseRinging)
		return do()
	})
	second, err := b.Start(t.Context(), l.as("ada"), l.request("ada", "bea"), "key")
	if err != nil || !second.Repeated || second.Transfer.ID != first.Transfer.ID {
		t.Errorf("%+v %v", second, err)
	}
	if l.in("ada") {
		t.Error("ada is still in, so this tests nothing")
	}
}

// deafLedger answers no search.
type deafLedger struct{ ledger.Ledger }

func (deafLedger) Find(ctx context.Context, _ string) (ledger.Record, error) {
	<-ctx.Done()
	return ledger.Record{}, ctx.Err()
}

// TestFindAnswersInTime also where the ledger does not.
func TestFindAnswersInTime(t *testing.T) {
	l := newLab(t)
	p := l.open(func(o *Options) { o.Ledger, o.Answer = deafLedger{o.Ledger}, 10*time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := p.Find(ctx, l.as("ada"), "XT0123456789abcdef0123456789abcdef")
	var refusal *transfer.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != transfer.ReasonServiceUnavailable || ctx.Err() != nil {
		t.Errorf("%v", err)
	}
}
