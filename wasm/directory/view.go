package directory

import "github.com/flex-transfer/flex-transfer/wasm/transfer"

// view is the directory as one agent sees it, for one conversation.
type view struct {
	open            bool
	facts           transfer.Facts
	access          transfer.Access
	leaving         string // the worker who hands over: nobody hands over to themselves
	workers, queues bitset // those that the rules let the agent see
	// Why each of them cannot be chosen, as far as it was asked for, see
	// [Directory.reason].
	workerReasons, queueReasons []uint8
}

// Open shows the directory for a conversation: from now on it holds the
// entries that the facts' permissions and settings let the agent see. Workers
// and Queues of the facts do not count.
func (d *Directory) Open(f transfer.Facts) {
	f.Workers, f.Queues = nil, nil
	v := &d.view
	*v = view{
		open: true, facts: f, access: f.Access(), leaving: f.Me.SID,
		workers: newBitset(d.workers.room()), queues: newBitset(d.queues.room()),
		workerReasons: noReasons(d.workers.room()), queueReasons: noReasons(d.queues.room()),
	}
	for _, p := range f.Participants {
		if p.TaskSID != "" && p.TaskSID == f.Task.SID && p.WorkerSID != "" {
			v.leaving = p.WorkerSID
		}
	}
	var sids chunks // one piece of memory for many
	var sid [expandedLength + 1]byte
	for id := range d.workers.entries {
		field := d.workers.entries[id].sid
		if field[0] == '=' {
			d.judgeWorker(uint32(id))
		} else {
			d.judge(uint32(id), sids.keep(appendExpanded(sid[:0], field, workerPrefix)))
		}
	}
	for id := range d.queues.entries {
		d.judgeQueue(uint32(id))
	}
}

func noReasons(room int) []uint8 {
	reasons := make([]uint8, room)
	for i := range reasons {
		reasons[i] = unjudged
	}
	return reasons
}

// judgeWorker decides whether the agent may see the worker.
func (d *Directory) judgeWorker(id uint32) {
	if d.view.open {
		d.judge(id, expand(d.workers.entries[id].sid, workerPrefix))
	}
}

func (d *Directory) judge(id uint32, sid string) {
	v, x := &d.view, &d.workers
	v.workerReasons[id] = unjudged
	if x.alive.has(id) {
		v.workers.set(id, sid != v.leaving && v.access.Worker(x.colleague(id, sid)) == "")
	}
}

func (d *Directory) judgeQueue(id uint32) {
	v := &d.view
	if v.open && d.queues.alive.has(id) {
		q := d.queue(id)
		hidden := v.facts.Settings.Directory.HideEmptyQueues && q.Figures != nil && q.Figures.Available == 0
		v.queues.set(id, !hidden && v.access.Queue(q) == "")
		v.queueReasons[id] = unjudged
	}
}

// queue is a queue as the rules see one.
func (d *Directory) queue(id uint32) transfer.QueueRecord {
	e := &d.queues.entries[id]
	q := d.details[e.sid]
	q.SID, q.FriendlyName, q.Skills = expand(e.sid, queuePrefix), e.name, d.queues.skillsOf(e)
	return q
}

// UpdateWorker takes in that a worker is new or has changed.
func (d *Directory) UpdateWorker(w transfer.Colleague) {
	x := &d.workers
	f := x.fields(w.Name, w.SID, w.Skills)
	f.able = w.Available
	if w.Team != "" {
		f.team = x.term(termTeam, w.Team)
	}
	if w.Activity != "" {
		f.activity = x.term(termActivity, w.Activity)
	}
	layouts := x.layouts
	f.text = d.texts
	id, moved := x.put(f)
	if moved {
		d.texts++
	}
	if x.layouts > layouts {
		d.reopen()
	} else {
		d.judgeWorker(id)
	}
}

// UpdateQueue takes in that a queue is new or has changed.
func (d *Directory) UpdateQueue(q transfer.QueueRecord) {
	x := &d.queues
	f := x.fields(q.FriendlyName, q.SID, q.Skills)
	layouts := x.layouts
	f.text = d.texts
	id, moved := x.put(f)
	if moved {
		d.texts++
	}
	d.details[x.entries[id].sid] = transfer.QueueRecord{Unserved: q.Unserved, Figures: q.Figures}
	if x.layouts > layouts {
		d.reopen()
	}
	d.judgeQueue(id)
}

func (d *Directory) reopen() {
	if d.view.open {
		d.Open(d.view.facts)
	}
}

// Remove takes in that there is no such worker or queue any more.
func (d *Directory) Remove(sid string) {
	for _, x := range [...]*Index{&d.workers, &d.queues} {
		if id, has := x.find(sid); has {
			x.remove(id)
		}
	}
}
