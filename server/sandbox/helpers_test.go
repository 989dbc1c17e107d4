package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// lab is a demo account on a clock that the test moves, with Twilio's own client on it.
type lab struct {
	*sandbox.Account
	t             *testing.T
	clock         *sandbox.ManualClock
	flex          *flex.ApiService
	conversations *conversations.ApiService
	taskrouter    *taskrouter.ApiService
	ws            string
	etag          func() string // of the last answer
}

func newLab(t *testing.T, o sandbox.Options) *lab {
	t.Helper()
	return newLabOf(t, o, sandbox.DemoWorld())
}

func newLabOf(t *testing.T, o sandbox.Options, world sandbox.World) *lab {
	t.Helper()
	clock := sandbox.NewManualClock(time.Time{})
	o.Clock = clock
	if o.Limits == nil {
		o.Limits = &sandbox.Limits{} // lifted: the clock stands still
	}
	a := sandbox.New(o)
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Load(world); err != nil {
		t.Fatal(err)
	}
	tap := &tapped{RoundTripper: a.RoundTripper()}
	h := &client.RequestHandler{Client: twilioClient(a.AccountSID(), a.AuthToken(), tap)}
	return &lab{Account: a, t: t, clock: clock, flex: flex.NewApiService(h), conversations: conversations.NewApiService(h),
		taskrouter: taskrouter.NewApiService(h), ws: a.WorkspaceSID(), etag: func() string { return tap.etag }}
}

func twilioClient(user, secret string, transport http.RoundTripper) *client.Client {
	c := &client.Client{Credentials: client.NewCredentials(user, secret), HTTPClient: &http.Client{Transport: transport}}
	c.SetAccountSid(user)
	return c
}

// tapped notes the ETag, which twilio-go does not show.
type tapped struct {
	http.RoundTripper
	etag string
}

func (t *tapped) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		t.etag = res.Header.Get("ETag")
	}
	return res, err
}

// must fails the test on an error.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s is %v, want %v", what, got, want)
	}
}

// wantError checks Twilio's code and status in an error of twilio-go or of an acting method.
func wantError(t *testing.T, err error, status, code int) {
	t.Helper()
	var rest *client.TwilioRestError
	var own *sandbox.Error
	switch {
	case errors.As(err, &rest):
		is(t, "status", rest.Status, status)
		is(t, "code", rest.Code, code)
	case errors.As(err, &own):
		is(t, "status", own.Status, status)
		is(t, "code", own.Code, code)
	default:
		t.Fatalf("error is %v, want Twilio's %d with code %d", err, status, code)
	}
}

// talk lets a customer write, and the agent whom routing finds accept.
func (l *lab) talk(name string) sandbox.StartedConversation {
	l.t.Helper()
	s := must[sandbox.StartedConversation](l.t)(l.StartConversation(sandbox.Customer{Name: name}, "Hello"))
	l.accept(s.TaskSID)
	return s
}

// pending returns the only pending reservation of a task.
func (l *lab) pending(taskSID string) taskrouter.TaskrouterV1TaskReservation {
	l.t.Helper()
	p := (&taskrouter.ListTaskReservationParams{}).SetReservationStatus("pending")
	list := must[[]taskrouter.TaskrouterV1TaskReservation](l.t)(l.taskrouter.ListTaskReservation(l.ws, taskSID, p))
	if len(list) != 1 {
		l.t.Fatalf("%d pending reservations of %s, want 1", len(list), taskSID)
	}
	return list[0]
}

func (l *lab) noPending(taskSID string) {
	l.t.Helper()
	p := (&taskrouter.ListTaskReservationParams{}).SetReservationStatus("pending")
	if list := must[[]taskrouter.TaskrouterV1TaskReservation](l.t)(l.taskrouter.ListTaskReservation(l.ws, taskSID, p)); len(list) != 0 {
		l.t.Fatalf("task %s is reserved for %s, want nobody", taskSID, *list[0].WorkerName)
	}
}

// accept accepts the task's pending reservation and returns it.
func (l *lab) accept(taskSID string) sandbox.Reservation {
	l.t.Helper()
	return must[sandbox.Reservation](l.t)(l.AcceptReservation(*l.pending(taskSID).Sid))
}

func (l *lab) task(sid string) *taskrouter.TaskrouterV1Task {
	l.t.Helper()
	return must[*taskrouter.TaskrouterV1Task](l.t)(l.taskrouter.FetchTask(l.ws, sid))
}

func (l *lab) status(taskSID string) string { l.t.Helper(); return *l.task(taskSID).AssignmentStatus }

func (l *lab) participants(s sandbox.StartedConversation) []flex.FlexV1InteractionChannelParticipant {
	l.t.Helper()
	return must[[]flex.FlexV1InteractionChannelParticipant](l.t)(
		l.flex.ListInteractionChannelParticipant(s.InteractionSID, s.InteractionChannelSID, nil))
}

// agents are the worker SIDs of the agents in a channel.
func (l *lab) agents(s sandbox.StartedConversation) map[string]string {
	agents := map[string]string{}
	for _, p := range l.participants(s) {
		if p.RoutingProperties == nil || *p.RoutingProperties == nil {
			continue
		}
		agents[(*p.RoutingProperties).(map[string]any)["worker_sid"].(string)] = *p.Sid
	}
	return agents
}

// transfer invites through the workflow "Chat Transfer" and returns the new task's SID.
func (l *lab) transfer(s sandbox.StartedConversation, attributes map[string]any) (string, error) {
	return l.invite(s, map[string]any{"workflow_sid": l.WorkflowSID("Chat Transfer"), "task_channel_unique_name": "chat",
		"attributes": attributes})
}

func (l *lab) invite(s sandbox.StartedConversation, properties map[string]any) (string, error) {
	properties["workspace_sid"] = l.ws
	p := (&flex.CreateInteractionChannelInviteParams{}).SetRouting(map[string]any{"properties": properties})
	inv, err := l.flex.CreateInteractionChannelInvite(s.InteractionSID, s.InteractionChannelSID, p)
	if err != nil {
		return "", err
	}
	return (*inv.Routing).(map[string]any)["properties"].(map[string]any)["sid"].(string), nil
}

func toWorker(sid string) map[string]any {
	return map[string]any{"transferTargetType": "worker", "transferTargetSid": sid}
}

func toQueue(name string, without ...string) map[string]any {
	return map[string]any{"transferTargetType": "queue", "transferQueueName": name, "workerSidsInConversation": without}
}

func attributesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (l *lab) setActivity(worker, activity string) {
	l.t.Helper()
	must[sandbox.Worker](l.t)(l.SetActivity(l.WorkerSID(worker), l.ActivitySID(activity)))
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
