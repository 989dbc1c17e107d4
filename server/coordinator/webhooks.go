package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TaskEvent is an event of TaskRouter about a task or a reservation.
type TaskEvent struct {
	Type           string // reservation.accepted, task.canceled, …
	TaskSID        string
	TaskAttributes string // a JSON object
	WorkerSID      string
	Reason         string // TaskCanceledReason
}

// ApplyTask takes in what TaskRouter tells about a task. Events that are
// repeated, late or about other tasks change nothing. An error means that it
// could not be recorded and should be delivered again.
func (c *Coordinator) ApplyTask(ctx context.Context, e TaskEvent) error {
	channel, id, round := whose(e.TaskAttributes)
	if !transfer.ValidSID(channel, "UO") {
		return nil
	}
	c.facts.changed(channel)
	if id == "" {
		return nil
	}
	last, err := c.Ledger.Last(ctx, channel)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	t, ok := last.State.Find(id)
	if !ok || !t.Open() || !isAbout(e, t, round) {
		return nil
	}
	event := c.eventOf(e, t)
	if event == nil {
		return nil
	}
	_, _, err = c.record(ctx, last, event)
	return err
}

// whose is what a task's attributes say: in which channel, by which transfer and
// in which round, which is -1 where nobody can tell. Others write attributes too,
// under names that encoding/json would take for these: it finds none but exactly
// these, and what is wrong with one does not hide the others.
func whose(attributes string) (channel, id string, round int) {
	var all, plan map[string]json.RawMessage
	if json.Unmarshal([]byte(attributes), &all) != nil {
		return "", "", -1 // not a conversation: such attributes cannot be ours
	}
	_ = json.Unmarshal(all["flexInteractionChannelSid"], &channel) // what is no text is no SID and no ID
	_ = json.Unmarshal(all[transfer.AttributeTransferID], &id)
	if text, stamped := all[transfer.AttributeTransferPlan]; stamped && json.Unmarshal(text, &plan) != nil {
		return channel, id, -1
	}
	if text, said := plan["round"]; said && json.Unmarshal(text, &round) != nil {
		return channel, id, -1
	}
	return channel, id, round
}

// isAbout reports whether the event, about a task of the round, is about the
// transfer's present invite, or says that a former one which still stood was
// accepted.
func isAbout(e TaskEvent, t transfer.Transfer, round int) bool {
	if t.Invite.After != "" && e.TaskSID == t.Invite.After {
		return e.Type == "reservation.accepted"
	}
	return round == t.Round && (t.Invite.TaskSID == "" || t.Invite.TaskSID == e.TaskSID)
}

// eventOf is what the event of TaskRouter means for a transfer; nil if nothing.
func (c *Coordinator) eventOf(e TaskEvent, t transfer.Transfer) transfer.Event {
	switch {
	case e.Type == "reservation.accepted" && transfer.ValidSID(e.WorkerSID, "WK"):
		worker := strings.Clone(e.WorkerSID) // the form it was cut from need not stay in memory
		return transfer.Accepted{TransferID: t.ID, WorkerSID: worker, TaskSID: strings.Clone(e.TaskSID), At: c.Clock()}
	case (e.Type == "reservation.rejected" || e.Type == "reservation.timeout") &&
		t.Target.Kind == transfer.TargetWorker && t.Target.SID == e.WorkerSID:
		return transfer.Declined{TransferID: t.ID, TaskSID: strings.Clone(e.TaskSID), Reason: transfer.ReasonTargetDeclined, At: c.Clock()}
	case e.Type == "task.canceled" && e.Reason == reasonConversationEnded:
		return transfer.Abandoned{TransferID: t.ID, At: c.Clock()}
	case e.Type == "task.canceled", strings.HasPrefix(e.Type, "task.") && strings.HasSuffix(e.Type, "deleted"):
		return transfer.InviteEnded{TransferID: t.ID, TaskSID: strings.Clone(e.TaskSID), Detail: strings.Clone(e.Reason), At: c.Clock()}
	}
	return nil
}

// ApplyChannel takes in that something happened to an interaction channel:
// what was read before does not count any more, and if the channel is over,
// what it had open is compared with Twilio.
func (c *Coordinator) ApplyChannel(ctx context.Context, interactionChannelSID, status string) error {
	if !transfer.ValidSID(interactionChannelSID, "UO") {
		return nil
	}
	c.facts.changed(interactionChannelSID)
	if !channelEnded(status) {
		return nil
	}
	last, err := c.Ledger.Last(ctx, interactionChannelSID)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range last.State.Departures {
		if !d.Open() {
			continue
		}
		if last, _, err = c.record(ctx, last, transfer.Departed{DepartureID: d.ID, At: c.Clock()}); err != nil {
			return err
		}
	}
	for _, t := range last.State.Transfers {
		if !t.Open() || t.InviteUnsettled() {
			continue // an invite that may be on its way is waited for: it has to be withdrawn then
		}
		e, err := c.checkChannel(ctx, last.State, t)
		if err != nil {
			return err
		}
		if e == nil {
			continue
		}
		if last, _, err = c.record(ctx, last, e); err != nil {
			return err
		}
	}
	return nil
}
