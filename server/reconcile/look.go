package reconcile

import (
	"context"
	"errors"
	"slices"

	"github.com/flex-transfer/flex-transfer/server/ledger"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// sight is what a visit has seen.
type sight struct {
	place
	conversation string // CH…; empty where nothing tells
	scene        transfer.Scene
	last         ledger.Record // on whose state the scene stands
	closer       bool          // the invites were read
	attributes   bool          // those of the conversation were read
	hindrance    string        // why they cannot show the invites; empty where they can
}

// errUnknownPlace says that nobody knows which interaction a channel belongs to.
var errUnknownPlace = errors.New("reconcile: it is not known which interaction the channel belongs to")

// look reads what Twilio has, and then what is recorded; errMoot where that has
// changed meanwhile: what was read may be from before it. Of a conversation that
// has ended it reads the tasks only if it is to look closely.
func (r *Reconciler) look(ctx context.Context, p place, closely bool) (*sight, error) {
	before, err := r.lastOf(ctx, p.channel)
	if err != nil {
		return nil, err
	}
	if p.interaction == "" {
		if p.interaction = before.State.InteractionSID; p.interaction == "" {
			return nil, errUnknownPlace
		}
	}
	s := &sight{place: p, conversation: before.State.ConversationSID}
	s.scene.Settings = r.Settings()
	s.scene.Channel, err = r.Twilio.Channel(ctx, p.interaction, p.channel)
	if twilioapi.IsNotFound(err) {
		s.scene.Channel, err = transfer.ChannelRecord{SID: p.channel, InteractionSID: p.interaction, Status: "closed"}, nil
	}
	if err != nil {
		return nil, err
	}
	if !s.scene.Over() || closely {
		if err := r.lookInside(ctx, s, before.State); err != nil {
			return nil, err
		}
	}
	if s.last, err = r.lastOf(ctx, p.channel); err != nil {
		return nil, err
	}
	if s.last.Sequence != before.Sequence {
		return nil, errMoot
	}
	s.scene.State, s.scene.Now = s.last.State, r.Clock()
	r.passOver(s)
	if s.scene.Unknown() {
		err = r.lookCloser(ctx, s)
	}
	return s, err
}

// lastOf is the channel's last record; the zero record where there is none.
func (r *Reconciler) lastOf(ctx context.Context, channel string) (ledger.Record, error) {
	record, err := r.Ledger.Last(ctx, channel)
	if errors.Is(err, ledger.ErrNotFound) {
		return ledger.Record{}, nil
	}
	return record, err
}

// lookInside reads which tasks the conversation has, and then who is in it: a
// read may take long, and whoever accepts in between is seen in one of the two.
func (r *Reconciler) lookInside(ctx context.Context, s *sight, known transfer.State) error {
	tasks, err := r.Twilio.TasksOf(ctx, s.channel)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		s.scene.Tasks = append(s.scene.Tasks, sceneTask(t))
	}
	reads := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			s.scene.Participants, err = r.participants(ctx, s)
			return err
		},
	}
	if r.Policy().Mirror && known.ConversationSID != "" && !known.MirrorPending && !s.scene.Over() {
		reads = append(reads, func(ctx context.Context) error { return r.lookAtMirror(ctx, s, known) })
	}
	if err := r.Schedule.Together(ctx, reads...); err != nil {
		return err
	}
	for _, t := range s.scene.Tasks {
		if l := linksOf(t.Attributes); s.conversation == "" && l.Channel == s.channel && transfer.ValidSID(l.Conversation, "CH") {
			s.conversation = l.Conversation
		}
	}
	for _, p := range s.scene.Participants {
		if p.TaskSID == "" || has(s.scene.Tasks, p.TaskSID) {
			continue
		}
		if err := r.lookAtTask(ctx, s, p.TaskSID, true); err != nil {
			return err
		}
	}
	return nil
}

// participants reads who is in the conversation; nobody where it is gone.
func (r *Reconciler) participants(ctx context.Context, s *sight) ([]transfer.ParticipantRecord, error) {
	listed, err := r.Twilio.Participants(ctx, s.interaction, s.channel)
	if twilioapi.IsNotFound(err) {
		return nil, nil
	}
	return listed, err
}

func has(tasks []transfer.SceneTask, sid string) bool {
	return slices.ContainsFunc(tasks, func(t transfer.SceneTask) bool { return t.SID == sid })
}

func sceneTask(t twilioapi.ListedTask) transfer.SceneTask {
	return transfer.SceneTask{TaskRecord: t.TaskRecord, Reason: t.Reason, Created: t.Created, Changed: t.Updated}
}

// lookAtTask reads a task that no list shows: its attributes may have been
// changed, or Twilio has deleted it.
func (r *Reconciler) lookAtTask(ctx context.Context, s *sight, sid string, deleted bool) error {
	t, err := r.Twilio.Task(ctx, sid)
	switch {
	case twilioapi.IsNotFound(err):
		if deleted {
			s.scene.Tasks = append(s.scene.Tasks, transfer.SceneTask{TaskRecord: transfer.TaskRecord{SID: sid, AssignmentStatus: transfer.TaskDeleted}})
		}
		return nil
	case err != nil:
		return err
	}
	s.scene.Tasks = append(s.scene.Tasks, transfer.SceneTask{TaskRecord: t.TaskRecord, Reason: t.Reason, Created: t.Created})
	return nil
}

// closeInvites is how many of the newest invites are looked at one by one.
const closeInvites = 10

// lookCloser reads the invites, and those of their tasks that no list shows: an
// agent's script may have taken the conversation's name from a task.
func (r *Reconciler) lookCloser(ctx context.Context, s *sight) error {
	s.closer = true
	invites, err := r.Twilio.Invites(ctx, s.interaction, s.channel)
	if err != nil {
		return err
	}
	s.scene.Invites = make([]transfer.SceneInvite, 0, len(invites))
	for _, i := range invites {
		s.scene.Invites = append(s.scene.Invites, transfer.SceneInvite{SID: i.SID, TaskSID: i.TaskSID, Attributes: i.Attributes})
	}
	for _, i := range invites[max(0, len(invites)-closeInvites):] {
		if transfer.ValidSID(i.TaskSID, "WT") && !has(s.scene.Tasks, i.TaskSID) {
			if err := r.lookAtTask(ctx, s, i.TaskSID, false); err != nil {
				return err
			}
		}
	}
	return nil
}
