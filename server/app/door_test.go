package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWhileStarting: a backend whose ledger does not answer yet says so at once, to
// whoever comes, and can be stopped. It waits for two seconds for the ledger; where
// the machine was too slow to ask it everything meanwhile, another one is asked.
func TestWhileStarting(t *testing.T) {
	t.Parallel()
	for range 20 {
		if askWhileStarting(t) {
			return
		}
	}
	t.Error("it ended each time before all was asked")
}

// askWhileStarting reports whether the backend was there to the end.
func askWhileStarting(t *testing.T) bool {
	silent, listener := listens(t), listens(t)
	s := &Serve{
		Listen: Listen{NATS: []string{"nats://" + silent.Addr().String()}, Replicas: 1, Runners: 4},
		Account: Account{
			AccountSID: "AC" + strings.Repeat("0", 32), AuthToken: "token", WorkspaceSID: "WS" + strings.Repeat("0", 32),
			WorkflowSID: "WW" + strings.Repeat("0", 32),
		},
	}
	store, err := s.Features.open(s.AccountSID, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.serveOn(ctx, listener, store, io.Discard, slog.New(slog.DiscardHandler)) }()
	lost := func(err error) bool {
		if err == nil {
			return false
		}
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Errorf("it has not ended, and does not answer: %v", err)
		}
		return true
	}
	base := "http://" + listener.Addr().String()
	alive, err := http.Get(base + "/healthz")
	if lost(err) {
		return false
	}
	alive.Body.Close()
	if alive.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", alive.Status)
	}
	for _, path := range []string{"/readyz", "/v1/transfers", "/webhooks/taskrouter"} {
		resp, err := http.Post(base+path, "application/json", strings.NewReader("{}"))
		if lost(err) {
			return false
		}
		var said struct{ Code, Message string }
		err = json.NewDecoder(resp.Body).Decode(&said)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" ||
			resp.Header.Get("Content-Security-Policy") == "" ||
			said.Code != "SERVICE_UNAVAILABLE" || !strings.Contains(said.Message, "starting") {
			t.Errorf("%s: %s %+v %v", path, resp.Status, said, err)
		}
	}
	stop()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("it does not stop")
	}
	return true
}

// listens is a listener on the loopback that nobody answers at.
func listens(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
