package stage

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// liveConfig says how patient the event stream is.
type liveConfig struct {
	heartbeat time.Duration // between comments that keep the connection alive
	patience  time.Duration // for one write; a slower client is dropped
	backlog   int           // changes that may wait for a client before it is dropped
}

var defaultLive = liveConfig{heartbeat: 10 * time.Second, patience: 5 * time.Second, backlog: 1024}

// watch is the stream of everything that happens. A client that is dropped
// connects again by itself, as EventSource does, and gets a new snapshot.
func (s *stage) watch(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	stream := &eventStream{w: w, control: http.NewResponseController(w), patience: s.live.patience}
	if stream.write([]byte("retry: 1000\n\n")) != nil {
		return
	}
	for again := true; again; {
		again = s.follow(r.Context(), stream)
	}
}

// follow sends a snapshot and the changes after it. It returns true when the
// account was reset, which calls for a new snapshot, and false at the end.
func (s *stage) follow(ctx context.Context, stream *eventStream) (again bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	snapshot, changes := s.account.Watch(ctx, s.live.backlog)
	if stream.event("snapshot", snapshot) != nil {
		return false
	}
	heartbeat := time.NewTicker(s.live.heartbeat)
	defer heartbeat.Stop()
	for {
		var err error
		select {
		case change, ok := <-changes:
			if !ok {
				return false
			}
			if change.Kind == "reset" {
				return true
			}
			err = stream.change(change)
		case <-heartbeat.C:
			err = stream.write([]byte(": alive\n\n"))
		}
		if err != nil {
			return false
		}
	}
}

type eventStream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

func (e *eventStream) change(c sandbox.Change) error {
	if c.Kind == "trace" {
		return e.event("trace", c.Object)
	}
	return e.event("change", c)
}

func (e *eventStream) event(name string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	message := make([]byte, 0, len(name)+len(body)+16)
	message = append(message, "event: "+name+"\ndata: "...)
	message = append(message, body...)
	return e.write(append(message, "\n\n"...))
}

// write sends bytes at once. Where the connection takes no deadline, a slow
// client is dropped by its backlog alone.
func (e *eventStream) write(message []byte) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(e.patience))
	if _, err := e.w.Write(message); err != nil {
		return err
	}
	return e.control.Flush()
}
