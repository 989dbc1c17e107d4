package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// noReservations is an account whose list of reservations lags behind.
type noReservations struct {
	Twilio
	lags *bool
}

func (n noReservations) TaskReservations(ctx context.Context, sid string) ([]twilioapi.Reservation, error) {
	if *n.lags {
		return nil, nil
	}
	return n.Twilio.TaskReservations(ctx, sid)
}

// TestAnAcceptWinsAlthoughItsListLags: an invite that is taken back has been
// accepted, and the list does not say by whom yet. It counts once it does.
func TestAnAcceptWinsAlthoughItsListLags(t *testing.T) {
	l, _ := several(t, nil)
	lags := false
	p := l.open(func(o *Options) {
		o.Twilio = noReservations{o.Twilio, &lags}
		o.Settings = func() transfer.Settings {
			return transfer.Settings{ColdTransfer: true, MultiParticipant: true}
		}
	})
	l.ask(p, "ada", warm)
	l.accept("bea") // and no webhook tells of it
	l.takeHooks()
	lags = true
	r := l.request("ada", "bea")
	r.TransferID = l.last().ID
	if _, err := p.Cancel(t.Context(), l.as("ada"), r); err != nil && !isRefusal(err) {
		t.Fatal(err)
	}
	for range 5 {
		l.run(p)
		l.clock.Advance(time.Second)
	}
	if got := l.last(); !got.Open() {
		t.Fatalf("decided although nobody knows who accepted: %+v", got)
	}
	lags = false
	if got := l.until(p, transfer.PhaseCompleted); got.AcceptedBy != l.worker("bea") {
		t.Errorf("%+v", got)
	}
}

func isRefusal(err error) bool {
	var refusal *transfer.Refusal
	return errors.As(err, &refusal)
}

// left is a lab whose customer is alone and Bea is being asked; Sam is next.
func left(t *testing.T) (*lab, *process) { return leftAfter(t, 1) }

// leftAfter is one in which it took so many attempts to ask Bea.
func leftAfter(t *testing.T, attempts int) (*lab, *process) {
	l, p := several(t, func(l *lab, s *transfer.Settings) {
		s.Fallbacks = []transfer.Fallback{{Kind: transfer.FallbackWorker, SID: l.worker("sam")}}
		l.be("sam", "Available")
	})
	if attempts > 1 {
		p.once("invite", notReached)
	}
	l.ask(p, "ada", func(*transfer.Request) {})
	if got := l.until(p, transfer.PhaseRinging); got.Attempt != attempts {
		t.Fatalf("attempt %d", got.Attempt)
	}
	return l, p
}

// reopen is another process with the settings of the first.
func (l *lab) reopen(p *process) *process {
	return l.open(func(o *Options) { o.Settings = p.Settings })
}

// waysToBeOver are those in which Bea does not take over. Whose time is over may still accept, so their invite is taken
// back before the next one is asked for; whoever has declined may not, so it stands until the next one is there.
var waysToBeOver = []struct {
	name  string
	do    func(*lab, *process)
	first string // of the two calls
}{
	{"declined", func(l *lab, p *process) { decline(l, p); l.deliverAll(p) }, "invite"},
	{"timed out", func(l *lab, p *process) { l.clock.Advance(time.Minute); l.run(p) }, "cancel"},
}

// TestNobodyWaitsForTheLedgerWhileAlone: while the customer has neither an agent nor an invite nothing is written down: an
// election among the ledger's servers takes many seconds.
func TestNobodyWaitsForTheLedgerWhileAlone(t *testing.T) {
	for _, over := range waysToBeOver {
		t.Run(over.name, func(t *testing.T) {
			l, p := left(t)
			var order []string
			p.around = func(op string, do func() error) error {
				switch op {
				case "append", "cancel", "invite":
					order = append(order, op)
				}
				return do()
			}
			over.do(l, p)
			l.untilRound(p, 1)
			p.Wait()
			first := slices.IndexFunc(order, func(op string) bool { return op != "append" })
			if first < 0 || order[first] != over.first {
				t.Fatalf("%v, want %s first", order, over.first)
			}
			if over.first == "cancel" && order[first+1] != "invite" {
				t.Errorf("after the invite was taken back came something else than the next one: %v", order)
			}
			if !slices.Contains(order, "cancel") {
				t.Errorf("nothing was taken back: %v", order)
			}
			if _, ok := l.reservation("sam", "pending"); !ok {
				t.Error("sam is not asked")
			}
		})
	}
}

// TestWhatIsDeclinedStandsUntilTheNextIsThere: the customer has an invite all the time, however often Twilio does not make
// the next one, and one in the end.
func TestWhatIsDeclinedStandsUntilTheNextIsThere(t *testing.T) {
	for name, lose := range map[string]func(func() error) error{"not reached": notReached, "answer lost": lostAnswer} {
		for _, attempts := range []int{1, 2} {
			t.Run(fmt.Sprint(name, " ", attempts), func(t *testing.T) { testDeclinedStands(t, lose, attempts) })
		}
	}
}

func testDeclinedStands(t *testing.T, lose func(func() error) error, attempts int) {
	l, p := leftAfter(t, attempts)
	live := func() (n int) {
		for _, task := range l.account.Glance(l.conv.SID).Tasks {
			if task.Status == "pending" || task.Status == "reserved" {
				n++
			}
		}
		return n
	}
	failed := 0
	p.around = func(op string, do func() error) error {
		if live() == 0 {
			t.Errorf("before %s: nothing stands for the customer", op)
		}
		if op == "invite" && failed < 3 {
			failed++
			return lose(do)
		}
		return do()
	}
	decline(l, p)
	l.deliverAll(p)
	for range 20 {
		l.run(p)
		p.Wait()
		l.clock.Advance(time.Second)
	}
	if _, ok := l.reservation("sam", "pending"); !ok || failed == 0 || live() != 1 {
		t.Errorf("sam is asked: %v after %d failures, by %d invites: %+v", ok, failed, live(), l.last())
	}
}

// TestADeclineWhoseWebhookIsLost is a decline, also where their time is over when it is noticed.
func TestADeclineWhoseWebhookIsLost(t *testing.T) {
	l, p := left(t)
	decline(l, p)
	l.takeHooks()
	l.clock.Advance(time.Minute)
	l.run(p)
	p.Wait()
	if got := l.last(); len(got.Tried) != 1 || got.Tried[0].Outcome != transfer.ReasonTargetDeclined {
		t.Errorf("%+v", got.Tried)
	}
}

// TestADeclineIsNoticedSoon, also where its webhook is lost: the customer waits for nobody until then.
func TestADeclineIsNoticedSoon(t *testing.T) {
	l, p := left(t)
	decline(l, p)
	l.takeHooks()
	declined := l.clock.Now()
	l.untilRound(p, 1)
	p.Wait()
	if _, ok := l.reservation("sam", "pending"); !ok || l.clock.Now().Sub(declined) > 11*time.Second {
		t.Errorf("sam is asked: %v, %v after the decline", ok, l.clock.Now().Sub(declined))
	}
}

// TestKilledBetweenTwoTargets kills the process before and after each thing that
// it does from a decline on. Another one asks Sam, once, within ten seconds.
func TestKilledBetweenTwoTargets(t *testing.T) {
	for _, op := range []string{"append", "task", "participants", "cancel", "invite"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(op, " ", after), func(t *testing.T) {
				l, p := left(t)
				invites := len(l.invites(l.last().ID))
				decline(l, p)
				hooks := l.takeHooks()
				p.once(op, func(do func() error) error {
					if after {
						_ = do()
					}
					p.kill()
					return errLost("everything")
				})
				for _, form := range hooks {
					_ = l.deliver(p, form)
				}
				l.run(p)
				p.Wait()
				q := l.reopen(p)
				for _, form := range hooks {
					l.check(l.deliver(q, form)) // a webhook that was not taken in comes again
				}
				since := l.clock.Now()
				for range 20 {
					l.run(q)
					if _, ok := l.reservation("sam", "pending"); ok {
						break
					}
					l.clock.Advance(500 * time.Millisecond)
				}
				if _, ok := l.reservation("sam", "pending"); !ok {
					t.Fatalf("sam is not asked %v later: %+v", l.clock.Now().Sub(since), l.last())
				}
				l.untilRound(q, 1)
				l.accept("sam")
				l.deliverAll(q)
				l.until(q, transfer.PhaseCompleted)
				if n := len(l.invites(l.last().ID)) - invites; n != 1 {
					t.Errorf("%d invites after the first", n)
				}
				if _, ok := l.reservation("bea", "pending"); ok {
					t.Error("bea is still asked")
				}
			})
		}
	}
}

// TestTakingBackIsTriedAgain: Twilio does not take the former invite back at once. Nobody waits for a lease to end: the
// next one is asked while this process is at it.
func TestTakingBackIsTriedAgain(t *testing.T) {
	for _, over := range waysToBeOver {
		for name, lose := range map[string]func(func() error) error{"not reached": notReached, "answer lost": lostAnswer} {
			t.Run(over.name+", "+name, func(t *testing.T) {
				l, p := left(t)
				failed := 0
				p.around = func(op string, do func() error) error {
					if op == "cancel" && failed < 3 {
						failed++
						return lose(do)
					}
					return do()
				}
				former := l.last().Invite.TaskSID
				over.do(l, p)
				l.run(p)
				p.Wait()
				if _, ok := l.reservation("sam", "pending"); !ok || failed == 0 {
					t.Errorf("sam is asked: %v after %d failures: %+v", ok, failed, l.last())
				}
				for range 5 {
					l.clock.Advance(time.Second)
					l.run(p)
					p.Wait()
				}
				if task, _ := l.client.Task(t.Context(), former); task.AssignmentStatus != taskCanceled {
					t.Errorf("the former invite is %s", task.AssignmentStatus)
				}
			})
		}
	}
}

// TestTheFormerTargetIsFaster: the time was over and the next target chosen, but
// Bea accepts right before her invite is taken back. She has won.
func TestTheFormerTargetIsFaster(t *testing.T) {
	for _, told := range []bool{false, true} {
		l, p := left(t)
		l.clock.Advance(time.Minute)
		p.once("cancel", func(do func() error) error {
			l.accept("bea")
			if told {
				l.deliverAll(p)
			}
			return do()
		})
		l.until(p, transfer.PhaseCompleted)
		got := l.last()
		if got.AcceptedBy != l.worker("bea") || got.Target.SID != l.worker("bea") || len(got.Tried) != 0 {
			t.Errorf("told of it: %v: %+v", told, got)
		}
		if _, ok := l.reservation("sam", "pending"); ok || !l.in("bea") {
			t.Errorf("told of it: %v: sam is asked: %v, bea is in: %v", told, ok, l.in("bea"))
		}
	}
}

// endedOtherwise is an account in which one task was completed by somebody who is not on its list.
type endedOtherwise struct {
	noReservations
	sid *string
}

func (e endedOtherwise) Task(ctx context.Context, sid string) (twilioapi.Task, error) {
	task, err := e.noReservations.Task(ctx, sid)
	if sid == *e.sid {
		task.AssignmentStatus = "completed"
	}
	return task, err
}

// TestAFormerInviteThatAsksNobody is left alone once it is known who has taken over, and asked about as long as it is not.
func TestAFormerInviteThatAsksNobody(t *testing.T) {
	l, p := left(t)
	ended, lags := "", false
	q := l.open(func(o *Options) {
		o.Settings, o.Twilio = p.Settings, endedOtherwise{noReservations{o.Twilio, &lags}, &ended}
	})
	p.kill()
	former := l.last().Invite.TaskSID
	q.around = func(op string, do func() error) error {
		if op == "cancel" {
			return notReached(do)
		}
		return do()
	}
	decline(l, q)
	l.deliverAll(q)
	l.untilRound(q, 1)
	ended, lags = former, true
	goOn := func() string {
		for range 10 {
			l.clock.Advance(time.Second)
			l.run(q)
			q.Wait()
		}
		return l.last().Invite.After
	}
	if after := goOn(); after != former {
		t.Errorf("nobody has taken over yet, and the former invite is %q, want %q", after, former)
	}
	l.accept("sam")
	l.deliverAll(q)
	l.until(q, transfer.PhaseCompleted)
	if after := goOn(); after != "" {
		t.Errorf("sam has taken over, and %q is still to be taken back", after)
	}
}

// TestWhatIsDeclinedEndsWithTheConversation: a declined invite stands, and the next one is refused since the conversation
// has ended, of which nobody told. The transfer ends, and the invite with it.
func TestWhatIsDeclinedEndsWithTheConversation(t *testing.T) {
	l, p := left(t)
	former := l.last().Invite.TaskSID
	decline(l, p)
	told := l.takeHooks()
	l.post("flex-api.twilio.com", "/v1/Interactions/"+l.conv.InteractionSID+"/Channels/"+l.conv.SID, `Status=closed`)
	l.takeHooks()
	if task, err := l.client.Task(t.Context(), former); err != nil || task.AssignmentStatus != taskPending {
		t.Fatalf("the invite that was declined is %s, %v", task.AssignmentStatus, err)
	}
	asked := 0
	p.around = func(op string, do func() error) error {
		if op == "invite" {
			asked++
		}
		return do()
	}
	for _, form := range told {
		l.check(l.deliver(p, form))
	}
	for range 30 {
		l.run(p)
		p.Wait()
		l.clock.Advance(time.Second)
	}
	if got := l.last(); got.Phase != transfer.PhaseAbandoned || got.Invite.After != "" || asked != 1 {
		t.Errorf("asked %d times: %+v", asked, got)
	}
	if task, _ := l.client.Task(t.Context(), former); task.AssignmentStatus != taskCanceled {
		t.Errorf("the invite that was declined is %s", task.AssignmentStatus)
	}
}

// TestRefusedAgainAndAgain: Twilio makes no invite for the queue that is the last resort. It is asked again, not as fast as
// it answers, and what is recorded of it does not grow.
func TestRefusedAgainAndAgain(t *testing.T) {
	l, p := left(t)
	asked, refuses := 0, true
	p.around = func(op string, do func() error) error {
		if op == "invite" && refuses {
			asked++
			return &twilioapi.Error{Endpoint: op, Outcome: twilioapi.Refused, Status: 400, Message: "no such workflow"}
		}
		return do()
	}
	decline(l, p)
	l.deliverAll(p)
	goOn := func() {
		for range 120 {
			l.run(p)
			p.Wait()
			l.clock.Advance(500 * time.Millisecond)
		}
	}
	goOn()
	if got := l.last(); asked < 10 || asked > 15 || len(got.Tried) > 4 || !got.Open() {
		t.Errorf("asked %d times in a minute: %+v", asked, got)
	}
	refuses = false
	goOn()
	if got := l.last(); got.Phase != transfer.PhaseRinging || got.Target.Kind != transfer.TargetQueue || got.Invite.After != "" {
		t.Errorf("%+v", got)
	}
}
