package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// servePage answers / and /web/* with the pages' files; a folder's page is its
// index.html.
func (a *API) servePage(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["name"]
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	err := a.pages.serve(w, r, name, askAgain)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
	case err != nil:
		a.fail(w, r, err)
	}
}
