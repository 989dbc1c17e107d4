package twilsock

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// rest changes a conversation as the account does by REST.
func rest(t *testing.T, a *sandbox.Account, method, conversation, path string, form url.Values) {
	t.Helper()
	_, err := a.ServeSDK(sandbox.SDKRequest{Method: method, Path: "/v1/Conversations/" + conversation + path, Form: form,
		ConversationSID: conversation, Overseer: true})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsOfAConversation(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	s := dial(t, a)
	s.signIn(a, "ada")
	document := s.subscribe(kindDocument, c+".channel", -1)
	s.subscribe(kindMap, c+".roster", -1)
	list := s.subscribe(kindList, c+".messages", -1)
	if e := s.hear("subscription_established"); e["replay_status"] != "completed" || e["object_sid"] != document {
		t.Errorf("established: %v", e)
	}

	rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"ada"}, "Body": {"live"}})
	if e := s.hear("list_item_added"); e["item_index"] != 1.0 || e["list_sid"] != list || e["item_data"].(map[string]any)["text"] != "live" {
		t.Errorf("message: %v", e)
	}
	if e := s.hear("document_updated"); e["document_data"].(map[string]any)["lastMessage"].(map[string]any)["index"] != 1.0 {
		t.Errorf("last message: %v", e)
	}
	rest(t, a, "POST", c, "/Participants", url.Values{"Identity": {"bea"}})
	if e := s.hear("map_item_added"); e["item_data"].(map[string]any)["identity"] != "bea" {
		t.Errorf("joined: %v", e)
	}
	rest(t, a, "DELETE", c, "/Participants/bea", nil)
	if e := s.hear("map_item_removed"); e["item_data"].(map[string]any)["identity"] != "bea" {
		t.Errorf("left: %v", e)
	}
	rest(t, a, "POST", c, "", url.Values{"State": {"closed"}})
	for {
		e := s.hear("document_updated")
		if e["document_data"].(map[string]any)["state"].(map[string]any)["current"] == "closed" {
			break
		}
	}
	rest(t, a, "DELETE", c, "", nil)
	for _, name := range []string{"list_removed", "map_removed", "document_removed"} {
		s.hear(name)
	}
}

func TestResumeTellsWhatWasMissed(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada", "bea")
	server := httptest.NewServer(New(a, nil))
	t.Cleanup(server.Close)
	first := dialTo(t, server)
	first.signIn(a, "ada")
	since := map[kind]int64{}
	names := map[kind]string{kindDocument: c + ".channel", kindMap: c + ".roster", kindList: c + ".messages"}
	for k, name := range names {
		since[k] = int64(first.http(200, "GET", cds+"/v3/"+k.collection()+"/"+name, "")["last_event_id"].(float64))
	}
	_ = first.conn.CloseNow()
	rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"bea"}, "Body": {"missed"}})
	rest(t, a, "DELETE", c, "/Participants/bea", nil)
	rest(t, a, "POST", c, "", url.Values{"Attributes": {`{"x":1}`}})

	s := dialTo(t, server)
	s.signIn(a, "ada")
	s.subscribe(kindList, names[kindList], since[kindList])
	if e := s.hear("list_item_added"); e["item_data"].(map[string]any)["text"] != "missed" {
		t.Errorf("message: %v", e)
	}
	s.subscribe(kindMap, names[kindMap], since[kindMap])
	s.hear("map_item_removed")
	s.subscribe(kindDocument, names[kindDocument], since[kindDocument])
	if e := s.hear("document_updated"); e["document_data"].(map[string]any)["attributes"] != `{"x":1}` {
		t.Errorf("attributes: %v", e)
	}
	s.subscribe(kindList, names[kindList], -1) // nothing was missed
	for {
		e := s.hear("subscription_established")
		if e["object_type"] == "list" {
			break
		}
	}
	if s.count("list_item_added") != 1 || s.count("map_item_removed") != 1 || s.count("document_updated") != 1 {
		t.Errorf("more than was missed: %v", s.past)
	}
}

func TestStateIsDatedByItself(t *testing.T) {
	a := newAccount(t)
	h := newHub(a, quiet())
	v := sandbox.Conversation{SID: "CH1", State: "active", DateUpdated: "2025-01-01T00:00:00Z"}
	h.setConversation(v)
	before := string(h.objects["document:CH1.channel"].data)
	v.DateUpdated = "2025-01-02T00:00:00Z"
	h.setConversation(v)
	const since = `"state":{"current":"active","dateUpdated":"2025-01-01T00:00:00Z"}`
	if after := string(h.objects["document:CH1.channel"].data); !strings.Contains(before, since) || !strings.Contains(after, since) {
		t.Errorf("a change of something else dates the state: %s", after)
	}
}

func TestRemovedAgentHearsNoMore(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada", "bea")
	server := httptest.NewServer(New(a, nil))
	t.Cleanup(server.Close)
	ada, bea := dialTo(t, server), dialTo(t, server)
	ada.signIn(a, "ada")
	bea.signIn(a, "bea")
	list := ada.subscribe(kindList, c+".messages", -1)
	ada.subscribe(kindMap, sidOf("US", "ada")+".convs", -1)
	bea.subscribe(kindList, c+".messages", -1)
	rest(t, a, "DELETE", c, "/Participants/ada", nil)
	if e := ada.hear("map_item_removed"); e["item_key"] != c {
		t.Errorf("removed: %v", e)
	}
	rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"bea"}, "Body": {"secret"}})
	bea.hear("list_item_added")
	ada.http(200, "POST", cds+"/v4/Subscriptions", fmt.Sprintf(
		`{"action":"establish","correlation_id":9,"requests":[{"object_sid":%q,"object_type":"list","last_event_id":0}]}`, list))
	if e := ada.hear("subscription_failed"); e["error"].(map[string]any)["status"] != 403.0 {
		t.Errorf("subscribing again: %v", e)
	}
	if ada.count("list_item_added") > 0 {
		t.Errorf("heard %v", ada.past)
	}
}

func TestTypingReachesTheOthersOnly(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada", "bea")
	server := httptest.NewServer(New(a, nil))
	t.Cleanup(server.Close)
	ada, bea, chidi := dialTo(t, server), dialTo(t, server), dialTo(t, server)
	for worker, s := range map[string]*sdk{"ada": ada, "bea": bea, "chidi": chidi} {
		s.signIn(a, worker)
	}
	ada.http(200, "POST", aim+"/Typing", "ChannelSid="+c)
	if v := bea.hear(typingType); v["identity"] != "ada" || v["channel_sid"] != c || v["typing_timeout"] != 5.0 {
		t.Errorf("typing: %v", v)
	}
	for _, s := range []*sdk{ada, chidi} {
		if s.http(200, "GET", aim+"/Configuration", ""); len(s.told) > 0 {
			t.Errorf("somebody else heard %s", s.told[0].payload)
		}
	}
}

func TestCancelEndsASubscription(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	s := dial(t, a)
	s.signIn(a, "ada")
	sid := s.subscribe(kindList, c+".messages", -1)
	s.http(200, "POST", cds+"/v4/Subscriptions", fmt.Sprintf(
		`{"action":"cancel","correlation_id":9,"requests":[{"object_sid":%q,"object_type":"list"}]}`, sid))
	s.hear("subscription_canceled")
	rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"ada"}, "Body": {"x"}})
	if s.http(200, "GET", aim+"/Configuration", ""); len(s.told) > 0 {
		t.Errorf("heard %s", s.told[0].payload)
	}
}

func TestOnlyWantedTypesArePushed(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada", "bea")
	server := httptest.NewServer(New(a, nil))
	t.Cleanup(server.Close)
	token, _ := a.IssueToken(a.WorkerSID("ada"), time.Hour)
	ada, bea := dialTo(t, server), dialTo(t, server)
	ada.call(header{Method: "init", Token: token}, "")
	bea.signIn(a, "bea")
	bea.http(200, "POST", aim+"/Typing", "ChannelSid="+c)
	if ada.http(200, "GET", aim+"/Configuration", ""); len(ada.told) > 0 {
		t.Fatalf("heard %s without having asked", ada.told[0].payload)
	}
	ada.call(header{Method: "put_notification_ctx", NotificationContextID: "mine"}, `{"message_types":["`+typingType+`"]}`)
	bea.http(200, "POST", aim+"/Typing", "ChannelSid="+c)
	if f := ada.read(); f.header.NotificationContextID != "mine" || f.header.MessageType != typingType {
		t.Errorf("got %+v", f.header)
	}
}

func TestResetTakesConversationsAway(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	s := dial(t, a)
	s.signIn(a, "ada")
	s.subscribe(kindMap, sidOf("US", "ada")+".convs", -1)
	s.subscribe(kindList, c+".messages", -1)
	if err := a.Reset(); err != nil {
		t.Fatal(err)
	}
	if e := s.hear("map_item_removed"); e["item_key"] != c {
		t.Errorf("removed: %v", e)
	}
	s.hear("list_removed")
}

// A reader that does not read is cut off, and holds nobody up.
func TestSlowLinkIsCut(t *testing.T) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	h := newHub(a, quiet())
	l := newLink(h, nil)
	cut := 0
	l.cut = func() { cut++ }
	h.mu.Lock()
	l.session.Identity, l.contexts["x"] = "ada", allTypes
	h.join(l)
	h.watch(l, h.object(kindList, c+".messages"))
	h.mu.Unlock()
	for range queueLength + 1 {
		rest(t, a, "POST", c, "/Messages", url.Values{"Author": {"ada"}, "Body": {"x"}})
	}
	if len(l.out) != queueLength || cut == 0 {
		t.Errorf("%d frames wait, cut %d times", len(l.out), cut)
	}
}
