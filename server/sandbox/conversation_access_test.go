package sandbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestFlexSession(t *testing.T) {
	l := newLab(t, sandbox.Options{Seed: 1})
	token, err := l.IssueToken(l.WorkerSID("sam"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.FlexSession(token)
	if err != nil || s.Identity != "sam" || s.WorkerSID != l.WorkerSID("sam") || !s.Oversees() ||
		!s.Expires.Equal(l.clock.Now().Add(time.Minute)) {
		t.Errorf("got %+v, %v", s, err)
	}
	l.clock.Advance(time.Minute)
	var e *sandbox.Error
	if _, err := l.FlexSession(token); !errors.As(err, &e) || e.Status != 401 || e.Code != 20104 {
		t.Errorf("expired: got %v", err)
	}
	if _, err := l.FlexSession("x"); !errors.As(err, &e) || e.Status != 401 || e.Code != 20101 {
		t.Errorf("unknown: got %v", err)
	}
}

func TestServeSDKActsAndTellsByWebhook(t *testing.T) {
	l := newLab(t, sandbox.Options{Seed: 1})
	var mu sync.Mutex
	var events []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		mu.Lock()
		defer mu.Unlock()
		events = append(events, r.PostForm.Get("EventType"))
	}))
	t.Cleanup(hook.Close)
	started, err := l.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hi")
	if err != nil {
		t.Fatal(err)
	}
	l.SetWebhooks(sandbox.Webhooks{ConversationsURL: hook.URL})
	q := sandbox.SDKRequest{Method: "POST", Path: "/v1/Conversations/" + started.ConversationSID + "/Messages",
		Form: url.Values{"Author": {started.Identity}, "Body": {"more"}}, ConversationSID: started.ConversationSID,
		Identity: started.Identity}
	got, err := l.ServeSDK(q)
	if m, ok := got.(sandbox.Message); err != nil || !ok || m.Index != 1 || m.Author != started.Identity {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(events) != 1 || events[0] != "onMessageAdded" {
		t.Errorf("webhooks: %v", events)
	}
	for want, change := range map[int]func(*sandbox.SDKRequest){
		403: func(q *sandbox.SDKRequest) { q.Identity = "ada" },
		404: func(q *sandbox.SDKRequest) { q.Path = "/v1/Nothing" },
	} {
		bad := q
		change(&bad)
		var e *sandbox.Error
		if _, err := l.ServeSDK(bad); !errors.As(err, &e) || e.Status != want {
			t.Errorf("want %d, got %v", want, err)
		}
	}
	q.Identity, q.Overseer = "sam", true
	if _, err := l.ServeSDK(q); err != nil {
		t.Errorf("an overseer: %v", err)
	}
}

func TestObserveLeavesNoGap(t *testing.T) {
	l := newLab(t, sandbox.Options{Seed: 1})
	started, err := l.StartConversation(sandbox.Customer{Name: "Cleo"}, "0")
	if err != nil {
		t.Fatal(err)
	}
	var told []int
	snapshot, cancel := l.Observe(func(c sandbox.Change) {
		if m, ok := c.Object.(sandbox.Message); ok {
			told = append(told, m.Index)
		}
	})
	if _, err := l.SendMessage(started.ConversationSID, started.Identity, "1"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := l.SendMessage(started.ConversationSID, started.Identity, "2"); err != nil {
		t.Fatal(err)
	}
	if n := len(snapshot.Messages[started.ConversationSID]); n != 1 || len(told) != 1 || told[0] != 1 {
		t.Errorf("%d messages in the snapshot, then %v", n, told)
	}
}
