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
	if a.Err != nil {
		return appendFault(buf, a.Err)
	}
	return appendScreen(buf, &a.Screen, a.Decision)
}

// appendFault appends the answer to a question that there is none to.
func appendFault(buf []byte, err *Error) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	w.Key("wire")
	w.Int(Version)
	w.Key("error")
	w.BeginObject()
	putString(w, "code", err.Code)
	putString(w, "message", err.Error())
	w.EndObject()
	w.EndObject()
	return w.Bytes()
}

func appendScreen(buf []byte, s *transfer.Screen, d *Decision) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	w.Key("wire")
	w.Int(Version)
	putString(w, "rules", transfer.RulesHash)
	w.Key("screen")
	var texts reasons
	writeScreen(w, s, &texts)
	if d != nil {
		w.Key("decision")
		writeDecision(w, d.Refusal, &texts)
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
