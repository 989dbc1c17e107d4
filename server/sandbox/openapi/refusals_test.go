package openapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/sandbox/openapi"
)

// refusal is a bad request. What the documents cannot know (that an object
// exists, that JSON in a form is sound) only the sandbox refuses.
type refusal struct {
	name, method, address string
	form                  url.Values
	status                int
	code                  float64
	document              bool // whether the document refuses it too
	headers               []string
}

func refusals(a *sandbox.Account, c chat) []refusal {
	ws := taskrouterAPI + "/v1/Workspaces/" + a.WorkspaceSID()
	channels := flexAPI + "/v1/Interactions/" + c.InteractionSID + "/Channels"
	channel, talk := channels+"/"+c.InteractionChannelSID, conversationsAPI+"/v1/Conversations/"+c.ConversationSID
	invite := func(properties object) url.Values {
		return url.Values{"Routing": {jsonOf(object{"properties": properties})}}
	}
	ghost := strings.Repeat("0", 32)
	return []refusal{
		{"interaction without Channel", "POST", flexAPI + "/v1/Interactions", nil, 400, 20001, true, nil},
		{"interaction with a bad Routing", "POST", flexAPI + "/v1/Interactions",
			url.Values{"Channel": {`{"type":"web","participants":[{"identity":"x"}]}`}, "Routing": {"{"}}, 400, 20001, false, nil},
		{"interaction whose Routing names no workspace", "POST", flexAPI + "/v1/Interactions",
			url.Values{"Channel": {`{"type":"web","participants":[{"identity":"x"}]}`}, "Routing": {`{"properties":{}}`}}, 400, 20001, false, nil},
		{"interaction of an unknown type", "POST", flexAPI + "/v1/Interactions", url.Values{"Channel": {`{"type":"pigeon"}`}}, 400, 20001, false, nil},
		{"channel without Status", "POST", channel, nil, 400, 20001, true, nil},
		{"channel Status", "POST", channel, url.Values{"Status": {"gone"}}, 400, 20001, true, nil},
		{"inactive without Routing", "POST", channel, url.Values{"Status": {"inactive"}}, 400, 20001, false, nil},
		{"channel Routing is not JSON", "POST", channel, url.Values{"Status": {"closed"}, "Routing": {"{"}}, 400, 20001, false, nil},
		{"participant without Type", "POST", channel + "/Participants", url.Values{"MediaProperties": {"{}"}}, 400, 20001, true, nil},
		{"participant Type", "POST", channel + "/Participants",
			url.Values{"Type": {"ghost"}, "MediaProperties": {"{}"}}, 400, 20001, true, nil},
		{"participant Status", "POST", channel + "/Participants/UT" + ghost, url.Values{"Status": {"closed"}}, 404, 20404, false, nil},
		{"invite without Routing", "POST", channel + "/Invites", nil, 400, 20001, true, nil},
		{"invite Routing is not JSON", "POST", channel + "/Invites", url.Values{"Routing": {"{"}}, 400, 20001, false, nil},
		{"invite without workspace", "POST", channel + "/Invites",
			invite(object{"workflow_sid": a.WorkflowSID("Chat Transfer"), "attributes": object{}}), 400, 20001, false, nil},
		{"invite to an unknown workflow", "POST", channel + "/Invites",
			invite(object{"workspace_sid": a.WorkspaceSID(), "workflow_sid": "WW" + ghost}), 400, 20001, false, nil},
		{"invite to an unknown worker", "POST", channel + "/Invites",
			invite(object{"workspace_sid": a.WorkspaceSID(), "worker_sid": "WK" + ghost}), 400, 20001, false, nil},
		{"invite to who is in already", "POST", channel + "/Invites",
			invite(object{"workspace_sid": a.WorkspaceSID(), "worker_sid": c.Reservation.WorkerSID,
				"task_channel_unique_name": "chat"}), 400, 80102, false, nil},
		{"invite with 4,097 characters of attributes", "POST", channel + "/Invites",
			invite(object{"workspace_sid": a.WorkspaceSID(), "workflow_sid": a.WorkflowSID("Chat Transfer"),
				"task_channel_unique_name": "chat", "attributes": object{"x": strings.Repeat("y", 4097)}}), 400, 20001, false, nil},
		{"unknown interaction", "GET", flexAPI + "/v1/Interactions/KD" + ghost, nil, 404, 20404, false, nil},
		{"malformed interaction", "GET", flexAPI + "/v1/Interactions/KX1", nil, 404, 20404, true, nil},

		{"unknown workspace", "GET", taskrouterAPI + "/v1/Workspaces/WS" + ghost, nil, 404, 20404, false, nil},
		{"task attributes are not JSON", "POST", ws + "/Tasks/" + c.TaskSID, url.Values{"Attributes": {"{"}}, 400, 20001, false, nil},
		{"4,097 characters of task attributes", "POST", ws + "/Tasks/" + c.TaskSID,
			url.Values{"Attributes": {`{"x":"` + strings.Repeat("y", 4089) + `"}`}}, 400, 20001, false, nil},
		{"task status", "POST", ws + "/Tasks/" + c.TaskSID, url.Values{"AssignmentStatus": {"gone"}}, 400, 20001, true, nil},
		{"cancel an assigned task", "POST", ws + "/Tasks/" + c.TaskSID, url.Values{"AssignmentStatus": {"canceled"}}, 400, 20001, false, nil},
		{"task priority", "POST", ws + "/Tasks/" + c.TaskSID, url.Values{"Priority": {"high"}}, 400, 20001, true, nil},
		{"stale ETag", "POST", ws + "/Tasks/" + c.TaskSID, url.Values{"Priority": {"1"}}, 412, 20412, false,
			[]string{"If-Match", `"stale"`}},
		{"task in an unknown workflow", "POST", ws + "/Tasks", url.Values{"WorkflowSid": {"WW" + ghost}}, 400, 20001, false, nil},
		{"malformed expression", "GET", ws + "/Tasks?EvaluateTaskAttributes=" + url.QueryEscape("a ="), nil, 400, 20001, false, nil},
		{"task list of a malformed priority", "GET", ws + "/Tasks?Priority=high", nil, 400, 20001, true, nil},
		{"negative timeout of an invite", "POST", channel + "/Invites",
			invite(object{"workspace_sid": a.WorkspaceSID(), "workflow_sid": a.WorkflowSID("Chat Transfer"),
				"task_channel_unique_name": "chat", "timeout": -5}), 400, 20001, false, nil},
		{"page size", "GET", ws + "/Tasks?PageSize=many", nil, 400, 20001, true, nil},
		{"reservation status", "POST", ws + "/Tasks/" + c.TaskSID + "/Reservations/" + c.Reservation.SID,
			url.Values{"ReservationStatus": {"gone"}}, 400, 20001, true, nil},
		{"accept twice", "POST", ws + "/Tasks/" + c.TaskSID + "/Reservations/" + c.Reservation.SID,
			url.Values{"ReservationStatus": {"accepted"}}, 400, 20001, false, nil},
		{"worker without a name", "POST", ws + "/Workers", nil, 400, 20001, true, nil},
		{"worker with a known name", "POST", ws + "/Workers", url.Values{"FriendlyName": {"ada"}}, 400, 20001, false, nil},
		{"worker attributes are not JSON", "POST", ws + "/Workers/" + c.Reservation.WorkerSID,
			url.Values{"Attributes": {"{"}}, 400, 20001, false, nil},
		{"worker renamed with bad attributes", "POST", ws + "/Workers/" + c.Reservation.WorkerSID,
			url.Values{"FriendlyName": {"eve"}, "Attributes": {"{"}}, 400, 20001, false, nil},
		{"malformed activity", "POST", ws + "/Workers/" + c.Reservation.WorkerSID,
			url.Values{"ActivitySid": {"busy"}}, 400, 20001, true, nil},
		{"unknown activity", "POST", ws + "/Workers/" + c.Reservation.WorkerSID,
			url.Values{"ActivitySid": {"WA" + ghost}}, 400, 20001, false, nil},
		{"queue without a name", "POST", ws + "/TaskQueues", nil, 400, 20001, true, nil},
		{"queue with a malformed expression", "POST", ws + "/TaskQueues",
			url.Values{"FriendlyName": {"Q"}, "TargetWorkers": {"NOT a"}}, 400, 20001, false, nil},
		{"workflow without a configuration", "POST", ws + "/Workflows", url.Values{"FriendlyName": {"W"}}, 400, 20001, true, nil},
		{"workflow with an unknown queue", "POST", ws + "/Workflows", url.Values{"FriendlyName": {"W"},
			"Configuration": {`{"task_routing":{"default_filter":{"queue":"WQ` + ghost + `"}}}`}}, 400, 20001, false, nil},

		{"conversation attributes are not JSON", "POST", talk, url.Values{"Attributes": {"{"}}, 400, 0, false, nil},
		{"more than 16 KB of conversation attributes", "POST", talk,
			url.Values{"Attributes": {`{"x":"` + strings.Repeat("y", 16*1024) + `"}`}}, 400, 0, false, nil},
		{"conversation renamed with bad attributes", "POST", talk,
			url.Values{"FriendlyName": {"x"}, "UniqueName": {"y"}, "Attributes": {"{"}}, 400, 0, false, nil},
		{"conversation state", "POST", talk, url.Values{"State": {"gone"}}, 400, 0, true, nil},
		{"who is in already", "POST", talk + "/Participants", url.Values{"Identity": {c.Identity}}, 409, 50433, false, nil},
		{"participant without anything", "POST", talk + "/Participants", nil, 400, 0, false, nil},
		{"unknown conversation", "GET", conversationsAPI + "/v1/Conversations/CH" + ghost, nil, 404, 20404, false, nil},
		{"webhook target", "POST", conversationsAPI + "/v1/Configuration/Webhooks", url.Values{"Target": {"pigeon"}}, 400, 0, true, nil},
	}
}

// TestBadRequestsAreRefused sends each one past the checker and wants Twilio's
// refusal, and that nothing has changed.
func TestBadRequestsAreRefused(t *testing.T) {
	f := newFixture(t)
	documents, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := f.chatWith("ada")
	for _, r := range refusals(f.account, c) {
		t.Run(r.name, func(t *testing.T) {
			before := state(t, f.account)
			req := newRequest(t, f.account, r.method, r.address, r.form, r.headers...)
			body, _ := io.ReadAll(req.Body)
			call, err := documents.Find(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := call.CheckRequest(body); (err != nil) != r.document {
				t.Errorf("the document says %v, want it to refuse: %v", err, r.document)
			}
			got := exchange(t, refusing{t, call, f.account.RoundTripper()}, f.account, r.method, r.address, r.form, r.status, r.headers...)
			if r.code != 0 && got["code"] != r.code {
				t.Errorf("refused with %v, want code %v", got, r.code)
			}
			for part, after := range state(t, f.account) {
				if after != before[part] {
					t.Errorf("a refused request changed %s", part)
				}
			}
		})
	}
}

// refusing checks the answer alone.
type refusing struct {
	t    *testing.T
	call *openapi.Call
	next http.RoundTripper
}

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	if err := r.call.CheckResponse(resp.StatusCode, resp.Header, body); err != nil {
		r.t.Error(err)
	}
	return resp, nil
}

// state is what a refused request may not change, by the parts of a snapshot:
// everything but the trace and what grows older by itself.
func state(t *testing.T, a *sandbox.Account) map[string]string {
	t.Helper()
	snapshot := a.Snapshot()
	snapshot.Trace = nil
	for i := range snapshot.Tasks {
		snapshot.Tasks[i].Age = 0
	}
	for i := range snapshot.Reservations {
		snapshot.Reservations[i].Task = nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(jsonOf(snapshot)), &raw); err != nil {
		t.Fatal(err)
	}
	parts := make(map[string]string, len(raw))
	for part, content := range raw {
		parts[part] = string(content)
	}
	return parts
}

// TestCredentialsAreWanted covers all that may be wrong with them, on each
// product.
func TestCredentialsAreWanted(t *testing.T) {
	account := newAccount(t)
	for _, address := range []string{
		taskrouterAPI + "/v1/Workspaces/" + account.WorkspaceSID() + "/Workers",
		flexAPI + "/v1/Interactions",
		conversationsAPI + "/v1/Conversations",
		iamAPI + "/v1/Accounts/" + account.AccountSID() + "/Tokens/validate",
	} {
		for name, set := range map[string]func(*http.Request){
			"none":         func(r *http.Request) { r.Header.Del("Authorization") },
			"not Basic":    func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
			"not base64":   func(r *http.Request) { r.Header.Set("Authorization", "Basic !") },
			"wrong token":  func(r *http.Request) { r.SetBasicAuth(account.AccountSID(), "x") },
			"wrong key":    func(r *http.Request) { r.SetBasicAuth("SK0", account.APISecret()) },
			"mixed":        func(r *http.Request) { r.SetBasicAuth(account.AccountSID(), account.APISecret()) },
			"empty secret": func(r *http.Request) { r.SetBasicAuth(account.APIKey(), "") },
		} {
			req := newRequest(t, account, "GET", address, nil)
			set(req)
			resp, err := account.RoundTripper().RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 401 || !strings.Contains(string(body), `"code":20003`) {
				t.Errorf("%s with credentials %s: answer %d %s, want 401 and 20003", address, name, resp.StatusCode, body)
			}
		}
	}
}
