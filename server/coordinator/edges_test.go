package coordinator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// edges are those of the state machine that the games have to take;
// TestEdgesAreAll holds the list to the machine itself.
var edges = []string{
	"requested → inviting", "inviting → leaving", "inviting → ringing", "inviting → searching", "inviting → failed",
	"inviting → withdrawing", "inviting → completed", "searching → leaving", "searching → ringing", "searching → inviting",
	"searching → withdrawing", "searching → completed", "searching → failed", "searching → declined", "inviting → declined", "leaving → ringing", "leaving → completed",
	"leaving → withdrawing", "leaving → declined", "leaving → abandoned", "ringing → completed", "ringing → leaving",
	"ringing → withdrawing", "ringing → declined", "ringing → abandoned", "withdrawing → inviting", "withdrawing → completed",
	"withdrawing → leaving", "withdrawing → closing", "withdrawing → declined", "withdrawing → timed-out", "withdrawing → canceled",
	"withdrawing → failed", "withdrawing → abandoned", "closing → declined", "closing → timed-out", "closing → failed",
	"closing → canceled", "closing → abandoned",
	"leave: requested → leaving", "leave: leaving → gone", "leave: leaving → failed", "leave: failed → gone",
	"remove: requested → leaving", "remove: leaving → gone", "remove: leaving → failed", "remove: failed → gone",
	"end: requested → leaving", "end: leaving → gone", "end: leaving → failed", "end: failed → gone",
}

// unreached are edges that the machine has for the sake of safety, and why nothing
// that Twilio and the processes do takes them.
var unreached = map[string]string{
	"inviting → abandoned":  "a conversation's end is looked at once it is known whether the invite exists",
	"searching → abandoned": "likewise",
	"closing → completed":   "the invite was taken back before, by the task's ETag: nobody can accept it any more",
	"closing → leaving":     "likewise",
}

// TestEdgesAreAll lets anything happen at any time to transfers of all kinds and
// to departures, and compares the edges that come of it with those that the
// games are counted by.
func TestEdgesAreAll(t *testing.T) {
	found := map[string]bool{}
	worker, queue := transfer.Target{Kind: transfer.TargetWorker, SID: "T2"}, transfer.Target{Kind: transfer.TargetQueue, SID: "T2"}
	for _, plan := range []transfer.Plan{
		{Mode: transfer.ModeWarm, Target: queue}, {Mode: transfer.ModeCold, LeaveOn: transfer.LeaveOnInvite, Target: worker},
		{Mode: transfer.ModeCold, LeaveOn: transfer.LeaveOnAccept, Target: worker},
	} {
		plan.TransferID, plan.InteractionChannelSID, plan.Timeout = "XT1", "UO1", time.Minute
		plan.From = transfer.Agent{WorkerSID: "WK1", ParticipantSID: "UT1", TaskSID: "WT1"}
		explore(t, transfer.State{}, transfer.Requested{Plan: plan}, map[string]bool{}, found)
	}
	want := slices.Sorted(maps.Keys(unreached))
	want = slices.Sorted(slices.Values(append(want, edges...)))
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Errorf("the machine has\n%s\nlisted are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// explore takes the state through the event and whatever may follow.
func explore(t *testing.T, before transfer.State, e transfer.Event, seen, found map[string]bool) {
	s, err := transfer.Advance(before, e)
	if errors.Is(err, transfer.ErrPointless) || errors.Is(err, transfer.ErrUnknownTransfer) {
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", e.Name(), err)
	}
	for _, edge := range edgesOf(before, s) {
		found[edge] = true
	}
	tr, departures := s.Transfers[0], ""
	for _, d := range s.Departures {
		departures += fmt.Sprint(d.ID, d.Phase)
	}
	key := fmt.Sprint(tr.Phase, tr.AcceptedBy, tr.Over, min(tr.Round, 1), tr.Attempt, tr.LeftAt.IsZero(), tr.Invite.TaskSID, tr.Invite.After, tr.Target, departures)
	if seen[key] || !tr.Open() || tr.Round > 1 || len(s.Departures) > 1 {
		return
	}
	seen[key] = true
	for _, next := range whatever(tr) {
		explore(t, s, next, seen, found)
	}
}

// whatever is all that may happen to a transfer and to its people.
func whatever(tr transfer.Transfer) []transfer.Event {
	id, round, at, task := tr.ID, tr.Round, time.Unix(1, 0), fmt.Sprint("WT2", tr.Round)
	events := []transfer.Event{
		transfer.Invited{TransferID: id, Round: round, InviteSID: "KG1", TaskSID: task, At: at}, transfer.InviteRefused{TransferID: id, Round: round, Reason: transfer.ReasonInviteRefused, At: at},
		transfer.InviteUnknown{TransferID: id, Round: round, At: at}, transfer.InviteMissing{TransferID: id, Round: round, At: at}, transfer.Stayed{TransferID: id, At: at},
		transfer.Left{TransferID: id, At: at}, transfer.Accepted{TransferID: id, WorkerSID: "WK2", TaskSID: task, At: at},
		transfer.InviteEnded{TransferID: id, TaskSID: task, At: at}, transfer.InviteEnded{TransferID: id, At: at},
		transfer.Declined{TransferID: id, TaskSID: task, Reason: transfer.ReasonTargetDeclined, At: at},
		transfer.TimedOut{TransferID: id, At: at.Add(time.Hour)}, transfer.Canceled{TransferID: id, At: at},
		transfer.Closed{TransferID: id, At: at}, transfer.Abandoned{TransferID: id, At: at},
	}
	if tr.Invite.After != "" {
		events = append(events, transfer.Accepted{TransferID: id, WorkerSID: "WK2", TaskSID: tr.Invite.After, At: at},
			transfer.FormerTakenBack{TransferID: id, TaskSID: tr.Invite.After, At: at})
	}
	for _, next := range []transfer.Next{
		{}, {Kind: transfer.NextClose}, {Kind: transfer.NextTarget, Target: transfer.Target{Kind: transfer.TargetQueue, SID: "T3"}},
		{Kind: transfer.NextTarget, Target: transfer.Target{Kind: transfer.TargetWorker, SID: "T4"}},
	} {
		events = append(events, transfer.Withdrawn{TransferID: id, Next: next, At: at})
		if next.Kind == transfer.NextTarget && tr.Invite.TaskSID != "" {
			events = append(events, transfer.Withdrawn{TransferID: id, Next: next, Standing: true, At: at})
		}
	}
	departures := []transfer.Departure{
		{ID: "XD1", Kind: transfer.DepartureLeave, Agent: tr.From}, {ID: "XD2", Kind: transfer.DepartureLeave, Agent: transfer.Agent{TaskSID: task}},
		{ID: "XD3", Kind: transfer.DepartureEnd, Agent: tr.From}, {ID: "XD4", Kind: transfer.DepartureRemove, Agent: tr.From},
	}
	if tr.Phase != transfer.PhaseRinging {
		departures = departures[:2] // of how somebody leaves, the transfer knows nothing
	}
	for _, d := range departures {
		events = append(events, transfer.DepartureRequested{Departure: d, InteractionChannelSID: "UO1", At: at},
			transfer.Departed{DepartureID: d.ID, At: at}, transfer.DepartureRefused{DepartureID: d.ID, At: at})
	}
	return events
}
