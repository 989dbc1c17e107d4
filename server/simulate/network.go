package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// network is a backend's way to Twilio: each call takes some time there and
// back, and has the fate that was drawn for it. A request that was sent takes
// effect whatever becomes of who sent it.
type network struct{ *backend }

var _ coordinator.Twilio = network{}

const (
	// longest is how long a call that changes something waits whose context does not end before.
	longest = 15 * time.Second
	// A read is made anew where no answer comes, as the client does it.
	readAttempts, readPause = 4, 150 * time.Millisecond
	// latest is how long after it was sent a request may take effect and still be
	// there for whoever looks it up, after the lease and the settling time.
	latest = 5 * time.Second
)

// call makes a call of the operation about a conversation; do is made when the
// request gets there. A read of which nothing is heard is made anew.
func call[T any](ctx context.Context, n network, op, channel string, do func(context.Context) (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		value, err := once(ctx, n, op, channel, n.patience(ctx, op, attempt), do)
		if !errors.Is(err, errNothingHeard) || changes(op) || attempt == readAttempts || n.sim.sleep(ctx, readPause) != nil {
			return value, err
		}
	}
}

// errNothingHeard says that a call had no answer in the time that it had.
var errNothingHeard = errors.New("nothing was heard")

// sweeps are the reads that nobody waits for, unless their context says so.
var sweeps = map[string]bool{"tasks": true, "events": true}

// patience is how long an attempt waits for its answer.
func (n network) patience(ctx context.Context, op string, attempt int) time.Duration {
	if changes(op) {
		return longest
	}
	class := twilioapi.ClassInvite
	if sweeps[op] {
		class = twilioapi.ClassSweep
	}
	return twilioapi.ReadLimit(ctx, class, attempt)
}

func once[T any](ctx context.Context, n network, op, channel string, patience time.Duration, do func(context.Context) (T, error)) (T, error) {
	var value, none T
	if ctx.Err() != nil {
		return none, failure(op, twilioapi.NotSent, "the time is over")
	}
	s, t := n.sim, n.sim.talkOf(channel)
	f := s.fateOf(op, t, t.count(op))
	if f.kind != "" {
		s.say(t, func() string { return n.name + " wants to " + words[op] + ": " + f.words() })
	}
	var err error
	returned := false
	defer func() { returned = true }()
	if f.effect {
		life := n.life
		s.at(f.there, func() {
			if writes[op] && ((returned && n.life == life) || f.there > latest) {
				t.late = true
			}
			s.event(op, channel, "")
			value, err = do(s.always)
			if writes[op] {
				s.say(t, func() string { return "  Twilio: " + words[op] + orRefused(err) })
			}
		})
	}
	if lost := n.answer(ctx, op, patience, f); lost != nil {
		return none, lost
	}
	return value, err
}

// answer waits for the answer to a call, and returns what the caller is told
// where there is none.
func (n network) answer(ctx context.Context, op string, patience time.Duration, f fate) error {
	s := n.sim
	wait := f.there + f.back
	switch f.kind {
	case FaultHang, FaultHangDone:
		wait = 2 * patience
	case FaultLate:
		wait = f.back
	case FaultBusy:
		wait += 2 * time.Second // the client has tried again until then
	}
	if err := s.sleep(ctx, min(wait, patience)); err != nil {
		return failure(op, twilioapi.Unknown, "no answer in time")
	}
	if wait > patience {
		return fmt.Errorf("%w: %w", failure(op, twilioapi.Unknown, "no answer in time"), errNothingHeard)
	}
	switch f.kind {
	case "", FaultSlow:
		return nil
	case FaultNotSent:
		return failure(op, twilioapi.NotSent, "connection refused")
	case FaultBusy:
		return failure(op, twilioapi.Throttled, "too many requests")
	}
	return failure(op, twilioapi.Unknown, "lost")
}

func failure(op string, o twilioapi.Outcome, message string) error {
	return &twilioapi.Error{Endpoint: op, Outcome: o, Message: message}
}

func orRefused(err error) string {
	if err != nil {
		return ": refused (" + err.Error() + ")"
	}
	return ": done"
}

// words say what the operations are, in a story.
var words = map[string]string{
	"invite": "make the invite", "invites": "list the invites", "participants": "list the participants",
	"leave": "take somebody out", "close": "close the conversation", "channel": "read the channel", "task": "read a task",
	"cancel": "cancel the invite's task", "reservations": "list the reservations", "mirror": "show the invites",
	"tasks": "list tasks", "events": "list the events", "conversation": "read the conversation",
}

// writes are the operations that change something.
var writes = map[string]bool{"invite": true, "leave": true, "close": true, "cancel": true}

// changes reports whether an operation is not only a read.
func changes(op string) bool { return writes[op] || op == "mirror" }

// nothing is what calls return that return only an error.
type nothing = struct{}

// Invite implements coordinator.Twilio.
func (n network) Invite(ctx context.Context, r twilioapi.InviteRequest) (twilioapi.Invite, error) {
	return call(ctx, n, "invite", r.InteractionChannelSID, func(ctx context.Context) (twilioapi.Invite, error) { return n.sim.client.Invite(ctx, r) })
}

// Invites implements coordinator.Twilio.
func (n network) Invites(ctx context.Context, interaction, channel string) ([]twilioapi.Invite, error) {
	return call(ctx, n, "invites", channel, func(ctx context.Context) ([]twilioapi.Invite, error) {
		return n.sim.client.Invites(ctx, interaction, channel)
	})
}

// Participants implements coordinator.Twilio.
func (n network) Participants(ctx context.Context, interaction, channel string) ([]transfer.ParticipantRecord, error) {
	return call(ctx, n, "participants", channel, func(ctx context.Context) ([]transfer.ParticipantRecord, error) {
		return n.sim.client.Participants(ctx, interaction, channel)
	})
}

// LeaveParticipant implements coordinator.Twilio.
func (n network) LeaveParticipant(ctx context.Context, interaction, channel, participant string, as transfer.LeaveAs) error {
	_, err := call(ctx, n, "leave", channel, func(ctx context.Context) (nothing, error) {
		n.sim.judge.removing(channel, participant)
		return nothing{}, n.sim.client.LeaveParticipant(ctx, interaction, channel, participant, as)
	})
	return err
}

// CloseChannel implements coordinator.Twilio.
func (n network) CloseChannel(ctx context.Context, interaction, channel string, as transfer.LeaveAs) error {
	_, err := call(ctx, n, "close", channel, func(ctx context.Context) (nothing, error) {
		n.sim.judge.closing(channel)
		return nothing{}, n.sim.client.CloseChannel(ctx, interaction, channel, as)
	})
	return err
}

// Channel implements coordinator.Twilio.
func (n network) Channel(ctx context.Context, interaction, channel string) (transfer.ChannelRecord, error) {
	return call(ctx, n, "channel", channel, func(ctx context.Context) (transfer.ChannelRecord, error) {
		return n.sim.client.Channel(ctx, interaction, channel)
	})
}

// Task implements coordinator.Twilio.
func (n network) Task(ctx context.Context, task string) (twilioapi.Task, error) {
	return call(ctx, n, "task", n.sim.truth.channelOf(task), func(ctx context.Context) (twilioapi.Task, error) { return n.sim.client.Task(ctx, task) })
}

// CancelTask implements coordinator.Twilio.
func (n network) CancelTask(ctx context.Context, task, etag, reason string) error {
	_, err := call(ctx, n, "cancel", n.sim.truth.channelOf(task), func(ctx context.Context) (nothing, error) {
		return nothing{}, n.sim.client.CancelTask(ctx, task, etag, reason)
	})
	return err
}

// TaskReservations implements coordinator.Twilio.
func (n network) TaskReservations(ctx context.Context, task string) ([]twilioapi.Reservation, error) {
	return call(ctx, n, "reservations", n.sim.truth.channelOf(task), func(ctx context.Context) ([]twilioapi.Reservation, error) {
		return n.sim.client.TaskReservations(ctx, task)
	})
}

// mirror keeps what the conversation's attributes are to show.
func (n network) mirror(ctx context.Context, conversation string, outstanding []transfer.Transfer) error {
	channel := n.sim.truth.channelOfConversation(conversation)
	_, err := call(ctx, n, "mirror", channel, func(context.Context) (nothing, error) {
		var tasks []string
		for _, t := range outstanding {
			tasks = append(tasks, t.Invite.TaskSID)
		}
		if now := n.sim.store.Newest(channel).State.Outstanding(); !slices.EqualFunc(now, outstanding, func(a, b transfer.Transfer) bool { return a.Invite.TaskSID == b.Invite.TaskSID }) {
			n.sim.talkOf(channel).misshown = true
		}
		n.sim.judge.mirrored(channel, tasks)
		return nothing{}, nil
	})
	return err
}
