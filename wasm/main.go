//go:build js && wasm

// Command wasm is the module that a page loads: the rules, compiled for the
// browser. See package bridge for what it offers.
package main

import (
	"os"

	"github.com/flex-transfer/flex-transfer/wasm/bridge"
)

func main() {
	if len(os.Args) != 2 {
		fail("the name of the global variable that holds the host is required")
	}
	if err := bridge.Serve(os.Args[1]); err != nil {
		fail(err.Error())
	}
}

// fail ends the program; the loader sees the exit and reports it.
func fail(message string) {
	println("flex-transfer:", message)
	os.Exit(1)
}
