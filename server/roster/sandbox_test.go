package roster

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// lab is a roster of the sandbox's demo account that gets its webhooks.
type lab struct {
	*Roster
	account *sandbox.Account
	client  *twilioapi.Client
	reads   int // requests for one worker
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{account: sandbox.New(sandbox.Options{Seed: 3, Limits: &sandbox.Limits{}})}
	t.Cleanup(func() { _ = l.account.Close() })
	if err := l.account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	var err error
	l.client, err = twilioapi.New(twilioapi.Options{
		AccountSID: l.account.AccountSID(), AuthToken: l.account.AuthToken(), WorkspaceSID: l.account.WorkspaceSID(),
		Transport: l.account.RoundTripper(), Pace: twilioapi.Unpaced,
		Observe: func(c twilioapi.Call) {
			if c.Endpoint == "Workers.fetch" {
				l.reads++
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Roster = New(Options{API: l.client, WorkflowSID: l.account.WorkflowSID("Chat Transfer")})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		e := WebhookEvent{Type: r.PostForm.Get("EventType"), Fields: map[string]string{}}
		for key := range r.PostForm {
			e.Fields[key] = r.PostForm.Get(key)
		}
		l.Apply(e)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	l.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: server.URL})
	if err := l.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) idle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.account.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestSandboxDirectory(t *testing.T) {
	l := newLab(t)
	workers, queues := l.Directory()
	if len(workers) != 4 || workers[0].FriendlyName != "ada" || workers[3].FriendlyName != "sam" || workers[3].Available || !workers[0].Available {
		t.Errorf("workers %+v", workers)
	}
	unserved := map[string]bool{}
	for _, q := range queues {
		unserved[q.FriendlyName] = q.Unserved
	}
	if len(unserved) != 5 || unserved["Supervisors"] || unserved["Everyone"] || unserved["Billing"] || unserved["Returns"] || !unserved["Archive"] {
		t.Errorf("unserved %v", unserved)
	}
}

// Our reading of the workflow and the sandbox's, written apart, must agree: a task for a queue that we call served gets
// there, one for Archive gets nowhere.
func TestSandboxAgreesOnServing(t *testing.T) {
	l := newLab(t)
	started, err := l.account.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	task, err := l.client.Task(t.Context(), started.TaskSID)
	if err != nil {
		t.Fatal(err)
	}
	_, queues := l.Directory()
	for _, q := range queues {
		if l.Serves(task.Attributes, q) == q.Unserved {
			t.Errorf("Serves(%s) is not what the directory says", q.FriendlyName)
		}
		invite, err := l.client.Invite(t.Context(), twilioapi.InviteRequest{
			InteractionSID: started.InteractionSID, InteractionChannelSID: started.InteractionChannelSID,
			WorkflowSID: l.account.WorkflowSID("Chat Transfer"), TaskChannelName: "chat",
			Attributes: `{"transferTargetType":"queue","transferTargetSid":"` + q.SID + `","transferQueueName":"` + q.FriendlyName + `","workerSidsInConversation":[]}`,
		})
		if err != nil {
			t.Fatal(err)
		}
		made, err := l.client.Task(t.Context(), invite.TaskSID)
		if err != nil || (made.QueueSID == q.SID) == q.Unserved {
			t.Errorf("the task for %s (unserved: %v) is %s in queue %q, %v", q.FriendlyName, q.Unserved, made.AssignmentStatus, made.QueueName, err)
		}
	}
}

func TestSandboxEvents(t *testing.T) {
	l := newLab(t)
	told := make(chan transfer.WorkerRecord, 10)
	defer l.Subscribe(func(w transfer.WorkerRecord) { told <- w })()
	bea := l.account.WorkerSID("bea")
	for _, step := range []struct {
		activity  string
		available bool
	}{{"Offline", false}, {"Available", true}} {
		if _, err := l.account.SetActivity(bea, l.account.ActivitySID(step.activity)); err != nil {
			t.Fatal(err)
		}
		l.idle(t)
		if w := <-told; w.SID != bea || w.ActivityName != step.activity || w.Available != step.available {
			t.Errorf("told %+v", w)
		}
		w, _, err := l.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: bea})
		if err != nil || w.Available != step.available || w.Attributes == "" {
			t.Errorf("target %+v, %v", w, err)
		}
	}
	// Break is an activity that nobody was in at the full read: the list of activities tells whether one can be reached in it.
	if _, err := l.account.SetActivity(bea, l.account.ActivitySID("Break")); err != nil {
		t.Fatal(err)
	}
	l.idle(t)
	if w, ok := l.Known(bea); !ok || w.Available || w.ActivityName != "Break" {
		t.Errorf("the directory says %+v", w)
	}
	if w, _, err := l.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: bea}); err != nil || w.Available || w.ActivityName != "Break" {
		t.Errorf("target %+v, %v", w, err)
	}
	if l.reads != 0 {
		t.Errorf("%d reads of one worker, want none", l.reads)
	}
}

// A worker is created and deleted by REST, as an administrator does.
func TestSandboxWorkerComesAndGoes(t *testing.T) {
	l := newLab(t)
	ask := func(method, path string, form url.Values) {
		t.Helper()
		address := "https://taskrouter.twilio.com/v1/Workspaces/" + l.account.WorkspaceSID() + path
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(l.account.AccountSID(), l.account.AuthToken())
		resp, err := l.account.RoundTripper().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
		}
	}
	ask(http.MethodPost, "/Workers", url.Values{"FriendlyName": {"dora"}, "Attributes": {`{"full_name":"Dora"}`}})
	l.idle(t)
	dora := l.account.WorkerSID("dora")
	if w, ok := l.Known(dora); !ok || w.FriendlyName != "dora" || w.Attributes != `{"full_name":"Dora"}` {
		t.Errorf("known %+v, %v", w, ok)
	}
	ask(http.MethodDelete, "/Workers/"+dora, nil)
	l.idle(t)
	if w, _, err := l.Target(t.Context(), transfer.Target{Kind: transfer.TargetWorker, SID: dora}); w != nil || err != nil {
		t.Errorf("target %+v, %v", w, err)
	}
}
