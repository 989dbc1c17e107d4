package wire

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares JSON with a golden file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := readFile(t, path)
	if string(got)+"\n" != want {
		t.Errorf("%s differs (go test -update writes it anew):\ngot  %s\nwant %s", name, got, want)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// refused checks the code and the text of a decoder's error.
func refused(t *testing.T, text string, err error, code, message string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want an error: %s", text, err, message)
		return
	}
	if e.Code != code || e.Error() != message {
		t.Errorf("%s:\ngot  %s: %s\nwant %s: %s", text, e.Code, e.Error(), code, message)
	}
}

// one is a SID that differs from others in its last digit.
func one(prefix, digit string) string { return prefix + "0000000000000000000000000000000" + digit }

func moment0() time.Time { return time.Date(2025, 3, 4, 5, 6, 7, 8_000_000, time.UTC) }

func sampleTransfer() transfer.Transfer {
	return transfer.Transfer{
		ID: "t-1", Mode: transfer.ModeCold, Phase: transfer.PhaseCanceled,
		From:        transfer.Agent{WorkerSID: one("WK", "1"), Name: "Ada \"the first\"", ParticipantSID: one("UT", "1"), TaskSID: one("WT", "1")},
		Target:      transfer.Target{Kind: transfer.TargetQueue, SID: one("WQ", "1"), Name: "Zürich\n"},
		RequestedBy: one("WK", "9"), AcceptedBy: one("WK", "2"),
		Invite:      transfer.Invite{SID: one("KG", "1"), TaskSID: one("WT", "2")},
		RequestedAt: moment0(), InvitedAt: moment0().Add(time.Second), EndedAt: moment0().Add(time.Minute),
		Failure: transfer.ReasonInviteCanceled, DroppedAttributes: []string{"big", "bigger"},
	}
}
