package sandbox

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

const (
	defaultReservationTimeout = 120 // seconds, as Twilio's TaskReservationTimeout
	maxWorkerAttributes       = 4096
)

// defaultChannels are the task channels of a Flex workspace, with the capacity that a new worker has for each.
var defaultChannels = []struct {
	name, uniqueName string
	capacity         int
}{
	{"Default", "default", 1}, {"Voice", "voice", 1}, {"Chat", "chat", 3}, {"SMS", "sms", 3}, {"Video", "video", 1},
	{"Email", "email", 3},
}

// fresh empties the account.
func (a *Account) fresh() {
	a.store = newStore()
	a.store.workspaceBorn, a.store.workspaceUpdate = a.now(), a.now()
	for _, c := range defaultChannels {
		tc := &taskChannel{entity: a.entity("TC", ""), uniqueName: c.uniqueName, name: c.name}
		a.store.taskChannels.put(tc.sid, tc)
	}
}

// taskChannelNamed finds a task channel by SID or unique name; empty means default.
func (a *Account) taskChannelNamed(name string) *taskChannel {
	if name == "" {
		name = "default"
	}
	for c := range a.store.taskChannels.all() {
		if c.sid == name || c.uniqueName == name {
			return c
		}
	}
	return nil
}

func (a *Account) addActivity(sid, name string, available bool) *activity {
	v := &activity{entity: a.entity("WA", sid), name: name, available: available}
	a.store.activities.put(v.sid, v)
	a.changed("activity", func() any { return a.viewActivity(v) })
	return v
}

func (a *Account) activityNamed(name string) *activity {
	for v := range a.store.activities.all() {
		if v.name == name {
			return v
		}
	}
	return nil
}

func (a *Account) addWorker(sid, name, attributes string, at *activity, capacity map[string]int) (*worker, error) {
	w := &worker{
		entity: a.entity("WK", sid), name: name, activity: at, open: newOrdered[*reservation](),
		reservations: newOrdered[*reservation](),
	}
	w.statusChanged, w.idleSince = w.created, w.created
	if err := w.setAttributes(attributes); err != nil {
		return nil, err
	}
	for tc := range a.store.taskChannels.all() {
		c := &workerChannel{entity: a.entity("WC", ""), channel: tc, capacity: defaultCapacity(tc), available: true}
		if n, ok := capacity[tc.uniqueName]; ok {
			c.capacity = n
		}
		w.channels = append(w.channels, c)
	}
	a.store.workers.put(w.sid, w)
	a.store.workersByName[w.name] = w
	a.joinQueues(w)
	a.recordWorker(w)
	a.workerEvent("worker.created", w)
	a.workerChanged(w)
	a.routeWorker(w)
	return w, nil
}

func defaultCapacity(tc *taskChannel) int {
	for _, c := range defaultChannels {
		if c.uniqueName == tc.uniqueName {
			return c.capacity
		}
	}
	return 1
}

func (w *worker) setAttributes(attributes string) error {
	document, err := workerDocument(attributes)
	if err != nil {
		return err
	}
	w.attributes, w.document = attributes, document
	w.redocument()
	return nil
}

// workerDocument parses worker attributes and holds them to their limit.
func workerDocument(attributes string) (map[string]any, error) {
	if len([]rune(attributes)) > maxWorkerAttributes {
		return nil, invalid("Attributes are limited to %d characters", maxWorkerAttributes)
	}
	document := map[string]any{}
	if err := json.Unmarshal([]byte(attributes), &document); err != nil || document == nil {
		return nil, invalid("Attributes must be a valid JSON object")
	}
	return document, nil
}

// redocument brings what expressions see of a worker up to date.
func (w *worker) redocument() {
	document := maps.Clone(w.document)
	document["sid"], document["friendly_name"], document["activity_name"] = w.sid, w.name, w.activity.name
	w.document = document
}

// identity is the worker's name in conversations: the contact URI without its scheme, or its friendly name.
func (w *worker) identity() string {
	if uri, _ := w.document["contact_uri"].(string); len(uri) > len("client:") && uri[:len("client:")] == "client:" {
		return uri[len("client:"):]
	}
	return w.name
}

// roles are the Flex roles in the worker's attributes.
func (w *worker) roles() []string {
	roles := []string{}
	list, _ := w.document["roles"].([]any)
	for _, r := range list {
		if role, ok := r.(string); ok {
			roles = append(roles, role)
		}
	}
	return roles
}

func (w *worker) channel(tc *taskChannel) *workerChannel {
	for _, c := range w.channels {
		if c.channel == tc {
			return c
		}
	}
	return nil
}

func (w *worker) hasCapacity(tc *taskChannel) bool {
	c := w.channel(tc)
	return c != nil && c.available && c.used < c.capacity
}

func (a *Account) workerChanged(w *worker) {
	a.changed("worker", func() any { return a.viewWorker(w) })
}

func (a *Account) recordWorker(w *worker) {
	a.remember(RecordEntry{Kind: "worker", SID: w.sid, WorkerSID: w.sid, Status: w.activity.name})
}

// setActivity changes what a worker is doing. One who becomes available is offered again what it had declined.
func (a *Account) setActivity(w *worker, to *activity) {
	from := w.activity
	if from == to {
		return
	}
	w.before, w.activity = from, to
	w.redocument()
	a.touch(&w.entity)
	a.recordWorker(w)
	a.workerEvent("worker.activity.update", w)
	w.statusChanged, w.idleSince = a.now(), a.now()
	a.workerChanged(w)
	if !to.available {
		return
	}
	if !from.available {
		a.forgetDeclines(w)
	}
	a.routeWorker(w)
}

func (a *Account) forgetDeclines(w *worker) {
	for _, q := range w.queues {
		for _, t := range q.waiting {
			delete(t.declined, w)
		}
		for _, t := range q.waitingFor[w.sid] {
			delete(t.declined, w)
		}
	}
}

// updateWorkerAttributes replaces the attributes; the worker's queues follow.
func (a *Account) updateWorkerAttributes(w *worker, attributes string) error {
	if err := w.setAttributes(attributes); err != nil {
		return err
	}
	a.touch(&w.entity)
	a.joinQueues(w)
	a.workerEvent("worker.attributes.update", w)
	a.workerChanged(w)
	a.routeWorker(w)
	return nil
}

// deleteWorker removes a worker who has nothing to do.
func (a *Account) deleteWorker(w *worker) {
	for _, q := range w.queues {
		q.members.delete(w.sid)
	}
	a.store.workers.delete(w.sid)
	delete(a.store.workersByName, w.name)
	a.workerEvent("worker.deleted", w)
}

// joinQueues puts a worker into the queues whose expression it matches, and takes it out of the others.
func (a *Account) joinQueues(w *worker) {
	for q := range a.store.queues.all() {
		a.joinQueue(w, q)
	}
}

func (a *Account) joinQueue(w *worker, q *queue) {
	is, should := q.has(w), q.condition.Matches(expression.Scope{Bare: w.document, Worker: w.document})
	switch {
	case should && !is:
		q.members.put(w.sid, w)
		w.queues = append(w.queues, q)
	case is && !should:
		q.members.delete(w.sid)
		w.leaveQueue(q)
	}
}

func (w *worker) leaveQueue(q *queue) {
	w.queues = slices.DeleteFunc(w.queues, func(other *queue) bool { return other == q })
}

func (q *queue) has(w *worker) bool {
	_, ok := q.members.byKey[w.sid]
	return ok
}

// presence counts a queue's workers for skip_if.
func (q *queue) presence() routing.Presence {
	p := routing.Presence{ByActivitySID: map[string]int{}}
	for w := range q.members.all() {
		p.ByActivitySID[w.activity.sid]++
		if w.activity.available {
			p.Available++
		} else {
			p.Unavailable++
		}
	}
	return p
}
