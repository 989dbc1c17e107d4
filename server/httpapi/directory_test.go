package httpapi

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

func TestDirectory(t *testing.T) {
	w := newWorld()
	var asked Conversation
	w.directory = func(_ context.Context, by Caller, c Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		asked = c
		return []transfer.WorkerRecord{{SID: sid("WK"), FriendlyName: "grace", Available: true}},
			[]transfer.QueueRecord{{SID: sid("WQ"), FriendlyName: "Billing", Unserved: true}}, nil
	}
	a := w.api(t)
	resp := do(a, signedIn("GET", "/v1/directory?interactionSid="+sid("KD")+"&interactionChannelSid="+sid("UO")+"&taskSid="+sid("WT"), ""))
	var got struct {
		Workers []struct {
			SID       string
			Available bool
		}
		Queues []struct {
			SID      string
			Unserved bool
		}
		Settings struct {
			ColdTransfer bool `json:"cold_transfer"`
		}
		Rules string
	}
	if err := json.Unmarshal([]byte(bodyOf(t, resp)), &got); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || len(got.Workers) != 1 || !got.Workers[0].Available || len(got.Queues) != 1 || !got.Queues[0].Unserved ||
		!got.Settings.ColdTransfer || got.Rules != transfer.RulesHash {
		t.Errorf("got %+v", got)
	}
	if asked != (Conversation{sid("KD"), sid("UO"), sid("WT")}) {
		t.Errorf("asked for %+v", asked)
	}
	do(a, signedIn("GET", "/v1/directory", ""))
	if asked != (Conversation{}) {
		t.Errorf("asked for %+v", asked)
	}
}

func TestDirectoryRefuses(t *testing.T) {
	w := newWorld()
	w.directory = func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		t.Error("asked")
		return nil, nil, nil
	}
	a := w.api(t)
	all := "interactionSid=" + sid("KD") + "&interactionChannelSid=" + sid("UO")
	for query, field := range map[string]string{
		all:                           "taskSid",
		all + "&taskSid=" + sid("WR"): "taskSid",
		all + "&taskSid=..%2F":        "taskSid",
		"taskSid=" + sid("WT"):        "interactionSid",
		"taskSid=a&taskSid=b":         "taskSid",
		"taskSid=%zz":                 "",
		all + ";taskSid=" + sid("WT"): "",
		"interactionSid=kd" + sid(""): "interactionSid",
	} {
		if f := expect(t, do(a, signedIn("GET", "/v1/directory?"+query, "")), 400, transfer.ReasonBadRequest); f.Field != field {
			t.Errorf("%s: field %q, want %q", query, f.Field, field)
		}
	}
}

func TestDirectoryFails(t *testing.T) {
	w := newWorld()
	w.directory = func(context.Context, Caller, Conversation) ([]transfer.WorkerRecord, []transfer.QueueRecord, error) {
		return nil, nil, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable}
	}
	expect(t, do(w.api(t), signedIn("GET", "/v1/directory", "")), 503, transfer.ReasonServiceUnavailable)
}
