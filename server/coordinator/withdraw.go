package coordinator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// takeWithdraw takes an invite back and decides what follows, on facts that
// are read after that. What follows is decided anew if somebody wrote about the
// conversation meanwhile: an agent may have left in between.
//
// Where nobody is with the customer, and another target is to be asked, that is
// written down first: then the former invite is taken back and the next one asked
// for in one go, and the customer does not wait for the ledger in between.
func (c *Coordinator) takeWithdraw(ctx context.Context, record ledger.Record, t transfer.Transfer) (ledger.Record, bool, error) {
	stepCtx, cancel := c.Schedule.Within(ctx, 2*c.stepTimeout())
	defer cancel()
	if next, written, err := c.nextFirst(stepCtx, record, t); written || err != nil || next.Sequence != record.Sequence {
		return next, written, err
	}
	attributes, e, err := c.takeBack(stepCtx, record.State, t)
	if err != nil {
		return record, false, err
	}
	if e != nil {
		return c.record(ctx, record, e)
	}
	return c.recordDecided(stepCtx, record, func(s transfer.State) (transfer.Event, error) {
		next, err := c.next(stepCtx, s, t, attributes)
		return transfer.Withdrawn{TransferID: t.ID, Next: next, At: c.Clock()}, err
	})
}

// nextFirst decides what follows while the invite still stands, and records it
// if that is another target. It writes nothing, and returns the record that it
// was given, where the invite has to be taken back before more is known: an agent
// is with the customer, or may be; or it is not known which one it is. Where the
// present target's was never made, and a former one's still stands, that is it.
func (c *Coordinator) nextFirst(ctx context.Context, record ledger.Record, t transfer.Transfer) (ledger.Record, bool, error) {
	if t.LeftAt.IsZero() || t.Over == transfer.ReasonInviteWithdrawn || t.Stands() == "" {
		return record, false, nil
	}
	if t.Invite.TaskSID == "" { // Twilio has refused it: the conversation may have ended
		if over, err := c.channelOver(ctx, record.State); over || err != nil {
			return record, false, err
		}
	}
	if e, err := c.takeBackOthers(ctx, record.State, t); e != nil || err != nil {
		return record, false, err // whoever takes back what somebody has accepted looks closer
	}
	task, err := c.Twilio.Task(ctx, t.Stands())
	switch {
	case err != nil && !twilioapi.IsNotFound(err):
		return record, false, err
	case err != nil, task.AssignmentStatus != taskPending && task.AssignmentStatus != taskReserved:
		return record, false, nil // likewise
	}
	return c.recordDecided(ctx, record, func(s transfer.State) (transfer.Event, error) {
		next, err := c.next(ctx, s, t, task.Attributes)
		if err != nil || next.Kind != transfer.NextTarget {
			return nil, err
		}
		return transfer.Withdrawn{TransferID: t.ID, Next: next, Standing: true, At: c.Clock()}, nil
	})
}

// takeBackOthers takes back what there may be beside the invite that stands: a
// former target's, and others for this one whose answers were lost.
func (c *Coordinator) takeBackOthers(ctx context.Context, s transfer.State, t transfer.Transfer) (transfer.Event, error) {
	var others []string
	if t.Attempt > 1 {
		var err error
		if others, err = c.tasksOf(ctx, s, t); err != nil {
			return nil, err
		}
	}
	for _, sid := range append(others, t.Invite.After) {
		if sid == "" || sid == t.Stands() {
			continue
		}
		if _, e, err := c.takeBackTask(ctx, t, sid); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// recordDecided writes what is decided on the channel's state, as
// [Coordinator.record] does, but where somebody else has written in between, it
// is decided anew. Nothing is written where nothing is decided.
func (c *Coordinator) recordDecided(ctx context.Context, record ledger.Record, decide func(transfer.State) (transfer.Event, error)) (ledger.Record, bool, error) {
	last := record
	for {
		e, err := decide(last.State)
		if err != nil {
			return record, false, err
		}
		if e == nil {
			return last, false, nil
		}
		state, err := transfer.Advance(last.State, e)
		if errors.Is(err, transfer.ErrPointless) {
			return last, false, nil
		}
		if err != nil {
			return record, false, err
		}
		written, err := c.append(ctx, state, e, last.Sequence)
		if !errors.Is(err, ledger.ErrConflict) {
			return written, err == nil, err
		}
		if last, err = c.Ledger.Last(ctx, record.Channel()); err != nil {
			return record, false, err
		}
	}
}

// takeBack cancels the tasks of the transfer's present invite and returns their
// attributes. An accept that was faster has won, and a conversation that has
// ended needs nobody: then the event says so.
func (c *Coordinator) takeBack(ctx context.Context, s transfer.State, t transfer.Transfer) (attributes string, e transfer.Event, err error) {
	if e, err = c.checkChannel(ctx, s, t); e != nil || err != nil {
		return "", e, err
	}
	tasks := []string{t.Invite.TaskSID}
	if t.Invite.TaskSID == "" || t.Attempt > 1 {
		if tasks, err = c.tasksOf(ctx, s, t); err != nil {
			return "", nil, err
		}
	}
	if t.Invite.After != "" {
		tasks = append(tasks, t.Invite.After)
	}
	for _, sid := range tasks {
		found, e, err := c.takeBackTask(ctx, t, sid)
		if e != nil || err != nil {
			return "", e, err
		}
		if found != "" {
			attributes = found
		}
	}
	return attributes, nil, nil
}

// errNobodyListed says that a task asks nobody any more, and that it is not known
// who accepted it: the list lags behind, or somebody completed the task by other
// means.
var errNobodyListed = errors.New("nobody is listed yet who accepted it")

// takeBackTask cancels one task of an invite, unless somebody has accepted it,
// and returns its attributes, which are empty where it is gone. Where the task
// changes meanwhile, it is looked at again.
func (c *Coordinator) takeBackTask(ctx context.Context, t transfer.Transfer, sid string) (attributes string, e transfer.Event, err error) {
	for attempt := 0; ; attempt++ {
		task, err := c.Twilio.Task(ctx, sid)
		if twilioapi.IsNotFound(err) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, err
		}
		switch task.AssignmentStatus {
		case taskCanceled:
			return task.Attributes, nil, nil
		case taskPending, taskReserved:
			err := c.Twilio.CancelTask(ctx, sid, task.ETag, takenBack(t.OverBefore(sid)))
			switch {
			case err == nil, twilioapi.IsNotFound(err):
				return task.Attributes, nil, nil
			case !twilioapi.IsRefused(err), attempt == 3:
				return "", nil, fmt.Errorf("take back task %s: %w", sid, err)
			}
			continue
		}
		e, err := c.acceptance(ctx, t, sid)
		if e == nil && err == nil {
			err = fmt.Errorf("task %s is %s, and %w", sid, task.AssignmentStatus, errNobodyListed)
		}
		return "", e, err
	}
}

// formerPause is the first pause of [Coordinator.takeBackFormer].
const formerPause = 100 * time.Millisecond

// takeBackFormer takes the invite of the former target back before the next one
// is asked for, and tries again for as long as it may take: the customer waits
// for nobody meanwhile, and others would only go on once the lease is over. It
// may be tried as often as one likes, since nothing of the next invite has been
// asked for yet.
func (c *Coordinator) takeBackFormer(ctx context.Context, most time.Duration, t transfer.Transfer) (transfer.Event, error) {
	ctx, cancel := c.Schedule.Within(ctx, most)
	defer cancel()
	for pause := formerPause; ; pause = min(2*pause, retryAfter) {
		_, e, err := c.takeBackTask(ctx, t, t.Invite.After)
		if _, twilios := errors.AsType[*twilioapi.Error](err); !twilios || !twilioapi.IsTemporary(err) || c.Schedule.Pause(ctx, pause) != nil {
			return e, err
		}
	}
}

// takeBackStanding takes the invite back that still stands beside the present
// one. If somebody accepts it before anybody accepts that, they have won. Where
// nobody can win any more, one that asks nobody has been taken back, whoever had
// it: an agent who is in by it is found by the audit.
func (c *Coordinator) takeBackStanding(ctx context.Context, t transfer.Transfer) (transfer.Event, error) {
	_, e, err := c.takeBackTask(ctx, t, t.Invite.After)
	asksNobody := errors.Is(err, errNobodyListed) && (!t.Open() || t.AcceptedBy != "")
	if err != nil && !asksNobody {
		return nil, err
	}
	if accepted, ok := e.(transfer.Accepted); ok && t.Open() && t.AcceptedBy == "" {
		return accepted, nil
	}
	return transfer.FormerTakenBack{TransferID: t.ID, TaskSID: t.Invite.After, At: c.Clock()}, nil
}

// takenBack is the reason that the canceled task of an invite carries.
func takenBack(why transfer.Reason) string {
	if m := why.Message(); m != "" {
		return m
	}
	return "The invite was taken back"
}

// tasksOf lists the tasks of all invites that were made for the transfer's
// present target.
func (c *Coordinator) tasksOf(ctx context.Context, s transfer.State, t transfer.Transfer) ([]string, error) {
	invites, err := c.Twilio.Invites(ctx, s.InteractionSID, s.InteractionChannelSID)
	if err != nil {
		return nil, err
	}
	var tasks []string
	for _, i := range invites {
		if stamped(i.Attributes, t) {
			tasks = append(tasks, i.TaskSID)
		}
	}
	if t.Invite.TaskSID != "" && len(tasks) == 0 {
		tasks = append(tasks, t.Invite.TaskSID)
	}
	return tasks, nil
}

// next decides what follows once the target has not taken over.
func (c *Coordinator) next(ctx context.Context, s transfer.State, t transfer.Transfer, attributes string) (transfer.Next, error) {
	settings := c.Settings()
	records := transfer.Records{
		Now: c.Clock(), Settings: settings, Transfers: s.Transfers, Departures: s.Departures,
		Task:    transfer.TaskRecord{Attributes: attributes},
		Channel: transfer.ChannelRecord{SID: s.InteractionChannelSID, InteractionSID: s.InteractionSID},
	}
	targets := settings.NextTargets(t)
	if t.Target.Kind == transfer.TargetQueue {
		targets = append(targets, t.Target)
	}
	for _, tried := range t.Tried {
		if tried.Target.Kind == transfer.TargetQueue {
			targets = append(targets, tried.Target)
		}
	}
	workers := make([]*transfer.WorkerRecord, len(targets))
	queues := make([]*transfer.QueueRecord, len(targets))
	reads := []func(context.Context) error{func(ctx context.Context) error {
		listed, err := c.Twilio.Participants(ctx, s.InteractionSID, s.InteractionChannelSID)
		records.Participants = s.Listed(listed)
		return err
	}}
	for i, to := range targets {
		reads = append(reads, func(ctx context.Context) (err error) {
			workers[i], queues[i], err = c.Roster.Target(ctx, to)
			return err
		})
	}
	if err := c.Schedule.Together(ctx, reads...); err != nil {
		return transfer.Next{}, err
	}
	for i := range targets {
		if workers[i] != nil {
			records.Workers = append(records.Workers, *workers[i])
		}
		if q := queues[i]; q != nil {
			asked := *q
			asked.Unserved = asked.Unserved || !c.Roster.Serves(attributes, asked)
			records.Queues = append(records.Queues, asked)
		}
	}
	facts, err := records.Facts()
	if err != nil {
		return transfer.Next{}, err
	}
	return facts.Next(t)
}
