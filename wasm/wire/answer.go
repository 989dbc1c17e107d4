package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Answer is what the rules say to a [Question].
type Answer struct {
	// Screen is what the agent's screen shows.
	Screen transfer.Screen
	// Decision is about the request; nil where the question had none.
	Decision *Decision
	// Err is why there is no answer. The rest counts only where it is nil.
	Err *Error
}

// Decision says whether the backend would do what the agent asks.
type Decision struct {
	// Refusal is why not; nil where it would.
	Refusal *transfer.Refusal
}

// AppendAnswer appends an answer with the number of the wire format, the hash
// of the rules, and the English text of each reason that occurs in it.
func AppendAnswer(buf []byte, a Answer) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	w.Key("wire")
	w.Int(Version)
	if a.Err != nil {
		w.Key("error")
		w.BeginObject()
		putString(w, "code", a.Err.Code)
		putString(w, "message", a.Err.Error())
		w.EndObject()
		w.EndObject()
		return w.Bytes()
	}
	putString(w, "rules", transfer.RulesHash)
	w.Key("screen")
	var texts reasons
	writeScreen(w, a.Screen, &texts)
	if a.Decision != nil {
		w.Key("decision")
		writeDecision(w, a.Decision.Refusal, &texts)
	}
	w.Key("reasons")
	w.BeginObject()
	for _, reason := range texts {
		putString(w, string(reason), reason.Message())
	}
	w.EndObject()
	w.EndObject()
	return w.Bytes()
}

// reasons are those that occur in an answer, in the order of their first
// occurrence. They are few.
type reasons []transfer.Reason

// put writes a reason and notes it.
func (rs *reasons) put(w *json.Writer, key string, reason transfer.Reason) {
	putString(w, key, string(reason))
	if reason == "" {
		return
	}
	for _, known := range *rs {
		if known == reason {
			return
		}
	}
	*rs = append(*rs, reason)
}

func writeScreen(w *json.Writer, s transfer.Screen, texts *reasons) {
	w.BeginObject()
	w.Key("button")
	w.BeginObject()
	putString(w, "state", string(s.Button.State))
	texts.put(w, "reason", s.Button.Reason)
	w.EndObject()
	texts.put(w, "notice", s.Notice)
	w.Key("participants")
	writeList(w, s.Participants, writeParticipant)
	w.Key("progress")
	if s.Progress == nil {
		w.Null()
	} else {
		writeProgress(w, s.Progress, texts)
	}
	w.Key("targets")
	w.BeginArray()
	for i := range s.Targets {
		writeTargetView(w, &s.Targets[i], texts)
	}
	w.EndArray()
	w.EndObject()
}

func writeParticipant(w *json.Writer, p transfer.ParticipantView) {
	w.BeginObject()
	putString(w, "sid", p.SID)
	putString(w, "type", p.Type)
	putString(w, "workerSid", p.WorkerSID)
	putString(w, "name", p.Name)
	putBool(w, "me", p.Me)
	w.EndObject()
}

func writeProgress(w *json.Writer, p *transfer.ProgressView, texts *reasons) {
	w.BeginObject()
	putString(w, "transferId", p.TransferID)
	putString(w, "phase", string(p.Phase))
	w.Key("target")
	writeTarget(w, p.Target)
	w.Key("from")
	writeAgent(w, p.From)
	putString(w, "acceptedBy", p.AcceptedBy)
	putTime(w, "since", p.Since)
	putTime(w, "ended", p.Ended)
	texts.put(w, "failure", p.Failure)
	putString(w, "failureMessage", p.Failure.Message())
	putBool(w, "mine", p.Mine)
	w.EndObject()
}

func writeTargetView(w *json.Writer, t *transfer.TargetView, texts *reasons) {
	w.BeginObject()
	putTarget(w, t.Target)
	putString(w, "detail", t.Detail)
	putBool(w, "enabled", t.Enabled)
	texts.put(w, "reason", t.Reason)
	w.EndObject()
}

func writeDecision(w *json.Writer, refusal *transfer.Refusal, texts *reasons) {
	w.BeginObject()
	putBool(w, "ok", refusal == nil)
	if refusal != nil {
		texts.put(w, "code", refusal.Reason)
		putString(w, "message", refusal.Error())
		putString(w, "field", refusal.Field)
	}
	w.EndObject()
}
