package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/server/leaktest"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const conversationSID = "CH00000000000000000000000000000001"

// fake is a conversation whose attributes a test changes between our calls.
type fake struct {
	attributes, state string
	reads, writes     int
	// before is called before the read or write of that name and number is answered: "read 1", "write 1", "look 1".
	before map[string]func(*fake) error
	steps  chan struct{} // closed once the look that goes with a write was answered
}

func (f *fake) at(name string, n int) error {
	if do := f.before[name+" "+string(rune('0'+n))]; do != nil {
		return do(f)
	}
	return nil
}

// Conversation answers the odd reads as reads, the even ones as the looks that go with writes.
func (f *fake) Conversation(context.Context, string) (twilioapi.Conversation, error) {
	f.reads++
	look := f.reads%2 == 0
	name := map[bool]string{false: "read", true: "look"}[look]
	err := f.at(name, (f.reads+1)/2)
	conv := twilioapi.Conversation{SID: conversationSID, Attributes: f.attributes, State: f.state}
	if look {
		f.steps <- struct{}{}
	}
	return conv, err
}

func (f *fake) UpdateConversationAttributes(_ context.Context, _, attributes string) error {
	<-f.steps // so that looks come first, every time
	f.writes++
	err := f.at("write", f.writes)
	if err == nil || twilioapi.MayHaveHappened(err) {
		f.attributes = attributes
	}
	return err
}

func newFake(attributes string) *fake {
	return &fake{attributes: attributes, state: "active", before: map[string]func(*fake) error{}, steps: make(chan struct{}, 1)}
}

// set is how the others' SDKs change a key of what they read last.
func set(key, value string) func(*fake) error {
	return func(f *fake) error {
		o, err := parse(f.attributes)
		if err != nil {
			return err
		}
		f.attributes = o.set(key, value)
		return nil
	}
}

func replace(attributes string) func(*fake) error {
	return func(f *fake) error { f.attributes = attributes; return nil }
}

func invited(name string) transfer.Transfer {
	return transfer.Transfer{
		Target: transfer.Target{Kind: transfer.TargetWorker, SID: "WK1", Name: name}, InvitedAt: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Invite:   transfer.Invite{TaskSID: "WT1", Attributes: `{"secret":"attributes"}`},
		Briefing: transfer.Briefing{Reason: "secret", Notes: "secret notes"}, Digest: &transfer.Digest{Text: "secret digest"},
	}
}

const beasInvite = `"invites":{"WT1":{"invitesTaskSid":"WT1","targetSid":"WK1","timestampCreated":"2026-01-02T03:04:05.678Z",` +
	`"targetName":"Bea","inviteTargetType":"Worker"}}`

func (f *fake) write(t *testing.T, outstanding ...transfer.Transfer) Outcome {
	t.Helper()
	f.reads = 0 // looks are told from reads by their number
	o, err := Write(t.Context(), f, conversationSID, outstanding, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheRestKeepsItsBytes(t *testing.T) {
	for before, after := range map[string]string{
		``:                              `{` + beasInvite + `}`,
		`{}`:                            `{` + beasInvite + `}`,
		` { } `:                         ` {` + beasInvite + ` } `,
		`{"b":1.50,"a":1e400}`:          `{"b":1.50,"a":1e400,` + beasInvite + `}`,
		`{"a" : "\u00e9" , "b":[ 1 ] }`: `{"a" : "\u00e9" , "b":[ 1 ],` + beasInvite + ` }`,
		`{"z":12345678901234567890,"invites":{"WT0":1},"a":2}`: `{"z":12345678901234567890,` + beasInvite + `,"a":2}`,
	} {
		f := newFake(before)
		if o := f.write(t, invited("Bea")); o != (Outcome{Written: 1}) || f.attributes != after {
			t.Errorf("%s became %s, want %s (%+v)", before, f.attributes, after, o)
		}
		if o := f.write(t, invited("Bea")); o != (Outcome{Unchanged: 1}) || f.writes != 1 {
			t.Errorf("the second time: %+v", o)
		}
		if strings.Contains(f.attributes, "secret") {
			t.Errorf("the customer may read %s", f.attributes)
		}
		if o := f.write(t); o != (Outcome{Written: 1}) || strings.Contains(f.attributes, "WT1") || !strings.Contains(f.attributes, `"invites":{}`) {
			t.Errorf("after the end: %s (%+v)", f.attributes, o)
		}
	}
	f := newFake(`{"a":1}`)
	if o := f.write(t); o != (Outcome{Unchanged: 1}) || f.attributes != `{"a":1}` {
		t.Errorf("nothing to show: %s (%+v)", f.attributes, o)
	}
}

func TestNamesAndQueues(t *testing.T) {
	queue := invited(`"Öffnung" <&> ` + "\u2028\x00")
	queue.Target.Kind = transfer.TargetQueue
	other := invited("Chidi")
	other.Invite.TaskSID = "WT2"
	f := newFake("{}")
	f.write(t, queue, other)
	var got struct {
		Invites map[string]struct{ TargetName, InviteTargetType string }
	}
	if err := json.Unmarshal([]byte(f.attributes), &got); err != nil {
		t.Fatal(err)
	}
	if q := got.Invites["WT1"]; q.TargetName != queue.Target.Name || q.InviteTargetType != "Queue" || got.Invites["WT2"].TargetName != "Chidi" {
		t.Errorf("%s", f.attributes)
	}
}

func TestWhatIsLeftAlone(t *testing.T) {
	long := `{"x":"` + strings.Repeat("x", MaxBytes-20) + `"}`
	stale := `{` + beasInvite + `,"x":"` + strings.Repeat("x", MaxBytes) + `"}`
	for _, c := range []struct {
		attributes, state string
		why               Skip
	}{
		{`[1]`, "active", SkipNotObject}, {`null`, "active", SkipNotObject}, {`"x"`, "active", SkipNotObject},
		{`{`, "active", SkipNotObject}, {`{} {}`, "active", SkipNotObject},
		{long, "active", SkipTooLong}, {`{"a":1}`, "closed", SkipClosed},
	} {
		f := newFake(c.attributes)
		f.state = c.state
		if o := f.write(t, invited("Bea")); o != (Outcome{Skipped: 1, Why: c.why}) || f.writes != 0 {
			t.Errorf("%.20s: %+v, %d writes; want %s", c.attributes, o, f.writes, c.why)
		}
	}
	f := newFake(stale)
	if o := f.write(t); o != (Outcome{Written: 1}) || strings.Contains(f.attributes, "WT1") {
		t.Errorf("an old invite stays in long attributes: %+v", o)
	}
	fits := `{"x":"` + strings.Repeat("x", MaxBytes-len(`{"x":"",}`)-len(beasInvite)) + `"}`
	if f = newFake(fits); f.write(t, invited("Bea")) != (Outcome{Written: 1}) || len(f.attributes) != MaxBytes {
		t.Errorf("%d bytes were not written", len(f.attributes))
	}
}

func TestOthersWriteMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		start   string
		before  map[string]func(*fake) error
		want    string
		outcome Outcome
	}{
		"a key added, then overwritten by us": {`{"a":1}`, map[string]func(*fake) error{"look 1": set("b", "2")},
			`{"a":1,` + beasInvite + `,"b":2}`, Outcome{Written: 2, Restored: 1}},
		"a key changed, then overwritten by us": {`{"a":1}`, map[string]func(*fake) error{"look 1": set("a", "1.50")},
			`{"a":1.50,` + beasInvite + `}`, Outcome{Written: 2, Restored: 1}},
		"a key removed, then brought back by us": {`{"a":1,"b":2}`, map[string]func(*fake) error{"look 1": replace(`{"b":2}`)},
			`{"b":2,` + beasInvite + `}`, Outcome{Written: 2, Restored: 1}},
		"only written differently": {`{"a":1.50}`, map[string]func(*fake) error{"look 1": replace(`{ "a": 1.5 }`)},
			`{"a":1.50,` + beasInvite + `}`, Outcome{Written: 1}},
		"ours overwritten by somebody who read before": {`{"a":1}`, map[string]func(*fake) error{"read 2": replace(`{"a":1,"b":2}`)},
			`{"a":1,"b":2,` + beasInvite + `}`, Outcome{Written: 2}},
		"overwritten both ways": {`{"a":1}`, map[string]func(*fake) error{"look 1": set("b", "2"), "read 2": replace(`{"a":1,"c":3}`)},
			`{"a":1,"c":3,"b":2,` + beasInvite + `}`, Outcome{Written: 2, Restored: 1}},
		"changed again after us": {`{"a":1}`, map[string]func(*fake) error{"look 1": set("a", "2"), "read 2": set("a", "3")},
			`{"a":3,` + beasInvite + `}`, Outcome{Written: 1}},
		"lost twice": {`{}`, map[string]func(*fake) error{"look 1": set("a", "1"), "look 2": set("b", "2")},
			`{` + beasInvite + `,"a":1,"b":2}`, Outcome{Written: 3, Restored: 2}},
		"what was put back is changed meanwhile": {`{}`, map[string]func(*fake) error{"look 1": set("a", "1"), "look 2": set("a", "2")},
			`{` + beasInvite + `,"a":2}`, Outcome{Written: 3, Restored: 2}},
		"no object any more": {`{}`, map[string]func(*fake) error{"read 2": replace(`[]`)},
			`[]`, Outcome{Written: 1, Skipped: 1, Why: SkipNotObject}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(c.start)
			f.before = c.before
			if o := f.write(t, invited("Bea")); f.attributes != c.want || o != c.outcome {
				t.Errorf("%s, %+v; want %s, %+v", f.attributes, o, c.want, c.outcome)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	fail := func(o twilioapi.Outcome) func(*fake) error {
		return func(*fake) error { return &twilioapi.Error{Outcome: o} }
	}
	for name, c := range map[string]struct {
		at   string
		what twilioapi.Outcome
		skip bool
		err  bool
	}{
		"no such conversation":    {"read 1", twilioapi.NotFound, true, false},
		"no answer":               {"read 1", twilioapi.Unknown, false, true},
		"refused":                 {"write 1", twilioapi.Refused, true, false},
		"throttled":               {"write 1", twilioapi.Throttled, false, true},
		"the answer was lost":     {"write 1", twilioapi.Unknown, false, false},
		"the look failed":         {"look 1", twilioapi.Unknown, false, false},
		"reading back failed":     {"read 2", twilioapi.Unknown, false, true},
		"gone when reading back":  {"read 2", twilioapi.NotFound, true, false},
		"the pacer gave up early": {"write 1", twilioapi.NotSent, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(`{"a":1}`)
			f.before[c.at] = fail(c.what)
			o, err := Write(t.Context(), f, conversationSID, []transfer.Transfer{invited("Bea")}, nil)
			if (err != nil) != c.err || (o.Why == SkipRefused) != c.skip {
				t.Errorf("%+v, %v", o, err)
			}
		})
	}
	f := newFake(`{}`)
	for i := 2; i <= attempts+1; i++ {
		f.before["read "+string(rune('0'+i))] = replace(`{}`)
	}
	if o, err := Write(t.Context(), f, conversationSID, []transfer.Transfer{invited("Bea")}, nil); !errors.Is(err, ErrContended) || o.Written != attempts {
		t.Errorf("%+v, %v", o, err)
	}
	f = newFake(`{}`)
	late := errors.New("too late")
	if _, err := Write(t.Context(), f, conversationSID, []transfer.Transfer{invited("Bea")}, func(context.Context) error { return late }); !errors.Is(err, late) {
		t.Errorf("%v", err)
	}
}

// hanging is a Twilio at which one call hangs, and all take as long as it is slow.
type hanging struct {
	attributes string
	slow       time.Duration
	hangs      string // the call, "read" or "write"
	mu         sync.Mutex
}

func (h *hanging) call(ctx context.Context, name string) error {
	h.mu.Lock()
	took := h.slow
	if h.hangs == name {
		h.hangs, took = "", time.Hour
	}
	h.mu.Unlock()
	select {
	case <-ctx.Done():
		return &twilioapi.Error{Endpoint: name, Outcome: twilioapi.Unknown, Message: ctx.Err().Error()}
	case <-time.After(took):
		return nil
	}
}

func (h *hanging) Conversation(ctx context.Context, _ string) (twilioapi.Conversation, error) {
	err := h.call(ctx, "read")
	h.mu.Lock()
	defer h.mu.Unlock()
	return twilioapi.Conversation{SID: conversationSID, Attributes: h.attributes, State: "active"}, err
}

func (h *hanging) UpdateConversationAttributes(ctx context.Context, _, attributes string) error {
	if err := h.call(ctx, "write"); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attributes = attributes
	return nil
}

// TestACallHangs: one connection that hangs costs some seconds, and not as long as the whole may take; answers that are
// only slow get through.
func TestACallHangs(t *testing.T) {
	for name, c := range map[string]struct {
		hangs      string
		slow, most time.Duration
	}{
		"a read":  {"read", 0, hangs + time.Second},
		"a write": {"write", 0, hangs + time.Second},
		"slow":    {"", 3 * hangs / 2, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				h, began := &hanging{attributes: "{}", hangs: c.hangs, slow: c.slow}, time.Now()
				_, err := Write(ctx, h, conversationSID, []transfer.Transfer{invited("Bea")}, nil)
				if took := time.Since(began); err != nil || took > c.most || !strings.Contains(h.attributes, "WT1") {
					t.Errorf("%v after %v: %s", err, took, h.attributes)
				}
			})
		})
	}
}
