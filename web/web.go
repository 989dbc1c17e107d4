// Package web holds the demo's pages: plain ES modules, styles and words, embedded as they are written. There is no build
// step.
//
// The page is index.html, served at /; everything else is served under /web/ by the names that Files has: /web/demo/main.js
// is demo/main.js. The page acts as workers and customers through the sandbox's stage (/stage/), decides through the wasm
// module (/wasm/) and asks the backend (/v1/) for transfers. It has no inline script or style, so that a Content Security
// Policy of 'self' and 'wasm-unsafe-eval' is enough.
package web

import (
	"embed"
	"io/fs"
)

//go:embed index.html favicon.svg demo/*.js styles/*.css words/*.json
var files embed.FS

// Files returns the pages. They are part of the binary and never change while it runs.
func Files() fs.FS { return files }
