package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestBadInput sends what nobody should, through the whole backend: each is
// refused with a clear code, and nothing changes at Twilio.
func TestBadInput(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold})
	bea, task := r.worker("bea").SID, r.taskOf("ada")
	good := `{"wire":1,"rules":"x","mode":"cold","interactionSid":"` + r.conv.interaction + `","interactionChannelSid":"` +
		r.conv.channel + `","taskSid":"` + task + `","target":{"kind":"worker","sid":"` + bea + `"}}`
	expired, err := r.account.IssueToken(r.worker("ada").SID, -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	foreign := sandbox.New(sandbox.Options{Seed: 99})
	defer foreign.Close()
	if err := foreign.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	stranger, err := foreign.IssueToken(r.worker("ada").SID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	token := r.token("ada")
	before := len(r.account.Record().Entries(sandbox.Query{}))
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, c := range []struct {
		name, token, key, body string
		status                 int
		code, field            string
	}{
		{"no token", "", "k", good, 401, "UNAUTHENTICATED", ""},
		{"forged token", "forged", "k", good, 401, "UNAUTHENTICATED", ""},
		{"expired token", expired, "k", good, 401, "UNAUTHENTICATED", ""},
		{"another account's token", stranger, "k", good, 401, "UNAUTHENTICATED", ""},
		{"no idempotency key", token, "", good, 400, "BAD_REQUEST", "Idempotency-Key"},
		{"malformed", token, "k", good[:40], 400, "BAD_REQUEST", ""},
		{"empty", token, "k", "", 400, "BAD_REQUEST", ""},
		{"an array", token, "k", "[]", 400, "BAD_REQUEST", ""},
		{"too large", token, "k", replace(`"x"`, `"`+strings.Repeat("x", 70_000)+`"`), 413, "TOO_LARGE", ""},
		{"too deep", token, "k", replace(`"x"`, strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), 400, "BAD_REQUEST", ""},
		{"unknown field", token, "k", replace(`"rules"`, `"transferTo"`), 400, "BAD_REQUEST", "transferTo"},
		{"unknown field inside", token, "k", replace(`"kind"`, `"kin"`), 400, "BAD_REQUEST", "target.kin"},
		{"another wire format", token, "k", replace(`"wire":1`, `"wire":2`), 400, "UNKNOWN_WIRE_FORMAT", "wire"},
		{"a path in a SID", token, "k", replace(r.conv.channel, "UO/../../../../../../../../../../x"), 400, "BAD_REQUEST", "interactionChannelSid"},
		{"a SID of another kind", token, "k", replace(`"sid":"WK`, `"sid":"WQ`), 400, "BAD_REQUEST", "target.sid"},
		{"a task that is not there", token, "k", replace(task, "WT"+strings.Repeat("0", 32)), 403, "NOT_IN_CONVERSATION", ""},
		{"a conversation that is not there", token, "k", replace(r.conv.channel, "UO"+strings.Repeat("0", 32)), 403, "NOT_IN_CONVERSATION", ""},
		{"somebody else's conversation", r.token("chidi"), "k", good, 403, "NOT_IN_CONVERSATION", ""},
		{"a mode that is switched off", token, "k", replace(`"cold"`, `"warm"`), 422, "MULTI_PARTICIPANT_OFF", ""},
		{"a mode that there is not", token, "k", replace(`"cold"`, `"hot"`), 422, "MODE_NOT_ENABLED", "mode"},
		{"notes of a book", token, "k", replace(`"rules"`, `"notes":"`+strings.Repeat("n", 20_001)+`","rules"`), 400, "BAD_REQUEST", "notes"},
		{"notes that are too long", token, "k", replace(`"rules"`, `"notes":"`+strings.Repeat("n", 2001)+`","rules"`), 422, "NOTES_TOO_LONG", "notes"},
		{"a reason that is not listed", token, "k", replace(`"rules"`, `"reason":"x","rules"`), 422, "UNKNOWN_REASON", "reason"},
		{"a moment to leave that there is not", token, "k", replace(`"rules"`, `"leaveOn":"x","rules"`), 400, "BAD_REQUEST", "leaveOn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := map[string]string{"Content-Type": "application/json"}
			if c.token != "" {
				header["Authorization"] = "Bearer " + c.token
			}
			if c.key != "" {
				header["Idempotency-Key"] = c.key
			}
			a := r.sendUntilAnswered("POST", "/v1/transfers", c.body, header)
			message, _ := a.body["message"].(string)
			field, _ := a.body["field"].(string)
			if a.status != c.status || a.code() != c.code || message == "" || c.field != "" && field != c.field {
				t.Errorf("%d %s, want %d %s %s", a.status, a.text, c.status, c.code, c.field)
			}
			if strings.Contains(a.text, token) || strings.Contains(a.text, "goroutine") {
				t.Errorf("the answer tells too much: %s", a.text)
			}
		})
	}
	if after := len(r.account.Record().Entries(sandbox.Query{})); after != before {
		t.Errorf("%d things have changed at Twilio", after-before)
	}
	if a := r.post("ada", r.body(task, "worker", bea), "k"); !a.begun() {
		t.Errorf("the good request after all the bad ones: %d %s", a.status, a.text)
	}
}

// TestForgedWebhooks shows that only Twilio is believed: an acceptance that it
// did not sign changes nothing.
func TestForgedWebhooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold})
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	ringing := r.phase("ada", a.id(), "ringing")
	invite, _ := ringing["invite"].(map[string]any)
	task, _ := invite["taskSid"].(string)
	form := url.Values{
		"EventType": {"reservation.accepted"}, "TaskSid": {task}, "WorkerSid": {r.worker("bea").SID},
		"TaskAttributes": {`{"flexInteractionChannelSid":"` + r.conv.channel + `","transferId":"` + a.id() + `"}`},
	}.Encode()
	for name, signature := range map[string]string{"unsigned": "", "badly signed": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		header := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		if signature != "" {
			header["X-Twilio-Signature"] = signature
		}
		if got := r.send("POST", "/webhooks/taskrouter", form, header); got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if still := r.phase("ada", a.id(), "ringing"); still["acceptedBy"] != "" {
		t.Errorf("a forgery was believed: %v", still)
	}
	r.accept("bea")
	r.phase("ada", a.id(), "completed")
}

// TestAKeyIsForOneRequest refuses a key that was used for something else.
func TestAKeyIsForOneRequest(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	task := r.taskOf("ada")
	if a := r.post("ada", r.body(task, "worker", r.worker("bea").SID), "k"); !a.begun() {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if a := r.post("ada", r.body(task, "worker", r.worker("chidi").SID), "k"); a.code() != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// TestSettingsAreNamed shows that each wrong setting is named.
func TestSettingsAreNamed(t *testing.T) {
	err := (&Serve{
		Listen:  Listen{Addr: "nowhere", PublicURL: "ftp://x", Origins: []string{"https://a/b"}, Runners: 0, NATSCreds: "/not/there"},
		Account: Account{WorkspaceSID: "WS1", APIKey: "SK1", BaseURL: "x", Rate: -1},
	}).Validate()
	if err == nil || !IsProblem(err) {
		t.Fatalf("%v", err)
	}
	for _, name := range []string{"ADDR", "PUBLIC_URL", "ALLOWED_ORIGINS", "RUNNERS", "NATS_CREDS", "TWILIO_ACCOUNT_SID", "TWILIO_API_KEY", "TWILIO_API_SECRET",
		"TWILIO_AUTH_TOKEN", "TWILIO_FLEX_WORKSPACE_SID", "TWILIO_FLEX_CHAT_TRANSFER_WORKFLOW_SID", "TWILIO_BASE_URL", "TWILIO_REQUESTS_PER_SECOND"} {
		if !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

// TestBadInputOfLeaving sends what nobody should to the routes by which agents
// leave and take invites back.
func TestBadInputOfLeaving(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: transfer.Settings{ColdTransfer: true, MultiParticipant: true}})
	task := r.taskOf("ada")
	good := `{"wire":1,"interactionSid":"` + r.conv.interaction + `","interactionChannelSid":"` + r.conv.channel + `","taskSid":"` + task + `"`
	leave, nobody := good+`,"kind":"leave"}`, strings.Repeat("0", 32)
	body := r.body(task, "worker", r.worker("bea").SID)
	body["mode"] = "warm"
	made := r.post("ada", body, "k")
	r.phase("ada", made.id(), "ringing")
	cancel := "/v1/transfers/" + made.id() + "/cancel"
	before := len(r.account.Record().Entries(sandbox.Query{}))
	for _, c := range []struct {
		name, by, path, body string
		status               int
		code, field          string
	}{
		{"malformed", "ada", cancel, good, 400, "BAD_REQUEST", ""},
		{"a null", "ada", cancel, "null", 400, "BAD_REQUEST", ""},
		{"too large", "ada", cancel, good + strings.Repeat(" ", 5000) + "}", 413, "TOO_LARGE", ""},
		{"too deep", "ada", "/v1/departures", good + `,"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}", 400, "BAD_REQUEST", "x"},
		{"unknown field", "ada", cancel, good + `,"kind":"leave"}`, 400, "BAD_REQUEST", "kind"},
		{"another wire format", "ada", cancel, strings.Replace(good, `"wire":1`, `"wire":7`, 1) + "}", 400, "UNKNOWN_WIRE_FORMAT", "wire"},
		{"no such transfer", "ada", "/v1/transfers/XT" + nobody + "/cancel", good + "}", 404, "NOT_FOUND", "transferId"},
		{"no transfer at all", "ada", "/v1/transfers/x/cancel", good + "}", 404, "NOT_FOUND", ""},
		{"somebody else's invite", "chidi", cancel, good + "}", 403, "NOT_IN_CONVERSATION", "taskSid"},
		{"somebody else's invite, without a task", "chidi", cancel, strings.Replace(good, task, "", 1) + "}", 403, "NOT_IN_CONVERSATION", "taskSid"},
		{"an invite of another conversation", "ada", cancel, strings.Replace(good, r.conv.channel, "UO"+nobody, 1) + "}", 404, "NOT_FOUND", "transferId"},
		{"no kind", "ada", "/v1/departures", good + "}", 400, "BAD_REQUEST", "kind"},
		{"no such kind", "ada", "/v1/departures", good + `,"kind":"vanish"}`, 400, "BAD_REQUEST", "kind"},
		{"nobody to be removed", "ada", "/v1/departures", good + `,"kind":"remove"}`, 400, "BAD_REQUEST", "participantSid"},
		{"somebody who is not there", "ada", "/v1/departures", good + `,"kind":"remove","participantSid":"UT` + nobody + `"}`, 409, "PARTICIPANT_NOT_FOUND", "participantSid"},
		{"somebody else's conversation", "chidi", "/v1/departures", leave, 403, "NOT_IN_CONVERSATION", "taskSid"},
		{"a task that is not there", "ada", "/v1/departures", strings.Replace(leave, task, "WT"+nobody, 1), 403, "NOT_IN_CONVERSATION", ""},
		{"a conversation that is not there", "ada", "/v1/departures", strings.Replace(leave, r.conv.channel, "UO"+nobody, 1), 403, "NOT_IN_CONVERSATION", ""},
		{"the end, with an invite outstanding", "ada", "/v1/departures", good + `,"kind":"end"}`, 409, "INVITE_OUTSTANDING", ""},
	} {
		a := r.sendUntilAnswered("POST", c.path, c.body, map[string]string{"Authorization": "Bearer " + r.token(c.by), "Content-Type": "application/json"})
		field, _ := a.body["field"].(string)
		if message, _ := a.body["message"].(string); a.status != c.status || a.code() != c.code || field != c.field || message == "" {
			t.Errorf("%s: %d %s", c.name, a.status, a.text)
		}
	}
	if after := len(r.account.Record().Entries(sandbox.Query{})); after != before {
		t.Errorf("%d things happened at Twilio", after-before)
	}
}
