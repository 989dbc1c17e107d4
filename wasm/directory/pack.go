package directory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

const (
	magic   = "flex-transfer-directory"
	version = "1"
)

// Pack writes workers and queues as one text, see the package. The same
// workers and queues make the same text, in whatever order they come; neither
// slice is changed.
func Pack(workers []transfer.Colleague, queues []transfer.QueueRecord) []byte {
	workers, queues = sorted(workers, workerKey), sorted(queues, queueKey)
	activities, teams, skills := table{}, table{}, table{}
	for _, w := range workers {
		activities.add(w.Activity)
		teams.add(w.Team)
		skills.addAll(w.Skills)
	}
	for _, q := range queues {
		skills.addAll(q.Skills)
	}
	out := make([]byte, 0, 256+64*(len(workers)+len(queues)))
	out = append(out, magic+"\t"+version+"\t"...)
	out = strconv.AppendInt(out, int64(len(workers)), 10)
	out = append(out, '\t')
	out = strconv.AppendInt(out, int64(len(queues)), 10)
	out = append(out, '\n')
	for _, t := range []table{activities, teams, skills} {
		out = t.write(out)
	}
	for i := range workers {
		out = packWorker(out, &workers[i], activities, teams, skills)
	}
	for i := range queues {
		out = packQueue(out, &queues[i], skills)
	}
	return out
}

// sorted is a copy, ordered by folded name, then by name and SID.
func sorted[T any](all []T, key func(*T) (name, sid string)) []T {
	type keyed struct {
		folded, name, sid string
		item              T
	}
	keys := make([]keyed, len(all))
	for i := range all {
		name, sid := key(&all[i])
		keys[i] = keyed{Fold(name), name, sid, all[i]}
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		if c := strings.Compare(a.folded, b.folded); c != 0 {
			return c
		}
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.sid, b.sid)
	})
	out := make([]T, len(keys))
	for i := range keys {
		out[i] = keys[i].item
	}
	return out
}

func workerKey(w *transfer.Colleague) (name, sid string)  { return w.Name, w.SID }
func queueKey(q *transfer.QueueRecord) (name, sid string) { return q.FriendlyName, q.SID }

func packWorker(out []byte, w *transfer.Colleague, activities, teams, skills table) []byte {
	out = escape(out, w.Name)
	out = compact(append(out, '\t'), w.SID, workerPrefix)
	out = activities.refer(append(out, '\t'), w.Activity)
	if w.Available {
		out = append(out, '+')
	}
	if w.Team != "" || len(w.Skills) > 0 {
		out = append(out, '\t')
	}
	out = teams.refer(out, w.Team)
	if len(w.Skills) > 0 {
		out = skills.refer(append(out, '\t'), w.Skills...)
	}
	return append(out, '\n')
}

func packQueue(out []byte, q *transfer.QueueRecord, skills table) []byte {
	out = escape(out, q.FriendlyName)
	out = compact(append(out, '\t'), q.SID, queuePrefix)
	out = append(out, '\t')
	if q.Unserved {
		out = append(out, 'u')
	}
	if len(q.Skills) > 0 || q.Figures != nil {
		out = skills.refer(append(out, '\t'), q.Skills...)
	}
	if f := q.Figures; f != nil {
		for i, n := range [...]int{f.Available, f.Waiting, f.LongestWait} {
			out = append(out, "\t,,"[i])
			out = strconv.AppendInt(out, int64(min(max(n, 0), 999_999_999)), 10)
		}
	}
	return append(out, '\n')
}

// table gives names their numbers, but for empty ones.
type table map[string]int

func (t table) add(name string) {
	if _, has := t[name]; !has && name != "" {
		t[name] = len(t)
	}
}

func (t table) addAll(names []string) {
	for _, name := range names {
		t.add(name)
	}
}

// refer writes the numbers of names.
func (t table) refer(out []byte, names ...string) []byte {
	start := len(out)
	for _, name := range names {
		if name == "" {
			continue
		}
		if len(out) > start {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(t[name]), 10)
	}
	return out
}

func (t table) write(out []byte) []byte {
	names := make([]string, len(t))
	for name, i := range t {
		names[i] = name
	}
	for i, name := range names {
		if i > 0 {
			out = append(out, '\t')
		}
		out = escape(out, name)
	}
	return append(out, '\n')
}
