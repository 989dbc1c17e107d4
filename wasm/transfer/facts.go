package transfer

import (
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// Facts is what the rules decide on, made from [Records] by [Records.Facts].
type Facts struct {
	Now      time.Time
	Settings Settings
	Me       Colleague
	// Supervisor is true where the one who asks may act for the agents in the
	// conversation.
	Supervisor bool
	Roles      []string // Flex roles of the one who asks
	Task       TaskFacts
	Channel    ChannelRecord
	// Participants is nil where they are not known yet.
	Participants []ParticipantRecord
	Transfers    []Transfer
	Departures   []Departure
	Requesting   bool
	Workers      []Colleague
	Queues       []QueueRecord
}

// Colleague is a worker as the rules see one.
type Colleague struct {
	SID      string
	Name     string // full_name of the attributes, else the friendly name
	Activity string
	// Available is whether the worker's activity lets TaskRouter offer them
	// tasks.
	Available bool
	Team      string   // team_name of the attributes, else team
	Skills    []string // routing.skills of the attributes
	// Own is what the worker's own attributes permit; nil where they say nothing.
	Own *Permission
}

// TaskFacts is the agent's task as the rules see it.
type TaskFacts struct {
	SID             string
	Status          string // Twilio's assignment_status
	TaskChannelName string
	QueueName       string
	QueueSID        string
	// InteractionSID and InteractionChannelSID are those that the task's
	// attributes name; both are empty where the task is not a conversation.
	InteractionSID        string
	InteractionChannelSID string
	ConversationSID       string // CH…
	// Briefing is what the agent who handed the conversation over said; empty
	// where nobody did.
	Briefing Briefing
	// Rescued says that the task was made because the customer was found alone.
	Rescued    bool
	Attributes string
}

// Conversation reports whether the task is a conversation of Flex
// Conversations, which alone can be transferred by an invite.
func (t TaskFacts) Conversation() bool {
	return t.InteractionSID != "" && t.InteractionChannelSID != ""
}

// roleSupervisor and roleAdmin are the Flex roles that may act for an agent.
const (
	roleSupervisor = "supervisor"
	roleAdmin      = "admin"
)

// Facts makes facts out of the records. It fails, naming the record, where
// attributes are not the JSON object that Twilio promises.
func (r Records) Facts() (Facts, error) {
	var f Facts
	if err := r.FactsInto(&f, nil); err != nil {
		return Facts{}, err
	}
	return f, nil
}

// FactsInto is [Records.Facts] into facts that may have been used before; their
// list of workers gives its memory to the new one. What the workers' attributes
// say is taken from m where that knows it; m may be nil. Where it fails the facts
// are of no use.
func (r *Records) FactsInto(f *Facts, m *Colleagues) error {
	memory := f.Workers[:0]
	*f = Facts{
		Now: r.Now, Settings: r.Settings, Channel: r.Channel, Participants: r.Participants,
		Transfers: r.Transfers, Departures: r.Departures, Roles: r.Roles, Requesting: r.Requesting, Queues: r.Queues,
	}
	for _, role := range r.Roles {
		f.Supervisor = f.Supervisor || role == roleSupervisor || role == roleAdmin
	}
	if err := f.Me.read(&r.Worker, "worker", MeKey, m); err != nil {
		return err
	}
	if err := f.Task.read(&r.Task); err != nil {
		return err
	}
	if len(r.Workers) > cap(memory) {
		memory = make([]Colleague, 0, len(r.Workers))
	}
	f.Workers = memory[:len(r.Workers)]
	for i := range r.Workers {
		if err := f.Workers[i].read(&r.Workers[i], "workers", r.Workers[i].SID, m); err != nil {
			return err
		}
	}
	return nil
}

// read makes a colleague of a record; path names it in errors, and key is that of
// what is remembered.
func (c *Colleague) read(w *WorkerRecord, path, key string, m *Colleagues) error {
	*c = Colleague{}
	if w.Attributes != "" {
		var err error
		if *c, err = m.read(key, w.Attributes); err != nil {
			return fmt.Errorf("%s %s: attributes: %w", path, w.SID, err)
		}
	}
	c.SID, c.Activity, c.Available = w.SID, w.ActivityName, w.Available
	if c.Name == "" {
		c.Name = w.FriendlyName
	}
	return nil
}

func (t TaskRecord) facts() (f TaskFacts, err error) {
	err = f.read(&t)
	return f, err
}

// read makes facts of a record.
func (f *TaskFacts) read(t *TaskRecord) error {
	*f = TaskFacts{
		SID: t.SID, Status: t.AssignmentStatus, TaskChannelName: t.TaskChannelName,
		QueueName: t.QueueName, QueueSID: t.QueueSID, Attributes: t.Attributes,
	}
	if t.Attributes == "" {
		return nil
	}
	r := json.NewReader(t.Attributes)
	err := r.Object(func(key string) error {
		if key == AttributeTransferPlan && r.Kind() == json.Object {
			return r.Object(func(key string) error { return f.readPlan(r, key) })
		}
		if r.Kind() != json.String {
			return r.Skip()
		}
		switch key {
		case attrInteraction:
			return readSID(r, &f.InteractionSID, "KD")
		case attrInteractionChannel:
			return readSID(r, &f.InteractionChannelSID, "UO")
		case attrConversation:
			return readSID(r, &f.ConversationSID, "CH")
		case attrReason:
			return readText(r, &f.Briefing.Reason)
		case attrNotes:
			return readText(r, &f.Briefing.Notes)
		case attrFromName:
			return readText(r, &f.Briefing.From)
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return fmt.Errorf("task %s: attributes: %w", t.SID, err)
	}
	return nil
}

// readPlan reads one member of the plan of the transfer that made the task.
func (f *TaskFacts) readPlan(r *json.Reader, key string) (err error) {
	if key != stampRescue || r.Kind() != json.Bool {
		return r.Skip()
	}
	f.Rescued, err = r.Bool()
	return err
}

func readText(r *json.Reader, into *string) (err error) {
	*into, err = r.String()
	return err
}

// readSID keeps the string only if it is a SID: an agent's script may have
// written anything into a task's attributes.
func readSID(r *json.Reader, into *string, prefix string) error {
	s, err := r.String()
	*into = ""
	if ValidSID(s, prefix) {
		*into = s
	}
	return err
}
