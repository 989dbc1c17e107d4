package flexui

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// patience bounds each wait; none takes so long when all is well, even on a machine that does much else.
const patience = 2 * time.Minute

// lab is a served account, and a client that finds it under Twilio's names and verifies its certificate.
type lab struct {
	t       *testing.T
	account *sandbox.Account
	server  *Server
	client  *http.Client
	token   string // Ada's
}

func newLab(t *testing.T, o Options) *lab {
	t.Helper()
	account := sandbox.New(sandbox.Options{Seed: 7})
	t.Cleanup(func() { _ = account.Close() })
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bea", "chidi"} { // so that what is routed comes to Ada
		if _, err := account.SetActivity(account.WorkerSID(name), account.ActivitySID("Unavailable")); err != nil {
			t.Fatal(err)
		}
	}
	server, err := New(account, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(server.Authority()) {
		t.Fatal("the authority is not a certificate")
	}
	l := &lab{t: t, account: account, server: server}
	l.client = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, server.Address())
			}}}
	l.token = l.tokenOf("ada")
	return l
}

func (l *lab) tokenOf(name string) string {
	l.t.Helper()
	token, err := l.account.IssueToken(l.account.WorkerSID(name), time.Hour)
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

type reply struct {
	status int
	header http.Header
	body   string
}

// json reads the body, whose keys are then at hand.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	return v
}

// ask sends a request; headers come in pairs.
func (l *lab) ask(method, address, body string, headers ...string) reply {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, address, bytes.NewBufferString(body))
	if err != nil {
		l.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := l.client.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return reply{status: res.StatusCode, header: res.Header, body: string(text)}
}

// basic is how Flex shows its token, stray parenthesis and all.
func basic(token string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("token:"+token)) + ")"}
}

// call is a remote call of whom the token is of.
func (l *lab) call(token, method, path string, params object) reply {
	l.t.Helper()
	body, err := json.Marshal(object{"url": path, "method": method, "params": params, "token": token})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.ask(http.MethodPost, "https://event-bridge.twilio.com/v1/wschannels", string(body), "Content-Type", "application/json")
}

// must is a call that is answered, and its payload.
func (l *lab) must(token, method, path string, params object) map[string]any {
	l.t.Helper()
	r := l.call(token, method, path, params)
	if r.status != http.StatusOK {
		l.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	payload, _ := r.json(l.t)["payload"].(map[string]any)
	return payload
}

func (l *lab) ws(path string, args ...any) string {
	return "Workspaces/" + l.account.WorkspaceSID() + "/" + fmt.Sprintf(path, args...)
}

// window is the event bridge of one Flex window.
type window struct {
	t    *testing.T
	conn *websocket.Conn
}

type bridgeEvent struct {
	Kind    string         `json:"event_type"`
	Payload map[string]any `json:"payload"`
}

func (l *lab) connect(token string) *window {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	client := &http.Client{Transport: l.client.Transport}
	conn, _, err := websocket.Dial(ctx, "wss://event-bridge.twilio.com/v1/wschannels?token="+url.QueryEscape(token),
		&websocket.DialOptions{HTTPClient: client})
	if err != nil {
		l.t.Fatal(err)
	}
	conn.SetReadLimit(maxBody)
	l.t.Cleanup(func() { _ = conn.CloseNow() })
	return &window{t: l.t, conn: conn}
}

// frame reads the next frame.
func (w *window) frame() (string, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	_, text, err := w.conn.Read(ctx)
	return string(text), err
}

// until reads events until one of that kind comes, and returns it and the kinds before it.
func (w *window) until(kind string) (map[string]any, []string) {
	w.t.Helper()
	var before []string
	for {
		text, err := w.frame()
		if err != nil {
			w.t.Fatalf("waiting for %s after %v: %v", kind, before, err)
		}
		var e bridgeEvent
		if text == " " {
			continue
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			w.t.Fatalf("%q: %v", text, err)
		}
		if e.Kind == kind {
			return e.Payload, before
		}
		before = append(before, e.Kind)
	}
}

// begin lets a customer write, and returns what was made of it and the reservation for Ada.
func (l *lab) begin() (sandbox.StartedConversation, sandbox.FlexReservation) {
	l.t.Helper()
	started, err := l.account.StartConversation(sandbox.Customer{Name: "Carla"}, "Hello")
	if err != nil {
		l.t.Fatal(err)
	}
	list := l.account.FlexReservations(l.account.WorkerSID("ada"))
	if len(list) != 1 {
		l.t.Fatalf("Ada has %d reservations", len(list))
	}
	return started, list[0]
}

// inviteOf is the address of the invite that a reservation answers.
func inviteOf(t *testing.T, r sandbox.FlexReservation) string {
	t.Helper()
	var a struct {
		Interaction string `json:"flexInteractionSid"`
		Channel     string `json:"flexInteractionChannelSid"`
		Invite      string `json:"flexChannelInviteSid"`
	}
	if err := json.Unmarshal([]byte(r.Task.Attributes), &a); err != nil {
		t.Fatal(err)
	}
	return "v1/Interactions/" + a.Interaction + "/Channels/" + a.Channel + "/Invites/" + a.Invite
}

func answerOf(action string, r sandbox.FlexReservation) object {
	return object{"action": action, "routing": object{"type": "taskrouter", "reservation": object{"sid": r.SID}}}
}
