package directory

import "github.com/flex-transfer/flex-transfer/wasm/transfer"

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

// Line is one line of the list.
type Line struct {
	Group     Group
	Target    transfer.Target
	Activity  string // of a worker
	Available bool   // a worker who is; a queue in which somebody is, or may be
	Team      string
	Skills    []string
	Figures   *transfer.QueueFigures // of a queue; nil where they are not known
	// Reason is why it cannot be chosen; empty where it can.
	Reason transfer.Reason
}

// Found is what a search comes to.
type Found struct {
	Lines []Line
	// Workers and Queues are how many match, whatever the limit.
	Workers, Queues int
}

// Search finds what the agent for whom the directory was opened may see and
// looks for. Lines in which every word begins a word come before the others,
// each in the order of the directory. It finds nothing before the first Open.
func (d *Directory) Search(q Query) Found {
	var found Found
	if !d.view.open {
		return found
	}
	words := wordsOf(q.Text)
	var results []result
	if q.Kind != transfer.TargetQueue {
		available := q.Available || d.view.facts.Settings.Directory.HideUnavailable
		r := d.workers.search(words, d.view.workers, available)
		found.Workers, results = r.all.count(), append(results, r)
	}
	if q.Kind != transfer.TargetWorker {
		r := d.queues.search(words, d.view.queues, false)
		if q.Available {
			d.dropEmpty(r)
		}
		found.Queues, results = r.all.count(), append(results, r)
	}
	for group, sids := range [...][]string{q.Favourites, q.Recents} {
		for _, sid := range sids {
			for _, r := range results {
				if id, ok := r.take(sid); ok {
					found.Lines = append(found.Lines, d.line(r.x, id, Group(group)))
				}
			}
		}
	}
	for _, r := range results {
		group := GroupWorker
		if r.x == &d.queues {
			group = GroupQueue
		}
		r.each(q.Limit, func(id uint32) { found.Lines = append(found.Lines, d.line(r.x, id, group)) })
	}
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

func (d *Directory) line(x *Index, id uint32, group Group) Line {
	f := d.view.facts
	if x == &d.queues {
		q := d.queue(id)
		return Line{
			Group: group, Target: transfer.Target{Kind: transfer.TargetQueue, SID: q.SID, Name: q.FriendlyName},
			Available: q.Figures == nil || q.Figures.Available > 0, Skills: q.Skills, Figures: q.Figures,
			Reason: f.QueueHindrance(q, d.view.access),
		}
	}
	w := x.colleague(id)
	return Line{
		Group: group, Target: transfer.Target{Kind: transfer.TargetWorker, SID: w.SID, Name: w.Name},
		Activity: w.Activity, Available: w.Available, Team: w.Team, Skills: w.Skills, Reason: f.WorkerHindrance(w, d.view.access),
	}
}
