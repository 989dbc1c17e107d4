package twilsock

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// patience bounds each wait; none takes so long when all is well, even on a machine that does much else.
const patience = 2 * time.Minute

func newAccount(t testing.TB) *sandbox.Account {
	t.Helper()
	a := sandbox.New(sandbox.Options{Seed: 7, Limits: &sandbox.Limits{}})
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	return a
}

// fuzzLink is a link without a socket, signed in and in a conversation.
func fuzzLink(t testing.TB) (*hub, *link) {
	a := newAccount(t)
	c := startWith(t, a, "ada")
	h := newHub(a, quiet())
	l := newLink(h, nil)
	l.cut = func() {}
	token, err := a.IssueToken(a.WorkerSID("ada"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.FlexSession(token)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l.session, l.token, l.signedIn = s, token, true
	h.join(l)
	if h.conversations[c] == nil {
		t.Fatal("the conversation is not known")
	}
	return h, l
}

// startWith makes a conversation of a customer and workers.
func startWith(t testing.TB, a *sandbox.Account, identities ...string) string {
	t.Helper()
	started, err := a.StartConversation(sandbox.Customer{Name: "Cleo"}, "Hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, identity := range identities {
		bring(t, a, started.ConversationSID, identity)
	}
	return started.ConversationSID
}

func bring(t testing.TB, a *sandbox.Account, conversation, identity string) {
	t.Helper()
	_, err := a.ServeSDK(sandbox.SDKRequest{Method: "POST", Path: "/v1/Conversations/" + conversation + "/Participants",
		Form: url.Values{"Identity": {identity}}, ConversationSID: conversation, Overseer: true})
	if err != nil {
		t.Fatal(err)
	}
}

// sdk is the other end of a link.
type sdk struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
	n    int
	told []frame  // notifications that came meanwhile
	past []string // the events of those that were heard
}

func dial(t *testing.T, a *sandbox.Account) *sdk {
	t.Helper()
	server := httptest.NewServer(New(a, nil))
	t.Cleanup(server.Close)
	return dialTo(t, server)
}

func dialTo(t *testing.T, server *httptest.Server) *sdk {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(server.URL, "http")+"/v3/wsconnect", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return &sdk{t: t, conn: conn, ctx: ctx}
}

var allTypes = []string{"twilio.sync.event", "com.twilio.rtd.cds.document", "com.twilio.rtd.cds.list", "com.twilio.rtd.cds.map", typingType}

func (s *sdk) signIn(a *sandbox.Account, worker string) header {
	s.t.Helper()
	token, err := a.IssueToken(a.WorkerSID(worker), time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	r := s.call(header{Method: "init", Token: token,
		Registrations: []registration{{Product: "ip_messaging", Type: "ers", MessageTypes: allTypes}}}, "").header
	if r.Status.Code != 200 {
		s.t.Fatalf("init: %+v", r.Status)
	}
	return r
}

func (s *sdk) send(h header, payload string) string {
	s.t.Helper()
	s.n++
	h.ID = fmt.Sprintf("TM%d", s.n)
	if err := s.conn.Write(s.ctx, websocket.MessageBinary, frame{h, []byte(payload)}.encode()); err != nil {
		s.t.Fatal(err)
	}
	return h.ID
}

func (s *sdk) read() frame {
	s.t.Helper()
	_, data, err := s.conn.Read(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := parseFrame(data)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// call sends a frame and returns its reply.
func (s *sdk) call(h header, payload string) frame {
	s.t.Helper()
	id := s.send(h, payload)
	for {
		f := s.read()
		if f.header.Method == "reply" && f.header.ID == id {
			return f
		}
		s.told = append(s.told, f)
	}
}

// http makes a request, and checks its status.
func (s *sdk) http(want int, method, address, body string, headers ...string) map[string]any {
	s.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		s.t.Fatal(err)
	}
	q := &httpRequest{Host: u.Host, Path: u.EscapedPath(), Method: method, Params: map[string]any{}, Headers: map[string]string{}}
	for name, v := range u.Query() {
		q.Params[url.QueryEscape(name)] = url.QueryEscape(v[0])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Headers[headers[i]] = headers[i+1]
	}
	f := s.call(header{Method: "message", HTTPRequest: q}, body)
	if f.header.HTTPStatus == nil || f.header.HTTPStatus.Code != want {
		s.t.Fatalf("%s %s: got %+v %s, want %d", method, address, f.header.HTTPStatus, f.payload, want)
	}
	var v map[string]any
	if len(f.payload) > 0 {
		if err := json.Unmarshal(f.payload, &v); err != nil {
			s.t.Fatal(err)
		}
	}
	return v
}

// hear returns the next notification of an event type, or of a message type without events.
func (s *sdk) hear(name string) map[string]any {
	s.t.Helper()
	for {
		var f frame
		if len(s.told) > 0 {
			f, s.told = s.told[0], s.told[1:]
		} else {
			f = s.read()
		}
		var v map[string]any
		if f.header.Method != "notification" || json.Unmarshal(f.payload, &v) != nil {
			continue
		}
		if event, is := v["event_type"].(string); is {
			s.past = append(s.past, event)
		}
		if f.header.MessageType == name {
			return v
		}
		if v["event_type"] == name {
			event, _ := v["event"].(map[string]any)
			return event
		}
	}
}

// ended waits until the account's side has closed the socket.
func (s *sdk) ended() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if _, _, err := s.conn.Read(ctx); err == nil || ctx.Err() != nil {
		s.t.Fatalf("the socket is still open: %v", err)
	}
}

// count says how many of the events that were heard have a name.
func (s *sdk) count(name string) (n int) {
	for _, event := range s.past {
		if event == name {
			n++
		}
	}
	return n
}

// subscribe subscribes to an object since an event (-1: what it is now), and returns once the subscription is there: the
// answer to the request comes before it.
func (s *sdk) subscribe(k kind, name string, since int64) (sid string) {
	s.t.Helper()
	o := s.http(200, "GET", "https://cds.us1.twilio.com/v3/"+k.collection()+"/"+name, "")
	if since < 0 {
		since = int64(o["last_event_id"].(float64))
	}
	s.n++
	s.http(200, "POST", "https://cds.us1.twilio.com/v4/Subscriptions", fmt.Sprintf(
		`{"action":"establish","correlation_id":%d,"requests":[{"object_sid":%q,"object_type":%q,"last_event_id":%d}]}`,
		s.n, o["sid"], k, since))
	for {
		f := s.read()
		s.told = append(s.told, f)
		var v struct {
			Type          string `json:"event_type"`
			CorrelationID int    `json:"correlation_id"`
		}
		if f.header.MessageType == subscriptionType && json.Unmarshal(f.payload, &v) == nil &&
			v.Type == "subscription_established" && v.CorrelationID == s.n-1 {
			return o["sid"].(string)
		}
	}
}

const aim = "https://aim.us1.twilio.com/Client/v2"
const cds = "https://cds.us1.twilio.com"

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
