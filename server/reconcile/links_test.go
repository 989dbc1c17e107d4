package reconcile

import (
	"encoding/json"
	"testing"
)

// TestLinksAreReadAsJSONIs: quickly, and to the same end.
func TestLinksAreReadAsJSONIs(t *testing.T) {
	for _, text := range []string{
		`{"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1","conversationSid":"CH1"}`,
		`{"a":[1,{"flexInteractionSid":"KD2"}],"flexInteractionSid":"KD1"} `,
		`{"flexInteractionSid":"KD1","flexInteractionSid":"KD2"}`, `{"flexInteractionSid":null,"conversationSid":"CH1"}`,
		`{"flexInteractionSid":7,"conversationSid":"CH1"}`, `{"name":"\ud800","conversationSid":"CH1"}`, "{\"name\":\"\xff\",\"conversationSid\":\"CH1\"}",
		`{"conversationSid":"CH1"`, `{"conversationSid":"CH1"} x`, `{}`, `[]`, `null`, `7`, ``,
	} {
		var want links
		if json.Unmarshal([]byte(text), &want) != nil {
			want = links{}
		}
		if got := linksOf(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
