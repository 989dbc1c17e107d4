package coordinator

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/ledger/memory"
	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// process is a coordinator with its own view of the store, whose calls to
// Twilio and appends can be made to fail, to wait, or to be its last.
type process struct {
	*Coordinator
	ledger *memory.Ledger
	roster *labRoster
	// around stands around each call to Twilio ("invite", "remove", …) and each
	// append ("append"); nil lets it through.
	around func(op string, do func() error) error
	// closing, where set, is told before a conversation is closed.
	closing func()
	// appended, where set, is told of each record that was written, and of the
	// state before.
	appended func(before transfer.State, r ledger.Record)
	calls    map[string]int
	mu       sync.Mutex
}

func (l *lab) open(change ...func(*Options)) *process {
	l.testing.Helper()
	p := &process{ledger: l.store.Open(), roster: &labRoster{account: l.account}, calls: map[string]int{}}
	o := Options{
		Ledger: shakyLedger{p.ledger, p}, Twilio: shakyTwilio{l.client, p}, Roster: p.roster,
		Settings:    func() transfer.Settings { return transfer.Settings{ColdTransfer: true} },
		WorkflowSID: l.workflow, Clock: l.clock.Now, Origin: fmt.Sprint("process", l.ids.Add(1)),
		NewID: func() string { return fmt.Sprint("record", l.ids.Add(1)) },
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	p.Coordinator, err = New(o)
	l.check(err)
	return p
}

// kill ends the process as kill -9 does: it records nothing any more.
func (p *process) kill() { _ = p.ledger.Close() }

func (p *process) dead() bool {
	return errors.Is(p.ledger.Ready(context.Background()), ledger.ErrClosed)
}

func (p *process) do(op string, call func() error) error {
	p.mu.Lock()
	p.calls[op]++
	around := p.around
	p.mu.Unlock()
	if p.dead() {
		return ledger.ErrClosed
	}
	if around == nil {
		return call()
	}
	return around(op, call)
}

func (p *process) count(op string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[op]
}

// once sets what stands around the next call of the operation.
func (p *process) once(op string, f func(do func() error) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.around = func(now string, do func() error) error {
		if now != op {
			return do()
		}
		p.mu.Lock()
		p.around = nil
		p.mu.Unlock()
		return f(do)
	}
}

// errLost is how twilioapi says that it does not know what became of a call.
func errLost(op string) error {
	return &twilioapi.Error{Endpoint: op, Outcome: twilioapi.Unknown, Message: "lost"}
}

// lostAnswer lets the call take effect and loses the answer.
func lostAnswer(do func() error) error {
	_ = do()
	return errLost("the answer")
}

// notReached loses the call itself.
func notReached(func() error) error { return errLost("the request") }

type shakyLedger struct {
	*memory.Ledger
	p *process
}

func (s shakyLedger) Append(ctx context.Context, r ledger.Record, expected uint64) (sequence uint64, err error) {
	var before transfer.State
	if s.p.appended != nil {
		if last, err := s.Ledger.Last(ctx, r.Channel()); err == nil && last.Sequence == expected {
			before = last.State
		}
	}
	err = s.p.do("append", func() (err error) {
		if sequence, err = s.Ledger.Append(ctx, r, expected); err == nil && s.p.appended != nil {
			s.p.appended(before, r)
		}
		return err
	})
	return sequence, err
}

type shakyTwilio struct {
	Twilio
	p *process
}

func through[T any](p *process, op string, call func() (T, error)) (T, error) {
	var result, none T
	err := p.do(op, func() (err error) { result, err = call(); return err })
	if err != nil {
		return none, err
	}
	return result, nil
}

func (s shakyTwilio) Invite(ctx context.Context, r twilioapi.InviteRequest) (twilioapi.Invite, error) {
	return through(s.p, "invite", func() (twilioapi.Invite, error) { return s.Twilio.Invite(ctx, r) })
}

func (s shakyTwilio) Invites(ctx context.Context, kd, uo string) ([]twilioapi.Invite, error) {
	return through(s.p, "invites", func() ([]twilioapi.Invite, error) { return s.Twilio.Invites(ctx, kd, uo) })
}

func (s shakyTwilio) Participants(ctx context.Context, kd, uo string) ([]transfer.ParticipantRecord, error) {
	return through(s.p, "participants", func() ([]transfer.ParticipantRecord, error) { return s.Twilio.Participants(ctx, kd, uo) })
}

func (s shakyTwilio) LeaveParticipant(ctx context.Context, kd, uo, ut string, as transfer.LeaveAs) error {
	return s.p.do("remove", func() error { return s.Twilio.LeaveParticipant(ctx, kd, uo, ut, as) })
}

func (s shakyTwilio) CloseChannel(ctx context.Context, kd, uo string, as transfer.LeaveAs) error {
	return s.p.do("close", func() error {
		if s.p.closing != nil {
			s.p.closing()
		}
		return s.Twilio.CloseChannel(ctx, kd, uo, as)
	})
}

func (s shakyTwilio) TaskReservations(ctx context.Context, sid string) ([]twilioapi.Reservation, error) {
	return through(s.p, "reservations", func() ([]twilioapi.Reservation, error) { return s.Twilio.TaskReservations(ctx, sid) })
}

func (s shakyTwilio) Channel(ctx context.Context, kd, uo string) (transfer.ChannelRecord, error) {
	return through(s.p, "channel", func() (transfer.ChannelRecord, error) { return s.Twilio.Channel(ctx, kd, uo) })
}

func (s shakyTwilio) Task(ctx context.Context, sid string) (twilioapi.Task, error) {
	return through(s.p, "task", func() (twilioapi.Task, error) { return s.Twilio.Task(ctx, sid) })
}

func (s shakyTwilio) CancelTask(ctx context.Context, sid, etag, reason string) error {
	return s.p.do("cancel", func() error { return s.Twilio.CancelTask(ctx, sid, etag, reason) })
}

// queues are those of the demo's world that transfers can go to.
var queues = []string{"Everyone", "Billing", "Returns", "Supervisors"}

// labRoster answers from the account itself.
type labRoster struct {
	account *sandbox.Account
	mu      sync.Mutex
	tell    map[int]func(transfer.WorkerRecord)
	off     map[string]bool // by worker SID: who counts as not available, since the webhook went elsewhere
}

func (r *labRoster) Known(sid string) (transfer.WorkerRecord, bool) {
	w, ok := r.now(sid)
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Available = w.Available && !r.off[sid]
	return w, ok
}

func (r *labRoster) now(sid string) (transfer.WorkerRecord, bool) {
	w, ok := r.account.GlanceWorker(sid)
	return transfer.WorkerRecord{SID: sid, FriendlyName: w.Name, ActivityName: w.Activity, Available: w.Available}, ok
}

func (r *labRoster) Fresh(_ context.Context, sid string) (*transfer.WorkerRecord, error) {
	w, ok := r.now(sid)
	if !ok {
		return nil, nil
	}
	return &w, nil
}

func (r *labRoster) Target(_ context.Context, t transfer.Target) (*transfer.WorkerRecord, *transfer.QueueRecord, error) {
	if w, ok := r.Known(t.SID); ok {
		return &w, nil, nil
	}
	for _, name := range queues {
		if r.account.QueueSID(name) == t.SID {
			return nil, &transfer.QueueRecord{SID: t.SID, FriendlyName: name}, nil
		}
	}
	return nil, nil, nil
}

func (r *labRoster) Serves(string, transfer.QueueRecord) bool { return true }

func (r *labRoster) Directory() ([]transfer.WorkerRecord, []transfer.QueueRecord) { return nil, nil }

func (r *labRoster) Subscribe(fn func(transfer.WorkerRecord)) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tell == nil {
		r.tell = map[int]func(transfer.WorkerRecord){}
	}
	id := len(r.tell)
	r.tell[id] = fn
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.tell, id)
	}
}

func (r *labRoster) changed(w transfer.WorkerRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fn := range r.tell {
		fn(w)
	}
}
