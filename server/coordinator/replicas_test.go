package coordinator

import (
	"errors"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestWhatAnotherProcessHeard: Twilio's webhooks reach one of several backends.
// What another one has read before somebody joined does not count any more,
// although no event has touched it.
func TestWhatAnotherProcessHeard(t *testing.T) {
	l := newLab(t)
	heard, other := l.open(manyAgents), l.open(manyAgents)
	other.Warm(l.conv.InteractionSID, l.conv.SID, l.request("ada", "bea").TaskSID)
	other.Wait()
	l.joins(heard)

	_, err := other.Start(t.Context(), l.as("ada"), l.request("ada", "bea"), "cold")
	var refusal *transfer.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != transfer.ReasonTargetAlreadyParticipating {
		t.Errorf("Bea is in the conversation: %v%s", err, story(l.state()))
	}
	reads := other.count("participants")
	if _, err = other.Start(t.Context(), l.as("ada"), l.request("ada", "bea"), "again"); err == nil {
		t.Error("Bea is still in the conversation")
	}
	if again := other.count("participants"); again != reads {
		t.Errorf("read %d times more, although nothing was recorded since", again-reads)
	}
}

// freshlyJoined is longer than somebody who has joined counts although no list
// shows them, and shorter than facts are trusted.
const freshlyJoined = 15 * time.Second
