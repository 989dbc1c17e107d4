package httpapi

import (
	"net/http"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// depart answers POST /v1/departures: 201 where the agent is gone or the
// conversation has ended, 202 while it is still being worked on, 200 for a
// repeat, and 409 with the departure where Twilio refused it and nothing was
// changed.
func (a *API) depart(w http.ResponseWriter, r *http.Request, by Caller) {
	request, err := readRequest(w, r, maxSmallRequest, wire.DecodeDeparture)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ctx, cancel := outliving(r)
	defer cancel()
	var out DepartureOutcome
	err = a.about(by, request, func() (err error) { out, err = a.Transfers.Depart(ctx, by, request); return err })
	if err != nil {
		a.fail(w, r, err)
		return
	}
	d := out.Departure
	if d.Phase == transfer.DepartureFailed {
		a.failWith(w, r, d.Failure, transfer.ReasonLeaveRefused, "departure "+d.ID+" failed: "+d.FailureDetail,
			"departure", appendDeparture(nil, out))
		return
	}
	writeJSON(w, departureStatus(out), appendDeparture(nil, out))
}

// departureStatus is the status of a departure that was begun, by the rule of
// [startStatus].
func departureStatus(o DepartureOutcome) int {
	switch {
	case o.Departure.Open():
		return http.StatusAccepted
	case o.Repeated:
		return http.StatusOK
	}
	return http.StatusCreated
}

func appendDeparture(buf []byte, o DepartureOutcome) []byte {
	return wire.AppendDeparture(buf, o.InteractionSID, o.InteractionChannelSID, o.Departure)
}
