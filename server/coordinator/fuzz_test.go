package coordinator

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// FuzzTaskEvent takes in what a webhook may say about a task, whose attributes
// agents' scripts and other programs write too, while an invite is out, and while
// it is not known whether one is: what is about another task, and what is
// repeated, changes nothing.
func FuzzTaskEvent(f *testing.F) {
	l := newLab(f)
	l.start(l.open())
	ringing, err := l.store.Open().Last(context.Background(), l.conv.SID)
	l.check(err)
	invite := l.last()
	ours := `{"flexInteractionChannelSid":"` + l.conv.SID + `","transferId":"` + invite.ID + `","transferPlan":{"round":0}}`
	for _, kind := range []string{
		"reservation.accepted", "reservation.rejected", "reservation.timeout", "task.canceled", "task.deleted", "task.system-deleted", "task.updated", "",
	} {
		f.Add(kind, invite.Invite.TaskSID, ours, l.worker("bea"), "", true)
		f.Add(kind, "WT00000000000000000000000000000000", ours, l.worker("bea"), "", false)
		f.Add(kind, "WT00000000000000000000000000000000", ours, l.worker("bea"), "", true)
	}
	for _, attributes := range []string{
		`{"flexInteractionChannelSid":"` + l.conv.SID + `","transferId":"somebody's"}`, `{"flexInteractionChannelSid":"` + l.conv.SID + `"}`,
		strings.Replace(ours, "{", `{"transferId":7,`, 1), strings.Replace(ours, `"round":0`, `"round":1`, 1), strings.Replace(ours, `"round":0`, `"round":1e400`, 1),
		strings.Replace(ours, l.conv.SID, "UO00000000000000000000000000000000", 1), `{"a":` + ours + `}`, `[` + ours + `]`, `null`, `{`, ``,
	} {
		f.Add("reservation.accepted", invite.Invite.TaskSID, attributes, "WK00000000000000000000000000000000", "", false)
		f.Add("task.canceled", invite.Invite.TaskSID, attributes, "", reasonConversationEnded, true)
	}
	f.Fuzz(func(t *testing.T, kind, task, attributes, worker, reason string, known bool) {
		before := ringing.Clone()
		if !known {
			lost := &before.State.Transfers[0]
			lost.Phase, lost.Invite.SID, lost.Invite.TaskSID, lost.Due = transfer.PhaseSearching, "", "", l.clock.Now()
		}
		l.testing, l.store = t, memory.NewStore(memory.Options{Now: l.clock.Now, Quick: true})
		at, err := l.store.Open().Append(t.Context(), before, 0)
		l.check(err)
		p, e := l.open(), TaskEvent{Type: kind, TaskSID: task, TaskAttributes: attributes, WorkerSID: worker, Reason: reason}
		l.check(p.ApplyTask(t.Context(), e))
		_, once := l.stateAt()
		if said := saidBy(attributes); once != at && (known && task != invite.Invite.TaskSID || said != (saying{l.conv.SID, invite.ID, 0})) {
			t.Errorf("%+v is not about %+v, and has made it %+v", e, invite, l.last())
		}
		l.check(p.ApplyTask(t.Context(), e))
		if _, twice := l.stateAt(); twice != once || once > at+1 {
			t.Errorf("%+v: the record %d, then %d, and %d after a repeat", e, at, once, twice)
		}
	})
}

// saying is what a task's attributes say about where the task is from.
type saying struct {
	channel, transfer string
	round             float64
}

// saidBy reads each by itself, by exactly its name.
func saidBy(attributes string) (s saying) {
	var all, plan map[string]json.RawMessage
	_ = json.Unmarshal([]byte(attributes), &all)   // what is no object says nothing
	_ = json.Unmarshal(all["transferPlan"], &plan) // nor does this
	_ = json.Unmarshal(all["transferId"], &s.transfer)
	_ = json.Unmarshal(all["flexInteractionChannelSid"], &s.channel)
	_ = json.Unmarshal(plan["round"], &s.round)
	return s
}

// TestNamesOfOthers: what others write under names that differ from ours by upper
// and lower case alone hides no event about our invites, and is not taken for ours.
func TestNamesOfOthers(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.start(p)
	tr := l.last()
	ours := `"flexInteractionChannelSid":"` + l.conv.SID + `","transferId":"` + tr.ID + `","transferPlan":{"round":0}`
	accepted := TaskEvent{Type: "reservation.accepted", TaskSID: tr.Invite.TaskSID, WorkerSID: l.worker("bea")}
	for _, foreign := range []string{
		`{"FLEXINTERACTIONCHANNELSID":"` + l.conv.SID + `","TRANSFERID":"` + tr.ID + `","TransferPlan":{"ROUND":0}}`,
		`{` + ours + `,"transferPlan":{"round":1e400}}`, `{` + ours + `,"transferPlan":[]}`,
	} {
		accepted.TaskAttributes = foreign
		l.check(p.ApplyTask(t.Context(), accepted))
		if got := l.last(); got.AcceptedBy != "" {
			t.Fatalf("%s is taken for ours: %+v", foreign, got)
		}
	}
	accepted.TaskAttributes = `{"TransferID":17,"FlexInteractionChannelSID":false,"transferplan":"x",` + ours + `,"TRANSFERID":"theirs"}`
	l.check(p.ApplyTask(t.Context(), accepted))
	if got := l.last(); got.AcceptedBy != l.worker("bea") {
		t.Errorf("nobody has heard that it was accepted: %+v", got)
	}
}
