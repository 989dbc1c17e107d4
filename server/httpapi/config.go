package httpapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// ConfigStatus is how the settings of the backend stand.
type ConfigStatus struct {
	File     string // empty where there is none
	Account  string // AC…
	Revision string // names the settings that are in force
	Since    time.Time
	// Problems are what is wrong with the file as it is now, which therefore is
	// not in force since RejectedAt.
	Problems   []string
	RejectedAt time.Time
}

// config answers GET /v1/config, for those who look after the settings.
func (a *API) config(w http.ResponseWriter, r *http.Request, by Caller) {
	if !slices.Contains(by.Roles, "supervisor") && !slices.Contains(by.Roles, "admin") {
		a.fail(w, r, &transfer.Refusal{Reason: transfer.ReasonForbidden})
		return
	}
	writeJSON(w, http.StatusOK, appendConfig(nil, a.ConfigStatus()))
}

func appendConfig(buf []byte, c ConfigStatus) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	for _, m := range [...][2]string{{"account", c.Account}, {"file", c.File}, {"revision", c.Revision}} {
		w.Key(m[0])
		w.String(m[1])
	}
	w.Key("since")
	w.Time(c.Since)
	w.Key("problems")
	w.BeginArray()
	for _, p := range c.Problems {
		w.String(p)
	}
	w.EndArray()
	w.Key("rejectedAt")
	if c.RejectedAt.IsZero() {
		w.Null()
	} else {
		w.Time(c.RejectedAt)
	}
	w.EndObject()
	return w.Bytes()
}
