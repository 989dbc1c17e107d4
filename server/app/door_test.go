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
// whoever comes, and can be stopped.
func TestWhileStarting(t *testing.T) {
	t.Parallel()
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
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute) // for so long it would wait
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.serveOn(ctx, listener, store, io.Discard, slog.New(slog.DiscardHandler)) }()
	base := "http://" + listener.Addr().String()
	alive, err := http.Get(base + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	alive.Body.Close()
	if alive.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", alive.Status)
	}
	for _, path := range []string{"/readyz", "/v1/transfers", "/webhooks/taskrouter"} {
		resp, err := http.Post(base+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
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
