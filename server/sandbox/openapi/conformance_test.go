package openapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	conversations "github.com/twilio/twilio-go/rest/conversations/v1"
	flex "github.com/twilio/twilio-go/rest/flex/v1"
	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/openapi"
)

const (
	flexAPI          = "https://flex-api.twilio.com"
	conversationsAPI = "https://conversations.twilio.com"
	taskrouterAPI    = "https://taskrouter.twilio.com"
	iamAPI           = "https://iam.twilio.com"
)

type object = map[string]any

// fixture is a sandbox account with the demo's world whose every request and
// answer is checked.
type fixture struct {
	*testing.T
	account       *sandbox.Account
	checker       *openapi.Checker
	flex          *flex.ApiService
	conversations *conversations.ApiService
	taskrouter    *taskrouter.ApiService
}

func newAccount(t *testing.T) *sandbox.Account {
	t.Helper()
	account := sandbox.New(sandbox.Options{Seed: 11, Limits: &sandbox.Limits{}})
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = account.Close() })
	return account
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	account := newAccount(t)
	checker := openapi.Check(t, account.RoundTripper())
	base := &client.Client{
		Credentials: client.NewCredentials(account.APIKey(), account.APISecret()),
		HTTPClient:  &http.Client{Transport: checker},
	}
	base.SetAccountSid(account.AccountSID())
	return &fixture{
		T: t, account: account, checker: checker,
		flex:          flex.NewApiServiceWithClient(base),
		conversations: conversations.NewApiServiceWithClient(base),
		taskrouter:    taskrouter.NewApiServiceWithClient(base),
	}
}

// send makes a raw call through the checker and wants a status; the answer's
// object is nil where there is no body.
func (f *fixture) send(method, address string, form url.Values, want int, headers ...string) object {
	f.Helper()
	return exchange(f.T, f.checker, f.account, method, address, form, want, headers...)
}

func newRequest(t *testing.T, account *sandbox.Account, method, address string, form url.Values, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if len(form) > 0 {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.SetBasicAuth(account.AccountSID(), account.AuthToken())
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

func exchange(
	t *testing.T, via http.RoundTripper, account *sandbox.Account,
	method, address string, form url.Values, want int, headers ...string,
) object {
	t.Helper()
	resp, err := via.RoundTrip(newRequest(t, account, method, address, form, headers...))
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != want {
		t.Fatalf("%s %s %v: answer %d %s, want %d", method, address, form, resp.StatusCode, body, want)
	}
	if len(body) == 0 {
		return nil
	}
	var result object
	if err := json.Unmarshal(body, &result); err != nil {
		t.Fatalf("%s %s: %q: %v", method, address, body, err)
	}
	return result
}

// ok returns the value of a call that has to succeed.
func ok[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func is[T comparable](t *testing.T, what string, got *T, want T) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is null, want %v", what, want)
	} else if *got != want {
		t.Errorf("%s is %v, want %v", what, *got, want)
	}
}

// jsonOf writes a value that has no error.
func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// chat is a conversation whose agent has accepted it.
type chat struct {
	sandbox.StartedConversation
	Reservation sandbox.Reservation
}

// only leaves one worker available, or none.
func (f *fixture) only(available string) {
	f.Helper()
	for _, w := range f.account.Snapshot().Workers {
		activity := "Offline"
		if w.FriendlyName == available {
			activity = "Available"
		}
		ok[sandbox.Worker](f.T)(f.account.SetActivity(w.SID, f.account.ActivitySID(activity)))
	}
}

// chatWith starts a conversation and lets a worker, who is then the only one
// available, accept it.
func (f *fixture) chatWith(worker string) chat {
	f.Helper()
	f.only(worker)
	started := ok[sandbox.StartedConversation](f.T)(f.account.StartConversation(sandbox.Customer{Name: "Cara"}, "Hi"))
	offered := f.reservation(started.TaskSID)
	return chat{started, ok[sandbox.Reservation](f.T)(f.account.AcceptReservation(offered.SID))}
}

// tidy completes what agents still have, so that they have room for more.
func (f *fixture) tidy() {
	f.Helper()
	for _, r := range f.account.Snapshot().Reservations {
		if r.ReservationStatus == "accepted" || r.ReservationStatus == "wrapping" {
			ok[sandbox.Reservation](f.T)(f.account.CompleteTask(r.SID))
		}
	}
}

// reservation waits for a task's pending reservation.
func (f *fixture) reservation(taskSID string) sandbox.Reservation {
	f.Helper()
	for range 6000 {
		for _, r := range f.account.Snapshot().Reservations {
			if r.TaskSID == taskSID && r.ReservationStatus == "pending" {
				return r
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	f.Fatalf("task %s has no pending reservation", taskSID)
	return sandbox.Reservation{}
}

// TestSandboxAnswersAsTwilioDocuments drives every endpoint that the sandbox
// has, and then makes sure that it was every one.
func TestSandboxAnswersAsTwilioDocuments(t *testing.T) {
	f := newFixture(t)
	for _, drive := range []struct {
		name string
		run  func(*fixture)
	}{
		{"Workspace", driveWorkspace},
		{"Workers", driveWorkers},
		{"Queues", driveQueues},
		{"Workflows", driveWorkflows},
		{"Tasks", driveTasks},
		{"Reservations", driveReservations},
		{"Interactions", driveInteractions},
		{"Invites", driveInvites},
		{"InteractionParticipants", driveInteractionParticipants},
		{"Conversations", driveConversations},
		{"Messages", driveMessages},
		{"ConversationParticipants", driveConversationParticipants},
		{"Service", driveService},
		{"ConversationWebhooks", driveConversationWebhooks},
		{"InteractionWebhooks", driveInteractionWebhooks},
		{"Tokens", driveTokens},
	} {
		t.Run(drive.name, func(t *testing.T) {
			step := *f
			step.T = t
			step.only("")
			drive.run(&step)
			step.tidy()
		})
	}
	t.Run("Covered", func(t *testing.T) {
		covered := map[openapi.Operation]bool{}
		for _, o := range f.checker.Covered() {
			covered[o] = true
		}
		for _, o := range servedOperations(t) {
			if !covered[o] {
				t.Errorf("%s is served but not driven", o)
			}
		}
	})
}
