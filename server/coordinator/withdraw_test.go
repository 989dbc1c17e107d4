package coordinator

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// noReservations is an account whose list of reservations lags behind.
type noReservations struct {
	Twilio
	lags *bool
}

func (n noReservations) TaskReservations(ctx context.Context, sid string) ([]twilioapi.Reservation, error) {
	if *n.lags {
		return nil, nil
	}
	return n.Twilio.TaskReservations(ctx, sid)
}

// TestAnAcceptWinsAlthoughItsListLags: an invite that is taken back has been
// accepted, and the list does not say by whom yet. It counts once it does.
func TestAnAcceptWinsAlthoughItsListLags(t *testing.T) {
	l, _ := several(t, nil)
	lags := false
	p := l.open(func(o *Options) {
		o.Twilio = noReservations{o.Twilio, &lags}
		o.Settings = func() transfer.Settings {
			return transfer.Settings{ColdTransfer: true, MultiParticipant: true}
		}
	})
	l.ask(p, "ada", warm)
	l.accept("bea") // and no webhook tells of it
	l.takeHooks()
	lags = true
	r := l.request("ada", "bea")
	r.TransferID = l.last().ID
	if _, err := p.Cancel(t.Context(), l.as("ada"), r); err != nil && !isRefusal(err) {
		t.Fatal(err)
	}
	for range 5 {
		l.run(p)
		l.clock.Advance(time.Second)
	}
	if got := l.last(); !got.Open() {
		t.Fatalf("decided although nobody knows who accepted: %+v", got)
	}
	lags = false
	if got := l.until(p, transfer.PhaseCompleted); got.AcceptedBy != l.worker("bea") {
		t.Errorf("%+v", got)
	}
}

func isRefusal(err error) bool {
	var refusal *transfer.Refusal
	return errors.As(err, &refusal)
}
