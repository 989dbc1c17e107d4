package twilioapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestInvite(t *testing.T) {
	f := newFake(t, reply(201, madeInvite))
	got, err := f.client.Invite(t.Context(), InviteRequest{
		InteractionSID: interactionSID, InteractionChannelSID: channelSID, WorkflowSID: workflowSID,
		TaskChannelName: "chat", Attributes: ` {"level": 5.1, "a<b": "x&y"}`, Priority: 3, Timeout: 90*time.Second + 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Invite{SID: sid("KG", "1"), TaskSID: taskSID, Attributes: `{"transferId":"x"}`, WorkflowSID: workflowSID}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r := f.seen()[0]
	if r.host != "flex-api.twilio.com" || r.path != "/v1/Interactions/"+interactionSID+"/Channels/"+channelSID+"/Invites" {
		t.Errorf("went to %s %s", r.host, r.path)
	}
	if r.user != sid("SK", "1") || r.password != testSecret {
		t.Errorf("signed in as %q", r.user)
	}
	var routing map[string]map[string]any
	if err := json.Unmarshal([]byte(r.form["Routing"][0]), &routing); err != nil {
		t.Fatal(err)
	}
	wantRouting := map[string]any{
		"workspace_sid": workspaceSID, "workflow_sid": workflowSID, "task_channel_unique_name": "chat",
		"priority": 3.0, "timeout": 90.0, "attributes": map[string]any{"level": 5.1, "a<b": "x&y"},
	}
	if !reflect.DeepEqual(routing["properties"], wantRouting) {
		t.Errorf("routing is %v, want %v", routing["properties"], wantRouting)
	}
}

func TestParticipants(t *testing.T) {
	f := newFake(t, reply(200, `{"participants":[{"sid":"`+participantSID+`","type":"agent","routing_properties":`+
		`{"task_sid":"`+taskSID+`","worker_sid":"`+workerSID+`","reservation_sid":"`+sid("WR", "1")+`"}},`+
		`{"sid":"`+sid("UT", "2")+`","type":"customer","routing_properties":null}],"meta":{"next_page_url":null}}`))
	got, err := f.client.Participants(t.Context(), interactionSID, channelSID)
	want := []transfer.ParticipantRecord{
		{SID: participantSID, Type: "agent", TaskSID: taskSID, WorkerSID: workerSID, ReservationSID: sid("WR", "1")},
		{SID: sid("UT", "2"), Type: "customer"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTaskAndItsWithdrawal(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		_, _ = io.WriteString(w, `{"sid":"`+taskSID+`","assignment_status":"pending","age":12,"priority":2,"reason":"r",`+
			`"attributes":"{}","task_channel_unique_name":"chat","task_queue_friendly_name":"Billing",`+
			`"task_queue_sid":"`+sid("WQ", "1")+`","workflow_sid":"`+workflowSID+`","date_created":"2026-01-02T03:04:05Z"}`)
	})
	got, err := f.client.Task(t.Context(), taskSID)
	want := Task{
		TaskRecord: transfer.TaskRecord{SID: taskSID, AssignmentStatus: "pending", TaskChannelName: "chat", Attributes: "{}", QueueName: "Billing", QueueSID: sid("WQ", "1")},
		ETag:       `"7"`, Age: 12 * time.Second, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Priority: 2, Reason: "r",
		WorkflowSID: workflowSID,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := f.client.CancelTask(t.Context(), taskSID, got.ETag, "withdrawn"); err != nil {
		t.Fatal(err)
	}
	r := f.seen()[1]
	if r.ifMatch != `"7"` || r.form["AssignmentStatus"][0] != "canceled" || r.form["Reason"][0] != "withdrawn" || r.host != "taskrouter.twilio.com" {
		t.Errorf("sent %+v", r)
	}
	f = newFake(t, reply(412, `{"code":20412,"message":"x"}`))
	if err := f.client.CancelTask(t.Context(), taskSID, `"7"`, "withdrawn"); !IsConflict(err) || !IsRefused(err) {
		t.Errorf("%v is no conflict", err)
	}
}

// Only the query of the next page's address is used, unchanged: its host is somebody's word, and twilio-go would cut
// ".77" out of the token.
func TestPages(t *testing.T) {
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, r *http.Request) {
		next := "null"
		if r.URL.Query().Get("PageToken") == "" {
			next = `"https://evil.example/v1/x?PageSize=2&Page=1&PageToken=PAWK1.77"`
		}
		_, _ = fmt.Fprintf(w, `{"workers":[{"sid":"%s","friendly_name":"w","available":true,"attributes":"{}","activity_name":"Available"}],`+
			`"meta":{"next_page_url":%s}}`, sid("WK", fmt.Sprint(len(f.seen()))), next)
	})
	got, err := f.client.Workers(t.Context())
	if err != nil || len(got) != 2 || got[0].SID != sid("WK", "1") || got[1].SID != sid("WK", "2") || !got[1].Available {
		t.Fatalf("got %+v, %v", got, err)
	}
	seen := f.seen()
	if seen[0].query != "PageSize=1000" || seen[1].query != "PageSize=2&Page=1&PageToken=PAWK1.77" || seen[1].path != seen[0].path {
		t.Errorf("asked %s, then %s?%s", seen[0].query, seen[1].path, seen[1].query)
	}
}

func TestPagesThatNeverEnd(t *testing.T) {
	f := newFake(t, reply(200, `{"task_queues":[],"meta":{"next_page_url":"https://taskrouter.twilio.com/v1?PageToken=a"}}`))
	_, err := f.client.Queues(t.Context())
	wantOutcome(t, err, Unknown)
	if n := len(f.seen()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestTaskRouterReads(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		for part, body := range map[string]string{
			"/Reservations": `{"reservations":[{"sid":"` + sid("WR", "1") + `","task_sid":"` + taskSID + `","worker_sid":"` + workerSID +
				`","worker_name":"ada","reservation_status":"accepted","date_created":"2026-01-02T03:04:05Z"}],"meta":{}}`,
			"/TaskQueues": `{"task_queues":[{"sid":"` + sid("WQ", "1") + `","friendly_name":"Billing"}],"meta":{}}`,
			"/Workflows/": `{"sid":"` + workflowSID + `","friendly_name":"Chat Transfer","configuration":"{}"}`,
			"/Workers/":   `{"sid":"` + workerSID + `","friendly_name":"ada","activity_name":"Break","available":false,"attributes":"{\"a\":1}"}`,
			"/Invites":    `{"invites":[` + madeInvite + `],"meta":{}}`,
		} {
			if strings.Contains(r.URL.Path, part) {
				_, _ = io.WriteString(w, body)
			}
		}
	})
	ctx := t.Context()
	reservations, err := f.client.TaskReservations(ctx, taskSID)
	if err != nil || len(reservations) != 1 || reservations[0].Status != "accepted" || reservations[0].WorkerSID != workerSID || reservations[0].Created.IsZero() {
		t.Errorf("reservations %+v, %v", reservations, err)
	}
	queues, err := f.client.Queues(ctx)
	if err != nil || len(queues) != 1 || !reflect.DeepEqual(queues[0], transfer.QueueRecord{SID: sid("WQ", "1"), FriendlyName: "Billing"}) {
		t.Errorf("queues %+v, %v", queues, err)
	}
	workflow, err := f.client.Workflow(ctx, workflowSID)
	if err != nil || workflow != (Workflow{workflowSID, "Chat Transfer", "{}"}) {
		t.Errorf("workflow %+v, %v", workflow, err)
	}
	worker, err := f.client.Worker(ctx, workerSID)
	if err != nil || worker != (transfer.WorkerRecord{SID: workerSID, FriendlyName: "ada", ActivityName: "Break", Attributes: `{"a":1}`}) {
		t.Errorf("worker %+v, %v", worker, err)
	}
	invites, err := f.client.Invites(ctx, interactionSID, channelSID)
	if err != nil || len(invites) != 1 || invites[0].TaskSID != taskSID {
		t.Errorf("invites %+v, %v", invites, err)
	}
}

func TestNothingBadReachesAPath(t *testing.T) {
	f := newFake(t, reply(200, `{}`))
	ctx := t.Context()
	for _, bad := range []string{"", "..", "KD/../../x", sid("WT", "1") + "?x=1", sid("KD", "1") + "/", "KD" + strings.Repeat("A", 32), sid("XX", "1")} {
		errs := map[string]error{}
		_, errs["Invite"] = f.client.Invite(ctx, InviteRequest{InteractionSID: bad, InteractionChannelSID: channelSID, WorkflowSID: workflowSID})
		_, errs["Invite channel"] = f.client.Invite(ctx, InviteRequest{InteractionSID: interactionSID, InteractionChannelSID: bad, WorkflowSID: workflowSID})
		_, errs["Invite workflow"] = f.client.Invite(ctx, InviteRequest{InteractionSID: interactionSID, InteractionChannelSID: channelSID, WorkflowSID: bad})
		_, errs["Invites"] = f.client.Invites(ctx, bad, channelSID)
		_, errs["Participants"] = f.client.Participants(ctx, interactionSID, bad)
		errs["LeaveParticipant"] = f.client.LeaveParticipant(ctx, interactionSID, channelSID, bad, "")
		errs["LeaveParticipant channel"] = f.client.LeaveParticipant(ctx, interactionSID, bad, participantSID, "")
		errs["CloseChannel"] = f.client.CloseChannel(ctx, interactionSID, bad, "")
		errs["CloseChannel interaction"] = f.client.CloseChannel(ctx, bad, channelSID, "")
		_, errs["Conversation"] = f.client.Conversation(ctx, bad)
		errs["UpdateConversationAttributes"] = f.client.UpdateConversationAttributes(ctx, bad, "{}")
		_, errs["Messages"] = f.client.Messages(ctx, bad, 1)
		_, errs["ConversationParticipants"] = f.client.ConversationParticipants(ctx, bad)
		_, errs["Channel"] = f.client.Channel(ctx, bad, channelSID)
		_, errs["Worker"] = f.client.Worker(ctx, bad)
		_, errs["Workflow"] = f.client.Workflow(ctx, bad)
		if bad != sid("WT", "1") {
			_, errs["Task"] = f.client.Task(ctx, bad)
			_, errs["TaskReservations"] = f.client.TaskReservations(ctx, bad)
			errs["CancelTask"] = f.client.CancelTask(ctx, bad, "", "")
		}
		for call, err := range errs {
			if OutcomeOf(err) != Invalid {
				t.Errorf("%s(%q): %v", call, bad, err)
			}
		}
	}
	for _, attributes := range []string{"[]", "null", "{", "x", " ", `{"a":1}{`} {
		_, err := f.client.Invite(ctx, InviteRequest{InteractionSID: interactionSID, InteractionChannelSID: channelSID, WorkflowSID: workflowSID, Attributes: attributes})
		if OutcomeOf(err) != Invalid {
			t.Errorf("attributes %q: %v", attributes, err)
		}
	}
	if n := len(f.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// Ten thousand calls over a handful of connections: answers are read to their end, errors too.
func TestConnectionsAreReused(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "Workers") {
			reply(404, `{"code":20404,"message":"`+strings.Repeat("x", 5000)+`"}   `)(w, r)
			return
		}
		reply(200, channelAnswer+strings.Repeat(" ", 5000))(w, r)
	})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range 20 {
				_, _ = f.client.Channel(t.Context(), interactionSID, channelSID)
				_, _ = f.client.Worker(t.Context(), workerSID)
			}
		})
	}
	wg.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.requests) != 1280 || f.conns > 64 {
		t.Errorf("%d connections for %d requests", f.conns, len(f.requests))
	}
}

func TestOptions(t *testing.T) {
	good := Options{AccountSID: accountSID, WorkspaceSID: workspaceSID, AuthToken: testToken}
	if c, err := New(good); err != nil || c.credentials.Username != accountSID {
		t.Fatalf("%v", err)
	}
	for name, change := range map[string]func(*Options){
		"AccountSID":   func(o *Options) { o.AccountSID = "AC1" },
		"WorkspaceSID": func(o *Options) { o.WorkspaceSID = "" },
		"AuthToken":    func(o *Options) { o.AuthToken = "" },
		"APIKey":       func(o *Options) { o.APIKey = "SK1" },
		"APISecret":    func(o *Options) { o.APIKey = sid("SK", "1") },
		"BaseURL":      func(o *Options) { o.BaseURL = "ftp://x" },
		"path":         func(o *Options) { o.BaseURL = "http://x/path" },
		"user":         func(o *Options) { o.BaseURL = "http://u:p@x" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Options{}); err == nil || strings.Count(err.Error(), "Options.") < 3 {
		t.Errorf("%v does not name all that is missing", err)
	}
}
