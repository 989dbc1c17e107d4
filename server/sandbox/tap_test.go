package sandbox_test

import (
	"testing"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// TestTap hears of what happens within the call that makes it happen, in order, and instead of the address.
func TestTap(t *testing.T) {
	var heard []string
	account := sandbox.New(sandbox.Options{Seed: 1, Tap: &sandbox.Tap{
		Record:  func(e sandbox.RecordEntry) { heard = append(heard, e.Kind+" "+e.Status) },
		Webhook: func(h sandbox.Webhook) { heard = append(heard, h.Event+" "+h.Form.Get("WorkerName")) },
	}})
	defer account.Close()
	if err := account.Load(sandbox.DemoWorld()); err != nil {
		t.Fatal(err)
	}
	account.SetWebhooks(sandbox.Webhooks{TaskRouterURL: "http://nobody.invalid/", TaskRouterEvents: []string{"worker.activity.update"}})
	heard = nil
	if _, err := account.SetActivity(account.WorkerSID("ada"), account.ActivitySID("Offline")); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 2 || heard[0] != "worker Offline" || heard[1] != "worker.activity.update ada" {
		t.Errorf("heard %q, want the record's entry and then the webhook", heard)
	}
}
