package bridge

import (
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/wasm/wire"
)

// result is what a dispatch comes to: {"status":201,"body":{…}}. An answer that
// is not JSON comes from something between the page and the backend; then the
// body says so.
func result(status int, body string) string {
	r := json.NewReader(body)
	raw, err := r.Raw()
	if err == nil {
		err = r.End()
	}
	if err != nil {
		raw = string(wire.AppendError(nil, CodeBackend, "The transfer service gave an answer that cannot be read. Try again.", ""))
	}
	w := json.NewWriter(make([]byte, 0, len(raw)+32))
	w.BeginObject()
	w.Key("status")
	w.Int(int64(status))
	w.Key("body")
	w.Raw(raw)
	w.EndObject()
	return string(w.Bytes())
}

// noAnswer is what a dispatch comes to where the backend did not answer.
func noAnswer(code string) string {
	message := "The transfer service cannot be reached. Check the connection and try again."
	if code == CodeTimeout {
		message = "The transfer service did not answer in time. What you asked for may have been done all the same."
	}
	return result(0, string(wire.AppendError(nil, code, message, "")))
}

// failure is what an export or a dispatch answers instead of a result:
// {"error":{"code":…,"message":…}}.
func failure(err error) string {
	code := wire.CodePanic
	if e, ok := err.(*wire.Error); ok {
		code = e.Code
	}
	w := json.NewWriter(nil)
	w.BeginObject()
	w.Key("wire")
	w.Int(wire.Version)
	w.Key("error")
	w.Raw(string(wire.AppendError(nil, code, err.Error(), "")))
	w.EndObject()
	return string(w.Bytes())
}

// panicked is the failure for a recovered panic.
func panicked(p any) string {
	return failure(&wire.Error{Code: wire.CodePanic, Message: "the module failed: " + fmt.Sprint(p)})
}

// busyPause is what the backend's Retry-After says where it is not told when
// Twilio has room again.
const busyPause = 2 * time.Second

// busy is the pause after which a call is made again because nothing was decided
// or changed: too many stand in line at Twilio. It is 0 for any other answer; a
// limit of the agent's own is one.
func busy(status int, body string) time.Duration {
	if status != 429 {
		return 0
	}
	code, r := "", json.NewReader(body)
	err := r.Object(func(key string) (err error) {
		if key != "code" {
			return r.Skip()
		}
		code, err = r.String()
		return err
	})
	if err != nil || code != string(transfer.ReasonTwilioBusy) {
		return 0
	}
	return busyPause
}
