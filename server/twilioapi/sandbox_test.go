package twilioapi

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// lab is a client of the sandbox's demo account, and a chat in which ada is.
type lab struct {
	*Client
	account      *sandbox.Account
	conversation sandbox.StartedConversation
}

// inBothWays runs a test without a socket, and over one.
func inBothWays(t *testing.T, test func(t *testing.T, l *lab)) {
	t.Helper()
	t.Run("round tripper", func(t *testing.T) {
		account := newAccount(t)
		test(t, newLab(t, account, Options{Transport: account.RoundTripper()}))
	})
	t.Run("socket", func(t *testing.T) {
		account := newAccount(t)
		server := httptest.NewServer(account.Handler())
		t.Cleanup(server.Close)
		t.Cleanup(server.CloseClientConnections)
		test(t, newLab(t, account, Options{BaseURL: server.URL}))
	})
}

func newAccount(t *testing.T) *sandbox.Account {
	t.Helper()
	account := sandbox.New(sandbox.Options{Seed: 7, Limits: &sandbox.Limits{}})
	t.Cleanup(func() { _ = account.Close() })
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	return account
}

func newLab(t *testing.T, account *sandbox.Account, o Options) *lab {
	t.Helper()
	o.AccountSID, o.WorkspaceSID, o.Pace = account.AccountSID(), account.WorkspaceSID(), Unpaced
	o.APIKey, o.APISecret = account.APIKey(), account.APISecret()
	client, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	l := &lab{Client: client, account: account}
	if l.conversation, err = account.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hello"); err != nil {
		t.Fatal(err)
	}
	l.accept(t, l.conversation.TaskSID)
	return l
}

// accept has whoever is asked accept the task.
func (l *lab) accept(t *testing.T, taskSID string) (workerSID string) {
	t.Helper()
	for _, r := range l.account.Snapshot().Reservations {
		if r.TaskSID == taskSID && r.ReservationStatus == "pending" {
			if _, err := l.account.AcceptReservation(r.SID); err != nil {
				t.Fatal(err)
			}
			return r.WorkerSID
		}
	}
	t.Fatalf("nobody is asked about %s", taskSID)
	return ""
}

func (l *lab) fault(t *testing.T, kind, method, path string, status int) {
	t.Helper()
	err := l.account.Faults().Add(sandbox.Rule{
		Match: sandbox.Match{Method: method, Path: path}, Do: sandbox.Action{Kind: kind, Status: status}, Times: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// toBilling is an invite to the queue Billing.
func (l *lab) toBilling() InviteRequest {
	return InviteRequest{
		InteractionSID: l.conversation.InteractionSID, InteractionChannelSID: l.conversation.InteractionChannelSID,
		WorkflowSID: l.account.WorkflowSID("Chat Transfer"), TaskChannelName: "chat",
		Attributes: `{"transferTargetType":"queue","transferTargetSid":"` + l.account.QueueSID("Billing") +
			`","transferQueueName":"Billing","workerSidsInConversation":[],"transferId":"t1"}`,
	}
}

func TestSandboxTransfer(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		ctx, c := t.Context(), l.conversation
		channel, err := l.Channel(ctx, c.InteractionSID, c.InteractionChannelSID)
		if err != nil || channel.Status != "active" || channel.Type != "web" || channel.InteractionSID != c.InteractionSID {
			t.Fatalf("channel %+v, %v", channel, err)
		}
		before := l.agents(t)
		if len(before) != 1 {
			t.Fatalf("agents %+v", before)
		}
		invite, err := l.Invite(ctx, l.toBilling())
		if err != nil {
			t.Fatal(err)
		}
		task, err := l.Task(ctx, invite.TaskSID)
		if err != nil || task.ETag == "" || task.QueueName != "Billing" || task.TaskChannelName != "chat" || task.AssignmentStatus != "reserved" {
			t.Errorf("task %+v, %v", task, err)
		}
		for _, key := range []string{`"transferId":"t1"`, `"flexInteractionSid":"` + c.InteractionSID + `"`, `"flexChannelInviteSid":"` + invite.SID + `"`} {
			if !strings.Contains(strings.ReplaceAll(task.Attributes, " ", ""), key) {
				t.Errorf("%s is not in %s", key, task.Attributes)
			}
		}
		invites, err := l.Invites(ctx, c.InteractionSID, c.InteractionChannelSID)
		if err != nil || len(invites) == 0 || invites[len(invites)-1].TaskSID != invite.TaskSID {
			t.Errorf("invites %+v, %v", invites, err)
		}
		worker := l.accept(t, invite.TaskSID)
		reservations, err := l.TaskReservations(ctx, invite.TaskSID)
		if err != nil || reservations[len(reservations)-1].WorkerSID != worker || reservations[len(reservations)-1].Status != "accepted" {
			t.Errorf("reservations %+v, %v", reservations, err)
		}
		if err := l.LeaveParticipant(ctx, c.InteractionSID, c.InteractionChannelSID, before[0].SID, transfer.LeaveCompleted); err != nil {
			t.Fatal(err)
		}
		after := l.agents(t)
		if len(after) != 1 || after[0].WorkerSID != worker || after[0].TaskSID != invite.TaskSID {
			t.Errorf("agents %+v", after)
		}
		if old, err := l.Task(ctx, c.TaskSID); err != nil || old.AssignmentStatus != "completed" {
			t.Errorf("old task %+v, %v", old, err)
		}
	})
}

func (l *lab) agents(t *testing.T) (agents []transfer.ParticipantRecord) {
	t.Helper()
	all, err := l.Participants(t.Context(), l.conversation.InteractionSID, l.conversation.InteractionChannelSID)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Type == "agent" {
			agents = append(agents, p)
		}
	}
	return agents
}

func TestSandboxWithdrawal(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		ctx := t.Context()
		first, err := l.Invite(ctx, l.toBilling())
		if err != nil {
			t.Fatal(err)
		}
		task, err := l.Task(ctx, first.TaskSID)
		if err != nil {
			t.Fatal(err)
		}
		l.accept(t, first.TaskSID)
		if err := l.CancelTask(ctx, first.TaskSID, task.ETag, "withdrawn"); !IsConflict(err) {
			t.Errorf("%v: the accept was faster", err)
		}
		second, err := l.Invite(ctx, l.toBilling())
		if err != nil {
			t.Fatal(err)
		}
		if task, err = l.Task(ctx, second.TaskSID); err != nil {
			t.Fatal(err)
		}
		if err := l.CancelTask(ctx, second.TaskSID, task.ETag, "withdrawn"); err != nil {
			t.Fatal(err)
		}
		if task, err = l.Task(ctx, second.TaskSID); err != nil || task.AssignmentStatus != "canceled" || task.Reason != "withdrawn" {
			t.Errorf("task %+v, %v", task, err)
		}
	})
}

func TestSandboxDirectory(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		ctx := t.Context()
		workers, err := l.Workers(ctx)
		if err != nil || len(workers) != 4 {
			t.Fatalf("workers %+v, %v", workers, err)
		}
		for _, w := range workers {
			one, err := l.Worker(ctx, w.SID)
			if err != nil || one != w || !strings.Contains(one.Attributes, "full_name") || one.Available == (one.FriendlyName == "sam") {
				t.Errorf("%+v is %+v in the list, %v", one, w, err)
			}
		}
		activities, err := l.Activities(ctx)
		if want := map[string]bool{"Available": true, "Offline": false, "Break": false, "Unavailable": false}; err != nil || !maps.Equal(activities, want) {
			t.Errorf("activities %v, %v", activities, err)
		}
		queues, err := l.Queues(ctx)
		if err != nil || len(queues) != len(sandbox.DemoWorld().Queues) {
			t.Errorf("queues %+v, %v", queues, err)
		}
		for _, q := range queues {
			if q.FriendlyName == "Billing" && (len(q.Skills) != 1 || q.Skills[0] != "billing") {
				t.Errorf("skills of %+v", q)
			}
		}
		workflow, err := l.Workflow(ctx, l.account.WorkflowSID("Chat Transfer"))
		if err != nil || workflow.FriendlyName != "Chat Transfer" || !strings.Contains(workflow.Configuration, "task_routing") {
			t.Errorf("workflow %+v, %v", workflow, err)
		}
		_, err = l.Worker(ctx, sid("WK", "999"))
		if e := wantOutcome(t, err, NotFound); e.Code != CodeNotFound {
			t.Errorf("%v", e)
		}
	})
}

// Pages of one, so that the whole way through next_page_url is walked.
func TestSandboxPages(t *testing.T) {
	account := newAccount(t)
	l := newLab(t, account, Options{Transport: smallPages{account.RoundTripper()}})
	workers, err := l.Workers(t.Context())
	if err != nil || len(workers) != 4 {
		t.Fatalf("workers %+v, %v", workers, err)
	}
	seen := map[string]bool{}
	for _, w := range workers {
		seen[w.SID] = true
	}
	if len(seen) != 4 {
		t.Errorf("workers %+v: some come twice", workers)
	}
}

type smallPages struct{ http.RoundTripper }

func (s smallPages) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "PageSize=1000", "PageSize=1")
	return s.RoundTripper.RoundTrip(r)
}

func TestSandboxTokens(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		ctx := t.Context()
		ada := l.account.WorkerSID("ada")
		token, err := l.account.IssueToken(ada, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		said, err := l.ValidateToken(ctx, token)
		if err != nil || !said.Valid || said.WorkerSID != ada || len(said.Roles) == 0 || time.Until(said.Expires) < 50*time.Minute || said.Identity == "" {
			t.Errorf("%+v, %v", said, err)
		}
		l.account.RevokeToken(token)
		for _, bad := range []string{token, "x.y.z"} {
			if said, err := l.ValidateToken(ctx, bad); err != nil || said.Valid || said.Code == 0 || said.Message == "" {
				t.Errorf("%+v, %v", said, err)
			}
		}
	})
}

func TestSandboxWrongCredentials(t *testing.T) {
	account := newAccount(t)
	l := newLab(t, account, Options{Transport: account.RoundTripper()})
	var err error
	l.Client, err = New(Options{AccountSID: account.AccountSID(), WorkspaceSID: account.WorkspaceSID(), AuthToken: "wrong", Transport: account.RoundTripper()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Workers(t.Context())
	if e := wantOutcome(t, err, Refused); e.Code != CodeAuthenticate || e.Status != 401 {
		t.Errorf("%v", e)
	}
	_, err = l.ValidateToken(t.Context(), "x.y.z")
	wantOutcome(t, err, Refused)
}

// What the client says about a failed invite must fit what has become of it.
func TestSandboxFaults(t *testing.T) {
	cases := []struct {
		kind   string
		status int
		want   Outcome
		made   bool
	}{
		{sandbox.FaultStatus, 503, Unknown, false},
		{sandbox.FaultStatus, 500, Unknown, false},
		{sandbox.FaultHTML, 0, Unknown, false},
		{sandbox.FaultReset, 0, Unknown, false},
		{sandbox.FaultLostAnswer, 0, Unknown, true},
		{sandbox.FaultHang, 0, Unknown, false},
		{sandbox.FaultHangAfter, 0, Unknown, true},
		{sandbox.FaultStatus, 429, Done, true}, // repeated
	}
	for _, c := range cases {
		t.Run(c.kind, func(t *testing.T) {
			inBothWays(t, func(t *testing.T, l *lab) {
				l.fault(t, c.kind, http.MethodPost, "*/Invites", c.status)
				before := l.invites(t)
				_, err := l.Invite(within(t, time.Second), l.toBilling())
				if got := OutcomeOf(err); got != c.want {
					t.Errorf("outcome %s (%v), want %s", got, err, c.want)
				}
				if made := l.invites(t) > before; made != c.made {
					t.Errorf("made: %v, want %v", made, c.made)
				}
			})
		})
	}
}

func (l *lab) invites(t *testing.T) int {
	t.Helper()
	all, err := l.Invites(t.Context(), l.conversation.InteractionSID, l.conversation.InteractionChannelSID)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestSandboxClosedChannel(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		c := l.conversation
		agent := l.agents(t)[0]
		if err := l.LeaveParticipant(t.Context(), c.InteractionSID, c.InteractionChannelSID, agent.SID, transfer.LeaveCompleted); err != nil {
			t.Fatal(err)
		}
		if err := l.LeaveParticipant(t.Context(), c.InteractionSID, c.InteractionChannelSID, agent.SID, transfer.LeaveCompleted); !IsRefused(err) {
			t.Errorf("closing twice: %v", err)
		}
		_, err := l.Channel(t.Context(), sid("KD", "9"), c.InteractionChannelSID)
		wantOutcome(t, err, NotFound)
	})
}

// What the sandbox signs, VerifyWebhook believes.
func TestSandboxWebhooks(t *testing.T) {
	account := newAccount(t)
	believed := make(chan error, 100)
	var address string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			believed <- err
		}
		believed <- VerifyWebhook(account.AuthToken(), address+r.URL.String(), body, r.Header.Get("Content-Type"), r.Header.Get("X-Twilio-Signature"))
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	address = server.URL
	account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: address + "/taskrouter?from=a%20b#rc=1", ConversationsURL: address + "/conversations", InteractionsURL: address + "/interactions"})
	newLab(t, account, Options{Transport: account.RoundTripper()})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := account.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	if len(believed) < 3 {
		t.Fatalf("%d webhooks", len(believed))
	}
	for range len(believed) {
		if err := <-believed; err != nil {
			t.Error(err)
		}
	}
}
