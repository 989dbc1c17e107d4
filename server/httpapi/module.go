package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// manifestName is the file that names the module, its support script and the
// glue.
const manifestName = "manifest.json"

// glueName is the script that a page's loader imports: it knows how the module
// beside it is asked.
const glueName = "glue.js"

// hashedName is the name of a file whose contents never change.
var hashedName = regexp.MustCompile(`^[a-z_]+\.[0-9A-Za-z_-]{8,64}\.(wasm|js)$`)

// serveModule answers /wasm/*: the manifest and the loader's scripts, which the
// browser asks about each time, and what has a hash in its path, which it may
// keep for good: the module's files, and the same scripts once more. A page
// that outlives an upgrade gets those of the new build by another path, since a
// browser imports no path twice.
func (a *API) serveModule(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["name"]
	script, ofThisBuild := strings.CutPrefix(name, a.build+"/")
	var err error
	switch {
	case name == manifestName && !a.module.has(name):
		err = &transfer.Refusal{Reason: ReasonModuleNotBuilt}
	case name == manifestName:
		err = a.serveManifest(w, r)
	case hashedName.MatchString(name) && a.module.has(name):
		err = a.module.serve(w, r, name, keepForever)
	case ofThisBuild && path.Ext(script) == ".js":
		err = a.scripts.serve(w, r, script, keepForever)
	case path.Ext(name) == ".js":
		err = a.scripts.serve(w, r, name, askAgain)
	default:
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = refuse(transfer.ReasonNotFound, "", "There is no such file.")
	}
	if err != nil {
		a.fail(w, r, err)
	}
}

// serveManifest answers with the module's manifest and, in it, where the glue
// is.
func (a *API) serveManifest(w http.ResponseWriter, r *http.Request) error {
	text, err := fs.ReadFile(a.module.fsys, manifestName)
	if err != nil {
		return err
	}
	if a.scripts.has(glueName) {
		if text, err = withMember(text, "glue", a.build+"/"+glueName); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(text)
	h := w.Header()
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", askAgain)
	h.Set("Content-Type", contentTypes[".json"])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	return nil
}

// withMember is the JSON object with one more member.
func withMember(object []byte, key, value string) ([]byte, error) {
	w := json.NewWriter(nil)
	w.BeginObject()
	r := json.NewReader(string(object))
	err := r.Object(func(key string) error {
		raw, err := r.Raw()
		w.Key(key)
		w.Raw(raw)
		return err
	})
	if err == nil {
		err = r.End()
	}
	w.Key(key)
	w.String(value)
	w.EndObject()
	return w.Bytes(), err
}

// buildOf is the folder below /wasm/ in which these very scripts are: their hash
// is in its name.
func buildOf(scripts fs.FS) (string, error) {
	sum := sha256.New()
	if scripts == nil {
		return "js.none", nil
	}
	err := fs.WalkDir(scripts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".js" {
			return err
		}
		text, err := fs.ReadFile(scripts, name)
		_, _ = io.WriteString(sum, name+"\x00")
		_, _ = sum.Write(append(text, 0))
		return err
	})
	return "js." + hex.EncodeToString(sum.Sum(nil)[:8]), err
}
