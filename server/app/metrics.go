package app

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

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
	}
	m.registry.MustRegister(m.calls, m.seconds, m.events, m.accepted,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) call(c twilioapi.Call) {
	m.calls.WithLabelValues(c.Endpoint, strconv.Itoa(c.Status), string(c.Outcome)).Inc()
	m.seconds.WithLabelValues(c.Endpoint).Observe(c.Duration.Seconds())
}

func (m *metrics) event(event string, t transfer.Transfer) {
	m.events.WithLabelValues(event, string(t.Phase), string(t.Failure)).Inc()
	if t.Phase == transfer.PhaseCompleted {
		m.accepted.Observe(t.EndedAt.Sub(t.RequestedAt).Seconds())
	}
}
