// Package sandbox is a simulated Twilio account: Flex Interactions, Conversations, TaskRouter and Flex token validation,
// with their REST interfaces, webhooks, limits and faults, usable as a library (without a socket) and over HTTP.
//
//	account := sandbox.New(sandbox.Options{Seed: 1})
//	defer account.Close()
//	err := account.Load(sandbox.DemoWorld())
//	client := &http.Client{Transport: account.RoundTripper()} // flex-api.twilio.com, taskrouter.twilio.com, …
//
// # Signatures
//
// Making:
//
//	New(Options) *Account
//	(*Account) Load(World) error · Reset() error · Close() error · WaitIdle(context.Context) error
//	DemoWorld() World · ParseWorld([]byte) (World, error)
//	NewManualClock(start time.Time) *ManualClock · (*ManualClock) Advance(d) · Next() (time.Time, bool)
//	(*Account) AccountSID, AuthToken, APIKey, APISecret, WorkspaceSID, InstanceSID, ChatServiceSID() string
//	(*Account) WorkerSID, ActivitySID, QueueSID, WorkflowSID(friendlyName string) string   ("" if there is none)
//
// Twilio's side:
//
//	(*Account) Handler() http.Handler · RoundTripper() http.RoundTripper · Client() *http.Client
//	(*Account) ConfigureWebhooks(Webhooks) · SetLimits(Limits)
//	(*Account) Faults() *Faults: Set(Switches) error · Get() Switches · Add(Rule) error · Clear()
//
// Acting (what agents do in Flex, and customers in their channel); a refusal is an *Error:
//
//	(*Account) StartConversation(Customer, firstMessage string) (StartedConversation, error)
//	(*Account) SendMessage(conversationSID, author, body string) (Message, error)
//	(*Account) CustomerLeaves(conversationSID, identity string) error
//	(*Account) SetActivity(workerSID, activitySID string) (Worker, error)
//	(*Account) AcceptReservation, RejectReservation, WrapUp, CompleteTask(reservationSID string) (Reservation, error)
//	(*Account) IssueToken(workerSID string, ttl time.Duration) (string, error) · RevokeToken(token string)
//
// Observing:
//
//	(*Account) Snapshot() Snapshot
//	(*Account) Watch(ctx, buffer) (Snapshot, <-chan Change)   no gap between the two; closed when ctx ends or the reader is too slow
//	(*Account) Subscribe(func(Change)) (cancel func())         called in order, no lock held, after the change
//	(*Account) Trace() *Trace: Last(n int) []TraceEntry        changes of kind "trace" carry new ones
//	(*Account) Record() *Record: Entries(Query) []RecordEntry · Dropped() int
package sandbox
