package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"regexp"

	"github.com/gorilla/mux"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// manifestName is the file that names the module and its support script.
const manifestName = "manifest.json"

// hashedName is the name of a file whose contents never change.
var hashedName = regexp.MustCompile(`^[a-z_]+\.[0-9A-Za-z_-]{8,64}\.(wasm|js)$`)

// serveModule answers /wasm/*: the manifest and the loader's scripts, which the
// browser asks about each time, and the hashed files that it may keep for good.
func (a *API) serveModule(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["name"]
	var err error
	switch {
	case name == manifestName && !a.module.has(name):
		err = &transfer.Refusal{Reason: ReasonModuleNotBuilt}
	case name == manifestName:
		err = a.module.serve(w, r, name, askAgain)
	case hashedName.MatchString(name) && a.module.has(name):
		err = a.module.serve(w, r, name, keepForever)
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
