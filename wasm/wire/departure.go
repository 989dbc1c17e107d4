package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// AppendDeparture appends a departure as the backend answers and streams it.
// The SIDs are those of the conversation's [transfer.State]. What the backend
// keeps for itself is left out, as in [AppendTransfer].
func AppendDeparture(buf []byte, interactionSID, interactionChannelSID string, d transfer.Departure) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	putString(w, "id", d.ID)
	putString(w, "kind", string(d.Kind))
	putString(w, "interactionSid", interactionSID)
	putString(w, "interactionChannelSid", interactionChannelSID)
	w.Key("agent")
	writeAgent(w, d.Agent)
	putString(w, "requestedBy", d.RequestedBy)
	putString(w, "phase", string(d.Phase))
	putTime(w, "requestedAt", d.RequestedAt)
	putTime(w, "endedAt", d.EndedAt)
	putFailure(w, "failure", "failureMessage", d.Failure)
	w.EndObject()
	return w.Bytes()
}

// DecodeDepartureRecord reads what [AppendDeparture] wrote, but for the
// conversation's SIDs. It does and fails as [DecodeTransfer].
func DecodeDepartureRecord(text string) (transfer.Departure, error) {
	var d transfer.Departure
	r := json.NewReader(text)
	if r.Kind() == json.Null {
		return d, &Error{Code: CodeBadRecords, Message: "expected a departure, found null"}
	}
	return d, finish(r, CodeBadRecords, readDeparture(r, &d))
}

// readDepartures is [list] for departures; see [readTransfers].
func readDepartures(r *json.Reader, into *[]transfer.Departure) error {
	if r.Null() {
		return nil
	}
	items := []transfer.Departure{} // most conversations have none
	err := r.Array(func(int) error {
		items = append(items, transfer.Departure{})
		return readDeparture(r, &items[len(items)-1])
	})
	*into = items
	return err
}

func readDeparture(r *json.Reader, into *transfer.Departure) error {
	return record(r, func(key string) error {
		switch key {
		case "id":
			return readString(r, &into.ID)
		case "kind":
			return readString(r, (*string)(&into.Kind))
		case "agent":
			return readAgent(r, &into.Agent)
		case "requestedBy":
			return readString(r, &into.RequestedBy)
		case "phase":
			return readString(r, (*string)(&into.Phase))
		case "requestedAt":
			return readTime(r, &into.RequestedAt)
		case "endedAt":
			return readTime(r, &into.EndedAt)
		case "failure":
			return readString(r, (*string)(&into.Failure))
		}
		return r.Skip()
	})
}
