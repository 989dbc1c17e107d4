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
	asked := transfer.Target{Kind: transfer.TargetWorker, SID: one("WK", "4"), Name: "Grace"}
	return transfer.Transfer{
		ID: "t-1", Mode: transfer.ModeCold, LeaveOn: transfer.LeaveOnAccept, LeaveAs: transfer.LeaveWrapup, Phase: transfer.PhaseCanceled,
		From:   transfer.Agent{WorkerSID: one("WK", "1"), Name: "Ada \"the first\"", ParticipantSID: one("UT", "1"), TaskSID: one("WT", "1")},
		Target: transfer.Target{Kind: transfer.TargetQueue, SID: one("WQ", "1"), Name: "Zürich\n"}, Asked: &asked,
		RequestedBy: one("WK", "9"), AcceptedBy: one("WK", "2"),
		Invite: transfer.Invite{SID: one("KG", "1"), TaskSID: one("WT", "2")}, Round: 2,
		Tried: []transfer.Tried{{Target: asked, Outcome: transfer.ReasonTargetDeclined, At: moment0().Add(2 * time.Second)}},
		Over:  transfer.ReasonInviteTimedOut, Rescue: true,
		Repairs: []transfer.Repair{{Code: transfer.FindingStranded, At: moment0().Add(3 * time.Second)}},

		RequestedAt: moment0(), InvitedAt: moment0().Add(time.Second), EndedAt: moment0().Add(time.Minute),
		AcceptedAt: moment0().Add(59 * time.Second), Deadline: moment0().Add(2 * time.Minute),
		Failure: transfer.ReasonInviteCanceled, DroppedAttributes: []string{"big", "bigger"},
		Briefing: transfer.Briefing{From: "Ada", Reason: "billing", Notes: "line 1\nline 2"},
		Digest:   &transfer.Digest{Text: "- hello", Service: true, Failure: transfer.ReasonSummaryFailed}, DigestWanted: true,
	}
}

func sampleDeparture() transfer.Departure {
	return transfer.Departure{
		ID: "d-1", Kind: transfer.DepartureRemove, Phase: transfer.DepartureFailed, RequestedBy: one("WK", "9"),
		Agent:       transfer.Agent{WorkerSID: one("WK", "1"), Name: "Ada", ParticipantSID: one("UT", "1"), TaskSID: one("WT", "1")},
		RequestedAt: moment0(), EndedAt: moment0().Add(time.Second), Failure: transfer.ReasonLeaveRefused,
	}
}

func sampleSettings() transfer.Settings {
	return transfer.Settings{
		ColdTransfer: true, MultiParticipant: true, LeaveOn: transfer.LeaveOnAccept, LeaveOnChoice: true, LeaveAs: transfer.LeaveWrapup,
		InviteTimeout: 45 * time.Second, QueueTimeout: 5 * time.Minute, FallbackAlways: true, MaxInvites: 3,
		Fallbacks: []transfer.Fallback{{Kind: transfer.FallbackAgent}, {Kind: transfer.FallbackQueue, SID: one("WQ", "2")}},
		PingPong:  transfer.PingPong{Transfers: 3, Within: 10 * time.Minute, QueueSID: one("WQ", "3")},
		Handover: transfer.HandoverSettings{Required: true, NotesMax: 500, Digest: true, Reasons: []transfer.ReasonOption{
			{Code: "billing", Labels: map[string]string{"": "Billing", "es-ES": "Facturación", "de": "Rechnung"}},
			{Code: "other", Labels: map[string]string{"": "Something else"}},
		}},
		Directory: transfer.DirectorySettings{Native: true, HideUnavailable: true, HideEmptyQueues: true, QueuesBySkill: true},
		Permissions: []transfer.Permission{
			{Name: "all", ToQueues: transfer.Patterns{Deny: []string{"*VIP*"}}},
			{Name: "juniors", Workers: []string{"A*"}, Teams: []string{"one"}, Roles: []string{"agent"}, Skills: []string{"en"}, FromQueues: []string{"Q?"},
				NoCold: true, NoWarm: true, ToWorkers: transfer.Patterns{Allow: []string{"B*", "C*"}}, ToTeams: transfer.Patterns{Allow: []string{"x"}, Deny: []string{"y"}}},
			{Name: "chiefs", Roles: []string{"supervisor", "admin"}},
		},
	}
}
