package roster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// readLimit is how long a read that several may wait for takes at most.
const readLimit = 15 * time.Second

// RunOnce reads everything. What could be read is taken in even where something else could not.
func (r *Roster) RunOnce(ctx context.Context) error {
	began := r.clock()
	var workers []transfer.WorkerRecord
	var activities map[string]bool
	var workersErr, activitiesErr, queuesErr error
	var all errgroup.Group
	all.Go(func() error { workers, workersErr = r.api.Workers(ctx); return nil })
	all.Go(func() error { activities, activitiesErr = r.api.Activities(ctx); return nil })
	all.Go(func() error { queuesErr = r.readQueues(ctx); return nil })
	_ = all.Wait()
	if activitiesErr == nil {
		r.mu.Lock()
		maps.Copy(r.activities, activities) // those that are no more do no harm
		r.mu.Unlock()
	} else {
		activitiesErr = fmt.Errorf("roster: reading the activities: %w", activitiesErr)
	}
	if workersErr == nil {
		r.change(func() []transfer.WorkerRecord { return r.takeWorkers(workers, began) })
	} else {
		workersErr = fmt.Errorf("roster: reading the workers: %w", workersErr)
	}
	err := errors.Join(workersErr, activitiesErr, queuesErr)
	if err == nil {
		r.mu.Lock()
		r.readAt = began
		r.mu.Unlock()
	}
	return err
}

// takeWorkers takes a full list in. What an event told after the read had begun stays. r.mu is held.
func (r *Roster) takeWorkers(list []transfer.WorkerRecord, began time.Time) (changed []transfer.WorkerRecord) {
	listed := make(map[string]bool, len(list))
	for _, record := range list {
		listed[record.SID] = true
		if news, ok := r.takeWorker(record, began); ok {
			changed = append(changed, news)
		}
	}
	for sid, w := range r.workers {
		if listed[sid] || w.heard.After(began) || w.read.After(began) {
			continue
		}
		delete(r.workers, sid)
		if !w.gone {
			changed = append(changed, departed(w.record))
		}
	}
	return changed
}

// takeWorker takes one record in that was read, and returns it if it is news. r.mu is held.
func (r *Roster) takeWorker(record transfer.WorkerRecord, began time.Time) (transfer.WorkerRecord, bool) {
	if record.ActivityName != "" {
		r.activities[record.ActivityName] = record.Available
	}
	w := r.workers[record.SID]
	if w == nil {
		r.workers[record.SID] = &worker{record: record, confirmed: began, read: began}
		return record, true
	}
	// What was heard during the read may be newer, unless it did not tell everything.
	during := w.heard.After(began)
	if during && !w.doubt || w.read.After(began) {
		return w.record, false
	}
	if record.Attributes == "" {
		// Twilio's OpenAPI document says that a list may leave attributes out.
		record.Attributes = w.record.Attributes
	}
	news := w.gone || w.record != record
	*w = worker{record: record, confirmed: began, doubt: during, read: began, event: w.event, heard: w.heard}
	return record, news
}

// takeMissing takes in that there is no such worker. r.mu is held.
func (r *Roster) takeMissing(sid string, began time.Time) []transfer.WorkerRecord {
	w := r.workers[sid]
	if w == nil || w.gone || w.heard.After(began) {
		return nil
	}
	w.gone, w.read, w.record = true, began, departed(w.record)
	return []transfer.WorkerRecord{w.record}
}

// departed is how subscribers see a worker who was deleted.
func departed(record transfer.WorkerRecord) transfer.WorkerRecord {
	record.Available, record.ActivityName = false, ""
	return record
}

// readQueues reads the queues and the workflow, whichever can be read.
func (r *Roster) readQueues(ctx context.Context) error {
	began := r.clock()
	var queues []transfer.QueueRecord
	var flow twilioapi.Workflow
	var queuesErr, flowErr error
	var all errgroup.Group
	all.Go(func() error { queues, queuesErr = r.api.Queues(ctx); return nil })
	if r.workflowSID != "" {
		all.Go(func() error { flow, flowErr = r.api.Workflow(ctx, r.workflowSID); return nil })
	}
	_ = all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if flowErr == nil && r.workflowSID != "" {
		r.takeWorkflow(flow)
	}
	if flowErr != nil {
		flowErr = fmt.Errorf("roster: reading the transfer workflow %s: %w", r.workflowSID, flowErr)
	}
	if queuesErr != nil {
		return errors.Join(fmt.Errorf("roster: reading the task queues: %w", queuesErr), flowErr)
	}
	before := maps.Clone(r.queues)
	clear(r.queues)
	for _, q := range queues {
		r.takeQueue(q)
	}
	if !maps.EqualFunc(before, r.queues, sameQueue) {
		r.state.Add(1)
	}
	if flowErr == nil && !r.outdatedAt.After(began) {
		r.queuesAt = began
	}
	return flowErr
}

// sameQueue compares all but figures.
func sameQueue(a, b transfer.QueueRecord) bool {
	return a.FriendlyName == b.FriendlyName && a.Unserved == b.Unserved && slices.Equal(a.Skills, b.Skills)
}

func (r *Roster) takeQueue(q transfer.QueueRecord) {
	q.Unserved = r.routes != nil && !r.routes.serves(documentFor("", q), q.SID)
	r.queues[q.SID] = q
}

// takeWorkflow takes the workflow in. One whose configuration is not understood serves every queue, as far as we know.
func (r *Roster) takeWorkflow(flow twilioapi.Workflow) {
	if r.routes != nil && flow.Configuration == r.config {
		return
	}
	routes, err := parseWorkflow(flow.Configuration, r.logger)
	if err != nil {
		r.logger.Warn("the transfer workflow is not understood; all queues count as served",
			"workflow", flow.SID, "error", err)
	}
	r.routes, r.config = routes, flow.Configuration
}

// Target returns the record of a transfer's target, fresh enough to decide on; neither where it does not exist. The
// error is Twilio's where it had to be asked and did not answer.
func (r *Roster) Target(ctx context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error) {
	switch {
	case t.Kind == transfer.TargetWorker && transfer.ValidSID(t.SID, "WK"):
		w, err := r.targetWorker(ctx, t.SID)
		return w, nil, err
	case t.Kind == transfer.TargetQueue && transfer.ValidSID(t.SID, "WQ"):
		q, err := r.targetQueue(ctx, t.SID)
		return nil, q, err
	}
	return nil, nil, nil
}

func (r *Roster) targetWorker(ctx context.Context, sid string) (*transfer.WorkerRecord, error) {
	r.mu.Lock()
	if w := r.workers[sid]; w != nil && !w.gone && !w.doubt && r.clock().Sub(w.confirmed) <= r.trust {
		record := w.record
		r.mu.Unlock()
		return &record, nil
	}
	r.mu.Unlock()
	found, err := shared(ctx, r, sid, func(ctx context.Context) (*transfer.WorkerRecord, error) {
		return r.Fresh(ctx, sid)
	})
	if err != nil || found == nil {
		return nil, err
	}
	record := *found // others may wait for the same read
	return &record, nil
}

// Fresh reads the worker's record at Twilio, whatever is known of it; nil where there is no such worker. The error is
// Twilio's.
func (r *Roster) Fresh(ctx context.Context, sid string) (*transfer.WorkerRecord, error) {
	began := r.clock()
	record, err := r.api.Worker(ctx, sid)
	if err != nil && !twilioapi.IsNotFound(err) {
		return nil, fmt.Errorf("roster: reading worker %s: %w", sid, err)
	}
	var found *transfer.WorkerRecord
	r.change(func() (changed []transfer.WorkerRecord) {
		if err != nil {
			return r.takeMissing(sid, began)
		}
		if news, ok := r.takeWorker(record, began); ok {
			changed = append(changed, news)
		}
		if w := r.workers[sid]; w != nil && !w.gone {
			kept := w.record
			found = &kept
		}
		return changed
	})
	return found, nil
}

func (r *Roster) targetQueue(ctx context.Context, sid string) (*transfer.QueueRecord, error) {
	if q, fresh := r.knownQueue(sid); fresh {
		return q, nil
	}
	_, err := shared(ctx, r, "queues", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.readQueues(twilioapi.WithClass(ctx, twilioapi.ClassInvite))
	})
	if err != nil {
		return nil, err
	}
	q, _ := r.knownQueue(sid)
	return q, nil
}

// knownQueue is the queue if it is known, and whether that can be relied on. A queue has nothing that changes from one
// minute to the next, so it is trusted from one full read to the one after the next; that there is none, for as long as
// a worker is trusted.
func (r *Roster) knownQueue(sid string) (*transfer.QueueRecord, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := r.clock().Sub(r.queuesAt)
	if q, ok := r.queues[sid]; ok {
		return &q, age <= 2*r.refresh
	}
	return nil, age <= r.trust
}

// shared makes a read once for all who want it at the same time. It goes on if the one who asked first leaves, but not
// for long.
func shared[T any](ctx context.Context, r *Roster, key string, read func(context.Context) (T, error)) (T, error) {
	answer := r.reads.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readLimit)
		defer cancel()
		return read(ctx)
	})
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case a := <-answer:
		value, _ := a.Val.(T)
		return value, a.Err
	}
}
