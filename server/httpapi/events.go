package httpapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// events answers GET /v1/events: server-sent events, beginning after the place
// in the ledger that Last-Event-ID or, without it, ?after= names.
func (a *API) events(w http.ResponseWriter, r *http.Request, by Caller) {
	after, err := resumeAfter(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ctx, leave, err := a.streams.enter(r.Context(), by.WorkerSID, jittered(a.StreamLife))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(ctx)
	s := newStream(w, r, cancel, a.StreamWrite)
	var beating sync.WaitGroup
	beating.Go(func() { s.beat(ctx, a.Heartbeat) })
	// The heart must have stopped before the writer is given back, even where
	// Follow panics.
	defer s.end()
	defer beating.Wait()
	defer cancel()
	a.logEnd(r, ctx, a.follow(ctx, by, after, s))
}

func (a *API) follow(ctx context.Context, by Caller, after uint64, s *stream) error {
	return a.Watch.Follow(ctx, by, after, Listener{
		Listening: func() error { return s.send("hello", 0, wire.AppendHello(nil, a.Directory.Settings(by))) },
		Transferred: func(sequence uint64, o Outcome) error {
			return s.send("transfer", sequence, appendOutcome(nil, o))
		},
		Departed: func(sequence uint64, o DepartureOutcome) error {
			return s.send("departure", sequence, appendDeparture(nil, o))
		},
		Settings: func(settings transfer.Settings) error {
			return s.send("settings", 0, wire.AppendHello(nil, settings))
		},
		Worker: func(worker transfer.WorkerRecord) error {
			return s.send("worker", 0, wire.AppendWorker(nil, worker))
		},
		Queue: func(queue transfer.QueueRecord) error {
			return s.send("queue", 0, wire.AppendQueue(nil, queue))
		},
	})
}

// logEnd tells the ends that somebody should look into from the usual ones.
func (a *API) logEnd(r *http.Request, ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.Logger.Error("stream broke off", "request", requestID(r), "error", err)
	}
}

// jittered spreads the ends of streams that began together, by up to a tenth.
func jittered(d time.Duration) time.Duration {
	if tenth := int64(d / 10); tenth > 0 {
		d -= time.Duration(rand.Int64N(tenth))
	}
	return d
}

// resumeAfter is the place in the ledger after which the stream begins: 0 for
// all that there is. The header counts before the query, which keeps the place
// where the page first began.
func resumeAfter(r *http.Request) (uint64, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return 0, err
	}
	after, err := parseSequence("after", query.Get("after"))
	if err != nil {
		return 0, err
	}
	values := r.Header.Values("Last-Event-ID")
	if len(values) > 1 {
		return 0, refuse(transfer.ReasonBadRequest, "Last-Event-ID", "The header Last-Event-ID is there twice.")
	}
	if len(values) == 0 || values[0] == "" {
		return after, nil
	}
	return parseSequence("Last-Event-ID", values[0])
}

// parseSequence reads a place in the ledger, digits only; 0 if empty.
func parseSequence(field, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || text[0] == '+' {
		return 0, refuse(transfer.ReasonBadRequest, field, field+" must be the id of an event of this stream.")
	}
	return n, nil
}

// stream writes server-sent events, one at a time. After the first write that
// fails or takes too long, it is over.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	cancel  context.CancelFunc
	timeout time.Duration // of one write

	mu     sync.Mutex
	failed error
	buf    []byte
}

// newStream prepares the answer. A connection of HTTP/1 is closed at the end,
// since the last write deadline stays on it.
func newStream(w http.ResponseWriter, r *http.Request, cancel context.CancelFunc, timeout time.Duration) *stream {
	s := &stream{w: w, control: http.NewResponseController(w), cancel: cancel, timeout: timeout}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	if r.ProtoMajor == 1 {
		h.Set("Connection", "close")
	}
	return s
}

// send writes an event. The data is one line, as all our JSON is; a sequence of
// 0 stands for none.
func (s *stream) send(event string, sequence uint64, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = s.buf[:0]
	if sequence > 0 {
		s.buf = append(s.buf, "id: "...)
		s.buf = strconv.AppendUint(s.buf, sequence, 10)
		s.buf = append(s.buf, '\n')
	}
	s.buf = append(s.buf, "event: "...)
	s.buf = append(s.buf, event...)
	s.buf = append(s.buf, "\ndata: "...)
	s.buf = append(s.buf, data...)
	s.buf = append(s.buf, "\n\n"...)
	return s.flush()
}

// beat writes a comment at each interval, until ctx is done.
func (s *stream) beat(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.comment()
		}
	}
}

func (s *stream) comment() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.buf[:0], ": still here\n\n"...)
	_ = s.flush() // it has canceled the stream
}

// end leaves time for the mark that the answer is whole: the deadline of the
// last write has long passed on a quiet stream.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout))
	}
}

// flush writes the buffer out within the timeout. The caller holds the lock.
func (s *stream) flush() error {
	if s.failed != nil {
		return s.failed
	}
	err := s.control.SetWriteDeadline(time.Now().Add(s.timeout))
	if errors.Is(err, http.ErrNotSupported) { // without a socket nothing blocks
		err = nil
	}
	if err == nil {
		_, err = s.w.Write(s.buf)
	}
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil {
		s.failed = err
		s.cancel()
	}
	return err
}
