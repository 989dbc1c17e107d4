package reconcile

import (
	"cmp"
	"container/heap"
	"time"
)

// place names one conversation: its interaction (KD…, which may not be known
// yet) and its interaction channel (UO…).
type place struct{ interaction, channel string }

// visit is a conversation that is to be looked at.
type visit struct {
	place
	due   time.Time
	order uint64 // of those that are due at once, the first that was asked for
	index int    // in the heap; -1 while it is being made
	// again is when it is to be made anew, if that was asked for meanwhile.
	again time.Time
	// suspected is since when something has been seen to be wrong, by the finding.
	suspected map[string]time.Time
	// closely asks for a look at its tasks even if the conversation has ended.
	closely bool
	// told is when the last event happened that asked for the visit.
	told time.Time
	// missed is when the oldest event was that asked for the visit and had been
	// missed; zero where none was.
	missed   time.Time
	failures int
	// meanwhile is what was asked for and told while the visit is being made. All
	// else belongs to whoever makes it, until it is ended.
	meanwhile meanwhile
}

// meanwhile is what comes about a visit that is being made.
type meanwhile struct {
	interaction  string
	closely      bool
	told, missed time.Time
}

// busy reports whether the visit is being made.
func (v *visit) busy() bool { return v.index < 0 }

// agenda is the visits that are to be made. It is not safe for concurrent use.
type agenda struct {
	visits map[string]*visit // by channel, also those that are being made
	heap   visitHeap
	order  uint64
}

// add asks for a visit at the time, or earlier.
func (a *agenda) add(p place, due time.Time, closely bool) {
	v := a.visits[p.channel]
	if v == nil {
		if a.visits == nil {
			a.visits = map[string]*visit{}
		}
		a.order++
		v = &visit{place: p, due: due, order: a.order, closely: closely}
		a.visits[p.channel] = v
		heap.Push(&a.heap, v)
		return
	}
	if v.busy() {
		if v.again.IsZero() || due.Before(v.again) {
			v.again = due
		}
		v.meanwhile.interaction = cmp.Or(v.meanwhile.interaction, p.interaction)
		v.meanwhile.closely = v.meanwhile.closely || closely
		return
	}
	v.interaction = cmp.Or(v.interaction, p.interaction)
	v.closely = v.closely || closely
	if due.Before(v.due) {
		v.due = due
		heap.Fix(&a.heap, v.index)
	}
}

// tell notes when the event happened that asked for the visit, and whether it had
// been missed.
func (a *agenda) tell(channel string, at time.Time, missed bool) {
	v := a.visits[channel]
	if v == nil {
		return
	}
	told, oldest := &v.told, &v.missed
	if v.busy() {
		told, oldest = &v.meanwhile.told, &v.meanwhile.missed
	}
	if at.After(*told) {
		*told = at
	}
	if missed {
		*oldest = earlier(*oldest, at)
	}
}

// earlier is the earlier one of two times; a zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// oldestMissed is when the oldest missed event was that a visit is still to be
// made for, or the given time if that is earlier.
func (a *agenda) oldestMissed(otherwise time.Time) time.Time {
	for _, v := range a.visits {
		otherwise = earlier(otherwise, earlier(v.missed, v.meanwhile.missed))
	}
	return otherwise
}

// next is when the first visit is due; false if there is none.
func (a *agenda) next() (time.Time, bool) {
	if len(a.heap) == 0 {
		return time.Time{}, false
	}
	return a.heap[0].due, true
}

// begin takes the first visit off the heap.
func (a *agenda) begin() *visit { return heap.Pop(&a.heap).(*visit) }

// end ends a visit that was begun, and that has seen what there was to see if
// made; a due time asks for another one.
func (a *agenda) end(v *visit, made bool, due time.Time) {
	if made {
		v.missed = time.Time{}
	}
	more := v.meanwhile
	v.meanwhile = meanwhile{}
	v.interaction, v.closely = cmp.Or(v.interaction, more.interaction), v.closely || more.closely
	v.missed = earlier(v.missed, more.missed)
	if more.told.After(v.told) {
		v.told = more.told
	}
	if !v.again.IsZero() && (due.IsZero() || v.again.Before(due)) {
		due = v.again
	}
	v.again = time.Time{}
	if due.IsZero() {
		delete(a.visits, v.channel)
		return
	}
	v.due = due
	heap.Push(&a.heap, v)
}

// visitHeap orders visits by when they are due.
type visitHeap []*visit

func (h visitHeap) Len() int { return len(h) }

func (h visitHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].order < h[j].order
}

func (h visitHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *visitHeap) Push(x any) {
	v := x.(*visit)
	v.index = len(*h)
	*h = append(*h, v)
}

func (h *visitHeap) Pop() any {
	last := len(*h) - 1
	v := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	v.index = -1
	return v
}
