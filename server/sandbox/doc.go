// Package sandbox is a simulated Twilio account: Flex Interactions, Conversations, TaskRouter and Flex token validation,
// with their REST interfaces, webhooks, limits and faults, usable as a library (without a socket) and over HTTP.
//
//	account := sandbox.New(sandbox.Options{Seed: 1})
//	defer account.Close()
//	err := account.Load(sandbox.DemoWorld())
//	client := account.Client() // reaches flex-api.twilio.com, taskrouter.twilio.com, … without a socket
//
// Twilio's own client works on it: give twilio-go an http.Client with the account's RoundTripper. Shapes follow Twilio's
// OpenAPI documents; server/sandbox/openapi checks them.
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
//	(*Account) SetWebhooks(Webhooks) · SetLimits(Limits)
//	(*Account) Faults() *Faults: Set(Switches) error · Get() Switches · Add(Rule) error · Clear()
//	Sign(authToken, address string, form url.Values) string · SignBody(authToken, address string, body []byte) (address, signature string)
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
//	(*Account) Watch(ctx, buffer) (Snapshot, <-chan Change)    no gap; closed when ctx ends or the reader is too slow
//	(*Account) Subscribe(func(Change)) (cancel func())         in order, no lock held, after the change
//	(*Account) Trace() *Trace: Last(n int) []TraceEntry        changes of kind "trace" carry new ones
//	(*Account) Record() *Record: Entries(Query) []RecordEntry · Dropped() int
//
// # How it decides where Twilio's documentation is silent
//
//   - A task that no filter matches, in a workflow without default_filter, is canceled ("Workflow Timeout").
//   - Who rejected a reservation, or let it time out, gets the task again only after somebody else, or when becoming
//     available anew. A worker's activity changes on a timeout only where the world or the workspace has a timeout activity.
//   - A known worker outside the step's queue (40152) is logged and recorded; the task waits for the step's timeout.
//   - A step's timeout counts from when the task enters it. A step that times out while the task is reserved goes on when
//     the reservation has ended without an accept.
//   - A completed task takes its agent out of the interaction, whichever interface completed it; the channel stays active.
//   - A channel that is closed leaves the tasks of unanswered invites alone. Who accepts one gets the task and no seat.
//   - An invite with worker_sid or queue_sid goes straight there and through no workflow; declined, it is canceled.
//   - Task attributes are limited with the keys that Twilio adds to an invite's.
//   - Lists come in order of creation (events: newest first), and previous_page_url is always null.
//   - Tasks of WhatsApp are on the task channel chat; the sender of a mail is a recipient of its answers (level to).
//   - Refusals that have no documented code of their own are 20001.
//   - Signatures and requests of webhooks leave the address's fragment away; #rc retries connection errors and 5xx.
//
// # What is not imitated
//
//   - Voice, Sync, Studio, Video, Frontline, native messaging transfers, Flex plugins, Insights and Configuration.
//   - Several workspaces, Conversations services, Flex instances or API keys with restrictions in one account.
//   - Statistics other than a queue's RealTimeStatistics; Activities and task channels cannot be changed or deleted.
//   - Assignment callbacks, reservation instructions other than accept and reject, task reservation and assignment
//     activities, virtual_start_time, add-ons, ignore_capacity, EvaluateWorkerAttributes other than by the same text.
//   - Messages' media, content templates, delivery receipts and read horizons; roles; conversation timers and scoped
//     webhooks; pre-event webhooks and webhooks by GET; the limit of 30 mutations a second a conversation.
//   - Fetching, canceling or deleting an invite: Twilio has none of these either.
//   - Connection overrides other than rc, and the delay that Twilio leaves between retries.
//   - Twilio's latency and eventual consistency, unless faults and list lag are switched on.
package sandbox
