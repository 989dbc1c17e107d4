package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestDropInColdTransfer(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"form", "query", "json"} {
		t.Run(way, func(t *testing.T) {
			r := dropInRig(t)
			fields := r.inviting("ada", r.worker("bea").SID, true)
			fields["Token"] = r.token("ada")
			var a answer
			switch way {
			case "form":
				a = r.ask("POST", dropInInvite, encoded(fields), formHeader)
			case "query":
				a = r.ask("GET", dropInInvite+"?"+encoded(fields), "", nil)
			case "json":
				body := map[string]any{"transferQueueName": nil}
				for name, value := range fields {
					if value != "" {
						body[name] = value
					}
				}
				body["workersToIgnore"] = json.RawMessage(fields["workersToIgnore"]) // an object does too
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				a = r.ask("POST", dropInInvite, string(text), map[string]string{"Content-Type": "application/json"})
			}
			r.mustSucceed(a)
			invite, task := a.field("participantInviteSid"), a.field("invitesTaskSid")
			if !transfer.ValidSID(invite, "KG") || a.field("message") != "Participant invite "+invite || len(a.body) != 4 {
				t.Errorf("answer %s", a.text)
			}
			if made := r.invited(); len(made) != 1 || made[0].SID != task {
				t.Errorf("task %s, and the account has %+v", task, made)
			}
			r.accept("bea")
			r.eventually("ada has left", func() bool {
				return r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}) == 1
			})
			r.once("ada", "bea")
		})
	}
}

// TestDropInWarmTransfer invites, cancels by the task as the template's plugin
// does, with the attributes that it writes then, and invites the same colleague
// again.
func TestDropInWarmTransfer(t *testing.T) {
	t.Parallel()
	r := dropInRig(t)
	r.twilio("https://conversations.twilio.com/v1/Conversations/"+r.conv.ch, "Attributes", `{"order":12345678901234567890,"tags":["vip"]}`)
	first := r.mustSucceed(r.plugin("ada", dropInInvite, r.inviting("ada", r.worker("bea").SID, false))).field("invitesTaskSid")
	shown, _ := r.mirrored(first)[first].(map[string]any)
	if shown["invitesTaskSid"] != first || shown["targetSid"] != r.worker("bea").SID || shown["inviteTargetType"] != "Worker" {
		t.Errorf("the attributes show %v", shown)
	}

	// What another invite's cancel would write now: the list without this one.
	r.mustSucceed(r.plugin("ada", dropInAttributes, map[string]string{
		"conversationSid": r.conv.ch, "attributes": `{"order":12345678901234567890,"tags":["vip"],"invites":{}}`}))
	r.mirrored(first)
	// Other attributes are written, and only they.
	r.mustSucceed(r.plugin("ada", dropInAttributes, map[string]string{
		"conversationSid": r.conv.ch, "attributes": `{"tags":["vip","late"],"invites":{"WT1":{}}}`}))
	r.mirrored(first)
	if got := r.conversationAttributes(); got["order"] != nil || len(got["tags"].([]any)) != 2 || len(got) != 2 {
		t.Errorf("attributes %v", got)
	}
	if n := r.count(sandbox.Query{Kind: "task", Status: "canceled", SID: first}); n != 0 {
		t.Error("writing attributes has canceled the invite")
	}

	r.mustSucceed(r.plugin("ada", dropInStatus, map[string]string{"taskSid": first, "assignmentStatus": "canceled"}))
	r.mustSucceed(r.plugin("ada", dropInStatus, map[string]string{"taskSid": first, "assignmentStatus": "canceled"}))
	r.mirrored()
	if n := r.count(sandbox.Query{Kind: "task", Status: "canceled", SID: first}); n != 1 {
		t.Errorf("the invite's task was canceled %d times", n)
	}
	second := r.mustSucceed(r.plugin("ada", dropInInvite, r.inviting("ada", r.worker("bea").SID, false))).field("invitesTaskSid")
	if second == first || r.invites() != 2 {
		t.Errorf("asked again, and the invite is %s after %s", second, first)
	}
	r.accept("bea")
	r.eventually("bea is in", func() bool {
		return r.count(sandbox.Query{Kind: "participant", Status: "joined", WorkerSID: r.worker("bea").SID}) == 1
	})
	r.mustRefuse(r.plugin("ada", dropInStatus, map[string]string{"taskSid": second, "assignmentStatus": "canceled"}), "not outstanding any more")
	r.mustSucceed(r.plugin("ada", dropInStatus, map[string]string{"taskSid": first, "assignmentStatus": "canceled"})) // a late repeat
}

func TestDropInRemoves(t *testing.T) {
	t.Parallel()
	r := dropInRig(t, "ada", "bea", "chidi")
	ada, bea, chidi := r.participant("ada"), r.participant("bea"), r.participant("chidi")
	left := func(worker string) int {
		return r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker(worker).SID})
	}
	customer := r.externals()[0].SID
	r.mustRefuse(r.plugin("ada", dropInRemove, r.removing(customer)), "Only agents")
	r.mustRefuse(r.plugin("ada", dropInRemove, r.removing("UT00000000000000000000000000000000")), "not in the conversation")
	for range 3 { // chidi is removed by ada, once
		r.mustSucceed(r.plugin("ada", dropInRemove, r.removing(chidi)))
	}
	r.mustRefuse(r.plugin("chidi", dropInRemove, r.removing(bea)), "not in this conversation")
	for range 3 { // a supervisor lets bea leave
		r.mustSucceed(r.plugin("sam", dropInRemove, r.removing(bea)))
	}
	if left("chidi") != 1 || left("bea") != 1 || left("ada") != 0 {
		t.Errorf("left: chidi %d, bea %d, ada %d times", left("chidi"), left("bea"), left("ada"))
	}
	if n := r.count(sandbox.Query{Kind: "channel", Status: "closed"}); n != 0 {
		t.Fatal("the channel was closed with ada in it")
	}
	for range 3 { // ada is the last one: the conversation ends
		r.mustSucceed(r.plugin("ada", dropInRemove, r.removing(ada)))
	}
	if n := r.count(sandbox.Query{Kind: "channel", Status: "closed"}); n != 1 {
		t.Errorf("the channel was closed %d times", n)
	}
}

// TestDropInLeavesAnInviteRinging lets the last agent leave while a colleague is
// asked: the conversation stays open for them.
func TestDropInLeavesAnInviteRinging(t *testing.T) {
	r := dropInRig(t)
	ada := r.participant("ada")
	task := r.mustSucceed(r.plugin("ada", dropInInvite, r.inviting("ada", r.worker("bea").SID, false))).field("invitesTaskSid")
	r.mustSucceed(r.plugin("ada", dropInRemove, r.removing(ada)))
	if r.count(sandbox.Query{Kind: "channel", Status: "closed"})+r.count(sandbox.Query{Kind: "task", Status: "canceled", SID: task}) != 0 {
		t.Fatal("the conversation was closed, or the invite was taken back")
	}
	r.mustRefuse(r.plugin("ada", dropInStatus, map[string]string{"taskSid": task, "assignmentStatus": "canceled"}), "alone")
	r.accept("bea")
	r.once("ada", "bea")
}

// TestDropInTwoLeaveAtOnce races the two last agents: one leaves, the other ends
// the conversation. The customer is never left in an open one.
func TestDropInTwoLeaveAtOnce(t *testing.T) {
	r := dropInRig(t, "ada", "bea")
	fields := map[string]map[string]string{"ada": r.removing(r.participant("ada")), "bea": r.removing(r.participant("bea"))}
	var both sync.WaitGroup
	for worker, f := range fields {
		both.Go(func() {
			if a := r.plugin(worker, dropInRemove, f); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", worker, a.status, a.text)
			}
		})
	}
	both.Wait()
	if n := r.count(sandbox.Query{Kind: "channel", Status: "closed"}); n != 1 {
		t.Errorf("the channel was closed %d times", n)
	}
}

// TestDropInSample asks as the older sample's plugins do: with JSON, or with the
// payload as a text in a form.
func TestDropInSample(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"json", "form"} {
		t.Run(way, func(t *testing.T) {
			r := dropInRig(t)
			payload := map[string]any{
				"interactionDetails": map[string]any{
					"flexInteractionSid": r.conv.interaction, "flexInteractionChannelSid": r.conv.channel,
					"flexInteractionParticipantSid": r.participant("ada"),
				},
				"transferDetails":       map[string]any{"transferTargetSid": r.worker("bea").SID, "transferTargetType": "worker"},
				"transferringWorkerSid": r.worker("ada").SID, "transferringTaskAttributes": "{}", "taskRouterChannel": "chat",
			}
			ask := func(payload any) answer {
				text, err := json.Marshal(payload)
				if err != nil {
					t.Fatal(err)
				}
				if way == "form" {
					return r.plugin("ada", dropInSample, map[string]string{"Payload": string(text)})
				}
				body, err := json.Marshal(map[string]any{"Payload": payload, "Token": r.token("ada")})
				if err != nil {
					t.Fatal(err)
				}
				return r.answered(func() answer {
					return r.ask("POST", dropInSample, string(body), map[string]string{"Content-Type": "application/json"})
				})
			}
			for range 3 { // twice as a repeat
				if a := ask(payload); a.status != http.StatusOK || strings.TrimSpace(a.text) != `{"success":true}` {
					t.Fatalf("%d %s", a.status, a.text)
				}
			}
			payload["transferDetails"] = map[string]any{"transferTargetSid": r.queue("Billing"), "transferTargetType": "queue"}
			if a := ask(payload); a.status != http.StatusInternalServerError || a.body["success"] != false || a.field("error") == "" {
				t.Errorf("a second transfer: %d %s", a.status, a.text)
			}
			delete(payload, "interactionDetails")
			a := ask(payload)
			if a.status != http.StatusBadRequest || strings.Count(a.field("message"), "Missing Payload.interactionDetails.flexInteraction") != 3 {
				t.Errorf("without details: %d %s", a.status, a.text)
			}
			r.accept("bea")
			r.eventually("ada has left", func() bool {
				return r.count(sandbox.Query{Kind: "participant", Status: "left", WorkerSID: r.worker("ada").SID}) == 1
			})
			r.once("ada", "bea")
		})
	}
}
