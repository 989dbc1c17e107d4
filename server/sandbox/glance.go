package sandbox

// Glance is one interaction channel in few words, for those who look often: unlike a Snapshot it renders nothing and
// leaves out everything else in the account. It is a value: changing it changes nothing in the account.
type Glance struct {
	// Status is the channel's, in Twilio's words; "" for a channel that does not exist.
	Status string
	// Participants are those who have not left, in the order in which they joined. Who wraps up is among them.
	Participants []GlanceParticipant
	// Tasks are those of the channel's invites that TaskRouter still has, oldest first.
	Tasks []GlanceTask
}

// GlanceParticipant is an InteractionParticipant. WorkerSID and TaskSID are empty for who is no agent.
type GlanceParticipant struct {
	SID, Type          string
	WorkerSID, TaskSID string
	Wrapping           bool
}

// GlanceTask is a task that an invite made.
type GlanceTask struct {
	SID, Status, Attributes string
	Reservations            []GlanceReservation // oldest first
}

// GlanceReservation is a worker's chance at a task.
type GlanceReservation struct {
	SID, Status           string
	WorkerSID, WorkerName string
}

// Glance returns what is the case in an interaction channel now.
func (a *Account) Glance(channelSID string) Glance {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.store.channels.get(channelSID)
	if !ok {
		return Glance{}
	}
	g := Glance{Status: c.status}
	for _, p := range c.participants {
		if !p.present() {
			continue
		}
		seen := GlanceParticipant{SID: p.sid, Type: p.kind, Wrapping: p.wrapping}
		if p.reservation != nil {
			seen.WorkerSID, seen.TaskSID = p.reservation.worker.sid, p.reservation.task.sid
		}
		g.Participants = append(g.Participants, seen)
	}
	for _, i := range c.invites {
		if _, there := a.store.tasks.get(i.task.sid); there {
			g.Tasks = append(g.Tasks, i.task.glance())
		}
	}
	return g
}

func (t *task) glance() GlanceTask {
	g := GlanceTask{SID: t.sid, Status: t.status, Attributes: t.attributes, Reservations: make([]GlanceReservation, len(t.reservations))}
	for i, r := range t.reservations {
		g.Reservations[i] = GlanceReservation{SID: r.sid, Status: r.status, WorkerSID: r.worker.sid, WorkerName: r.worker.name}
	}
	return g
}

// GlanceWorker is a worker in few words.
type GlanceWorker struct {
	SID, Name, Activity string
	Available           bool
}

// GlanceWorker returns the worker with the SID; false where there is none.
func (a *Account) GlanceWorker(sid string) (GlanceWorker, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, ok := a.store.workers.get(sid)
	if !ok {
		return GlanceWorker{}, false
	}
	return GlanceWorker{SID: w.sid, Name: w.name, Activity: w.activity.name, Available: w.activity.available}, true
}
