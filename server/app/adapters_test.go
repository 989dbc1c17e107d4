package app

import (
	"testing"

	"github.com/flex-transfer/flex-transfer/server/httpapi"
)

// TestChannelStatus: a participant that closes is no channel that does.
func TestChannelStatus(t *testing.T) {
	for _, c := range []struct {
		event  string
		fields map[string]string
		want   string
	}{
		{"onChannelStatusUpdated", map[string]string{"ChannelStatus": "closed"}, "closed"},
		{"onChannelStatusUpdated", map[string]string{"Status": "closed"}, "closed"},
		{"onParticipantLeft", map[string]string{"Status": "closed"}, ""},
		{"onParticipantLeft", map[string]string{"Status": "closed", "ChannelStatus": "active"}, "active"},
	} {
		if got := channelStatus(httpapi.Event{Type: c.event, Fields: c.fields}); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.event, c.fields, got, c.want)
		}
	}
}
