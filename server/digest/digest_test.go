package digest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// fake is a conversation that began 12 minutes ago.
type fake struct {
	messages     []twilioapi.Message
	participants []twilioapi.ConversationParticipant
	err          error // of the messages
	otherErr     error // of the rest
	hang         bool
}

func (f *fake) wait(ctx context.Context) error {
	if f.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (f *fake) Conversation(ctx context.Context, _ string) (twilioapi.Conversation, error) {
	if err := errors.Join(f.wait(ctx), f.otherErr); err != nil {
		return twilioapi.Conversation{}, err
	}
	return twilioapi.Conversation{SID: "CH1", Created: now.Add(-12 * time.Minute)}, nil
}

func (f *fake) Messages(ctx context.Context, _ string, newest int) ([]twilioapi.Message, error) {
	if err := errors.Join(f.wait(ctx), f.err); err != nil {
		return nil, err
	}
	return f.messages[max(0, len(f.messages)-newest):], nil
}

func (f *fake) ConversationParticipants(ctx context.Context, _ string) ([]twilioapi.ConversationParticipant, error) {
	return f.participants, errors.Join(f.wait(ctx), f.otherErr)
}

// say adds a message, so many minutes ago.
func (f *fake) say(minutes int, author, body string) *fake {
	f.messages = append(f.messages, twilioapi.Message{
		Author: author, Body: body, Created: now.Add(-time.Duration(minutes) * time.Minute), Index: len(f.messages),
	})
	return f
}

func (f *fake) attach() *fake {
	f.messages[len(f.messages)-1].Media = true
	return f
}

func (f *fake) maker() *Maker {
	return &Maker{Twilio: f, Clock: func() time.Time { return now }, Timeout: time.Second}
}

var names = map[string]string{"ada": "Ada Lindqvist", "bea": "Bea Ortiz", "chidi": "Chidi Okafor", "dee": "Dee Diaz", "eve": "Eve Evans"}

func input(transfers ...transfer.Transfer) Input {
	current := transfer.Transfer{
		ID: "XT9", From: transfer.Agent{WorkerSID: "WK1", Name: "Ada Lindqvist"}, RequestedAt: now,
		Target:   transfer.Target{Kind: transfer.TargetQueue, SID: "WQ1", Name: "Billing"},
		Invite:   transfer.Invite{Attributes: `{"customerAddress":"cleo-1"}`},
		Briefing: transfer.Briefing{Reason: "billing", Notes: "wants money back"},
	}
	return Input{
		State:    transfer.State{ConversationSID: "CH1", Transfers: append(transfers, current)},
		Transfer: current, Names: names,
	}
}

func past(id, from, reason string, phase transfer.Phase) transfer.Transfer {
	return transfer.Transfer{ID: id, From: transfer.Agent{Name: from}, Phase: phase, Briefing: transfer.Briefing{Reason: reason}, RequestedAt: now.Add(-time.Hour)}
}

func TestText(t *testing.T) {
	talk := (&fake{}).say(12, "cleo-1", "Hello, my\n\tbill is  wrong").say(11, "ada", "Let me look").say(11, "system", "Ada joined").
		say(9, "cleo-1", "Thanks").say(0, "ada", "One moment")
	for name, c := range map[string]struct {
		fake *fake
		in   Input
		want string
	}{
		"a talk": {talk, input(), "The conversation has lasted 12 minutes. 2 messages from the customer and 2 from Ada Lindqvist.\n" +
			"The customer, 9 minutes ago: “Thanks”\nAda Lindqvist, just now: “One moment”"},
		"transferred once": {talk, input(past("XT1", "Bea Ortiz", "", transfer.PhaseCompleted), past("XT2", "Dee", "x", transfer.PhaseDeclined)),
			"The conversation has lasted 12 minutes. 2 messages from the customer and 2 from Ada Lindqvist.\n" +
				"The customer, 9 minutes ago: “Thanks”\nAda Lindqvist, just now: “One moment”\n" +
				"Transferred once before: by Bea Ortiz (no reason given)."},
		"transferred often": {(&fake{}).say(1, "cleo-1", "?"),
			input(past("XT1", "A", "a", transfer.PhaseCompleted), past("XT2", "B", "b", transfer.PhaseCompleted),
				past("XT3", "C", "c", transfer.PhaseCompleted), past("XT4", "", "d", transfer.PhaseCompleted)),
			"The conversation has lasted 12 minutes. 1 message from the customer.\nThe customer, 1 minute ago: “?”\n" +
				"Transferred 4 times before: last by B (b), then by C (c), then by An agent (d)."},
		"nobody wrote":  {&fake{}, input(), "The conversation has lasted 12 minutes. Nobody has written yet."},
		"nothing known": {&fake{otherErr: errors.New("no")}, input(), "Nobody has written yet."},
		"less is known": {&fake{otherErr: errors.New("no"), messages: talk.messages}, input(),
			"The conversation has lasted 12 minutes. 2 messages from the customer and 2 from Ada Lindqvist.\n" +
				"The customer, 9 minutes ago: “Thanks”\nAda Lindqvist, just now: “One moment”"},
		"media": {(&fake{}).say(3, "cleo-1", "").attach().say(2, "bea", "See this").attach().say(1, "dee", ""), input(),
			"The conversation has lasted 12 minutes. 1 message from the customer, 1 from Bea Ortiz and 1 from Dee Diaz.\n" +
				"The customer, 3 minutes ago: (an attachment)\nDee Diaz, 1 minute ago: (an empty message)"},
		"many agents": {(&fake{}).say(5, "ada", "1").say(5, "bea", "2").say(5, "chidi", "3").say(5, "dee", "4").say(5, "eve", "5").say(5, "ada", "6"), input(),
			"The conversation has lasted 12 minutes. 0 messages from the customer, 2 from Ada Lindqvist, 1 from Bea Ortiz, " +
				"1 from Chidi Okafor and 2 from other agents.\nAda Lindqvist, 5 minutes ago: “6”"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.fake.maker().Make(t.Context(), c.in)
			if got != (transfer.Digest{Text: c.want}) {
				t.Errorf("got %+v\nwant %s", got, c.want)
			}
		})
	}
}

func TestCast(t *testing.T) {
	texting := []twilioapi.ConversationParticipant{{Address: "+12025550100"}, {Identity: "ada"}}
	for name, c := range map[string]struct {
		fake       *fake
		names      map[string]string
		attributes string
		want       string
	}{
		"by address":            {&fake{participants: texting}, nil, "", "1 message from the customer and 1 from agents."},
		"by the task":           {&fake{}, nil, `{"customerAddress":"+12025550100"}`, "1 message from the customer and 1 from agents."},
		"who wrote first":       {&fake{}, nil, "", "1 message from the customer and 1 from agents."},
		"but no known agent":    {&fake{}, map[string]string{"+12025550100": "Bo"}, "", "1 message from the customer and 1 from Bo."},
		"attributes of nothing": {&fake{}, names, `[`, "1 message from the customer and 1 from Ada Lindqvist."},
	} {
		t.Run(name, func(t *testing.T) {
			in := input()
			in.Names, in.Transfer.Invite.Attributes = c.names, c.attributes
			got := c.fake.say(5, "+12025550100", "Hi").say(4, "ada", "Hello").maker().Make(t.Context(), in)
			if !strings.Contains(got.Text, c.want) {
				t.Errorf("got %s, want %s", got.Text, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	f := &fake{}
	for i := range 400 {
		f.say(10, "cleo-1", strings.Repeat("ß", i))
	}
	f.say(1, "ada", strings.Repeat("words ", 1000))
	in := input()
	for range 10 {
		in.State.Transfers = append(in.State.Transfers, past("XT1", strings.Repeat("n", 500), strings.Repeat("r", 500), transfer.PhaseCompleted))
	}
	got := f.maker().Make(t.Context(), in)
	if n := utf8.RuneCountInString(got.Text); n > MaxText || !strings.Contains(got.Text, "Only the newest 300 messages are counted.") {
		t.Errorf("%d characters: %s", n, got.Text)
	}
	for line := range strings.Lines(got.Text) {
		if _, quote, ok := strings.Cut(line, "“"); ok && utf8.RuneCountInString(quote) > maxQuote+2 {
			t.Errorf("a long quote: %s", line)
		}
	}
	for s, want := range map[string]string{"": "", "abc": "abc", "abcd": "ab…", "ab cd": "ab…", "äöüß": "äö…"} {
		if got := clip(s, 3); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "less than a minute", 59 * time.Second: "less than a minute", time.Minute: "1 minute", 119 * time.Minute: "119 minutes",
		2 * time.Hour: "2 hours", 47 * time.Hour: "47 hours", 48 * time.Hour: "2 days",
	} {
		if got := duration(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	want := transfer.Digest{Failure: transfer.ReasonDigestFailed}
	if got := (&fake{err: errors.New("no")}).maker().Make(t.Context(), input()); got != want {
		t.Errorf("got %+v", got)
	}
	in := input()
	in.State.ConversationSID = ""
	if got := (&fake{}).maker().Make(t.Context(), in); got != want {
		t.Errorf("got %+v", got)
	}
	m := (&fake{hang: true}).maker()
	m.Timeout = 50 * time.Millisecond
	began := time.Now()
	if got := m.Make(t.Context(), input()); got != want || time.Since(began) > time.Minute {
		t.Errorf("got %+v after %s", got, time.Since(began))
	}
}

func TestDecodedIdentities(t *testing.T) {
	for identity, want := range map[string]string{
		"ada": "ada", "ada_40example_2Ecom": "ada@example.com", "a_b": "a_b", "a_zz": "a_zz", "_": "_", "_4": "_4", "_5Fx": "_x", "": "",
	} {
		if got := decodeIdentity(identity); got != want {
			t.Errorf("%s became %s, want %s", identity, got, want)
		}
	}
	in := input()
	in.Names = map[string]string{"ada@example.com": "Ada Lindqvist"}
	got := (&fake{}).say(1, "cleo-1", "Hi").say(0, "ada_40example_2Ecom", "Hello").maker().Make(t.Context(), in)
	if !strings.Contains(got.Text, "1 from Ada Lindqvist") {
		t.Errorf("got %s", got.Text)
	}
}

func TestNamesOfWorkers(t *testing.T) {
	m := (&fake{}).say(9, "cleo-1", "Hi").say(8, "ada_40example_2Ecom", "Hello").say(7, "bea", "Hello").say(6, "chidi", "Hello").maker()
	m.Workers = func() []transfer.WorkerRecord {
		return []transfer.WorkerRecord{
			{FriendlyName: "ada@example.com", Attributes: `{"full_name":"Ada Lindqvist"}`},
			{FriendlyName: "bea", Attributes: `[`}, {FriendlyName: "chidi", Attributes: `{"full_name":"Nobody"}`}, {FriendlyName: ""},
		}
	}
	in := input()
	in.Names = map[string]string{"chidi": "Chidi Okafor"}
	if got := m.Make(t.Context(), in); !strings.Contains(got.Text, "1 message from the customer, 1 from Ada Lindqvist, 1 from bea and 1 from Chidi Okafor.") {
		t.Errorf("got %s", got.Text)
	}
}

func TestIdentity(t *testing.T) {
	for attributes, want := range map[string]string{
		`{"contact_uri":"client:ada_40example"}`: "ada_40example", `{"contact_uri":"client:"}`: "ada", `{"contact_uri":"sip:x"}`: "ada", ``: "ada", `[`: "ada",
	} {
		if got := Identity(transfer.WorkerRecord{FriendlyName: "ada", Attributes: attributes}); got != want {
			t.Errorf("%s: %s", attributes, got)
		}
	}
}
