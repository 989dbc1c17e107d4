//go:build js && wasm && faults

package bridge

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/hack-pad/safejs"
)

// A module that is built with the tag faults can be made to fail, so that tests
// see what a page sees then. It is never shipped.
func init() {
	timeout = 5 * time.Second
	exports["panic"] = func(*bridge, []safejs.Value) any { panic("on demand") }
	exports["die"] = func(*bridge, []safejs.Value) any {
		go func() { panic("a goroutine that nobody guards") }()
		return nil
	}
	calls["collect"] = func(arguments) (call, error) {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // what the first one finalized
		runtime.ReadMemStats(&stats)
		return call{}, errors.New(strconv.FormatUint(stats.HeapObjects, 10))
	}
	calls["panic"] = func(arguments) (call, error) { panic("on demand") }
	calls["die"] = func(arguments) (call, error) {
		go func() { panic("a goroutine that nobody guards") }()
		select {}
	}
}

// beforeDecision fails on demand.
func beforeDecision(question string) {
	if strings.Contains(question, "panic, please") {
		panic("on demand")
	}
}
