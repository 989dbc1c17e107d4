package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Decide is the way from a question to its answer, both as JSON. The answer is
// one even where the question is not understood; see [AppendAnswer].
func Decide(question string) []byte {
	// An answer is about as long as what was asked.
	return AppendDecision(make([]byte, 0, len(question)), question)
}

// AppendDecision is [Decide] with a buffer that may be used again.
func AppendDecision(buf []byte, question string) []byte {
	q, err := DecodeQuestion(question)
	if err != nil {
		return AppendAnswer(buf, Answer{Err: asError(err)})
	}
	return AppendAnswer(buf, q.Answer())
}

// Answer asks the rules.
func (q Question) Answer() Answer {
	facts, err := q.Records.Facts()
	if err != nil {
		return Answer{Err: asError(err)}
	}
	screen := transfer.View(facts)
	screen.Targets = directory.Search(screen.Targets, q.Records.Query)
	a := Answer{Screen: screen}
	if q.Request == nil {
		return a
	}
	a.Decision = new(Decision)
	err = judge(facts, *q.Request)
	refusal, ok := err.(*transfer.Refusal) // which it promises not to wrap
	if err != nil && !ok {
		return Answer{Err: asError(err)}
	}
	a.Decision.Refusal = refusal
	return a
}

// judge says why the backend would not do what is asked for.
func judge(f transfer.Facts, r transfer.Request) error {
	var err error
	switch r.Action {
	case "", transfer.ActionTransfer:
		_, err = transfer.Decide(f, r)
	case transfer.ActionCancel:
		err = transfer.DecideCancel(f, r)
	default:
		_, err = transfer.DecideDeparture(f, r)
	}
	return err
}

// asError is the error itself, or one about the records.
func asError(err error) *Error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Code: CodeBadRecords, Message: err.Error()}
}
