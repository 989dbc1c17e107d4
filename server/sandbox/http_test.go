package sandbox_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// toServer sends every product to one address and keeps the Host header, as TWILIO_BASE_URL does.
type toServer struct{ address string }

func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", s.address
	return http.DefaultTransport.RoundTrip(r)
}

func TestOneSocketServesEveryProduct(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	server := httptest.NewServer(l.Handler())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	ts := taskrouter.NewApiServiceWithClient(twilioClient(l.APIKey(), l.APISecret(), toServer{address}))
	workers := must[[]taskrouter.TaskrouterV1Worker](t)(ts.ListWorker(l.ws, nil))
	is(t, "workers", len(workers), 4)

	for host, want := range map[string]int{"taskrouter.twilio.com": 200, "taskrouter.us1.twilio.com": 200, "TaskRouter.twilio.com:443": 200,
		"taskrouter.example.com": 404, "127.0.0.1:8080": 404} {
		req, _ := http.NewRequest("GET", server.URL+"/v1/Workspaces/"+l.ws, nil)
		req.Host = host
		req.SetBasicAuth(l.APIKey(), l.APISecret())
		res, err := http.DefaultClient.Do(req)
		noError(t, err)
		_ = res.Body.Close()
		is(t, host, res.StatusCode, want)
	}

	noError(t, l.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: sandbox.FaultReset}, Times: 1}}}))
	_, err := ts.FetchWorkspace(l.ws)
	var broken net.Error
	if err == nil || !(errors.As(err, &broken) || strings.Contains(err.Error(), "EOF")) {
		t.Fatalf("a reset connection gives %v", err)
	}

	noError(t, l.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{Do: sandbox.Action{Kind: sandbox.FaultHang}, Times: 1}}}))
	ctx, cancel := context.WithCancel(soon(t))
	req, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/v1/Workspaces", nil)
	failed := make(chan error)
	go func() {
		_, err := http.DefaultClient.Do(req)
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatalf("a hanging request gives %v", err)
	}

	big, _ := http.NewRequest("POST", server.URL+"/v1/Interactions", strings.NewReader(strings.Repeat("x", 2<<20)))
	res, err := http.DefaultClient.Do(big)
	if err == nil {
		is(t, "too large a body", res.StatusCode, 413)
		_ = res.Body.Close()
	}
}
