package sandbox

import (
	"github.com/flex-transfer/flex-transfer/server/sandbox/expression"
	"github.com/flex-transfer/flex-transfer/server/sandbox/routing"
)

func (a *Account) addQueue(sid, name, targetWorkers string, maxReserved int, order string) (*queue, error) {
	q := &queue{
		entity: a.entity("WQ", sid), name: name, maxReserved: max(maxReserved, 1), order: order,
		members: newOrdered[*worker](), waitingFor: map[string]waitingList{}, live: newOrdered[*task](),
	}
	if order == "" {
		q.order = "FIFO"
	}
	if err := a.setTargetWorkers(q, targetWorkers); err != nil {
		return nil, err
	}
	a.store.queues.put(q.sid, q)
	a.taskQueueEvent("task-queue.created", q)
	a.queueChanged(q)
	return q, nil
}

func (a *Account) queueChanged(q *queue) {
	a.changed("queue", func() any { return a.viewQueue(q) })
}

func (a *Account) queueNamed(name string) *queue {
	for q := range a.store.queues.all() {
		if q.name == name {
			return q
		}
	}
	return nil
}

// setTargetWorkers changes who is in a queue, and offers them what waits there. Empty means everybody.
func (a *Account) setTargetWorkers(q *queue, source string) error {
	if source == "" {
		source = "1==1"
	}
	condition, err := expression.Parse(source)
	if err != nil {
		return invalid("TargetWorkers is not a valid expression: %v", err)
	}
	if !condition.IsCondition() {
		return invalid("TargetWorkers %q is not a condition", source)
	}
	q.targetWorkers, q.condition = source, condition
	for w := range a.store.workers.all() {
		a.joinQueue(w, q)
		a.routeWorker(w)
	}
	return nil
}

func (a *Account) addWorkflow(sid, name, configuration string, reservationTimeout int) (*workflow, error) {
	if reservationTimeout == 0 {
		reservationTimeout = defaultReservationTimeout
	}
	parsed, err := a.parseWorkflow(configuration)
	if err != nil {
		return nil, err
	}
	w := &workflow{
		entity: a.entity("WW", sid), name: name, configuration: configuration, parsed: parsed,
		reservationTimeout: reservationTimeout,
	}
	a.store.workflows.put(w.sid, w)
	a.workflowChanged(w)
	return w, nil
}

func (a *Account) parseWorkflow(configuration string) (*routing.Workflow, error) {
	parsed, err := routing.Parse(configuration, func(sid string) bool {
		_, ok := a.store.queues.get(sid)
		return ok
	})
	if err != nil {
		return nil, invalid("Configuration is not valid: %v", err)
	}
	return parsed, nil
}

func (a *Account) workflowChanged(w *workflow) {
	a.changed("workflow", func() any { return a.viewWorkflow(w) })
}

func (a *Account) workflowNamed(name string) *workflow {
	for w := range a.store.workflows.all() {
		if w.name == name {
			return w
		}
	}
	return nil
}
