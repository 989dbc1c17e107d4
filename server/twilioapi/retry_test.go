package twilioapi

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// after gives the first answer n times, then the second.
func after(n int32, first, then http.HandlerFunc) http.HandlerFunc {
	var count atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= n {
			first(w, r)
			return
		}
		then(w, r)
	}
}

const channelAnswer = `{"sid":"UO00000000000000000000000000000001","interaction_sid":` +
	`"KD00000000000000000000000000000001","type":"web","status":"active"}`

func TestReadsAreRepeated(t *testing.T) {
	bad := map[string]http.HandlerFunc{
		"503": reply(503, `{"code":20503,"message":"x"}`), "429": reply(429, `{"code":20429,"message":"x"}`),
		"HTML": reply(200, "<html>"), "reset": cut(""),
	}
	for name, first := range bad {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, after(2, first, reply(200, channelAnswer)))
			ch, err := f.client.Channel(within(t, time.Minute), interactionSID, channelSID)
			if err != nil || ch.Status != "active" || ch.Type != "web" || ch.InteractionSID != interactionSID {
				t.Fatalf("got %+v, %v", ch, err)
			}
			if n := len(f.seen()); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
}

func TestReadsGiveUp(t *testing.T) {
	f := newFake(t, reply(503, `{"code":20503,"message":"x"}`))
	_, err := f.client.Channel(t.Context(), interactionSID, channelSID)
	wantOutcome(t, err, Unknown)
	if n := len(f.seen()); n != readAttempts {
		t.Errorf("%d requests, want %d", n, readAttempts)
	}
	f = newFake(t, reply(404, `{"code":20404,"message":"x"}`))
	_, err = f.client.Channel(t.Context(), interactionSID, channelSID)
	if !IsNotFound(err) || len(f.seen()) != 1 {
		t.Errorf("%v after %d requests: what is not there is not asked for again", err, len(f.seen()))
	}
}

func TestReadsAreNotRepeatedPastTheDeadline(t *testing.T) {
	for attempt := 0; ; attempt++ {
		f := newFake(t, reply(503, `{"code":20503,"message":"x"}`))
		_, err := f.client.Channel(within(t, 60*time.Millisecond), interactionSID, channelSID)
		e := wantOutcome(t, err, Unknown)
		if e.Status == 0 && attempt < 100 {
			continue // the machine was too slow for the first answer
		}
		if e.Status != 503 || len(f.seen()) != 1 {
			t.Errorf("%v after %d requests: the last answer is worth more than waiting in vain", e, len(f.seen()))
		}
		return
	}
}

func TestThrottledInviteIsRepeated(t *testing.T) {
	throttled := reply(429, `{"code":45780,"message":"x"}`)
	f := newFake(t, after(2, throttled, reply(201, madeInvite)))
	if _, err := f.invite(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(f.seen()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	f = newFake(t, throttled)
	_, err := f.invite(t.Context())
	wantOutcome(t, err, Throttled)
	if n := len(f.seen()); n != inviteAttempts {
		t.Errorf("%d requests, want %d", n, inviteAttempts)
	}
	if f.calls[3].Attempt != 4 || f.calls[3].Code != 45780 || f.calls[3].Outcome != Throttled {
		t.Errorf("observed %+v", f.calls[3])
	}
}

func TestThrottledThenLostInviteIsUnknown(t *testing.T) {
	f := newFake(t, after(1, reply(429, `{"code":45780,"message":"x"}`), cut("")))
	_, err := f.invite(within(t, time.Minute))
	wantOutcome(t, err, Unknown)
	if n := len(f.seen()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestOtherWritesAreMadeOnce(t *testing.T) {
	for _, answer := range []http.HandlerFunc{reply(429, `{"code":45780,"message":"x"}`), reply(503, ""), cut("")} {
		f := newFake(t, answer)
		if err := f.client.LeaveParticipant(t.Context(), interactionSID, channelSID, participantSID, transfer.LeaveCompleted); err == nil {
			t.Error("closed?")
		}
		if err := f.client.CancelTask(t.Context(), taskSID, "", "x"); err == nil {
			t.Error("canceled?")
		}
		if n := len(f.seen()); n != 2 {
			t.Errorf("%d requests for two writes", n)
		}
	}
}
