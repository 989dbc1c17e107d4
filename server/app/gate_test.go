package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// gate stands before a server and can hold one request: before it takes
// effect, or after, so that its answer is never given, or until it is released
// and takes effect late.
type gate struct {
	mu       sync.Mutex
	match    func(q *http.Request, body string) bool // nil for none
	held     held
	reached  chan struct{}
	released chan struct{}
	next     http.Handler
	looks    []look
}

// held is what becomes of a request that is held.
type held int

const (
	heldBefore held = iota // it never takes effect
	heldAfter              // it takes effect, and its answer is never given
	heldLate               // it takes effect when it is released, whoever has asked
)

// look is a reading of the invites of an interaction channel.
type look struct {
	path string
	at   time.Time
}

// hold holds the first request that matches, until its client has gone or
// release is called.
func (g *gate) hold(how held, match func(q *http.Request, body string) bool) (reached <-chan struct{}, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.match, g.held, g.reached, g.released = match, how, make(chan struct{}), make(chan struct{})
	released := g.released
	return g.reached, sync.OnceFunc(func() { close(released) })
}

func (g *gate) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body) // a server notices that a client is gone only once it has read the body
	if err != nil {
		panic(http.ErrAbortHandler) // half a request is none
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	holds := g.match != nil && g.match(q, string(body))
	how, reached, released := g.held, g.reached, g.released
	if holds {
		g.match = nil
	}
	if q.Method == http.MethodGet && strings.HasSuffix(q.URL.Path, "/Invites") {
		g.looks = append(g.looks, look{q.URL.Path, time.Now()})
	}
	g.mu.Unlock()
	if !holds {
		g.next.ServeHTTP(w, q)
		return
	}
	switch how {
	case heldBefore:
		close(reached)
		select {
		case <-q.Context().Done(): // the backend is dead by then
		case <-released:
		}
	case heldAfter:
		g.next.ServeHTTP(httptest.NewRecorder(), q)
		close(reached)
		select {
		case <-q.Context().Done():
		case <-released:
		}
	case heldLate:
		close(reached)
		<-released
		g.next.ServeHTTP(httptest.NewRecorder(), q.WithContext(context.WithoutCancel(q.Context())))
	}
	panic(http.ErrAbortHandler)
}

// lookedFor reports whether the channel's invites were read before the time.
func (g *gate) lookedFor(channel string, before time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.looks, func(l look) bool { return strings.Contains(l.path, "/"+channel+"/") && l.at.Before(before) })
}
