package wire

import (
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const requestHead = `{"wire":1,"mode":"cold","interactionSid":"KD00000000000000000000000000000001",` +
	`"interactionChannelSid":"UO00000000000000000000000000000001","taskSid":"WT00000000000000000000000000000001"`

const goodRequest = requestHead + `,"target":{"kind":"queue","sid":"WQ00000000000000000000000000000001"},"rules":"abc"}`

func TestDecodeRequest(t *testing.T) {
	want := transfer.Request{
		Mode: transfer.ModeCold, InteractionSID: one("KD", "1"), InteractionChannelSID: one("UO", "1"), TaskSID: one("WT", "1"),
		Target: transfer.Target{Kind: transfer.TargetQueue, SID: one("WQ", "1")}, Rules: "abc",
	}
	if q, err := DecodeRequest(goodRequest); err != nil || q != want {
		t.Errorf("%+v, %v", q, err)
	}
	want.LeaveOn, want.Reason, want.Notes = transfer.LeaveOnAccept, "facturación", "line 1\nline 2 \u2028"
	more := strings.Replace(goodRequest, `"rules"`, `"leaveOn":"accept","reason":"facturaci\u00f3n","notes":"line 1\nline 2 \u2028","rules"`, 1)
	if q, err := DecodeRequest(more); err != nil || q != want {
		t.Errorf("with all: %+v, %v", q, err)
	}
	want.LeaveOn, want.Reason, want.Notes, want.Rules = "", "", "", ""
	nothing := strings.Replace(goodRequest, `,"rules":"abc"`, `,"reason":"","notes":""`, 1)
	if q, err := DecodeRequest(nothing); err != nil || q != want {
		t.Errorf("with empty ones: %+v, %v", q, err)
	}
	if q, err := DecodeRequest(strings.Replace(goodRequest, `,"rules":"abc"`, "", 1)); err != nil || q != want {
		t.Errorf("without rules: %+v, %v", q, err)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	with := func(from, to string) string {
		if !strings.Contains(goodRequest, from) {
			t.Fatalf("%s is not in the request", from)
		}
		return strings.Replace(goodRequest, from, to, 1)
	}
	target := `{"kind":"queue","sid":"WQ00000000000000000000000000000001"}`
	for text, want := range map[string]string{
		`null`:                "at offset 0: expected an object, found null",
		goodRequest + "}":     `at offset 269: expected the end, found "}"`,
		with(`"wire":1,`, ``): "wire: is missing",
		with(`"rules"`, `"action":"transfer","rules"`):                       "action: is not a known field",
		with(`"rules"`, `"kind":"leave","rules"`):                            "kind: is not a known field",
		with(`"rules"`, `"transferId":"x","rules"`):                          "transferId: is not a known field",
		with(`"rules"`, `"leaveOn":"","rules"`):                              "leaveOn: expected 1 to 128 printable characters of ASCII",
		with(`"rules"`, `"leaveOn":null,"rules"`):                            "leaveOn: at offset 265: expected a string, found null",
		with(`"rules"`, `"reason":7,"rules"`):                                "reason: at offset 264: expected a string, found a number",
		with(`"rules"`, `"reason":"`+strings.Repeat("ö", 51)+`","rules"`):    "reason: expected at most 100 bytes",
		with(`"rules"`, `"notes":"`+strings.Repeat("n", 20_001)+`","rules"`): "notes: expected at most 20000 bytes",
		with(`"wire":1`, `"wire":1.0`):                                       "wire: at offset 8: expected a whole number of 64 bits, found 1.0",
		with(`"mode":"cold",`, ``):                                           "mode: is missing",
		with(`"cold"`, `""`):                                                 "mode: expected 1 to 128 printable characters of ASCII",
		with(`"cold"`, `"co\nld"`):                                           "mode: expected 1 to 128 printable characters of ASCII",
		with(`"cold"`, `null`):                                               "mode: at offset 17: expected a string, found null",
		with(`,"target":`+target, ``):                                        "target: is missing",
		with(target, `[]`):                                                   "target: at offset 195: expected an object, found an array",
		with(target, `{"kind":"queue"}`):                                     "target.sid: is missing",
		with(`"kind":"queue",`, ``):                                          "target.kind: is missing",
		with(`"kind":"queue"`, `"kind":1`):                                   "target.kind: at offset 203: expected a string, found a number",
		with(`"queue"`, `"team"`):                                            `target.kind: expected "worker" or "queue"`,
		with(`"queue"`, `"worker"`):                                          "target.sid: expected the SID of a worker (WK…)",
		with(`"queue"`, `"queue","name":"x"`):                                "target.name: is not a known field",
		with(`"rules"`, `"mode":"cold","rules"`):                             "mode: is there twice",
		with(`"rules"`, `"facts":{},"rules"`):                                "facts: is not a known field",
		with(`"rules"`, `"Rules"`):                                           "Rules: is not a known field",
		with(`"abc"`, `"`+strings.Repeat("a", 129)+`"`):                      "rules: expected 1 to 128 printable characters of ASCII",
		with(`"WT0`, `"WK0`):                                                 "taskSid: expected a SID, WT and 32 hexadecimal digits",
		with(`"WT0000`, `"WT000`):                                            "taskSid: expected a SID, WT and 32 hexadecimal digits",
		with(`"KD0`, `"KDX`):                                                 "interactionSid: expected a SID, KD and 32 hexadecimal digits",
		with(`"UO00000000000000000000000000000001"`, `"../../x"`):            "interactionChannelSid: expected a SID, UO and 32 hexadecimal digits",
		with(`"WQ0`, `"UT0`):                                                 "target.sid: expected a SID, WK or WQ and 32 hexadecimal digits",
	} {
		_, err := DecodeRequest(text)
		refused(t, text, err, CodeBadRequest, want)
	}
	_, err := DecodeRequest(with(`"wire":1`, `"wire":2`))
	refused(t, "wire 2", err, CodeUnknownWireFormat, "wire: format 2 is not known; this side speaks 1")
	longest := strings.Repeat("n", 20_000)
	if q, err := DecodeRequest(with(`"rules"`, `"notes":"`+longest+`","reason":"`+longest[:100]+`","rules"`)); err != nil || q.Notes != longest {
		t.Errorf("the longest: %v", err)
	}
}

const goodConversation = `"wire":1,"interactionSid":"KD00000000000000000000000000000001",` +
	`"interactionChannelSid":"UO00000000000000000000000000000001","taskSid":"WT00000000000000000000000000000001"`

func TestDecodeCancel(t *testing.T) {
	want := transfer.Request{
		Action: transfer.ActionCancel, InteractionSID: one("KD", "1"), InteractionChannelSID: one("UO", "1"), TaskSID: one("WT", "1"),
	}
	if q, err := DecodeCancel("{" + goodConversation + "}"); err != nil || q != want {
		t.Errorf("%+v, %v", q, err)
	}
	want.TaskSID, want.Rules = "", "abc"
	if q, err := DecodeCancel("{" + strings.Replace(goodConversation, one("WT", "1"), "", 1) + `,"rules":"abc"}`); err != nil || q != want {
		t.Errorf("of one who has left: %+v, %v", q, err)
	}
	for text, want := range map[string]string{
		`{}`:                                                          "wire: is missing",
		`{"wire":1,"interactionSid":""}`:                              "interactionSid: expected a SID, KD and 32 hexadecimal digits",
		`{"wire":1,"taskSid":null}`:                                   "taskSid: at offset 20: expected a string, found null",
		`{"wire":1,"taskSid":"WT1"}`:                                  "taskSid: expected a SID, WT and 32 hexadecimal digits",
		"{" + goodConversation + `,"mode":"cold"}`:                    "mode: is not a known field",
		"{" + goodConversation + `,"transferId":"x"}`:                 "transferId: is not a known field",
		"{" + goodConversation + `,"taskSid":""}`:                     "taskSid: is there twice",
		"{" + strings.TrimPrefix(goodConversation, `"wire":1,`) + "}": "wire: is missing",
		`{"wire":1}`:                                                  "interactionSid: is missing",
	} {
		_, err := DecodeCancel(text)
		refused(t, text, err, CodeBadRequest, want)
	}
}

func TestDecodeDeparture(t *testing.T) {
	want := transfer.Request{InteractionSID: one("KD", "1"), InteractionChannelSID: one("UO", "1"), TaskSID: one("WT", "1")}
	for _, kind := range []transfer.Action{transfer.ActionLeave, transfer.ActionEnd} {
		want.Action = kind
		if q, err := DecodeDeparture(`{"kind":"` + string(kind) + `",` + goodConversation + "}"); err != nil || q != want {
			t.Errorf("%s: %+v, %v", kind, q, err)
		}
	}
	want.Action, want.ParticipantSID, want.Rules = transfer.ActionRemove, one("UT", "1"), "abc"
	if q, err := DecodeDeparture(`{"rules":"abc","participantSid":"` + one("UT", "1") + `","kind":"remove",` + goodConversation + "}"); err != nil || q != want {
		t.Errorf("%+v, %v", q, err)
	}
	head := "{" + goodConversation
	for text, want := range map[string]string{
		head + "}":                                     "kind: is missing",
		head + `,"kind":""}`:                           `kind: expected "leave", "remove" or "end"`,
		head + `,"kind":"transfer"}`:                   `kind: expected "leave", "remove" or "end"`,
		head + `,"kind":"cancel"}`:                     `kind: expected "leave", "remove" or "end"`,
		head + `,"kind":null}`:                         "kind: at offset 179: expected a string, found null",
		head + `,"kind":"remove"}`:                     "participantSid: is missing",
		head + `,"kind":"remove","participantSid":""}`: "participantSid: expected a SID, UT and 32 hexadecimal digits",
		head + `,"kind":"remove","participantSid":"` + one("MB", "1") + `"}`:                "participantSid: expected a SID, UT and 32 hexadecimal digits",
		head + `,"kind":"leave","participantSid":"` + one("UT", "1") + `"}`:                 `participantSid: is only for the kind "remove"`,
		head + `,"kind":"end","action":"end"}`:                                              "action: is not a known field",
		head + `,"kind":"end","kind":"end"}`:                                                "kind: is there twice",
		head + `,"kind":"end","notes":""}`:                                                  "notes: is not a known field",
		`{"kind":"leave",` + strings.Replace(goodConversation, one("WT", "1"), "", 1) + "}": "taskSid: expected a SID, WT and 32 hexadecimal digits",
	} {
		_, err := DecodeDeparture(text)
		refused(t, text, err, CodeBadRequest, want)
	}
}

func FuzzDecodeOtherBodies(f *testing.F) {
	f.Add("{" + goodConversation + "}")
	f.Add(`{"kind":"remove","participantSid":"` + one("UT", "1") + `",` + goodConversation + "}")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := DecodeCancel(text)
		checkFuzzed(t, text, err, CodeBadRequest)
		if err == nil && (!transfer.ValidSID(q.InteractionChannelSID, "UO") || (q.TaskSID != "" && !transfer.ValidSID(q.TaskSID, "WT"))) {
			t.Fatalf("%q was read as the cancel %+v", text, q)
		}
		q, err = DecodeDeparture(text)
		checkFuzzed(t, text, err, CodeBadRequest)
		if err == nil && (!transfer.ValidSID(q.TaskSID, "WT") || (q.Action == transfer.ActionRemove) != transfer.ValidSID(q.ParticipantSID, "UT")) {
			t.Fatalf("%q was read as the departure %+v", text, q)
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add(goodRequest)
	f.Add(strings.Replace(goodRequest, "queue", "worker", 1))
	f.Add(strings.Replace(goodRequest, `"rules"`, `"leaveOn":"accept","reason":"","notes":"a\nb","rules"`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		q, err := DecodeRequest(text)
		checkFuzzed(t, text, err, CodeBadRequest)
		if err != nil {
			return
		}
		// What is accepted is what the standard reads, and complete.
		var std struct {
			Wire                                        int
			Mode, InteractionSID, InteractionChannelSID string
			TaskSID, Rules, LeaveOn, Reason, Notes      string
			Target                                      struct{ Kind, SID string }
		}
		if err := stdjson.Unmarshal([]byte(text), &std); err != nil {
			t.Fatal(err)
		}
		want := transfer.Request{
			Mode: transfer.Mode(std.Mode), InteractionSID: std.InteractionSID, InteractionChannelSID: std.InteractionChannelSID,
			TaskSID: std.TaskSID, Rules: std.Rules, LeaveOn: transfer.LeaveOn(std.LeaveOn), Reason: std.Reason, Notes: std.Notes, Target: transfer.Target{Kind: transfer.TargetKind(std.Target.Kind), SID: std.Target.SID},
		}
		if q != want || !transfer.ValidSID(q.TaskSID, "WT") || !transfer.ValidSID(q.Target.SID, "WK", "WQ") {
			t.Fatalf("%q was read as %+v", text, q)
		}
	})
}
