// Package js embeds the scripts by which a page uses the module: the loader and
// the client of the backend's stream. They are plain ES modules, served as they
// are; their types are in the .d.ts files beside them.
package js

import (
	"embed"
	"io/fs"
)

//go:embed *.js *.d.ts
var files embed.FS

// Files holds the scripts: loader.js, events.js and words.js, which pages and
// plugins use, glue.js, which the loader fetches, and their types.
func Files() fs.FS { return files }
