package twilioapi

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var conversationSID = sid("CH", "1")

func TestConversation(t *testing.T) {
	f := newFake(t, reply(200, `{"sid":"`+conversationSID+`","state":"active","attributes":"{\"a\":1}",`+
		`"date_created":"2026-01-02T03:04:05Z","date_updated":"2026-01-02T03:05:05Z"}`))
	got, err := f.client.Conversation(t.Context(), conversationSID)
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := Conversation{SID: conversationSID, State: "active", Attributes: `{"a":1}`, Created: created, Updated: created.Add(time.Minute)}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	const attributes = `{"é": 1.50, "b":"x&y=%2B"}`
	if err := f.client.UpdateConversationAttributes(t.Context(), conversationSID, attributes); err != nil {
		t.Fatal(err)
	}
	seen := f.seen()
	for i, method := range []string{"GET", "POST"} {
		if r := seen[i]; r.method != method || r.host != "conversations.twilio.com" || r.path != "/v1/Conversations/"+conversationSID {
			t.Errorf("sent %+v", r)
		}
	}
	if got := seen[1].form["Attributes"]; len(got) != 1 || got[0] != attributes {
		t.Errorf("attributes %q", got)
	}
}

// A write that Twilio may have done is not made twice: somebody else may have written since.
func TestConversationAttributesAreWrittenOnce(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"503": reply(503, ""), "429": reply(429, "{}"), "cut": cut("")} {
		f := newFake(t, answer)
		if err := f.client.UpdateConversationAttributes(t.Context(), conversationSID, "{}"); err == nil || len(f.seen()) != 1 {
			t.Errorf("%s: %v after %d requests", name, err, len(f.seen()))
		}
	}
	f := newFake(t, reply(200, "{}"))
	wantOutcome(t, f.client.UpdateConversationAttributes(t.Context(), conversationSID, "{"), Invalid)
	if len(f.seen()) != 0 {
		t.Error("what is not JSON was sent")
	}
}

func TestMessagesNewestLast(t *testing.T) {
	const stored = 130
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		from, next := stored-1, `"https://conversations.twilio.com/v1/x?Order=desc&PageSize=100&PageToken=PT2"`
		if r.URL.Query().Get("PageToken") != "" {
			from, next = stored-101, "null"
		}
		var b strings.Builder
		for i := from; i >= max(0, from-99); i-- {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"sid":"IM%032d","index":%d,"author":"a%d","body":null,"media":null,"participant_sid":null,`+
				`"date_created":"2026-01-02T03:04:05Z"}`, i, i, i)
		}
		_, _ = fmt.Fprintf(w, `{"messages":[%s],"meta":{"next_page_url":%s}}`, b.String(), next)
	})
	for _, c := range []struct{ newest, want, requests int }{{100, 100, 1}, {120, 120, 2}, {500, stored, 2}} {
		before := len(f.seen())
		got, err := f.client.Messages(t.Context(), conversationSID, c.newest)
		if err != nil || len(got) != c.want || got[len(got)-1].Index != stored-1 || got[0].Index != stored-c.want {
			t.Fatalf("%d newest: %d messages, %v", c.newest, len(got), err)
		}
		if n := len(f.seen()) - before; n != c.requests {
			t.Errorf("%d newest: %d requests, want %d", c.newest, n, c.requests)
		}
	}
	if first := f.seen()[0]; first.query != "Order=desc&PageSize=100" {
		t.Errorf("asked %s", first.query)
	}
	_, err := f.client.Messages(t.Context(), conversationSID, 0)
	wantOutcome(t, err, Invalid)
}

func TestMessage(t *testing.T) {
	f := newFake(t, reply(200, `{"messages":[{"sid":"IM1","index":7,"author":"cleo","body":"Look","participant_sid":"MB1",`+
		`"media":[{"sid":"ME1"}],"date_created":"2026-01-02T03:04:05Z"}],"meta":{}}`))
	got, err := f.client.Messages(t.Context(), conversationSID, 3)
	want := []Message{{SID: "IM1", Index: 7, Author: "cleo", Body: "Look", ParticipantSID: "MB1", Media: true,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConversationParticipants(t *testing.T) {
	f := newFake(t, reply(200, `{"participants":[{"sid":"MB1","identity":"ada","attributes":"{}","messaging_binding":null},`+
		`{"sid":"MB2","identity":null,"messaging_binding":{"type":"sms","address":"+12025550100","proxy_address":"+15005550006"}}],"meta":{}}`))
	got, err := f.client.ConversationParticipants(t.Context(), conversationSID)
	want := []ConversationParticipant{
		{SID: "MB1", Identity: "ada", Attributes: "{}"}, {SID: "MB2", Address: "+12025550100", BindingType: "sms"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLeaving(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"sid":"`+r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]+`"}`)
	})
	ctx := t.Context()
	for _, c := range []struct {
		as      transfer.LeaveAs
		status  string
		routing []string
	}{
		{transfer.LeaveCompleted, "closed", []string{`{"status":"closed"}`}},
		{"", "closed", []string{`{"status":"closed"}`}},
		{transfer.LeaveWrapup, "wrapup", nil},
	} {
		before := len(f.seen())
		if err := f.client.LeaveParticipant(ctx, interactionSID, channelSID, participantSID, c.as); err != nil {
			t.Fatal(err)
		}
		if err := f.client.CloseChannel(ctx, interactionSID, channelSID, c.as); err != nil {
			t.Fatal(err)
		}
		seen := f.seen()[before:]
		if p := seen[0]; p.form["Status"][0] != c.status || !strings.HasSuffix(p.path, "/Participants/"+participantSID) {
			t.Errorf("%q: leaving sent %+v", c.as, p)
		}
		if ch := seen[1]; ch.form["Status"][0] != "closed" || !reflect.DeepEqual(ch.form["Routing"], c.routing) || !strings.HasSuffix(ch.path, "/Channels/"+channelSID) {
			t.Errorf("%q: closing sent %+v", c.as, ch)
		}
	}
	before := len(f.seen())
	wantOutcome(t, f.client.LeaveParticipant(ctx, interactionSID, channelSID, participantSID, "pause"), Invalid)
	wantOutcome(t, f.client.CloseChannel(ctx, interactionSID, channelSID, "pause"), Invalid)
	if len(f.seen()) != before {
		t.Error("what nobody knows was sent")
	}
}

func TestSkillsOf(t *testing.T) {
	for expression, want := range map[string][]string{
		"": nil, "1==1": nil, `routing.levels.billing > 3`: nil,
		`routing.skills HAS "billing"`:                                           {"billing"},
		`routing.skills has 'two words' OR routing.skills HAS "b"`:               {"two words", "b"},
		`(routing.skills HAS "a" AND routing.skills HAS "a") AND x == "1"`:       {"a"},
		`note == "routing.skills HAS 'no'" AND routing.skills HAS "yes"`:         {"yes"},
		"routing.skills\n  HAS\t\"tab\"":                                         {"tab"},
		`routing.skills HAS ""`:                                                  nil,
		`email == "it's" AND routing.skills HAS "after an odd quote" OR y=='it'`: {"after an odd quote"},
	} {
		if got := skillsOf(expression); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

func TestSandboxConversation(t *testing.T) {
	inBothWays(t, func(t *testing.T, l *lab) {
		ctx, ch := t.Context(), l.conversation.ConversationSID
		for i := range 104 {
			if _, err := l.account.SendMessage(ch, l.conversation.Identity, fmt.Sprint("message ", i)); err != nil {
				t.Fatal(err)
			}
		}
		messages, err := l.Messages(ctx, ch, 103)
		if err != nil || len(messages) != 103 || messages[102].Body != "message 103" || messages[0].Body != "message 1" || messages[0].Author != l.conversation.Identity {
			t.Fatalf("%d messages, %v", len(messages), err)
		}
		all, err := l.Messages(ctx, ch, 1000)
		if err != nil || len(all) != 105 || all[0].Body != "Hello" || all[0].Created.IsZero() {
			t.Fatalf("%d messages, %v", len(all), err)
		}
		members, err := l.ConversationParticipants(ctx, ch)
		if err != nil || len(members) != 2 || members[0].Identity != l.conversation.Identity {
			t.Errorf("participants %+v, %v", members, err)
		}
		if err := l.UpdateConversationAttributes(ctx, ch, `{"b": 1.50}`); err != nil {
			t.Fatal(err)
		}
		if got, err := l.Client.Conversation(ctx, ch); err != nil || got.Attributes != `{"b": 1.50}` || got.State != "active" || got.Created.IsZero() {
			t.Errorf("conversation %+v, %v", got, err)
		}
		wantOutcome(t, l.UpdateConversationAttributes(ctx, ch, `"`+strings.Repeat("x", 16<<10)+`"`), Refused)
		wantOutcome(t, l.UpdateConversationAttributes(ctx, sid("CH", "9"), `{}`), NotFound)
	})
}

func TestSandboxWrapUp(t *testing.T) {
	for as, want := range map[transfer.LeaveAs]string{transfer.LeaveWrapup: "wrapping", transfer.LeaveCompleted: "completed"} {
		for _, how := range []string{"leave", "close"} {
			account := newAccount(t)
			l := newLab(t, account, Options{Transport: account.RoundTripper()})
			c := l.conversation
			var err error
			if how == "leave" {
				err = l.LeaveParticipant(t.Context(), c.InteractionSID, c.InteractionChannelSID, l.agents(t)[0].SID, as)
			} else {
				err = l.CloseChannel(t.Context(), c.InteractionSID, c.InteractionChannelSID, as)
			}
			if err != nil {
				t.Fatal(err)
			}
			task, err := l.Task(t.Context(), c.TaskSID)
			if err != nil || task.AssignmentStatus != want {
				t.Errorf("%s as %s: task %s, %v", how, as, task.AssignmentStatus, err)
			}
			channel, err := l.Channel(t.Context(), c.InteractionSID, c.InteractionChannelSID)
			if wantStatus := map[string]string{"leave": "active", "close": "closed"}[how]; err != nil || channel.Status != wantStatus {
				t.Errorf("%s as %s: channel %s, %v", how, as, channel.Status, err)
			}
		}
	}
}
