package reconcile_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// closeLook is when, at the latest, a conversation that seems well has been looked at again, and what is wrong with it
// is put right.
const closeLook = 10*time.Minute + swept + grace

// TestAttributesThatCannotShowTheInvites: while the list cannot be written it is said once, nothing is repaired and Twilio
// is not asked again and again; once it can be written, it is.
func TestAttributesThatCannotShowTheInvites(t *testing.T) {
	long := `{"theirs":"` + strings.Repeat("x", mirror.MaxBytes) + `"}`
	for name, c := range map[string]struct {
		before, after string // what the attributes are before the transfer begins, and once it rings
		why           mirror.Skip
	}{
		"too long before":    {long, "", mirror.SkipTooLong},
		"too long after":     {"", long, mirror.SkipTooLong},
		"no object before":   {`["theirs"]`, "", mirror.SkipNotObject},
		"no object after":    {"", `["theirs"]`, mirror.SkipNotObject},
		"long, shows others": {"", `{"invites":{"WT1":1},` + long[1:], mirror.SkipTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			l, log := newShownLab(t)
			l.setAttributes(c.before)
			l.only()
			tr := l.start(transfer.ModeWarm, "", l.toQueue("Billing"), "key")
			l.pass(30 * time.Second)
			l.setAttributes(c.after)
			reads := 0
			l.onRead = func(what string) {
				if what == "conversation" {
					reads++
				}
			}
			for range 2 {
				l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
				l.pass(5 * time.Minute)
			}
			l.found()
			if reads > 3 { // both looks, and the close look that was due
				t.Errorf("the attributes were read %d times", reads)
			}
			if said := strings.Count(log.String(), "why="+string(c.why)); said != 1 {
				t.Errorf("it was said %d times: %s", said, log)
			}
			l.setAttributes(`{"theirs":1}`)
			l.pass(closeLook)
			l.found(transfer.FindingStaleMirror)
			if shown := l.attributes(); !strings.Contains(shown, l.transfer().Invite.TaskSID) || l.transfer().ID != tr.ID {
				t.Errorf("the attributes are %s", shown)
			}
			l.setAttributes(long)
			l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
			l.pass(5 * time.Minute)
			if said := strings.Count(log.String(), "why="); said != 2 {
				t.Errorf("the second time it was said %d times: %s", said, log)
			}
		})
	}
}

// TestWrittenInVain: where Twilio refuses to change the attributes, nothing tells so beforehand.
func TestWrittenInVain(t *testing.T) {
	l, log := newShownLab(t)
	l.only()
	l.check(l.account.Faults().Set(sandbox.Switches{Rules: []sandbox.Rule{{
		Match: sandbox.Match{Product: sandbox.ProductConversations, Method: "POST"}, Do: sandbox.Action{Kind: "status", Status: 403},
	}}}))
	l.start(transfer.ModeWarm, "", l.toQueue("Billing"), "key")
	l.pass(3 * time.Second)
	l.check(l.process.reconciler.Look(l.conv.InteractionSID, l.conv.SID))
	l.pass(8 * time.Minute)
	l.found(transfer.FindingStaleMirror, transfer.FindingStaleMirror)
	if said := strings.Count(log.String(), "in vain"); said != 1 {
		t.Errorf("it was said %d times: %s", said, log)
	}
	l.account.Faults().Clear()
	l.pass(closeLook)
	l.found(transfer.FindingStaleMirror, transfer.FindingStaleMirror, transfer.FindingStaleMirror)
	if shown := l.attributes(); !strings.Contains(shown, l.transfer().Invite.TaskSID) {
		t.Errorf("the attributes are %s", shown)
	}
}

// newShownLab is a lab with the mirror on, and what its reconciler says.
func newShownLab(t *testing.T) (*lab, *bytes.Buffer) {
	l := newLab(t)
	l.policy.Mirror = true
	l.settings.QueueTimeout = 2 * time.Hour
	log := &bytes.Buffer{}
	l.log = log
	l.process.reconciler = l.reconciler(l.process, l.process.ledger, l.clock.Now)
	l.pass(time.Second)
	return l, log
}

// setAttributes sets the conversation's attributes, but for an empty text.
func (l *lab) setAttributes(text string) {
	l.Helper()
	if text != "" {
		l.post("conversations.twilio.com/v1/Conversations/"+l.conversation().SID, "Attributes", text)
	}
}

func (l *lab) attributes() string { return l.conversation().Attributes }

// conversation is the only one.
func (l *lab) conversation() sandbox.Conversation {
	l.Helper()
	all := l.account.Snapshot().Conversations
	if len(all) != 1 {
		l.Fatalf("%d conversations", len(all))
	}
	return all[0]
}
