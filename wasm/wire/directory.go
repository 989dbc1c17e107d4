package wire

import (
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/directory"
	"github.com/flex-transfer/flex-transfer/wasm/json"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// CodeNoDirectory: the directory has not been loaded, or cannot be.
const CodeNoDirectory = "NO_DIRECTORY"

// Directories answers what a page asks about the directory: in JSON both ways,
// but for [Directories.Search]. The zero value has none loaded. An answer in JSON
// is an object with a member error where the question is at fault; see
// [AppendAnswer].
type Directories struct {
	loaded  *directory.Directory
	numbers []int32  // of the last search
	sids    []string // of the last search
}

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

// The flags of a search: what is searched, and whether only who is available.
const (
	SearchWorkers = 1 << iota
	SearchQueues
	SearchAvailable
)

// Search finds what an agent types, see [directory.Query]. The text is the query
// and, each after a line feed, the SIDs of the favourites, so many, and of the
// recent targets. A search is made at each keystroke: its answer is numbers, for
// use until the next one. First, how many workers match, how many queues, and how
// many lines there are; then for each line
//
//   - its group (0 favourite, 1 recent, 2 worker, 3 queue), 4 for a queue, 8 for
//     one that is available, 16 for one with figures, and 256 times the number of
//     its reason, 0 for none, all added up;
//   - the number of its text, see [directory.Hit];
//   - the number of a worker's activity, or -1; and a queue's figures: who is
//     available, what waits and how long, in seconds.
//
// What a number stands for is told by [Directories.Describe].
func (s *Directories) Search(text string, favourites, flags, limit uint32) []int32 {
	out := append(s.numbers[:0], 0, 0, 0)
	if s.loaded != nil {
		found := s.loaded.Search(s.query(text, favourites, flags, limit))
		out[0], out[1], out[2] = int32(found.Workers), int32(found.Queues), int32(len(found.Hits))
		for i := range found.Hits {
			out = appendHit(out, &found.Hits[i])
		}
	}
	s.numbers = out
	return out
}

func (s *Directories) query(text string, favourites, flags, limit uint32) directory.Query {
	text, sids, _ := strings.Cut(text, "\n")
	s.sids = s.sids[:0]
	for sids != "" {
		var sid string
		sid, sids, _ = strings.Cut(sids, "\n")
		s.sids = append(s.sids, sid)
	}
	n := int(min(favourites, uint32(len(s.sids))))
	q := directory.Query{
		Text: text, Available: flags&SearchAvailable != 0, Favourites: s.sids[:n], Recents: s.sids[n:],
		Limit: int(min(limit, mostLines)),
	}
	switch flags & (SearchWorkers | SearchQueues) {
	case SearchWorkers:
		q.Kind = transfer.TargetWorker
	case SearchQueues:
		q.Kind = transfer.TargetQueue
	}
	return q
}

// mostLines is the most lines of a kind that are found.
const mostLines = 1 << 20

func appendHit(out []int32, h *directory.Hit) []int32 {
	first, figures := int32(h.Group)|int32(h.Reason)<<8, [3]int32{h.Activity}
	if h.Kind == transfer.TargetQueue {
		first |= 4
		figures[0] = 0
	}
	if h.Available {
		first |= 8
	}
	if f := h.Figures; f != nil {
		first |= 16
		figures = [3]int32{int32(f.Available), int32(f.Waiting), int32(f.LongestWait)}
	}
	return append(out, first, int32(h.Text), figures[0], figures[1], figures[2])
}

// What a number of a search's answer is of.
const (
	DescribeEntry = iota
	DescribeActivity
	DescribeReason
)

// Describe says what a number of a search's answer stands for: of an activity or
// a reason its text, of an entry an array of its SID, name, team and skills. Of
// what is not there it is null.
func (s *Directories) Describe(buf []byte, of, number uint32) []byte {
	w := json.NewWriter(buf)
	switch {
	case s.loaded == nil:
		w.Null()
	case of == DescribeActivity:
		w.String(s.loaded.Activity(number))
	case of == DescribeReason:
		w.String(string(s.loaded.Reason(number)))
	default:
		writeEntry(w, s.loaded, number)
	}
	return w.Bytes()
}

func writeEntry(w *json.Writer, d *directory.Directory, text uint32) {
	e, ok := d.Entry(text)
	if !ok {
		w.Null()
		return
	}
	w.BeginArray()
	w.String(e.Target.SID)
	w.String(e.Target.Name)
	w.String(e.Team)
	w.BeginArray()
	for _, skill := range e.Skills {
		w.String(skill)
	}
	w.EndArray()
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
