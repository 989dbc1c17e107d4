package wire

import (
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// The codes of an [Error].
const (
	// CodeBadRecords: the question is not JSON, or not of the shape agreed on.
	CodeBadRecords = "BAD_RECORDS"
	// CodeBadRequest: the request is not JSON, or not of the shape agreed on.
	CodeBadRequest = "BAD_REQUEST"
	// CodeUnknownWireFormat: the sender speaks another [Version].
	CodeUnknownWireFormat = "UNKNOWN_WIRE_FORMAT"
	// CodePanic: the rules have a defect and gave no answer.
	CodePanic = "PANIC"
)

// Error says why a text was not understood.
type Error struct {
	Code string
	// Path is the place in the text, such as "participants[2].sid". It is empty
	// where the text as a whole is at fault.
	Path string
	// Message says what is wrong there.
	Message string
}

// Error is the path and the message: "participants[2].sid: expected a string".
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}

// problem is an error at the place that is being read.
func problem(message string) error { return &Error{Message: message} }

// within puts the step, a key or an index, before the path of an error.
func within(step string, err error) error {
	e, ok := err.(*Error)
	if !ok {
		return &Error{Path: step, Message: err.Error()}
	}
	if e.Path != "" && e.Path[0] != '[' {
		step += "."
	}
	e.Path = step + e.Path
	return e
}

// maxStep is how much of a key of the sender's is repeated in a path, in bytes.
const maxStep = 64

// object reads an object and gives errors the path.
func object(r *json.Reader, member func(key string) error) error {
	return r.Object(func(key string) error {
		err := member(key)
		if err == nil {
			return nil
		}
		return within(shorten(key), err)
	})
}

// shorten cuts a long key, between two characters.
func shorten(key string) string {
	if len(key) <= maxStep {
		return key
	}
	end := maxStep
	for !utf8.RuneStart(key[end]) {
		end--
	}
	return key[:end] + "…"
}

// finish gives an error of a decoder its code, and checks that nothing follows
// what was read.
func finish(r *json.Reader, code string, err error) error {
	if err == nil {
		err = r.End()
	}
	if err == nil {
		return nil
	}
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Message: err.Error()}
	}
	if e.Code == "" {
		e.Code = code
	}
	return e
}
