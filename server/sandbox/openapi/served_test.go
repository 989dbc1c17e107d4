package openapi_test

import (
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox/openapi"
)

// served is every documented operation that the sandbox has to have. It may
// have more; TestSandboxAnswersAsTwilioDocuments drives those as well.
var served = `
flex-api.twilio.com
/v1/Interactions POST
/v1/Interactions/{Sid} GET
/v1/Interactions/{InteractionSid}/Channels GET
/v1/Interactions/{InteractionSid}/Channels/{Sid} GET POST
/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Participants GET POST
/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Participants/{Sid} POST
/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Invites GET POST
conversations.twilio.com
/v1/Configuration/Webhooks GET POST
/v1/Conversations GET POST
/v1/Conversations/{Sid} GET POST
/v1/Conversations/{ConversationSid}/Messages GET POST
/v1/Conversations/{ConversationSid}/Participants GET POST
/v1/Conversations/{ConversationSid}/Participants/{Sid} GET POST DELETE
taskrouter.twilio.com
/v1/Workspaces/{Sid} GET POST
/v1/Workspaces/{WorkspaceSid}/Activities GET
/v1/Workspaces/{WorkspaceSid}/Activities/{Sid} GET
/v1/Workspaces/{WorkspaceSid}/Workers GET POST
/v1/Workspaces/{WorkspaceSid}/Workers/{Sid} GET POST DELETE
/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels GET
/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid} POST
/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations GET
/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid} GET POST
/v1/Workspaces/{WorkspaceSid}/TaskQueues GET POST
/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid} GET POST
/v1/Workspaces/{WorkspaceSid}/Workflows GET POST
/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid} GET POST
/v1/Workspaces/{WorkspaceSid}/Tasks GET POST
/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid} GET POST DELETE
/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations GET
/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid} GET POST
/v1/Workspaces/{WorkspaceSid}/Events GET
`

func requiredOperations() []openapi.Operation {
	var operations []openapi.Operation
	host := ""
	for line := range strings.Lines(strings.TrimSpace(served)) {
		words := strings.Fields(line)
		if len(words) == 1 {
			host = words[0]
			continue
		}
		for _, method := range words[1:] {
			operations = append(operations, openapi.Operation{Method: method, Host: host, Path: words[0]})
		}
	}
	return operations
}

// servedOperations asks a fresh account for each documented operation and returns
// those that it has. The trace shows the template of a path that it knows, which
// has to be the document's.
func servedOperations(t *testing.T) []openapi.Operation {
	t.Helper()
	documents, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	account := newAccount(t)
	var operations []openapi.Operation
	for _, o := range documents.Operations() {
		path := fakePath(o.Path)
		req := newRequest(t, account, o.Method, "https://"+o.Host+path, url.Values{})
		resp, err := account.RoundTripper().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		// An operation that is not served may end at another one's template
		// (Workers/Statistics at Workers/{Sid}) or at none.
		served := account.Trace().Last(1)[0].Template == o.Path && resp.StatusCode != 405
		if served && (resp.StatusCode != 404 || path != o.Path) {
			operations = append(operations, o)
		}
	}
	return operations
}

// fakePath fills a template with SIDs that no account has.
func fakePath(template string) string {
	segments := strings.Split(template, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "XX" + strings.Repeat("0", 32)
		}
	}
	return strings.Join(segments, "/")
}

func TestSandboxHasEveryRequiredOperation(t *testing.T) {
	has := servedOperations(t)
	for _, o := range requiredOperations() {
		if !slices.Contains(has, o) {
			t.Errorf("%s is not served", o)
		}
	}
}

func TestWhatTheSandboxLacksIsRefusedAsTwilioDoes(t *testing.T) {
	account := newAccount(t)
	for _, c := range []struct {
		method, address string
		status          int
		code            float64
	}{
		{"GET", taskrouterAPI + "/v1/Nowhere", 404, 20404},
		{"GET", taskrouterAPI + "/v2/Workspaces", 404, 20404},
		{"GET", "https://video.twilio.com/v1/Rooms", 404, 20404},
		{"DELETE", flexAPI + "/v1/Interactions", 405, 20004},
		{"PUT", taskrouterAPI + "/v1/Workspaces/" + account.WorkspaceSID(), 405, 20004},
	} {
		got := exchange(t, account.RoundTripper(), account, c.method, c.address, nil, c.status)
		if got["code"] != c.code {
			t.Errorf("%s %s: %v, want code %v", c.method, c.address, got, c.code)
		}
	}
}
