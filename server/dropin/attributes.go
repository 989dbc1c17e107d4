package dropin

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	// keyInvites is the attribute that only the mirror writes. The template's
	// plugin sends it along, changed: that is not taken.
	keyInvites = "invites"
	// maxAttributes is the size of a conversation's attributes in bytes. Source:
	// the Conversations API's limits.
	maxAttributes = 16 << 10
	// writes is how often it is tried to write beside the mirror.
	writes = 5
	// ahead is how much sooner than a write the look at what it overwrites is sent,
	// as in package mirror.
	ahead = 10 * time.Millisecond
)

// members are those of a JSON object, with their text.
type members map[string]json.RawMessage

// updateAttributes gives a conversation new attributes, all but the invites.
// Only who is in the conversation may do so, and supervisors.
func (d *DropIn) updateAttributes(ctx context.Context, by Caller, p *parameters) (any, error) {
	sid, wanted := p.sid("conversationSid", "CH"), members(p.object("attributes"))
	if len(p.get("attributes")) > maxAttributes {
		p.note("Invalid", "attributes", "they are longer than 16 KB")
	}
	if err := p.problem(); err != nil {
		return nil, err
	}
	identities, err := d.Twilio.Identities(ctx, sid)
	if err != nil {
		return nil, notFoundAs(err, transfer.ReasonNotInConversation)
	}
	if (by.Identity == "" || !slices.Contains(identities, by.Identity)) && !by.supervises() {
		return nil, &transfer.Refusal{Reason: transfer.ReasonNotInConversation, Field: "conversationSid"}
	}
	if err := d.write(ctx, sid, wanted); err != nil {
		return nil, notFoundAs(err, transfer.ReasonConversationNotActive)
	}
	return success{true}, nil
}

// write writes the attributes beside the invites that are there. Twilio has no
// ETag for conversations: what the mirror writes at the same moment is seen by a
// look just before, and put back.
func (d *DropIn) write(ctx context.Context, sid string, wanted members) error {
	now, err := d.attributes(ctx, sid)
	if err != nil {
		return err
	}
	invites := now[keyInvites]
	for range writes {
		text := wanted.with(invites)
		if now.same(text) {
			return nil
		}
		seen, err := d.writeAndLook(ctx, sid, text)
		if err != nil {
			return err
		}
		if was := now[keyInvites]; seen == nil || equal(seen[keyInvites], was) || equal(seen[keyInvites], invites) {
			return nil // nobody wrote them since they were read, or the look came after our write
		}
		if now, err = d.attributes(ctx, sid); err != nil {
			return err
		}
		if newer := now[keyInvites]; !equal(newer, invites) {
			invites = newer
		} else {
			invites = seen[keyInvites]
		}
	}
	return &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable}
}

// writeAndLook writes, and returns what was there just before; nil where that
// could not be read.
func (d *DropIn) writeAndLook(ctx context.Context, sid string, text members) (members, error) {
	encoded, err := json.Marshal(text)
	if err != nil {
		return nil, &transfer.Refusal{Reason: transfer.ReasonInternal, Cause: err}
	}
	looked := make(chan members, 1)
	go func() {
		seen, err := d.attributes(ctx, sid)
		if err != nil {
			seen = nil
		}
		looked <- seen
	}()
	select {
	case <-time.After(ahead):
	case <-ctx.Done(): // the write says so
	}
	err = d.Twilio.SetAttributes(ctx, sid, string(encoded))
	return <-looked, err
}

// attributes are those of the conversation; empty where they are no object.
func (d *DropIn) attributes(ctx context.Context, sid string) (members, error) {
	text, err := d.Twilio.Attributes(ctx, sid)
	if err != nil {
		return nil, err
	}
	var m members
	if json.Unmarshal([]byte(text), &m) != nil || m == nil {
		m = members{}
	}
	return m, nil
}

// with are the members with the invites that are there, and no others.
func (m members) with(invites json.RawMessage) members {
	all := members{}
	for key, value := range m {
		all[key] = value
	}
	delete(all, keyInvites)
	if invites != nil {
		all[keyInvites] = invites
	}
	return all
}

// same reports whether both have the same members, however they are written.
func (m members) same(other members) bool {
	if len(m) != len(other) {
		return false
	}
	for key, value := range m {
		if o, has := other[key]; !has || !equal(value, o) {
			return false
		}
	}
	return true
}

// equal reports whether two values are the same, however they are written.
func equal(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if a == nil || b == nil {
		return false
	}
	var x, y any
	for text, into := range map[*json.RawMessage]*any{&a: &x, &b: &y} {
		decoder := json.NewDecoder(bytes.NewReader(*text))
		decoder.UseNumber() // a float64 does not hold them all
		if decoder.Decode(into) != nil {
			return false
		}
	}
	return reflect.DeepEqual(x, y)
}
