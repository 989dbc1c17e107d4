package coordinator

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestRecordsOfVersion1 carries on what a backend of the first layout of the
// state has recorded, in each phase. The records are written by hand.
func TestRecordsOfVersion1(t *testing.T) {
	for phase, wants := range map[transfer.Phase]struct {
		invited bool // the old backend's invite exists
		ends    transfer.Phase
	}{
		transfer.PhaseInviting:  {false, transfer.PhaseCompleted},
		transfer.PhaseSearching: {true, transfer.PhaseCompleted},
		transfer.PhaseLeaving:   {true, transfer.PhaseCompleted},
		transfer.PhaseRinging:   {true, transfer.PhaseCompleted},
		transfer.PhaseCompleted: {false, transfer.PhaseCompleted},
		transfer.PhaseFailed:    {false, transfer.PhaseFailed},
		transfer.PhaseCanceled:  {false, transfer.PhaseCanceled},
		transfer.PhaseAbandoned: {false, transfer.PhaseAbandoned},
	} {
		t.Run(string(phase), func(t *testing.T) {
			l := newLab(t)
			r := l.oldRecord(phase, wants.invited)
			if r.State.Version != 1 || r.State.Transfers[0].Phase != phase {
				t.Fatalf("the record: %+v", r)
			}
			p := l.open()
			_, err := p.ledger.Append(t.Context(), r, 0)
			l.check(err)
			if phase.Ended() {
				l.run(p)
				if now, at := l.stateAt(); at != 1 || now.Transfers[0].Phase != wants.ends {
					t.Errorf("a transfer that had ended: record %d, %+v", at, now)
				}
				return
			}
			if phase == transfer.PhaseRinging { // the old backend has removed Ada
				l.check(l.client.LeaveParticipant(t.Context(), l.conv.InteractionSID, l.conv.SID, r.State.Transfers[0].From.ParticipantSID, ""))
			}
			l.until(p, transfer.PhaseRinging)
			l.accept("bea")
			l.deliverAll(p)
			if now := l.until(p, wants.ends); now.AcceptedBy != l.worker("bea") || len(l.invites(now.ID)) != 1 {
				t.Errorf("%d invites, %+v", len(l.invites(now.ID)), now)
			}
			if v := l.state().Version; v != transfer.StateVersion {
				t.Errorf("what was carried on is of version %d", v)
			}
		})
	}
}

// oldRecord is a record of the first layout, about the lab's conversation.
func (l *lab) oldRecord(phase transfer.Phase, invited bool) (r ledger.Record) {
	l.testing.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "v1", string(phase)+".json"))
	l.check(err)
	ada, _ := l.reservation("ada", "accepted")
	participant := ""
	in, err := l.client.Participants(context.Background(), l.conv.InteractionSID, l.conv.SID)
	l.check(err)
	for _, p := range in {
		if p.TaskSID == ada.TaskSID {
			participant = p.SID
		}
	}
	attributes := `{"transferTargetType":"worker","transferTargetSid":"` + l.worker("bea") + `","transferId":"XT0123456789abcdef0123456789abcdef",` +
		`"transferPlan":{"mode":"cold","requestedBy":"` + l.worker("ada") + `"},"workerSidsInConversation":["` + l.worker("ada") + `"]}`
	invite, task := "KG00000000000000000000000000000001", "WT00000000000000000000000000000001"
	if invited {
		l.post("flex-api.twilio.com", "/v1/Interactions/"+l.conv.InteractionSID+"/Channels/"+l.conv.SID+"/Invites", url.Values{"Routing": {
			`{"properties":{"workspace_sid":"` + l.account.WorkspaceSID() + `","workflow_sid":"` + l.workflow + `","task_channel_unique_name":"chat","attributes":` + attributes + `}}`,
		}}.Encode())
		made, err := l.client.Invites(context.Background(), l.conv.InteractionSID, l.conv.SID)
		l.check(err)
		invite, task = made[len(made)-1].SID, made[len(made)-1].TaskSID
	}
	filled := strings.NewReplacer("{interaction}", l.conv.InteractionSID, "{channel}", l.conv.SID, "{ada}", l.worker("ada"), "{bea}", l.worker("bea"),
		"{participant}", participant, "{task}", ada.TaskSID, "{workflow}", l.workflow, "{attributes}", strconv.Quote(attributes),
		"{inviteSid}", invite, "{inviteTask}", task, "{now}", l.clock.Now().Format(time.RFC3339Nano)).Replace(string(text))
	l.check(json.Unmarshal([]byte(filled), &r))
	return r
}
