package stage

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

type object = map[string]any

// fixture is a stage over a real account with the demo's world.
type fixture struct {
	*testing.T
	account *sandbox.Account
	server  *httptest.Server
}

func newFixture(t *testing.T, live liveConfig) *fixture {
	t.Helper()
	account := sandbox.New(sandbox.Options{Seed: 7})
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler(account, live))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = account.Close()
	})
	return &fixture{T: t, account: account, server: server}
}

// call sends a request and wants a status; it returns the answer's object.
func (f *fixture) call(method, path, body string, want int) object {
	f.Helper()
	req, err := http.NewRequest(method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := f.server.Client().Do(req)
	if err != nil {
		f.Fatal(err)
	}
	defer resp.Body.Close()
	content, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != want {
		f.Fatalf("%s %s %s: answer %d %s, want %d", method, path, body, resp.StatusCode, content, want)
	}
	var result object
	if err := json.Unmarshal(content, &result); err != nil {
		f.Fatalf("%s %s: %q: %v", method, path, content, err)
	}
	return result
}

// only leaves one worker available.
func (f *fixture) only(available string) {
	f.Helper()
	for _, w := range f.account.Snapshot().Workers {
		want := "Offline"
		if w.FriendlyName == available {
			want = "Available"
		}
		got := f.call("POST", "/stage/workers/"+w.SID+"/activity", `{"activity_sid":"`+f.account.ActivitySID(want)+`"}`, 200)
		if got["activity_name"] != want || got["sid"] != w.SID {
			f.Fatalf("worker %v, want %s to be %s", got, w.FriendlyName, want)
		}
	}
}

func TestAConversationFromFirstMessageToEnd(t *testing.T) {
	f := newFixture(t, defaultLive)
	events := f.watch()
	f.await(events, "snapshot", named("snapshot"))
	f.only("ada")
	started := f.call("POST", "/stage/conversations", `{"name":"Cara","channel_type":"web","body":"My parcel is late"}`, 201)
	for key, prefix := range map[string]string{
		"conversation_sid": "CH", "interaction_sid": "KD", "interaction_channel_sid": "UO", "task_sid": "WT", "identity": "",
	} {
		if sid, _ := started[key].(string); sid == "" || !strings.HasPrefix(sid, prefix) {
			t.Errorf("%s is %v", key, started[key])
		}
	}
	ch := started["conversation_sid"].(string)
	offered := f.await(events, "reservation", changed("reservation", object{
		"task_sid": started["task_sid"], "worker_sid": f.account.WorkerSID("ada"), "reservation_status": "pending",
	}))
	reservation := offered.data["object"].(object)
	if task, _ := reservation["task"].(object); task["sid"] != started["task_sid"] {
		t.Errorf("the reservation carries task %v", reservation["task"])
	}
	path := "/stage/reservations/" + reservation["sid"].(string)
	if got := f.call("POST", path, `{"action":"accept"}`, 200); got["reservation_status"] != "accepted" {
		t.Errorf("after accept: %v", got["reservation_status"])
	}
	joined := f.await(events, "agent", changed("interaction_participant", object{"type": "agent"})).data["object"].(object)
	if routing, _ := joined["routing_properties"].(object); routing["task_sid"] != started["task_sid"] {
		t.Errorf("routing_properties of the agent: %v", joined["routing_properties"])
	}
	if media, _ := joined["media_properties"].(object); media["conversation_sid"] != ch || media["identity"] == "" {
		t.Errorf("media_properties of the agent: %v", joined["media_properties"])
	}
	message := f.call("POST", "/stage/conversations/"+ch+"/messages",
		`{"author":"`+started["identity"].(string)+`","body":"Hello?"}`, 201)
	if message["body"] != "Hello?" || message["author"] != started["identity"] || message["conversation_sid"] != ch {
		t.Errorf("message %v", message)
	}
	f.await(events, "message", changed("message", object{"sid": message["sid"]}))
	if got := f.call("POST", path, `{"action":"wrapup"}`, 200); got["reservation_status"] != "wrapping" {
		t.Errorf("after wrapup: %v", got["reservation_status"])
	}
	if got := f.call("POST", path, `{"action":"complete"}`, 200); got["reservation_status"] != "completed" {
		t.Errorf("after complete: %v", got["reservation_status"])
	}
}

func TestRejectAndLeave(t *testing.T) {
	f := newFixture(t, defaultLive)
	events := f.watch()
	f.only("bea")
	started := f.call("POST", "/stage/conversations", `{"name":"Cara","channel_type":"web","body":"Hi"}`, 201)
	offered := f.await(events, "reservation", changed("reservation", object{"reservation_status": "pending"}))
	path := "/stage/reservations/" + offered.data["object"].(object)["sid"].(string)
	if got := f.call("POST", path, `{"action":"reject"}`, 200); got["reservation_status"] != "rejected" {
		t.Errorf("after reject: %v", got["reservation_status"])
	}
	refused := f.call("POST", path, `{"action":"accept"}`, 400)
	if code, _ := refused["code"].(float64); code < 20000 || refused["message"] == "" {
		t.Errorf("accept after reject: %v", refused)
	}
	leave := "/stage/conversations/" + started["conversation_sid"].(string) + "/leave"
	f.call("POST", leave, `{"identity":"somebody else"}`, 404)
	f.call("POST", leave, `{"identity":"`+started["identity"].(string)+`"}`, 200)
	f.await(events, "customer leaving", changed("interaction_participant", object{"type": "customer", "left": true}))
}

func TestCustomersOfEachChannel(t *testing.T) {
	f := newFixture(t, defaultLive)
	for channel, identity := range map[string]string{
		"web": "cara-", "sms": "+120255501", "whatsapp": "whatsapp:+120255501", "email": "@example.com", "": "cara-",
	} {
		body := `{"name":"Cara","channel_type":"` + channel + `","body":"Hi"}`
		first := f.call("POST", "/stage/conversations", body, 201)
		if got := first["identity"].(string); !strings.Contains(got, identity) {
			t.Errorf("identity of a customer by %q is %q, want %q in it", channel, got, identity)
		}
		second := f.call("POST", "/stage/conversations", body, 201)
		if first["conversation_sid"] == second["conversation_sid"] {
			t.Errorf("two conversations by %q are one", channel)
		}
	}
	mail := f.call("POST", "/stage/conversations", `{"name":"Cara","channel_type":"email","body":"Hi","subject":"Bill",`+
		`"recipients":[{"name":"Dana"},{"address":"eli@example.org","level":"cc"}]}`, 201)
	customers := 0
	for _, p := range f.account.Snapshot().InteractionParticipants {
		if p.ChannelSID == mail["interaction_channel_sid"] && strings.Contains(p.MediaProperties.Identity, "@example.") {
			customers++
		}
	}
	if got := address("email", "Dana Roy"); got != "dana.roy@example.com" {
		t.Errorf("Dana's address is %s", got)
	}
	if got := address("email", "มาลี ใจดี"); got == address("email", "สมชาย") || !strings.HasPrefix(got, "customer-") {
		t.Errorf("an address without Latin letters is %s", got)
	}
	if customers != 3 {
		t.Errorf("%d people got the mail, want 3", customers)
	}
	f.call("POST", "/stage/conversations", `{"name":"Cara","body":"Hi","subject":"Bill"}`, 400)
	refused := f.call("POST", "/stage/conversations", `{"name":"Cara","channel_type":"pigeon","body":"Hi"}`, 400)
	if !strings.Contains(refused["message"].(string), "channel_type") {
		t.Errorf("the refusal does not name the field: %v", refused)
	}
}

func TestTokenIsGoodForTheWorker(t *testing.T) {
	f := newFixture(t, defaultLive)
	got := f.call("POST", "/stage/workers/"+f.account.WorkerSID("ada")+"/token", "", 201)
	expires, err := time.Parse(time.RFC3339, got["expires"].(string))
	if err != nil || time.Until(expires) < 50*time.Minute || time.Until(expires) > tokenLifetime {
		t.Errorf("expires %v", got["expires"])
	}
	body, _ := json.Marshal(object{"token": got["token"]})
	req, _ := http.NewRequest("POST", "https://iam.twilio.com/v1/Accounts/"+f.account.AccountSID()+"/Tokens/validate",
		bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(f.account.AccountSID(), f.account.AuthToken())
	resp, err := f.account.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var validated object
	_ = json.NewDecoder(resp.Body).Decode(&validated)
	if validated["valid"] != true || validated["worker_sid"] != f.account.WorkerSID("ada") {
		t.Errorf("validated: %v", validated)
	}
}

func TestFaults(t *testing.T) {
	f := newFixture(t, defaultLive)
	rule := `{"rules":[{"match":{"method":"POST","path":"*/Invites"},"do":{"kind":"status","status":503},"times":2}]}`
	f.call("PUT", "/stage/faults", rule, 200)
	got, _ := json.Marshal(f.call("GET", "/stage/faults", "", 200)["rules"])
	if want := `[{"do":{"kind":"status","status":503},"match":{"method":"POST","path":"*/Invites"},"times":2}]`; string(got) != want {
		t.Errorf("rules %s, want %s", got, want)
	}
	refused := f.call("PUT", "/stage/faults", `{"rules":[{"match":{},"do":{"kind":"explode"}}]}`, 400)
	if !strings.Contains(refused["message"].(string), "rules[0].do.kind") {
		t.Errorf("the refusal does not name the field: %v", refused)
	}
	if len(f.account.Faults().Get().Rules) != 1 {
		t.Error("a refused setting changed the rules")
	}
}

func TestBadRequestsAreRefusedAndChangeNothing(t *testing.T) {
	f := newFixture(t, defaultLive)
	ada, worker := f.account.WorkerSID("ada"), "/stage/workers/"+f.account.WorkerSID("ada")
	before, _ := json.Marshal(f.account.Snapshot())
	large := `{"name":"Cara","body":"` + strings.Repeat("x", maxBody) + `"}`
	unknownWorker := "WK" + strings.Repeat("0", 32)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               float64
		message            string
	}{
		{"POST", "/stage/conversations", `{"name":"Cara","body":"Hi","extra":1}`, 400, 20001, `unknown field "extra"`},
		{"POST", "/stage/conversations", `{"name":"Cara","body":"Hi"} {}`, 400, 20001, "follows"},
		{"POST", "/stage/conversations", `{"name":`, 400, 20001, "body"},
		{"POST", "/stage/conversations", `[]`, 400, 20001, "body"},
		{"POST", "/stage/conversations", `{"name":7}`, 400, 20001, "name"},
		{"POST", "/stage/conversations", `{"body":"Hi"}`, 400, 20001, "name: is required"},
		{"POST", "/stage/conversations", `{"name":"Cara"}`, 400, 20001, "body: is required"},
		{"POST", "/stage/conversations", large, 413, 20413, "larger than"},
		{"POST", "/stage/conversations", ``, 415, 20415, "Content-Type"},
		{"POST", "/stage/conversations/CH0/messages", `{"author":"a","body":"b"}`, 404, 0, ""},
		{"POST", "/stage/conversations/CH0/messages", `{"author":"a"}`, 400, 20001, "body: is required"},
		{"POST", "/stage/conversations/CH0/messages", `{"body":"b"}`, 400, 20001, "author: is required"},
		{"POST", "/stage/conversations/CH0/leave", `{}`, 400, 20001, "identity: is required"},
		{"POST", worker + "/activity", `{"activity_sid":""}`, 400, 20001, "activity_sid: is required"},
		{"POST", worker + "/activity", `{"activity_sid":"` + ada + `"}`, 404, 20404, ""},
		{"POST", "/stage/workers/" + unknownWorker + "/token", ``, 404, 0, ""},
		{"POST", worker + "/token", `{"ttl":1}`, 400, 20001, "unknown field"},
		{"POST", "/stage/reservations/WR0", `{"action":"explode"}`, 400, 20001, `"explode" is not`},
		{"POST", "/stage/reservations/WR0", `{"action":"accept"}`, 404, 0, ""},
		{"POST", "/stage/reservations/WR0", `{}`, 400, 20001, "action"},
		{"PUT", "/stage/faults", `{"rulez":[]}`, 400, 20001, "unknown field"},
		{"PUT", "/stage/faults", ``, 415, 20415, "Content-Type"},
		{"GET", "/stage/reset", ``, 405, 20004, "not allowed"},
		{"DELETE", "/stage/faults", ``, 405, 20004, "not allowed"},
		{"POST", "/stage/live", ``, 405, 20004, "not allowed"},
		{"GET", "/stage/", ``, 404, 20404, ""},
		{"GET", "/v1/Workspaces", ``, 404, 20404, ""},
	} {
		name := c.method + " " + c.path + " " + c.body[:min(len(c.body), 50)]
		t.Run(name, func(t *testing.T) {
			sub := &fixture{T: t, account: f.account, server: f.server}
			got := sub.call(c.method, c.path, c.body, c.status)
			if len(got) != 2 || c.code != 0 && got["code"] != c.code || !strings.Contains(got["message"].(string), c.message) {
				t.Errorf("refused with %v, want code %v and a message with %q", got, c.code, c.message)
			}
		})
	}
	if after, _ := json.Marshal(f.account.Snapshot()); !bytes.Equal(before, after) {
		t.Errorf("refused requests changed the account:\n%s\n%s", before, after)
	}
}

func TestHandlerIsGuarded(t *testing.T) {
	f := newFixture(t, defaultLive)
	req := httptest.NewRequest("GET", "/stage/faults", nil)
	req.RemoteAddr, req.Host = "192.0.2.7:5000", "localhost"
	rec := httptest.NewRecorder()
	Handler(f.account).ServeHTTP(rec, req)
	if rec.Code != http.StatusForbidden {
		t.Errorf("answer %d to another machine, want 403", rec.Code)
	}
}
