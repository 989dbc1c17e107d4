//go:build js && wasm && !faults

package bridge

// beforeDecision does something only where a module is built to fail.
func beforeDecision(string) {}
