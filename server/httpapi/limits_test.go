package httpapi

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestOneAgentsFloodHurtsNobodyElse fills one worker's bucket.
func TestOneAgentsFloodHurtsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWorld().api(t, func(o *Options) { o.AgentRate = 2 })
		get := func() int {
			resp := do(a, signedIn("GET", "/v1/directory", ""))
			if resp.StatusCode == 429 && resp.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
			}
			return resp.StatusCode
		}
		for i := range 2 * burstSeconds {
			if got := get(); got != 200 {
				t.Fatalf("request %d: %d", i, got)
			}
		}
		expect(t, do(a, signedIn("GET", "/v1/directory", "")), 429, ReasonTooManyRequests)
		if wait, allowed := a.Allow(ada.WorkerSID); allowed || wait != time.Second {
			t.Errorf("what is answered beside the API: %v, wait %v", allowed, wait)
		}
		if err := a.limits.take("somebody else", time.Now()); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		time.Sleep(500 * time.Millisecond)
		if _, allowed := a.Allow(ada.WorkerSID); !allowed {
			t.Error("refused half a second later")
		}
		if got := get(); got != 429 {
			t.Errorf("once more: %d", got)
		}
	})
}

// TestLimitsForget keeps no bucket of who has not asked for long.
func TestLimitsForget(t *testing.T) {
	l := newLimits(5)
	now := time.Now()
	for i := range 1024 {
		_ = l.take(time.Duration(i).String(), now)
	}
	_ = l.take("the next", now.Add(time.Minute))
	if n := len(l.byWorker); n != 1 {
		t.Errorf("%d buckets are kept", n)
	}
}
