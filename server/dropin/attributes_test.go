package dropin

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// conversation is a conversation at Twilio, with somebody else who writes.
type conversation struct {
	Twilio
	mu     sync.Mutex
	text   string
	writes int
	// before, where set, is called before each write.
	before func()
	fail   error // of the first write, which takes effect
}

func (c *conversation) Attributes(context.Context, string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text, nil
}

func (c *conversation) SetAttributes(_ context.Context, _, text string) error {
	if c.before != nil {
		c.before()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = text
	if c.writes++; c.writes == 1 {
		return c.fail
	}
	return nil
}

func object(t *testing.T, text string) members {
	t.Helper()
	var m members
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWriteLeavesTheInvitesAlone(t *testing.T) {
	for _, c := range []struct {
		name, now, wanted, want string
		writes                  int
	}{
		{"nothing but the invites differs", `{"a":1,"invites":{"WT1":{}}}`, `{"a":1,"invites":{}}`, `{"a":1,"invites":{"WT1":{}}}`, 0},
		{"the same, written otherwise", `{"b":"é","a":[1, 2]}`, `{"a":[1,2],"b":"\u00e9"}`, `{"b":"é","a":[1,2]}`, 0},
		{"a number that no float64 holds", `{"a":12345678901234567890}`, `{"a":12345678901234567891}`, `{"a":12345678901234567891}`, 1},
		{"other attributes", `{"a":1,"invites":{"WT1":{}}}`, `{"b":2}`, `{"b":2,"invites":{"WT1":{}}}`, 1},
		{"invites where there are none", `{"a":1}`, `{"a":2,"invites":{"WT9":{}}}`, `{"a":2}`, 1},
		{"no attributes yet", ``, `{"a":1}`, `{"a":1}`, 1},
		{"attributes that are no object", `[1]`, `{"a":1}`, `{"a":1}`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			conv := &conversation{text: c.now}
			d := &DropIn{Options: Options{Twilio: conv}}
			if err := d.write(t.Context(), "CH", object(t, c.wanted)); err != nil {
				t.Fatal(err)
			}
			if !object(t, conv.text).same(object(t, c.want)) || conv.writes != c.writes {
				t.Errorf("%s after %d writes", conv.text, conv.writes)
			}
		})
	}
}

// TestWriteBesideTheMirror lets the mirror write between our read and our write:
// its invites stand in the end.
func TestWriteBesideTheMirror(t *testing.T) {
	o := &overtaken{conversation: conversation{text: `{"a":1,"invites":{"WT1":{}}}`}, by: `{"a":1,"invites":{"WT1":{},"WT2":{}}}`, looked: make(chan struct{})}
	o.before = func() { <-o.looked }
	d := &DropIn{Options: Options{Twilio: o}}
	if err := d.write(t.Context(), "CH", object(t, `{"b":2}`)); err != nil {
		t.Fatal(err)
	}
	if !object(t, o.text).same(object(t, `{"b":2,"invites":{"WT1":{},"WT2":{}}}`)) || o.writes != 2 {
		t.Errorf("%s after %d writes", o.text, o.writes)
	}
}

// overtaken is a conversation that somebody else writes after our first read;
// our first write comes after the look.
type overtaken struct {
	conversation
	by     string
	reads  atomic.Int32
	looked chan struct{}
}

func (o *overtaken) Attributes(ctx context.Context, sid string) (string, error) {
	n := o.reads.Add(1)
	text, err := o.conversation.Attributes(ctx, sid)
	switch n {
	case 1:
		o.mu.Lock()
		o.text = o.by
		o.mu.Unlock()
	case 2:
		close(o.looked)
	}
	return text, err
}

func TestWriteGivesUp(t *testing.T) {
	conv := &conversation{text: `{}`, fail: &transfer.Refusal{Reason: transfer.ReasonTwilioUnavailable}}
	d := &DropIn{Options: Options{Twilio: conv}}
	err := d.write(t.Context(), "CH", object(t, `{"a":1}`))
	var refusal *transfer.Refusal
	if !errors.As(err, &refusal) || !again[refusal.Reason] {
		t.Fatalf("%v", err)
	}
	if err := d.write(t.Context(), "CH", object(t, `{"a":1}`)); err != nil || conv.writes != 1 { // the repeat finds it done
		t.Errorf("%v after %d writes", err, conv.writes)
	}
}
