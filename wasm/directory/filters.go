package directory

import (
	"strings"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// Filters narrow Flex's own directory as the rules do. The texts are for the
// properties hiddenWorkerFilter and hiddenQueueFilter of Flex's
// WorkerDirectoryTabs, in Sync's live query language: an entry is shown where
// it matches, and every one where the text is empty. Flex UI from 2.2 on makes
// a TaskRouter expression of the first (data. and data.attributes. go); later
// ones take a function, queueFilter, instead of the second, for which QueueSIDs
// are.
// Sources: https://www.twilio.com/docs/flex/developer/ui/components,
// https://www.twilio.com/docs/sync/live-query
type Filters struct {
	Workers, Queues string
	// QueueSIDs are the queues that may be shown.
	QueueSIDs []string
}

const (
	// perList is how many values a list in a live query may have, to be safe.
	perList = 29
	// mostNames is how many workers a filter may name.
	mostNames = 290
)

// NativeFilters computes the filters for a conversation. What cannot be said in
// a filter, such as patterns of names that leave hundreds of workers, is not
// narrowed there: the backend refuses such a target. The conversation that the
// directory is open for stays open.
func (d *Directory) NativeFilters(f transfer.Facts) Filters {
	kept := d.view
	d.Open(f)
	defer func() { d.view = kept }()
	var parts []string
	if f.Settings.Directory.HideUnavailable {
		parts = append(parts, oneOf("data.activity_name", true, d.availableActivities()))
	}
	if part := d.workerFilter(); part != "" {
		parts = append(parts, part)
	}
	out := Filters{Workers: strings.Join(parts, " AND "), QueueSIDs: []string{}}
	var shown, hidden []string
	d.queues.inOrder(d.queues.alive, func(id uint32) bool {
		q := d.queue(id)
		if d.view.queues.has(id) {
			shown, out.QueueSIDs = append(shown, q.FriendlyName), append(out.QueueSIDs, q.SID)
		} else {
			hidden = append(hidden, q.FriendlyName)
		}
		return true
	})
	out.Queues = narrow("data.queue_name", shown, hidden)
	return out
}

// availableActivities are those in which a worker is available.
func (d *Directory) availableActivities() []string {
	var names []string
	x := &d.workers
	set := x.scratch[1]
	for i := range x.terms {
		if t := &x.terms[i]; t.kind == termActivity {
			copy(set, t.in)
			set.and(x.able)
			if set.count() > 0 {
				names = append(names, t.text)
			}
		}
	}
	return names
}

// workerFilter says which workers are permitted: by their teams where these
// alone decide, else by their names where these are few.
func (d *Directory) workerFilter() string {
	x, a := &d.workers, d.view.access
	permitted, forbidden := map[string]bool{}, map[string]bool{} // teams
	var shown, hidden []string
	x.inOrder(x.alive, func(id uint32) bool {
		c := x.colleague(id, x.sid(id))
		if a.Worker(c) == "" {
			permitted[c.Team] = true
			shown = append(shown, c.Name)
		} else {
			forbidden[c.Team] = true
			hidden = append(hidden, c.Name)
		}
		return true
	})
	if len(hidden) == 0 {
		return ""
	}
	var teams []string
	decided := !permitted[""]
	for i := range x.terms {
		if t := &x.terms[i]; t.kind == termTeam && permitted[t.text] {
			teams = append(teams, t.text)
			decided = decided && !forbidden[t.text]
		}
	}
	if decided && len(teams) > 0 { // under either name that a team may have in the attributes
		return "(" + oneOf("data.attributes.team_name", true, teams) + " OR " + oneOf("data.attributes.team", true, teams) + ")"
	}
	if min(len(shown), len(hidden)) > mostNames {
		return ""
	}
	return narrow("data.attributes.full_name", shown, hidden)
}

// narrow names those that are shown, or those that are not, whichever are
// fewer; empty where all are shown.
func narrow(field string, shown, hidden []string) string {
	switch {
	case len(hidden) == 0:
		return ""
	case len(hidden) < len(shown):
		return oneOf(field, false, hidden)
	}
	return oneOf(field, true, shown)
}

// oneOf asks for a field to be, or not to be, one of the values. Where there are
// none to be, nothing matches.
func oneOf(field string, in bool, values []string) string {
	operator, glue := " IN [", " OR "
	if !in {
		operator, glue = " NOT_IN [", " AND "
	}
	if len(values) == 0 {
		values = []string{""}
	}
	out := []byte{'('}
	for i, v := range values {
		switch {
		case i%perList != 0:
			out = append(out, ", "...)
		case i > 0:
			out = append(append(append(append(out, ']'), glue...), field...), operator...)
		default:
			out = append(append(out, field...), operator...)
		}
		out = append(out, '"')
		for j := 0; j < len(v); j++ {
			if v[j] == '"' || v[j] == '\\' {
				out = append(out, '\\')
			}
			out = append(out, v[j])
		}
		out = append(out, '"')
	}
	return string(append(out, "])"...))
}
