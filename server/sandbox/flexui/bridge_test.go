package flexui

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// What twilio-taskrouter 2.1 refuses an object without. Source: ReservationProperties and so on of its index.commonjs2.js.
var wanted = map[string][]string{
	"worker": {"account_sid", "activity_name", "activity_sid", "attributes", "available", "date_created", "date_status_changed",
		"date_updated", "friendly_name", "sid", "workspace_sid", "version"},
	"activity": {"account_sid", "available", "date_created", "date_updated", "friendly_name", "sid", "workspace_sid"},
	"channel": {"account_sid", "assigned_tasks", "available", "available_capacity_percentage", "configured_capacity",
		"date_created", "date_updated", "last_reserved_time", "sid", "task_channel_sid", "task_channel_unique_name", "worker_sid",
		"workspace_sid"},
	"reservation": {"account_sid", "date_created", "date_updated", "reservation_status", "sid", "task", "reservation_timeout",
		"worker_sid", "workspace_sid", "version"},
	"task": {"addons", "age", "attributes", "date_created", "date_updated", "priority", "queue_name", "queue_sid", "reason",
		"routing_target", "sid", "assignment_status", "task_channel_unique_name", "task_channel_sid", "timeout", "workflow_name",
		"workflow_sid", "version", "virtual_start_time"},
	"queue": {"friendly_name", "reservation_activity_name", "assignment_activity_name", "target_workers",
		"max_reserved_workers", "task_order", "reservation_activity_sid", "assignment_activity_sid", "workspace_sid",
		"account_sid", "sid", "date_created", "date_updated", "lifo_queue"},
}

// hasAll checks what the client checks, and that dates are numbers.
func hasAll(t *testing.T, kind string, v map[string]any) {
	t.Helper()
	for _, name := range wanted[kind] {
		value, has := v[name]
		if !has {
			t.Errorf("%s: lacks %s", kind, name)
		}
		if _, isNumber := value.(float64); strings.HasPrefix(name, "date_") && !isNumber {
			t.Errorf("%s: %s is %v, not seconds", kind, name, value)
		}
	}
	if task, ok := v["task"].(map[string]any); ok {
		hasAll(t, "task", task)
	}
}

func first(t *testing.T, payload map[string]any) map[string]any {
	t.Helper()
	contents, _ := payload["contents"].([]any)
	if len(contents) == 0 {
		t.Fatalf("an empty list: %v", payload)
	}
	return contents[0].(map[string]any)
}

func TestBridgeBegins(t *testing.T) {
	l := newLab(t, Options{})
	w := l.connect(l.token)
	begun, before := w.until("init")
	if len(before) != 0 || begun["channel_id"] != l.account.WorkerSID("ada") || begun["account_sid"] != l.account.AccountSID() ||
		begun["workspace_sid"] != l.account.WorkspaceSID() {
		t.Errorf("init: %v after %v", begun, before)
	}
	if ms := begun["token_lifetime"].(float64); ms < 59*60*1000 || ms > 60*60*1000 {
		t.Errorf("token_lifetime: %v ms of an hour", ms)
	}
	me := "Workers/" + l.account.WorkerSID("ada")
	hasAll(t, "worker", l.must(l.token, "GET", l.ws("%s", me), nil))
	hasAll(t, "activity", first(t, l.must(l.token, "GET", l.ws("Activities"), object{"PageSize": 1000})))
	hasAll(t, "channel", first(t, l.must(l.token, "GET", l.ws("%s/WorkerChannels", me), nil)))
	hasAll(t, "queue", first(t, l.must(l.token, "GET", l.ws("TaskQueues"), nil)))
	hasAll(t, "queue", l.must(l.token, "GET", l.ws("TaskQueues/%s", l.account.QueueSID("Billing")), nil))
	if list := l.must(l.token, "GET", l.ws("%s/Reservations", me), object{"Active": "true"})["contents"].([]any); len(list) != 0 {
		t.Errorf("reservations: %v", list)
	}
	_, r := l.begin()
	hasAll(t, "reservation", first(t, l.must(l.token, "GET", l.ws("%s/Reservations", me), object{"Active": "true"})))
	hasAll(t, "reservation", l.must(l.token, "GET", l.ws("%s/Reservations/%s", me, r.SID), nil))
	hasAll(t, "task", l.must(l.token, "GET", l.ws("Tasks/%s", r.TaskSID), nil))
}

func TestBridgeRefusesABadToken(t *testing.T) {
	l := newLab(t, Options{})
	_, err := l.connect("nonsense").frame()
	var closed websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.StatusPolicyViolation {
		t.Errorf("a bad token: %v", err)
	}
	for _, r := range []reply{l.call("nonsense", "GET", l.ws("Activities"), nil), l.call("", "GET", l.ws("Activities"), nil)} {
		if r.status != http.StatusUnauthorized {
			t.Errorf("a bad token: %d %s", r.status, r.body)
		}
	}
}

// A chat from ringing to its end, by what Flex sends, with what it is told; webhooks tell of it too.
func TestStoryOfAChat(t *testing.T) {
	l := newLab(t, Options{})
	hooks := make(chan string, 100)
	hooked := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { hooks <- r.FormValue("EventType") }))
	defer hooked.Close()
	l.account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: hooked.URL})
	w := l.connect(l.token)
	w.until("init")
	started, r := l.begin()
	created, _ := w.until("reservation.created")
	hasAll(t, "reservation", created)
	if created["sid"] != r.SID || created["reservation_status"] != "pending" || created["task"].(map[string]any)["assignment_status"] != "reserved" {
		t.Errorf("created: %v", created)
	}
	l.must(l.token, "POST", inviteOf(t, r), answerOf("accept", r))
	accepted, before := w.until("reservation.accepted")
	if accepted["reservation_status"] != "accepted" || accepted["task"].(map[string]any)["assignment_status"] != "assigned" {
		t.Errorf("accepted: %v", accepted)
	}
	if slices.Contains(before, "participant.added") {
		t.Error("Flex hears of a participant of a task that it does not have yet")
	}
	if !slices.Contains(before, "worker.capacity.update") {
		t.Errorf("what rings takes no capacity: %v", before)
	}
	capacity, _ := w.until("worker.capacity.update")
	hasAll(t, "channel", capacity)
	if capacity["assigned_tasks"] != 1.0 || capacity["task_channel_unique_name"] != "chat" {
		t.Errorf("capacity: %v", capacity)
	}
	joined, _ := w.until("participant.added")
	if joined["type"] != "agent" || joined["routing_properties"].(map[string]any)["task_sid"] != r.TaskSID ||
		joined["media_properties"].(map[string]any)["conversation_sid"] != started.ConversationSID {
		t.Errorf("joined: %v", joined)
	}
	channel := "v1/Interactions/" + started.InteractionSID + "/Channels/" + started.InteractionChannelSID
	l.must(l.token, "POST", channel, object{"status": "closed", "routing": object{"status": "wrapup"}})
	if wrapping, _ := w.until("reservation.wrapup"); wrapping["task"].(map[string]any)["assignment_status"] != "wrapping" {
		t.Errorf("wrapping: %v", wrapping)
	}
	l.must(l.token, "POST", channel, object{"status": "closed", "routing": object{"status": "closed"}})
	if done, _ := w.until("reservation.completed"); done["task"].(map[string]any)["assignment_status"] != "completed" {
		t.Errorf("completed: %v", done)
	}
	waitFor(t, hooks, "reservation.created", "reservation.accepted", "reservation.wrapup", "reservation.completed")
}

// waitFor reads until all of these have come, in any order: webhooks overtake each other.
func waitFor(t *testing.T, from <-chan string, wanted ...string) {
	t.Helper()
	deadline := time.After(patience)
	for len(wanted) > 0 {
		select {
		case got := <-from:
			wanted = slices.DeleteFunc(wanted, func(want string) bool { return want == got })
		case <-deadline:
			t.Fatalf("no webhook %s", wanted)
		}
	}
}

func TestReservationsWithoutInteractions(t *testing.T) {
	for _, c := range []struct{ status, event string }{{"rejected", "reservation.rejected"}, {"accepted", "reservation.accepted"}} {
		t.Run(c.status, func(t *testing.T) {
			l := newLab(t, Options{})
			w := l.connect(l.token)
			w.until("init")
			_, r := l.begin()
			address := l.ws("Workers/%s/Reservations/%s", r.WorkerSID, r.SID)
			got := l.must(l.token, "POST", address, object{"ReservationStatus": c.status})
			if got["reservation_status"] != c.status {
				t.Errorf("answer: %v", got)
			}
			w.until(c.event)
			if c.status == "rejected" {
				return
			}
			if r := l.call(l.token, "POST", address, object{"ReservationStatus": "rejected"}); r.status != http.StatusBadRequest {
				t.Errorf("an accepted one is rejected: %d %s", r.status, r.body)
			}
			l.must(l.token, "POST", l.ws("Tasks/%s", r.TaskSID), object{"Attributes": object{"flexInteractionChannelSid": "x", "mood": "good"}})
			for attributes := ""; !strings.Contains(attributes, `"mood"`); { // it was told of when it was assigned, too
				task, _ := w.until("task.updated")
				hasAll(t, "task", task)
				attributes = task["attributes"].(string)
			}
		})
	}
}

func TestDeclining(t *testing.T) {
	l := newLab(t, Options{})
	w := l.connect(l.token)
	w.until("init")
	_, r := l.begin()
	l.must(l.token, "POST", inviteOf(t, r), answerOf("decline", r))
	w.until("reservation.rejected")
	if got := l.call(l.token, "POST", inviteOf(t, r), answerOf("accept", r)); got.status != http.StatusBadRequest {
		t.Errorf("a rejected one is accepted: %d %s", got.status, got.body)
	}
	second, err := l.account.StartConversation(sandbox.Customer{Name: "Dora"}, "Hi")
	if err != nil {
		t.Fatal(err)
	}
	created, _ := w.until("reservation.created")
	if created["task_sid"] != second.TaskSID {
		t.Fatalf("created: %v", created)
	}
	l.must(l.token, "POST", l.ws("Workers/%s/Reservations/%s", r.WorkerSID, created["sid"]),
		object{"ReservationStatus": "rejected", "WorkerActivitySid": l.account.ActivitySID("Break")})
	if worker, _ := w.until("worker.activity.update"); worker["activity_name"] != "Break" {
		t.Errorf("activity: %v", worker)
	}
}

func TestWorker(t *testing.T) {
	l := newLab(t, Options{})
	w := l.connect(l.token)
	w.until("init")
	me := l.ws("Workers/%s", l.account.WorkerSID("ada"))
	got := l.must(l.token, "POST", me, object{"ActivitySid": l.account.ActivitySID("Break")})
	hasAll(t, "worker", got)
	update, _ := w.until("worker.activity.update")
	if got["activity_name"] != "Break" || update["activity_sid"] != l.account.ActivitySID("Break") || update["version"] != got["version"] {
		t.Errorf("activity: %v, told %v", got, update)
	}
	l.must(l.token, "POST", me, object{"Attributes": object{"full_name": "Ada L", "contact_uri": "client:ada", "roles": []string{"agent"}}})
	if update, _ := w.until("worker.attributes.update"); !strings.Contains(update["attributes"].(string), "Ada L") {
		t.Errorf("attributes: %v", update)
	}
	channel := first(t, l.must(l.token, "GET", me+"/WorkerChannels", nil))
	l.must(l.token, "POST", me+"/WorkerChannels/"+channel["sid"].(string), object{"Available": "false"})
	if update, _ := w.until("worker.channel.availability.update"); update["sid"] != channel["sid"] || update["available"] != false {
		t.Errorf("availability: %v", update)
	}
	key := "Basic " + base64.StdEncoding.EncodeToString([]byte(l.account.AccountSID()+":"+l.account.AuthToken()))
	l.ask(http.MethodPost, "https://taskrouter.twilio.com/v1/"+me+"/Channels/chat", "Capacity=5", "Authorization", key,
		"Content-Type", "application/x-www-form-urlencoded")
	if update, _ := w.until("worker.capacity.update"); update["configured_capacity"] != 5.0 {
		t.Errorf("capacity by REST: %v", update)
	}
}

func TestOthersAreNotOnesOwn(t *testing.T) {
	l := newLab(t, Options{})
	started, r := l.begin()
	bea, sam := l.tokenOf("bea"), l.tokenOf("sam")
	channel := "v1/Interactions/" + started.InteractionSID + "/Channels/" + started.InteractionChannelSID
	for name, got := range map[string]reply{
		"accepting":       l.call(bea, "POST", inviteOf(t, r), answerOf("accept", r)),
		"ending":          l.call(bea, "POST", channel, object{"status": "closed"}),
		"an activity":     l.call(bea, "POST", l.ws("Workers/%s", r.WorkerSID), object{"ActivitySid": l.account.ActivitySID("Break")}),
		"a reservation":   l.call(bea, "POST", l.ws("Workers/%s/Reservations/%s", r.WorkerSID, r.SID), object{"ReservationStatus": "accepted"}),
		"a task":          l.call(bea, "POST", l.ws("Tasks/%s", r.TaskSID), object{"Attributes": object{}}),
		"a participant":   l.call(bea, "POST", channel+"/Participants", object{"type": "agent", "media_properties": object{"identity": "bea"}}),
		"reservations of": l.call(bea, "GET", l.ws("Workers/%s/Reservations", r.WorkerSID), nil),
	} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	l.must(sam, "POST", l.ws("Workers/%s", l.account.WorkerSID("bea")), object{"ActivitySid": l.account.ActivitySID("Break")})
	for name, got := range map[string]reply{
		"another workspace": l.call(l.token, "GET", "Workspaces/WS00000000000000000000000000000000/Activities", nil),
		"another worker's":  l.call(bea, "GET", l.ws("Workers/%s/Reservations/%s", l.account.WorkerSID("bea"), r.SID), nil),
		"no invite":         l.call(l.token, "POST", channel+"/Invites/KG00000000000000000000000000000000", answerOf("accept", r)),
		"no such call":      l.call(l.token, "POST", l.ws("Workers/%s/HoldWorkerParticipant", r.WorkerSID), nil),
	} {
		if got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	_ = l.call(l.token, "POST", l.ws("Workers/%s/HoldWorkerParticipant", r.WorkerSID), nil)
	if got := l.server.Unanswered(); !slices.Equal(got, []string{"remote call POST Workers/WK…/HoldWorkerParticipant"}) {
		t.Errorf("unanswered: %v", got)
	}
}

func TestParticipants(t *testing.T) {
	l := newLab(t, Options{})
	started, r := l.begin()
	l.must(l.token, "POST", inviteOf(t, r), answerOf("accept", r))
	w := l.connect(l.token)
	w.until("init")
	channel := "v1/Interactions/" + started.InteractionSID + "/Channels/" + started.InteractionChannelSID
	got := l.must(l.token, "GET", channel+"/Participants", nil)
	kinds := []string{}
	for _, p := range got["participants"].([]any) {
		kinds = append(kinds, p.(map[string]any)["type"].(string))
	}
	if got["channel_type"] != "web" || !slices.Equal(kinds, []string{"customer", "agent"}) {
		t.Errorf("participants: %v", got)
	}
	if list := l.must(l.token, "GET", "v1/Interactions/"+started.InteractionSID+"/Channels", nil)["channels"].([]any); len(list) != 1 {
		t.Errorf("channels: %v", list)
	}
	if one := l.must(l.token, "GET", channel, nil); one["sid"] != started.InteractionChannelSID {
		t.Errorf("channel: %v", one)
	}
	if one := l.must(l.token, "GET", "v1/Interactions/"+started.InteractionSID, nil); one["sid"] != started.InteractionSID {
		t.Errorf("interaction: %v", one)
	}
	added := l.must(l.token, "POST", channel+"/Participants", object{"type": "supervisor", "media_properties": object{"identity": "sam"}})
	told, _ := w.until("participant.added")
	if added["sid"] == nil || told["participant_sid"] != added["sid"] || told["routing_properties"].(map[string]any)["task_sid"] != r.TaskSID {
		t.Errorf("added %v, told %v", added, told)
	}
	l.must(l.token, "POST", channel+"/Participants/"+added["sid"].(string), object{"status": "closed"})
	if told, _ := w.until("participant.removed"); told["participant_sid"] != added["sid"] {
		t.Errorf("removed: %v", told)
	}
}

func TestDirectory(t *testing.T) {
	l := newLab(t, Options{})
	names := func(payload map[string]any) (list []string) {
		for _, v := range payload["contents"].([]any) {
			list = append(list, v.(map[string]any)["friendly_name"].(string))
		}
		return list
	}
	everybody := []string{}
	for _, w := range l.account.Snapshot().Workers {
		everybody = append(everybody, w.FriendlyName)
	}
	for _, c := range []struct {
		name, follows string
		params        object
		next          func(map[string]any) any
	}{
		{"by SID", "AfterSid", object{"PageSize": 2}, func(p map[string]any) any { return p["after_sid"] }},
		{"ordered", "NextToken", object{"PageSize": 3, "Ordering": "FriendlyName:desc"}, func(p map[string]any) any { return p["meta"].(map[string]any)["next_token"] }},
	} {
		var got []string
		for more := any("x"); more != nil; {
			page := l.must(l.token, "GET", l.ws("Workers"), c.params)
			got, more = append(got, names(page)...), c.next(page)
			c.params[c.follows] = more
		}
		want := slices.Clone(everybody)
		if c.name == "ordered" {
			slices.Sort(want)
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
	found := names(l.must(l.token, "GET", l.ws("Workers"), object{"Ordering": "DateStatusChanged:desc", "TargetWorkersExpression": `full_name contains "Ortiz"`}))
	if !slices.Equal(found, []string{"bea"}) {
		t.Errorf("found: %v", found)
	}
	for _, params := range []object{{"TargetWorkersExpression": "(("}, {"Ordering": "Weather:asc"}} {
		if r := l.call(l.token, "GET", l.ws("Workers"), params); r.status != http.StatusBadRequest {
			t.Errorf("%v: %d %s", params, r.status, r.body)
		}
	}
	queues := names(l.must(l.token, "GET", l.ws("TaskQueues"), object{"Ordering": "DateUpdated:desc"}))
	if len(queues) != len(l.account.Snapshot().Queues) {
		t.Errorf("queues: %v", queues)
	}
}

func TestBridgeEndsAndBeats(t *testing.T) {
	l := newLab(t, Options{})
	l.server.heartbeat = 20 * time.Millisecond
	w := l.connect(l.token)
	w.until("init")
	if text, err := w.frame(); err != nil || strings.TrimSpace(text) != "" {
		t.Errorf("heartbeat: %q %v", text, err)
	}
	if err := l.account.Reset(); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := w.frame()
		if err == nil {
			continue
		}
		if websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("after a reset: %v", err)
		}
		break
	}
	other := l.connect(l.token)
	other.until("init")
	if err := l.server.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := l.server.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
	for err := error(nil); err == nil; {
		_, err = other.frame()
	}
}

func TestBrokenCalls(t *testing.T) {
	l := newLab(t, Options{})
	for _, body := range []string{"{", `{"url":"%zz","method":"GET","token":"` + l.token + `"}`} {
		if r := l.ask(http.MethodPost, "https://event-bridge.twilio.com/v1/wschannels", body); r.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	_, r := l.begin()
	if got := l.call(l.token, "POST", inviteOf(t, r), answerOf("dance", r)); got.status != http.StatusBadRequest {
		t.Errorf("an unknown answer: %d %s", got.status, got.body)
	}
}
