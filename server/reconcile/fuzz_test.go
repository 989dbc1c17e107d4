package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// FuzzLinks reads the attributes of tasks, which agents' scripts and other
// programs write too: quickly, and to the same end as encoding/json does.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{
		`{"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1","conversationSid":"CH1"}`, `{"conversationSid":null,"a":[{"b":1e9}]}`,
		`{"conversationSid":7}`, `{"flexInteraction\u0053id":"\ud83d"}`, "{\"conversationSid\":\"\xff\"} ", `{"conversationSid":"CH1","conversationSid":"CH2"}`,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"conversationSid":"CH1"}`, `null`, `[]`, `{`, ``, `{"conversationSid":"CH1"} x`,
		`{"conversationSID":"CH1"}`, `{"conversationSid":"CH1","CONVERSATIONSID":7,"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, attributes string) {
		want := exactly(attributes)
		if got := linksOf(attributes); got != want {
			t.Errorf("%q: %+v, want %+v", attributes, got, want)
		}
	})
}

// exactly reads the links without a type; encoding/json by itself would also take
// names that differ by upper and lower case.
func exactly(attributes string) (l links) {
	var all any
	_ = json.Unmarshal([]byte(attributes), &all) // what is no object has no members
	members, _ := all.(map[string]any)
	for name, into := range map[string]*string{"flexInteractionSid": &l.Interaction, "flexInteractionChannelSid": &l.Channel, "conversationSid": &l.Conversation} {
		text, is := members[name].(string)
		if !is && members[name] != nil {
			return links{}
		}
		*into = text
	}
	return l
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
		r := &Reconciler{Options: Options{
			Twilio:          attributed{conversation: twilioapi.Conversation{State: state, Attributes: attributes}},
			MirrorHindrance: func(twilioapi.Conversation, []transfer.Transfer) string { return "" },
		}}
		var s sight
		if err := r.lookAtMirror(t.Context(), &s, transfer.State{ConversationSID: "CH1"}); err != nil {
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
// what they are in is no object.
func invitesIn(attributes string) (names []string, read bool) {
	var all any
	if json.Unmarshal([]byte(attributes), &all) != nil {
		return nil, false
	}
	members, object := all.(map[string]any)
	invites, _ := members[keyMirror].(map[string]any)
	return slices.Sorted(maps.Keys(invites)), object
}
