package wire

import (
	"reflect"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestTransferThereAndBack(t *testing.T) {
	want := sampleTransfer()
	text := AppendTransfer(nil, one("KD", "1"), one("UO", "1"), want)
	golden(t, "transfer.json", text)
	got, err := DecodeTransfer(string(text))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	empty, err := DecodeTransfer(string(AppendTransfer(nil, "", "", transfer.Transfer{})))
	if err != nil || !reflect.DeepEqual(empty, transfer.Transfer{DroppedAttributes: []string{}}) {
		t.Errorf("of nothing: %+v, %v", empty, err)
	}
}

func TestTransferKeepsToItselfWhatIsNotForPages(t *testing.T) {
	public, private := sampleTransfer(), sampleTransfer()
	private.Due, private.Attempt = moment0(), 3
	private.FailureDetail = "Twilio error 20404"
	private.Invite.Attributes, private.Invite.WorkflowSID = `{"customer":"x"}`, one("WW", "1")
	private.Repairs[0].Detail = "agent WK… has left"
	private.Tried[0].TaskSID, private.TimeoutSeconds, private.OriginQueueSID = one("WT", "9"), 120, one("WQ", "9")
	a, b := AppendTransfer(nil, "", "", public), AppendTransfer(nil, "", "", private)
	if string(a) != string(b) {
		t.Errorf("%s\ndiffers from\n%s", b, a)
	}
}

func TestDecodeTransferRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`null`:                         "expected a transfer, found null",
		`{"requestedAt":"now"}`:        "requestedAt: at offset 15: expected a time such as 2006-01-02T15:04:05.000Z",
		`{"invite":{"sid":1}}`:         "invite.sid: at offset 17: expected a string, found a number",
		`{"droppedAttributes":["",1]}`: "droppedAttributes[1]: at offset 25: expected a string, found a number",
		`{"target":{"kind":1}}`:        "target.kind: at offset 18: expected a string, found a number",
		`{"asked":{"sid":1}}`:          "asked.sid: at offset 16: expected a string, found a number",
		`{"round":-1}`:                 "round: expected a number from 0 to 1073741824",
		`{"tried":[{"at":"x"}]}`:       "tried[0].at: at offset 16: expected a time such as 2006-01-02T15:04:05.000Z",
		`{"briefing":"x"}`:             "briefing: at offset 12: expected an object, found a string",
		`{"digest":{"service":1}}`:     "digest.service: at offset 21: expected true or false, found a number",
	} {
		_, err := DecodeTransfer(text)
		refused(t, text, err, CodeBadRecords, want)
	}
}

func FuzzDecodeTransfer(f *testing.F) {
	f.Add(string(AppendTransfer(nil, one("KD", "1"), one("UO", "1"), sampleTransfer())))
	f.Fuzz(func(t *testing.T, text string) {
		first, err := DecodeTransfer(text)
		checkFuzzed(t, text, err, CodeBadRecords)
		if err != nil {
			return
		}
		// Written and read again, nothing changes but what is finer than a millisecond.
		times := []*time.Time{&first.RequestedAt, &first.InvitedAt, &first.LeftAt, &first.EndedAt, &first.AcceptedAt, &first.Deadline}
		for i := range first.Tried {
			times = append(times, &first.Tried[i].At)
		}
		for i := range first.Repairs {
			times = append(times, &first.Repairs[i].At)
		}
		if !truncate(times...) {
			return
		}
		if first.DroppedAttributes == nil {
			first.DroppedAttributes = []string{}
		}
		second, err := DecodeTransfer(string(AppendTransfer(nil, "", "", first)))
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%q: %+v, then %+v, %v", text, first, second, err)
		}
	})
}

// truncate cuts off what is finer than a millisecond. It is false where a time is
// beyond RFC 3339 once it is in UTC.
func truncate(times ...*time.Time) bool {
	for _, at := range times {
		if at.Year() < 0 || at.Year() > 9999 {
			return false
		}
		*at = at.Truncate(time.Millisecond)
	}
	return true
}
