package sandbox

// The types in this file are the REST shapes of Twilio's resources: property names and types follow Twilio's OpenAPI
// documents (flex v1, conversations v1, taskrouter v1). They are values: changing one changes nothing in the account.
// Dates are RFC 3339 in UTC with whole seconds. Attributes are JSON strings, as Twilio sends them.

// Workspace is a TaskRouter workspace.
type Workspace struct {
	SID                  string            `json:"sid"`
	AccountSID           string            `json:"account_sid"`
	FriendlyName         string            `json:"friendly_name"`
	DateCreated          string            `json:"date_created"`
	DateUpdated          string            `json:"date_updated"`
	DefaultActivitySID   *string           `json:"default_activity_sid"`
	DefaultActivityName  *string           `json:"default_activity_name"`
	TimeoutActivitySID   *string           `json:"timeout_activity_sid"`
	TimeoutActivityName  *string           `json:"timeout_activity_name"`
	EventCallbackURL     *string           `json:"event_callback_url"`
	EventsFilter         *string           `json:"events_filter"`
	MultiTaskEnabled     bool              `json:"multi_task_enabled"`
	PrioritizeQueueOrder string            `json:"prioritize_queue_order"`
	URL                  string            `json:"url"`
	Links                map[string]string `json:"links"`
}

// Activity is a TaskRouter activity; a worker can get reservations only in an available one.
type Activity struct {
	SID          string            `json:"sid"`
	AccountSID   string            `json:"account_sid"`
	WorkspaceSID string            `json:"workspace_sid"`
	FriendlyName string            `json:"friendly_name"`
	Available    bool              `json:"available"`
	DateCreated  string            `json:"date_created"`
	DateUpdated  string            `json:"date_updated"`
	URL          string            `json:"url"`
	Links        map[string]string `json:"links"`
}

// Worker is a TaskRouter worker, which Flex calls an agent.
type Worker struct {
	SID               string            `json:"sid"`
	AccountSID        string            `json:"account_sid"`
	WorkspaceSID      string            `json:"workspace_sid"`
	FriendlyName      string            `json:"friendly_name"`
	ActivityName      string            `json:"activity_name"`
	ActivitySID       string            `json:"activity_sid"`
	Attributes        string            `json:"attributes"`
	Available         bool              `json:"available"`
	DateCreated       string            `json:"date_created"`
	DateStatusChanged string            `json:"date_status_changed"`
	DateUpdated       string            `json:"date_updated"`
	URL               string            `json:"url"`
	Links             map[string]string `json:"links"`
}

// WorkerChannel is a worker's capacity for one task channel.
type WorkerChannel struct {
	SID                         string `json:"sid"`
	AccountSID                  string `json:"account_sid"`
	WorkspaceSID                string `json:"workspace_sid"`
	WorkerSID                   string `json:"worker_sid"`
	TaskChannelSID              string `json:"task_channel_sid"`
	TaskChannelUniqueName       string `json:"task_channel_unique_name"`
	ConfiguredCapacity          int    `json:"configured_capacity"`
	AvailableCapacityPercentage int    `json:"available_capacity_percentage"`
	AssignedTasks               int    `json:"assigned_tasks"`
	Available                   bool   `json:"available"`
	DateCreated                 string `json:"date_created"`
	DateUpdated                 string `json:"date_updated"`
	URL                         string `json:"url"`
}

// TaskChannel is a kind of work (chat, voice, …) that capacity is counted for.
type TaskChannel struct {
	SID                     string            `json:"sid"`
	AccountSID              string            `json:"account_sid"`
	WorkspaceSID            string            `json:"workspace_sid"`
	FriendlyName            string            `json:"friendly_name"`
	UniqueName              string            `json:"unique_name"`
	ChannelOptimizedRouting bool              `json:"channel_optimized_routing"`
	DateCreated             string            `json:"date_created"`
	DateUpdated             string            `json:"date_updated"`
	URL                     string            `json:"url"`
	Links                   map[string]string `json:"links"`
}

// TaskQueue is a TaskRouter queue.
type TaskQueue struct {
	SID                     string            `json:"sid"`
	AccountSID              string            `json:"account_sid"`
	WorkspaceSID            string            `json:"workspace_sid"`
	FriendlyName            string            `json:"friendly_name"`
	TargetWorkers           string            `json:"target_workers"`
	MaxReservedWorkers      int               `json:"max_reserved_workers"`
	TaskOrder               string            `json:"task_order"`
	AssignmentActivitySID   *string           `json:"assignment_activity_sid"`
	AssignmentActivityName  *string           `json:"assignment_activity_name"`
	ReservationActivitySID  *string           `json:"reservation_activity_sid"`
	ReservationActivityName *string           `json:"reservation_activity_name"`
	DateCreated             string            `json:"date_created"`
	DateUpdated             string            `json:"date_updated"`
	URL                     string            `json:"url"`
	Links                   map[string]string `json:"links"`
}

// Workflow is a TaskRouter workflow; Configuration is its JSON text.
type Workflow struct {
	SID                           string            `json:"sid"`
	AccountSID                    string            `json:"account_sid"`
	WorkspaceSID                  string            `json:"workspace_sid"`
	FriendlyName                  string            `json:"friendly_name"`
	Configuration                 string            `json:"configuration"`
	DocumentContentType           string            `json:"document_content_type"`
	TaskReservationTimeout        int               `json:"task_reservation_timeout"`
	AssignmentCallbackURL         *string           `json:"assignment_callback_url"`
	FallbackAssignmentCallbackURL *string           `json:"fallback_assignment_callback_url"`
	DateCreated                   string            `json:"date_created"`
	DateUpdated                   string            `json:"date_updated"`
	URL                           string            `json:"url"`
	Links                         map[string]string `json:"links"`
}

// Task is a TaskRouter task. AssignmentStatus is pending, reserved, assigned, wrapping, completed or canceled.
type Task struct {
	SID                   string            `json:"sid"`
	AccountSID            string            `json:"account_sid"`
	WorkspaceSID          string            `json:"workspace_sid"`
	Age                   int               `json:"age"`
	AssignmentStatus      string            `json:"assignment_status"`
	Attributes            string            `json:"attributes"`
	Addons                string            `json:"addons"`
	DateCreated           string            `json:"date_created"`
	DateUpdated           string            `json:"date_updated"`
	TaskQueueEnteredDate  *string           `json:"task_queue_entered_date"`
	Priority              int               `json:"priority"`
	Reason                *string           `json:"reason"`
	TaskQueueSID          *string           `json:"task_queue_sid"`
	TaskQueueFriendlyName *string           `json:"task_queue_friendly_name"`
	TaskChannelSID        string            `json:"task_channel_sid"`
	TaskChannelUniqueName string            `json:"task_channel_unique_name"`
	Timeout               int               `json:"timeout"`
	WorkflowSID           *string           `json:"workflow_sid"`
	WorkflowFriendlyName  *string           `json:"workflow_friendly_name"`
	VirtualStartTime      string            `json:"virtual_start_time"`
	IgnoreCapacity        bool              `json:"ignore_capacity"`
	RoutingTarget         *string           `json:"routing_target"`
	URL                   string            `json:"url"`
	Links                 map[string]string `json:"links"`
}

// Reservation is one worker's chance at a task. ReservationStatus is pending, accepted, rejected, timeout, canceled,
// rescinded, wrapping or completed. Task is filled only for observers (Snapshot, Change, acting methods): REST has none.
type Reservation struct {
	SID               string            `json:"sid"`
	AccountSID        string            `json:"account_sid"`
	WorkspaceSID      string            `json:"workspace_sid"`
	TaskSID           string            `json:"task_sid"`
	WorkerSID         string            `json:"worker_sid"`
	WorkerName        string            `json:"worker_name"`
	ReservationStatus string            `json:"reservation_status"`
	DateCreated       string            `json:"date_created"`
	DateUpdated       string            `json:"date_updated"`
	URL               string            `json:"url"`
	Links             map[string]string `json:"links"`
	Task              *Task             `json:"task,omitempty"`
}

// Interaction is a Flex interaction. Channel and Routing repeat what its creator gave, with the new SIDs in it.
type Interaction struct {
	SID                   string            `json:"sid"`
	Channel               any               `json:"channel"`
	Routing               any               `json:"routing"`
	InteractionContextSID *string           `json:"interaction_context_sid"`
	WebhookTtid           *string           `json:"webhook_ttid"`
	URL                   string            `json:"url"`
	Links                 map[string]string `json:"links"`
}

// InteractionChannel is a channel of an interaction. ConversationSID is filled only for observers (Snapshot, Change).
type InteractionChannel struct {
	SID             string            `json:"sid"`
	InteractionSID  string            `json:"interaction_sid"`
	Type            string            `json:"type"`
	Status          string            `json:"status"`
	ErrorCode       *int              `json:"error_code"`
	ErrorMessage    *string           `json:"error_message"`
	URL             string            `json:"url"`
	Links           map[string]string `json:"links"`
	ConversationSID string            `json:"conversation_sid,omitempty"`
}

// RoutingProperties tie an agent's InteractionParticipant to its work.
type RoutingProperties struct {
	TaskSID        string `json:"task_sid"`
	WorkerSID      string `json:"worker_sid"`
	ReservationSID string `json:"reservation_sid"`
}

// MediaProperties tie an InteractionParticipant to its ConversationParticipant (SID is MB…).
type MediaProperties struct {
	SID             string `json:"sid"`
	Identity        string `json:"identity"`
	ConversationSID string `json:"conversation_sid"`
}

// InteractionParticipant is a participant (UT…) of an interaction channel. RoutingProperties is nil for customers.
// MediaProperties and Left are filled only for observers (Snapshot, Change).
type InteractionParticipant struct {
	SID               string             `json:"sid"`
	Type              string             `json:"type"`
	InteractionSID    string             `json:"interaction_sid"`
	ChannelSID        string             `json:"channel_sid"`
	URL               string             `json:"url"`
	RoutingProperties *RoutingProperties `json:"routing_properties"`
	MediaProperties   *MediaProperties   `json:"media_properties,omitempty"`
	Left              bool               `json:"left,omitempty"`
}

// Invite is an invite into an interaction channel. Routing.properties.sid is the SID of the task that it made.
type Invite struct {
	SID            string `json:"sid"`
	InteractionSID string `json:"interaction_sid"`
	ChannelSID     string `json:"channel_sid"`
	Routing        any    `json:"routing"`
	URL            string `json:"url"`
}

// Conversation is a Twilio conversation. State is initializing, active, inactive or closed.
type Conversation struct {
	SID                 string            `json:"sid"`
	AccountSID          string            `json:"account_sid"`
	ChatServiceSID      string            `json:"chat_service_sid"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	FriendlyName        *string           `json:"friendly_name"`
	UniqueName          *string           `json:"unique_name"`
	Attributes          string            `json:"attributes"`
	State               string            `json:"state"`
	DateCreated         string            `json:"date_created"`
	DateUpdated         string            `json:"date_updated"`
	Timers              map[string]string `json:"timers"`
	Bindings            map[string]any    `json:"bindings"`
	URL                 string            `json:"url"`
	Links               map[string]string `json:"links"`
}

// ConversationParticipant is a participant (MB…) of a conversation. ChatServiceSID is filled only where the address has
// it, Left only in a Change.
type ConversationParticipant struct {
	SID                  string            `json:"sid"`
	AccountSID           string            `json:"account_sid"`
	ConversationSID      string            `json:"conversation_sid"`
	Identity             *string           `json:"identity"`
	Attributes           string            `json:"attributes"`
	MessagingBinding     map[string]string `json:"messaging_binding"`
	RoleSID              *string           `json:"role_sid"`
	DateCreated          string            `json:"date_created"`
	DateUpdated          string            `json:"date_updated"`
	LastReadMessageIndex *int              `json:"last_read_message_index"`
	LastReadTimestamp    *string           `json:"last_read_timestamp"`
	URL                  string            `json:"url"`
	ChatServiceSID       string            `json:"chat_service_sid,omitempty"`
	Left                 bool              `json:"left,omitempty"`
}

// Message is a message in a conversation; Index counts from 0. ChatServiceSID is filled only where the address has it,
// Subject only for observers: the REST shape has none.
type Message struct {
	SID             string            `json:"sid"`
	AccountSID      string            `json:"account_sid"`
	ConversationSID string            `json:"conversation_sid"`
	Index           int               `json:"index"`
	Author          string            `json:"author"`
	Body            *string           `json:"body"`
	Media           []any             `json:"media"`
	Attributes      string            `json:"attributes"`
	ParticipantSID  *string           `json:"participant_sid"`
	DateCreated     string            `json:"date_created"`
	DateUpdated     string            `json:"date_updated"`
	Delivery        any               `json:"delivery"`
	ContentSID      *string           `json:"content_sid"`
	Subject         *string           `json:"subject,omitempty"`
	ChatServiceSID  string            `json:"chat_service_sid,omitempty"`
	URL             string            `json:"url"`
	Links           map[string]string `json:"links"`
}
