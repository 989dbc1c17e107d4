package app

import (
	"context"
	"encoding/json"
	"testing"
	"time"
)

// TestQueueFigures are told to open pages once somebody has opened the
// directory, and when they change.
func TestQueueFigures(t *testing.T) {
	t.Parallel()
	r, _ := newConfiguredRig(t, "transfer: {coldTransfer: true}")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	next := r.stream(ctx, "ada", "")
	next("hello")
	billing := r.queue("Billing")
	look := func() {
		if a := r.send("GET", "/v1/directory", "", map[string]string{"Authorization": "Bearer " + r.token("ada")}); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	available := func() int {
		for {
			var q struct {
				SID     string
				Figures struct{ Available int }
			}
			if err := json.Unmarshal([]byte(next("queue").data), &q); err != nil {
				t.Fatal(err)
			}
			if q.SID == billing {
				return q.Figures.Available
			}
		}
	}
	look()
	before := available()
	if before < 1 {
		t.Fatalf("%d are available for Billing", before)
	}
	r.setActivity("bea", "Offline")
	if now := available(); now != before-1 {
		t.Errorf("%d are available after one went off, %d before", now, before)
	}
}
