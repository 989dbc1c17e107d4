package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// keyMirror is the attribute of a conversation that shows the outstanding
// invites.
const keyMirror = "invites"

// inVain says that the invites were written anew, more than once, and that the
// attributes show what they did before.
const inVain = "written anew in vain"

// lookAtMirror reads which invites the conversation's attributes show: none where
// they are no object. Attributes that are none themselves are nobody's to write,
// and those that cannot take the invites are not held to them.
func (r *Reconciler) lookAtMirror(ctx context.Context, s *sight, known transfer.State) error {
	conv, err := r.Twilio.Conversation(ctx, known.ConversationSID)
	if twilioapi.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if conv.State == "closed" {
		return nil
	}
	s.attributes = true
	outstanding := known.Outstanding()
	if why := r.MirrorHindrance(conv, outstanding); why != "" {
		if len(outstanding) > 0 {
			s.hindrance = why
		}
		return nil
	}
	attributes := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(conv.Attributes), &attributes) != nil || attributes == nil {
		return nil
	}
	var shown map[string]json.RawMessage
	if text, any := attributes[keyMirror]; any && json.Unmarshal(text, &shown) != nil {
		shown = nil
	}
	for sid := range shown {
		s.scene.Shown = append(s.scene.Shown, sid)
	}
	slices.Sort(s.scene.Shown)
	s.scene.ShownRead = true
	return nil
}

// passOver leaves attributes alone that do not take what is written, whatever the
// reason, until CloseLookEvery after the last time; and says so once, as of those
// that cannot be written.
func (r *Reconciler) passOver(s *sight) {
	if !s.attributes {
		return
	}
	if s.scene.ShownRead && r.writtenInVain(s.scene) {
		s.scene.ShownRead, s.scene.Shown, s.hindrance = false, nil, inVain
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.hindrance == "" {
		delete(r.unshown, s.channel)
		return
	}
	maps.DeleteFunc(r.unshown, func(_ string, at time.Time) bool { return s.scene.Now.Sub(at) > knownFor })
	if _, said := r.unshown[s.channel]; !said {
		r.unshown[s.channel] = s.scene.Now
		r.Logger.Warn("the conversation's attributes do not show which invites are outstanding, and are left alone", "why", s.hindrance,
			"conversation", s.conversation, "channel", s.channel)
	}
}

// writtenInVain reports whether the last two repairs of the list were of the very
// thing that is wrong now, and the last one is no older than CloseLookEvery.
func (r *Reconciler) writtenInVain(scene transfer.Scene) bool {
	var last []transfer.Repair
	for _, done := range slices.Backward(scene.State.Repairs) {
		if done.Code == transfer.FindingStaleMirror && len(last) < 2 {
			last = append(last, done)
		}
	}
	if len(last) < 2 || scene.Now.Sub(last[0].At) >= r.CloseLookEvery {
		return false
	}
	return slices.ContainsFunc(transfer.Audit(scene), func(f transfer.Finding) bool {
		return f.Code == transfer.FindingStaleMirror && f.Words == last[0].Detail && f.Words == last[1].Detail
	})
}
