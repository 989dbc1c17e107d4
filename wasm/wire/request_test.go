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
	want.Rules = ""
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
		`null`:                                                    "at offset 0: expected an object, found null",
		goodRequest + "}":                                         `at offset 269: expected the end, found "}"`,
		with(`"wire":1,`, ``):                                     "wire: is missing",
		with(`"wire":1`, `"wire":1.0`):                            "wire: at offset 8: expected a whole number of 64 bits, found 1.0",
		with(`"mode":"cold",`, ``):                                "mode: is missing",
		with(`"cold"`, `""`):                                      "mode: expected 1 to 128 printable characters of ASCII",
		with(`"cold"`, `"co\nld"`):                                "mode: expected 1 to 128 printable characters of ASCII",
		with(`"cold"`, `null`):                                    "mode: at offset 17: expected a string, found null",
		with(`,"target":`+target, ``):                             "target: is missing",
		with(target, `[]`):                                        "target: at offset 195: expected an object, found an array",
		with(target, `{"kind":"queue"}`):                          "target.sid: is missing",
		with(`"kind":"queue",`, ``):                               "target.kind: is missing",
		with(`"kind":"queue"`, `"kind":1`):                        "target.kind: at offset 203: expected a string, found a number",
		with(`"queue"`, `"team"`):                                 `target.kind: expected "worker" or "queue"`,
		with(`"queue"`, `"worker"`):                               "target.sid: expected the SID of a worker (WK…)",
		with(`"queue"`, `"queue","name":"x"`):                     "target.name: is not a known field",
		with(`"rules"`, `"mode":"cold","rules"`):                  "mode: is there twice",
		with(`"rules"`, `"facts":{},"rules"`):                     "facts: is not a known field",
		with(`"rules"`, `"Rules"`):                                "Rules: is not a known field",
		with(`"abc"`, `"`+strings.Repeat("a", 129)+`"`):           "rules: expected 1 to 128 printable characters of ASCII",
		with(`"WT0`, `"WK0`):                                      "taskSid: expected a SID, WT and 32 hexadecimal digits",
		with(`"WT0000`, `"WT000`):                                 "taskSid: expected a SID, WT and 32 hexadecimal digits",
		with(`"KD0`, `"KDX`):                                      "interactionSid: expected a SID, KD and 32 hexadecimal digits",
		with(`"UO00000000000000000000000000000001"`, `"../../x"`): "interactionChannelSid: expected a SID, UO and 32 hexadecimal digits",
		with(`"WQ0`, `"UT0`):                                      "target.sid: expected a SID, WK or WQ and 32 hexadecimal digits",
	} {
		_, err := DecodeRequest(text)
		refused(t, text, err, CodeBadRequest, want)
	}
	_, err := DecodeRequest(with(`"wire":1`, `"wire":2`))
	refused(t, "wire 2", err, CodeUnknownWireFormat, "wire: format 2 is not known; this side speaks 1")
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add(goodRequest)
	f.Add(strings.Replace(goodRequest, "queue", "worker", 1))
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
			TaskSID, Rules                              string
			Target                                      struct{ Kind, SID string }
		}
		if err := stdjson.Unmarshal([]byte(text), &std); err != nil {
			t.Fatal(err)
		}
		want := transfer.Request{
			Mode: transfer.Mode(std.Mode), InteractionSID: std.InteractionSID, InteractionChannelSID: std.InteractionChannelSID,
			TaskSID: std.TaskSID, Rules: std.Rules, Target: transfer.Target{Kind: transfer.TargetKind(std.Target.Kind), SID: std.Target.SID},
		}
		if q != want || !transfer.ValidSID(q.TaskSID, "WT") || !transfer.ValidSID(q.Target.SID, "WK", "WQ") {
			t.Fatalf("%q was read as %+v", text, q)
		}
	})
}
