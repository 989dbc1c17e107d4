package transfer

import "time"

// Records is what is known about one conversation as Twilio and the ledger
// hold it. The browser fills it from Flex's store and the backend's stream,
// the server from fresh reads; both turn it into [Facts] by the same code.
//
// Field names in JSON are those of Twilio's REST API (snake_case).
type Records struct {
	Now      time.Time
	Settings Settings
	// Worker is the worker who looks or asks, and Roles are their Flex roles.
	Worker WorkerRecord
	Roles  []string
	// Task is the agent's task for the conversation; zero where there is none.
	Task         TaskRecord
	Channel      ChannelRecord
	Participants []ParticipantRecord
	// Transfers are the conversation's transfers, newest last: the open ones
	// and those that ended lately.
	Transfers []Transfer
	// Departures are who leaves the conversation and who left it lately, by the
	// same record.
	Departures []Departure
	// Requesting is true while this page has a request for the task under way.
	Requesting bool
	// Workers and Queues are the directory, or the one target that is asked
	// about.
	Workers []WorkerRecord
	Queues  []QueueRecord
	// Query narrows the directory to entries that match it; empty for all.
	Query string
}

// WorkerRecord is a TaskRouter Worker.
type WorkerRecord struct {
	SID          string // WK…
	FriendlyName string
	Attributes   string // a JSON object, as Twilio holds it
	ActivityName string
	Available    bool
}

// TaskRecord is a TaskRouter Task.
type TaskRecord struct {
	SID               string // WT…
	AssignmentStatus  string // pending, reserved, assigned, wrapping, completed, canceled
	TaskChannelName   string // task_channel_unique_name
	Attributes        string // a JSON object, as Twilio holds it
	ReservationStatus string // of the agent's reservation; empty where unknown
	QueueName         string // task_queue_friendly_name
	QueueSID          string // task_queue_sid
}

// ChannelRecord is a Channel of an Interaction.
type ChannelRecord struct {
	SID            string // UO…
	InteractionSID string // KD…
	Type           string // web, sms, whatsapp, email, …
	Status         string // setup, active, failed, closed, inactive, pause, transfer
}

// ParticipantRecord is an Interaction Channel Participant.
type ParticipantRecord struct {
	SID  string // UT…
	Type string // agent, customer, supervisor, external, unknown
	// The routing properties; all empty for customers.
	TaskSID        string
	WorkerSID      string
	ReservationSID string
}

// QueueRecord is a TaskRouter TaskQueue.
type QueueRecord struct {
	SID          string // WQ…
	FriendlyName string
	// Unserved is true where the transfer workflow has no filter that would
	// route a transfer to this queue.
	Unserved bool
	// Skills are those that the queue's target workers ask for.
	Skills []string
	// Figures are how the queue stands; nil where it is not known.
	Figures *QueueFigures
}

// QueueFigures are a TaskQueue's real-time statistics.
type QueueFigures struct {
	Available   int // workers who can be offered tasks
	Waiting     int // tasks that wait
	LongestWait int // in seconds
}
