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
	if err != nil || len(empty.DroppedAttributes) != 0 || !empty.InvitedAt.IsZero() {
		t.Errorf("of nothing: %+v, %v", empty, err)
	}
}

func TestTransferKeepsToItselfWhatIsNotForPages(t *testing.T) {
	public, private := sampleTransfer(), sampleTransfer()
	private.Due, private.Attempt = moment0(), 3
	private.FailureDetail = "Twilio error 20404"
	private.Invite.Attributes, private.Invite.WorkflowSID = `{"customer":"x"}`, one("WW", "1")
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
		for _, at := range []*time.Time{&first.RequestedAt, &first.InvitedAt, &first.LeftAt, &first.EndedAt} {
			if at.Year() < 0 || at.Year() > 9999 {
				return // beyond RFC 3339 once it is in UTC
			}
			*at = at.Truncate(time.Millisecond)
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
