// Package stage lets a page act in a simulated account as its customers and
// workers, and watch what happens there. It stands for what the Flex UI and a
// customer's chat widget do at Twilio through SDKs; it decides nothing and has
// no state of its own.
//
//	GET  /stage/live                              server-sent events: snapshot, then change and trace
//	POST /stage/conversations                     {"name","channel_type","body","subject","recipients"}
//	POST /stage/conversations/{CH}/messages       {"author","body"}
//	POST /stage/conversations/{CH}/leave          {"identity"}
//	POST /stage/workers/{WK}/activity             {"activity_sid"}
//	POST /stage/workers/{WK}/token                stands for a login to Flex
//	POST /stage/reservations/{WR}                 {"action": "accept" | "reject" | "wrapup" | "complete"}
//	GET, PUT /stage/faults                        {"rules": [...]}, as sandbox.Switches
//	POST /stage/reset                             back to the seeded world
//
// Objects have Twilio's REST shapes. A refusal is {"code","message"} with the
// code that Twilio gives it. Whoever reaches the stage is every worker at once,
// so it answers programs on the same machine only, and pages of its own origin.
package stage

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// tokenLifetime is how long the token of a stage login is good; Flex's own
// tokens live about as long.
const tokenLifetime = time.Hour

// account is what the stage needs of a *sandbox.Account.
type account interface {
	sandbox.Observer
	sandbox.Actor
}

type stage struct {
	account account
	live    liveConfig
}

// Handler serves the stage of an account under /stage/. Anything else is
// answered 404.
func Handler(a *sandbox.Account) http.Handler { return handler(a, defaultLive) }

func handler(a account, live liveConfig) http.Handler {
	s := &stage{account: a, live: live}
	mux := http.NewServeMux()
	for _, r := range []struct {
		path    string
		methods map[string]http.HandlerFunc
	}{
		{"/stage/live", on("GET", s.watch)},
		{"/stage/conversations", on("POST", s.startConversation)},
		{"/stage/conversations/{sid}/messages", on("POST", s.sendMessage)},
		{"/stage/conversations/{sid}/leave", on("POST", s.leave)},
		{"/stage/workers/{sid}/activity", on("POST", s.setActivity)},
		{"/stage/workers/{sid}/token", on("POST", s.issueToken)},
		{"/stage/reservations/{sid}", on("POST", s.actOnReservation)},
		{"/stage/faults", map[string]http.HandlerFunc{"GET": s.faults, "PUT": s.setFaults}},
		{"/stage/reset", on("POST", s.reset)},
	} {
		mux.Handle(r.path, byMethod(r.methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, &sandbox.Error{Status: http.StatusNotFound, Code: 20404, Message: "The stage has no " + r.URL.Path})
	})
	return guarded(mux)
}

func on(method string, h http.HandlerFunc) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{method: h}
}

func byMethod(handlers map[string]http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := handlers[r.Method]; h != nil {
			h(w, r)
			return
		}
		refuse(w, &sandbox.Error{
			Status: http.StatusMethodNotAllowed, Code: 20004, Message: r.Method + " is not allowed here",
		})
	})
}

// answer writes a result as JSON, or the refusal where err is one.
func answer(w http.ResponseWriter, status int, result any, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	body, err := json.Marshal(result)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// refuse writes {"code","message"}. An error that is not a *sandbox.Error is a
// fault of the sandbox itself: 500, code 20500.
func refuse(w http.ResponseWriter, err error) {
	var e *sandbox.Error
	if !errors.As(err, &e) {
		e = &sandbox.Error{Status: http.StatusInternalServerError, Code: 20500, Message: err.Error()}
	}
	body, _ := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{e.Code, e.Message})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status)
	_, _ = w.Write(body)
}
