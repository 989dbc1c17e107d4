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
	Briefing   Briefing
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
	f := Facts{
		Now: r.Now, Settings: r.Settings, Channel: r.Channel, Participants: r.Participants,
		Transfers: r.Transfers, Departures: r.Departures, Roles: r.Roles, Requesting: r.Requesting, Queues: r.Queues,
	}
	for _, role := range r.Roles {
		f.Supervisor = f.Supervisor || role == roleSupervisor || role == roleAdmin
	}
	var err error
	if f.Me, err = r.Worker.colleague("worker"); err != nil {
		return Facts{}, err
	}
	if f.Task, err = r.Task.facts(); err != nil {
		return Facts{}, err
	}
	if len(r.Workers) > 0 {
		f.Workers = make([]Colleague, len(r.Workers))
	}
	for i, w := range r.Workers {
		if f.Workers[i], err = w.colleague("workers"); err != nil {
			return Facts{}, err
		}
	}
	return f, nil
}

// worker makes a colleague of a record; path names it in errors.
func (w WorkerRecord) colleague(path string) (Colleague, error) {
	c := Colleague{SID: w.SID, Name: w.FriendlyName, Activity: w.ActivityName, Available: w.Available}
	if w.Attributes == "" {
		return c, nil
	}
	if err := c.readAttributes(w.Attributes); err != nil {
		return c, fmt.Errorf("%s %s: attributes: %w", path, w.SID, err)
	}
	return c, nil
}

func (t TaskRecord) facts() (TaskFacts, error) {
	f := TaskFacts{
		SID: t.SID, Status: t.AssignmentStatus, TaskChannelName: t.TaskChannelName,
		QueueName: t.QueueName, QueueSID: t.QueueSID, Attributes: t.Attributes,
	}
	if t.Attributes == "" {
		return f, nil
	}
	r := json.NewReader(t.Attributes)
	err := r.Object(func(key string) error {
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
		return f, fmt.Errorf("task %s: attributes: %w", t.SID, err)
	}
	return f, nil
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
