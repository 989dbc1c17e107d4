package directory

import (
	"slices"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Query is what an agent looks for.
type Query struct {
	// Text is words that must occur in the name, team, skills or activity, each
	// anywhere; letter case and accents do not count. Where it is empty,
	// everything is found.
	Text string
	// Kind narrows it to workers or queues; both are searched where it is empty.
	Kind transfer.TargetKind
	// Available narrows it to workers who are available, and to queues in which
	// somebody is, as far as that is known.
	Available bool
	// Favourites come first, in this order, then Recents; SIDs.
	Favourites, Recents []string
	// Limit is how many lines there are at most: of each kind, besides
	// favourites and recents.
	Limit int
}

// Group is the part of the list that a line belongs to.
type Group uint8

// The groups, in the order in which they are shown.
const (
	GroupFavourite Group = iota
	GroupRecent
	GroupWorker
	GroupQueue
)

// Hit is one line of the list.
type Hit struct {
	Group Group
	Kind  transfer.TargetKind
	// Text is the number of what does not change of the entry: for one that was
	// loaded that of its line, workers from 0 and queues counted on. An entry that
	// came later, or changed in more than its activity or figures, has a number of
	// its own. See [Directory.Entry].
	Text uint32
	// Activity is a worker's, see [Directory.Activity]; -1 for none, and for
	// queues.
	Activity int32
	// Available is a worker who is, or a queue in which somebody is, or may be.
	Available bool
	Figures   *transfer.QueueFigures // of a queue; nil where they are not known
	// Reason is why it cannot be chosen, see [Directory.Reason]; 0 where it can.
	Reason uint8
}

// Found is what a search comes to.
type Found struct {
	// Hits are for use until the next search.
	Hits []Hit
	// Workers and Queues are how many match, whatever the limit.
	Workers, Queues int
}

// Search finds what the agent for whom the directory was opened may see and
// looks for. Lines in which every word begins a word come before the others,
// each in the order of the directory. It finds nothing before the first Open.
func (d *Directory) Search(q Query) Found {
	d.hits = d.hits[:0]
	var found Found
	if !d.view.open {
		return found
	}
	words := wordsOf(q.Text)
	var results [2]result
	n := 0
	if q.Kind != transfer.TargetQueue {
		available := q.Available || d.view.facts.Settings.Directory.HideUnavailable
		results[n] = d.workers.search(words, d.view.workers, available)
		found.Workers = results[n].all.count()
		n++
	}
	if q.Kind != transfer.TargetWorker {
		results[n] = d.queues.search(words, d.view.queues, false)
		if q.Available {
			d.dropEmpty(results[n])
		}
		found.Queues = results[n].all.count()
		n++
	}
	for group, sids := range [...][]string{q.Favourites, q.Recents} {
		for _, sid := range sids {
			for _, r := range results[:n] {
				if id, ok := r.take(sid); ok {
					d.hit(r.x, id, Group(group))
				}
			}
		}
	}
	for _, r := range results[:n] {
		group := GroupWorker
		if r.x == &d.queues {
			group = GroupQueue
		}
		r.each(q.Limit, func(id uint32) { d.hit(r.x, id, group) })
	}
	found.Hits = d.hits
	return found
}

// result is the entries of an index that match: all, and those that come first.
type result struct {
	x          *Index
	first, all bitset
}

// search finds the entries with all words among those that may be seen. The
// result is for use until the next one.
func (x *Index) search(words []string, seen bitset, available bool) result {
	all := x.scratch[3]
	copy(all, seen)
	all.and(x.alive)
	if available {
		all.and(x.able)
	}
	return result{x, x.query(words, all), all}
}

// take takes the entry of a SID out.
func (r result) take(sid string) (id uint32, ok bool) {
	id, ok = r.x.find(sid)
	if ok = ok && r.all.has(id); ok {
		r.all.drop(id)
		r.first.drop(id)
	}
	return id, ok
}

// each calls visit with at most limit entries, in the order of the list.
func (r result) each(limit int, visit func(id uint32)) {
	left := limit
	next := func(id uint32) bool {
		if left > 0 {
			visit(id)
		}
		left--
		return left > 0
	}
	r.x.inOrder(r.first, next)
	for i, w := range r.first {
		r.all[i] &^= w
	}
	if left > 0 {
		r.x.inOrder(r.all, next)
	}
}

// dropEmpty takes out the queues in which nobody is available.
func (d *Directory) dropEmpty(r result) {
	for id := range d.queues.entries {
		if f := d.details[d.queues.entries[id].sid].Figures; f != nil && f.Available == 0 {
			r.all.drop(uint32(id))
			r.first.drop(uint32(id))
		}
	}
}

// hit appends a line.
func (d *Directory) hit(x *Index, id uint32, group Group) {
	e := &x.entries[id]
	h := Hit{
		Group: group, Kind: transfer.TargetWorker, Text: e.text, Activity: e.activity,
		Available: x.able.has(id), Reason: d.reason(x, id),
	}
	if x == &d.queues {
		h.Kind, h.Figures = transfer.TargetQueue, d.details[e.sid].Figures
		h.Available = h.Figures == nil || h.Figures.Available > 0
	}
	d.hits = append(d.hits, h)
}

// unjudged is a reason that has to be asked for.
const unjudged = 0xFF

// reason is why an entry cannot be chosen. The rules are asked once, until
// something changes.
func (d *Directory) reason(x *Index, id uint32) uint8 {
	v := &d.view
	known := &v.workerReasons[id]
	if x == &d.queues {
		known = &v.queueReasons[id]
	}
	if *known != unjudged {
		return *known
	}
	var reason transfer.Reason
	if x == &d.queues {
		reason = v.facts.QueueHindrance(d.queue(id), v.access)
	} else {
		reason = v.facts.WorkerHindrance(x.colleague(id, x.sid(id)), v.access)
	}
	*known = d.numberOf(reason)
	return *known
}

// numberOf is the number of a reason; there are few.
func (d *Directory) numberOf(reason transfer.Reason) uint8 {
	if reason == "" {
		return 0
	}
	i := slices.Index(d.reasons, reason)
	if i < 0 {
		i, d.reasons = len(d.reasons), append(d.reasons, reason)
	}
	return uint8(i + 1)
}

// Reason is the reason of a hit's number, empty where there is none.
func (d *Directory) Reason(number uint32) transfer.Reason {
	if number < 1 || number > uint32(len(d.reasons)) {
		return ""
	}
	return d.reasons[number-1]
}

// Activity is the activity of a hit's number, empty where there is none. Those
// of the text that was loaded are numbered as they stand there, from 0.
func (d *Directory) Activity(number uint32) string {
	if number >= uint32(len(d.workers.terms)) {
		return ""
	}
	return d.workers.terms[number].text
}

// Entry is what does not change of an entry.
type Entry struct {
	Target transfer.Target
	Team   string   // of a worker
	Skills []string // of a worker; of a queue, those that it asks for
}

// Entry is the entry of a hit's text. There is none of a text that is not used
// any more.
func (d *Directory) Entry(text uint32) (Entry, bool) {
	for id := range d.workers.entries {
		if d.workers.entries[id].text == text {
			w := d.workers.colleague(uint32(id), d.workers.sid(uint32(id)))
			return Entry{transfer.Target{Kind: transfer.TargetWorker, SID: w.SID, Name: w.Name}, w.Team, w.Skills}, true
		}
	}
	for id := range d.queues.entries {
		if d.queues.entries[id].text == text {
			q := d.queue(uint32(id))
			return Entry{transfer.Target{Kind: transfer.TargetQueue, SID: q.SID, Name: q.FriendlyName}, "", q.Skills}, true
		}
	}
	return Entry{}, false
}
