package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/dist"
)

// The templates of Twilio's addresses that faults are set for.
const (
	pathInvites     = "*/Invites"
	pathParticipant = "*/Participants/{Sid}"
	pathValidate    = "*/Tokens/validate"
)

func TestColdTransferToAnAgent(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	adaTask := r.taskOf("ada")
	a := r.post("ada", r.body(adaTask, "worker", r.worker("bea").SID), "k1")
	if !a.begun() || a.header.Get("Location") != "/v1/transfers/"+a.id() {
		t.Fatalf("%d %s", a.status, a.text)
	}
	r.phase("ada", a.id(), "ringing")
	r.accept("bea")
	done := r.phase("bea", a.id(), "completed")
	if done["acceptedBy"] != r.worker("bea").SID {
		t.Errorf("accepted by %v", done["acceptedBy"])
	}
	if n := r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}); n != 1 {
		t.Errorf("ada left %d times", n)
	}
	if n := r.count(sandbox.Query{Kind: "task", Status: "completed", TaskSID: adaTask}) + r.count(sandbox.Query{Kind: "task", Status: "completed", SID: adaTask}); n == 0 {
		t.Error("ada's task is not completed")
	}
	if n := r.count(sandbox.Query{Kind: "channel", Status: "closed"}); n != 0 {
		t.Error("the channel was closed")
	}
	if n := r.invites(); n != 1 {
		t.Errorf("%d invites", n)
	}
}

// TestColdTransferToAQueueLeavesOutWhoTransfers lets the only other agent of
// the queue reject: who transfers is not asked even then.
func TestColdTransferToAQueueLeavesOutWhoTransfers(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold})
	a := r.post("ada", r.body(r.taskOf("ada"), "queue", r.queue("Billing")), "k1")
	if !a.begun() {
		t.Fatalf("%d %s", a.status, a.text)
	}
	r.phase("ada", a.id(), "ringing")
	made := r.invited()
	if len(made) != 1 || made[0].SID == "" {
		t.Fatalf("%d new tasks", len(made))
	}
	task := made[0].SID
	asked := func(worker string) int {
		return r.count(sandbox.Query{Kind: "reservation", Status: "pending", TaskSID: task, WorkerSID: r.worker(worker).SID})
	}
	res, ok := r.reservation("bea", "pending")
	if !ok || res.TaskSID != task || asked("bea") != 1 {
		t.Fatalf("bea is not asked for %s: %+v", task, res)
	}
	if _, err := r.account.RejectReservation(res.SID); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if n := asked("ada"); n != 0 {
		t.Errorf("the agent who transfers was asked %d times", n)
	}
	if ada := r.worker("ada"); ada.ActivityName != "Available" {
		t.Errorf("ada is %s: nobody would ask her anyway", ada.ActivityName)
	}
	r.phase("ada", a.id(), "ringing")
}

// TestDoubleClick sends the same request many times at once, with the same
// key (a double click) and with different ones (two tabs).
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		key  func(int) string
	}{
		{"one key", func(int) string { return "k" }},
		{"many keys", func(i int) string { return fmt.Sprint("k", i) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, rigOptions{features: cold})
			text, err := json.Marshal(r.body(r.taskOf("ada"), "worker", r.worker("bea").SID))
			if err != nil {
				t.Fatal(err)
			}
			token, made := r.token("ada"), sync.Map{} // one page has one token
			var all sync.WaitGroup
			for i := range 40 {
				all.Go(func() {
					a := answer{status: http.StatusTooManyRequests}
					for header := bearer(token); a.busy(); {
						header["Idempotency-Key"] = c.key(i)
						a = r.ask("POST", "/v1/transfers", string(text), header)
					}
					switch {
					case a.status == 200 || a.status == 201 || a.status == 202:
						made.Store(a.id(), true)
					case c.name == "many keys" && a.status == http.StatusConflict,
						c.name == "many keys" && a.status == http.StatusForbidden: // she has left meanwhile
					default:
						t.Errorf("%d %s", a.status, a.text)
					}
				})
			}
			all.Wait()
			n := 0
			made.Range(func(any, any) bool { n++; return true })
			if n != 1 || r.invites() != 1 {
				t.Errorf("%d transfers, %d invites", n, r.invites())
			}
		})
	}
}

// TestFaults plays a transfer while Twilio misbehaves: it is completed with
// one invite and one removal all the same.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		path  string
		do    sandbox.Action
		times int
	}{
		{"the answer to the invite is lost", pathInvites, sandbox.Action{Kind: sandbox.FaultLostAnswer}, 1},
		{"the invite hangs after it was made", pathInvites, sandbox.Action{Kind: sandbox.FaultHangAfter}, 1},
		{"the invite hangs before it was made", pathInvites, sandbox.Action{Kind: sandbox.FaultHang}, 1},
		{"the invite is answered with 503", pathInvites, sandbox.Action{Kind: sandbox.FaultStatus, Status: 503}, 1},
		{"the invite is answered with 500", pathInvites, sandbox.Action{Kind: sandbox.FaultStatus, Status: 500}, 1},
		{"the invite is throttled", pathInvites, sandbox.Action{Kind: sandbox.FaultStatus, Status: 429}, 2},
		{"the invite is answered with HTML", pathInvites, sandbox.Action{Kind: sandbox.FaultHTML}, 1},
		{"the invite is reset", pathInvites, sandbox.Action{Kind: sandbox.FaultReset}, 1},
		{"the answer to the removal is lost", pathParticipant, sandbox.Action{Kind: sandbox.FaultLostAnswer}, 1},
		{"the removal is answered with 503, again and again", pathParticipant, sandbox.Action{Kind: sandbox.FaultStatus, Status: 503}, 3},
		{"the removal hangs", pathParticipant, sandbox.Action{Kind: sandbox.FaultHang}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{features: cold})
			if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Method: "POST", Path: c.path}, Do: c.do, Times: c.times}); err != nil {
				t.Fatal(err)
			}
			a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
			if a.status >= 300 { // 200 where it had to be asked for again
				t.Fatalf("%d %s", a.status, a.text)
			}
			r.phase("ada", a.id(), "ringing")
			r.accept("bea")
			r.phase("ada", a.id(), "completed")
			r.once("ada", "bea")
			if n := hits(r, c.path); n < c.times+1 && c.do.Kind != sandbox.FaultHangAfter && c.do.Kind != sandbox.FaultLostAnswer {
				t.Errorf("the fault did not happen: %d requests", n)
			}
		})
	}
}

// hits is how many POST requests reached the addresses that end so.
func hits(r *rig, path string) int {
	n := 0
	for _, e := range r.account.Trace().Last(1000) {
		if e.Method == "POST" && strings.HasSuffix(e.Template, strings.TrimPrefix(path, "*")) {
			n++
		}
	}
	return n
}

// TestRefusedInvite shows what the agent is told when Twilio refuses.
func TestRefusedInvite(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	if err := r.account.Faults().Add(sandbox.Rule{Match: sandbox.Match{Method: "POST", Path: pathInvites}, Do: sandbox.Action{Kind: sandbox.FaultStatus, Status: 400}}); err != nil {
		t.Fatal(err)
	}
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	if a.status != http.StatusConflict || a.code() != "INVITE_REFUSED" {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if n := r.count(sandbox.Query{Kind: "participant", Status: "left"}); n != 0 || r.invites() != 0 {
		t.Error("something was changed")
	}
	r.account.Faults().Clear()
	if a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k2"); !a.begun() {
		t.Errorf("the next try: %d %s", a.status, a.text)
	}
}

// TestWebhooksMayBeRepeated plays a transfer with every webhook delivered
// twice and late.
func TestWebhooksMayBeRepeated(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	f := sandbox.Switches{Rules: []sandbox.Rule{}, Webhooks: sandbox.WebhookFaults{Duplicate: 1, DelayMS: 50}}
	if err := r.account.Faults().Set(f); err != nil {
		t.Fatal(err)
	}
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	r.phase("ada", a.id(), "ringing")
	r.accept("bea")
	r.phase("ada", a.id(), "completed")
	r.eventually("the acceptance is told twice, and taken in", func() bool {
		return hooks(r, "reservation.accepted", r.invited()[0].SID) == 2
	})
	r.phase("ada", a.id(), "completed")
	r.once("ada", "bea")
}

// hooks is how many webhooks of an event the backend has taken in for a task.
func hooks(r *rig, event, taskSID string) int {
	n := 0
	for _, e := range r.account.Trace().Last(1000) {
		if e.Out && e.Template == event && e.Status/100 == 2 && strings.Contains(e.Summary, taskSID) {
			n++
		}
	}
	return n
}

func TestCustomerLeavesWhileItRings(t *testing.T) {
	r := newRig(t, rigOptions{features: cold})
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	r.phase("ada", a.id(), "ringing")
	closeChannel(r)
	if done := r.phase("ada", a.id(), "abandoned"); done["failure"] != "CUSTOMER_LEFT" {
		t.Errorf("%v", done)
	}
}

func closeChannel(r *rig) { r.Helper(); endChannel(r, "closed") }

// endChannel closes the channel and, by Routing's status, completes the tasks
// (closed) or sends them to wrap-up (wrapup).
func endChannel(r *rig, routing string) {
	r.Helper()
	form := []string{"Status", "closed"}
	if routing == "closed" { // Twilio has a word for this alone; without it, tasks are wrapped up
		form = append(form, "Routing", `{"status":"closed"}`)
	}
	r.twilio("https://flex-api.twilio.com/v1/Interactions/"+r.conv.interaction+"/Channels/"+r.conv.channel, form...)
}

// TestTheStreamTells reads the event stream as a browser does, and resumes it.
func TestTheStreamTells(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{features: cold})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	next := r.stream(ctx, "ada", "")
	built, err := dist.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if e := next("hello"); !strings.Contains(e.data, `"cold_transfer":true`) || !strings.Contains(e.data, `"rules":"`+built.Rules+`"`) {
		t.Errorf("hello: %s, and the module's rules are %s", e.data, built.Rules)
	}
	a := r.post("ada", r.body(r.taskOf("ada"), "worker", r.worker("bea").SID), "k")
	var ids []string
	for ringing := false; !ringing; { // a busy stream skips what was replaced by something newer
		e := next("transfer")
		ids = append(ids, e.id)
		ringing = strings.Contains(e.data, `"phase":"ringing"`) && strings.Contains(e.data, a.id())
	}
	r.accept("bea")
	for !strings.Contains(next("transfer").data, `"phase":"completed"`) {
	}
	resumed := r.stream(ctx, "ada", ids[0])
	for !strings.Contains(resumed("transfer").data, `"phase":"completed"`) {
	}
	// Somebody whom it does not concern hears nothing of it, but hears of workers.
	other := r.stream(ctx, "chidi", "")
	other("hello")
	r.setActivity("bea", "Break")
	if e := other(""); e.event != "worker" || !strings.Contains(e.data, `"activity_name":"Break"`) {
		t.Errorf("%+v", e)
	}
}

type streamEvent struct{ id, event, data string }

// stream opens the event stream and returns a function that waits for the
// next event of a kind (any, if it is empty).
func (r *rig) stream(ctx context.Context, worker, after string) func(kind string) streamEvent {
	r.Helper()
	q, err := http.NewRequestWithContext(ctx, "GET", r.server.URL+"/v1/events", nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.token(worker))
	if after != "" {
		q.Header.Set("Last-Event-ID", after)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		r.Fatalf("stream: %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	return func(kind string) streamEvent {
		r.Helper()
		var e streamEvent
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "id":
				e.id = value
			case name == "event":
				e.event = value
			case name == "data":
				e.data = value
			case lines.Text() == "" && e.event != "":
				if kind == "" || e.event == kind {
					return e
				}
				e = streamEvent{}
			}
		}
		r.Fatalf("the stream ended: %v", lines.Err())
		return e
	}
}
