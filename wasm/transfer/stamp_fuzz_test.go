package transfer

import (
	"strings"
	"testing"
)

// FuzzReadStamp reads the attributes of tasks, which agents, customers' data
// and other programs write too.
func FuzzReadStamp(f *testing.F) {
	for _, seed := range []string{
		`{"transferId":"XT00000000000000000000000000000001","transferPlan":{"round":2}}`,
		`{"transferId":7,"transferPlan":[]}`, `{"transferPlan":{"round":1e400},"transferId":"x"}`, `{"transferId":"\ud800"}`, `transferId`, ``,
		`{"transferId":"a","transferId":"b"}`, `{"transferPlan":{"round":-1},"transferId":""}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, attributes string) {
		id, round := ReadStamp(attributes)
		if id == "" && round != 0 && !strings.Contains(attributes, AttributeTransferID) {
			t.Errorf("%q: round %d of nobody's transfer", attributes, round)
		}
		if again, r := ReadStamp(attributes); again != id || r != round {
			t.Errorf("%q is read as %q %d, then as %q %d", attributes, id, round, again, r)
		}
	})
}

// FuzzFacts makes facts of records whose attributes are anything.
func FuzzFacts(f *testing.F) {
	f.Add(`{"flexInteractionSid":"KD1","conversations":{"conversation_id":"WT1"}}`, `{"routing":{"skills":["a"]},"roles":["agent"]}`)
	f.Add(`[]`, `null`)
	f.Add(`{"flexInteractionSid":1}`, `{"routing":{"skills":"a"}}`)
	f.Fuzz(func(t *testing.T, task, worker string) {
		r := Records{Worker: WorkerRecord{SID: "WK00000000000000000000000000000001", Attributes: worker}}
		r.Task.Attributes = task
		r.Workers = []WorkerRecord{{SID: "WK00000000000000000000000000000002", Attributes: worker}}
		facts, err := r.Facts()
		if err != nil {
			return
		}
		View(facts)
		_, _ = Decide(facts, Request{Mode: ModeCold, Target: Target{Kind: TargetWorker, SID: "WK00000000000000000000000000000002"}})
	})
}
