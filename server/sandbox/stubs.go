package sandbox

import (
	"context"
	"net/http"
	"time"
)

// Account is a simulated Twilio account. It is safe for use by several goroutines.
type Account struct{}

const notBuilt = "not built yet"

// New makes an empty account; Load fills it.
func New(Options) *Account { panic(notBuilt) }

func (a *Account) Handler() http.Handler                                           { panic(notBuilt) }
func (a *Account) RoundTripper() http.RoundTripper                                 { panic(notBuilt) }
func (a *Account) Faults() *Faults                                                 { panic(notBuilt) }
func (a *Account) Trace() *Trace                                                   { panic(notBuilt) }
func (a *Account) Record() *Record                                                 { panic(notBuilt) }
func (a *Account) Close() error                                                    { panic(notBuilt) }
func (a *Account) Load(World) error                                                { panic(notBuilt) }
func (a *Account) Reset() error                                                    { panic(notBuilt) }
func (a *Account) WaitIdle(context.Context) error                                  { panic(notBuilt) }
func (a *Account) ConfigureWebhooks(Webhooks)                                      { panic(notBuilt) }
func (a *Account) SetLimits(Limits)                                                { panic(notBuilt) }
func (a *Account) AccountSID() string                                              { panic(notBuilt) }
func (a *Account) AuthToken() string                                               { panic(notBuilt) }
func (a *Account) APIKey() string                                                  { panic(notBuilt) }
func (a *Account) APISecret() string                                               { panic(notBuilt) }
func (a *Account) WorkspaceSID() string                                            { panic(notBuilt) }
func (a *Account) InstanceSID() string                                             { panic(notBuilt) }
func (a *Account) ChatServiceSID() string                                          { panic(notBuilt) }
func (a *Account) WorkerSID(name string) string                                    { panic(notBuilt) }
func (a *Account) ActivitySID(name string) string                                  { panic(notBuilt) }
func (a *Account) QueueSID(name string) string                                     { panic(notBuilt) }
func (a *Account) WorkflowSID(name string) string                                  { panic(notBuilt) }
func (a *Account) Snapshot() Snapshot                                              { panic(notBuilt) }
func (a *Account) Watch(context.Context, int) (Snapshot, <-chan Change)            { panic(notBuilt) }
func (a *Account) Subscribe(func(Change)) (cancel func())                          { panic(notBuilt) }
func (a *Account) StartConversation(Customer, string) (StartedConversation, error) { panic(notBuilt) }
func (a *Account) SendMessage(conversationSID, author, body string) (Message, error) {
	panic(notBuilt)
}
func (a *Account) CustomerLeaves(conversationSID, identity string) error          { panic(notBuilt) }
func (a *Account) SetActivity(workerSID, activitySID string) (Worker, error)      { panic(notBuilt) }
func (a *Account) AcceptReservation(string) (Reservation, error)                  { panic(notBuilt) }
func (a *Account) RejectReservation(string) (Reservation, error)                  { panic(notBuilt) }
func (a *Account) WrapUp(string) (Reservation, error)                             { panic(notBuilt) }
func (a *Account) CompleteTask(string) (Reservation, error)                       { panic(notBuilt) }
func (a *Account) IssueToken(workerSID string, ttl time.Duration) (string, error) { panic(notBuilt) }
func (a *Account) RevokeToken(token string)                                       { panic(notBuilt) }

// DemoWorld returns the world of the demo.
func DemoWorld() World { panic(notBuilt) }

// ParseWorld reads a world from JSON; unknown fields are refused.
func ParseWorld([]byte) (World, error) { panic(notBuilt) }
