package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// AppendTransfer appends a transfer as the backend answers and streams it. The
// SIDs are those of the conversation's [transfer.State]. What the backend keeps
// for itself is left out: due times, attempts, the attributes of the invite and
// Twilio's words about a failure.
func AppendTransfer(buf []byte, interactionSID, interactionChannelSID string, t transfer.Transfer) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	putString(w, "id", t.ID)
	putString(w, "mode", string(t.Mode))
	putString(w, "phase", string(t.Phase))
	putString(w, "interactionSid", interactionSID)
	putString(w, "interactionChannelSid", interactionChannelSID)
	w.Key("target")
	writeTarget(w, t.Target)
	w.Key("from")
	writeAgent(w, t.From)
	putString(w, "requestedBy", t.RequestedBy)
	putTime(w, "requestedAt", t.RequestedAt)
	putTime(w, "invitedAt", t.InvitedAt)
	putTime(w, "leftAt", t.LeftAt)
	putTime(w, "endedAt", t.EndedAt)
	putString(w, "acceptedBy", t.AcceptedBy)
	w.Key("invite")
	w.BeginObject()
	putString(w, "sid", t.Invite.SID)
	putString(w, "taskSid", t.Invite.TaskSID)
	w.EndObject()
	putString(w, "failure", string(t.Failure))
	putString(w, "failureMessage", t.Failure.Message())
	w.Key("droppedAttributes")
	writeList(w, t.DroppedAttributes, (*json.Writer).String)
	w.EndObject()
	return w.Bytes()
}

// DecodeTransfer reads what [AppendTransfer] wrote, but for the conversation's
// SIDs, which are no part of a [transfer.Transfer]. Fields that are not known
// are skipped. It fails with an [*Error] whose code is [CodeBadRecords].
func DecodeTransfer(text string) (transfer.Transfer, error) {
	var t transfer.Transfer
	r := json.NewReader(text)
	if r.Kind() == json.Null {
		return t, &Error{Code: CodeBadRecords, Message: "expected a transfer, found null"}
	}
	return t, finish(r, CodeBadRecords, readTransfer(r, &t))
}

// readTransfers is [list] for transfers. That would need a description of their
// type at run time, and with it all of package time: 15 kB of the module.
func readTransfers(r *json.Reader, into *[]transfer.Transfer) error {
	if r.Null() {
		return nil
	}
	items := make([]transfer.Transfer, 0, 4)
	err := r.Array(func(int) error {
		items = append(items, transfer.Transfer{})
		return readTransfer(r, &items[len(items)-1])
	})
	*into = items
	return err
}

func readTransfer(r *json.Reader, into *transfer.Transfer) error {
	return record(r, func(key string) error {
		switch key {
		case "id":
			return readString(r, &into.ID)
		case "mode":
			return readString(r, (*string)(&into.Mode))
		case "phase":
			return readString(r, (*string)(&into.Phase))
		case "target":
			return readTarget(r, &into.Target)
		case "from":
			return readAgent(r, &into.From)
		case "requestedBy":
			return readString(r, &into.RequestedBy)
		case "acceptedBy":
			return readString(r, &into.AcceptedBy)
		case "invite":
			return readInvite(r, &into.Invite)
		case "failure":
			return readString(r, (*string)(&into.Failure))
		case "droppedAttributes":
			return list(r, &into.DroppedAttributes, readString)
		}
		return readTransferTimes(r, key, into)
	})
}

func readTransferTimes(r *json.Reader, key string, into *transfer.Transfer) error {
	switch key {
	case "requestedAt":
		return readTime(r, &into.RequestedAt)
	case "invitedAt":
		return readTime(r, &into.InvitedAt)
	case "leftAt":
		return readTime(r, &into.LeftAt)
	case "endedAt":
		return readTime(r, &into.EndedAt)
	}
	return r.Skip()
}

func writeTarget(w *json.Writer, t transfer.Target) {
	w.BeginObject()
	putTarget(w, t)
	w.EndObject()
}

// putTarget writes the members of a target into an object that has been begun.
func putTarget(w *json.Writer, t transfer.Target) {
	putString(w, "kind", string(t.Kind))
	putString(w, "sid", t.SID)
	putString(w, "name", t.Name)
}

func readTarget(r *json.Reader, into *transfer.Target) error {
	return record(r, func(key string) error {
		switch key {
		case "kind":
			return readString(r, (*string)(&into.Kind))
		case "sid":
			return readString(r, &into.SID)
		case "name":
			return readString(r, &into.Name)
		}
		return r.Skip()
	})
}

func writeAgent(w *json.Writer, a transfer.Agent) {
	w.BeginObject()
	putString(w, "workerSid", a.WorkerSID)
	putString(w, "name", a.Name)
	putString(w, "participantSid", a.ParticipantSID)
	putString(w, "taskSid", a.TaskSID)
	w.EndObject()
}

func readAgent(r *json.Reader, into *transfer.Agent) error {
	return record(r, func(key string) error {
		switch key {
		case "workerSid":
			return readString(r, &into.WorkerSID)
		case "name":
			return readString(r, &into.Name)
		case "participantSid":
			return readString(r, &into.ParticipantSID)
		case "taskSid":
			return readString(r, &into.TaskSID)
		}
		return r.Skip()
	})
}

func readInvite(r *json.Reader, into *transfer.Invite) error {
	return record(r, func(key string) error {
		switch key {
		case "sid":
			return readString(r, &into.SID)
		case "taskSid":
			return readString(r, &into.TaskSID)
		}
		return r.Skip()
	})
}
