package httpapi

import (
	"embed"
	"net/http"
)

// document holds the API's OpenAPI document. Tests hold the API's answers
// against it.
//
//go:embed openapi.yaml
var document embed.FS

// openAPI answers GET /v1/openapi.yaml.
func (a *API) openAPI(w http.ResponseWriter, r *http.Request) {
	if err := a.openapi.serve(w, r, "openapi.yaml", askAgain); err != nil {
		a.fail(w, r, err)
	}
}
