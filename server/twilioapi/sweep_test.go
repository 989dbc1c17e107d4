package twilioapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestTasksByStatusAndOfAChannel(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		if _, err := l.account.StartConversation(sandbox.Customer{Name: "Other"}, "Hello"); err != nil {
			t.Fatal(err)
		}
		all, err := l.Tasks(t.Context(), "pending", "reserved", "assigned")
		if err != nil || len(all) != 2 {
			t.Fatalf("%d tasks, %v", len(all), err)
		}
		if none, err := l.Tasks(t.Context(), "canceled"); err != nil || len(none) != 0 {
			t.Errorf("%+v, %v", none, err)
		}
		own, err := l.TasksOf(t.Context(), l.conversation.InteractionChannelSID)
		if err != nil || len(own) != 1 || own[0].SID != l.conversation.TaskSID || own[0].Updated.IsZero() || own[0].Created.IsZero() ||
			own[0].QueueSID == "" || !strings.Contains(own[0].Attributes, l.conversation.InteractionChannelSID) {
			t.Errorf("%+v, %v", own, err)
		}
	})
}

func TestEventsSince(t *testing.T) {
	account := newAccount(t)
	l := newLab(t, account, Options{Transport: account.RoundTripper()})
	start := time.Now().Add(-time.Minute)
	l.complete(t)
	events, err := l.Events(t.Context(), EventQuery{Type: "task.completed", Since: start})
	if err != nil || len(events) != 1 || events[0].TaskSID != l.conversation.TaskSID || events[0].SID == "" || events[0].At.Before(start) ||
		!strings.Contains(events[0].TaskAttributes, l.conversation.InteractionChannelSID) || events[0].QueueSID == "" {
		t.Errorf("%+v, %v", events, err)
	}
	of, err := l.Events(t.Context(), EventQuery{TaskSID: l.conversation.TaskSID, Since: start})
	if err != nil || len(of) < 3 || !slices.IsSortedFunc(of, func(a, b TaskRouterEvent) int { return b.At.Compare(a.At) }) {
		t.Errorf("%+v, %v", of, err)
	}
	if later, err := l.Events(t.Context(), EventQuery{Since: time.Now().Add(time.Minute)}); err != nil || len(later) != 0 {
		t.Errorf("%+v, %v", later, err)
	}
}

// complete completes the conversation's task.
func (l *lab) complete(t *testing.T) {
	t.Helper()
	form := url.Values{"AssignmentStatus": {"completed"}}
	q, err := http.NewRequest("POST", "https://taskrouter.twilio.com/v1/Workspaces/"+l.account.WorkspaceSID()+"/Tasks/"+l.conversation.TaskSID, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.SetBasicAuth(l.account.AccountSID(), l.account.AuthToken())
	resp, err := l.account.RoundTripper().RoundTrip(q)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
}

func TestSweepsRefuseWhatIsNoSID(t *testing.T) {
	l := newLab(t, newAccount(t), Options{})
	for name, call := range map[string]func() error{
		"no status":  func() error { _, err := l.Tasks(t.Context()); return err },
		"no channel": func() error { _, err := l.TasksOf(t.Context(), `UO" OR "1" == "1`); return err },
		"no time":    func() error { _, err := l.Events(t.Context(), EventQuery{}); return err },
		"no task SID": func() error {
			_, err := l.Events(t.Context(), EventQuery{Since: time.Now(), TaskSID: "WT/.."})
			return err
		},
	} {
		if err := call(); OutcomeOf(err) != Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
