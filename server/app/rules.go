package app

import (
	"github.com/flex-transfer/flex-transfer/wasm/dist"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// The embedded module and this program are compiled from the same sources (a
// test holds them to it), so the module's hash names the rules of both. Without
// it a page could not tell from the stream that its module is an older one.
func init() {
	if built, err := dist.Manifest(); err == nil {
		transfer.RulesHash = built.Rules
	}
}
