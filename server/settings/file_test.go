package settings

import (
	"bytes"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	account = "AC00000000000000000000000000000001"
	other   = "AC00000000000000000000000000000002"
	queue   = "WQ00000000000000000000000000000001"
)

func effective(t *testing.T, text, account string, overrides ...Override) Effective {
	t.Helper()
	f, err := Parse("config.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.Effective(account, overrides)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "transfer:\n", "transfer:\n  coldTransfer:\naccounts:\n"} {
		if got := effective(t, text, account).Config; !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestAccountsOverrideTheDefaultsAndTheEnvironmentBoth(t *testing.T) {
	text := `
transfer: {coldTransfer: false, inviteTimeout: 90, maxInvites: 3}
fallbacks: {order: [agent, {kind: queue, sid: ` + queue + `}, close]}
accounts:
  ` + account + `:
    transfer: {inviteTimeout: 45s}
    fallbacks: {order: []}
`
	e := effective(t, text, account, Override{"transfer.maxInvites", "MAX_INVITES", "7"})
	if e.Transfer.ColdTransfer || e.Transfer.InviteTimeout != 45*time.Second || e.Transfer.MaxInvites != 7 {
		t.Errorf("%+v", e.Transfer)
	}
	if e.Transfer.Fallbacks == nil || len(e.Transfer.Fallbacks) != 0 {
		t.Errorf("an empty list of fallbacks is not the default: %#v", e.Transfer.Fallbacks)
	}
	for path, want := range map[string]string{
		"transfer.coldTransfer": "config.yaml:2", "transfer.inviteTimeout": "config.yaml:6",
		"transfer.maxInvites": "MAX_INVITES", "transfer.leaveOn": "default",
	} {
		if got := e.Origin(path); got != want {
			t.Errorf("%s is from %s, want %s", path, got, want)
		}
	}
	if o := effective(t, text, other); o.Transfer.InviteTimeout != 90*time.Second || len(o.Transfer.Fallbacks) != 3 || o.Revision == e.Revision {
		t.Errorf("the other account: %+v", o)
	}
}

func TestEveryKindOfMistakeIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"transfer:\n  coldTransfer: yes":                            `config.yaml:2: transfer.coldTransfer: "yes" is neither true nor false`,
		"transfer:\n  cold_transfer: true":                          "config.yaml:2: transfer.cold_transfer: there is no such setting; did you mean coldTransfer?",
		"transfers: {}":                                             "config.yaml:1: transfers: there is no such setting; there are transfer, ",
		"transfer: []":                                              "config.yaml:1: transfer: a list is not a mapping",
		"transfer:\n  maxInvites: 0":                                "config.yaml:2: transfer.maxInvites: 0 is not between 1 and 50",
		"transfer:\n  maxInvites: 2.5":                              `transfer.maxInvites: "2.5" is not a whole number`,
		"transfer:\n  inviteTimeout: 4":                             "transfer.inviteTimeout: 4s is not between 5s and 24h",
		"transfer:\n  inviteTimeout: 2 minutes":                     `transfer.inviteTimeout: "2 minutes" is not a time`,
		"transfer:\n  leaveOn: later":                               `transfer.leaveOn: "later" is not one of invite, accept`,
		"transfer:\n  leaveOn: invite\n  leaveOn: accept":           "config.yaml:3: transfer.leaveOn: is already set in line 2",
		"pingPong:\n  queueSid: WQ1":                                `config.yaml:2: pingPong.queueSid: "WQ1" is not the SID of a queue`,
		"pingPong:\n  transfers: 3\n  within: 1h":                   "config.yaml:2: pingPong.transfers: is set, but pingPong.queueSid is not",
		"pingPong:\n  transfers: 3\n  queueSid: " + queue:           "config.yaml:2: pingPong.transfers: is set, but pingPong.within is not",
		"pingPong:\n  within: 1h":                                   "config.yaml:2: pingPong.within: is set, but pingPong.transfers is not",
		"pingPong:\n  transfers: 21":                                "21 is not between 0 and 20", // more than the record keeps
		"pingPong:\n  within: 1s":                                   "1s is not between 1m and 720h",
		"fallbacks:\n  order: [close, agent]":                       "config.yaml:2: fallbacks.order[1]: comes after close",
		"fallbacks:\n  order: [agent, agent]":                       "fallbacks.order[1]: is already entry 0",
		"fallbacks:\n  order: [queue]":                              "fallbacks.order[0]: has no sid",
		"fallbacks:\n  order: [{kind: worker, sid: " + queue + "}]": `fallbacks.order[0].sid: "` + queue + `" is not the SID of a worker`,
		"fallbacks:\n  order: [{kind: agent, sid: " + queue + "}]":  "fallbacks.order[0].sid: does not belong to the kind agent",
		"fallbacks:\n  order: [{sid: " + queue + "}]":               "fallbacks.order[0]: has no kind",
		"fallbacks:\n  order: [somebody]":                           `"somebody" is not one of agent`,
		"handover:\n  required: true":                               "config.yaml:2: handover.required: is true, but there are no handover.reasons",
		"handover:\n  reasons: [{labels: Billing}]":                 "handover.reasons[0]: has no code",
		"handover:\n  reasons: [{code: a b}]":                       "handover.reasons[0].code",
		"handover:\n  reasons:\n  - code: x\n  - code: x":           `config.yaml:4: handover.reasons[1]: has the code "x" of the reason in line 3`,
		"handover:\n  reasons: [{code: x, labels: {spanish!: y}}]":  `"spanish!" is not a language`,
		"handover:\n  notesMax: 3001":                               "3001 is not between 1 and 3000",
		"summary:\n  url: http://summary.example.com/":              "summary.url: is not https",
		"summary:\n  url: https://me:secret@summary.example.com/":   "summary.url: has a name or a password in it",
		"summary:\n  url: ftp://x":                                  "summary.url",
		"summary:\n  tokenEnv: SUMMARY_TOKEN":                       "summary.tokenEnv: is set, but summary.url is not",
		"summary:\n  tokenEnv: abc-secret-123":                      "is not the name of an environment variable",
		"mirror: off":                                               `config.yaml:1: mirror: "off" is neither true nor false`,
		"directory: {source: flex}":                                 "is not one of own, native",
		"permissions: [{name: x}]":                                  "permissions[0]: forbids nothing",
		"permissions: [{noCold: true, skill: x}]":                   "permissions[0].skill: there is no such setting",
		"permissions: [{noCold: true, workers: " + queue + "}]":     "is not the SID of a worker",
		"permissions: [{noCold: true, teams: ['^Care.*$']}]":        "is a regular expression",
		"permissions: [{noCold: true, skills: ['chat*']}]":          "compared as they are",
		"permissions: [{noCold: true, teams: ['']}]":                "permissions[0].teams[0]: is empty",
		"permissions: [{toQueues: [Billing]}]":                      "permissions[0].toQueues: a list is not a mapping",
		"permissions: [{toTeams: {allow: " + queue + "}}]":          "is a SID, but this goes by names",
		"accounts:\n  AC1: {}":                                      `config.yaml:2: accounts.AC1: "AC1" is not the SID of an account`,
		"accounts:\n  " + account + ":\n    mirror: 1":              "config.yaml:3: accounts." + account + `.mirror: "1" is neither`,
		"accounts: {" + account + ": {accounts: {}}}":               "there is no such setting",
		"handover: {required: true, reasons: [{code: x}]}\naccounts:\n  " + account + ":\n    handover: {reasons: []}": "handover.required: is true, but",
		"transfer: {":                     "config.yaml:1: is not YAML",
		"a: b: c":                         "config.yaml: is not YAML",
		"mirror: true\n---\nmirror: true": "config.yaml:2: a second document begins here",
	} {
		_, err := Parse("config.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := Parse("c.yaml", []byte("mirror: 1\ntransfer:\n  maxInvites: 99\n  leaveAs: x\npermissions: {}\n"))
	problems, ok := err.(Problems)
	if !ok || len(problems) != 4 {
		t.Fatalf("%T %v", err, err)
	}
	if !slices.IsSortedFunc(problems, func(a, b *Problem) int { return a.Line - b.Line }) {
		t.Errorf("not in the order of the lines: %v", err)
	}
}

func TestMistakesInTheEnvironmentNameTheVariable(t *testing.T) {
	var f *File
	_, err := f.Effective(account, []Override{{"fallbacks.order", "FALLBACKS", "[close, agent]"}, {"mirror", "MIRROR_INVITES", "maybe"}, {"pingPong.transfers", "PING_PONG_TRANSFERS", "3"}})
	for _, want := range []string{"FALLBACKS: [1]: comes after close", "MIRROR_INVITES: \"maybe\" is neither", "PING_PONG_TRANSFERS: is set, but pingPong.queueSid"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not have %q", err, want)
		}
	}
}

func TestTheEnvironmentHasEverySetting(t *testing.T) {
	seen := map[string]bool{}
	for i, name := range Variables() {
		if seen[name] || name == "" {
			t.Errorf("%s has the variable %q, which another one has", Paths()[i], name)
		}
		seen[name] = true
	}
	got := Environment(func(name string) (string, bool) { return "x", name == "LEAVE_AS" })
	if want := []Override{{"transfer.leaveAs", "LEAVE_AS", "x"}}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// What the example says has to be so: it is what operators copy.
func TestExampleIsValidAndHasEverySetting(t *testing.T) {
	e := effective(t, Example(), other)
	for i, path := range Paths() {
		if e.Origin(path) == "default" {
			t.Errorf("the example does not set %s", path)
		}
		if !regexp.MustCompile(`# ` + Variables()[i] + `\b`).MatchString(Example()) {
			t.Errorf("the example does not name %s", Variables()[i])
		}
	}
	for _, key := range permissionKeys {
		if !strings.Contains(Example(), key+":") {
			t.Errorf("the example has no permission with %s", key)
		}
	}
	if own := effective(t, Example(), account); own.Transfer.MultiParticipant || !own.Transfer.Handover.Required || own.Transfer.PingPong.Transfers != 0 {
		t.Errorf("the example's account: %+v", own.Transfer)
	}
}

func TestReadmeNamesEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range Paths() {
		for _, name := range []string{path, Variables()[i]} {
			if !strings.Contains(string(readme), "`"+name+"`") {
				t.Errorf("README.md does not name `%s`", name)
			}
		}
	}
}

// What is printed is a file that says the same.
func TestPrintedSettingsAreTheSameSettings(t *testing.T) {
	for _, text := range []string{"", Example(), "fallbacks: {order: []}\ndirectory: {source: native}\nhandover: {reasons: [{code: x, labels: Hello}, {code: y}]}"} {
		e := effective(t, text, account)
		var b bytes.Buffer
		if err := e.Print(&b); err != nil {
			t.Fatal(err)
		}
		again := effective(t, b.String(), account)
		if again.Revision != e.Revision || !reflect.DeepEqual(normal(again.Config), normal(e.Config)) {
			t.Errorf("%s\n%+v\nbecame\n%+v", b.String(), e.Config, again.Config)
		}
	}
}

// normal does not tell an empty list from none, where both mean the same.
func normal(c Config) Config {
	for i := range c.Transfer.Handover.Reasons {
		if len(c.Transfer.Handover.Reasons[i].Labels) == 0 {
			c.Transfer.Handover.Reasons[i].Labels = nil
		}
	}
	if len(c.Transfer.Handover.Reasons) == 0 {
		c.Transfer.Handover.Reasons = nil
	}
	if len(c.Transfer.Permissions) == 0 {
		c.Transfer.Permissions = nil
	}
	return c
}

func TestPrintedSettingsSayWhereTheyComeFrom(t *testing.T) {
	e := effective(t, Example(), account, Override{"mirror", "MIRROR_INVITES", "false"})
	var b bytes.Buffer
	if err := e.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mirror: false # from MIRROR_INVITES", "inviteTimeout: 2m # from config.yaml:", "order: # from config.yaml:"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// A secret that was written into the wrong place must not be printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(Example()))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("transfer: &t {coldTransfer: true}\naccounts: {" + account + ": {transfer: *t}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("config.yaml", text)
		if err != nil {
			if len(err.(Problems)) == 0 {
				t.Fatal("an error without a problem")
			}
			return
		}
		for _, sid := range append(file.Accounts(), other) {
			if _, err := file.Effective(sid, nil); err != nil {
				t.Fatalf("valid when read, not valid for %s: %v", sid, err)
			}
		}
	})
}

func TestBrowserIsSentWhatConcernsTheWorker(t *testing.T) {
	e := effective(t, `
fallbacks: {always: true}
permissions:
  - {name: everybody, noWarm: true}
  - {name: by name, workers: ["ada *"], noCold: true}
  - {name: by sid, workers: [WK00000000000000000000000000000001], noCold: true}
  - {name: others, workers: ["bea *"], noCold: true}
  - {name: by team, teams: [Care*], toTeams: {allow: [Care*]}}
  - {name: another team, teams: [Sales], noCold: true}
  - {name: by role, roles: [agent], noCold: true}
  - {name: another role, roles: [admin], noCold: true}
  - {name: by skill, skills: [billing], noCold: true}
  - {name: another skill, skills: [returns], noCold: true}
  - {name: from some queue, fromQueues: [Cards], noCold: true}
`, account)
	ada := transfer.WorkerRecord{SID: "WK00000000000000000000000000000001", FriendlyName: "ada",
		Attributes: `{"full_name":"Ada Lindqvist","team_name":"Care North","routing":{"skills":["billing"]},"transferDirectory":{"queues":{"deny":["x"]}}}`}
	got := For(e.Transfer, &ada, []string{"agent"})
	if got.Fallbacks != nil || got.FallbackAlways {
		t.Errorf("fallbacks are sent: %+v", got)
	}
	if len(got.Permissions) != 7 {
		t.Errorf("%d permissions are sent: %+v", len(got.Permissions), got.Permissions)
	}
	for _, p := range got.Permissions {
		if len(p.Workers)+len(p.Teams)+len(p.Roles)+len(p.Skills) > 0 || p.Name != "" {
			t.Errorf("whom else the permission is for is sent: %+v", p)
		}
	}
	if len(e.Transfer.Permissions) != 11 || e.Transfer.Permissions[0].Name != "everybody" {
		t.Error("the settings themselves were changed")
	}
	for _, w := range []*transfer.WorkerRecord{nil, {Attributes: "{"}} {
		if got := For(e.Transfer, w, nil); len(got.Permissions) != 11 || got.Fallbacks != nil {
			t.Errorf("a worker who is not known gets %+v", got)
		}
	}
}

// Whatever somebody may do by the settings that they are sent, they may do by
// all settings, and the other way round.
func TestBrowserDecidesAsTheServerDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(name string, from ...string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 2, rapid.ID[string]).Draw(t, name)
		}
		var s transfer.Settings
		for range rapid.IntRange(0, 5).Draw(t, "permissions") {
			s.Permissions = append(s.Permissions, transfer.Permission{
				Workers: some("workers", "a*", "b*", "WK1"), Teams: some("teams", "North", "s*"), Roles: some("roles", "agent", "admin"),
				Skills: some("skills", "x", "y"), FromQueues: some("from", "Cards", "Billing"),
				NoCold: rapid.Bool().Draw(t, "cold"), NoWarm: rapid.Bool().Draw(t, "warm"),
				ToQueues: transfer.Patterns{Deny: some("deny", "A*", "B*")},
			})
		}
		me := transfer.WorkerRecord{SID: "WK1", FriendlyName: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "name"),
			Attributes: rapid.SampledFrom([]string{`{}`, `{"team":"north"}`, `{"team":"south","routing":{"skills":["x"]}}`}).Draw(t, "attributes")}
		roles := some("mine", "agent", "admin", "supervisor")
		task := transfer.TaskRecord{Attributes: "{}", QueueName: rapid.SampledFrom([]string{"Cards", "Billing", "Else"}).Draw(t, "queue")}
		access := func(s transfer.Settings) transfer.Access {
			f, err := transfer.Records{Settings: s, Worker: me, Roles: roles, Task: task}.Facts()
			if err != nil {
				t.Fatal(err)
			}
			return f.Access()
		}
		server, browser := access(s), access(For(s, &me, roles))
		for _, m := range []transfer.Mode{transfer.ModeCold, transfer.ModeWarm} {
			if server.Mode(m) != browser.Mode(m) {
				t.Fatalf("%s: server %q, browser %q", m, server.Mode(m), browser.Mode(m))
			}
		}
		for _, name := range []string{"Archive", "Billing", "Cards"} {
			q := transfer.QueueRecord{FriendlyName: name}
			if server.Queue(q) != browser.Queue(q) {
				t.Fatalf("%s: server %q, browser %q", name, server.Queue(q), browser.Queue(q))
			}
		}
	})
}
