// Package routing reads the configuration of a TaskRouter workflow and answers what it says about one task and one
// worker. It is pure: who is available, and what happens next, is the account's business.
//
// Source: https://www.twilio.com/docs/taskrouter/workflow-configuration and its pages on known agent routing and worker
// presence (skip_if).
package routing

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
)

// Workflow is a parsed configuration. It never changes, so that goroutines may share it.
type Workflow struct {
	Filters []*Filter
	Default *Filter // nil without a default_filter; its only target has no conditions
}

// Filter is one filter with its routing steps.
type Filter struct {
	Name      string
	condition *expression.Expression // nil matches every task
	Targets   []*Target
}

// Target is one routing step.
type Target struct {
	QueueSID string // empty: the queue of the step before
	// TimeoutSeconds is how long a task waits here; 0 means until its own time to live ends.
	TimeoutSeconds int
	KnownWorkerKey KnownWorker
	workers        *expression.Expression
	knownWorker    *expression.Expression
	skipIf         *expression.Expression
	priority       *expression.Expression
	orderBy        []order
}

// KnownWorker says how a step names its worker.
type KnownWorker int

// The ways to name a worker.
const (
	NoKnownWorker KnownWorker = iota
	BySID
	ByFriendlyName
)

type order struct {
	value      *expression.Expression
	descending bool
}

type document struct {
	TaskRouting struct {
		Filters []struct {
			FilterFriendlyName string      `json:"filter_friendly_name"`
			FriendlyName       string      `json:"friendly_name"`
			Expression         string      `json:"expression"`
			Targets            []targetDoc `json:"targets"`
		} `json:"filters"`
		DefaultFilter *targetDoc `json:"default_filter"`
	} `json:"task_routing"`
}

type targetDoc struct {
	Queue                   string          `json:"queue"`
	Expression              string          `json:"expression"`
	Priority                json.RawMessage `json:"priority"`
	Timeout                 json.RawMessage `json:"timeout"`
	OrderBy                 string          `json:"order_by"`
	KnownWorkerSID          string          `json:"known_worker_sid"`
	KnownWorkerFriendlyName string          `json:"known_worker_friendly_name"`
	SkipIf                  string          `json:"skip_if"`
}

// Parse reads a configuration. hasQueue says whether a queue SID exists. The error names the part that is wrong.
func Parse(configuration string, hasQueue func(sid string) bool) (*Workflow, error) {
	var doc document
	if err := json.Unmarshal([]byte(configuration), &doc); err != nil {
		return nil, fmt.Errorf("configuration is not JSON: %w", err)
	}
	w := &Workflow{}
	for i, f := range doc.TaskRouting.Filters {
		at := fmt.Sprintf("filters[%d]", i)
		filter := &Filter{Name: f.FilterFriendlyName}
		if filter.Name == "" {
			filter.Name = f.FriendlyName
		}
		var err error
		if filter.condition, err = condition(at+".expression", f.Expression); err != nil {
			return nil, err
		}
		if len(f.Targets) == 0 {
			return nil, fmt.Errorf("%s.targets: must not be empty", at)
		}
		for j, t := range f.Targets {
			target, err := parseTarget(fmt.Sprintf("%s.targets[%d]", at, j), t, j > 0, hasQueue)
			if err != nil {
				return nil, err
			}
			filter.Targets = append(filter.Targets, target)
		}
		w.Filters = append(w.Filters, filter)
	}
	if d := doc.TaskRouting.DefaultFilter; d != nil {
		target, err := parseTarget("default_filter", *d, false, hasQueue)
		if err != nil {
			return nil, err
		}
		w.Default = &Filter{Name: "Default Filter", Targets: []*Target{target}}
	}
	return w, nil
}

func parseTarget(at string, d targetDoc, queueOptional bool, hasQueue func(string) bool) (*Target, error) {
	if d.Queue == "" && !queueOptional {
		return nil, fmt.Errorf("%s.queue: is missing", at)
	}
	if d.Queue != "" && !hasQueue(d.Queue) {
		return nil, fmt.Errorf("%s.queue: %q does not exist", at, d.Queue)
	}
	t := &Target{QueueSID: d.Queue}
	var err error
	if t.TimeoutSeconds, err = seconds(d.Timeout); err != nil {
		return nil, fmt.Errorf("%s.timeout: %w", at, err)
	}
	if t.workers, err = condition(at+".expression", d.Expression); err != nil {
		return nil, err
	}
	if t.skipIf, err = condition(at+".skip_if", d.SkipIf); err != nil {
		return nil, err
	}
	known := d.KnownWorkerSID
	switch {
	case d.KnownWorkerSID != "" && d.KnownWorkerFriendlyName != "":
		return nil, fmt.Errorf("%s: known_worker_sid and known_worker_friendly_name exclude each other", at)
	case d.KnownWorkerSID != "":
		t.KnownWorkerKey = BySID
	case d.KnownWorkerFriendlyName != "":
		t.KnownWorkerKey, known = ByFriendlyName, d.KnownWorkerFriendlyName
	}
	if t.knownWorker, err = operand(at+".known_worker", known); err != nil {
		return nil, err
	}
	if t.priority, err = operand(at+".priority", strings.Trim(string(d.Priority), `"`)); err != nil {
		return nil, err
	}
	t.orderBy, err = parseOrder(at+".order_by", d.OrderBy)
	return t, err
}

func condition(at, source string) (*expression.Expression, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	e, err := expression.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	if !e.IsCondition() {
		return nil, fmt.Errorf("%s: %q is not a condition", at, source)
	}
	return e, nil
}

func operand(at, source string) (*expression.Expression, error) {
	if source == "" || source == "null" {
		return nil, nil
	}
	e, err := expression.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return e, nil
}

// seconds accepts 30 and "30".
func seconds(raw json.RawMessage) (int, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a number of seconds", text)
	}
	return n, nil
}

func parseOrder(at, source string) ([]order, error) {
	var orders []order
	for part := range strings.SplitSeq(source, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		o := order{}
		if len(words) > 2 {
			return nil, fmt.Errorf("%s: %q is not an attribute with ASC or DESC", at, part)
		}
		if len(words) == 2 {
			switch strings.ToUpper(words[1]) {
			case "DESC":
				o.descending = true
			case "ASC":
			default:
				return nil, fmt.Errorf("%s: %q is neither ASC nor DESC", at, words[1])
			}
		}
		var err error
		if o.value, err = expression.Parse(words[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		orders = append(orders, o)
	}
	return orders, nil
}

// Match returns the first filter that matches the task's attributes, else the default filter, else nil.
func (w *Workflow) Match(task map[string]any) *Filter {
	for _, f := range w.Filters {
		if f.condition == nil || f.condition.Matches(expression.Scope{Bare: task}) {
			return f
		}
	}
	return w.Default
}

// Uses says whether a step of the workflow sends tasks to the queue.
func (w *Workflow) Uses(queueSID string) bool {
	filters := w.Filters
	if w.Default != nil {
		filters = append(filters[:len(filters):len(filters)], w.Default)
	}
	for _, f := range filters {
		for _, t := range f.Targets {
			if t.QueueSID == queueSID {
				return true
			}
		}
	}
	return false
}

// MatchesWorker says whether the step's expression lets the worker have the task.
func (t *Target) MatchesWorker(task, worker map[string]any) bool {
	return t.workers == nil || t.workers.Matches(scope(task, worker))
}

// KnownWorker returns the SID or friendly name of the one worker that the step is for ("" when the task does not say).
func (t *Target) KnownWorker(task map[string]any) string {
	name, _ := t.knownWorker.Value(scope(task, nil)).(string)
	return name
}

// Presence counts the workers of a step's queue by activity.
type Presence struct {
	Available, Unavailable int
	ByActivitySID          map[string]int
}

// Skips says whether a task that could not be reserved at once goes on to the next step.
func (t *Target) Skips(task map[string]any, presence func() Presence) bool {
	if t.skipIf == nil {
		return false
	}
	p := presence()
	workers := map[string]any{"available": float64(p.Available), "unavailable": float64(p.Unavailable)}
	for sid, n := range p.ByActivitySID {
		workers[sid] = float64(n)
	}
	return t.skipIf.Matches(expression.Scope{Bare: map[string]any{"workers": workers}, Task: orEmpty(task)})
}

// Priority returns the priority that the step gives, and whether it gives one.
func (t *Target) Priority(task map[string]any) (int, bool) {
	if t.priority == nil {
		return 0, false
	}
	n, ok := t.priority.Value(scope(task, nil)).(float64)
	return int(math.Round(n)), ok
}

// Orders says whether the step prefers some workers by their attributes.
func (t *Target) Orders() bool { return len(t.orderBy) > 0 }

// Prefers says whether worker a comes before worker b: negative before, positive after, 0 no preference. A worker who
// lacks the attribute comes last.
func (t *Target) Prefers(task, a, b map[string]any) int {
	for _, o := range t.orderBy {
		c := compare(o.value.Value(scope(task, a)), o.value.Value(scope(task, b)), o.descending)
		if c != 0 {
			return c
		}
	}
	return 0
}

func compare(a, b any, descending bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	c := 0
	switch x := a.(type) {
	case float64:
		if y, ok := b.(float64); ok && x != y {
			c = -1
			if x > y {
				c = 1
			}
		}
	case string:
		if y, ok := b.(string); ok {
			c = strings.Compare(x, y)
		}
	}
	if descending {
		return -c
	}
	return c
}

// scope makes task. and worker. prefixes even where there are no attributes.
func scope(task, worker map[string]any) expression.Scope {
	return expression.Scope{Bare: task, Task: orEmpty(task), Worker: orEmpty(worker)}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
