package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
	"github.com/flex-transfer/flex-transfer/web"
)

// newConfiguredRig is a rig whose settings are in the file that is returned.
func newConfiguredRig(t *testing.T, text string) (*rig, func(text string)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		t.Helper()
		err := os.WriteFile(file+".new", []byte(text), 0o600)
		if err == nil {
			err = os.Rename(file+".new", file) // nobody sees it by halves
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	return newRig(t, rigOptions{config: func(c *Config) {
		var err error
		c.Settings, err = settings.Open(settings.Options{File: file, Account: c.Account.AccountSID, Every: 20 * time.Millisecond, Logger: c.Logger})
		if err != nil {
			t.Fatal(err)
		}
	}}), write
}

// told reads the settings that came with an event.
func told(t *testing.T, e streamEvent) transfer.Settings {
	t.Helper()
	var data struct{ Settings json.RawMessage }
	if err := json.Unmarshal([]byte(e.data), &data); err != nil {
		t.Fatal(err)
	}
	s, err := wire.DecodeSettings(string(data.Settings))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// screen is the screen of an agent in a conversation of their own.
func screen(t *testing.T, s transfer.Settings) transfer.Screen {
	t.Helper()
	const sid = "00000000000000000000000000000001"
	f, err := transfer.Records{
		Settings: s, Worker: transfer.WorkerRecord{SID: "WK" + sid, Available: true},
		Task: transfer.TaskRecord{SID: "WT" + sid, AssignmentStatus: "assigned", TaskChannelName: "chat",
			Attributes: `{"flexInteractionSid":"KD` + sid + `","flexInteractionChannelSid":"UO` + sid + `"}`},
		Channel: transfer.ChannelRecord{SID: "UO" + sid, InteractionSID: "KD" + sid, Status: "active"},
		Participants: []transfer.ParticipantRecord{
			{SID: "UT" + sid, Type: "customer"},
			{SID: "UT10000000000000000000000000000001", Type: "agent", WorkerSID: "WK" + sid, TaskSID: "WT" + sid},
		},
	}.Facts()
	if err != nil {
		t.Fatal(err)
	}
	return transfer.View(f)
}

// The switches in the file turn the buttons of open pages off within seconds,
// and on again; the server goes by them at once.
func TestSwitchesInTheFileReachOpenPages(t *testing.T) {
	t.Parallel()
	r, write := newConfiguredRig(t, "transfer: {coldTransfer: true, multiParticipant: true}")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	next := r.stream(ctx, "ada", "")
	if s := screen(t, told(t, next("hello"))); s.Cold.State != transfer.ButtonEnabled || s.Warm.State != transfer.ButtonEnabled {
		t.Fatalf("before: %+v %+v", s.Cold, s.Warm)
	}

	write("transfer: {coldTransfer: false, multiParticipant: false}")
	if s := screen(t, told(t, next("settings"))); s.Cold.State == transfer.ButtonEnabled || s.Warm.State == transfer.ButtonEnabled {
		t.Errorf("switched off: %+v %+v", s.Cold, s.Warm)
	}
	ask := func(key string) answer {
		return r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), key)
	}
	if a := ask("off"); a.status != 422 || a.code() != string(transfer.ReasonColdTransferOff) || r.invites() != 0 {
		t.Errorf("switched off: %d %s, %d invites", a.status, a.text, r.invites())
	}

	write("transfer: {coldTransfer: true, multiParticipant: true}")
	if s := screen(t, told(t, next("settings"))); s.Cold.State != transfer.ButtonEnabled {
		t.Errorf("switched on again: %+v", s.Cold)
	}
	if a := ask("on"); !a.begun() {
		t.Errorf("switched on again: %d %s", a.status, a.text)
	}
}

// A mistake in the file changes nothing, and those who look after it see why.
func TestAMistakeInTheFileIsSeenAndNotInForce(t *testing.T) {
	r, write := newConfiguredRig(t, "transfer: {coldTransfer: true}")
	write("# a slip of the pen\ntransfer: {coldTransfer: fals}")
	config := func(worker string) answer {
		return r.send("GET", "/v1/config", "", map[string]string{"Authorization": "Bearer " + r.token(worker)})
	}
	var got struct {
		Problems []string
		Revision string
	}
	r.eventually("the mistake is seen", func() bool {
		a := config("sam")
		if a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.text)
		}
		if err := json.Unmarshal([]byte(a.text), &got); err != nil {
			t.Fatal(err)
		}
		return len(got.Problems) == 1
	})
	if !strings.Contains(got.Problems[0], "config.yaml:2: transfer.coldTransfer") || got.Revision == "" {
		t.Errorf("%+v", got)
	}
	if a := config("ada"); a.status != http.StatusForbidden {
		t.Errorf("an agent gets %d", a.status)
	}
	r.eventually("it is counted", func() bool {
		return strings.Contains(r.send("GET", "/metrics", "", nil).text, `config_reload_total{outcome="invalid"} 1`)
	})
	if a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k"); !a.begun() {
		t.Errorf("the settings before are not in force: %d %s", a.status, a.text)
	}
}

// Each browser gets what concerns its agent, with the first answer already.
func TestBrowsersGetTheSettingsThatConcernThem(t *testing.T) {
	t.Parallel()
	r, _ := newConfiguredRig(t, `
fallbacks: {order: [close], always: true}
permissions:
  - {name: north, teams: [Care North], toQueues: {deny: [Archive]}}
  - {name: south, teams: [Care South], noCold: true}
  - {name: supervisors, roles: [supervisor], noCold: true}
`)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for worker, want := range map[string]int{"ada": 1, "chidi": 1, "sam": 2} {
		hello := r.stream(ctx, worker, "")("hello")
		if s := told(t, hello); len(s.Permissions) != want || s.FallbackAlways || strings.Contains(hello.data, "north") {
			t.Errorf("%s: %s", worker, hello.data)
		}
		if a := r.send("GET", "/v1/directory", "", map[string]string{"Authorization": "Bearer " + r.token(worker)}); strings.Contains(a.text, `"close"`) {
			t.Errorf("%s: the directory's settings have the fallbacks", worker)
		}
	}
}

func TestErrorsAreInTheReadersLanguage(t *testing.T) {
	r := newRig(t, rigOptions{features: transfer.Settings{}})
	text, err := json.Marshal(r.body(r.taskOf("ada"), "worker", r.worker("bea").SID))
	if err != nil {
		t.Fatal(err)
	}
	a := r.send("POST", "/v1/transfers", string(text), map[string]string{
		"Authorization": "Bearer " + r.token("ada"), "Content-Type": "application/json", "Idempotency-Key": "k", "Accept-Language": "de, th;q=0.9",
	})
	if a.code() != string(transfer.ReasonColdTransferOff) || a.body["message"] != web.Words("th").Reason("COLD_TRANSFER_OFF") {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// The demo's settings fit its world and all its languages.
func TestTheDemosSettings(t *testing.T) {
	store, err := settings.Open(settings.Options{Text: (&Sandbox{}).builtIn()})
	if err != nil {
		t.Fatal(err)
	}
	s := store.Transfer()
	if !s.MultiParticipant || !s.ColdTransfer || !s.LeaveOnChoice || !s.Handover.Digest || len(s.Handover.Reasons) == 0 {
		t.Errorf("the demo does not show everything: %+v", s)
	}
	for _, o := range s.Handover.Reasons {
		for _, language := range web.Languages[1:] {
			if o.Labels[language] == "" || o.Labels[""] == "" {
				t.Errorf("the reason %s has no label in %s", o.Code, language)
			}
		}
	}
	world := sandbox.DemoWorld()
	i := slices.IndexFunc(world.Queues, func(q sandbox.WorldQueue) bool { return q.SID == s.PingPong.QueueSID })
	if i < 0 {
		t.Fatalf("the guard's queue %s is not in the world", s.PingPong.QueueSID)
	}
	if served := "transferQueueName == '" + world.Queues[i].FriendlyName + "'"; !slices.ContainsFunc(world.Workflows, func(w sandbox.WorldWorkflow) bool {
		return w.FriendlyName == transferWorkflow && strings.Contains(fmt.Sprint(w.Configuration), served)
	}) {
		t.Errorf("the workflow does not serve the guard's queue: %s", served)
	}
	if other := (&Sandbox{World: "x.json"}).builtIn(); other != "" {
		t.Error("another world gets the demo's settings, whose SIDs it does not have")
	}
}
