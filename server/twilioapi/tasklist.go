package twilioapi

import (
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// taskReader reads pages of a list of tasks. A sweep goes through all that an account has, which is ten thousand and
// more on a busy day: twilio-go's way, with a value on the heap for every field of every task, takes several times the
// memory of the answer.
type taskReader struct {
	attributes func(string) string // what is kept of a task's attributes
	seen       map[string]string   // values that many tasks have, each kept once
}

// page reads one answer. Nothing of what it returns keeps the answer in memory.
func (t taskReader) page(text string) (page[ListedTask], error) {
	var p page[ListedTask]
	r := json.NewReader(text)
	err := r.Object(func(key string) error {
		switch key {
		case "tasks":
			p.items = []ListedTask{}
			return r.Array(func(int) error {
				task, err := t.task(r)
				p.items = append(p.items, task)
				return err
			})
		case "meta":
			return r.Object(func(key string) error {
				if key != "next_page_url" {
					return r.Skip()
				}
				next, err := stringOrNull(r)
				next = strings.Clone(next)
				p.next = &next
				return err
			})
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	if err == nil && p.items == nil {
		err = errIncomplete
	}
	return p, err
}

func (t taskReader) task(r *json.Reader) (ListedTask, error) {
	var task ListedTask
	err := r.Object(func(key string) error {
		switch key {
		case "sid":
			return t.own(r, &task.SID)
		case "attributes":
			value, err := stringOrNull(r)
			task.Attributes = t.attributes(value)
			return err
		case "assignment_status":
			return t.shared(r, &task.AssignmentStatus)
		case "task_channel_unique_name":
			return t.shared(r, &task.TaskChannelName)
		case "task_queue_sid":
			return t.shared(r, &task.QueueSID)
		case "task_queue_friendly_name":
			return t.shared(r, &task.QueueName)
		case "workflow_sid":
			return t.shared(r, &task.WorkflowSID)
		case "reason":
			return t.shared(r, &task.Reason)
		case "date_created":
			return readTime(r, &task.Created)
		case "date_updated":
			return readTime(r, &task.Updated)
		case "age":
			seconds, err := intOrNull(r)
			task.Age = time.Duration(seconds) * time.Second
			return err
		case "priority":
			n, err := intOrNull(r)
			task.Priority = int(n)
			return err
		}
		return r.Skip()
	})
	return task, err
}

// own reads a value that no other task has.
func (t taskReader) own(r *json.Reader, to *string) error {
	value, err := stringOrNull(r)
	*to = strings.Clone(value)
	return err
}

// maxSeen is how many values are kept once each: enough for what many tasks have in common.
const maxSeen = 4096

// shared reads a value that other tasks are likely to have too.
func (t taskReader) shared(r *json.Reader, to *string) error {
	value, err := stringOrNull(r)
	if err != nil || value == "" {
		return err
	}
	kept, ok := t.seen[value]
	if !ok {
		kept = strings.Clone(value)
		if len(t.seen) < maxSeen {
			t.seen[kept] = kept
		}
	}
	*to = kept
	return nil
}

// stringOrNull may be a part of the answer.
func stringOrNull(r *json.Reader) (string, error) {
	if r.Null() {
		return "", nil
	}
	return r.String()
}

func intOrNull(r *json.Reader) (int64, error) {
	if r.Null() {
		return 0, nil
	}
	return r.Int()
}

func readTime(r *json.Reader, to *time.Time) error {
	value, err := stringOrNull(r)
	if err != nil || value == "" {
		return err
	}
	*to, err = time.Parse(time.RFC3339, value)
	return err
}

// whole keeps all attributes.
func whole(attributes string) string { return strings.Clone(attributes) }

// belonging keeps of a task's attributes what says where it belongs: conversation and transfer. Where they are no JSON
// object, nothing is left.
func belonging(attributes string) string {
	var w *json.Writer
	r := json.NewReader(attributes)
	err := r.Object(func(key string) error {
		switch key {
		case "flexInteractionSid", "flexInteractionChannelSid", "conversationSid", transfer.AttributeTransferID, transfer.AttributeTransferPlan:
		default:
			return r.Skip()
		}
		value, err := r.Raw()
		if w == nil {
			w = json.NewWriter(make([]byte, 0, len(attributes)))
			w.BeginObject()
		}
		w.Key(key)
		w.Raw(value)
		return err
	})
	if err != nil || r.End() != nil {
		return ""
	}
	if w == nil {
		return "{}"
	}
	w.EndObject()
	return string(w.Bytes())
}
