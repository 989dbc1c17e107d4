package app

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/flex-transfer/flex-transfer/server/mirror"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// metrics are what /metrics shows.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	events   *prometheus.CounterVec
	accepted prometheus.Histogram
	reloads  *prometheus.CounterVec
	mirror   *prometheus.CounterVec
	repairs  *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "twilio_calls_total", Help: "Calls to Twilio by endpoint, HTTP status and outcome.",
		}, []string{"endpoint", "status", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "twilio_call_seconds", Help: "Time of calls to Twilio.", Buckets: prometheus.ExponentialBuckets(0.005, 2, 12),
		}, []string{"endpoint"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "transfer_events_total", Help: "Recorded events of transfers, by event, phase afterwards and reason of failure.",
		}, []string{"event", "phase", "failure"}),
		accepted: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "transfer_accepted_seconds", Help: "Time from request to acceptance.", Buckets: prometheus.ExponentialBuckets(0.25, 2, 14),
		}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "config_reload_total", Help: "Changes of the settings file: applied, same (nothing in it concerns the account), or not in force: invalid, missing.",
		}, []string{"outcome"}),
	}
	m.mirror = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mirror_total", Help: "Writes of outstanding invites into the attributes of conversations: written, unchanged, skipped (and why), restored (changes of others that our write had undone).",
	}, []string{"outcome", "why"})
	m.repairs = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "reconcile_findings_total", Help: "What was found to be wrong in conversations and acted on, by finding: repaired, failed (tried again), no-queue (nobody can be asked to take a customer over), moot (changed meanwhile).",
	}, []string{"finding", "outcome"})
	m.registry.MustRegister(m.repairs, m.calls, m.seconds, m.events, m.accepted, m.reloads, m.mirror,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) call(c twilioapi.Call) {
	m.calls.WithLabelValues(c.Endpoint, strconv.Itoa(c.Status), string(c.Outcome)).Inc()
	m.seconds.WithLabelValues(c.Endpoint).Observe(c.Duration.Seconds())
}

func (m *metrics) reload(o settings.Outcome) { m.reloads.WithLabelValues(string(o)).Inc() }

func (m *metrics) mirrored(o mirror.Outcome) {
	for outcome, n := range map[string]int{"written": o.Written, "unchanged": o.Unchanged, "skipped": o.Skipped, "restored": o.Restored} {
		why := ""
		if outcome == "skipped" {
			why = string(o.Why)
		}
		if n > 0 {
			m.mirror.WithLabelValues(outcome, why).Add(float64(n))
		}
	}
}

func (m *metrics) event(event string, t transfer.Transfer) {
	m.events.WithLabelValues(event, string(t.Phase), string(t.Failure)).Inc()
	if t.Phase == transfer.PhaseCompleted {
		m.accepted.Observe(t.EndedAt.Sub(t.RequestedAt).Seconds())
	}
}
