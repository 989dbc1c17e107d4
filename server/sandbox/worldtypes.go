package sandbox

// World is what an account is loaded with. Names stand for SIDs wherever one object refers to another.
type World struct {
	Activities []WorldActivity `json:"activities"`
	// DefaultActivity and TimeoutActivity are friendly names; empty means Offline (or the first one) and none: a worker
	// whose reservation times out keeps its activity.
	DefaultActivity string              `json:"default_activity,omitempty"`
	TimeoutActivity string              `json:"timeout_activity,omitempty"`
	Workers         []WorldWorker       `json:"workers"`
	Queues          []WorldQueue        `json:"queues"`
	Workflows       []WorldWorkflow     `json:"workflows"`
	Conversations   []WorldConversation `json:"conversations,omitempty"`
}

// WorldActivity is an activity of a World.
type WorldActivity struct {
	SID          string `json:"sid,omitempty"` // made from the seed where empty
	FriendlyName string `json:"friendly_name"`
	Available    bool   `json:"available"`
}

// WorldWorker is a worker of a World.
type WorldWorker struct {
	SID          string `json:"sid,omitempty"`
	FriendlyName string `json:"friendly_name"`
	// FullName goes into the attributes as full_name, unless they have one.
	FullName   string         `json:"full_name,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Activity   string         `json:"activity,omitempty"` // friendly name; empty means the default activity
	// Capacity is by task channel (chat, sms, …); channels that are not named have 1, chat, sms and email 3.
	Capacity map[string]int `json:"capacity,omitempty"`
}

// WorldQueue is a task queue of a World.
type WorldQueue struct {
	SID           string `json:"sid,omitempty"`
	FriendlyName  string `json:"friendly_name"`
	TargetWorkers string `json:"target_workers"` // empty means 1==1
	MaxReserved   int    `json:"max_reserved,omitempty"`
}

// WorldWorkflow is a workflow of a World. In Configuration, queue holds friendly names (SIDs are fine too).
type WorldWorkflow struct {
	SID                    string         `json:"sid,omitempty"`
	FriendlyName           string         `json:"friendly_name"`
	TaskReservationTimeout int            `json:"task_reservation_timeout,omitempty"` // seconds; 0 means 120
	Configuration          map[string]any `json:"configuration"`
}

// WorldConversation is a conversation that is under way when the world begins.
type WorldConversation struct {
	Customer Customer       `json:"customer"`
	Messages []WorldMessage `json:"messages,omitempty"`
	// Agents are friendly names of the workers who have accepted it, in this order.
	Agents []string `json:"agents,omitempty"`
	// Pending are further invites that nobody has answered.
	Pending []WorldInvite `json:"pending,omitempty"`
	// Attributes are the conversation's attributes.
	Attributes map[string]any `json:"attributes,omitempty"`
}

// WorldMessage is a message of a World. Author is customer, or the friendly name of a worker.
type WorldMessage struct {
	Author string `json:"author"`
	Body   string `json:"body"`
}

// WorldInvite is an unanswered invite of a World, through the workflow of that friendly name.
type WorldInvite struct {
	Workflow   string         `json:"workflow"`
	Attributes map[string]any `json:"attributes"`
}
