package sandbox

import "time"

// reserve offers a task to a worker.
func (a *Account) reserve(t *task, w *worker) *reservation {
	r := &reservation{entity: a.entity("WR", ""), task: t, worker: w, status: statusPending}
	t.reservations = append(t.reservations, r)
	a.store.reservations[r.sid] = r
	w.reservations.put(r.sid, r)
	w.open.put(r.sid, r)
	if c := w.channel(t.channel); c != nil {
		c.used++
	}
	t.queue.unwait(t)
	a.setTaskStatus(t, statusReserved)
	a.recordReservation(r)
	a.taskEvent("reservation.created", t, r)
	a.reservationChanged(r)
	seconds := defaultReservationTimeout
	if t.workflow != nil {
		seconds = t.workflow.reservationTimeout
	}
	r.timer = a.after(time.Duration(seconds)*time.Second, func() {
		if r.status == statusPending {
			a.timeoutReservation(r)
		}
	})
	return r
}

func (a *Account) recordReservation(r *reservation) {
	a.remember(RecordEntry{Kind: "reservation", SID: r.sid, Status: r.status, TaskSID: r.task.sid, WorkerSID: r.worker.sid})
}

func (a *Account) reservationChanged(r *reservation) {
	a.changed("reservation", func() any { return a.viewReservationAndTask(r) })
}

func (a *Account) setReservationStatus(r *reservation, status string) {
	r.status = status
	a.touch(&r.entity)
	a.recordReservation(r)
	a.reservationChanged(r)
}

// endReservation gives the worker's capacity back and tells of the end.
func (a *Account) endReservation(r *reservation, status string) {
	stopTimer(&r.timer)
	r.worker.open.delete(r.sid)
	if c := r.worker.channel(r.task.channel); c != nil {
		c.used--
	}
	r.worker.idleSince = a.now()
	a.setReservationStatus(r, status)
	a.taskEvent("reservation."+status, r.task, r)
}

// accept gives the task to the worker; the other workers' reservations are rescinded.
func (a *Account) accept(r *reservation) error {
	if r.status != statusPending {
		return invalid("Reservation %s is not pending: %s", r.sid, r.status)
	}
	t := r.task
	stopTimer(&r.timer)
	a.leaveStep(t)
	stopTimer(&t.lifeTimer)
	a.setReservationStatus(r, statusAccepted)
	a.setTaskStatus(t, statusAssigned)
	a.taskEvent("reservation.accepted", t, r)
	for _, other := range t.reservations {
		if other.status == statusPending {
			a.endReservation(other, statusRescinded)
			a.routeWorker(other.worker)
		}
	}
	if t.invite != nil {
		a.agentJoins(r)
	}
	return nil
}

// reject returns the task to its queue. The worker gets it again only after somebody else, or when it becomes available
// anew. A given activity is the worker's from now on.
func (a *Account) reject(r *reservation, next *activity) error {
	if r.status != statusPending {
		return invalid("Reservation %s is not pending: %s", r.sid, r.status)
	}
	a.decline(r, statusRejected, next)
	return nil
}

func (a *Account) timeoutReservation(r *reservation) {
	a.decline(r, statusTimeout, a.store.timeoutActivity)
}

func (a *Account) decline(r *reservation, status string, next *activity) {
	t, w := r.task, r.worker
	a.endReservation(r, status)
	others := t.pendingReservations()
	if others == 0 || t.declined == nil {
		t.declined = map[*worker]bool{}
	}
	t.declined[w] = true
	if next != nil {
		a.setActivity(w, next)
	}
	if others == 0 {
		a.comeBack(t)
	}
	a.routeWorker(w)
}

// wrapUp moves an accepted reservation, and its task, to wrapping.
func (a *Account) wrapUp(r *reservation) error {
	if r.status != statusAccepted {
		return invalid("Reservation %s is not accepted: %s", r.sid, r.status)
	}
	a.wrapUpTask(r.task, nil)
	return nil
}

// complete ends an accepted or wrapping reservation, and its task.
func (a *Account) complete(r *reservation) error {
	if r.status != statusAccepted && r.status != statusWrapping {
		return invalid("Reservation %s is neither accepted nor wrapping: %s", r.sid, r.status)
	}
	a.completeTask(r.task, nil)
	return nil
}
