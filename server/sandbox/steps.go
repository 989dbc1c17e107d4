package sandbox

import (
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

// enterWorkflow finds the filter that a task matches and starts at its first step.
func (a *Account) enterWorkflow(t *task) {
	t.filter = t.workflow.parsed.Match(t.document)
	a.workflowEvent("workflow.entered", t)
	if t.filter == nil {
		a.workflowEvent("workflow.timeout", t)
		a.cancelTask(t, "Workflow Timeout")
		return
	}
	a.enterStep(t, 0)
}

// enterStep lets a task go through the steps of its filter from the given one on, up to the first where it is reserved
// or has to wait. Past the last step it falls to the default filter if it was skipped, and is canceled otherwise.
func (a *Account) enterStep(t *task, index int) {
	skipped := false
	for ; index < len(t.filter.Targets); index++ {
		t.targetIndex, t.target, t.stepIsOver = index, t.filter.Targets[index], false
		a.workflowEvent("workflow.target-matched", t)
		queue := t.queue
		if q, ok := a.store.queues.get(t.target.QueueSID); ok {
			queue = q
		}
		if queue == nil { // a workflow that is older than the deletion of its queue
			continue
		}
		if priority, ok := t.target.Priority(t.document); ok {
			t.priority = priority
		}
		a.enterQueue(t, queue)
		a.resolveKnownWorker(t)
		if a.offer(t) {
			a.startStepTimer(t)
			return
		}
		if !t.target.Skips(t.document, func() routing.Presence { return queue.presence() }) {
			queue.wait(t)
			a.startStepTimer(t)
			return
		}
		skipped = true
		a.workflowEvent("workflow.skipped", t)
	}
	if fallback := t.workflow.parsed.Default; skipped && fallback != nil && t.filter != fallback {
		t.filter = fallback
		a.enterStep(t, 0)
		return
	}
	a.workflowEvent("workflow.timeout", t)
	a.cancelTask(t, "Workflow Timeout")
}

// leaveStep ends a task's waiting and its step's timer.
func (a *Account) leaveStep(t *task) {
	if t.queue != nil {
		t.queue.unwait(t)
	}
	stopTimer(&t.stepTimer)
}

func (a *Account) enterQueue(t *task, q *queue) {
	from := t.queue
	if from == q {
		return
	}
	if from != nil {
		from.live.delete(t.sid)
	}
	q.live.put(t.sid, t)
	t.queue, t.queueEntered = q, a.now()
	if from == nil {
		a.taskEvent("task-queue.entered", t, nil)
		return
	}
	a.taskEvent("task-queue.moved", t, nil)
	a.taskEvent("task-queue.entered", t, nil)
}

// resolveKnownWorker finds the only worker that the step is for, if it is for one. A worker who is not in the queue is
// Twilio's error 40152; as with one that is null or unknown, the task waits for the step's timeout.
func (a *Account) resolveKnownWorker(t *task) {
	t.knownOnly, t.known = t.target.KnownWorkerKey != routing.NoKnownWorker, ""
	if !t.knownOnly {
		return
	}
	name := t.target.KnownWorker(t.document)
	w, ok := a.store.workers.get(name)
	if t.target.KnownWorkerKey == routing.ByFriendlyName {
		w, ok = a.store.workersByName[name]
	}
	if !ok {
		return
	}
	t.known = w.sid
	if !t.queue.has(w) {
		a.logger.Warn("known worker is not in the queue", "code", 40152, "task", t.sid, "worker", w.sid, "queue", t.queue.sid)
		a.remember(RecordEntry{Kind: "error", Status: "40152", SID: t.sid, TaskSID: t.sid, WorkerSID: w.sid,
			Detail: "known worker is not in the queue " + t.queue.sid})
	}
}

func (a *Account) startStepTimer(t *task) {
	stopTimer(&t.stepTimer)
	seconds := t.target.TimeoutSeconds
	if seconds == 0 {
		return
	}
	t.stepTimer = a.after(time.Duration(seconds)*time.Second, func() {
		t.stepTimer = nil
		switch t.status {
		case statusPending:
			a.stepTimedOut(t)
		case statusReserved:
			t.stepIsOver = true
		}
	})
}

func (a *Account) stepTimedOut(t *task) {
	a.taskEvent("task-queue.timeout", t, nil)
	a.leaveStep(t)
	t.declined = nil
	a.enterStep(t, t.targetIndex+1)
}

// comeBack puts a task whose reservations have all ended without an accept back into routing.
func (a *Account) comeBack(t *task) {
	a.setTaskStatus(t, statusPending)
	switch {
	case t.direct != nil:
		a.cancelTask(t, "Target Worker did not accept")
	case t.stepIsOver:
		a.stepTimedOut(t)
	default:
		a.offerOrWait(t)
	}
}

func (a *Account) offerOrWait(t *task) {
	if !a.offer(t) {
		t.queue.wait(t)
	}
}

// offer reserves the best workers for a task, as many as its queue allows, and says whether the task is reserved.
func (a *Account) offer(t *task) bool {
	reserved := t.pendingReservations()
	for reserved < t.queue.maxReserved {
		w := a.bestWorker(t)
		if w == nil {
			break
		}
		a.reserve(t, w)
		reserved++
	}
	return reserved > 0
}

// bestWorker returns the worker whom the step prefers, or else the one who has been idle for longest.
func (a *Account) bestWorker(t *task) *worker {
	if t.knownOnly {
		if w, ok := a.store.workers.get(t.known); ok && t.mayGo(w) {
			return w
		}
		return nil
	}
	var best *worker
	for w := range t.queue.members.all() {
		if t.mayGo(w) && (best == nil || t.prefers(w, best)) {
			best = w
		}
	}
	return best
}

func (t *task) prefers(w, other *worker) bool {
	if c := t.target.Prefers(t.document, w.document, other.document); c != 0 {
		return c < 0
	}
	if !w.idleSince.Equal(other.idleSince) {
		return w.idleSince.Before(other.idleSince)
	}
	return w.seq < other.seq
}

// mayGo says whether a worker can get a reservation for the task now.
func (t *task) mayGo(w *worker) bool {
	if !w.activity.available || t.declined[w] || t.direct == nil && !t.queue.has(w) || !w.hasCapacity(t.channel) {
		return false
	}
	for _, r := range t.reservations {
		if r.worker == w && r.open() {
			return false
		}
	}
	return t.target.MatchesWorker(t.document, w.document)
}

// routeWorker gives a worker the waiting tasks that it can have: by priority, then by age.
func (a *Account) routeWorker(w *worker) {
	for w.activity.available {
		t := a.nextTaskFor(w)
		if t == nil {
			return
		}
		a.reserve(t, w)
		a.offer(t)
	}
}

func (a *Account) nextTaskFor(w *worker) *task {
	var best *task
	consider := func(q *queue, list waitingList) {
		for _, t := range list {
			if t.mayGo(w) {
				if best == nil || q.before(t, best) < 0 {
					best = t
				}
				return
			}
		}
	}
	for _, q := range w.queues {
		consider(q, q.waiting)
		consider(q, q.waitingFor[w.sid])
	}
	return best
}

func (t *task) pendingReservations() int {
	n := 0
	for _, r := range t.reservations {
		if r.status == statusPending {
			n++
		}
	}
	return n
}
