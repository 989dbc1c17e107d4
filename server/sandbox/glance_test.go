package sandbox_test

import (
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// TestGlanceShowsWhatASnapshotShows compares the two while a conversation gets a second agent and the first one wraps up.
func TestGlanceShowsWhatASnapshotShows(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	s := l.talk("Chris")
	compare := func(when string) {
		t.Helper()
		g, whole := l.Glance(s.InteractionChannelSID), l.Snapshot()
		is(t, when+": status", g.Status, whole.InteractionChannels[0].Status)
		is(t, when+": participants", len(g.Participants), len(whole.InteractionParticipants))
		for i, p := range whole.InteractionParticipants {
			want := sandbox.GlanceParticipant{SID: p.SID, Type: p.Type, Wrapping: g.Participants[i].Wrapping}
			if rp := p.RoutingProperties; rp != nil {
				want.WorkerSID, want.TaskSID = rp.WorkerSID, rp.TaskSID
			}
			is(t, when+": participant", g.Participants[i], want)
		}
		is(t, when+": tasks", len(g.Tasks), len(whole.Tasks))
		seen := 0
		for i, task := range whole.Tasks {
			is(t, when+": task", g.Tasks[i].SID, task.SID)
			is(t, when+": task's status", g.Tasks[i].Status, task.AssignmentStatus)
			is(t, when+": task's attributes", g.Tasks[i].Attributes, task.Attributes)
			for _, r := range g.Tasks[i].Reservations {
				is(t, when+": reservation", r, sandbox.GlanceReservation{
					SID: whole.Reservations[seen].SID, Status: whole.Reservations[seen].ReservationStatus,
					WorkerSID: whole.Reservations[seen].WorkerSID, WorkerName: whole.Reservations[seen].WorkerName,
				})
				seen++
			}
		}
		is(t, when+": reservations", seen, len(whole.Reservations))
	}
	compare("one agent")
	invited := must[string](t)(l.transfer(s, toWorker(l.WorkerSID("chidi"))))
	compare("invited")
	l.accept(invited)
	compare("two agents")
	ada := l.agents(s)[l.WorkerSID("ada")]
	noError(t, l.setParticipant(s, ada, "wrapup"))
	compare("one wraps up")
	for _, p := range l.Glance(s.InteractionChannelSID).Participants {
		is(t, "wrapping "+p.SID, p.Wrapping, p.SID == ada)
	}
	noError(t, l.setParticipant(s, ada, "closed"))
	compare("one is gone")
	if g := l.Glance("UO00000000000000000000000000000000"); g.Status != "" || g.Participants != nil || g.Tasks != nil {
		t.Errorf("there is no such channel: %+v", g)
	}
}

func TestGlanceAtAWorker(t *testing.T) {
	l := newLab(t, sandbox.Options{})
	sid := l.WorkerSID("ada")
	w, ok := l.GlanceWorker(sid)
	is(t, "known", ok, true)
	is(t, "worker", w, sandbox.GlanceWorker{SID: sid, Name: "ada", Activity: "Available", Available: true})
	must[sandbox.Worker](t)(l.SetActivity(sid, l.ActivitySID("Break")))
	w, _ = l.GlanceWorker(sid)
	is(t, "worker on a break", w, sandbox.GlanceWorker{SID: sid, Name: "ada", Activity: "Break"})
	_, ok = l.GlanceWorker("WK00000000000000000000000000000000")
	is(t, "known", ok, false)
}

// TestRecordSince reads a record in pieces, also one that has dropped its oldest entries.
func TestRecordSince(t *testing.T) {
	for _, limit := range []int{0, 60} {
		l := newLab(t, sandbox.Options{RecordLimit: limit})
		pieces, next := l.Record().Since(0, sandbox.Query{})
		for _, name := range []string{"Chris", "Dana"} {
			for range 150 { // more than a chunk of the record
				must[sandbox.StartedConversation](t)(l.StartConversation(sandbox.Customer{Name: name}, "Hello"))
			}
			var more []sandbox.RecordEntry
			more, next = l.Record().Since(next, sandbox.Query{})
			pieces = append(pieces, more...)
		}
		all := l.Record().Entries(sandbox.Query{})
		is(t, "next", next, len(all)+l.Record().Dropped())
		for i := range all {
			is(t, "entry", pieces[len(pieces)-len(all)+i], all[i])
		}
		if limit > 0 && l.Record().Dropped() == 0 {
			t.Errorf("nothing was dropped: %d entries", len(all))
		}
		tasks, _ := l.Record().Since(0, sandbox.Query{Kind: "task"})
		is(t, "tasks", len(tasks), len(l.Record().Entries(sandbox.Query{Kind: "task"})))
		if none, again := l.Record().Since(next, sandbox.Query{}); len(none) > 0 || again != next {
			t.Errorf("%d entries that were seen already, %d", len(none), again)
		}
	}
}
