package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// goldenCase is a golden case of the rules as the whole server sees it: the
// world, what happens in it before, and who asks for what. The rules' own
// tests run the same files natively and as WebAssembly.
type goldenCase struct {
	Name     string          `json:"name"`
	Question json.RawMessage `json:"question"`
	Want     struct {
		Decision *goldenDecision `json:"decision"`
		Screen   json.RawMessage `json:"screen"`
		Reasons  json.RawMessage `json:"reasons"`
		Error    json.RawMessage `json:"error"`
	} `json:"want"`
	Server *goldenServer `json:"server"`
}

type goldenDecision struct {
	OK    bool   `json:"ok"`
	Code  string `json:"code"`
	Field string `json:"field"`
}

// goldenServer brings the whole server to the decision.
type goldenServer struct {
	// Without says why the case is not played: the world cannot be brought there.
	Without string          `json:"without"`
	World   string          `json:"world"`
	By      string          `json:"by"`
	Target  goldenTarget    `json:"target"`
	Before  []goldenStep    `json:"before"`
	Feature map[string]bool `json:"features"`
	// Settings are more of them, as pages get them.
	Settings json.RawMessage `json:"settings"`
	// Action is what is asked for; a transfer if empty.
	Action string `json:"action"`
	Mode   string `json:"mode"` // of a transfer; cold if empty
	// Request is more members of the request.
	Request map[string]any `json:"request"`
	// Participant is who is to be removed: a worker, customer, or a SID.
	Participant string `json:"participant"`
	// Transfer is what is to be canceled: the place among those that the steps
	// made (the last one if absent), or an ID.
	Transfer any `json:"transfer"`
	// Task is "call" to ask for the call that a step has begun; Taskless asks
	// without a task, as somebody who has left.
	Task     string `json:"task"`
	Taskless bool   `json:"taskless"`
	// Omit names members that the request goes without.
	Omit []string `json:"omit"`
	// Meanwhile is "close" to close the channel after the task and the
	// participants were read and before the channel is.
	Meanwhile string `json:"meanwhile"`
	// Want is what the server says where it is stricter than the rules.
	Want *struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
		Field  string `json:"field"`
	} `json:"want"`
	// Invite is a part of what the new task's attributes are. {task} stands
	// for the leaving agent's task, {first} for the conversation's first one,
	// {transfer}, {channel} and {interaction} for their IDs.
	Invite map[string]any `json:"invite"`
	// After is how the conversation stands once what was asked for has happened.
	After *goldenAfter `json:"after"`
}

// goldenAfter is how a conversation stands: the agents in it, the channel's
// status, and the phase of the transfer that was canceled.
type goldenAfter struct {
	Agents   []string `json:"agents"`
	Channel  string   `json:"channel"`
	Transfer string   `json:"transfer"`
}

type goldenTarget struct {
	Worker string `json:"worker"`
	Queue  string `json:"queue"`
	SID    string `json:"sid"`
}

type goldenStep struct {
	Do       string       `json:"do"`
	Worker   string       `json:"worker"`
	Activity string       `json:"activity"`
	By       string       `json:"by"`
	To       goldenTarget `json:"to"`
	// Mode and LeaveOn are those of a transfer; cold if empty.
	Mode    string `json:"mode"`
	LeaveOn string `json:"leaveOn"`
	// Set replaces members of the attributes: of the worker's task, or of the
	// worker.
	Set map[string]any `json:"set"`
}

// minPlayed guards against a run that plays next to nothing, and maxUnplayed
// against decisions that only the rules' own tests see.
const (
	minPlayed   = 105
	maxUnplayed = 20
)

// TestGoldenCasesThroughTheServer asks the whole backend what the golden cases
// ask the rules: it gathers its facts from the world that the case names.
func TestGoldenCasesThroughTheServer(t *testing.T) {
	files, err := filepath.Glob("../../wasm/transfer/testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	played, unplayed := 0, 0
	for _, file := range files {
		c := readGolden(t, file)
		if c.Server == nil {
			continue // a case of the screen alone: no server has one
		}
		if c.Server.Without != "" {
			unplayed++
			continue
		}
		played++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { c.play(t) })
	}
	if played < minPlayed || unplayed > maxUnplayed {
		t.Errorf("only %d cases were played, and %d were not", played, unplayed)
	}
}

func readGolden(t *testing.T, file string) goldenCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c goldenCase
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	switch {
	case (c.Want.Decision == nil) != (c.Server == nil):
		t.Fatalf("%s: what has a decision has a server part, and the other way around", file)
	case c.Server == nil, c.Server.Without != "":
	case c.Want.Decision.OK != (c.Server.Invite != nil || c.Server.After != nil):
		t.Fatalf("%s: what is agreed to says what comes of it, and nothing else does", file)
	case c.Want.Decision.OK != (c.Want.Decision.Code == ""):
		t.Fatalf("%s: what is refused has a code, and nothing else has", file)
	}
	return c
}

func (c goldenCase) play(t *testing.T) {
	t.Parallel()
	s := c.Server
	if s.World != "demo" {
		t.Fatalf("unknown world %q", s.World)
	}
	agents := []string{"ada"}
	for _, step := range s.Before {
		if step.Do == "join" {
			agents = append(agents, step.Worker)
		}
	}
	p := newPlayer(newRig(t, rigOptions{agents: agents, features: s.settings(t)}))
	sids := map[string]string{"{first}": p.taskOf("ada"), "{channel}": p.conv.channel, "{interaction}": p.conv.interaction}
	for _, step := range s.Before {
		p.play(step)
	}
	sids["{task}"] = s.taskSID(p.rig, sids["{first}"])
	a, before := s.ask(p, sids["{task}"])
	switch {
	case !c.Want.Decision.OK:
		c.refused(p.rig, a, before)
	case s.After != nil:
		s.After.check(p, s, a)
	default:
		sids["{transfer}"] = a.id()
		c.agreed(p.rig, a, before, sids)
	}
}

// settings are the case's: the switches, and more.
func (s *goldenServer) settings(t *testing.T) transfer.Settings {
	t.Helper()
	all := transfer.Settings{}
	if s.Settings != nil {
		var err error
		if all, err = wire.DecodeSettings(string(s.Settings)); err != nil {
			t.Fatal(err)
		}
	}
	all.ColdTransfer = true
	for name, on := range s.Feature {
		switch name {
		case "cold_transfer":
			all.ColdTransfer = on
		case "multi_participant":
			all.MultiParticipant = on
		case "native_transfers":
			all.NativeTransfers = on
		default:
			t.Fatalf("unknown feature %q", name)
		}
	}
	return all
}

// taskSID is the task that the request names: that of who asks, or of Ada
// where the one who asks has none.
func (s *goldenServer) taskSID(r *rig, first string) string {
	r.Helper()
	switch s.Task {
	case "":
	case "call":
		for _, task := range r.account.Snapshot().Tasks {
			if task.TaskChannelUniqueName == "voice" {
				return task.SID
			}
		}
		r.Fatal("there is no call")
	default:
		r.Fatalf("unknown task %q", s.Task)
	}
	if res, in := r.reservation(s.By, "accepted", "wrapping"); in {
		return res.TaskSID
	}
	return first
}

// ask sends the request, and returns what had happened in the account when it
// was decided.
func (s *goldenServer) ask(p *player, task string) (answer, []sandbox.RecordEntry) {
	p.Helper()
	path, body := s.request(p, task)
	send := func() answer { return p.sendUntilAnswered("POST", path, body, p.header(s.By, "golden")) }
	switch s.Meanwhile {
	case "":
		before := p.account.Record().Entries(sandbox.Query{})
		return send(), before
	case "close":
	default:
		p.Fatalf("unknown event %q", s.Meanwhile)
	}
	if err := p.backend.reconciler.Restore(p.Context(), p.conv.interaction, p.conv.channel); err != nil { // not at the click
		p.Fatal(err)
	}
	held := sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "GET", Path: "*/Channels/{Sid}"},
		Do: sandbox.Action{Kind: sandbox.FaultHang}} // until the channel is closed: it is read again then
	if err := p.account.Faults().Add(held); err != nil {
		p.Fatal(err)
	}
	begun := p.account.Trace().Count()
	answered := make(chan answer, 1)
	go func() { answered <- send() }()
	p.eventually("the task and the participants are read", func() bool {
		seen := 0
		for _, e := range p.account.Trace().Last(50) {
			if e.ID > begun && e.Method == "GET" && (strings.HasSuffix(e.Template, "/Tasks/{Sid}") || strings.HasSuffix(e.Template, "/Participants")) {
				seen++
			}
		}
		return seen >= 2
	})
	endChannel(p.rig, "wrapup")
	p.account.Faults().Clear()
	before := p.account.Record().Entries(sandbox.Query{})
	return <-answered, before
}

// request is where the request goes and what it says.
func (s *goldenServer) request(p *player, task string) (path, body string) {
	p.Helper()
	if s.Taskless {
		task = ""
	}
	members := s.Target.body(p.rig, task)
	path = "/v1/transfers"
	switch s.Action {
	case "":
		if s.Mode != "" {
			members["mode"] = s.Mode
		}
	case "cancel":
		path = "/v1/transfers/" + s.transferID(p) + "/cancel"
	default:
		path = "/v1/departures"
		members["kind"] = s.Action
		if s.Participant != "" {
			members["participantSid"] = p.participant(s.Participant)
		}
	}
	if s.Action != "" {
		delete(members, "mode")
		delete(members, "target")
	}
	maps.Copy(members, s.Request)
	for _, member := range s.Omit {
		delete(members, member)
	}
	return path, p.json(members)
}

// transferID is the transfer that is to be canceled.
func (s *goldenServer) transferID(p *player) string {
	p.Helper()
	switch which := s.Transfer.(type) {
	case string:
		return which
	case float64:
		return p.made[int(which)]
	}
	return p.made[len(p.made)-1]
}

// agreed checks that there is one new task, and that its attributes are those
// that are wanted.
func (c goldenCase) agreed(r *rig, a answer, before []sandbox.RecordEntry, sids map[string]string) {
	r.Helper()
	if !a.begun() {
		r.Fatalf("%d %s", a.status, a.text)
	}
	var made []sandbox.RecordEntry
	r.eventually("there is a new task", func() bool {
		for _, e := range r.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"}) {
			if !slices.Contains(before, e) {
				made = append(made, e)
			}
		}
		return len(made) > 0
	})
	if len(made) != 1 {
		r.Fatalf("%d new tasks", len(made))
	}
	var got any
	if err := json.Unmarshal([]byte(made[0].Detail), &got); err != nil {
		r.Fatalf("the new task's attributes: %v", err)
	}
	if diff := partOf("attributes", c.Server.Invite, got, sids); diff != "" {
		r.Errorf("%s\n%s", diff, made[0].Detail)
	}
}

// partOf says how got differs from want, looking only at the members that want
// has; arrays must be the same.
func partOf(path string, want, got any, names map[string]string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: got %v, want an object", path, got)
		}
		for key, value := range w {
			has, ok := g[key]
			if !ok {
				return path + "." + key + " is missing"
			}
			if diff := partOf(path+"."+key, value, has, names); diff != "" {
				return diff
			}
		}
		return ""
	case string:
		if sid, named := names[w]; named {
			want = sid
		}
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s: got %v, want %v", path, got, want)
	}
	return ""
}

// refused checks what the agent is told, and that nothing at all has changed
// at Twilio.
func (c goldenCase) refused(r *rig, a answer, before []sandbox.RecordEntry) {
	r.Helper()
	code, field, status := c.Want.Decision.Code, c.Want.Decision.Field, a.status
	if w := c.Server.Want; w != nil {
		code, field, status = w.Code, w.Field, w.Status
	}
	if got, _ := a.body["field"].(string); a.status < 400 || a.status >= 500 || a.status != status || a.code() != code || got != field {
		r.Fatalf("%d %s, want %s %s", a.status, a.text, code, field)
	}
	if message, _ := a.body["message"].(string); message == "" {
		r.Errorf("no message: %s", a.text)
	}
	time.Sleep(100 * time.Millisecond) // for whoever changes something afterwards
	after := r.account.Record().Entries(sandbox.Query{})
	if !slices.Equal(before, after) {
		r.Errorf("refused, and yet this happened at Twilio: %+v", after[min(len(before), len(after)):])
	}
}
