// Package bundle makes one script of the Flex UI, so that a page can load it. The npm package is not standalone: it leaves
// some 235 other packages to a bundler.
package bundle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// Name is the file that Build writes.
const Name = "flex-ui.js"

// ErrNotInstalled says that the npm packages are missing.
var ErrNotInstalled = errors.New("the Flex UI is not installed: run npm ci there")

// Build bundles the Flex UI of a folder with a package.json (server/sandbox/flexui/ui) into its dist folder and returns that
// folder. It does nothing where the bundle is newer than the lock file, the entry and what npm installed. Neither the packages nor
// the bundle may be committed: Twilio's licence allows their use with Flex only.
func Build(folder string) (dist string, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	dist = filepath.Join(folder, "dist")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "@twilio", "flex-ui", "package.json")); err != nil {
		return "", fmt.Errorf("%s: %w", folder, ErrNotInstalled)
	}
	out := filepath.Join(dist, Name)
	if fresh(out, filepath.Join(folder, "package-lock.json"), filepath.Join(folder, "entry.js"),
		filepath.Join(folder, "node_modules", ".package-lock.json")) {
		return dist, nil
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(folder, "entry.js")}, Outfile: out + ".new", AbsWorkingDir: folder,
		Bundle: true, Write: true, Platform: api.PlatformBrowser, Format: api.FormatIIFE, LegalComments: api.LegalCommentsNone,
		MinifyWhitespace: true, MinifySyntax: true, LogLevel: api.LogLevelSilent, Alias: map[string]string{"path": "path-browserify"},
		Define:   map[string]string{"process.env.NODE_ENV": `"production"`, "global": "window"},
		Loader:   map[string]api.Loader{".svg": api.LoaderDataURL, ".png": api.LoaderDataURL, ".woff": api.LoaderDataURL, ".css": api.LoaderEmpty},
		External: []string{"https", "http", "fs", "net", "tls", "crypto", "stream", "zlib", "url", "os", "util"},
	})
	if len(result.Errors) > 0 {
		return "", fmt.Errorf("bundling the Flex UI: %s (and %d more)", result.Errors[0].Text, len(result.Errors)-1)
	}
	return dist, os.Rename(out+".new", out)
}

// fresh says whether a file is newer than all of the others.
func fresh(file string, others ...string) bool {
	made, err := os.Stat(file)
	if err != nil {
		return false
	}
	for _, other := range others {
		if info, err := os.Stat(other); err != nil || info.ModTime().After(made.ModTime()) {
			return false
		}
	}
	return true
}
