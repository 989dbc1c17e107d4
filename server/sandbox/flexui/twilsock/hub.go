package twilsock

import (
	"log/slog"
	"sync"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// hub holds the Sync objects of an account, kept in step with it, and the links that have subscribed to them.
//
// Its lock may be held while reading the account, never while changing it: the account tells of its changes in the
// goroutine that made them.
type hub struct {
	account *sandbox.Account
	logger  *slog.Logger

	mu            sync.Mutex
	started       bool
	lastEvent     int64 // of all objects
	objects       map[string]*object
	conversations map[string]*conversation
	users         map[string]*user
	links         map[*link]struct{}
}

func newHub(account *sandbox.Account, logger *slog.Logger) *hub {
	return &hub{account: account, logger: logger, objects: map[string]*object{}, conversations: map[string]*conversation{},
		users: map[string]*user{}, links: map[*link]struct{}{}}
}

func (h *hub) now() time.Time { return h.account.Clock().Now() }

// start begins to follow the account. Event numbers begin with the time, so that an SDK that saw a former process's does
// not take new events for old ones.
func (h *hub) start() {
	if h.started {
		return
	}
	h.started = true
	h.lastEvent = time.Now().UnixMilli()
	snapshot, _ := h.account.Observe(h.observe)
	h.apply(snapshot)
}

// join lets a signed-in link in.
func (h *hub) join(l *link) {
	h.start()
	h.links[l] = struct{}{}
	h.user(l.session.Identity)
	h.refreshUser(l.session.Identity)
}

// leave forgets a link and its subscriptions.
func (h *hub) leave(l *link) {
	for o := range l.watching {
		h.unwatch(l, o)
	}
	if _, in := h.links[l]; in {
		delete(h.links, l)
		h.refreshUser(l.session.Identity)
	}
}

// observe takes a change of the account over.
func (h *hub) observe(c sandbox.Change) {
	switch c.Kind {
	case "conversation", "conversation_deleted", "conversation_participant", "message", "worker", "reset":
	default:
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch o := c.Object.(type) {
	case sandbox.Conversation:
		if c.Kind == "conversation_deleted" {
			h.removeConversation(o.SID)
			return
		}
		h.setConversation(o)
	case sandbox.ConversationParticipant:
		if o.Left {
			h.removeMember(o.ConversationSID, o.SID)
			return
		}
		h.setMember(o)
	case sandbox.Message:
		h.setMessage(o)
	case sandbox.Worker:
		h.setWorker(o)
	case nil:
		h.apply(h.account.Snapshot())
	}
}

// apply makes the objects what a snapshot says.
func (h *hub) apply(s sandbox.Snapshot) {
	for _, w := range s.Workers {
		h.setWorker(w)
	}
	known, members := map[string]bool{}, map[string]bool{}
	for _, c := range s.Conversations {
		known[c.SID] = true
		h.setConversation(c)
	}
	for _, m := range s.ConversationParticipants {
		members[m.SID] = true
		h.setMember(m)
	}
	for _, messages := range s.Messages {
		for _, m := range messages {
			h.setMessage(m)
		}
	}
	for sid, c := range h.conversations {
		if !known[sid] {
			h.removeConversation(sid)
			continue
		}
		for member := range c.members {
			if !members[member] {
				h.removeMember(sid, member)
			}
		}
	}
}
