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
	putString(w, "leaveOn", string(t.LeaveOn))
	putString(w, "leaveAs", string(t.LeaveAs))
	putString(w, "phase", string(t.Phase))
	putString(w, "interactionSid", interactionSID)
	putString(w, "interactionChannelSid", interactionChannelSID)
	w.Key("target")
	writeTarget(w, t.Target)
	putAsked(w, t.Asked)
	w.Key("from")
	writeAgent(w, t.From)
	putString(w, "requestedBy", t.RequestedBy)
	putBool(w, "rescue", t.Rescue)
	w.Key("invite")
	w.BeginObject()
	putString(w, "sid", t.Invite.SID)
	putString(w, "taskSid", t.Invite.TaskSID)
	w.EndObject()
	putInt(w, "round", t.Round)
	w.Key("tried")
	w.BeginArray()
	for i := range t.Tried {
		writeTried(w, &t.Tried[i])
	}
	w.EndArray()
	putRepairs(w, t.Repairs)
	putString(w, "over", string(t.Over))
	putTransferTimes(w, &t)
	putString(w, "acceptedBy", t.AcceptedBy)
	putFailure(w, "failure", "failureMessage", t.Failure)
	w.Key("droppedAttributes")
	writeList(w, t.DroppedAttributes, (*json.Writer).String)
	putHandover(w, &t)
	w.EndObject()
	return w.Bytes()
}

// putRepairs writes what was found to be wrong and was put right. The details are
// for operators.
func putRepairs(w *json.Writer, repairs []transfer.Repair) {
	w.Key("repairs")
	w.BeginArray()
	for i := range repairs {
		w.BeginObject()
		putString(w, "code", string(repairs[i].Code))
		putTime(w, "at", repairs[i].At)
		w.EndObject()
	}
	w.EndArray()
}

func putTransferTimes(w *json.Writer, t *transfer.Transfer) {
	putTime(w, "requestedAt", t.RequestedAt)
	putTime(w, "invitedAt", t.InvitedAt)
	putTime(w, "deadline", t.Deadline)
	putTime(w, "acceptedAt", t.AcceptedAt)
	putTime(w, "leftAt", t.LeftAt)
	putTime(w, "endedAt", t.EndedAt)
}

// putHandover writes what is for agents alone: what is said to the next one, and
// the digest.
func putHandover(w *json.Writer, t *transfer.Transfer) {
	w.Key("briefing")
	if t.Briefing == (transfer.Briefing{}) {
		w.Null()
	} else {
		w.BeginObject()
		putBriefing(w, t.Briefing)
		w.EndObject()
	}
	w.Key("digest")
	if t.Digest == nil {
		w.Null()
	} else {
		w.BeginObject()
		putString(w, "text", t.Digest.Text)
		putBool(w, "service", t.Digest.Service)
		putFailure(w, "failure", "failureMessage", t.Digest.Failure)
		w.EndObject()
	}
	putBool(w, "digestWanted", t.DigestWanted)
}

// putFailure writes a reason and its text.
func putFailure(w *json.Writer, key, textKey string, reason transfer.Reason) {
	putString(w, key, string(reason))
	putString(w, textKey, reason.Message())
}

// putAsked writes whom the agent asked for, where it is not the target.
func putAsked(w *json.Writer, asked *transfer.Target) {
	w.Key("asked")
	if asked == nil {
		w.Null()
		return
	}
	writeTarget(w, *asked)
}

// putBriefing writes the members of a briefing into an object that has been
// begun.
func putBriefing(w *json.Writer, b transfer.Briefing) {
	putString(w, "from", b.From)
	putString(w, "reason", b.Reason)
	putString(w, "notes", b.Notes)
}

func writeTried(w *json.Writer, t *transfer.Tried) {
	w.BeginObject()
	w.Key("target")
	writeTarget(w, t.Target)
	putFailure(w, "outcome", "outcomeMessage", t.Outcome)
	putTime(w, "at", t.At)
	w.EndObject()
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

// readTransfers is [listIn] for transfers. That would need a description of their
// type at run time, and with it all of package time: 15 kB of the module.
func readTransfers(r *json.Reader, into *[]transfer.Transfer, memory []transfer.Transfer) error {
	if r.Null() {
		return nil
	}
	items := memory[:0]
	if items == nil {
		items = []transfer.Transfer{}
	}
	err := r.Array(func(i int) error {
		switch {
		case cap(items) == 0:
			items = make([]transfer.Transfer, 1, 4) // most conversations have none
		case i < cap(items):
			items = items[:i+1]
			items[i] = transfer.Transfer{}
		default:
			items = append(items, transfer.Transfer{})
		}
		return readTransfer(r, &items[i])
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
		case "leaveOn":
			return readString(r, (*string)(&into.LeaveOn))
		case "leaveAs":
			return readString(r, (*string)(&into.LeaveAs))
		case "phase":
			return readString(r, (*string)(&into.Phase))
		case "target":
			return readTarget(r, &into.Target)
		case "asked":
			return readAsked(r, &into.Asked)
		case "from":
			return readAgent(r, &into.From)
		case "requestedBy":
			return readString(r, &into.RequestedBy)
		case "rescue":
			return readBool(r, &into.Rescue)
		case "repairs":
			return readRepairs(r, &into.Repairs)
		case "acceptedBy":
			return readString(r, &into.AcceptedBy)
		case "invite":
			return readInvite(r, &into.Invite)
		case "round":
			return readCount(r, &into.Round)
		case "tried":
			return readTried(r, &into.Tried)
		case "over":
			return readString(r, (*string)(&into.Over))
		case "failure":
			return readString(r, (*string)(&into.Failure))
		case "droppedAttributes":
			return list(r, &into.DroppedAttributes, readString)
		}
		return readMore(r, key, into)
	})
}

// readMore reads the times of a transfer, and what is for agents alone.
func readMore(r *json.Reader, key string, into *transfer.Transfer) error {
	switch key {
	case "requestedAt":
		return readTime(r, &into.RequestedAt)
	case "invitedAt":
		return readTime(r, &into.InvitedAt)
	case "deadline":
		return readTime(r, &into.Deadline)
	case "acceptedAt":
		return readTime(r, &into.AcceptedAt)
	case "leftAt":
		return readTime(r, &into.LeftAt)
	case "endedAt":
		return readTime(r, &into.EndedAt)
	case "briefing":
		return readBriefing(r, &into.Briefing)
	case "digest":
		return readDigest(r, &into.Digest)
	case "digestWanted":
		return readBool(r, &into.DigestWanted)
	}
	return r.Skip()
}

// readTried is [list] for targets that were tried; see [readTransfers].
func readTried(r *json.Reader, into *[]transfer.Tried) error {
	if r.Null() {
		return nil
	}
	var items []transfer.Tried
	err := r.Array(func(int) error {
		items = append(items, transfer.Tried{})
		t := &items[len(items)-1]
		return record(r, func(key string) error {
			switch key {
			case "target":
				return readTarget(r, &t.Target)
			case "outcome":
				return readString(r, (*string)(&t.Outcome))
			case "at":
				return readTime(r, &t.At)
			}
			return r.Skip()
		})
	})
	*into = items
	return err
}

// readRepairs is [list] for repairs; see [readTransfers].
func readRepairs(r *json.Reader, into *[]transfer.Repair) error {
	if r.Null() {
		return nil
	}
	var items []transfer.Repair
	err := r.Array(func(int) error {
		items = append(items, transfer.Repair{})
		repair := &items[len(items)-1]
		return record(r, func(key string) error {
			switch key {
			case "code":
				return readString(r, (*string)(&repair.Code))
			case "at":
				return readTime(r, &repair.At)
			}
			return r.Skip()
		})
	})
	*into = items
	return err
}

func readAsked(r *json.Reader, into **transfer.Target) error {
	if r.Null() {
		return nil
	}
	*into = new(transfer.Target)
	return readTarget(r, *into)
}

func readBriefing(r *json.Reader, into *transfer.Briefing) error {
	return record(r, func(key string) error {
		switch key {
		case "from":
			return readString(r, &into.From)
		case "reason":
			return readString(r, &into.Reason)
		case "notes":
			return readString(r, &into.Notes)
		}
		return r.Skip()
	})
}

func readDigest(r *json.Reader, into **transfer.Digest) error {
	if r.Null() {
		return nil
	}
	d := new(transfer.Digest)
	*into = d
	return r.Object(func(key string) error {
		switch key {
		case "text":
			return readString(r, &d.Text)
		case "service":
			return readBool(r, &d.Service)
		case "failure":
			return readString(r, (*string)(&d.Failure))
		}
		return r.Skip()
	})
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
