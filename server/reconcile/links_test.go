package reconcile

import (
	"encoding/json"
	"testing"
)

// TestLinksAreReadAsJSONIs: quickly, and to the same end where no name differs by its case alone.
func TestLinksAreReadAsJSONIs(t *testing.T) {
	for _, text := range []string{
		`{"flexInteractionSid":"KD1","flexInteractionChannelSid":"UO1","conversationSid":"CH1"}`,
		`{"a":[1,{"flexInteractionSid":"KD2"}],"flexInteractionSid":"KD1"} `,
		`{"flexInteractionSid":"KD1","flexInteractionSid":"KD2"}`, `{"flexInteractionSid":null,"conversationSid":"CH1"}`,
		`{"flexInteractionSid":7,"conversationSid":"CH1"}`, `{"name":"\ud800","conversationSid":"CH1"}`, "{\"name\":\"\xff\",\"conversationSid\":\"CH1\"}",
		`{"conversationSid":"CH1"`, `{"conversationSid":"CH1"} x`, `{}`, `[]`, `null`, `7`, ``,
	} {
		var read struct {
			Interaction  string `json:"flexInteractionSid"`
			Channel      string `json:"flexInteractionChannelSid"`
			Conversation string `json:"conversationSid"`
		}
		want := links{}
		if json.Unmarshal([]byte(text), &read) == nil {
			want = links(read)
		}
		if got := linksOf(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}
