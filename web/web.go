// Package web holds the demo's pages: plain ES modules, styles and words, embedded as they are written. There is no build
// step.
//
// The page is index.html, served at /; everything else is served under /web/ by the names that Files has: /web/demo/main.js
// is demo/main.js. The page acts as workers and customers through the sandbox's stage (/stage/), decides through the wasm
// module (/wasm/) and asks the backend (/v1/) for transfers.
package web

import (
	"embed"
	"io/fs"
)

// ContentSecurityPolicy is what the pages need and no more: no inline script or style, WebAssembly, and nothing from or to
// any other origin.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed index.html favicon.svg demo/*.js styles/*.css words/*.json
var files embed.FS

// Files returns the pages. They are part of the binary and never change while it runs.
func Files() fs.FS { return files }
