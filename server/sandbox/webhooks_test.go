package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// ear takes webhooks and checks their signatures with Twilio's own validator.
type ear struct {
	*httptest.Server
	mu     sync.Mutex
	heard  []url.Values
	tokens []string
	status func(n int) int // answer to the nth request, from 1
}

func listen(t *testing.T, l *lab) *ear {
	t.Helper()
	e := &ear{status: func(int) int { return http.StatusNoContent }}
	validator := client.NewRequestValidator(l.AuthToken())
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		params := map[string]string{}
		for k := range form {
			params[k] = form.Get(k)
		}
		if !validator.Validate(e.URL+r.URL.Path, params, r.Header.Get("X-Twilio-Signature")) {
			t.Errorf("the signature of %s is wrong", form.Get("EventType"))
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.heard = append(e.heard, form)
		e.tokens = append(e.tokens, r.Header.Get("I-Twilio-Idempotency-Token"))
		w.WriteHeader(e.status(len(e.heard)))
	}))
	t.Cleanup(e.Close)
	t.Cleanup(func() { _ = l.Account.Close() })
	return e
}

// kinds waits until everything is delivered, and returns the events since the last time.
func (e *ear) kinds(l *lab) string {
	l.t.Helper()
	var kinds []string
	for _, f := range e.forms(l) {
		kinds = append(kinds, f.Get("EventType"))
	}
	return strings.Join(kinds, " ")
}

func (e *ear) forms(l *lab) []url.Values {
	l.t.Helper()
	noError(l.t, l.WaitIdle(soon(l.t)))
	e.mu.Lock()
	defer e.mu.Unlock()
	forms := e.heard
	e.heard = nil
	return forms
}

func TestTaskRouterEventsInOrderAndSigned(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	u := (&taskrouter.UpdateWorkspaceParams{}).SetEventCallbackUrl(e.URL + "/events")
	must[*taskrouter.TaskrouterV1Workspace](t)(l.taskrouter.UpdateWorkspace(l.ws, u))
	task := l.newTask("Assign to Anyone")
	forms := e.forms(l)
	is(t, "events", len(forms), 5)
	created := forms[4]
	for key, want := range map[string]string{
		"EventType": "reservation.created", "TaskSid": task, "WorkerSid": l.WorkerSID("ada"), "TaskAssignmentStatus": "reserved",
		"WorkflowSid": l.WorkflowSID("Assign to Anyone"), "TaskQueueSid": l.QueueSID("Everyone"), "AccountSid": l.AccountSID(),
		"WorkspaceSid": l.ws, "TaskAttributes": "{}", "ReservationSid": *l.pending(task).Sid, "ResourceSid": *l.pending(task).Sid,
		"ResourceType": "reservation", "Timestamp": "1735689600", "TaskChannelUniqueName": "chat", "WorkerName": "ada",
	} {
		is(t, key, created.Get(key), want)
	}
	must[*taskrouter.TaskrouterV1Task](t)(l.taskrouter.UpdateTask(l.ws, task, cancel("because & so")))
	forms = e.forms(l)
	is(t, "reason", forms[len(forms)-1].Get("TaskCanceledReason"), "because & so")
	is(t, "last event", forms[len(forms)-1].Get("EventType"), "task.canceled")
	task = l.newTask("Assign to Anyone")
	l.accept(task)
	must[sandbox.Reservation](t)(l.WrapUp(reservationOf(l, task)))
	e.kinds(l)
	r := l.Snapshot().Reservations
	must[sandbox.Reservation](t)(l.CompleteTask(r[len(r)-1].SID))
	is(t, "completing", e.kinds(l), "reservation.completed task.completed")
	u.SetEventsFilter("worker.activity.update, task.canceled")
	must[*taskrouter.TaskrouterV1Workspace](t)(l.taskrouter.UpdateWorkspace(l.ws, u))
	l.newTask("Assign to Anyone")
	l.setActivity("ada", "Break")
	forms = e.forms(l)
	is(t, "filtered", len(forms), 1)
	is(t, "activity", forms[0].Get("WorkerActivityName"), "Break")
	is(t, "activity before", forms[0].Get("WorkerPreviousActivityName"), "Available")
}

func TestConversationWebhooks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	u := (&conversations.UpdateConfigurationWebhookParams{}).SetPostWebhookUrl(e.URL + "/conversations")
	must[*conversations.ConversationsV1ConfigurationWebhook](t)(l.conversations.UpdateConfigurationWebhook(u))
	s := l.talk("Chris")
	is(t, "the start", e.kinds(l), "onConversationAdded onParticipantAdded onMessageAdded onParticipantAdded")
	noError(t, l.setAttributes(s.ConversationSID, `{"by":"REST"}`))
	is(t, "a silent change", e.kinds(l), "")
	p := (&conversations.UpdateConversationParams{}).SetAttributes(`{"by":"me"}`).SetXTwilioWebhookEnabled("true")
	must[*conversations.ConversationsV1Conversation](t)(l.conversations.UpdateConversation(s.ConversationSID, p))
	forms := e.forms(l)
	is(t, "events", len(forms), 1)
	is(t, "attributes", forms[0].Get("Attributes"), `{"by":"me"}`)
	must[sandbox.Message](t)(l.SendMessage(s.ConversationSID, s.Identity, "Second"))
	forms = e.forms(l)
	is(t, "body", forms[0].Get("Body"), "Second")
	is(t, "index", forms[0].Get("Index"), "1")
	noError(t, l.setChannel(s, "closed", nil))
	forms = e.forms(l)
	is(t, "events", len(forms), 1)
	is(t, "from", forms[0].Get("StateFrom"), "active")
	is(t, "to", forms[0].Get("StateTo"), "closed")
	is(t, "reason", forms[0].Get("Reason"), "API")
	u.SetFilters([]string{"onParticipantAdded"})
	must[*conversations.ConversationsV1ConfigurationWebhook](t)(l.conversations.UpdateConfigurationWebhook(u))
	l.talk("Dana")
	is(t, "filtered", e.kinds(l), "onParticipantAdded onParticipantAdded")
}

func TestInteractionWebhooks(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	l.SetWebhooks(sandbox.Webhooks{InteractionsURL: e.URL + "/interactions"})
	s := l.talk("Chris")
	forms := e.forms(l)
	is(t, "events", len(forms), 4)
	joined := forms[3]
	is(t, "event", joined.Get("EventType"), "onParticipantJoined")
	is(t, "type", joined.Get("ParticipantType"), "agent")
	is(t, "worker", joined.Get("WorkerSid"), l.WorkerSID("ada"))
	is(t, "channel", joined.Get("ChannelSid"), s.InteractionChannelSID)
	ut := l.agents(s)[l.WorkerSID("ada")]
	is(t, "participant", joined.Get("ParticipantSid"), ut)
	noError(t, l.setParticipant(s, ut, "wrapup"))
	noError(t, l.setParticipant(s, ut, "closed"))
	noError(t, l.setChannel(s, "closed", nil))
	is(t, "the end", e.kinds(l), "onParticipantUpdated onParticipantLeft onChannelStatusUpdated")
	l.SetWebhooks(sandbox.Webhooks{})
	l.talk("Dana")
	is(t, "switched off", e.kinds(l), "")
}

func TestFailedWebhooksAreTriedAgainAsTheAddressSays(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	e.status = func(n int) int { return []int{503, 500, 204}[min(n-1, 2)] }
	filter := []string{"task.created"}
	l.SetWebhooks(sandbox.Webhooks{TaskRouterURL: e.URL + "/x#rc=2", TaskRouterEvents: filter})
	l.newTask("Assign to Anyone")
	is(t, "tried", e.kinds(l), "task.created task.created task.created")
	e.mu.Lock()
	same := e.tokens[0] == e.tokens[1] && e.tokens[1] == e.tokens[2] && e.tokens[0] != ""
	e.mu.Unlock()
	is(t, "the same idempotency token", same, true)
	e.status = func(int) int { return 500 }
	l.SetWebhooks(sandbox.Webhooks{TaskRouterURL: e.URL + "/x", TaskRouterEvents: filter})
	l.newTask("Assign to Anyone")
	is(t, "without a fragment", e.kinds(l), "task.created")
	var traced string // the request that made the task may be traced before or after its webhook
	for _, entry := range l.Trace().Last(2) {
		if entry.Out {
			traced = fmt.Sprint(entry.Template, " ", entry.Status)
		}
	}
	is(t, "traced", traced, "task.created 500")
}

func TestWebhookFaults(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	l.SetWebhooks(sandbox.Webhooks{TaskRouterURL: e.URL + "/x", TaskRouterEvents: []string{"task.created", "worker.activity.update"}})
	set := func(w sandbox.WebhookFaults) {
		t.Helper()
		noError(t, l.Faults().Set(sandbox.Switches{Webhooks: w}))
	}
	set(sandbox.WebhookFaults{Drop: 1})
	l.newTask("Assign to Anyone")
	is(t, "dropped", e.kinds(l), "")
	set(sandbox.WebhookFaults{Duplicate: 1})
	l.newTask("Assign to Anyone")
	is(t, "duplicated", e.kinds(l), "task.created task.created")
	set(sandbox.WebhookFaults{Reorder: 1})
	l.newTask("Assign to Anyone")
	is(t, "held back", e.kinds(l), "")
	l.setActivity("sam", "Break")
	is(t, "reordered", e.kinds(l), "worker.activity.update task.created")
	set(sandbox.WebhookFaults{DelayMS: 5000})
	l.newTask("Assign to Anyone")
	l.clock.Advance(4999 * time.Millisecond)
	is(t, "delayed", e.kinds(l), "")
	l.clock.Advance(time.Millisecond)
	is(t, "delivered", e.kinds(l), "task.created")
}

func TestASlowListenerHoldsNobodyUp(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	l.SetWebhooks(sandbox.Webhooks{TaskRouterURL: slow.URL})
	for range 10 {
		l.newTask("Assign to Anyone")
	}
	noError(t, l.Close()) // gives the webhook under way up
}

func TestSignedBodies(t *testing.T) {
	address, signature := sandbox.SignBody("secret", "https://x.example/hook?a=1", []byte(`{"k":"v"}`))
	v := client.NewRequestValidator("secret")
	if !v.ValidateBody(address, []byte(`{"k":"v"}`), signature) {
		t.Fatal("Twilio's validator refuses the signature")
	}
	if v.ValidateBody(address, []byte(`{"k":"w"}`), signature) {
		t.Fatal("another body passes")
	}
}

func TestEveryEventOfATransferIsHeardOnce(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	e := listen(t, l)
	l.SetWebhooks(sandbox.Webhooks{TaskRouterURL: e.URL + "/x"})
	s := l.talk("Chris")
	task := must[string](t)(l.transfer(s, toWorker(l.WorkerSID("bea"))))
	noError(t, l.setParticipant(s, l.agents(s)[l.WorkerSID("ada")], "closed"))
	l.accept(task)
	var mine []string
	for _, f := range e.forms(l) {
		if f.Get("TaskSid") == task {
			mine = append(mine, f.Get("EventType"))
		}
	}
	want := []string{"task.created", "workflow.entered", "workflow.target-matched", "task-queue.entered", "reservation.created", "reservation.accepted"}
	if !slices.Equal(mine, want) {
		t.Fatalf("heard %v, want %v", mine, want)
	}
}
