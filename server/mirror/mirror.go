package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Twilio is what is needed of package twilioapi, which documents the errors.
type Twilio interface {
	Conversation(ctx context.Context, conversationSID string) (twilioapi.Conversation, error)
	UpdateConversationAttributes(ctx context.Context, conversationSID, attributes string) error
}

// Key is the attribute that is ours. Source: the template's conversation-transfer feature.
const Key = "invites"

// MaxBytes is how long the attributes may become by us. Twilio takes 16 KB; the rest is left to others.
const MaxBytes = 12 * 1024

// attempts is how often the key is written when others keep overwriting it.
const attempts = 5

// ErrContended says that somebody else overwrote our key each time.
var ErrContended = errors.New("mirror: somebody else keeps overwriting the conversation's attributes")

// Skip says why nothing was written.
type Skip string

// Why nothing was written.
const (
	SkipTooLong   Skip = "too_long"   // with our key they would be longer than MaxBytes
	SkipNotObject Skip = "not_object" // they are JSON, but no object
	SkipClosed    Skip = "closed"     // the conversation has ended: nobody looks at it
	SkipRefused   Skip = "refused"    // Twilio refused, or there is no such conversation
)

// Outcome counts what Write did.
type Outcome struct {
	Written   int  // times that our key was written
	Unchanged int  // 1 if it stood there already
	Skipped   int  // 1 if it was not written, see Why
	Why       Skip // empty unless Skipped
	Restored  int  // changes of others that our write had undone, and that were put back
}

// Write makes the conversation's attributes show the outstanding invites. Between a write and the reading back it calls
// settle, where that is not nil: it waits as long as reads may lag, and fails when the context ends.
//
// An error means that the attributes may not show the invites, and that it is worth trying again later. What would not
// get better is no error: it is skipped.
func Write(ctx context.Context, api Twilio, conversationSID string, outstanding []transfer.Transfer, settle func(context.Context) error) (Outcome, error) {
	api = hasty{api}
	var done Outcome
	want := shape(outstanding)
	conv, err := api.Conversation(ctx, conversationSID)
	if err != nil {
		return failed(done, "read", err)
	}
	base := conv.Attributes // with what others lost by us
	for range attempts {
		text, why := next(conv.State, base, want)
		if text == conv.Attributes {
			return finished(done, why), nil
		}
		seen, err := writeAndLook(ctx, api, conversationSID, text)
		if err != nil && !twilioapi.MayHaveHappened(err) {
			return failed(done, "write", err)
		}
		done.Written++
		if settle != nil {
			if err := settle(ctx); err != nil {
				return done, fmt.Errorf("mirror: settle: %w", err)
			}
		}
		read := conv.Attributes
		if conv, err = api.Conversation(ctx, conversationSID); err != nil {
			return failed(done, "read back", err)
		}
		var restored int
		base, restored = putBack(edit{read: read, wrote: text, seen: seen}, conv.Attributes)
		done.Restored += restored
	}
	if text, why := next(conv.State, base, want); text == conv.Attributes {
		return finished(done, why), nil
	}
	return done, ErrContended
}

// hangs is how long a call may take before it is made anew. That does no harm: should the first write land after the
// second, reading back shows it.
const hangs = 4 * time.Second

// hasty makes calls anew whose connection hangs. The second time they may take as long as the context allows, so that an
// answer that is only slow gets through.
type hasty struct{ Twilio }

func (h hasty) Conversation(ctx context.Context, sid string) (conv twilioapi.Conversation, err error) {
	err = anew(ctx, func(ctx context.Context) (err error) { conv, err = h.Twilio.Conversation(ctx, sid); return err })
	return conv, err
}

func (h hasty) UpdateConversationAttributes(ctx context.Context, sid, attributes string) error {
	return anew(ctx, func(ctx context.Context) error { return h.Twilio.UpdateConversationAttributes(ctx, sid, attributes) })
}

// anew makes the call, and once more where it has taken too long or the line at Twilio's limit is longer than that.
func anew(ctx context.Context, call func(context.Context) error) error {
	short, cancel := context.WithTimeout(ctx, hangs)
	err := call(short)
	hung := short.Err() != nil || errors.Is(err, twilioapi.ErrTooBusy)
	cancel()
	if err == nil || !hung || ctx.Err() != nil {
		return err
	}
	return call(ctx)
}

// finished is how Write ends when nothing is left to be written.
func finished(done Outcome, why Skip) Outcome {
	switch {
	case why != "":
		done.Skipped, done.Why = 1, why
	case done.Written == 0:
		done.Unchanged = 1
	}
	return done
}

// failed is how Write ends with an error of Twilio.
func failed(done Outcome, doing string, err error) (Outcome, error) {
	if twilioapi.IsRefused(err) {
		return finished(done, SkipRefused), nil
	}
	return done, fmt.Errorf("mirror: %s: %w", doing, err)
}

// Hindrance says why [Write] would leave the conversation, as it was read, without the outstanding invites; empty where it
// would write them, or where they are shown already.
func Hindrance(conv twilioapi.Conversation, outstanding []transfer.Transfer) Skip {
	_, why := next(conv.State, conv.Attributes, shape(outstanding))
	return why
}

// next returns the attributes with our key as it is wanted: the same text if it is so already, or if it must not be
// written, for the reason returned.
func next(state, attributes, want string) (string, Skip) {
	if state == "closed" {
		return attributes, SkipClosed
	}
	text := attributes
	if text == "" {
		text = "{}"
	}
	o, err := parse(text)
	if err != nil {
		return attributes, SkipNotObject
	}
	has, found := o.value(Key)
	if found && same(has, want) || !found && want == "{}" {
		return attributes, ""
	}
	after := o.set(Key, want)
	if len(after) > MaxBytes && len(after) > len(text) {
		return attributes, SkipTooLong
	}
	return after, ""
}

// ahead is how much sooner than the write the look is sent. It is to reach Twilio before the write, or it shows nothing;
// but what comes to Twilio between the two is lost.
var ahead = 10 * time.Millisecond

// writeAndLook writes, and reads just before without waiting for the answer: what that shows and what the write was not
// made from is what the write has overwritten.
func writeAndLook(ctx context.Context, api Twilio, conversationSID, attributes string) (seen string, err error) {
	looked := make(chan string, 1)
	go func() {
		conv, err := api.Conversation(ctx, conversationSID)
		if err != nil {
			conv.Attributes = ""
		}
		looked <- conv.Attributes
	}()
	select {
	case <-time.After(ahead):
	case <-ctx.Done(): // the write says so
	}
	err = api.UpdateConversationAttributes(ctx, conversationSID, attributes)
	return <-looked, err
}

// edit is one write: the attributes that it was made from, what was written, and what was read at the same moment.
type edit struct{ read, wrote, seen string }

// putBack applies to now the changes that led from what was read to what was seen, as far as our write has undone them:
// the key is now as we wrote it. It returns the text, and how many changes it made.
func putBack(e edit, now string) (string, int) {
	var objects [4]*object
	for i, text := range []string{e.read, e.wrote, e.seen, now} {
		var err error
		if objects[i], err = parse(text); err != nil {
			return now, 0
		}
	}
	read, wrote, seen, is := objects[0], objects[1], objects[2], objects[3]
	if differ(read, wrote, Key) && !differ(wrote, seen, Key) {
		return now, 0 // the look came after our write
	}
	n := 0
	for _, key := range keysOf(read, seen) {
		if key == Key || !differ(read, seen, key) || !differ(wrote, seen, key) || differ(wrote, is, key) {
			continue
		}
		if value, has := seen.value(key); has {
			now = is.set(key, value)
		} else {
			now = is.remove(key)
		}
		n++
		var err error
		if is, err = parse(now); err != nil {
			panic("mirror: " + err.Error()) // set and remove make JSON of JSON, as the fuzz test shows
		}
	}
	return now, n
}

// differ reports whether two objects differ in a key.
func differ(a, b *object, key string) bool {
	x, has := a.value(key)
	y, had := b.value(key)
	return has != had || has && !same(x, y)
}

// shape is what the template keeps of outstanding invites.
func shape(outstanding []transfer.Transfer) string {
	var b builder
	b.open()
	for _, t := range outstanding {
		b.key(t.Invite.TaskSID)
		b.open()
		b.text("invitesTaskSid", t.Invite.TaskSID)
		b.text("targetSid", t.Target.SID)
		b.text("timestampCreated", t.InvitedAt.UTC().Format(stampLayout))
		b.text("targetName", t.Target.Name)
		b.text("inviteTargetType", targetTypes[t.Target.Kind])
		b.close()
	}
	b.close()
	return b.String()
}

// targetTypes are the template's words.
var targetTypes = map[transfer.TargetKind]string{transfer.TargetWorker: "Worker", transfer.TargetQueue: "Queue"}

// stampLayout is how JavaScript writes a Date into JSON.
const stampLayout = "2006-01-02T15:04:05.000Z07:00"
