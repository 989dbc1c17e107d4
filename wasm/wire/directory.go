package wire

import (
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// CodeNoDirectory: the directory has not been loaded, or cannot be.
const CodeNoDirectory = "NO_DIRECTORY"

// Directories answers what a page asks about the directory, in JSON both ways.
// The zero value has none loaded. An answer of every method is an object with a
// member error where the question is at fault; see [AppendAnswer].
type Directories struct{ loaded *directory.Directory }

// errNoDirectory is the answer before a directory is loaded.
var errNoDirectory = &Error{Code: CodeNoDirectory, Message: "no directory has been loaded"}

// Load takes a packed directory in the place of the one before, and says how
// many entries it has. It keeps the text.
func (s *Directories) Load(buf []byte, text string, order []uint32) []byte {
	d, err := directory.Load(text, order)
	if err != nil {
		return appendFailure(buf, &Error{Code: CodeNoDirectory, Message: err.Error()})
	}
	s.loaded = d
	return appendObject(buf, func(w *json.Writer) {
		workers, queues := d.Size()
		putInt(w, "workers", workers)
		putInt(w, "queues", queues)
	})
}

// Update takes in workers and queues that have changed, as the backend's stream
// tells of them: {"workers":[…],"queues":[…]}. A worker who is gone has no
// activity, a queue that is gone no name.
func (s *Directories) Update(buf []byte, question string) []byte {
	if s.loaded == nil {
		return appendFailure(buf, errNoDirectory)
	}
	var workers []transfer.WorkerRecord
	var queues []transfer.QueueRecord
	r := json.NewReader(question)
	err := r.Object(func(key string) error {
		switch key {
		case "workers":
			return list(r, &workers, readWorker)
		case "queues":
			return list(r, &queues, readQueue)
		}
		return r.Skip()
	})
	if err = finish(r, CodeBadRecords, err); err != nil {
		return appendFailure(buf, err)
	}
	for _, w := range workers {
		if err := s.updateWorker(w); err != nil {
			return appendFailure(buf, err)
		}
	}
	for _, q := range queues {
		if q.FriendlyName == "" {
			s.loaded.Remove(q.SID)
		} else {
			s.loaded.UpdateQueue(q)
		}
	}
	return appendObject(buf, func(*json.Writer) {})
}

func (s *Directories) updateWorker(w transfer.WorkerRecord) error {
	if w.ActivityName == "" && !w.Available {
		s.loaded.Remove(w.SID)
		return nil
	}
	facts, err := transfer.Records{Worker: w}.Facts()
	if err != nil {
		return asError(err)
	}
	s.loaded.UpdateWorker(facts.Me)
	return nil
}

// Open shows the directory for the conversation of a question, see
// [DecodeQuestion]; its workers, queues, query and request do not count.
func (s *Directories) Open(buf []byte, question string) []byte {
	facts, err := s.facts(question)
	if err != nil {
		return appendFailure(buf, err)
	}
	s.loaded.Open(facts)
	return appendObject(buf, func(*json.Writer) {})
}

// Filters answers with the filters of Flex's own directory for the conversation
// of a question: {"hiddenWorkerFilter","hiddenQueueFilter","queueSids"}.
func (s *Directories) Filters(buf []byte, question string) []byte {
	facts, err := s.facts(question)
	if err != nil {
		return appendFailure(buf, err)
	}
	filters := s.loaded.NativeFilters(facts)
	return appendObject(buf, func(w *json.Writer) {
		putString(w, "hiddenWorkerFilter", filters.Workers)
		putString(w, "hiddenQueueFilter", filters.Queues)
		putStrings(w, "queueSids", filters.QueueSIDs)
	})
}

func (s *Directories) facts(question string) (transfer.Facts, error) {
	if s.loaded == nil {
		return transfer.Facts{}, errNoDirectory
	}
	q, err := DecodeQuestion(strings.Clone(question)) // the facts are kept
	if err != nil {
		return transfer.Facts{}, err
	}
	q.Records.Workers, q.Records.Queues = nil, nil
	return q.Records.Facts()
}

// Search answers a query: {"query","kind","available","favourites","recents",
// "limit"}, all of which may be absent. The answer is an array, for it is
// written and read at each keystroke: how many workers match, how many queues,
// and the lines. A line is an array of its group (0 favourite, 1 recent, 2
// worker, 3 queue), SID, name, activity, whether available (1 or 0), team, skills,
// figures ([available, waiting, longest wait] or 0) and reason.
func (s *Directories) Search(buf []byte, question string) []byte {
	if s.loaded == nil {
		return appendFailure(buf, errNoDirectory)
	}
	q := directory.Query{Limit: defaultLimit}
	r := json.NewReader(question)
	err := finish(r, CodeBadRecords, r.Object(func(key string) error { return readSearch(r, key, &q) }))
	if err != nil {
		return appendFailure(buf, err)
	}
	found := s.loaded.Search(q)
	w := json.NewWriter(buf)
	w.BeginArray()
	w.Int(int64(found.Workers))
	w.Int(int64(found.Queues))
	w.BeginArray()
	for i := range found.Lines {
		writeLine(w, &found.Lines[i])
	}
	w.EndArray()
	w.EndArray()
	return w.Bytes()
}

// defaultLimit is how many lines of each kind there are where a query does not
// say.
const defaultLimit = 30

func readSearch(r *json.Reader, key string, q *directory.Query) error {
	switch key {
	case "query":
		return readString(r, &q.Text)
	case "kind":
		return readString(r, (*string)(&q.Kind))
	case "available":
		return readBool(r, &q.Available)
	case "favourites":
		return list(r, &q.Favourites, readString)
	case "recents":
		return list(r, &q.Recents, readString)
	case "limit":
		return readCount(r, &q.Limit)
	}
	return r.Skip()
}

func writeLine(w *json.Writer, l *directory.Line) {
	w.BeginArray()
	w.Int(int64(l.Group))
	w.String(l.Target.SID)
	w.String(l.Target.Name)
	w.String(l.Activity)
	available := int64(0)
	if l.Available {
		available = 1
	}
	w.Int(available)
	w.String(l.Team)
	w.BeginArray()
	for _, skill := range l.Skills {
		w.String(skill)
	}
	w.EndArray()
	if f := l.Figures; f != nil {
		w.BeginArray()
		w.Int(int64(f.Available))
		w.Int(int64(f.Waiting))
		w.Int(int64(f.LongestWait))
		w.EndArray()
	} else {
		w.Int(0)
	}
	w.String(string(l.Reason))
	w.EndArray()
}

func appendObject(buf []byte, members func(*json.Writer)) []byte {
	w := json.NewWriter(buf)
	w.BeginObject()
	members(w)
	w.EndObject()
	return w.Bytes()
}

// appendFailure is an answer with an error.
func appendFailure(buf []byte, err error) []byte {
	return AppendAnswer(buf, Answer{Err: asError(err)})
}
