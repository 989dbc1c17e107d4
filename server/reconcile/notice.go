package reconcile

import (
	"encoding/json"
	"slices"
	"time"

	textjson "github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// leaving are TaskRouter's events after which a customer may be alone.
var leaving = []string{"task.canceled", "task.completed", "task.wrapup", "task.deleted"}

// links are what a task's attributes tell about its conversation.
type links struct {
	Interaction  string // flexInteractionSid
	Channel      string // flexInteractionChannelSid
	Conversation string // conversationSid
}

// linksOf reads them; none where the text is no object, or one of them no text.
// It is read for every task and event that is heard of.
func linksOf(attributes string) links {
	var l links
	r := textjson.NewReader(attributes)
	err := r.Object(func(key string) error {
		switch key {
		case "flexInteractionSid":
			return readLink(r, &l.Interaction)
		case "flexInteractionChannelSid":
			return readLink(r, &l.Channel)
		case "conversationSid":
			return readLink(r, &l.Conversation)
		}
		return r.Skip()
	})
	if err == nil && r.End() == nil {
		return l
	}
	// What this reader is too strict for, the standard one may read: names exactly, which it does not do by itself.
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(attributes), &all) != nil {
		return links{}
	}
	l = links{}
	for name, into := range map[string]*string{"flexInteractionSid": &l.Interaction, "flexInteractionChannelSid": &l.Channel, "conversationSid": &l.Conversation} {
		if text, any := all[name]; any && json.Unmarshal(text, into) != nil {
			return links{}
		}
	}
	return l
}

func readLink(r *textjson.Reader, into *string) (err error) {
	if r.Null() {
		*into = ""
		return nil
	}
	*into, err = r.String()
	return err
}

// placeOf is false where the SIDs are none: anybody may write attributes.
func placeOf(interaction, channel string) (place, bool) {
	if !transfer.ValidSID(channel, "UO") {
		return place{}, false
	}
	if !transfer.ValidSID(interaction, "KD") {
		interaction = ""
	}
	return place{interaction, channel}, true
}

func (l links) place() (place, bool) { return placeOf(l.Interaction, l.Channel) }

// TaskEvent takes in an event of TaskRouter about a task: its type and the
// task's attributes.
func (r *Reconciler) TaskEvent(kind, attributes string) {
	if !slices.Contains(leaving, kind) {
		return
	}
	l := linksOf(attributes)
	p, ok := l.place()
	if !ok {
		return
	}
	r.notice(p, l.Conversation, r.Clock())
}

// ChannelEvent takes in an event of the Interactions API: its type, the SIDs of
// the interaction, its channel and its conversation, and the channel's status.
func (r *Reconciler) ChannelEvent(kind, interactionSID, interactionChannelSID, conversationSID, status string) {
	p, ok := placeOf(interactionSID, interactionChannelSID)
	if !ok {
		return
	}
	switch {
	case status == "closed" || status == "failed":
		r.ended(p.channel)
	case kind == "onParticipantLeft" || kind == "onChannelStatusUpdated":
		r.notice(p, conversationSID, r.Clock())
	}
}

// ConversationEvent takes in an event of the Conversations API: its type and the
// conversation. Of conversations that are not known to be open nothing is
// learnt: the sweep finds them.
func (r *Reconciler) ConversationEvent(kind, conversationSID string) {
	if kind != "onParticipantRemoved" && kind != "onConversationStateUpdated" {
		return
	}
	r.mu.Lock()
	p, ok := r.places[conversationSID]
	r.mu.Unlock()
	if ok {
		r.notice(p.place, conversationSID, r.Clock())
	}
}

// notice asks for a look once the grace period since the event is over.
func (r *Reconciler) notice(p place, conversationSID string, at time.Time) {
	if transfer.ValidSID(conversationSID, "CH") {
		r.mu.Lock()
		r.places[conversationSID] = known{p, r.Clock()}
		r.mu.Unlock()
	}
	r.after(p, at, false)
}

// after asks for a look once the grace period since an event is over.
func (r *Reconciler) after(p place, at time.Time, missed bool) {
	r.ask(p, r.graceAfter(at), false)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.agenda.tell(p.channel, at, missed)
}

// graceAfter is when the grace period after Twilio's time is over. Where this
// machine's clock is behind Twilio's it is now: what is seen then is given the
// grace period by this clock.
func (r *Reconciler) graceAfter(at time.Time) time.Time {
	if now := r.Clock(); at.After(now) {
		return now
	}
	return at.Add(r.Policy().Grace)
}

// ended notes that a conversation is over: its ended tasks mean nothing.
func (r *Reconciler) ended(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over[channel] = r.Clock()
}
