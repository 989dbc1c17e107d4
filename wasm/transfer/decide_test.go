package transfer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecide(t *testing.T) {
	closed := func(r *Records) { r.Channel.Status = "closed" }
	for _, c := range []struct {
		name    string
		change  func(*Records)
		request Request
		want    Reason
	}{
		{"to an agent", nil, request(TargetWorker, bea), ""},
		{"to a queue", nil, request(TargetQueue, wqB), ""},
		{"mode not known", nil, Request{Mode: "luke"}, ReasonModeNotEnabled},
		{"another task", nil, Request{Mode: ModeCold, TaskSID: sid("WT", 7), InteractionSID: kd, InteractionChannelSID: uo}, ReasonNotInConversation},
		{"another channel", nil, Request{Mode: ModeCold, TaskSID: wt, InteractionSID: kd, InteractionChannelSID: sid("UO", 7)}, ReasonNotInConversation},
		{"native transfers", func(r *Records) { r.Settings.NativeTransfers = true }, request(TargetWorker, bea), ReasonNativeTransfersOn},
		{"switched off", func(r *Records) { r.Settings.ColdTransfer = false }, request(TargetWorker, bea), ReasonColdTransferOff},
		{"wrapping", func(r *Records) { r.Task.AssignmentStatus = "wrapping" }, request(TargetWorker, bea), ReasonTaskNotAssigned},
		{"closed", closed, request(TargetWorker, bea), ReasonConversationNotActive},
		{"not in", func(r *Records) { r.Participants = r.Participants[:1] }, request(TargetWorker, bea), ReasonNotInConversation},
		{"somebody else's task", func(r *Records) { r.Participants[1].WorkerSID = cyd }, request(TargetWorker, bea), ReasonNotInConversation},
		{"somebody else's task in wrap-up", func(r *Records) {
			r.Participants[1].WorkerSID, r.Task.AssignmentStatus = cyd, "wrapping"
		}, request(TargetWorker, bea), ReasonNotInConversation},
		{"somebody else's closed conversation", func(r *Records) {
			r.Participants[1].WorkerSID, r.Channel.Status = cyd, "closed"
		}, request(TargetWorker, bea), ReasonNotInConversation},
		{"a supervisor for an agent", func(r *Records) {
			r.Worker, r.Roles = WorkerRecord{SID: sid("WK", 8)}, []string{"supervisor"}
		}, request(TargetWorker, bea), ""},
		{"to herself", func(r *Records) { r.Workers = append(r.Workers, r.Worker) }, request(TargetWorker, ada), ReasonTargetIsSelf},
		{"to herself, not in the directory", nil, request(TargetWorker, ada), ReasonTargetIsSelf},
		{"unavailable", nil, request(TargetWorker, cyd), ReasonTargetUnavailable},
		{"not found", nil, request(TargetWorker, sid("WK", 99)), ReasonTargetNotFound},
		{"queue not found", nil, request(TargetQueue, sid("WQ", 99)), ReasonTargetNotFound},
		{"a worker's SID as a queue", nil, request(TargetQueue, bea), ReasonTargetNotFound},
		{"queue not served", func(r *Records) { r.Queues[0].Unserved = true }, request(TargetQueue, wqB), ReasonQueueNotServed},
		{"already in", func(r *Records) {
			r.Participants = append(r.Participants, ParticipantRecord{SID: sid("UT", 2), Type: "agent", WorkerSID: bea, TaskSID: sid("WT", 2)})
		}, request(TargetWorker, bea), ReasonTargetAlreadyParticipating},
		{"transfer under way", func(r *Records) {
			r.Transfers = []Transfer{{ID: "XT0", Mode: ModeCold, Phase: PhaseInviting, From: Agent{TaskSID: wt}}}
		}, request(TargetWorker, bea), ReasonTransferUnderWay},
		{"somebody else's invite outstanding", func(r *Records) {
			r.Transfers = []Transfer{{ID: "XT0", Phase: PhaseRinging, From: Agent{TaskSID: sid("WT", 5)}}}
		}, request(TargetWorker, bea), ReasonInviteOutstanding},
		{"an ended transfer is no obstacle", func(r *Records) {
			r.Transfers = []Transfer{{ID: "XT0", Phase: PhaseCompleted, From: Agent{TaskSID: wt}}}
		}, request(TargetWorker, bea), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := records()
			if c.change != nil {
				c.change(&r)
			}
			f, err := r.Facts()
			if err != nil {
				t.Fatal(err)
			}
			plan, err := Decide(f, c.request)
			var refusal *Refusal
			switch {
			case c.want == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.want == "" && (plan.From.ParticipantSID != utA || plan.From.TaskSID != wt || plan.Target.SID != c.request.Target.SID):
				t.Fatalf("plan %+v", plan)
			case c.want != "" && (!errors.As(err, &refusal) || refusal.Reason != c.want):
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestEveryReasonHasAText(t *testing.T) {
	for _, r := range Reasons() {
		if m := r.Message(); m == "" || !strings.HasSuffix(m, ".") {
			t.Errorf("%s: %q is not a sentence", r, m)
		}
	}
}

func TestPlanNamesTheTarget(t *testing.T) {
	f, err := records().Facts()
	if err != nil {
		t.Fatal(err)
	}
	r := request(TargetWorker, bea)
	r.Target.Name = "Mallory" // never believed
	plan, err := Decide(f, r)
	if err != nil || plan.Target.Name != "Bea Ortiz" || plan.From.Name != "Ada Lindqvist" {
		t.Fatalf("%+v, %v", plan, err)
	}
}

func attributesOf(t *testing.T, old string, target Request) (map[string]any, Plan) {
	t.Helper()
	r := records()
	r.Task.Attributes = old
	f, err := r.Facts()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decide(f, target)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(p.Attributes), &m); err != nil {
		t.Fatalf("%v in %s", err, p.Attributes)
	}
	if n := utf8.RuneCountInString(p.Attributes); n > MaxTaskAttributes-twilioReserve {
		t.Fatalf("%d characters", n)
	}
	return m, p
}

// old is the task attributes of the fixture with more members.
func old(more string) string {
	return `{"flexInteractionSid":"` + kd + `","flexInteractionChannelSid":"` + uo + `","flexChannelInviteSid":"KG1","conversationSid":"CH1"` + more + `}`
}

func TestAttributesAreCarriedOver(t *testing.T) {
	m, p := attributesOf(t, old(`,"customerName":"Zoë \"Z\"","n":1.50,"deep":{"a":[1,null]},"transferTargetSid":"stale","conversations":{"conversation_id":"WT0","case":"7"}`),
		request(TargetQueue, wqB))
	for key, want := range map[string]any{
		"customerName": `Zoë "Z"`, "n": 1.5, "transferTargetType": "queue", "transferTargetSid": wqB,
		"transferQueueName": "Billing", "transferId": "XT1",
	} {
		if m[key] != want {
			t.Errorf("%s: %v, want %v", key, m[key], want)
		}
	}
	if c := m["conversations"].(map[string]any); c["conversation_id"] != "WT0" || c["case"] != "7" {
		t.Errorf("conversations: %v", c)
	}
	if w := m["workerSidsInConversation"].([]any); len(w) != 1 || w[0] != ada {
		t.Errorf("workerSidsInConversation: %v", w)
	}
	for _, gone := range []string{"flexInteractionSid", "flexInteractionChannelSid", "flexChannelInviteSid", "conversationSid"} {
		if _, there := m[gone]; there {
			t.Errorf("%s is Twilio's to add", gone)
		}
	}
	if len(p.DroppedAttributes) != 0 || !strings.Contains(p.Attributes, "1.50") {
		t.Errorf("dropped %v; %s", p.DroppedAttributes, p.Attributes)
	}
	if ReadTransferID(p.Attributes) != "XT1" {
		t.Errorf("transfer ID not found in %s", p.Attributes)
	}
}

func TestFirstTransferLinksToTheFirstTask(t *testing.T) {
	for _, conversations := range []string{``, `,"conversations":null`, `,"conversations":{"conversation_id":null}`, `,"conversations":"x"`} {
		m, _ := attributesOf(t, old(conversations), request(TargetWorker, bea))
		if c := m["conversations"].(map[string]any); c["conversation_id"] != wt {
			t.Errorf("%s: %v", conversations, c)
		}
		if m["transferQueueName"] != "" {
			t.Errorf("transferQueueName %v", m["transferQueueName"])
		}
	}
}

func TestLargestAttributesAreDroppedFirst(t *testing.T) {
	m, p := attributesOf(t, old(`,"small":"s","large":"`+strings.Repeat("ก", 2200)+`","middle":"`+strings.Repeat("m", 1500)+`"`), request(TargetWorker, bea))
	if m["small"] != "s" || m["middle"] == nil || m["large"] != nil {
		t.Errorf("kept %v", m)
	}
	if len(p.DroppedAttributes) != 1 || p.DroppedAttributes[0] != "large" {
		t.Errorf("dropped %v", p.DroppedAttributes)
	}
}

func TestHugeConversationsKeepsItsID(t *testing.T) {
	m, p := attributesOf(t, old(`,"conversations":{"conversation_id":"WT0","x":"`+strings.Repeat("x", 3900)+`"}`), request(TargetWorker, bea))
	if c := m["conversations"].(map[string]any); c["conversation_id"] != "WT0" || c["x"] != nil {
		t.Errorf("conversations: %v", c)
	}
	if len(p.DroppedAttributes) != 1 || p.DroppedAttributes[0] != "conversations" {
		t.Errorf("dropped %v", p.DroppedAttributes)
	}
}

func TestBrokenAttributesAreNamed(t *testing.T) {
	r := records()
	r.Task.Attributes = `{"a":`
	if _, err := r.Facts(); err == nil || !strings.Contains(err.Error(), "task "+wt+": attributes") {
		t.Errorf("task: %v", err)
	}
	r = records()
	r.Workers[0].Attributes = `[]`
	if _, err := r.Facts(); err == nil || !strings.Contains(err.Error(), "workers "+bea) {
		t.Errorf("worker: %v", err)
	}
}

func TestValidSID(t *testing.T) {
	for s, want := range map[string]bool{
		bea: true, "": false, "WK": false, bea + "0": false, "WK" + strings.Repeat("G", 32): false,
		"WK" + strings.Repeat("A", 32): false, "WT" + bea[2:]: false, "WK../../../../../../../../../../..": false,
	} {
		if ValidSID(s, "WK") != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
