package routing_test

import (
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

type object = map[string]any

func everyQueue(string) bool { return true }

func parse(t *testing.T, configuration string) *routing.Workflow {
	t.Helper()
	w, err := routing.Parse(configuration, everyQueue)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheFirstMatchingFilterCounts(t *testing.T) {
	w := parse(t, `{"task_routing":{"filters":[
		{"filter_friendly_name":"vip","expression":"vip == true","targets":[{"queue":"WQ1"}]},
		{"friendly_name":"chat","expression":"kind == 'chat'","targets":[{"queue":"WQ2"}]}],
		"default_filter":{"queue":"WQ3"}}}`)
	for _, c := range []struct {
		task object
		want string
	}{
		{object{"vip": true, "kind": "chat"}, "vip"}, {object{"kind": "chat"}, "chat"}, {object{"kind": "mail"}, "Default Filter"},
		{object{}, "Default Filter"},
	} {
		if got := w.Match(c.task).Name; got != c.want {
			t.Errorf("%v matches %q, want %q", c.task, got, c.want)
		}
	}
	if !w.Uses("WQ3") || !w.Uses("WQ1") || w.Uses("WQ9") {
		t.Error("Uses does not know the queues of the workflow")
	}
	if f := parse(t, `{"task_routing":{"filters":[]}}`).Match(object{}); f != nil {
		t.Errorf("without filters and default %q matches", f.Name)
	}
}

func TestAStep(t *testing.T) {
	w := parse(t, `{"task_routing":{"filters":[{"expression":"1==1","targets":[{"queue":"WQ1","timeout":"30","priority":"7",
		"expression":"worker.sid NOT IN task.without AND worker.level >= task.level","order_by":"worker.level DESC, worker.name",
		"known_worker_sid":"task.agent","skip_if":"workers.available == 0"},{"known_worker_friendly_name":"task.name","priority":"task.p"}]}]}}`)
	first, second := w.Filters[0].Targets[0], w.Filters[0].Targets[1]
	task := object{"without": []any{"WK1"}, "level": 2.0, "agent": "WK7", "name": "ada", "p": 3.0}
	for _, c := range []struct {
		worker object
		want   bool
	}{
		{object{"sid": "WK2", "level": 2.0}, true}, {object{"sid": "WK1", "level": 9.0}, false}, {object{"sid": "WK2", "level": 1.0}, false},
		{object{"sid": "WK2"}, false},
	} {
		if got := first.MatchesWorker(task, c.worker); got != c.want {
			t.Errorf("%v matches: %v", c.worker, got)
		}
	}
	if first.TimeoutSeconds != 30 || second.TimeoutSeconds != 0 || second.QueueSID != "" {
		t.Errorf("timeouts %d and %d", first.TimeoutSeconds, second.TimeoutSeconds)
	}
	if p, ok := first.Priority(task); !ok || p != 7 {
		t.Errorf("priority %d, %v", p, ok)
	}
	if p, ok := second.Priority(task); !ok || p != 3 {
		t.Errorf("priority from the task %d, %v", p, ok)
	}
	if _, ok := second.Priority(object{}); ok {
		t.Error("a missing priority counts")
	}
	if first.KnownWorkerKey != routing.BySID || first.KnownWorker(task) != "WK7" || second.KnownWorker(task) != "ada" {
		t.Error("known workers are not found")
	}
	if first.KnownWorker(object{"agent": nil}) != "" || first.KnownWorker(object{}) != "" {
		t.Error("a null known worker is somebody")
	}
	if c := first.Prefers(task, object{"level": 5.0}, object{"level": 2.0}); c >= 0 {
		t.Error("the higher level does not come first")
	}
	if c := first.Prefers(task, object{"level": 5.0, "name": "b"}, object{"level": 5.0, "name": "a"}); c <= 0 {
		t.Error("the name does not decide a tie")
	}
	if c := first.Prefers(task, object{}, object{"level": 0.0}); c <= 0 {
		t.Error("who lacks the attribute does not come last")
	}
}

func TestSkipIfCountsWorkersByActivity(t *testing.T) {
	presence := func(p routing.Presence) func() routing.Presence { return func() routing.Presence { return p } }
	w := parse(t, `{"task_routing":{"filters":[{"expression":"1==1","targets":[
		{"queue":"WQ1","skip_if":"workers.available == 0"},{"queue":"WQ1","skip_if":"workers.WAbreak > 1 OR 1==2"},
		{"queue":"WQ1","skip_if":"1==1"},{"queue":"WQ1"}]}]}}`)
	nobody, two := routing.Presence{Unavailable: 2, ByActivitySID: map[string]int{"WAbreak": 2}}, routing.Presence{Available: 2}
	want := map[bool][]bool{true: {true, true, true, false}, false: {false, false, true, false}}
	for i, target := range w.Filters[0].Targets {
		if got := target.Skips(nil, presence(nobody)); got != want[true][i] {
			t.Errorf("step %d skips without anybody: %v", i, got)
		}
		if got := target.Skips(nil, presence(two)); got != want[false][i] {
			t.Errorf("step %d skips with two: %v", i, got)
		}
	}
}

func TestBadConfigurationsNameTheirFault(t *testing.T) {
	target := func(fields string) string {
		return `{"task_routing":{"filters":[{"expression":"1==1","targets":[{` + fields + `}]}]}}`
	}
	for _, c := range []struct{ configuration, want string }{
		{`{`, "configuration is not JSON"},
		{`{"task_routing":{"filters":[{"expression":"a ==","targets":[{"queue":"WQ1"}]}]}}`, "filters[0].expression"},
		{`{"task_routing":{"filters":[{"expression":"a","targets":[{"queue":"WQ1"}]}]}}`, "filters[0].expression"},
		{`{"task_routing":{"filters":[{"expression":"1==1","targets":[]}]}}`, "filters[0].targets"},
		{target(`"queue":"WQnone"`), `filters[0].targets[0].queue: "WQnone"`},
		{target(`"timeout":3`), "filters[0].targets[0].queue: is missing"},
		{target(`"queue":"WQ1","timeout":-1`), "targets[0].timeout"},
		{target(`"queue":"WQ1","timeout":"soon"`), "targets[0].timeout"},
		{target(`"queue":"WQ1","expression":"worker."`), "targets[0].expression"},
		{target(`"queue":"WQ1","skip_if":"workers.available"`), "targets[0].skip_if"},
		{target(`"queue":"WQ1","order_by":"worker.level UP"`), "targets[0].order_by"},
		{target(`"queue":"WQ1","order_by":"worker.level DESC NULLS"`), "targets[0].order_by"},
		{target(`"queue":"WQ1","known_worker_sid":"task.a","known_worker_friendly_name":"task.b"`), "exclude each other"},
		{`{"task_routing":{"default_filter":{}}}`, "default_filter.queue"},
	} {
		_, err := routing.Parse(c.configuration, func(sid string) bool { return sid == "WQ1" })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q in it", c.configuration, err, c.want)
		}
	}
}
