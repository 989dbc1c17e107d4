package twilsock

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestMethods(t *testing.T) {
	a := newAccount(t)
	s := dial(t, a)
	if r := s.call(header{Method: "message", HTTPRequest: &httpRequest{}}, ""); r.header.Status.Code != 401 {
		t.Errorf("a message before init: got %+v, want 401", r.header.Status)
	}
	r := s.signIn(a, "ada")
	if r.ContinuationToken == "" || !r.ContinuationTokenStatus.Reissued || len(r.InitRegistrations) != 1 ||
		r.OfflineStorage["ip_messaging"].StorageID == "" {
		t.Errorf("init: got %+v", r)
	}
	if r := s.call(header{Method: "init", Token: "x"}, ""); r.header.Status.Code != 400 {
		t.Errorf("a second init: got %+v, want 400", r.header.Status)
	}
	for method, want := range map[string]int{"telemetry.v1": 200, "ping": 200, "delete_notification_ctx": 200, "dance": 501,
		"put_notification_ctx": 400, "message": 400, "update": 401} {
		if r := s.call(header{Method: method}, ""); r.header.Status.Code != want {
			t.Errorf("%s: got %+v, want %d", method, r.header.Status, want)
		}
	}
	if r := s.call(header{Method: "put_notification_ctx", NotificationContextID: "x"}, `{"message_types":["a"]}`); r.header.Status.Code != 200 {
		t.Errorf("put_notification_ctx: got %+v", r.header.Status)
	}
	s.send(header{Method: "close"}, "")
	s.ended()
}

func TestContinuationTokenIsKept(t *testing.T) {
	a := newAccount(t)
	token, _ := a.IssueToken(a.WorkerSID("ada"), time.Hour)
	r := dial(t, a).call(header{Method: "init", Token: token, ContinuationToken: "CT1"}, "").header
	if r.ContinuationToken != "CT1" || r.ContinuationTokenStatus.Reissued {
		t.Errorf("got %q %+v", r.ContinuationToken, r.ContinuationTokenStatus)
	}
}

func TestBadFramesEndTheLink(t *testing.T) {
	s := dial(t, newAccount(t))
	if err := s.conn.Write(s.ctx, 2, []byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if f := s.read(); f.header.Method != "close" || f.header.Status.Code != 406 {
		t.Fatalf("got %+v, want close 406", f.header)
	}
	s.ended()
}

func TestAccountClosedEndsTheLink(t *testing.T) {
	a := newAccount(t)
	s := dial(t, a)
	s.signIn(a, "ada")
	_ = a.Close()
	s.ended()
}

func TestTokenTimes(t *testing.T) {
	clock := sandbox.NewManualClock(time.Time{})
	a := sandbox.New(sandbox.Options{Seed: 7, Clock: clock})
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	s := dial(t, a)
	s.signIn(a, "ada") // for an hour
	clock.Advance(57 * time.Minute)
	if f := s.read(); f.header.Method != "client_update" || f.header.ClientUpdateType != "token_about_to_expire" {
		t.Fatalf("after 57 minutes: got %+v", f.header)
	}
	token, _ := a.IssueToken(a.WorkerSID("ada"), time.Hour)
	if r := s.call(header{Method: "update", Token: token}, ""); r.header.Status.Code != 200 {
		t.Fatalf("update: %+v", r.header.Status)
	}
	clock.Advance(10 * time.Minute)
	s.http(200, "GET", aim+"/Configuration", "")
	clock.Advance(50 * time.Minute)
	s.read() // about to expire
	if f := s.read(); f.header.Method != "close" || f.header.Status.Code != 410 {
		t.Fatalf("got %+v, want close 410", f.header)
	}
}

func TestRevokedTokenEndsTheLink(t *testing.T) {
	a := newAccount(t)
	token, _ := a.IssueToken(a.WorkerSID("ada"), time.Hour)
	s := dial(t, a)
	s.call(header{Method: "init", Token: token}, "")
	a.RevokeToken(token)
	r := s.call(header{Method: "message", HTTPRequest: &httpRequest{Method: "GET", Host: "aim.us1.twilio.com",
		Path: "/Client/v2/Configuration"}}, "")
	if r.header.Status.Code != 401 || r.header.Status.ErrorCode != 20101 {
		t.Errorf("the request: got %+v", r.header.Status)
	}
	if f := s.read(); f.header.Method != "close" || f.header.Status.Code != 401 {
		t.Errorf("got %+v, want close 401", f.header)
	}
	s.ended()
}

func TestUpdateKeepsTheIdentity(t *testing.T) {
	a := newAccount(t)
	s := dial(t, a)
	s.signIn(a, "ada")
	token, _ := a.IssueToken(a.WorkerSID("bea"), time.Hour)
	if r := s.call(header{Method: "update", Token: token}, ""); r.header.Status.Code != 403 {
		t.Errorf("somebody else's token: got %+v", r.header.Status)
	}
	if v := s.http(200, "GET", aim+"/Configuration", ""); v["identity"] != "ada" {
		t.Errorf("it is now %v", v["identity"])
	}
}

func TestSupervisors(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	s := dial(t, a)
	s.signIn(a, "sam")
	in := aim + "/Conversations/" + c
	if v := s.http(200, "GET", in, ""); v["status"] != "notParticipating" {
		t.Errorf("status: %v", v["status"])
	}
	s.http(404, "GET", aim+"/MyConversations/"+c, "")
	s.http(404, "POST", aim+"/MyConversations/"+c, `{"last_read_message_index":0}`)
	s.http(201, "POST", in+"/Participants", `{"identity":"sam"}`)
	s.http(409, "POST", in+"/Participants", `{"identity":"sam"}`)
	s.http(200, "GET", aim+"/MyConversations/"+c, "")
	s.http(204, "DELETE", in+"/Participants/ada", "")
	s.http(404, "DELETE", in+"/Participants/ada", "")
}

func TestPagesGoBothWays(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	for range 6 { // 0 to 6
		rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"ada"}, "Body": {"x"}})
	}
	s := dial(t, a)
	s.signIn(a, "ada")
	page := func(query string) (indices string, previous, next any) {
		v := s.http(200, "GET", cds+"/v3/Lists/"+c+".messages/Items?"+query, "")
		for _, i := range v["items"].([]any) {
			indices += fmt.Sprint(i.(map[string]any)["index"])
		}
		meta := v["meta"].(map[string]any)
		return indices, meta["previous_token"], meta["next_token"]
	}
	for _, c := range []struct{ order, first, second string }{{"asc", "012", "345"}, {"desc", "654", "321"}} {
		got, previous, next := page("PageSize=3&Order=" + c.order)
		if got != c.first || previous != nil || next == nil {
			t.Fatalf("%s: first page %s, %v, %v", c.order, got, previous, next)
		}
		got, previous, _ = page("PageToken=" + next.(string))
		if got != c.second || previous == nil {
			t.Fatalf("%s: second page %s, %v", c.order, got, previous)
		}
		if got, _, _ = page("PageToken=" + previous.(string)); got != c.first {
			t.Errorf("%s: back on page %s", c.order, got)
		}
	}
	if got, _, _ := page("From=4&PageSize=2&Order=desc"); got != "43" {
		t.Errorf("from 4 down: %s", got)
	}
	if got, _, _ := page("Index=5"); got != "5" {
		t.Errorf("index 5: %s", got)
	}
}

func TestConversationRequests(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	s := dial(t, a)
	s.signIn(a, "ada")
	if v := s.http(200, "GET", aim+"/Configuration", ""); v["identity"] != "ada" {
		t.Errorf("Configuration: %v", v)
	}
	mine := s.http(200, "GET", aim+"/MyConversations", "")["conversations"].([]any)
	if len(mine) != 1 || mine[0].(map[string]any)["conversation_sid"] != c {
		t.Errorf("MyConversations: %v", mine)
	}
	in := aim + "/Conversations/" + c
	if v := s.http(200, "GET", in, ""); v["messages_count"] != 1.0 || v["participants_count"] != 2.0 || v["status"] != "joined" {
		t.Errorf("Conversations/{CH}: %v", v)
	}
	message := s.http(201, "POST", in+"/Messages", `{"body":"one","attributes":"{}"}`)
	if message["index"] != 1.0 || message["author"] != "ada" {
		t.Errorf("Messages: %v", message)
	}
	if v := s.http(200, "POST", in+"/Messages/"+message["sid"].(string), `{"body":"two"}`); v["body"] != "two" {
		t.Errorf("Messages/{IM}: %v", v)
	}
	list := s.http(200, "GET", in+"/Messages?Order=desc&PageSize=1", "")
	if m := list["messages"].([]any); len(m) != 1 || m[0].(map[string]any)["body"] != "two" {
		t.Errorf("Messages: %v", list)
	}
	next := list["meta"].(map[string]any)["next_token"].(string)
	if v := s.http(200, "GET", in+"/Messages?PageToken="+next, "")["messages"].([]any); v[0].(map[string]any)["body"] != "Hello" {
		t.Errorf("the next page: %v", v)
	}
	if v := s.http(200, "POST", aim+"/MyConversations/"+c, `{"last_read_message_index":0}`); v["unread_messages_count"] != 1.0 {
		t.Errorf("MyConversations/{CH}: %v", v)
	}
	if v := s.http(200, "GET", aim+"/MyConversations/"+c, ""); v["last_read_message_index"] != 0.0 {
		t.Errorf("MyConversations/{CH}: %v", v)
	}
	s.http(200, "POST", in, `{"attributes":"{\"a\":1}","friendly_name":"Shoes","unique_name":"shoes"}`)
	if v := s.http(200, "GET", aim+"/MyConversations/shoes", ""); v["friendly_name"] != "Shoes" || v["attributes"] != `{"a":1}` {
		t.Errorf("by unique name: %v", v)
	}
	if v := s.http(200, "GET", in+"/Participants", "")["participants"].([]any); len(v) != 2 {
		t.Errorf("Participants: %v", v)
	}
	s.http(200, "POST", in+"/Participants/ada", `{"attributes":"{\"b\":2}"}`)
	s.http(200, "GET", in+"/MessageRecipients", "")
	s.http(200, "GET", in+"/Messages/IM1/Receipts", "")
	if v := s.http(404, "GET", in+"/Messages/IM1/ChannelMetadata", ""); v["code"] != 50530.0 {
		t.Errorf("ChannelMetadata: %v", v)
	}
	if v := s.http(200, "POST", aim+"/Typing", "ChannelSid="+c); v["typing_timeout"] != 5.0 {
		t.Errorf("Typing: %v", v)
	}
	s.http(200, "POST", aim+"/Users/ada", `{"friendly_name":"Ada L."}`)
	if v := s.http(200, "GET", aim+"/Users/ada", ""); v["friendly_name"] != "Ada L." || v["is_online"] != true {
		t.Errorf("Users/{identity}: %v", v)
	}
	s.http(204, "DELETE", in+"/Participants/ada", "")
	s.http(403, "GET", in, "")
}

func TestRefusals(t *testing.T) {
	a := newAccount(t)
	ours, theirs := startWith(t, a, "ada"), startWith(t, a, "bea")
	s := dial(t, a)
	s.signIn(a, "ada")
	in, foreign := aim+"/Conversations/"+ours, aim+"/Conversations/"+theirs
	customer := a.Snapshot().Messages[ours][0].Author
	foreignMessage := a.Snapshot().Messages[ours][0].SID
	for _, c := range []struct {
		want                  int
		method, address, body string
	}{
		{404, "GET", "https://nowhere.twilio.com/v1", ""},
		{404, "GET", aim + "/Nothing", ""},
		{404, "GET", aim + "/Conversations/CH1", ""},
		{404, "GET", aim + "/Users/nobody", ""},
		{404, "GET", aim + "/MyConversations/CH1", ""},
		{400, "GET", aim + "/MyConversations?PageToken=x", ""},
		{403, "GET", foreign, ""},
		{403, "GET", foreign + "/Messages", ""},
		{403, "POST", foreign, `{"attributes":"{}"}`},
		{403, "POST", foreign + "/Messages", `{"body":"hello"}`},
		{403, "POST", foreign + "/Participants", `{"identity":"ada"}`},
		{403, "DELETE", foreign + "/Participants/bea", ""},
		{403, "POST", aim + "/Typing", "ChannelSid=" + theirs},
		{404, "POST", aim + "/Typing", "ChannelSid=CH1"},
		{403, "POST", aim + "/Users/bea", `{"friendly_name":"x"}`},
		{403, "POST", in + "/Participants", `{"identity":"bea"}`},
		{403, "DELETE", in + "/Participants/" + customer, ""},
		{403, "POST", in + "/Participants/" + customer, `{"attributes":"{}"}`},
		{403, "POST", in + "/Messages/" + foreignMessage, `{"body":"mine"}`},
		{404, "POST", in + "/Messages/IM1", `{"body":"mine"}`},
		{400, "POST", in + "/Messages", `{"media_sids":["ME1"]}`},
		{400, "POST", in + "/Messages", `{"body":7}`},
		{400, "POST", in + "/Messages", `{"body"`},
		{400, "POST", in, `{"attributes":"{"}`},
		{400, "POST", in, `{"attributes":"\"` + strings.Repeat("x", 17_000) + `\""}`},
		{400, "GET", in + "/Messages?Order=up", ""},
		{403, "GET", cds + "/v3/Documents/" + theirs + ".channel", ""},
		{403, "GET", cds + "/v3/Lists/" + theirs + ".messages/Items", ""},
		{403, "GET", cds + "/v3/Maps/" + sidOf("US", "bea") + ".convs/Items", ""},
		{403, "POST", cds + "/v3/Documents/" + ours + ".channel", `{"data":{}}`},
		{403, "PUT", cds + "/v3/Maps/" + ours + ".roster/Items/x", `{"data":{}}`},
		{404, "GET", cds + "/v3/Documents/x", ""},
		{404, "GET", cds + "/v3/Documents", ""},
		{404, "GET", cds + "/v3/Insights/tr-worker/Items", ""},
		{404, "GET", cds + "/v3/Lists/" + ours + ".messages/Items/99", ""},
		{400, "GET", cds + "/v3/Lists/" + ours + ".messages/Items?PageSize=0", ""},
		{400, "GET", cds + "/v3/Lists/" + ours + ".messages/Items?PageToken=x", ""},
		{400, "POST", cds + "/v4/Subscriptions", `{"action":"dance"}`},
	} {
		v := s.http(c.want, c.method, c.address, c.body)
		if v["status"] != float64(c.want) || v["message"] == "" || v["code"] == 0.0 {
			t.Errorf("%s %s: body %v", c.method, c.address, v)
		}
	}
}

func TestSharedObjects(t *testing.T) {
	a := newAccount(t)
	s := dial(t, a)
	s.signIn(a, "ada")
	s.http(201, "POST", cds+"/v3/Maps", `{"unique_name":"board"}`)
	s.http(409, "POST", cds+"/v3/Maps", `{"unique_name":"board"}`)
	sid := s.subscribe(kindMap, "board", -1)
	s.http(412, "PUT", cds+"/v3/Maps/board/Items/a", `{"data":{"x":1}}`, "If-Match", "3")
	s.http(201, "PUT", cds+"/v3/Maps/board/Items/a", `{"data":{"x":1}}`, "If-Match", "-1")
	s.http(200, "PUT", cds+"/v3/Maps/board/Items/a", `{"data":{"x":2}}`, "If-Match", "0")
	s.http(400, "PUT", cds+"/v3/Maps/board/Items/b", `{"ttl":5}`)
	s.http(404, "POST", cds+"/v3/Maps/board/Items/b", `{"ttl":5}`)
	if e := s.hear("map_item_added"); e["item_key"] != "a" || e["map_sid"] != sid {
		t.Errorf("added: %v", e)
	}
	if e := s.hear("map_item_updated"); e["item_data"].(map[string]any)["x"] != 2.0 {
		t.Errorf("updated: %v", e)
	}
	s.http(200, "DELETE", cds+"/v3/Maps/board/Items/a", "")
	s.hear("map_item_removed")
	s.http(204, "DELETE", cds+"/v3/Maps/board", "")
	s.hear("map_removed")
	s.http(404, "GET", cds+"/v3/Maps/board", "")
	s.http(201, "POST", cds+"/v3/Documents", `{"unique_name":"d"}`)
	s.http(412, "POST", cds+"/v3/Documents/d", `{"data":{"y":1}}`, "If-Match", "7")
	if v := s.http(200, "POST", cds+"/v3/Documents/d", `{"data":{"y":1}}`); v["revision"] != "1" {
		t.Errorf("document: %v", v)
	}
	s.http(201, "POST", cds+"/v3/Lists", `{}`)
	s.http(201, "POST", "https://ers.us1.twilio.com/v1/registrations", `{}`)
	s.http(200, "POST", "https://flex-sdk.twilio.com/v1/Telemetry/Events", `{}`)
	s.http(404, "GET", "https://flex-sdk.twilio.com/v1/Telemetry/Events", "")
	s.http(204, "DELETE", "https://ers.us1.twilio.com/v1/registrations/BS1", "")
}
