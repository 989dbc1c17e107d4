package sandbox

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options say what kind of account New makes. The zero value is a usable account on the real clock.
type Options struct {
	// Clock is the account's time; nil means the machine's clock.
	Clock Clock
	// Seed decides every SID and token: the same calls in the same order give the same ones.
	Seed uint64
	// AccountSID, AuthToken, APIKey, APISecret and WorkspaceSID are made from Seed where they are empty.
	AccountSID, AuthToken, APIKey, APISecret, WorkspaceSID string
	// Limits are Twilio's rate limits; nil means DefaultLimits.
	Limits *Limits
	// WebhookClient delivers webhooks; nil means a client of its own with a time limit of 15 s.
	WebhookClient *http.Client
	// Logger gets what an operator of a sandbox wants to see; nil means nothing is logged.
	Logger *slog.Logger
	// RecordLimit is how many entries Record keeps before it drops the oldest; 0 means 500,000, -1 keeps none.
	RecordLimit int
	// Tap, where set, hears of what happens at once.
	Tap *Tap
}

// Limits are Twilio's rate limits.
type Limits struct {
	// RequestsPerSecond is allowed for each endpoint (method and path template) of the account; 0 lifts the limit.
	RequestsPerSecond int `json:"requests_per_second"`
}

// DefaultLimits are the limits that Twilio documents for Interactions: 20 requests a second per endpoint and account.
func DefaultLimits() Limits { return Limits{RequestsPerSecond: 20} }

// Webhooks are the addresses that the account reports to; empty ones are switched off. They can be set by REST as well.
type Webhooks struct {
	TaskRouterURL    string   // event callback of the workspace
	TaskRouterEvents []string // events_filter; empty means all
	ConversationsURL string   // post_webhook_url of the account
	ConversationsFor []string // filters, such as onMessageAdded; empty means all
	InteractionsURL  string   // webhook_url of the Flex instance
	InteractionsFor  []string // events, such as onParticipantJoined; empty means all
}

// Error is a refusal, with Twilio's code and HTTP status. Acting methods return *Error for everything they refuse.
type Error struct {
	Status  int
	Code    int
	Message string
}

func (e *Error) Error() string { return e.Message }

// Customer is who starts a conversation. ChannelType is web (the default), sms, whatsapp or email.
type Customer struct {
	Name        string `json:"name"`
	ChannelType string `json:"channel_type"`
	// Address is a phone number, whatsapp:number or mail address; web customers need none.
	Address string `json:"address,omitempty"`
	// Subject and Recipients are of mails: who else got it, by To or Cc.
	Subject    string      `json:"subject,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"`
	// PreEngagement is what a web customer filled in before the chat; it goes into the task's attributes.
	PreEngagement map[string]any `json:"pre_engagement,omitempty"`
	// Workflow is the friendly name of the workflow that routes it; empty means the first one of the world.
	Workflow string `json:"workflow,omitempty"`
}

// Recipient is somebody besides the customer and the account who gets the mails of a conversation.
type Recipient struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
	Level   string `json:"level,omitempty"` // to (the default) or cc
}

// StartedConversation names what StartConversation has made.
type StartedConversation struct {
	ConversationSID       string `json:"conversation_sid"`
	InteractionSID        string `json:"interaction_sid"`
	InteractionChannelSID string `json:"interaction_channel_sid"`
	Identity              string `json:"identity"` // the customer's identity (web) or address: the author of its messages
	TaskSID               string `json:"task_sid"`
}

// Change tells observers that an object is new, changed or gone; Object is its REST shape now.
//
// Kinds and objects: activity Activity, worker Worker, queue TaskQueue, workflow Workflow, task Task, task_deleted Task,
// reservation Reservation, conversation Conversation, conversation_deleted Conversation, conversation_participant
// ConversationParticipant, message Message, interaction_channel InteractionChannel, interaction_participant
// InteractionParticipant, invite Invite, trace TraceEntry, reset nil (everything changed: take a new Snapshot).
type Change struct {
	Kind   string `json:"kind"`
	Object any    `json:"object"`
}

// Snapshot is the account at one moment, for observers. Ended tasks and reservations that Twilio has not deleted yet
// are in it; participants who left are not.
type Snapshot struct {
	AccountSID               string                    `json:"account_sid"`
	WorkspaceSID             string                    `json:"workspace_sid"`
	Activities               []Activity                `json:"activities"`
	Workers                  []Worker                  `json:"workers"`
	Queues                   []TaskQueue               `json:"queues"`
	Workflows                []Workflow                `json:"workflows"`
	Tasks                    []Task                    `json:"tasks"`
	Reservations             []Reservation             `json:"reservations"`
	Conversations            []Conversation            `json:"conversations"`
	ConversationParticipants []ConversationParticipant `json:"conversation_participants"`
	Messages                 map[string][]Message      `json:"messages"` // by conversation SID
	InteractionChannels      []InteractionChannel      `json:"interaction_channels"`
	InteractionParticipants  []InteractionParticipant  `json:"interaction_participants"`
	Trace                    []TraceEntry              `json:"trace"` // the last 50
}

// Observer is the part of Account that a stage watches.
type Observer interface {
	Snapshot() Snapshot
	Watch(ctx context.Context, buffer int) (Snapshot, <-chan Change)
	Subscribe(f func(Change)) (cancel func())
	Trace() *Trace
}

// Actor is the part of Account that a stage acts through: what agents do in Flex and customers do in their channel.
type Actor interface {
	StartConversation(customer Customer, firstMessage string) (StartedConversation, error)
	SendMessage(conversationSID, author, body string) (Message, error)
	CustomerLeaves(conversationSID, identity string) error
	SetActivity(workerSID, activitySID string) (Worker, error)
	AcceptReservation(reservationSID string) (Reservation, error)
	RejectReservation(reservationSID string) (Reservation, error)
	WrapUp(reservationSID string) (Reservation, error)
	CompleteTask(reservationSID string) (Reservation, error)
	IssueToken(workerSID string, ttl time.Duration) (string, error)
	RevokeToken(token string)
	Faults() *Faults
	Reset() error
}

var (
	_ Observer = (*Account)(nil)
	_ Actor    = (*Account)(nil)
)
