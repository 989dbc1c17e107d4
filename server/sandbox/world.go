package sandbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
)

//go:embed worlds/demo.json
var demoWorld []byte

// DemoWorld returns the world of the demo: agents, a supervisor, queues, and workflows for customers and for transfers.
func DemoWorld() World {
	w, err := ParseWorld(demoWorld)
	if err != nil {
		panic("sandbox: worlds/demo.json: " + err.Error()) // it is part of the program, and tested
	}
	return w
}

// ParseWorld reads a world from JSON. Unknown fields are refused, so that a misspelled one is noticed.
func ParseWorld(text []byte) (World, error) {
	var w World
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return World{}, fmt.Errorf("world: %w", err)
	}
	if d.More() {
		return World{}, fmt.Errorf("world: there is more than one JSON value")
	}
	return w, nil
}

// Load adds a world to the account; no webhooks and TaskRouter events tell of it, observers get one change of kind
// reset. An error names the part that is wrong; what came before it stays, so the account should be given up then.
func (a *Account) Load(w World) error {
	return a.do(func() error {
		if err := a.loadQuietly(w); err != nil {
			return err
		}
		a.worlds = append(a.worlds, w)
		a.changed("reset", func() any { return nil })
		return nil
	})
}

// Reset empties the account and loads its worlds again. SIDs and tokens go on being new ones (save those that a world
// gives), and tokens, webhook settings, faults, trace and record stay.
func (a *Account) Reset() error {
	return a.do(func() error {
		a.epoch++
		a.wheel.timers.clear()
		a.fresh()
		for _, w := range a.worlds {
			if err := a.loadQuietly(w); err != nil {
				return err
			}
		}
		a.changed("reset", func() any { return nil })
		return nil
	})
}

func (a *Account) loadQuietly(w World) error {
	a.quiet = true
	defer func() { a.quiet = false }()
	for _, load := range []func(World) error{
		a.loadActivities, a.loadQueues, a.loadWorkers, a.loadWorkflows, a.loadConversations,
	} {
		if err := load(w); err != nil {
			return err
		}
	}
	return nil
}

func (a *Account) loadActivities(w World) error {
	for _, v := range w.Activities {
		a.addActivity(v.SID, v.FriendlyName, v.Available)
	}
	find := func(field, name string) (*activity, error) {
		v := a.activityNamed(name)
		if v == nil {
			return nil, fmt.Errorf("world: %s: there is no activity %q", field, name)
		}
		return v, nil
	}
	var err error
	if w.DefaultActivity != "" {
		if a.store.defaultActivity, err = find("default_activity", w.DefaultActivity); err != nil {
			return err
		}
	} else if a.store.defaultActivity == nil {
		if a.store.defaultActivity = a.activityNamed("Offline"); a.store.defaultActivity == nil {
			a.store.defaultActivity, _ = a.store.activities.first()
		}
	}
	if w.TimeoutActivity != "" {
		a.store.timeoutActivity, err = find("timeout_activity", w.TimeoutActivity)
	}
	return err
}

func (a *Account) loadQueues(w World) error {
	for _, q := range w.Queues {
		if _, err := a.addQueue(q.SID, q.FriendlyName, q.TargetWorkers, q.MaxReserved, ""); err != nil {
			return fmt.Errorf("world: queue %q: %w", q.FriendlyName, err)
		}
	}
	return nil
}

func (a *Account) loadWorkers(w World) error {
	for _, worker := range w.Workers {
		at := a.store.defaultActivity
		if worker.Activity != "" {
			at = a.activityNamed(worker.Activity)
		}
		if at == nil {
			return fmt.Errorf("world: worker %q: there is no activity %q", worker.FriendlyName, worker.Activity)
		}
		attributes := maps.Clone(worker.Attributes)
		if attributes == nil {
			attributes = map[string]any{}
		}
		if _, has := attributes["full_name"]; !has && worker.FullName != "" {
			attributes["full_name"] = worker.FullName
		}
		if _, err := a.addWorker(worker.SID, worker.FriendlyName, compactJSON(attributes), at, worker.Capacity); err != nil {
			return fmt.Errorf("world: worker %q: %w", worker.FriendlyName, err)
		}
	}
	return nil
}

func (a *Account) loadWorkflows(w World) error {
	for _, f := range w.Workflows {
		configuration := compactJSON(a.withQueueSIDs(f.Configuration))
		if _, err := a.addWorkflow(f.SID, f.FriendlyName, configuration, f.TaskReservationTimeout); err != nil {
			return fmt.Errorf("world: workflow %q: %w", f.FriendlyName, err)
		}
	}
	return nil
}

// withQueueSIDs puts SIDs where a configuration names queues.
func (a *Account) withQueueSIDs(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = a.withQueueSIDs(value)
			if name, ok := value.(string); ok && key == "queue" {
				if q := a.queueNamed(name); q != nil {
					out[key] = q.sid
				}
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = a.withQueueSIDs(value)
		}
		return out
	}
	return v
}

func (a *Account) loadConversations(w World) error {
	for i, c := range w.Conversations {
		if err := a.loadConversation(c); err != nil {
			return fmt.Errorf("world: conversations[%d]: %w", i, err)
		}
	}
	return nil
}

func (a *Account) loadConversation(w WorldConversation) error {
	c, inv, err := a.startConversation(w.Customer, "")
	if err != nil {
		return err
	}
	if w.Attributes != nil {
		if err := a.updateConversationAttributes(c.conversation, compactJSON(w.Attributes), false); err != nil {
			return err
		}
	}
	for i, name := range w.Agents {
		if err := a.loadAgent(c, inv, name, i == 0); err != nil {
			return err
		}
	}
	for _, m := range w.Messages {
		author := m.Author
		if agent := a.store.workersByName[m.Author]; agent != nil {
			author = agent.identity()
		} else if m.Author == "customer" {
			author = c.participants[0].member.author()
		}
		if _, err := a.addMessage(c.conversation, messageSpec{author: author, body: &m.Body}); err != nil {
			return err
		}
	}
	for _, p := range w.Pending {
		if err := a.loadPending(c, p); err != nil {
			return err
		}
	}
	return nil
}

// loadAgent lets a worker accept: the first one the conversation's own task, the others an invite of their own.
// Availability and capacity do not count.
func (a *Account) loadAgent(c *channel, inv *invite, name string, first bool) error {
	w := a.store.workersByName[name]
	if w == nil {
		return fmt.Errorf("agents: there is no worker %q", name)
	}
	t := inv.task
	if first && !t.live() {
		return fmt.Errorf("agents: no workflow step takes the conversation's task")
	}
	if !first {
		r := &inviteRouting{}
		r.Properties.WorkspaceSID, r.Properties.WorkerSID = a.workspaceSID, w.sid
		r.Properties.TaskChannelUniqueName = taskChannelOf(c.kind)
		next, err := a.addInvite(c, r)
		if err != nil {
			return err
		}
		t = next.task
	}
	for _, r := range t.reservations {
		switch {
		case r.worker == w && r.status == statusPending:
			return a.accept(r)
		case r.status == statusPending:
			a.endReservation(r, statusRescinded)
		}
	}
	return a.accept(a.reserve(t, w))
}

func (a *Account) loadPending(c *channel, p WorldInvite) error {
	flow := a.workflowNamed(p.Workflow)
	if flow == nil {
		return fmt.Errorf("pending: there is no workflow %q", p.Workflow)
	}
	r := &inviteRouting{}
	r.Properties.WorkspaceSID, r.Properties.WorkflowSID = a.workspaceSID, flow.sid
	r.Properties.TaskChannelUniqueName = taskChannelOf(c.kind)
	r.Properties.Attributes = []byte(compactJSON(p.Attributes))
	_, err := a.addInvite(c, r)
	return err
}

func orWeb(channelType string) string {
	if channelType == "" {
		return "web"
	}
	return channelType
}
