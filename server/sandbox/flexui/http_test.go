package flexui

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

func TestOptionsThatAreWrong(t *testing.T) {
	account := sandbox.New(sandbox.Options{Seed: 1})
	defer account.Close()
	for name, o := range map[string]Options{
		"Listen":     {Listen: "0.0.0.0:0"},
		"Plugins[1]": {Plugins: []Plugin{{Name: "a", Src: "/a.js"}, {Name: "b"}}},
		"StateDir":   {StateDir: "/dev/null/x"},
	} {
		if server, err := New(account, o); err == nil {
			_ = server.Close()
			t.Errorf("%s: taken", name)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error does not name it: %v", name, err)
		}
	}
}

func TestAuthorityIsKept(t *testing.T) {
	dir := t.TempDir()
	first := newLab(t, Options{StateDir: dir})
	second := newLab(t, Options{StateDir: dir})
	if first.server.SPKI() != second.server.SPKI() || string(first.server.Authority()) != string(second.server.Authority()) {
		t.Error("the authority of one folder is another after a restart")
	}
	if other := newLab(t, Options{}); other.server.SPKI() == first.server.SPKI() {
		t.Error("an authority in memory is the same as that of a folder")
	}
	// What Chromium is told is the hash of the key that is shown to it.
	conn, err := tls.Dial("tcp", first.server.Address(), &tls.Config{InsecureSkipVerify: true, ServerName: "flex-api.twilio.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hash := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	if got := base64.StdEncoding.EncodeToString(hash[:]); got != first.server.SPKI() || !slices.Contains(first.server.ChromiumFlags(), "--ignore-certificate-errors-spki-list="+got) {
		t.Errorf("SPKI %s, shown %s", first.server.SPKI(), got)
	}
}

func TestCertificateIsGoodForTheNamesThatFlexAsks(t *testing.T) {
	l := newLab(t, Options{})
	for _, host := range []string{"flex-api.twilio.com", "tsock.us1.twilio.com", "assets.flex.twilio.com", "media.twiliocdn.com", "127.0.0.1", "localhost"} {
		l.ask(http.MethodGet, "https://"+host+"/nothing", "") // fails the test where the certificate is not good
	}
}

func TestConfiguration(t *testing.T) {
	l := newLab(t, Options{Language: "de-DE", UIAttributes: map[string]any{"custom_data": map[string]any{"serverless": "x"}}})
	const address = "https://flex-api.twilio.com/v1/Configuration?UiVersion=2.17.1"
	if r := l.ask(http.MethodGet, address, ""); r.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", r.status)
	}
	got := l.ask(http.MethodGet, address, "", basic(l.token)...).json(t)
	for key, want := range map[string]any{
		"account_sid": l.account.AccountSID(), "taskrouter_workspace_sid": l.account.WorkspaceSID(), "ui_language": "de-DE",
		"flex_instance_sid": l.account.InstanceSID(), "chat_service_instance_sid": l.account.ChatServiceSID(),
		"taskrouter_offline_activity_sid": l.account.ActivitySID("Offline"), "ui_version": "2.17.1",
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	attributes := got["ui_attributes"].(map[string]any)
	if attributes["version_compatibility"] != "yes" || attributes["custom_data"] == nil {
		t.Errorf("ui_attributes: %v", attributes)
	}
	public := l.ask(http.MethodGet, "https://flex-api.twilio.com/v1/Configuration/Public?AccountSid="+l.account.AccountSID(), "").json(t)
	if list := public["configurations"].([]any); list[0].(map[string]any)["account_sid"] != l.account.AccountSID() {
		t.Errorf("public: %v", public)
	}
}

func TestTokens(t *testing.T) {
	l := newLab(t, Options{TokenLifetime: 2 * time.Hour})
	info := func(token string) reply {
		return l.ask(http.MethodPost, "https://flex-api.twilio.com/v1/Accounts/"+l.account.AccountSID()+"/Tokens/Info",
			url.Values{"Token": {token}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	refresh := func(token string) reply {
		body, _ := json.Marshal(map[string]string{"token": token})
		return l.ask(http.MethodPost, "https://iam.twilio.com/v1/Accounts/"+l.account.AccountSID()+"/Tokens/refresh", string(body))
	}
	got := info(l.token).json(t)
	if got["valid"] != true || got["identity"] != "ada" || got["worker_sid"] != l.account.WorkerSID("ada") ||
		got["roles"].([]any)[0] != "agent" || !strings.HasPrefix(got["flex_user_sid"].(string), "FU") {
		t.Errorf("info: %v", got)
	}
	renewed := refresh(l.token).json(t)
	if renewed["token"] == l.token || info(renewed["token"].(string)).json(t)["identity"] != "ada" {
		t.Errorf("refreshed: %v", renewed)
	}
	l.account.RevokeToken(l.token)
	if r := info(l.token); r.status != http.StatusUnauthorized {
		t.Errorf("info of a revoked token: %d %s", r.status, r.body)
	}
	if r := refresh(l.token); r.status != http.StatusUnauthorized {
		t.Errorf("a revoked token is refreshed: %d %s", r.status, r.body)
	}
	if r := l.ask(http.MethodPost, "https://iam.twilio.com/v1/Accounts/AC/Tokens/refresh", "{"); r.status != http.StatusBadRequest {
		t.Errorf("broken body: %d", r.status)
	}
}

func TestWhatElseFlexAsks(t *testing.T) {
	l := newLab(t, Options{Plugins: []Plugin{{Name: "TransferPlugin", Version: "1.2.3", Src: "/transfer.js"}}})
	jwe := []string{"X-Flex-Jwe", l.token}
	session := l.ask(http.MethodGet, "https://flex.twilio.com/api/v1/Session", "", jwe...).json(t)
	if session["features"] == nil || session["insights_active"] != false {
		t.Errorf("session: %v", session)
	}
	if f := l.ask(http.MethodGet, "https://flex.twilio.com/api/v1/Features/some-flag", "", jwe...).json(t); f["enabled"] != false {
		t.Errorf("feature: %v", f)
	}
	for _, address := range []string{l.server.URL() + "/plugins?roles=agent", "https://flex.twilio.com/plugins"} {
		var list []map[string]any
		if err := json.Unmarshal([]byte(l.ask(http.MethodGet, address, "", jwe...).body), &list); err != nil || len(list) != 1 ||
			list[0]["name"] != "TransferPlugin" || list[0]["version"] != "1.2.3" || list[0]["src"] != "/transfer.js" || list[0]["phase"] != 3.0 {
			t.Errorf("plugins: %v %v", list, err)
		}
		if r := l.ask(http.MethodGet, address, ""); r.status != http.StatusUnauthorized {
			t.Errorf("plugins without a token: %d", r.status)
		}
	}
	for _, name := range []string{"countries", "flagPositions"} {
		if r := l.ask(http.MethodGet, "https://assets.flex.twilio.com/assets/"+name+".json", ""); r.body != "[]" {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if s := l.ask(http.MethodGet, "https://status.twilio.com/api/v2/summary.json", "").json(t); len(s["components"].([]any)) == 0 {
		t.Errorf("status: %v", s)
	}
	if p := l.ask(http.MethodGet, "https://flex-api.twilio.com/v1/account/provision/status", "", basic(l.token)...).json(t); p["status"] == nil {
		t.Errorf("provisioning: %v", p)
	}
	if c := l.ask(http.MethodGet, "https://flex-api.twilio.com/v1/Instances/"+l.account.InstanceSID()+"/Teams/Context", "", basic(l.token)...).json(t); c["team_setup_complete"] != false {
		t.Errorf("teams: %v", c)
	}
	if r := l.ask(http.MethodGet, "https://media.twiliocdn.com/sdk/js/client/sounds/x.mp3", ""); r.header.Get("Content-Type") != "audio/wav" || len(r.body) != 44+800 {
		t.Errorf("sound: %v, %d bytes", r.header, len(r.body))
	}
	if r := l.ask(http.MethodPost, "https://flex.twilio.com/logs/batch", "[]"); r.status != http.StatusNoContent {
		t.Errorf("logs: %d", r.status)
	}
	if got := l.server.Unanswered(); len(got) != 0 {
		t.Errorf("unanswered: %v", got)
	}
}

func TestCrossOrigin(t *testing.T) {
	l := newLab(t, Options{})
	const address, origin = "https://flex-api.twilio.com/v1/Configuration", "https://127.0.0.1:1234"
	pre := l.ask(http.MethodOptions, address, "", "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,x-twilio")
	real := l.ask(http.MethodGet, address, "", append(basic(l.token), "Origin", origin)...)
	for name, r := range map[string]reply{"preflight": pre, "request": real} {
		if r.header.Get("Access-Control-Allow-Origin") != origin || r.header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s: %v", name, r.header)
		}
	}
	if pre.status != http.StatusNoContent || pre.header.Get("Access-Control-Allow-Headers") != "authorization,x-twilio" {
		t.Errorf("preflight: %d %v", pre.status, pre.header)
	}
	if r := l.ask(http.MethodGet, l.server.URL()+"/", "", "Origin", "https://evil.example"); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another page may read the page's own host, which signs anybody in")
	}
}

func TestSigningIn(t *testing.T) {
	l := newLab(t, Options{})
	r := l.ask(http.MethodGet, l.server.URL()+"/as/sam", "")
	to, err := url.Parse(r.header.Get("Location"))
	if r.status != http.StatusFound || err != nil {
		t.Fatalf("%d %v %v", r.status, r.header, err)
	}
	q := to.Query()
	session, err := l.account.FlexSession(q.Get("Token"))
	if err != nil || session.WorkerSID != l.account.WorkerSID("sam") || q.Get("Identity") != "sam" || q.Get("Roles") != "supervisor" {
		t.Errorf("signed in: %v %v %v", q, session, err)
	}
	if until, err := time.Parse(time.RFC3339, q.Get("Expiration")); err != nil || time.Until(until) < 11*time.Hour {
		t.Errorf("expiration: %v %v", q.Get("Expiration"), err)
	}
	if r := l.ask(http.MethodGet, l.server.URL()+"/as/nobody", ""); r.status != http.StatusNotFound {
		t.Errorf("an unknown worker: %d", r.status)
	}
	if r := l.ask(http.MethodGet, l.server.URL()+"/", ""); !strings.Contains(r.body, `href="/as/ada"`) || strings.Contains(r.body, "runDefault") {
		t.Errorf("page without a token: %s", r.body)
	}
	if r := l.ask(http.MethodGet, l.server.URL()+to.String(), ""); !strings.Contains(r.body, "<title>sam · ") {
		t.Errorf("the window does not say whose it is: %s", r.body)
	}
	for _, path := range []string{to.String(), "/agent-desktop"} {
		r := l.ask(http.MethodGet, l.server.URL()+path, "")
		if !strings.Contains(r.body, `"accountSid":"`+l.account.AccountSID()+`"`) || !strings.Contains(r.body, "runDefault") ||
			!strings.Contains(r.body, `content="no-referrer"`) {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

func TestAForeignNameIsNotThePagesHost(t *testing.T) {
	l := newLab(t, Options{})
	r := httptest.NewRequest(http.MethodGet, "https://evil.example/as/ada", nil)
	w := httptest.NewRecorder()
	l.server.ServeHTTP(w, r)
	if w.Code != http.StatusNotFound || w.Header().Get("Location") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestPagesAndWhatNobodyImitates(t *testing.T) {
	l := newLab(t, Options{Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("mine " + r.URL.Path)) })})
	if r := l.ask(http.MethodGet, l.server.URL()+"/transfer.js", ""); r.body != "mine /transfer.js" {
		t.Errorf("Pages: %s", r.body)
	}
	if r := l.ask(http.MethodGet, l.server.URL()+"/flex-ui.js", ""); r.status != http.StatusNotFound || !strings.Contains(r.body, "bundle") {
		t.Errorf("a missing bundle: %d %s", r.status, r.body)
	}
	for range 2 {
		if r := l.ask(http.MethodPost, "https://insights.twilio.com/v9/New", "{}"); r.status != http.StatusNotFound {
			t.Errorf("unknown host: %d", r.status)
		}
	}
	if r := l.ask(http.MethodGet, "https://preview.twilio.com/New", ""); r.status != http.StatusNotFound {
		t.Errorf("unknown host: %d", r.status)
	}
	want := []string{"POST insights.twilio.com/v9/New", "GET preview.twilio.com/New"}
	if got := l.server.Unanswered(); !slices.Equal(got, want) {
		t.Errorf("unanswered: %v, want %v", got, want)
	}
}

func TestRESTIsThereToo(t *testing.T) {
	l := newLab(t, Options{})
	key := "Basic " + base64.StdEncoding.EncodeToString([]byte(l.account.AccountSID()+":"+l.account.AuthToken()))
	r := l.ask(http.MethodGet, "https://taskrouter.twilio.com/v1/"+l.ws("Workers"), "", "Authorization", key)
	if r.status != http.StatusOK || len(r.json(t)["workers"].([]any)) == 0 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := l.ask(http.MethodGet, "https://flex-api.twilio.com/v1/Interactions/KDx", "", "Authorization", key); r.status != http.StatusNotFound {
		t.Errorf("%d %s", r.status, r.body)
	}
	if len(l.server.Unanswered()) != 0 {
		t.Errorf("unanswered: %v", l.server.Unanswered())
	}
}
