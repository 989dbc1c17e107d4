package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kinds of trouble. Each may be left out of a run by name.
const (
	FaultNotSent  = "not-sent"  // the connection to Twilio is refused
	FaultLost     = "lost"      // the request takes effect, its answer is lost
	FaultReset    = "reset"     // the request is lost
	FaultHang     = "hang"      // the request is lost, and no answer comes until the caller gives up
	FaultHangDone = "hang-done" // it takes effect, and no answer comes until the caller gives up
	FaultBusy     = "busy"      // 429
	FaultBroken   = "broken"    // 5xx, with or without effect
	FaultSlow     = "slow"      // the answer takes seconds
	FaultLate     = "late"      // the answer is lost, and the request takes effect much later
	FaultHooks    = "hooks"     // webhooks are late, lost, repeated, out of order
	FaultLag      = "lag"       // Twilio's lists lag
	FaultKill     = "kill"      // backends are killed
	FaultFreeze   = "freeze"    // backends stand still for a while
	FaultCut      = "cut"       // backends are cut off from the ledger
	FaultLedger   = "ledger"    // the ledger is slow, and its answers get lost
	FaultSkew     = "skew"      // the backends' clocks are apart
	FaultBehind   = "behind"    // agents and administrators do things that no backend hears of, as in Flex's own screens
)

// AllFaults are all kinds of trouble.
var AllFaults = []string{
	FaultNotSent, FaultLost, FaultReset, FaultHang, FaultHangDone, FaultBusy, FaultBroken, FaultSlow, FaultLate,
	FaultHooks, FaultLag, FaultKill, FaultFreeze, FaultCut, FaultLedger, FaultSkew, FaultBehind,
}

// fate is what becomes of one call to Twilio.
type fate struct {
	kind    string // "" for a call that goes well
	there   time.Duration
	back    time.Duration
	effect  bool
	outcome string // for the story
}

// weather is how rough a run is: the part of the calls that something happens
// to.
type weather struct {
	calls, hooks, ledger          float64
	kills, freezes, cuts          time.Duration // mean time between them, of each backend; 0: none
	lag                           time.Duration
	skew                          time.Duration
	behind                        float64 // of what agents do
	quickest, slowest, hookDelays time.Duration
}

// drawWeather draws how rough a run is.
func drawWeather(o *Options) weather {
	r := newRoll(o.Seed, "weather")
	w := weather{
		calls: oneOf(&r, 0, 0.005, 0.02, 0.05, 0.12), hooks: oneOf(&r, 0, 0.02, 0.1, 0.4), ledger: oneOf(&r, 0, 0.005, 0.03),
		kills: oneOf(&r, 0, 30*time.Minute, 8*time.Minute), freezes: oneOf(&r, 0, 30*time.Minute, 6*time.Minute),
		cuts: oneOf(&r, 0, 40*time.Minute, 10*time.Minute), lag: oneOf(&r, 0, 500*time.Millisecond, time.Second),
		skew:     oneOf(&r, 0, 200*time.Millisecond, 400*time.Millisecond),
		quickest: 20 * time.Millisecond, slowest: oneOf(&r, 120*time.Millisecond, 500*time.Millisecond),
		behind: oneOf(&r, 0, 0.03, 0.15), hookDelays: oneOf(&r, 200*time.Millisecond, 2*time.Second),
	}
	if o.Rough {
		w.calls, w.hooks, w.ledger, w.kills, w.freezes, w.cuts = 0.12, 0.2, 0.03, 8*time.Minute, 6*time.Minute, 10*time.Minute
		w.lag, w.skew, w.behind = time.Second, 400*time.Millisecond, 0.05
	}
	for kind, off := range map[string]func(){
		FaultHooks: func() { w.hooks = 0 }, FaultLag: func() { w.lag = 0 }, FaultKill: func() { w.kills = 0 },
		FaultFreeze: func() { w.freezes = 0 }, FaultCut: func() { w.cuts = 0 }, FaultLedger: func() { w.ledger = 0 },
		FaultSkew: func() { w.skew = 0 }, FaultBehind: func() { w.behind = 0 },
	} {
		if !o.has(kind) {
			off()
		}
	}
	if o.NoReconciler {
		w.behind = 0
	}
	return w
}

// fateOf draws what becomes of a call: the number-th one of the operation about
// the conversation.
func (s *Simulation) fateOf(op string, t *talk, number int) fate {
	r := newRoll(s.options.Seed, op, t.number, number)
	f := fate{effect: true}
	f.there, f.back = r.between(s.weather.quickest, s.weather.slowest), r.between(s.weather.quickest/4, s.weather.slowest/4)
	if s.calm || !r.happens(s.weather.calls) {
		return f
	}
	kind := oneOf(&r, FaultNotSent, FaultLost, FaultLost, FaultReset, FaultHang, FaultHangDone, FaultBusy, FaultBroken, FaultSlow, FaultSlow, FaultLate)
	half, long, later := r.happens(0.5), r.between(time.Second, 6*time.Second), r.between(3*time.Second, 25*time.Second)
	if !s.options.has(kind) || kind == FaultLate && !lateable[op] || !s.trouble(t, fmt.Sprint(kind, " ", op, " ", t.number, " ", number)) {
		return f
	}
	f.kind = kind
	switch kind {
	case FaultNotSent, FaultReset, FaultHang, FaultBusy:
		f.effect = false
	case FaultBroken:
		f.effect = half
	case FaultSlow:
		if half {
			f.there = long
		} else {
			f.back = long
		}
	case FaultLate:
		f.there = later
	}
	return f
}

// lateable are the calls that may take effect after their caller was told of a
// broken connection.
var lateable = map[string]bool{"invite": true, "leave": true, "close": true, "cancel": true}

// trouble counts a disturbance that was drawn, of a conversation or (nowhere) of
// everything, and reports whether it is to happen: a run that is being shrunk
// leaves some out, by their names.
func (s *Simulation) trouble(t *talk, name string) bool {
	if s.options.Without[name] {
		return false
	}
	t.troubles = append(t.troubles, s.now())
	s.result.Troubles++
	if s.options.Tell {
		s.troubles = append(s.troubles, name)
	}
	return true
}

// disturbed is how many disturbances there were of a conversation, and of the
// backends, since a time.
func (s *Simulation) disturbed(t *talk, since time.Time) (n int) {
	for _, list := range [][]time.Time{t.troubles, s.shaken} {
		for i := len(list) - 1; i >= 0 && list[i].After(since); i-- {
			n++
		}
	}
	return n
}

// has reports whether the kind of trouble is part of the run.
func (o *Options) has(kind string) bool { return o.Faults == nil || slices.Contains(o.Faults, kind) }

// words say what a fate is, in a story.
func (f fate) words() string {
	switch f.kind {
	case FaultNotSent:
		return "the connection is refused"
	case FaultLost:
		return "the answer is lost"
	case FaultReset:
		return "the request is lost"
	case FaultHang:
		return "it hangs and is lost"
	case FaultHangDone:
		return "it is done, and the answer hangs"
	case FaultBusy:
		return "Twilio answers 429"
	case FaultBroken:
		if f.effect {
			return "it is done, and Twilio answers 500"
		}
		return "Twilio answers 500"
	case FaultSlow:
		return "it takes long"
	case FaultLate:
		return fmt.Sprintf("the connection breaks; it takes effect %s later", f.there.Round(100*time.Millisecond))
	}
	return ""
}

// faultsBut are all kinds but those given.
func faultsBut(without ...string) []string {
	return slices.DeleteFunc(slices.Clone(AllFaults), func(k string) bool { return slices.Contains(without, k) })
}

// ParseFaults reads a list of kinds, separated by commas; "all" and "none" are
// what they say.
func ParseFaults(list string) ([]string, error) {
	switch list {
	case "", "all":
		return slices.Clone(AllFaults), nil
	case "none":
		return []string{}, nil
	}
	kinds := strings.Split(list, ",")
	for _, k := range kinds {
		if !slices.Contains(AllFaults, k) {
			return nil, fmt.Errorf("faults: %q is none of %s", k, strings.Join(AllFaults, ", "))
		}
	}
	return kinds, nil
}
