package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func writeScreen(w *json.Writer, s *transfer.Screen, texts *reasons) {
	w.BeginObject()
	putButton(w, "button", s.Button, texts)
	putButton(w, "cold", s.Cold, texts)
	putButton(w, "warm", s.Warm, texts)
	w.Key("exit")
	w.BeginObject()
	putString(w, "kind", string(s.Exit.Kind))
	putString(w, "state", string(s.Exit.State))
	texts.put(w, "reason", s.Exit.Reason)
	w.EndObject()
	texts.put(w, "notice", s.Notice)
	w.Key("participants")
	w.BeginArray()
	for i := range s.Participants {
		writeParticipant(w, &s.Participants[i], texts)
	}
	w.EndArray()
	putInt(w, "parties", s.Parties)
	w.Key("invites")
	w.BeginArray()
	for i := range s.Invites {
		writeInvite(w, &s.Invites[i], texts)
	}
	w.EndArray()
	putProgress(w, s.Progress, texts)
	putTold(w, s.Briefing, texts)
	w.Key("targets")
	w.BeginArray()
	for i := range s.Targets {
		writeTargetView(w, &s.Targets[i], texts)
	}
	w.EndArray()
	w.EndObject()
}

func putButton(w *json.Writer, key string, b transfer.Button, texts *reasons) {
	w.PlainKey(key)
	w.BeginObject()
	putString(w, "state", string(b.State))
	texts.put(w, "reason", b.Reason)
	w.EndObject()
}

func writeParticipant(w *json.Writer, p *transfer.ParticipantView, texts *reasons) {
	w.BeginObject()
	putString(w, "sid", p.SID)
	putString(w, "type", p.Type)
	putString(w, "workerSid", p.WorkerSID)
	putString(w, "name", p.Name)
	putBool(w, "me", p.Me)
	putBool(w, "leaving", p.Leaving)
	putButton(w, "remove", p.Remove, texts)
	w.EndObject()
}

func writeInvite(w *json.Writer, v *transfer.InviteView, texts *reasons) {
	w.BeginObject()
	putString(w, "transferId", v.TransferID)
	w.Key("target")
	writeTarget(w, v.Target)
	putString(w, "mode", string(v.Mode))
	putString(w, "phase", string(v.Phase))
	putString(w, "by", v.By)
	putTime(w, "since", v.Since)
	putTime(w, "deadline", v.Deadline)
	putBool(w, "mine", v.Mine)
	putButton(w, "cancel", v.Cancel, texts)
	w.EndObject()
}

func putProgress(w *json.Writer, p *transfer.ProgressView, texts *reasons) {
	w.Key("progress")
	if p == nil {
		w.Null()
		return
	}
	w.BeginObject()
	putString(w, "transferId", p.TransferID)
	putString(w, "mode", string(p.Mode))
	putString(w, "leaveOn", string(p.LeaveOn))
	putString(w, "phase", string(p.Phase))
	w.Key("target")
	writeTarget(w, p.Target)
	putAsked(w, p.Asked)
	w.Key("from")
	writeAgent(w, p.From)
	w.Key("tried")
	w.BeginArray()
	for i := range p.Tried {
		w.BeginObject()
		w.Key("target")
		writeTarget(w, p.Tried[i].Target)
		texts.put(w, "outcome", p.Tried[i].Outcome)
		putTime(w, "at", p.Tried[i].At)
		w.EndObject()
	}
	w.EndArray()
	texts.put(w, "over", p.Over)
	putString(w, "acceptedBy", p.AcceptedBy)
	putTime(w, "since", p.Since)
	putTime(w, "ringing", p.Ringing)
	putTime(w, "deadline", p.Deadline)
	putTime(w, "ended", p.Ended)
	texts.put(w, "failure", p.Failure)
	putString(w, "failureMessage", p.Failure.Message())
	putBool(w, "mine", p.Mine)
	putButton(w, "cancel", p.Cancel, texts)
	w.EndObject()
}

// putTold writes what the one who looks is told about the conversation.
func putTold(w *json.Writer, b *transfer.BriefingView, texts *reasons) {
	w.Key("briefing")
	if b == nil {
		w.Null()
		return
	}
	w.BeginObject()
	putBriefing(w, b.Briefing)
	putBool(w, "rescued", b.Rescued)
	w.Key("digest")
	if d := b.Digest; d == nil {
		w.Null()
	} else {
		w.BeginObject()
		putString(w, "text", d.Text)
		putBool(w, "service", d.Service)
		texts.put(w, "failure", d.Failure)
		putString(w, "failureMessage", d.Failure.Message())
		w.EndObject()
	}
	putBool(w, "pending", b.Pending)
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
