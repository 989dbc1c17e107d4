package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
)

func workerRoutes(get, post, del func(string, handler)) {
	const ws = "/v1/Workspaces/{WorkspaceSid}"
	get(ws+"/Workers", restListWorkers)
	post(ws+"/Workers", restCreateWorker)
	get(ws+"/Workers/{Sid}", restFetchWorker)
	post(ws+"/Workers/{Sid}", restUpdateWorker)
	del(ws+"/Workers/{Sid}", restDeleteWorker)
	get(ws+"/Workers/{WorkerSid}/Channels", restListWorkerChannels)
	get(ws+"/Workers/{WorkerSid}/Channels/{Sid}", restFetchWorkerChannel)
	post(ws+"/Workers/{WorkerSid}/Channels/{Sid}", restUpdateWorkerChannel)
}

func (a *Account) findWorker(c *call, variable string) (*worker, error) {
	if w, ok := a.store.workers.get(c.value(variable)); ok {
		return w, nil
	}
	return nil, c.notFound()
}

func restListWorkers(a *Account, c *call) (answer, error) {
	target, err := parseWorkerExpression(c, "TargetWorkersExpression")
	if err != nil {
		return answer{}, err
	}
	queue, _ := a.store.queues.get(c.query.Get("TaskQueueSid"))
	if name := c.query.Get("TaskQueueName"); name != "" {
		queue = a.queueNamed(name)
	}
	byQueue := c.query.Get("TaskQueueSid")+c.query.Get("TaskQueueName") != ""
	is := func(parameter, got string) bool { v := c.query.Get(parameter); return v == "" || v == got }
	available := strings.ToLower(c.query.Get("Available"))
	wanted := keep(a.store.workers.all(), func(w *worker) bool {
		return is("ActivityName", w.activity.name) && is("ActivitySid", w.activity.sid) && is("FriendlyName", w.name) &&
			(available == "" || available == strconv.FormatBool(w.activity.available)) &&
			(!byQueue || queue != nil && queue.has(w)) &&
			(target == nil || target.Matches(expression.Scope{Bare: w.document, Worker: w.document}))
	})
	return answerList(c, "workers", wanted, a.viewWorker)
}

func restCreateWorker(a *Account, c *call) (answer, error) {
	name, err := c.required("FriendlyName")
	if err != nil {
		return answer{}, err
	}
	if a.store.workersByName[name] != nil {
		return answer{}, invalid("FriendlyName %q is already in use", name)
	}
	at := a.store.defaultActivity
	if sid := c.form.Get("ActivitySid"); sid != "" {
		at, _ = a.store.activities.get(sid)
	}
	if at == nil {
		return answer{}, invalid("ActivitySid %q does not exist", c.form.Get("ActivitySid"))
	}
	w, err := a.addWorker("", name, orObject(c.form.Get("Attributes")), at, nil)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: a.viewWorker(w), etag: &w.entity}, nil
}

func restFetchWorker(a *Account, c *call) (answer, error) {
	w, err := a.findWorker(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewWorker(w), etag: &w.entity}, nil
}

func restUpdateWorker(a *Account, c *call) (answer, error) {
	w, err := a.findWorker(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(&w.entity); err != nil {
		return answer{}, err
	}
	to := w.activity
	if sid := c.form.Get("ActivitySid"); sid != "" {
		var ok bool
		if to, ok = a.store.activities.get(sid); !ok {
			return answer{}, invalid("ActivitySid %q does not exist", sid)
		}
	}
	rejectPending, err := c.boolean("RejectPendingReservations", false)
	if err != nil {
		return answer{}, err
	}
	attributes := c.optional("Attributes")
	if attributes != nil {
		if _, err := workerDocument(*attributes); err != nil {
			return answer{}, err
		}
	}
	if name := c.form.Get("FriendlyName"); name != "" && name != w.name {
		if err := a.renameWorker(w, name); err != nil {
			return answer{}, err
		}
	}
	if attributes != nil {
		if err := a.updateWorkerAttributes(w, *attributes); err != nil {
			return answer{}, err
		}
	}
	a.setActivity(w, to)
	if rejectPending {
		a.rejectPending(w)
	}
	c.summary = w.name + " " + w.activity.name
	return answer{body: a.viewWorker(w), etag: &w.entity}, nil
}

func (a *Account) renameWorker(w *worker, name string) error {
	if a.store.workersByName[name] != nil {
		return invalid("FriendlyName %q is already in use", name)
	}
	delete(a.store.workersByName, w.name)
	w.name = name
	a.store.workersByName[name] = w
	w.redocument()
	a.touch(&w.entity)
	a.workerChanged(w)
	return nil
}

func (a *Account) rejectPending(w *worker) {
	for _, r := range slices.Collect(w.open.all()) {
		if r.status == statusPending {
			_ = a.reject(r, nil) // a pending one can be rejected
		}
	}
}

func restDeleteWorker(a *Account, c *call) (answer, error) {
	w, err := a.findWorker(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(&w.entity); err != nil {
		return answer{}, err
	}
	if w.open.len() > 0 {
		return answer{}, invalid("Worker %s cannot be deleted: it has reservations", w.sid)
	}
	a.deleteWorker(w)
	return answer{}, nil
}

func restListWorkerChannels(a *Account, c *call) (answer, error) {
	w, err := a.findWorker(c, "WorkerSid")
	if err != nil {
		return answer{}, err
	}
	return answerList(c, "channels", slices.Values(w.channels), func(wc *workerChannel) WorkerChannel { return a.viewWorkerChannel(w, wc) })
}

func (a *Account) findWorkerChannel(c *call) (*worker, *workerChannel, error) {
	w, err := a.findWorker(c, "WorkerSid")
	if err != nil {
		return nil, nil, err
	}
	for _, wc := range w.channels {
		if sid := c.value("Sid"); wc.sid == sid || wc.channel.sid == sid || wc.channel.uniqueName == sid {
			return w, wc, nil
		}
	}
	return nil, nil, c.notFound()
}

func restFetchWorkerChannel(a *Account, c *call) (answer, error) {
	w, wc, err := a.findWorkerChannel(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewWorkerChannel(w, wc)}, nil
}

func restUpdateWorkerChannel(a *Account, c *call) (answer, error) {
	w, wc, err := a.findWorkerChannel(c)
	if err != nil {
		return answer{}, err
	}
	capacity, err := c.number("Capacity", wc.capacity, 0)
	if err != nil {
		return answer{}, err
	}
	available, err := c.boolean("Available", wc.available)
	if err != nil {
		return answer{}, err
	}
	wc.capacity, wc.available = capacity, available
	a.touch(&wc.entity)
	a.routeWorker(w)
	return answer{body: a.viewWorkerChannel(w, wc)}, nil
}
