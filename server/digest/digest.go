package digest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Twilio is what is needed of package twilioapi, which documents the errors.
type Twilio interface {
	Conversation(ctx context.Context, conversationSID string) (twilioapi.Conversation, error)
	Messages(ctx context.Context, conversationSID string, newest int) ([]twilioapi.Message, error)
	ConversationParticipants(ctx context.Context, conversationSID string) ([]twilioapi.ConversationParticipant, error)
}

const (
	// DefaultTimeout is the limit where a Maker has none.
	DefaultTimeout = 3 * time.Second
	// MaxText is the longest digest, in characters.
	MaxText = 1000
	// maxQuote is the longest piece of a message in it, in characters.
	maxQuote = 200
	// maxMessages is how many messages are read, the newest.
	maxMessages = 300
)

// Maker makes digests. It is safe for concurrent use.
type Maker struct {
	Twilio Twilio
	// ServiceURL is a summary service; empty means none. See CheckURL. It gets, by POST as application/json,
	//
	//	{"conversationSid", "transferId", "from": {"workerSid", "name"}, "target": {"kind", "sid", "name"},
	//	 "reason", "notes", "messages": [{"author", "role": "customer" | "agent" | "system", "body", "media", "at"}]}
	//
	// with the transfer's ID as Idempotency-Key, and answers 2xx with {"summary": "…"}: plain text, of which the first
	// 1,000 characters are shown. Tags in it are text.
	ServiceURL string
	// Token, where set, is sent to the service as a bearer token. It is in no log and no error.
	Token string
	// Workers, where set, names agents that Input.Names does not: by their friendly name, which identities are made of.
	// It is called once for a digest.
	Workers func() []transfer.WorkerRecord
	// Timeout limits the reading of messages, and then the service; DefaultTimeout if 0. Make takes no longer than twice
	// that.
	Timeout time.Duration
	// HTTP reaches the service; nil means http.DefaultClient. Its CheckRedirect is not used: redirects within the
	// service's own origin are followed, if they keep the method (307, 308), others are not.
	HTTP *http.Client
	// Clock is the time; nil means time.Now.
	Clock func() time.Time
	// Logger is told what failed, without anything that was written in the conversation; nil means nobody.
	Logger *slog.Logger
}

// Input is what a digest is made of.
type Input struct {
	State    transfer.State
	Transfer transfer.Transfer // the one that it is for
	// Names are those of agents, by their identity in Conversations (see Identity) or their friendly name. Who is not in it is told from customers by the
	// conversation's participants and the task's attributes.
	Names map[string]string
}

// Make makes a digest. It always returns one: where the messages could not be read, one without text that says so; where
// the service failed, the one made by plain code, which says that too.
func (m *Maker) Make(ctx context.Context, in Input) transfer.Digest {
	talk, err := m.read(ctx, in)
	if err != nil {
		m.failed(ctx, "the messages for a digest could not be read", in, err)
		return transfer.Digest{Failure: transfer.ReasonDigestFailed}
	}
	plain := transfer.Digest{Text: clip(talk.text(in, m.now()), MaxText)}
	if m.ServiceURL == "" {
		return plain
	}
	summary, err := m.ask(ctx, in, talk)
	if err != nil {
		m.failed(ctx, "the summary service failed", in, err)
		plain.Failure = transfer.ReasonSummaryFailed
		return plain
	}
	return transfer.Digest{Text: summary, Service: true}
}

func (m *Maker) failed(ctx context.Context, what string, in Input, err error) {
	if m.Logger != nil {
		m.Logger.WarnContext(ctx, what, "transfer", in.Transfer.ID, "conversation", in.State.ConversationSID, "error", err)
	}
}

func (m *Maker) now() time.Time {
	if m.Clock != nil {
		return m.Clock()
	}
	return time.Now()
}

func (m *Maker) limit() time.Duration {
	if m.Timeout > 0 {
		return m.Timeout
	}
	return DefaultTimeout
}

// read reads the conversation, all at once. Only the messages are needed; without the others it knows less.
func (m *Maker) read(ctx context.Context, in Input) (*talk, error) {
	if in.State.ConversationSID == "" {
		return nil, fmt.Errorf("the conversation is not known")
	}
	ctx, cancel := context.WithTimeout(ctx, m.limit())
	defer cancel()
	var messages []twilioapi.Message
	var participants []twilioapi.ConversationParticipant
	var conversation twilioapi.Conversation
	var all errgroup.Group
	all.Go(func() (err error) {
		messages, err = m.Twilio.Messages(ctx, in.State.ConversationSID, maxMessages)
		return err
	})
	all.Go(func() error {
		participants, _ = m.Twilio.ConversationParticipants(ctx, in.State.ConversationSID)
		return nil
	})
	all.Go(func() error {
		conversation, _ = m.Twilio.Conversation(ctx, in.State.ConversationSID)
		return nil
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	if m.Workers != nil {
		in.Names = withWorkers(in.Names, messages, m.Workers())
	}
	return newTalk(in, conversation, participants, messages), nil
}
