package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
)

// FuzzLinks reads the attributes of tasks, which agents' scripts and other
// programs write too: quickly, and to the same end as encoding/json does.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{
		`{"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1","conversationSid":"CH1"}`, `{"conversationSid":null,"a":[{"b":1e9}]}`,
		`{"conversationSid":7}`, `{"flexInteraction\u0053id":"\ud83d"}`, "{\"conversationSid\":\"\xff\"} ", `{"conversationSid":"CH1","conversationSid":"CH2"}`,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"conversationSid":"CH1"}`, `null`, `[]`, `{`, ``, `{"conversationSid":"CH1"} x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, attributes string) {
		if othersNamed(attributes, "flexInteractionSid", "flexInteractionChannelSid", "conversationSid") {
			return
		}
		var want links
		if json.Unmarshal([]byte(attributes), &want) != nil {
			want = links{}
		}
		if got := linksOf(attributes); got != want {
			t.Errorf("%q: %+v, want %+v", attributes, got, want)
		}
	})
}

// othersNamed reports whether a member has one of the names but for upper and
// lower case: encoding/json takes it for the one that is meant, all others do not.
func othersNamed(text string, names ...string) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal([]byte(text), &members) // what is no object has no members
	for member := range members {
		if slices.ContainsFunc(names, func(name string) bool { return member != name && strings.EqualFold(member, name) }) {
			return true
		}
	}
	return false
}

// attributed is a Twilio that has one conversation.
type attributed struct {
	Twilio
	conversation twilioapi.Conversation
}

func (a attributed) Conversation(context.Context, string) (twilioapi.Conversation, error) {
	return a.conversation, nil
}

// FuzzMirror reads the attributes of conversations, which plugins and other
// programs write too: what they show is what the members of an object are, and
// nothing is taken for read that is none.
func FuzzMirror(f *testing.F) {
	for _, seed := range []string{
		`{"invites":{"WT2":{},"WT1":{"a":[]}},"a":1}`, `{"invites":{}}`, `{"a":{"invites":{"WT1":1}}}`, `{"invites":null}`, `{"invites":[]}`, `{"invites":"WT1"}`,
		`{"\u0069nvites":{"\ud83d":0,"":0}}`, `{"invites":{"WT1":1},"invites":{"WT2":1}}`, `{"Invites":{"WT1":1}}`, `null`, `[]`, `{`, ``,
	} {
		f.Add(seed, "active")
		f.Add(seed, "closed")
	}
	f.Fuzz(func(t *testing.T, attributes, state string) {
		r := &Reconciler{Options: Options{Twilio: attributed{conversation: twilioapi.Conversation{State: state, Attributes: attributes}}}}
		var s sight
		if err := r.lookAtMirror(t.Context(), &s, "CH1"); err != nil {
			t.Fatal(err)
		}
		shown, read := invitesIn(attributes)
		if read = read && state != "closed"; !read {
			shown = nil
		}
		if s.scene.ShownRead != read || !slices.Equal(s.scene.Shown, shown) {
			t.Errorf("%q, %s: %q, %v; want %q, %v", attributes, state, s.scene.Shown, s.scene.ShownRead, shown, read)
		}
	})
}

// invitesIn are the sorted names in the invites, read without a type; false where
// they, or what they are in, are no object. Null is one without members.
func invitesIn(attributes string) (names []string, read bool) {
	var all any
	if json.Unmarshal([]byte(attributes), &all) != nil {
		return nil, false
	}
	members, object := all.(map[string]any)
	if !object && all != nil {
		return nil, false
	}
	invites, object := members[keyMirror].(map[string]any)
	return slices.Sorted(maps.Keys(invites)), object || members[keyMirror] == nil
}
