package app

import (
	"context"
	"errors"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/reconcile"
	"github.com/flex-transfer/flex-transfer/server/roster"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The HTTP API and the rooms behind it do not know each other; these types
// stand between them.

func toCaller(c httpapi.Caller) coordinator.Caller {
	return coordinator.Caller{WorkerSID: c.WorkerSID, Roles: c.Roles}
}

func toOutcome(o coordinator.Outcome) httpapi.Outcome {
	return httpapi.Outcome{
		Transfer: o.Transfer, InteractionSID: o.InteractionSID,
		InteractionChannelSID: o.InteractionChannelSID, Repeated: o.Repeated,
	}
}

// verifier implements httpapi.Verifier.
type verifier struct{ tokens *twilioapi.Tokens }

func (v verifier) Verify(ctx context.Context, token string) (httpapi.Caller, error) {
	said, err := v.tokens.Validate(ctx, token)
	if errors.Is(err, twilioapi.ErrTooBusy) || twilioapi.IsThrottled(err) {
		return httpapi.Caller{}, &transfer.Refusal{Reason: transfer.ReasonTwilioBusy, Cause: err}
	}
	if err != nil {
		return httpapi.Caller{}, &transfer.Refusal{Reason: transfer.ReasonTwilioUnavailable, Cause: err}
	}
	if !said.Valid {
		return httpapi.Caller{}, &transfer.Refusal{Reason: transfer.ReasonUnauthenticated}
	}
	return httpapi.Caller{WorkerSID: said.WorkerSID, Identity: said.Identity, Roles: said.Roles}, nil
}

// transfers implements httpapi.Transfers.
type transfers struct{ *coordinator.Coordinator }

func (t transfers) Start(ctx context.Context, by httpapi.Caller, r transfer.Request, key string) (httpapi.Outcome, error) {
	o, err := t.Coordinator.Start(ctx, toCaller(by), r, key)
	return toOutcome(o), err
}

func (t transfers) Find(ctx context.Context, by httpapi.Caller, id string) (httpapi.Outcome, error) {
	o, err := t.Coordinator.Find(ctx, toCaller(by), id)
	return toOutcome(o), err
}

func (t transfers) Cancel(ctx context.Context, by httpapi.Caller, r transfer.Request) (httpapi.Outcome, error) {
	o, err := t.Coordinator.Cancel(ctx, toCaller(by), r)
	return toOutcome(o), err
}

func (t transfers) Depart(ctx context.Context, by httpapi.Caller, r transfer.Request) (httpapi.DepartureOutcome, error) {
	o, err := t.Coordinator.Depart(ctx, toCaller(by), r)
	return httpapi.DepartureOutcome(o), err
}

// directory implements httpapi.Directory.
type directory struct {
	roster      *roster.Roster
	coordinator *coordinator.Coordinator
	settings    func(httpapi.Caller) transfer.Settings
}

func (d directory) Directory(_ context.Context, _ httpapi.Caller, c httpapi.Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
	if c.TaskSID != "" {
		d.coordinator.Warm(c.InteractionSID, c.InteractionChannelSID, c.TaskSID)
	}
	d.roster.Look()
	_, queues := d.roster.Directory()
	return nil, queues, nil // workers are in the packed directory
}

// packed is the directory as browsers load it.
func (d directory) packed(ctx context.Context) (httpapi.Packed, error) {
	p, err := d.roster.Packed(ctx)
	if err != nil {
		return httpapi.Packed{}, err
	}
	return httpapi.Packed{Text: p.Text, ETag: p.ETag, Encoded: p.Encoded}, nil
}

func (d directory) Settings(by httpapi.Caller) transfer.Settings { return d.settings(by) }

// webhooks implements httpapi.Webhooks.
type webhooks struct {
	authToken   string
	coordinator *coordinator.Coordinator
	news        news
	reconciler  *reconcile.Reconciler
}

func (w webhooks) VerifySignature(url, contentType string, body []byte, signature string) bool {
	return twilioapi.VerifyWebhook(w.authToken, url, body, contentType, signature) == nil
}

func (w webhooks) Apply(ctx context.Context, e httpapi.Event) error {
	w.suspect(e)
	switch e.Product {
	case "taskrouter":
		w.news.apply(roster.WebhookEvent{Type: e.Type, Fields: e.Fields})
		if e.Fields["TaskSid"] == "" {
			return nil
		}
		return w.coordinator.ApplyTask(ctx, coordinator.TaskEvent{
			Type: e.Type, TaskSID: e.Fields["TaskSid"], TaskAttributes: e.Fields["TaskAttributes"],
			WorkerSID: e.Fields["WorkerSid"], Reason: e.Fields["TaskCanceledReason"],
		})
	case "interactions":
		return w.coordinator.ApplyChannel(ctx, firstOf(e.Fields, "ChannelSid", "InteractionChannelSid"), channelStatus(e))
	}
	return nil
}

// channelStatus is the channel's status where an event of Interactions tells it.
// A plain Status is the channel's only in the event about that: a participant has
// one too.
func channelStatus(e httpapi.Event) string {
	if e.Type == "onChannelStatusUpdated" {
		return firstOf(e.Fields, "ChannelStatus", "Status")
	}
	return e.Fields["ChannelStatus"]
}

func firstOf(fields map[string]string, keys ...string) string {
	for _, k := range keys {
		if v := fields[k]; v != "" {
			return v
		}
	}
	return ""
}
