package app

import (
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/settings"
)

// TestDropInContract goes through what is answered to requests that do not do.
func TestDropInContract(t *testing.T) {
	t.Parallel()
	r := dropInRig(t)
	token := r.token("ada")
	good := r.inviting("ada", r.worker("bea").SID, false)
	with := func(changes ...string) string {
		fields := maps.Clone(good)
		fields["Token"] = token
		for i := 0; i < len(changes); i += 2 {
			fields[changes[i]] = changes[i+1]
		}
		return encoded(fields)
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		says                     []string
	}{
		{"no token, and nothing else", "POST", dropInInvite, "", 403, []string{"Unauthorized: Token was not provided"}},
		{"an empty token", "POST", dropInRemove, "Token=undefined", 403, []string{"Unauthorized: Token was not provided"}},
		{"a foreign token, and nothing else", "POST", dropInInvite, "Token=abc", 403, []string{"Unauthorized: Token is not valid"}},
		{"a token twice", "POST", dropInInvite, "Token=abc&Token=def", 403, []string{"Unauthorized: Token was provided twice"}},
		{"nothing but a token", "POST", dropInInvite, "Token=" + url.QueryEscape(token), 400, []string{
			`{"data":null,"message":`, "(" + dropInInvite + ") Missing taskSid:", "Missing conversationId:", "Missing jsonAttributes:", "Missing transferTargetSid:",
			"Missing workersToIgnore:", "Missing flexInteractionSid:", "Missing flexInteractionChannelSid:", "Missing taskChannelUniqueName:"}},
		{"nothing but a token, to remove", "GET", dropInRemove + "?Token=" + url.QueryEscape(token), "", 400, []string{
			"Missing flexInteractionSid:", "Missing flexInteractionChannelSid:", "Missing flexInteractionParticipantSid:"}},
		{"null", "POST", dropInInvite, with("taskSid", "null"), 400, []string{"Missing taskSid"}},
		{"undefined", "POST", dropInInvite, with("conversationId", "undefined"), 400, []string{"Missing conversationId"}},
		{"no SID", "POST", dropInInvite, with("flexInteractionChannelSid", "UO../../x"), 400, []string{"Invalid flexInteractionChannelSid"}},
		{"a target of no kind", "POST", dropInInvite, with("transferTargetSid", good["taskSid"]), 400, []string{"Invalid transferTargetSid: WK or WQ"}},
		{"attributes that are no JSON", "POST", dropInInvite, with("jsonAttributes", "{", "workersToIgnore", "[]"), 400, []string{"Invalid jsonAttributes", "Invalid workersToIgnore"}},
		{"a parameter twice", "POST", dropInInvite, with() + "&taskSid=WT1", 400, []string{"Ambiguous taskSid"}},
		{"no form", "POST", dropInInvite, "%zz", 400, []string{`"data":null`, "not encoded"}},
		{"too large", "POST", dropInInvite, with("jsonAttributes", strings.Repeat("x", 200<<10)), 413, []string{`"data":null`, "too large"}},
		{"refused by the rules", "POST", dropInInvite, with("transferTargetSid", r.worker("ada").SID), 500, []string{`{"success":false,"message":`, "to yourself"}},
		{"another's conversation", "POST", dropInInvite, with("taskSid", "WT00000000000000000000000000000000"), 500, []string{"not in this conversation"}},
		{"no such channel", "POST", dropInRemove, with("flexInteractionChannelSid", "UO00000000000000000000000000000000", "flexInteractionParticipantSid", r.participant("ada")), 500, []string{"not in this conversation"}},
		{"another status", "POST", dropInStatus, with("assignmentStatus", "completed"), 400, []string{"Invalid assignmentStatus"}},
		{"a task that is no invite", "POST", dropInStatus, with("assignmentStatus", "canceled"), 500, []string{"Only the invite of a transfer"}},
		{"no such task", "POST", dropInStatus, with("assignmentStatus", "canceled", "taskSid", "WT00000000000000000000000000000000"), 500, []string{"not outstanding"}},
		{"attributes that are no object", "POST", dropInAttributes, with("attributes", `"text"`), 400, []string{"Invalid attributes"}},
		{"no such conversation", "POST", dropInAttributes, with("attributes", `{}`, "conversationSid", "CH00000000000000000000000000000000"), 500, []string{"not in this conversation"}},
		{"no payload", "POST", dropInSample, with(), 400, []string{"Missing Payload"}},
		{"a payload that is no JSON", "POST", dropInSample, with("Payload", "{"), 400, []string{"Invalid Payload"}},
		{"another method", "PUT", dropInInvite, with(), 405, []string{`"success":false`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.answered(func() answer { return r.ask(c.method, c.path, c.body, formHeader) })
			if a.status != c.status {
				t.Errorf("%d %s", a.status, a.text)
			}
			for _, text := range c.says {
				if !strings.Contains(a.text, text) {
					t.Errorf("%q does not say %q", a.text, text)
				}
			}
			if kind := a.header.Get("Content-Type"); (c.status == 403) != strings.HasPrefix(kind, "text/plain") || (c.status != 403) != (kind == "application/json") {
				t.Errorf("Content-Type %q", kind)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "https://flex.twilio.com" {
				t.Error("the plugin cannot read it")
			}
		})
	}
	r.mustRefuse(r.plugin("chidi", dropInAttributes, map[string]string{"conversationSid": r.conv.ch, "attributes": `{"x":1}`}), "not in this conversation")
	r.mustRefuse(r.plugin("chidi", dropInInvite, good), "not in this conversation")
	if r.invites() != 0 || len(r.conversationAttributes()) != 0 {
		t.Errorf("%d invites, attributes %v", r.invites(), r.conversationAttributes())
	}
	a := r.mustSucceed(r.plugin("ada", dropInQueues, map[string]string{}))
	if !strings.Contains(a.text, `{"friendlyName":"Billing","sid":"`+r.queue("Billing")+`"}`) {
		t.Errorf("queues %s", a.text)
	}
}

// TestDropInOrigins lets only the configured origins read answers, and answers
// OPTIONS to everybody.
func TestDropInOrigins(t *testing.T) {
	r := dropInRig(t)
	for origin, allowed := range map[string]bool{"https://flex.twilio.com": true, "https://evil.example": false, "null": false, "": false} {
		for _, method := range []string{"OPTIONS", "POST"} {
			a := r.ask(method, dropInInvite, "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST"})
			if method == "OPTIONS" && (a.status != http.StatusNoContent || a.text != "") {
				t.Errorf("%s: %d %q", origin, a.status, a.text)
			}
			got := a.header.Get("Access-Control-Allow-Origin")
			if allowed != (got == origin && got != "") || !allowed && got != "" || a.header.Get("Vary") != "Origin" {
				t.Errorf("%s %q: allowed is %q", method, origin, got)
			}
			if allowed && (a.header.Get("Access-Control-Allow-Methods") != "GET,POST,OPTIONS" || a.header.Get("Access-Control-Allow-Headers") != "Content-Type") {
				t.Errorf("%s: %v", method, a.header)
			}
		}
	}
}

// TestDropInIsOff answers nothing unless it is switched on, which may be done at
// any time, and lets any origin in only where that is set.
func TestDropInIsOff(t *testing.T) {
	var store *settings.Store
	r := newRig(t, rigOptions{features: cold, config: func(c *Config) {
		store, c.Listen.Origins = c.Settings, []string{"*"}
	}})
	fields := r.inviting("ada", r.worker("bea").SID, true)
	for path := range map[string]bool{dropInInvite: true, dropInRemove: true, dropInAttributes: true, dropInStatus: true, dropInQueues: true, dropInSample: true} {
		if a := r.plugin("ada", path, fields); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	now := store.Current().Config
	now.DropIn = true
	store.Set(now)
	a := r.mustSucceed(r.plugin("ada", dropInInvite, fields))
	if a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", a.header)
	}
}

// TestDropInKeepsTokensOutOfTheLog sends a token in every place, also where it
// does not belong, and looks through everything that is logged.
func TestDropInKeepsTokensOutOfTheLog(t *testing.T) {
	var logged syncBuffer
	r := newRig(t, rigOptions{config: func(c *Config) {
		c.Settings = settings.Fixed(settings.Config{Transfer: cold, DropIn: true})
		c.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}})
	token := r.token("ada")
	foreign := "foreign-" + token
	for _, secret := range []string{token, foreign} {
		fields := r.inviting("ada", r.worker("ada").SID, false)
		fields["Token"], fields[secret] = secret, secret
		query := "?" + encoded(fields)
		r.ask("GET", dropInInvite+query, "", nil)
		r.ask("GET", dropInInvite+query+"&Token="+secret, "", nil)
		r.ask("GET", dropInInvite+query+"&taskSid="+secret+"&"+secret+"=1", "", nil)
		r.ask("GET", dropInInvite+query+"%zz", "", nil)
		r.ask("POST", dropInSample+query, `{"Token":"`+secret+`","Payload":"`+secret, map[string]string{"Content-Type": "application/json"})
		r.ask("DELETE", dropInRemove+query, "", nil)
	}
	r.mustSucceed(r.plugin("ada", dropInInvite, r.inviting("ada", r.worker("bea").SID, true)))
	text := logged.String()
	if n := strings.Count(text, "path="+dropInInvite); n < 8 {
		t.Fatalf("%d lines about the requests: %s", n, text)
	}
	for _, secret := range []string{token, foreign, token[len(token)-20:]} {
		if strings.Contains(text, secret) {
			t.Error("a token is in the log")
		}
	}
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
