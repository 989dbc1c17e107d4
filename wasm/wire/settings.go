package wire

import (
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// AppendSettings appends the settings, with the defaults in the place of what
// is not set: a page need not know them. Where conversations go that nobody
// took is written only where it is set.
func AppendSettings(buf []byte, s transfer.Settings) []byte {
	w := json.NewWriter(buf)
	writeSettings(w, s)
	return w.Bytes()
}

// DecodeSettings reads what [AppendSettings] wrote. Fields that are not known
// are skipped. It fails with an [*Error] whose code is [CodeBadRecords].
func DecodeSettings(text string) (transfer.Settings, error) {
	var s transfer.Settings
	r := json.NewReader(text)
	return s, finish(r, CodeBadRecords, readAllSettings(r, &s))
}

func writeSettings(w *json.Writer, s transfer.Settings) {
	w.BeginObject()
	putBool(w, "cold_transfer", s.ColdTransfer)
	putBool(w, "multi_participant", s.MultiParticipant)
	putBool(w, "native_transfers", s.NativeTransfers)
	putString(w, "leave_on", or(string(s.LeaveOn), string(transfer.LeaveOnInvite)))
	putBool(w, "leave_on_choice", s.LeaveOnChoice)
	putString(w, "leave_as", or(string(s.LeaveAs), string(transfer.LeaveCompleted)))
	putInt(w, "invite_timeout", seconds(or(s.InviteTimeout, transfer.DefaultInviteTimeout)))
	putInt(w, "queue_timeout", seconds(or(s.QueueTimeout, transfer.DefaultQueueTimeout)))
	if s.Fallbacks != nil {
		w.Key("fallbacks")
		writeList(w, s.Fallbacks, writeFallback)
	}
	if s.FallbackAlways {
		putBool(w, "fallback_always", true)
	}
	w.Key("ping_pong")
	w.BeginObject()
	putInt(w, "transfers", s.PingPong.Transfers)
	putInt(w, "within", seconds(s.PingPong.Within))
	putString(w, "queue_sid", s.PingPong.QueueSID)
	w.EndObject()
	w.Key("handover")
	writeHandover(w, s.Handover)
	w.Key("directory")
	writeDirectorySettings(w, s.Directory)
	w.Key("permissions")
	writeList(w, s.Permissions, writePermission)
	putInt(w, "max_invites", or(s.MaxInvites, transfer.DefaultMaxInvites))
	w.EndObject()
}

// or is the value, or the standard one where the value is none.
func or[T comparable](value, standard T) T {
	var none T
	if value == none {
		return standard
	}
	return value
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func writeFallback(w *json.Writer, f transfer.Fallback) {
	w.BeginObject()
	putString(w, "kind", string(f.Kind))
	putString(w, "sid", f.SID)
	w.EndObject()
}

func writeHandover(w *json.Writer, h transfer.HandoverSettings) {
	w.BeginObject()
	w.Key("reasons")
	writeList(w, h.Reasons, writeReasonOption)
	putBool(w, "required", h.Required)
	putInt(w, "notes_max", h.NotesLimit())
	putBool(w, "digest", h.Digest)
	w.EndObject()
}

// writeReasonOption writes the labels in the order of their languages, so that
// the same settings are the same text.
func writeReasonOption(w *json.Writer, o transfer.ReasonOption) {
	w.BeginObject()
	putString(w, "code", o.Code)
	w.Key("labels")
	w.BeginObject()
	languages := make([]string, 0, len(o.Labels))
	for language := range o.Labels {
		languages = append(languages, language)
	}
	slices.Sort(languages)
	for _, language := range languages {
		w.Key(language)
		w.String(o.Labels[language])
	}
	w.EndObject()
	w.EndObject()
}

func writeDirectorySettings(w *json.Writer, d transfer.DirectorySettings) {
	w.BeginObject()
	source := "own"
	if d.Native {
		source = "native"
	}
	putString(w, "source", source)
	putBool(w, "hide_unavailable", d.HideUnavailable)
	putBool(w, "hide_empty_queues", d.HideEmptyQueues)
	putBool(w, "queues_by_skill", d.QueuesBySkill)
	w.EndObject()
}

func writePermission(w *json.Writer, p transfer.Permission) {
	w.BeginObject()
	putString(w, "name", p.Name)
	putStrings(w, "workers", p.Workers)
	putStrings(w, "teams", p.Teams)
	putStrings(w, "roles", p.Roles)
	putStrings(w, "skills", p.Skills)
	putStrings(w, "from_queues", p.FromQueues)
	putBool(w, "no_cold", p.NoCold)
	putBool(w, "no_warm", p.NoWarm)
	putPatterns(w, "to_queues", p.ToQueues)
	putPatterns(w, "to_workers", p.ToWorkers)
	putPatterns(w, "to_teams", p.ToTeams)
	w.EndObject()
}

// putStrings writes a list, or nothing where it is empty.
func putStrings(w *json.Writer, key string, items []string) {
	if len(items) > 0 {
		w.Key(key)
		writeList(w, items, (*json.Writer).String)
	}
}

func putPatterns(w *json.Writer, key string, p transfer.Patterns) {
	if len(p.Allow)+len(p.Deny) == 0 {
		return
	}
	w.Key(key)
	w.BeginObject()
	putStrings(w, "allow", p.Allow)
	putStrings(w, "deny", p.Deny)
	w.EndObject()
}
