package twilsock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/flexui/twilsock"
)

// TestSDKs runs Twilio's own SDKs under Node against the handler: e2e/*.test.mjs.
func TestSDKs(t *testing.T) {
	installSDKs(t)
	s := newStageset(t)
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	args := []string{"--test", "--test-concurrency=1", "--test-reporter=spec", "--test-force-exit", "--test-timeout=300000"}
	tests, err := filepath.Glob("e2e/*.test.mjs")
	if err != nil || len(tests) == 0 {
		t.Fatal("e2e has no tests", err)
	}
	for _, test := range tests {
		args = append(args, filepath.Base(test))
	}
	node := exec.CommandContext(ctx, "node", args...)
	node.Dir, node.WaitDelay = "e2e", 5*time.Second
	node.Env = append(os.Environ(), "TWILSOCK_URL=ws"+strings.TrimPrefix(s.socket.URL, "http")+"/v3/wsconnect",
		"CONTROL_URL="+s.control.URL)
	out, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// installSDKs installs what e2e/package-lock.json names, unless it is there.
func installSDKs(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is not installed: this test runs Twilio's SDKs under Node 20.14 or later", tool)
		}
	}
	if _, err := os.Stat("e2e/node_modules/ws/package.json"); err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts")
	npm.Dir = "e2e"
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("Twilio's SDKs are not installed: run `npm ci --ignore-scripts` in server/sandbox/flexui/twilsock/e2e: %v\n%s",
			err, out)
	}
}

// stageset is an account behind the endpoint, and a way for the tests under Node to act in it.
type stageset struct {
	*sandbox.Account
	t               *testing.T
	clock           *sandbox.ManualClock // stands still but for "advance"
	socket, control *httptest.Server
	conns           *connections
	mu              sync.Mutex
	hooks           []url.Values
}

func newStageset(t *testing.T) *stageset {
	t.Helper()
	clock := sandbox.NewManualClock(time.Now())
	a := sandbox.New(sandbox.Options{Seed: 1, Limits: &sandbox.Limits{}, Clock: clock})
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	s := &stageset{Account: a, t: t, clock: clock, conns: &connections{}}
	s.socket = httptest.NewUnstartedServer(twilsock.New(a, nil))
	s.socket.Listener = &countingListener{s.socket.Listener, s.conns}
	s.socket.Start()
	s.control = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.socket.Close)
	t.Cleanup(s.control.Close)
	t.Cleanup(s.conns.drop)
	a.SetWebhooks(sandbox.Webhooks{ConversationsURL: s.control.URL + "/hook"})
	return s
}

// connections are those that the endpoint has accepted, so that a test can cut them.
type connections struct {
	mu   sync.Mutex
	all  []net.Conn
	away bool // new ones are cut at once
}

// drop cuts all connections, and lets no new ones in until admit.
func (c *connections) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = true
	for _, conn := range c.all {
		_ = conn.Close()
	}
	c.all = nil
}

func (c *connections) admit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = false
}

type countingListener struct {
	net.Listener
	conns *connections
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.conns.mu.Lock()
		if l.conns.all = append(l.conns.all, conn); l.conns.away {
			_ = conn.Close()
		}
		l.conns.mu.Unlock()
	}
	return conn, err
}

// order is what a test under Node wants done.
type order struct {
	Worker, Conversation, Name, Author, Body, Token string
	Method, Path                                    string
	Form                                            map[string]string
	TTL                                             int
}

func (s *stageset) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/hook" {
		_ = r.ParseForm()
		s.mu.Lock()
		s.hooks = append(s.hooks, r.PostForm)
		s.mu.Unlock()
		return
	}
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	result, err := s.act(strings.TrimPrefix(r.URL.Path, "/"), o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	_ = json.NewEncoder(w).Encode(result)
}

// act does what the tests under Node ask for by name.
func (s *stageset) act(what string, o order) (any, error) {
	switch what {
	case "token":
		token, err := s.IssueToken(s.WorkerSID(o.Worker), time.Duration(o.TTL)*time.Second)
		return map[string]string{"token": token}, err
	case "revoke":
		s.RevokeToken(o.Token)
		return nil, nil
	case "start":
		v, err := s.StartConversation(sandbox.Customer{Name: o.Name}, o.Body)
		return map[string]string{"conversation_sid": v.ConversationSID, "identity": v.Identity}, err
	case "accept":
		return nil, s.accept(o.Worker, o.Conversation)
	case "send":
		return s.SendMessage(o.Conversation, o.Author, o.Body)
	case "leave":
		return nil, s.CustomerLeaves(o.Conversation, o.Author)
	case "rest":
		return s.rest(o)
	case "drop":
		s.conns.drop()
		return nil, nil
	case "admit":
		s.conns.admit()
		return nil, nil
	case "advance":
		s.clock.Advance(time.Duration(o.TTL) * time.Second)
		return nil, nil
	case "tidy": // all work is done: everybody has room for more
		for _, r := range s.Snapshot().Reservations {
			if r.ReservationStatus == "accepted" || r.ReservationStatus == "wrapping" {
				if _, err := s.CompleteTask(r.SID); err != nil {
					return nil, err
				}
			}
		}
		return nil, nil
	case "hooks":
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.hooks, nil
	}
	return nil, fmt.Errorf("there is no act %q", what)
}

// accept routes a conversation's task to a worker, by making nobody else available, and accepts it.
func (s *stageset) accept(worker, conversation string) error {
	for _, w := range s.Snapshot().Workers {
		activity := "Unavailable"
		if w.FriendlyName == worker {
			activity = "Available"
		}
		if _, err := s.SetActivity(w.SID, s.ActivitySID(activity)); err != nil {
			return err
		}
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, r := range s.Snapshot().Reservations {
			if r.ReservationStatus == "pending" && r.WorkerName == worker && strings.Contains(r.Task.Attributes, conversation) {
				_, err := s.AcceptReservation(r.SID)
				return err
			}
		}
	}
	return errors.New(worker + " got no reservation")
}

// rest makes a REST call with the account's credentials.
func (s *stageset) rest(o order) (any, error) {
	form := url.Values{}
	for k, v := range o.Form {
		form.Set(k, v)
	}
	req, err := http.NewRequest(o.Method, "https://conversations.twilio.com"+o.Path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(s.AccountSID(), s.AuthToken())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s", o.Method, o.Path, resp.Status)
	}
	var body any
	if resp.StatusCode != http.StatusNoContent {
		err = json.NewDecoder(resp.Body).Decode(&body)
	}
	return body, err
}
