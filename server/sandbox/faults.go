package sandbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// The kinds of fault that a Rule can do.
const (
	FaultStatus     = "status"      // answer Status (429, 500, 503) with Twilio's error body; nothing takes effect
	FaultHTML       = "html"        // answer Status (502 if 0) with an HTML page, as a broken proxy does; nothing takes effect
	FaultReset      = "reset"       // reset the connection; nothing takes effect
	FaultLostAnswer = "lost_answer" // the request takes effect, then the connection is reset
	FaultHang       = "hang"        // nothing takes effect and no answer comes until the caller gives up
	FaultHangAfter  = "hang_after"  // the request takes effect, and no answer comes until the caller gives up
	FaultSlow       = "slow"        // the request is served after Delay
	FaultLate       = "late"        // the connection is reset now; the request takes effect after Delay
)

// Webhook events of the three products carry these names as Match.Product.
const (
	ProductFlex          = "flex-api"
	ProductConversations = "conversations"
	ProductTaskRouter    = "taskrouter"
	ProductIAM           = "iam"
)

// Match says which requests a Rule is about. Empty fields match everything.
type Match struct {
	Product string `json:"product,omitempty"` // flex-api, conversations, taskrouter or iam
	Method  string `json:"method,omitempty"`
	// Path is a path template as the trace shows it (/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}/Invites), or
	// its end after a *, such as */Invites.
	Path string `json:"path,omitempty"`
	// Nth matches only the Nth of the requests that match the rest, counted from 1 since the rule was set; 0 all of them.
	Nth int `json:"nth,omitempty"`
}

// Action is what a Rule does.
type Action struct {
	Kind    string `json:"kind"`               // one of the Fault constants
	Status  int    `json:"status,omitempty"`   // of kind status and html
	DelayMS int    `json:"delay_ms,omitempty"` // of kind slow and late, in milliseconds
}

// Rule is a fault that happens to requests.
type Rule struct {
	Match       Match   `json:"match"`
	Do          Action  `json:"do"`
	Probability float64 `json:"probability,omitempty"` // 0 means always; drawn from the account's seed
	Times       int     `json:"times,omitempty"`       // how often it happens before it ends; 0 means for ever
}

// ListLag makes lists answer as of some time ago, as Twilio's do; fetching one object is always up to date.
type ListLag struct {
	ParticipantsMS int `json:"participants_ms,omitempty"` // InteractionParticipants of a channel
	InvitesMS      int `json:"invites_ms,omitempty"`
	TasksMS        int `json:"tasks_ms,omitempty"`
}

// WebhookFaults happen to webhooks on their way out. Probabilities are between 0 and 1.
type WebhookFaults struct {
	Drop      float64 `json:"drop,omitempty"`      // never delivered
	Duplicate float64 `json:"duplicate,omitempty"` // delivered twice
	Reorder   float64 `json:"reorder,omitempty"`   // delivered after the next one to the same address
	DelayMS   int     `json:"delay_ms,omitempty"`  // each waits that long before it is delivered
}

// Switches are all faults of an account.
type Switches struct {
	Rules    []Rule        `json:"rules"`
	Lag      ListLag       `json:"lag"`
	Webhooks WebhookFaults `json:"webhooks"`
}

// Faults are the fault switches of an account. It is safe for use by several goroutines.
type Faults struct {
	mu     sync.Mutex
	random *rand.Rand
	rules  []*ruleState
	lag    ListLag
	hooks  WebhookFaults
}

type ruleState struct {
	Rule
	seen, done int
}

// Set replaces all switches; the counts of Nth and Times start anew. It refuses an unknown kind, a negative number and a
// probability beyond 1, names the field, and then changes nothing.
func (f *Faults) Set(s Switches) error {
	states := make([]*ruleState, 0, len(s.Rules))
	for i, r := range s.Rules {
		if err := r.validate(); err != nil {
			return fmt.Errorf("rules[%d].%w", i, err)
		}
		states = append(states, &ruleState{Rule: r})
	}
	if err := s.Webhooks.validate(); err != nil {
		return fmt.Errorf("webhooks.%w", err)
	}
	if s.Lag.ParticipantsMS < 0 || s.Lag.InvitesMS < 0 || s.Lag.TasksMS < 0 {
		return fmt.Errorf("lag: must not be negative")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.lag, f.hooks = states, s.Lag, s.Webhooks
	return nil
}

// Add appends one rule. It refuses what Set refuses.
func (f *Faults) Add(r Rule) error {
	if err := r.validate(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, &ruleState{Rule: r})
	return nil
}

// Clear switches every fault off.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.lag, f.hooks = nil, ListLag{}, WebhookFaults{}
}

// Get returns the switches as they were set. Rules that have happened as often as Times allows are still in it.
func (f *Faults) Get() Switches {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Switches{Rules: make([]Rule, 0, len(f.rules)), Lag: f.lag, Webhooks: f.hooks}
	for _, r := range f.rules {
		s.Rules = append(s.Rules, r.Rule)
	}
	return s
}

func (r Rule) validate() error {
	switch r.Do.Kind {
	case FaultStatus:
		if r.Do.Status < 400 || r.Do.Status > 599 {
			return fmt.Errorf("do.status: must be between 400 and 599")
		}
	case FaultHTML:
		if r.Do.Status != 0 && (r.Do.Status < 200 || r.Do.Status > 599) {
			return fmt.Errorf("do.status: must be between 200 and 599")
		}
	case FaultReset, FaultLostAnswer, FaultHang, FaultHangAfter, FaultSlow, FaultLate:
	default:
		return fmt.Errorf("do.kind: %q is not a fault", r.Do.Kind)
	}
	switch {
	case r.Do.DelayMS < 0:
		return fmt.Errorf("do.delay_ms: must not be negative")
	case r.Probability < 0 || r.Probability > 1:
		return fmt.Errorf("probability: must be between 0 and 1")
	case r.Times < 0:
		return fmt.Errorf("times: must not be negative")
	case r.Match.Nth < 0:
		return fmt.Errorf("match.nth: must not be negative")
	}
	return nil
}

func (w WebhookFaults) validate() error {
	for name, p := range map[string]float64{"drop": w.Drop, "duplicate": w.Duplicate, "reorder": w.Reorder} {
		if p < 0 || p > 1 {
			return fmt.Errorf("%s: must be between 0 and 1", name)
		}
	}
	if w.DelayMS < 0 {
		return fmt.Errorf("delay_ms: must not be negative")
	}
	return nil
}

func (m Match) covers(product, method, template string) bool {
	if m.Product != "" && m.Product != product || m.Method != "" && !strings.EqualFold(m.Method, method) {
		return false
	}
	if tail, ok := strings.CutPrefix(m.Path, "*"); ok {
		return strings.HasSuffix(template, tail)
	}
	return m.Path == "" || m.Path == template
}

// pick returns what happens to a request, and counts it.
func (f *Faults) pick(product, method, template string) (Action, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if !r.Match.covers(product, method, template) {
			continue
		}
		r.seen++
		if r.Times > 0 && r.done >= r.Times || r.Match.Nth > 0 && r.seen != r.Match.Nth {
			continue
		}
		if r.Probability > 0 && f.random.Float64() >= r.Probability {
			continue
		}
		r.done++
		return r.Do, true
	}
	return Action{}, false
}

func (f *Faults) listLag() (participants, invites, tasks time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const ms = time.Millisecond
	return time.Duration(f.lag.ParticipantsMS) * ms, time.Duration(f.lag.InvitesMS) * ms, time.Duration(f.lag.TasksMS) * ms
}

// webhook returns what happens to one webhook.
func (f *Faults) webhook() (drop, duplicate, reorder bool, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.hooks
	happens := func(p float64) bool { return p > 0 && f.random.Float64() < p }
	return happens(h.Drop), happens(h.Duplicate), happens(h.Reorder), time.Duration(h.DelayMS) * time.Millisecond
}

// MarshalJSON shows no rules as an empty list.
func (s Switches) MarshalJSON() ([]byte, error) {
	type plain Switches
	if s.Rules == nil {
		s.Rules = []Rule{}
	}
	return json.Marshal(plain(s))
}
