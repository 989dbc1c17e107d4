//go:build js && wasm

package bridge

import (
	"errors"
	"time"

	"github.com/hack-pad/safejs"
)

// timeout is how long a call of the backend may take, with its answer.
var timeout = 15 * time.Second

// settling is how long an aborted call is given to say so. After it, its
// handlers are released though they might still be called.
const settling = time.Second

var (
	errTimeout  = errors.New("timed out")
	errRejected = errors.New("rejected")
)

// A request that the backend could not begin because too many stand in line at
// Twilio is made again, with its idempotency key, for as long as an agent would
// wait: it keeps its place in the line.
const busyPatience = 45 * time.Second

// send calls the backend and says what came of it, see [result].
func (b *bridge) send(c call) string {
	for began := time.Now(); ; {
		said, again := b.sendOnce(c)
		if again == 0 || time.Since(began)+again > busyPatience {
			return said
		}
		time.Sleep(again)
	}
}

// sendOnce makes a call and says what came of it, and when it should be made
// again; 0 for not at all.
func (b *bridge) sendOnce(c call) (said string, again time.Duration) {
	f, err := b.begin(c)
	if err != nil {
		return noAnswer(CodeUnreachable), 0
	}
	status, body, err := f.answer()
	switch err {
	case nil:
		return result(status, body), busy(status, body)
	case errTimeout:
		return noAnswer(CodeTimeout), 0
	}
	return noAnswer(CodeUnreachable), 0
}

// flight is a call of the backend under way.
type flight struct {
	response safejs.Value // the promise of it
	abort    safejs.Value // its AbortController
	deadline time.Time
}

// begin calls the page's fetch.
func (b *bridge) begin(c call) (*flight, error) {
	constructor, err := safejs.Global().Get("AbortController")
	if err != nil {
		return nil, err
	}
	f := &flight{deadline: time.Now().Add(timeout)}
	if f.abort, err = constructor.New(); err != nil {
		return nil, err
	}
	signal, err := f.abort.Get("signal")
	if err != nil {
		return nil, err
	}
	headers := map[string]any{"Authorization": "Bearer " + c.token, "Accept": "application/json"}
	options := map[string]any{
		"method": c.method, "headers": headers, "signal": signal,
		"cache": "no-store", "credentials": "omit", "redirect": "error",
	}
	if c.body != "" {
		headers["Content-Type"] = "application/json"
		if c.idempotencyKey != "" {
			headers["Idempotency-Key"] = c.idempotencyKey
		}
		options["body"] = c.body
	}
	f.response, err = b.host.Call("fetch", c.url, options)
	return f, err
}

// answer waits for the answer and reads it.
func (f *flight) answer() (status int, body string, err error) {
	response, err := f.await(f.response)
	if err != nil {
		return 0, "", err
	}
	code, err := response.Get("status")
	if err != nil {
		return 0, "", err
	}
	if status, err = code.Int(); err != nil {
		return 0, "", err
	}
	promise, err := response.Call("text")
	if err != nil {
		return 0, "", err
	}
	text, err := f.await(promise)
	if err != nil {
		return 0, "", err
	}
	body, err = stringAt([]safejs.Value{text}, 0, "text")
	return status, body, err
}

// await waits for a promise within the time of the call, and aborts the call
// where it does not come. It may only be called on a goroutine of ours, never
// in a callback.
func (f *flight) await(promise safejs.Value) (safejs.Value, error) {
	// Room for both handlers and both timers: none may ever block.
	done := make(chan settled, 4)
	fulfilled, err := safejs.FuncOf(handler(done, nil))
	if err != nil {
		return safejs.Value{}, err
	}
	defer fulfilled.Release()
	rejected, err := safejs.FuncOf(handler(done, errRejected))
	if err != nil {
		return safejs.Value{}, err
	}
	defer rejected.Release()
	if _, err := promise.Call("then", fulfilled, rejected); err != nil {
		return safejs.Value{}, err
	}
	s := receive(done, time.Until(f.deadline))
	if s.err == errTimeout {
		_, _ = f.abort.Call("abort")
		receive(done, settling)
	}
	return s.value, s.err
}

// receive waits for what comes within a time. A timer with a function and one
// channel take much less of the module than time.Timer and select would.
func receive(done chan settled, within time.Duration) settled {
	timer := time.AfterFunc(within, func() { done <- settled{err: errTimeout} })
	defer timer.Stop()
	return <-done
}

// settled is what became of a promise.
type settled struct {
	value safejs.Value
	err   error
}

// handler is a function for a promise's then.
func handler(done chan<- settled, err error) func(safejs.Value, []safejs.Value) any {
	return func(_ safejs.Value, args []safejs.Value) any {
		s := settled{value: safejs.Undefined(), err: err}
		if len(args) > 0 {
			s.value = args[0]
		}
		done <- s
		return nil
	}
}
