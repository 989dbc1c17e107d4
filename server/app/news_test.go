package app

import (
	"testing"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// TestNewsReachEveryBackend: Twilio tells one backend that a worker goes off and
// comes back, and the other ones know it long before they read the directory anew.
func TestNewsReachEveryBackend(t *testing.T) {
	t.Parallel()
	address := startNATS(t)
	r := newRig(t, rigOptions{features: cold, config: func(c *Config) { c.Listen.NATS, c.Listen.Replicas = []string{address}, 1 }})
	other, _ := r.another(func(*Config) {})
	t.Cleanup(func() { r.closeBackend(other) })
	bea := r.worker("bea").SID
	r.eventually("the other backend has read the directory", func() bool { return other.roster.Ready() == nil })
	told := make(chan transfer.WorkerRecord, 16)
	defer other.roster.Subscribe(func(w transfer.WorkerRecord) { told <- w })()
	for _, activity := range []string{"Offline", "Available", "Break"} {
		r.setActivity("bea", activity)
		r.eventually("the other backend knows that bea is "+activity, func() bool {
			w, ok := other.roster.Known(bea)
			return ok && w.ActivityName == activity && w.Available == (activity == "Available")
		})
		if w := <-told; w.SID != bea || w.ActivityName != activity {
			t.Errorf("told of %+v", w)
		}
	}
}
