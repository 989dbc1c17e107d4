package roster

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// workflow is the configuration of a workflow, as far as it says which queues get what.
// Source: https://www.twilio.com/docs/taskrouter/workflow-configuration
type workflow struct {
	filters      []filter
	defaultQueue string // WQ…, empty where there is none
}

type filter struct {
	name      string
	condition Expression
	queues    map[string]bool // those that its targets route to
}

// configuration is the JSON of a workflow's configuration.
type configuration struct {
	TaskRouting struct {
		Filters []struct {
			Name       string   `json:"filter_friendly_name"`
			OldName    string   `json:"friendly_name"`
			Expression string   `json:"expression"`
			Targets    []target `json:"targets"`
		} `json:"filters"`
		DefaultFilter *target `json:"default_filter"`
	} `json:"task_routing"`
}

type target struct {
	Queue             string          `json:"queue"`
	KnownWorkerSID    json.RawMessage `json:"known_worker_sid"`
	KnownWorkerName   json.RawMessage `json:"known_worker_friendly_name"`
	KnownWorkerLegacy json.RawMessage `json:"known_worker"`
}

// forAKnownWorker reports whether the target waits for one worker instead of asking the whole queue.
func (t target) forAKnownWorker() bool {
	for _, raw := range []json.RawMessage{t.KnownWorkerSID, t.KnownWorkerName, t.KnownWorkerLegacy} {
		if s := string(raw); s != "" && s != "null" && s != `""` {
			return true
		}
	}
	return false
}

// parseWorkflow reads a configuration. An expression that cannot be parsed is logged, and its filter matches perhaps.
func parseWorkflow(text string, logger *slog.Logger) (*workflow, error) {
	var c configuration
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("the workflow's configuration: %w", err)
	}
	w := &workflow{}
	for i, f := range c.TaskRouting.Filters {
		parsed := filter{name: f.Name, queues: map[string]bool{}}
		if parsed.name == "" {
			parsed.name = f.OldName
		}
		var err error
		if parsed.condition, err = ParseExpression(f.Expression); err != nil {
			logger.Warn("a filter of the transfer workflow is not understood; its queues count as served",
				"filter", parsed.name, "position", i, "expression", f.Expression, "error", err)
		}
		for _, t := range f.Targets {
			if t.Queue != "" && !t.forAKnownWorker() {
				parsed.queues[t.Queue] = true
			}
		}
		w.filters = append(w.filters, parsed)
	}
	if d := c.TaskRouting.DefaultFilter; d != nil && !d.forAKnownWorker() {
		w.defaultQueue = d.Queue
	}
	return w, nil
}

// serves reports whether the workflow routes such a task to the queue, or may do so: the first filter that matches
// decides, and those before it that match perhaps may be that one.
func (w *workflow) serves(d Document, queueSID string) bool {
	for _, f := range w.filters {
		switch matches := f.condition.Eval(d); {
		case matches != No && f.queues[queueSID]:
			return true
		case matches == Yes:
			return false
		}
	}
	return w.defaultQueue != "" && w.defaultQueue == queueSID
}

// added are the keys that a transfer's task has besides those of the old one, with values that nobody knows before.
var added = map[string]bool{
	"flexInteractionSid": true, "flexInteractionChannelSid": true, "flexChannelInviteSid": true,
	"conversationSid": true, "conversations": true, "transferId": true, "transferPlan": true,
}

// documentFor is the task that a transfer to the queue would make out of a task with the attributes; where those are
// empty or no object, only what every transfer carries is known.
func documentFor(attributes string, queue transfer.QueueRecord) Document {
	d := Document{Unknown: added}
	if json.Unmarshal([]byte(attributes), &d.Fields) != nil || d.Fields == nil {
		d.Fields, d.Open = map[string]any{}, true
	}
	d.Fields["transferTargetType"] = string(transfer.TargetQueue)
	d.Fields["transferTargetSid"] = queue.SID
	d.Fields["transferQueueName"] = queue.FriendlyName
	if _, ok := d.Fields["workerSidsInConversation"].([]any); !ok {
		d.Fields["workerSidsInConversation"] = []any{}
	}
	return d
}
