package roster

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// queueNamed makes the queue with the SID WQ…last.
func queueNamed(last, name string) transfer.QueueRecord {
	return transfer.QueueRecord{SID: sid("WQ", last), FriendlyName: name}
}

func sid(prefix, last string) string { return prefix + strings.Repeat("0", 32-len(last)) + last }

var (
	everyone = queueNamed("1", "Everyone")
	billing  = queueNamed("2", "Billing")
	returns  = queueNamed("3", "Returns")
	archive  = queueNamed("4", "Archive")
)

// config writes a configuration; WQ1 to WQ4 in it are the queues' SIDs.
func config(filters string, rest ...string) string {
	text := `{"task_routing":{"filters":[` + filters + `]` + strings.Join(rest, "") + `}}`
	for _, last := range []string{"1", "2", "3", "4"} {
		text = strings.ReplaceAll(text, `"WQ`+last+`"`, `"`+sid("WQ", last)+`"`)
	}
	return text
}

const toWorker = `{"filter_friendly_name":"Agent","expression":"transferTargetType == 'worker'","targets":[{"queue":"WQ1","known_worker_sid":"task.transferTargetSid"}]}`

func TestServes(t *testing.T) {
	cases := []struct {
		name, config, attributes string
		served, unserved         []transfer.QueueRecord
	}{
		{
			"one filter a queue",
			config(toWorker + `,{"expression":"transferTargetType == 'queue' AND transferQueueName == 'Billing'","targets":[{"queue":"WQ2","expression":"worker.sid NOT IN task.workerSidsInConversation"}]},` +
				`{"expression":"transferTargetSid IN ['` + returns.SID + `']","targets":[{"queue":"WQ3"}]}`),
			"", []transfer.QueueRecord{billing, returns}, []transfer.QueueRecord{everyone, archive},
		},
		{"nothing", config(""), "", nil, []transfer.QueueRecord{everyone}},
		{
			"the default filter takes what no filter matches", config(toWorker, `,"default_filter":{"queue":"WQ1"}`), "",
			[]transfer.QueueRecord{everyone}, []transfer.QueueRecord{billing},
		},
		{
			"the first filter that matches decides", config(`{"expression":"transferTargetType == 'queue'","targets":[{"queue":"WQ1"}]},{"expression":"1 == 1","targets":[{"queue":"WQ2"}]}`, `,"default_filter":{"queue":"WQ3"}`),
			"", []transfer.QueueRecord{everyone}, []transfer.QueueRecord{billing, returns},
		},
		{
			"a later target of the filter", config(`{"expression":"1 == 1","targets":[{"queue":"WQ1","timeout":20},{"queue":"WQ2"}]}`), "",
			[]transfer.QueueRecord{everyone, billing}, []transfer.QueueRecord{returns},
		},
		{
			"a filter that depends on a task nobody knows", config(`{"expression":"channelType == 'web'","targets":[{"queue":"WQ1"}]},{"expression":"1 == 1","targets":[{"queue":"WQ2"}]}`), "",
			[]transfer.QueueRecord{everyone, billing}, []transfer.QueueRecord{returns},
		},
		{
			"the same with the task", config(`{"expression":"channelType == 'web'","targets":[{"queue":"WQ1"}]},{"expression":"1 == 1","targets":[{"queue":"WQ2"}]}`), `{"channelType":"sms"}`,
			[]transfer.QueueRecord{billing}, []transfer.QueueRecord{everyone, returns},
		},
		{
			"the task's old target does not count", config(`{"expression":"transferQueueName == 'Billing'","targets":[{"queue":"WQ2"}]}`), `{"transferQueueName":"Returns","transferTargetType":"worker"}`,
			[]transfer.QueueRecord{billing}, []transfer.QueueRecord{returns},
		},
		{
			"a filter that is not understood may match", config(`{"expression":"NOT (whatever)","targets":[{"queue":"WQ2"}]},{"expression":"transferQueueName == 'Returns'","targets":[{"queue":"WQ3"}]}`), "",
			[]transfer.QueueRecord{billing, returns}, []transfer.QueueRecord{archive},
		},
		{
			"a target for a known worker asks no queue", config(`{"expression":"1 == 1","targets":[{"queue":"WQ1","known_worker_friendly_name":"task.x"},{"queue":"WQ2","known_worker_sid":null}]}`, `,"default_filter":{"queue":"WQ1"}`), "",
			[]transfer.QueueRecord{billing}, []transfer.QueueRecord{everyone},
		},
		{
			"what the new task gets from Twilio is not known", config(`{"expression":"flexInteractionSid == 'KD1'","targets":[{"queue":"WQ1"}]}`), `{"flexInteractionSid":"KD2"}`,
			[]transfer.QueueRecord{everyone}, nil,
		},
		{
			"attributes that are no object", config(`{"expression":"channelType == 'web'","targets":[{"queue":"WQ1"}]}`), `[1]`,
			[]transfer.QueueRecord{everyone}, []transfer.QueueRecord{billing},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, err := parseWorkflow(c.config, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range c.served {
				if !w.serves(documentFor(c.attributes, q), q.SID) {
					t.Errorf("%s is not served", q.FriendlyName)
				}
			}
			for _, q := range c.unserved {
				if w.serves(documentFor(c.attributes, q), q.SID) {
					t.Errorf("%s is served", q.FriendlyName)
				}
			}
		})
	}
}

func TestBadFilterIsLogged(t *testing.T) {
	var log bytes.Buffer
	_, err := parseWorkflow(config(`{"filter_friendly_name":"Odd one","expression":"NOT (whatever)","targets":[]}`), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || !strings.Contains(log.String(), "Odd one") || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("%v, logged %q", err, log.String())
	}
}

func TestBadConfigurations(t *testing.T) {
	for _, text := range []string{"", "x", `{"task_routing":[]}`, `{"task_routing":{"filters":{}}}`} {
		if w, err := parseWorkflow(text, slog.New(slog.DiscardHandler)); err == nil || w != nil {
			t.Errorf("%q was understood", text)
		}
	}
}
