package wire

import "github.com/flex-transfer/flex-transfer/wasm/json"

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

// missing is an error about a member of the object that was read last.
func missing(member string) error { return &Error{Path: member, Message: "is missing"} }

// finish checks that nothing follows what was read, and gives an error its code
// and the whole of its path.
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
	if path := r.Path(); path != "" && e.Path != "" {
		e.Path = path + "." + e.Path
	} else if path != "" {
		e.Path = path
	}
	return e
}
