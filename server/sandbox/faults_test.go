package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

const invites = "/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Invites"

func fault(kind string) sandbox.Rule {
	return sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "POST", Path: "*/Invites"},
		Do: sandbox.Action{Kind: kind}, Times: 1}
}

// invitesMade counts what truly happened, without the customer's own.
func (l *lab) invitesMade() int { return len(l.Record().Entries(sandbox.Query{Kind: "invite"})) - 1 }

func TestFaultsBeforeAndAfterTheEffect(t *testing.T) {
	for kind, c := range map[string]struct {
		made  int
		reset bool
	}{
		sandbox.FaultReset: {0, true}, sandbox.FaultLostAnswer: {1, true}, sandbox.FaultLate: {0, true},
		sandbox.FaultStatus: {0, false}, sandbox.FaultHTML: {0, false},
	} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			s := l.talk("Chris")
			rule := fault(kind)
			if kind == sandbox.FaultStatus {
				rule.Do.Status = 503
			}
			noError(t, l.Faults().Add(rule))
			_, err := l.transfer(s, toWorker(l.WorkerSID("bea")))
			if err == nil {
				t.Fatal("there was no error")
			}
			is(t, "connection reset", errors.Is(err, syscall.ECONNRESET), c.reset)
			is(t, "made", l.invitesMade(), c.made)
			must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea")))) // it happens once
		})
	}
}

func TestALateRequestTakesEffectLater(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	rule := fault(sandbox.FaultLate)
	rule.Do.DelayMS = 2500
	noError(t, l.Faults().Add(rule))
	if _, err := l.transfer(s, toWorker(l.WorkerSID("bea"))); err == nil {
		t.Fatal("there was no error")
	}
	l.clock.Advance(2499 * time.Millisecond)
	is(t, "made", l.invitesMade(), 0)
	l.clock.Advance(time.Millisecond)
	is(t, "made", l.invitesMade(), 1)
}

func TestHangsEndWithTheCallersContext(t *testing.T) {
	for kind, made := range map[string]int{sandbox.FaultHang: 0, sandbox.FaultHangAfter: 1} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, sandbox.Options{})
			s := l.talk("Chris")
			noError(t, l.Faults().Add(fault(kind)))
			ctx, cancel := context.WithCancel(soon(t))
			form := strings.NewReader("Routing=" + `{"properties":{"workspace_sid":"` + l.ws + `","workflow_sid":"` + l.WorkflowSID("Chat Transfer") + `"}}`)
			req, _ := http.NewRequestWithContext(ctx, "POST", "https://flex-api.twilio.com/v1/Interactions/"+s.InteractionSID+"/Channels/"+
				s.InteractionChannelSID+"/Invites", form)
			req.SetBasicAuth(l.AccountSID(), l.AuthToken())
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			failed := make(chan error)
			go func() {
				_, err := l.Client().Do(req)
				failed <- err
			}()
			for deadline := time.Now().Add(time.Minute); l.invitesMade() < made && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			l.participants(s) // nobody else is held up
			select {
			case err := <-failed:
				t.Fatalf("it was answered: %v", err)
			case <-time.After(20 * time.Millisecond):
			}
			cancel()
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Fatalf("error is %v", err)
			}
			is(t, "made", l.invitesMade(), made)
		})
	}
}

func TestASlowRequestIsServedAfterItsDelay(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	rule := fault(sandbox.FaultSlow)
	rule.Do.DelayMS = 3000
	noError(t, l.Faults().Add(rule))
	done := make(chan error)
	go func() {
		_, err := l.transfer(s, toWorker(l.WorkerSID("bea")))
		done <- err
	}()
	for {
		if _, waiting := l.clock.Next(); waiting && l.Faults().Get().Rules != nil {
			l.clock.Advance(3 * time.Second)
		}
		select {
		case err := <-done:
			noError(t, err)
			is(t, "made", l.invitesMade(), 1)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestRulesMatchNthProbabilityAndTimes(t *testing.T) {
	l := newLab(t, sandbox.Options{Seed: 3})
	s := l.talk("Chris")
	failures := func(n int) (failed []int) {
		for i := range n {
			if _, err := l.taskrouter.FetchTask(l.ws, s.TaskSID); err != nil {
				failed = append(failed, i)
			}
		}
		return failed
	}
	match := sandbox.Match{Path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", Nth: 3}
	noError(t, l.Faults().Add(sandbox.Rule{Match: match, Do: sandbox.Action{Kind: sandbox.FaultStatus, Status: 500}}))
	if got := failures(6); len(got) != 1 || got[0] != 2 {
		t.Fatalf("failed were %v, want the third", got)
	}
	match.Nth = 0
	noError(t, l.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Match: match, Do: sandbox.Action{Kind: sandbox.FaultReset}, Probability: 0.25}}}))
	if got := len(failures(400)); got < 60 || got > 140 {
		t.Fatalf("%d of 400 failed, want about 100", got)
	}
	noError(t, l.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Match: match, Do: sandbox.Action{Kind: sandbox.FaultReset}, Times: 4}}}))
	is(t, "failed", len(failures(9)), 4)
	l.participants(s) // other endpoints are untouched
	l.Faults().Clear()
	is(t, "after Clear", len(failures(5)), 0)
}

func TestBadRulesNameTheirField(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	good := sandbox.Rule{Do: sandbox.Action{Kind: sandbox.FaultReset}}
	noError(t, l.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{good}}))
	for want, s := range map[string]sandbox.Switches{
		"rules[0].do.kind":     {Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: "explode"}}}},
		"rules[1].do.status":   {Rules: []sandbox.Rule{good, {Do: sandbox.Action{Kind: "status", Status: 200}}}},
		"rules[0].do.delay_ms": {Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: "slow", DelayMS: -1}}}},
		"rules[0].probability": {Rules: []sandbox.Rule{{Do: good.Do, Probability: 1.5}}},
		"rules[0].times":       {Rules: []sandbox.Rule{{Do: good.Do, Times: -1}}},
		"rules[0].match.nth":   {Rules: []sandbox.Rule{{Do: good.Do, Match: sandbox.Match{Nth: -1}}}},
		"webhooks.drop":        {Webhooks: sandbox.WebhookFaults{Drop: 2}},
		"lag":                  {Lag: sandbox.ListLag{TasksMS: -5}},
	} {
		if err := l.Faults().Set(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	is(t, "rules kept", len(l.Faults().Get().Rules), 1)
}

func TestListsLagButFetchesDoNot(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	l.setActivity("bea", "Offline")
	s := l.talk("Chris")
	l.clock.Advance(time.Second)
	noError(t, l.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{ParticipantsMS: 150, InvitesMS: 150, TasksMS: 150}}))
	task := must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea"))))
	pending := func() int {
		t.Helper()
		p := (&taskrouter.ListTaskParams{}).SetAssignmentStatus([]string{"pending"})
		return len(must[[]taskrouter.TaskrouterV1Task](t)(l.taskrouter.ListTask(l.ws, p)))
	}
	is(t, "invites listed", len(l.invites(s)), 1)
	is(t, "tasks listed", pending(), 0)
	is(t, "task fetched", l.status(task), "pending")
	l.clock.Advance(150 * time.Millisecond)
	is(t, "invites listed", len(l.invites(s)), 2)
	is(t, "tasks listed", pending(), 1)
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, task, cancel("")))
	is(t, "tasks still listed", pending(), 1)
	noError(t, l.setParticipant(s, l.agents(s)[l.WorkerSID("ada")], "closed"))
	is(t, "agents still listed", len(l.agents(s)), 1)
	l.clock.Advance(150 * time.Millisecond)
	is(t, "tasks listed", pending(), 0)
	is(t, "agents listed", len(l.agents(s)), 0)
}

func TestHTMLIsNoErrorOfTwilios(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	noError(t, l.Faults().Add(fault(sandbox.FaultHTML)))
	p := (&flex.CreateInteractionChannelInviteParams{}).SetRouting(object{})
	_, err := l.flex.CreateInteractionChannelInvite(s.InteractionSID, s.InteractionChannelSID, p)
	if err == nil || strings.Contains(err.Error(), "ApiError 2") {
		t.Fatalf("error is %v", err)
	}
	is(t, "traced as", l.Trace().Last(1)[0].Template, invites)
	is(t, "status", l.Trace().Last(1)[0].Status, 502)
}

func TestCloseReleasesWhoHangs(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	noError(t, l.Faults().Add(sandbox.Rule{Do: sandbox.Action{Kind: sandbox.FaultHang}}))
	failed := make(chan error)
	go func() {
		res, err := l.Client().Get("https://taskrouter.twilio.com/v1/Workspaces")
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
		}
		failed <- err
	}()
	time.Sleep(5 * time.Millisecond)
	noError(t, l.Close())
	if err := <-failed; !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("error is %v", err)
	}
	noError(t, l.Close())
}
