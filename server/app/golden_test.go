package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// goldenCase is a golden case of the rules as the whole server sees it: the
// world, what happens in it before, and who asks for what. The rules' own
// tests run the same files natively and as WebAssembly.
type goldenCase struct {
	Name string `json:"name"`
	Want struct {
		Decision struct {
			OK    bool   `json:"ok"`
			Code  string `json:"code"`
			Field string `json:"field"`
		} `json:"decision"`
	} `json:"want"`
	Server *struct {
		World    string          `json:"world"`
		By       string          `json:"by"`
		Target   goldenTarget    `json:"target"`
		Before   []goldenStep    `json:"before"`
		Features map[string]bool `json:"features"`
	} `json:"server"`
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
}

// TestGoldenCasesThroughTheServer asks the whole backend what the golden cases
// ask the rules: it gathers its facts from the world that the case names.
func TestGoldenCasesThroughTheServer(t *testing.T) {
	files, err := filepath.Glob("../../wasm/transfer/testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	played := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c goldenCase
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if c.Server == nil {
			continue // a case of the screen alone: no server has one
		}
		played++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) { c.play(t) })
	}
	if played < 10 {
		t.Errorf("only %d cases were played", played)
	}
}

func (c goldenCase) play(t *testing.T) {
	t.Parallel()
	if c.Server.World != "demo" {
		t.Fatalf("unknown world %q", c.Server.World)
	}
	agents := []string{"ada"}
	for _, s := range c.Server.Before {
		if s.Do == "join" {
			agents = append(agents, s.Worker)
		}
	}
	features := cold
	if on, set := c.Server.Features["cold_transfer"]; set {
		features.ColdTransfer = on
	}
	features.NativeTransfers = c.Server.Features["native_transfers"]
	r := newRig(t, rigOptions{agents: agents, features: features})
	for _, s := range c.Server.Before {
		s.play(r)
	}
	leaving := c.Server.By
	if _, in := r.reservation(leaving, "accepted", "wrapping"); !in {
		leaving = "ada"
	}
	before := r.invites()
	a := r.post(c.Server.By, c.Server.Target.body(r, r.taskOf(leaving)), "golden")
	if c.Want.Decision.OK {
		if a.status != 201 || r.invites() != before+1 {
			t.Fatalf("%d %s; %d invites", a.status, a.text, r.invites()-before)
		}
		return
	}
	if a.code() != c.Want.Decision.Code || a.status < 400 {
		t.Fatalf("%d %s, want %s", a.status, a.text, c.Want.Decision.Code)
	}
	if r.invites() != before {
		t.Errorf("refused, and yet %d invites", r.invites()-before)
	}
}

func (s goldenStep) play(r *rig) {
	r.Helper()
	switch s.Do {
	case "join": // the world begins with them
	case "activity":
		r.setActivity(s.Worker, s.Activity)
		// The backend hears of it from Twilio.
		r.eventually("the roster has heard", func() bool {
			w, _ := r.backend.roster.Known(r.worker(s.Worker).SID)
			return w.ActivityName == s.Activity
		})
	case "wrapup":
		res, _ := r.reservation(s.Worker, "accepted")
		if _, err := r.account.WrapUp(res.SID); err != nil {
			r.Fatal(err)
		}
	case "transfer":
		if a := r.post(s.By, s.To.body(r, r.taskOf(s.By)), "before"); a.status != 201 {
			r.Fatalf("%d %s", a.status, a.text)
		} else {
			r.phase(s.By, a.id(), "ringing")
		}
	case "transfer-held": // the invite exists, the removal gets no answer
		if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Product: sandbox.ProductFlex, Method: "POST", Path: pathParticipant},
			Do: sandbox.Action{Kind: sandbox.FaultHang}}); err != nil {
			r.Fatal(err)
		}
		if a := r.post("ada", s.To.body(r, r.taskOf("ada")), "before"); a.status != 201 {
			r.Fatalf("%d %s", a.status, a.text)
		}
	default:
		r.Fatalf("unknown step %q", s.Do)
	}
}

func (g goldenTarget) body(r *rig, taskSID string) map[string]any {
	switch {
	case g.Worker != "":
		return r.body(taskSID, "worker", r.worker(g.Worker).SID)
	case g.Queue != "":
		return r.body(taskSID, "queue", r.queue(g.Queue))
	case strings.HasPrefix(g.SID, "WQ"):
		return r.body(taskSID, "queue", g.SID)
	}
	return r.body(taskSID, "worker", g.SID)
}
