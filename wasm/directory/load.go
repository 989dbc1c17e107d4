package directory

import (
	"errors"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Directory is the workers and queues of an account, to be searched. Make one
// with [Load], and [Directory.Open] it for a conversation.
type Directory struct {
	workers, queues Index
	details         map[string]transfer.QueueRecord // by SID as in the text: what the entries of queues do not hold
	texts           uint32                          // how many texts of entries there have been, see [Hit]
	reasons         []transfer.Reason               // those that were told, see [Directory.Reason]
	hits            []Hit                           // of the last search
	view            view
}

// The errors of [Load].
var (
	ErrFormat  = errors.New("this is no packed directory")
	ErrVersion = errors.New("the directory is packed in a format that this side does not know")
	ErrOrder   = errors.New("the order of the directory's entries does not fit the entries")
)

// Load reads what [Pack] wrote. order, if it is not nil, says which line is to
// be shown first, second and so on: first the lines of all workers, counted
// from 0, then those of all queues, counted on. It shares the memory of the
// text.
func Load(text string, order []uint32) (*Directory, error) {
	d := &Directory{}
	d.workers.prefix, d.queues.prefix = workerPrefix, queuePrefix
	l := lines{text}
	workers, queues, err := l.header()
	if err != nil {
		return nil, err
	}
	if order != nil && len(order) != workers+queues {
		return nil, ErrOrder
	}
	if !l.terms(&d.workers, termActivity) || !l.terms(&d.workers, termTeam) {
		return nil, ErrFormat
	}
	skills := l.rest
	if !l.terms(&d.workers, termSkill) {
		return nil, ErrFormat
	}
	if again := (lines{skills}); !again.terms(&d.queues, termSkill) {
		return nil, ErrFormat
	}
	workerLines, ok := l.take(workers, 0, order)
	if !ok {
		return nil, ErrFormat
	}
	queueLines, ok := l.take(queues, workers, order)
	if !ok || l.rest != "" {
		return nil, ErrFormat
	}
	if workerLines == nil || queueLines == nil {
		return nil, ErrOrder
	}
	return d, d.fill(workerLines, queueLines, order)
}

// fill enters the lines, which are in their order.
func (d *Directory) fill(workers, queues []string, order []uint32) error {
	ok := true
	d.texts = uint32(len(workers) + len(queues))
	lineOf := func(i int) uint32 {
		if order == nil {
			return uint32(i)
		}
		return order[i]
	}
	for _, x := range []*Index{&d.workers, &d.queues} {
		x.byText = map[string]uint32{"": 0}
		x.sets = []skillSet{{}}
		defer func() { x.byText = nil }()
	}
	d.workers.fill(len(workers), func(i int) fields {
		f, good := d.workers.worker(workers[i])
		ok, f.text = ok && good, lineOf(i)
		return f
	})
	d.details = make(map[string]transfer.QueueRecord, len(queues))
	d.queues.fill(len(queues), func(i int) fields {
		f, q, good := d.queues.queue(queues[i])
		ok, d.details[f.sid] = ok && good, q
		f.text = lineOf(len(workers) + i)
		return f
	})
	if !ok {
		return ErrFormat
	}
	return nil
}

// lines reads a text line by line.
type lines struct{ rest string }

func (l *lines) next() (line string, ok bool) {
	i := strings.IndexByte(l.rest, '\n')
	if i < 0 {
		return "", false
	}
	line, l.rest = l.rest[:i], l.rest[i+1:]
	return line, true
}

func (l *lines) header() (workers, queues int, err error) {
	line, ok := l.next()
	name, line := field(line)
	if !ok || name != magic {
		return 0, 0, ErrFormat
	}
	number1, line := field(line)
	if number1 != version {
		return 0, 0, ErrVersion
	}
	w, q := field(line)
	workers, ok1 := number(w)
	queues, ok2 := number(q)
	if !ok1 || !ok2 || workers+queues > len(l.rest) {
		return 0, 0, ErrFormat
	}
	return workers, queues, nil
}

// terms reads a line of names into the terms of an index.
func (l *lines) terms(x *Index, kind termKind) bool {
	line, ok := l.next()
	x.first[kind] = len(x.terms)
	for ok && line != "" {
		var name string
		name, line = field(line)
		text := unescape(name)
		x.terms = append(x.terms, term{kind: kind, text: text})
	}
	return ok
}

// take reads n lines and puts them into their order. They are nil where the
// order, whose numbers begin with base, is none.
func (l *lines) take(n, base int, order []uint32) (taken []string, ok bool) {
	taken = make([]string, n)
	for i := range taken {
		if taken[i], ok = l.next(); !ok {
			return nil, false
		}
	}
	if order == nil {
		return taken, true
	}
	inOrder := make([]string, n)
	for i := range inOrder {
		line := int(order[base+i]) - base
		if line < 0 || line >= n || taken[line] == "" {
			return nil, true
		}
		inOrder[i], taken[line] = taken[line], "" // no line is empty, nor there twice
	}
	return inOrder, true
}

// worker reads the line of a worker.
func (x *Index) worker(line string) (f fields, ok bool) {
	name, line := field(line)
	sid, line := field(line)
	activity, line := field(line)
	team, skills := field(line)
	f = fields{name: unescape(name), sid: sid}
	activity, f.able = strings.CutSuffix(activity, "+")
	okActivity := x.refer(&f.activity, termActivity, activity)
	okTeam := x.refer(&f.team, termTeam, team)
	return f, x.skills(&f, skills) && okActivity && okTeam && wellFormed(sid)
}

// queue reads the line of a queue.
func (x *Index) queue(line string) (f fields, q transfer.QueueRecord, ok bool) {
	name, line := field(line)
	sid, line := field(line)
	unserved, line := field(line)
	skills, figures := field(line)
	f = fields{name: unescape(name), sid: sid, team: -1, activity: -1, able: true}
	if !wellFormed(sid) || unserved != "" && unserved != "u" || !x.skills(&f, skills) {
		return f, q, false
	}
	q.Unserved = unserved == "u"
	if figures == "" {
		return f, q, true
	}
	n, ok := list(figures, 1_000_000_000)
	if !ok || len(n) != 3 {
		return f, q, false
	}
	q.Figures = &transfer.QueueFigures{Available: int(n[0]), Waiting: int(n[1]), LongestWait: int(n[2])}
	return f, q, true
}

// refer reads the number of a term.
func (x *Index) refer(into *int32, kind termKind, text string) bool {
	*into = -1
	if text == "" {
		return true
	}
	n, ok := number(text)
	if !ok || n >= x.count(kind) {
		return false
	}
	*into = int32(x.first[kind] + n)
	return true
}

// skills reads the numbers of skills.
func (x *Index) skills(f *fields, text string) bool {
	place, known := x.byText[text]
	if !known {
		skills, ok := list(text, x.count(termSkill))
		if !ok {
			return false
		}
		for i := range skills {
			skills[i] += int32(x.first[termSkill])
		}
		place = uint32(len(x.sets))
		x.sets, x.byText[text] = append(x.sets, skillSet{terms: skills}), place
	}
	f.skills = place
	return true
}

// count is how many terms of a kind the text named.
func (x *Index) count(kind termKind) int {
	if kind == termSkill {
		return len(x.terms) - x.first[termSkill]
	}
	return x.first[kind+1] - x.first[kind]
}

// Size is how many workers and queues there are.
func (d *Directory) Size() (workers, queues int) {
	return d.workers.alive.count(), d.queues.alive.count()
}
