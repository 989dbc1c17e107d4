package wire

import (
	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Decide is the way from a question to its answer, both as JSON. The answer is
// one even where the question is not understood; see [AppendAnswer].
func Decide(question string) []byte {
	// An answer is about as long as what was asked.
	return new(Decider).Append(make([]byte, 0, len(question)), question)
}

// Decider is [Decide] for many questions, one after the other: what a page asks
// is of one shape, so the lists of a question find room in those of the last one.
// What one question said has no bearing on the answer to the next. The zero value
// is ready for use.
type Decider struct {
	reader   json.Reader
	question Question
	facts    transfer.Facts
	screen   transfer.Screen
	memory   memory
	known    transfer.Colleagues
}

// mostKept is the longest question whose memory is kept for the next, in bytes:
// now and then a page asks about a whole directory, and the browser's memory is
// short.
const mostKept = 32 << 10

// Append appends the answer. It needs the question no longer than that.
func (d *Decider) Append(buf []byte, question string) []byte {
	buf = d.answer(buf, question)
	if len(question) > mostKept {
		*d = Decider{known: d.known}
	}
	return buf
}

func (d *Decider) answer(buf []byte, question string) []byte {
	d.reader.Reset(question)
	d.question, d.memory.colleagues = Question{}, &d.known
	err := readQuestion(&d.reader, &d.question, &d.memory)
	d.keep(&d.question.Records)
	if err == nil {
		err = d.question.Records.FactsInto(&d.facts, &d.known)
	}
	if err != nil {
		return appendFault(buf, asError(err))
	}
	d.facts.Show(&d.screen)
	d.screen.Targets = directory.Search(d.screen.Targets, d.question.Records.Query)
	if d.question.Request == nil {
		return appendScreen(buf, &d.screen, nil)
	}
	err = judge(d.facts, *d.question.Request)
	refusal, ok := err.(*transfer.Refusal) // which it promises not to wrap
	if err != nil && !ok {
		return appendFault(buf, asError(err))
	}
	return appendScreen(buf, &d.screen, &Decision{Refusal: refusal})
}

// keep notes the memory of the lists of a question for the next one.
func (d *Decider) keep(r *transfer.Records) {
	m := &d.memory.lists
	m.Roles, m.Participants, m.Transfers = larger(m.Roles, r.Roles), larger(m.Participants, r.Participants), larger(m.Transfers, r.Transfers)
	m.Workers, m.Queues = larger(m.Workers, r.Workers), larger(m.Queues, r.Queues)
}

// larger is the slice with more room.
func larger[T any](a, b []T) []T {
	if cap(b) > cap(a) {
		return b
	}
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
