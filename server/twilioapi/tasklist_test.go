package twilioapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	taskrouter "github.com/twilio/twilio-go/rest/taskrouter/v1"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// twilioTasks reads a page the way twilio-go does.
func twilioTasks(text string) ([]ListedTask, error) {
	var list taskrouter.ListTaskResponse
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	tasks := []ListedTask{}
	for i := range list.Tasks {
		tasks = append(tasks, ListedTask{taskOf(&list.Tasks[i], ""), when(list.Tasks[i].DateUpdated)})
	}
	return tasks, nil
}

const taskPage = `{"meta":{"page":0,"key":"tasks","next_page_url":"https://taskrouter.twilio.com/v1/Tasks?Page=1"},"tasks":[
 {"sid":"WT1","age":7,"assignment_status":"reserved","attributes":"{\"flexInteractionSid\":\"KD1\",\"name\":\"\u00c9va\"}",
  "addons":null,"date_created":"2026-11-21T08:00:00Z","date_updated":"2026-11-21T08:00:01Z","priority":3,"reason":null,
  "task_queue_sid":"WQ1","task_queue_friendly_name":"Every\"one","task_channel_unique_name":"chat","workflow_sid":"WW1",
  "links":{"reservations":"x"},"ignore_capacity":false,"timeout":86400,"something_new":[{"a":[1.5e3,null]}]},
 {"sid":"WT2","assignment_status":"reserved","attributes":null,"task_queue_sid":"WQ1","reason":"gone","age":0,"date_updated":null}]}`

func TestTasksAreReadAsTwilioGoReadsThem(t *testing.T) {
	want, err := twilioTasks(taskPage)
	if err != nil || len(want) != 2 || want[0].Created.IsZero() {
		t.Fatalf("%+v, %v", want, err)
	}
	reader := taskReader{whole, map[string]string{}}
	p, err := reader.page(taskPage)
	if err != nil || !reflect.DeepEqual(p.items, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, p.items, want)
	}
	if p.next == nil || *p.next != "https://taskrouter.twilio.com/v1/Tasks?Page=1" {
		t.Errorf("next page: %v", p.next)
	}
	if _, err := reader.page(`{"meta":{}}`); !errors.Is(err, errIncomplete) {
		t.Errorf("an answer without tasks: %v", err)
	}
	for _, bad := range []string{"", "<html>", `{"tasks":[{"sid":1}]}`, `{"tasks":[]`, `{"tasks":[{"date_updated":"yesterday"}]}`} {
		if p, err := reader.page(bad); err == nil {
			t.Errorf("%s is read as %+v", bad, p)
		}
	}
}

func FuzzTaskList(f *testing.F) {
	f.Add(taskPage)
	f.Add(`{"tasks":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		reader := taskReader{whole, map[string]string{}}
		p, err := reader.page(text)
		if err != nil {
			return
		}
		// What twilio-go does not read, we may; what both read is the same, as far as encoding/json is exact: it does not
		// tell large from small letters in keys, and it joins what is there twice.
		if want, err := twilioTasks(text); err == nil && len(want) != len(p.items) && strings.Count(strings.ToLower(text), "tasks") == 1 {
			t.Errorf("%d tasks, twilio-go reads %d", len(p.items), len(want))
		}
	})
}

func TestWhatIsLeftOfAttributesSaysWhereATaskBelongs(t *testing.T) {
	whole := `{"a":{"transferId":"no"},"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1","conversationSid":"CH1",` +
		`"transferId":"XT1","transferPlan":{"mode":"cold","round":2},"customerName":"Éva \"E\"","skills":["a"]}`
	left := belonging(whole)
	if strings.Contains(left, "customerName") || strings.Contains(left, "skills") {
		t.Errorf("left: %s", left)
	}
	if id, round := transfer.ReadStamp(left); id != "XT1" || round != 2 {
		t.Errorf("the stamp is %s, %d", id, round)
	}
	var links map[string]any
	if err := json.Unmarshal([]byte(left), &links); err != nil || links["flexInteractionSid"] != "KD1" ||
		links["flexInteractionChannelSid"] != "UO1" || links["conversationSid"] != "CH1" {
		t.Errorf("left: %s, %v", left, err)
	}
	for attributes, want := range map[string]string{"": "", "null": "", "[]": "", `{"x":1}`: "{}", `{"transferId":"XT1"`: "", `{"transferId":"XT1"} {}`: ""} {
		if left := belonging(attributes); left != want {
			t.Errorf("%s: left %q, want %q", attributes, left, want)
		}
	}
}

func FuzzBelonging(f *testing.F) {
	f.Add(`{"flexInteractionSid":"KD1","transferId":"XT1","transferPlan":{"round":2}}`)
	f.Add(`{"transferPlan":{"round":2},"transferId":"XT1","transferId":"XT2","x":"\ud800"}`)
	f.Fuzz(func(t *testing.T, attributes string) {
		left := belonging(attributes)
		id, round := transfer.ReadStamp(attributes)
		leftID, leftRound := transfer.ReadStamp(left)
		if left != "" && (id != leftID || round != leftRound) {
			t.Errorf("%q: %s %d; of %q: %s %d", attributes, id, round, left, leftID, leftRound)
		}
	})
}
