package wire

import (
	"reflect"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestDepartureThereAndBack(t *testing.T) {
	want := sampleDeparture()
	text := AppendDeparture(nil, one("KD", "1"), one("UO", "1"), want)
	golden(t, "departure.json", text)
	got, err := DecodeDepartureRecord(string(text))
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	empty, err := DecodeDepartureRecord(string(AppendDeparture(nil, "", "", transfer.Departure{})))
	if err != nil || empty != (transfer.Departure{}) {
		t.Errorf("of nothing: %+v, %v", empty, err)
	}
}

func TestDepartureKeepsToItselfWhatIsNotForPages(t *testing.T) {
	private := sampleDeparture()
	private.Due, private.FailureDetail, private.LeaveAs = moment0(), "Twilio error 20404", transfer.LeaveWrapup
	a, b := AppendDeparture(nil, "", "", sampleDeparture()), AppendDeparture(nil, "", "", private)
	if string(a) != string(b) {
		t.Errorf("%s\ndiffers from\n%s", b, a)
	}
}

func TestDecodeDepartureRecordRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`null`:                    "expected a departure, found null",
		`{"requestedAt":"now"}`:   "requestedAt: at offset 15: expected a time such as 2006-01-02T15:04:05.000Z",
		`{"agent":{"taskSid":1}}`: "agent.taskSid: at offset 20: expected a string, found a number",
	} {
		_, err := DecodeDepartureRecord(text)
		refused(t, text, err, CodeBadRecords, want)
	}
}

func FuzzDecodeDepartureRecord(f *testing.F) {
	f.Add(string(AppendDeparture(nil, one("KD", "1"), one("UO", "1"), sampleDeparture())))
	f.Fuzz(func(t *testing.T, text string) {
		first, err := DecodeDepartureRecord(text)
		checkFuzzed(t, text, err, CodeBadRecords)
		if err != nil || !truncate(&first.RequestedAt, &first.EndedAt) {
			return
		}
		second, err := DecodeDepartureRecord(string(AppendDeparture(nil, "", "", first)))
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%q: %+v, then %+v, %v", text, first, second, err)
		}
	})
}
