package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
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
	World    string          `json:"world"`
	By       string          `json:"by"`
	Target   goldenTarget    `json:"target"`
	Before   []goldenStep    `json:"before"`
	Features map[string]bool `json:"features"`
	Mode     string          `json:"mode"` // cold if empty
	// Task is "call" to ask for the call that a step has begun.
	Task string `json:"task"`
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
	// Set replaces members of the worker's task's attributes.
	Set map[string]any `json:"set"`
}

// minPlayed guards against a run that plays next to nothing.
const minPlayed = 24

// TestGoldenCasesThroughTheServer asks the whole backend what the golden cases
// ask the rules: it gathers its facts from the world that the case names.
func TestGoldenCasesThroughTheServer(t *testing.T) {
	files, err := filepath.Glob("../../wasm/transfer/testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	played := 0
	for _, file := range files {
		c := readGolden(t, file)
		if c.Server == nil {
			continue // a case of the screen alone: no server has one
		}
		played++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { c.play(t) })
	}
	if played < minPlayed {
		t.Errorf("only %d cases were played", played)
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
	case c.Server == nil:
	case c.Want.Decision.OK != (c.Server.Invite != nil):
		t.Fatalf("%s: what is agreed to says what the invite is, and nothing else does", file)
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
	r := newRig(t, rigOptions{agents: agents, features: s.features(t)})
	sids := map[string]string{"{first}": r.taskOf("ada"), "{channel}": r.conv.channel, "{interaction}": r.conv.interaction}
	for _, step := range s.Before {
		step.play(r)
	}
	sids["{task}"] = s.taskSID(r, sids["{first}"])
	body := s.Target.body(r, sids["{task}"])
	if s.Mode != "" {
		body["mode"] = s.Mode
	}
	for _, member := range s.Omit {
		delete(body, member)
	}
	a, before := s.ask(r, body)
	if c.Want.Decision.OK {
		sids["{transfer}"] = a.id()
		c.agreed(r, a, before, sids)
		return
	}
	c.refused(r, a, before)
}

func (s *goldenServer) features(t *testing.T) Features {
	t.Helper()
	f := cold
	for name, on := range s.Features {
		switch name {
		case "cold_transfer":
			f.ColdTransfer = on
		case "multi_participant":
			f.MultiParticipant = on
		case "native_transfers":
			f.NativeTransfers = on
		default:
			t.Fatalf("unknown feature %q", name)
		}
	}
	return f
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
func (s *goldenServer) ask(r *rig, body map[string]any) (answer, []sandbox.RecordEntry) {
	r.Helper()
	switch s.Meanwhile {
	case "":
		before := r.account.Record().Entries(sandbox.Query{})
		return r.post(s.By, body, "golden"), before
	case "close":
	default:
		r.Fatalf("unknown event %q", s.Meanwhile)
	}
	held := sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "GET", Path: "*/Channels/{Sid}"},
		Do: sandbox.Action{Kind: sandbox.FaultSlow, DelayMS: 1000}, Times: 1}
	if err := r.account.Faults().Add(held); err != nil {
		r.Fatal(err)
	}
	begun := r.account.Trace().Count()
	answered := make(chan answer, 1)
	go func() { answered <- r.post(s.By, body, "golden") }()
	r.eventually("the task and the participants are read", func() bool {
		seen := 0
		for _, e := range r.account.Trace().Last(50) {
			if e.ID > begun && e.Method == "GET" && (strings.HasSuffix(e.Template, "/Tasks/{Sid}") || strings.HasSuffix(e.Template, "/Participants")) {
				seen++
			}
		}
		return seen >= 2
	})
	endChannel(r, "wrapup")
	before := r.account.Record().Entries(sandbox.Query{})
	return <-answered, before
}

// agreed checks that there is one new task, and that its attributes are those
// that are wanted.
func (c goldenCase) agreed(r *rig, a answer, before []sandbox.RecordEntry, sids map[string]string) {
	r.Helper()
	if a.status != 201 {
		r.Fatalf("%d %s", a.status, a.text)
	}
	var made []sandbox.RecordEntry
	for _, e := range r.account.Record().Entries(sandbox.Query{Kind: "task", Status: "pending"}) {
		if !slices.Contains(before, e) {
			made = append(made, e)
		}
	}
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
