package sandbox

import "slices"

// waitingList holds the tasks that wait in a queue, the next one first: higher priority, then order of creation (FIFO)
// or the newest first (LIFO).
type waitingList []*task

func (q *queue) before(a, b *task) int {
	switch {
	case a.priority != b.priority:
		return b.priority - a.priority
	case a.seq == b.seq:
		return 0
	case (a.seq < b.seq) == (q.order != "LIFO"):
		return -1
	default:
		return 1
	}
}

func (q *queue) insert(list waitingList, t *task) waitingList {
	at, found := slices.BinarySearchFunc(list, t, q.before)
	if found {
		return list
	}
	return slices.Insert(list, at, t)
}

func (q *queue) remove(list waitingList, t *task) waitingList {
	at, found := slices.BinarySearchFunc(list, t, q.before)
	if !found {
		return list
	}
	return slices.Delete(list, at, at+1)
}

// wait makes a task wait in its queue. Its priority must not change while it waits.
func (q *queue) wait(t *task) {
	if t.waiting {
		return
	}
	t.waiting = true
	if t.knownOnly {
		q.waitingFor[t.known] = q.insert(q.waitingFor[t.known], t)
		return
	}
	q.waiting = q.insert(q.waiting, t)
}

// unwait ends a task's waiting.
func (q *queue) unwait(t *task) {
	if !t.waiting {
		return
	}
	t.waiting = false
	if !t.knownOnly {
		q.waiting = q.remove(q.waiting, t)
		return
	}
	if q.waitingFor[t.known] = q.remove(q.waitingFor[t.known], t); len(q.waitingFor[t.known]) == 0 {
		delete(q.waitingFor, t.known)
	}
}

// resort puts the waiting tasks in order after the queue's order has changed.
func (q *queue) resort() {
	slices.SortFunc(q.waiting, q.before)
	for _, list := range q.waitingFor {
		slices.SortFunc(list, q.before)
	}
}
