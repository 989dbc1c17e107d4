package app

import (
	"context"
	"errors"
	"net/http"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/dropin"
	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// withDropIn puts the functions of the Flex project template in front of the
// API. They are there while the settings want them.
func (b *Backend) withDropIn(c Config, v httpapi.Verifier) (http.Handler, error) {
	d, err := dropin.New(dropin.Options{
		Verifier: dropInVerifier{v},
		Engine:   dropInEngine{b.coordinator, b.ledger},
		Twilio:   dropInTwilio{b.twilio},
		Queues:   b.knownQueues,
		Enabled:  func() bool { return b.settings.Current().DropIn },
		Allow:    b.api.Allow,
		About:    b.api.About,
		Origins:  c.Listen.Origins, Text: textOf, Logger: c.Logger,
	})
	if err != nil {
		return nil, err
	}
	return d.Handler(b.api.Handler()), nil
}

// knownQueues are the account's queues; nil while they have not been read.
func (b *Backend) knownQueues() []transfer.QueueRecord {
	if b.roster.Ready() != nil {
		return nil
	}
	_, queues := b.roster.Directory()
	return queues
}

// dropInVerifier implements dropin.Verifier.
type dropInVerifier struct{ httpapi.Verifier }

func (v dropInVerifier) Verify(ctx context.Context, token string) (dropin.Caller, error) {
	by, err := v.Verifier.Verify(ctx, token)
	return dropin.Caller(by), err
}

// dropInEngine implements dropin.Engine.
type dropInEngine struct {
	coordinator *coordinator.Coordinator
	ledger      ledger.Ledger
}

func dropInCaller(by dropin.Caller) coordinator.Caller {
	return coordinator.Caller{WorkerSID: by.WorkerSID, Roles: by.Roles}
}

func (e dropInEngine) Start(ctx context.Context, by dropin.Caller, r transfer.Request, key string) (transfer.Transfer, error) {
	o, err := e.coordinator.Start(ctx, dropInCaller(by), r, key)
	return o.Transfer, err
}

func (e dropInEngine) Depart(ctx context.Context, by dropin.Caller, r transfer.Request) (transfer.Departure, error) {
	o, err := e.coordinator.Depart(ctx, dropInCaller(by), r)
	return o.Departure, err
}

func (e dropInEngine) Cancel(ctx context.Context, by dropin.Caller, r transfer.Request) (transfer.Transfer, error) {
	o, err := e.coordinator.Cancel(ctx, dropInCaller(by), r)
	return o.Transfer, err
}

func (e dropInEngine) State(ctx context.Context, channelSID string) (transfer.State, error) {
	last, err := e.last(ctx, channelSID)
	return last.State, err
}

// last is the channel's last record; the zero record where there is none.
func (e dropInEngine) last(ctx context.Context, channelSID string) (ledger.Record, error) {
	last, err := e.ledger.Last(ctx, channelSID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return last, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable, Cause: err}
	}
	return last, nil
}

// errAwaited ends the following of the ledger.
var errAwaited = errors.New("the state is as it was awaited")

func (e dropInEngine) Await(ctx context.Context, channelSID string, done func(transfer.State) bool) (transfer.State, error) {
	last, err := e.last(ctx, channelSID)
	if err != nil || done(last.State) {
		return last.State, err
	}
	err = e.ledger.Follow(ctx, last.Sequence, func(r ledger.Record) error {
		if r.Channel() != channelSID {
			return nil
		}
		if last = r; done(r.State) {
			return errAwaited
		}
		return nil
	})
	if !errors.Is(err, errAwaited) {
		return last.State, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable, Cause: err}
	}
	return last.State, nil
}

// dropInTwilio implements dropin.Twilio.
type dropInTwilio struct{ client *twilioapi.Client }

func (t dropInTwilio) Participants(ctx context.Context, interactionSID, channelSID string) ([]transfer.ParticipantRecord, error) {
	all, err := t.client.Participants(ctx, interactionSID, channelSID)
	return all, twilioRefusal(err)
}

func (t dropInTwilio) Task(ctx context.Context, taskSID string) (transfer.TaskRecord, error) {
	task, err := t.client.Task(ctx, taskSID)
	return task.TaskRecord, twilioRefusal(err)
}

func (t dropInTwilio) Identities(ctx context.Context, conversationSID string) ([]string, error) {
	all, err := t.client.ConversationParticipants(ctx, conversationSID)
	var identities []string
	for _, p := range all {
		if p.Identity != "" {
			identities = append(identities, p.Identity)
		}
	}
	return identities, twilioRefusal(err)
}

func (t dropInTwilio) Attributes(ctx context.Context, conversationSID string) (string, error) {
	c, err := t.client.Conversation(ctx, conversationSID)
	return c.Attributes, twilioRefusal(err)
}

func (t dropInTwilio) SetAttributes(ctx context.Context, conversationSID, attributes string) error {
	return twilioRefusal(t.client.UpdateConversationAttributes(ctx, conversationSID, attributes))
}

// twilioRefusal is what an agent is told of a call to Twilio that failed. What
// is repeated changes nothing twice: attributes are replaced by the same.
func twilioRefusal(err error) error {
	reason := transfer.ReasonTwilioUnavailable
	switch {
	case err == nil:
		return nil
	case twilioapi.IsNotFound(err):
		reason = transfer.ReasonNotFound
	case twilioapi.IsThrottled(err), errors.Is(err, twilioapi.ErrTooBusy):
		reason = transfer.ReasonTwilioBusy
	case twilioapi.IsRefused(err):
		reason = transfer.ReasonTwilioRefused
	}
	return &transfer.Refusal{Reason: reason, Cause: err}
}
