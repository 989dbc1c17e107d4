package app

import (
	"net/http"
	"sync/atomic"

	"github.com/flex-transfer/flex-transfer/server/httpapi"
)

// door stands before a backend that is still getting ready, such as one that waits
// for its ledger: whoever comes is told so at once, instead of waiting in a line
// that nobody answers.
type door struct{ open atomic.Pointer[http.Handler] }

// newDoor lets nobody through.
func newDoor() *door {
	d := &door{}
	d.opens(httpapi.Starting())
	return d
}

// opens lets requests through to the handler from now on.
func (d *door) opens(to http.Handler) { d.open.Store(&to) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.open.Load()).ServeHTTP(w, r) }
