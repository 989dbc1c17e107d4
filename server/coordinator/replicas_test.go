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
	all := func(o *Options) {
		o.Settings = func() transfer.Settings { return transfer.Settings{ColdTransfer: true, MultiParticipant: true} }
	}
	heard, other := l.open(all), l.open(all)
	other.Warm(l.conv.InteractionSID, l.conv.SID, l.request("ada", "bea").TaskSID)
	other.Wait()

	warm := l.request("ada", "bea")
	warm.Mode = transfer.ModeWarm
	_, err := heard.Start(t.Context(), l.as("ada"), warm, "warm")
	l.check(err)
	l.accept("bea")
	l.deliverAll(heard)
	l.run(heard)
	l.clock.Advance(freshlyJoined)

	_, err = other.Start(t.Context(), l.as("ada"), l.request("ada", "bea"), "cold")
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
