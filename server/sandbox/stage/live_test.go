package stage

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// event is one server-sent event; a comment has the name ":".
type event struct {
	name string
	data object
}

// watch reads the stream into a channel until the test ends.
func (f *fixture) watch() <-chan event {
	f.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	f.Cleanup(cancel)
	req, _ := http.NewRequestWithContext(ctx, "GET", f.server.URL+"/stage/live", nil)
	resp, err := f.server.Client().Do(req)
	if err != nil {
		f.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != "text/event-stream" {
		f.Fatalf("answer %d of type %q", resp.StatusCode, got)
	}
	events := make(chan event, 1000)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		var e event
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "":
				if value != "" {
					events <- event{name: ":"}
				} else if e.name != "" {
					events <- e
					e = event{}
				}
			case "event":
				e.name = value
			case "data":
				_ = json.Unmarshal([]byte(value), &e.data)
			}
		}
	}()
	return events
}

// await returns the first event that fits.
func (f *fixture) await(events <-chan event, what string, fits func(event) bool) event {
	f.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				f.Fatalf("the stream ended before %s", what)
			}
			if fits(e) {
				return e
			}
		case <-limit:
			f.Fatalf("no %s within a minute", what)
		}
	}
}

func named(name string) func(event) bool { return func(e event) bool { return e.name == name } }

func changed(kind string, fields object) func(event) bool {
	return func(e event) bool {
		if e.name != "change" || e.data["kind"] != kind {
			return false
		}
		o, _ := e.data["object"].(object)
		for k, v := range fields {
			if o[k] != v {
				return false
			}
		}
		return true
	}
}

func TestSnapshotHasTheContractsKeys(t *testing.T) {
	f := newFixture(t, defaultLive)
	snapshot := f.await(f.watch(), "snapshot", named("snapshot")).data
	if snapshot["account_sid"] != f.account.AccountSID() || snapshot["workspace_sid"] != f.account.WorkspaceSID() {
		t.Errorf("account %v, workspace %v", snapshot["account_sid"], snapshot["workspace_sid"])
	}
	for _, key := range []string{
		"activities", "workers", "queues", "tasks", "reservations", "conversations",
		"interaction_channels", "interaction_participants", "trace",
	} {
		if _, ok := snapshot[key].([]any); !ok {
			t.Errorf("%s is %T, want a list", key, snapshot[key])
		}
	}
	if _, ok := snapshot["messages"].(object); !ok {
		t.Errorf("messages is %T, want an object", snapshot["messages"])
	}
	if workers := snapshot["workers"].([]any); len(workers) < 4 {
		t.Errorf("%d workers, want those of the demo", len(workers))
	}
}

func TestResetGivesEachWatcherANewSnapshot(t *testing.T) {
	f := newFixture(t, defaultLive)
	events := f.watch()
	f.await(events, "snapshot", named("snapshot"))
	f.call("POST", "/stage/conversations", `{"name":"Cara","body":"Hi"}`, 201)
	f.await(events, "message", changed("message", object{"body": "Hi"}))
	f.call("POST", "/stage/reset", "", 200)
	again := f.await(events, "second snapshot", named("snapshot")).data
	if n := len(again["conversations"].([]any)); n != 0 {
		t.Errorf("%d conversations after the reset, want none", n)
	}
	f.only("sam")
	f.await(events, "change after the reset", changed("worker", object{"friendly_name": "sam", "activity_name": "Available"}))
}

func TestTraceIsStreamed(t *testing.T) {
	f := newFixture(t, defaultLive)
	events := f.watch()
	f.await(events, "snapshot", named("snapshot"))
	req, _ := http.NewRequest("GET", "https://taskrouter.twilio.com/v1/Workspaces/"+f.account.WorkspaceSID(), nil)
	req.SetBasicAuth(f.account.APIKey(), f.account.APISecret())
	if _, err := f.account.Client().Do(req); err != nil {
		t.Fatal(err)
	}
	entry := f.await(events, "trace", named("trace")).data
	if entry["method"] != "GET" || entry["status"] != 200.0 || entry["product"] != "taskrouter" {
		t.Errorf("trace %v", entry)
	}
}

func TestHeartbeat(t *testing.T) {
	f := newFixture(t, liveConfig{heartbeat: 5 * time.Millisecond, patience: time.Minute, backlog: 8})
	events := f.watch()
	f.await(events, "snapshot", named("snapshot"))
	f.await(events, "heartbeat", named(":"))
	f.await(events, "second heartbeat", named(":"))
}

func TestSlowClientIsDropped(t *testing.T) {
	f := newFixture(t, liveConfig{heartbeat: time.Hour, patience: 50 * time.Millisecond, backlog: 4})
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(1024)
	_, _ = io.WriteString(conn, "GET /stage/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	head := make([]byte, 12)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	started := f.call("POST", "/stage/conversations", `{"name":"Cara","body":"Hi"}`, 201)
	big := strings.Repeat("x", 1500)
	done := make(chan struct{})
	go func() { // far more than what the socket's buffers hold, while nobody reads
		defer close(done)
		for range 6000 {
			if _, err := f.account.SendMessage(started["conversation_sid"].(string), started["identity"].(string), big); err != nil {
				f.Errorf("message: %v", err)
				return
			}
		}
	}()
	select {
	case <-done: // the account was not held up by the client
	case <-time.After(2 * time.Minute):
		t.Fatal("a client that does not read holds up the account")
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the connection is still open after %d bytes", n)
	}
}
