package transfer

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flex-transfer/flex-transfer/wasm/json"
)

// MaxTaskAttributes is the most that TaskRouter keeps of a task's attributes,
// in characters.
// Source: https://www.twilio.com/docs/taskrouter/limits
const MaxTaskAttributes = 4096

// twilioReserve is kept free for what Twilio adds to an invite's task: the
// four SIDs and their names.
const twilioReserve = 320

// The keys that Twilio adds to the task of an invite. They are not carried
// over: they would name the old invite.
const (
	attrInteraction        = "flexInteractionSid"
	attrInteractionChannel = "flexInteractionChannelSid"
	attrInvite             = "flexChannelInviteSid"
	attrConversation       = "conversationSid"
)

// The keys that a transfer adds. The first four are those of the Flex project
// template, which its workflow routes by.
const (
	attrTargetType     = "transferTargetType"
	attrTargetSID      = "transferTargetSid"
	attrQueueName      = "transferQueueName"
	attrWorkersIn      = "workerSidsInConversation"
	attrConversations  = "conversations"
	attrConversationID = "conversation_id"
	attrReason         = "transferReason"
	attrNotes          = "transferNotes"
	attrFromName       = "transferFromName"
	// AttributeTransferID is the task attribute that holds the transfer's ID,
	// by which a lost invite is found again.
	AttributeTransferID = "transferId"
	// AttributeTransferPlan is the task attribute that holds what is needed to
	// finish the transfer should the ledger be lost.
	AttributeTransferPlan = "transferPlan"
	// stampRescue is the plan's member that says that nobody asked for it.
	stampRescue = "rescue"
)

// ours reports whether the key is written anew for every transfer.
func ours(key string) bool {
	switch key {
	case attrInteraction, attrInteractionChannel, attrInvite, attrConversation,
		attrTargetType, attrTargetSID, attrQueueName, attrWorkersIn,
		attrConversations, attrReason, attrNotes, attrFromName, AttributeTransferID, AttributeTransferPlan:
		return true
	}
	return false
}

// attribute is one member of a task's attributes.
type attribute struct {
	key, value string // the value as JSON text
	dropped    bool
}

// size is the number of characters that the member takes, with its comma.
func (a attribute) size() int {
	return utf8.RuneCountInString(a.key) + utf8.RuneCountInString(a.value) + len(`"":,`)
}

// notesThatTravel is how many characters of the notes are in the task's
// attributes; the whole is in the ledger.
const notesThatTravel = 200

// stamped is a plan and the round that its invite belongs to.
type stamped struct {
	Plan
	round int
}

func (p Plan) stamp(round int) stamped { return stamped{p, round} }

// inviteAttributes composes the attributes of the invite's task out of those
// of the old one. What does not fit is dropped from the largest down, and
// named; the routing keys, the transfer's ID and plan and the conversation ID
// always stay. It fails where even these do not fit.
func inviteAttributes(p stamped, old string, workersIn []string) (text string, dropped []string, err error) {
	members, conversations, err := readAttributes(old)
	if err != nil {
		return "", nil, err
	}
	w := json.NewWriter(make([]byte, 0, len(old)+1024))
	w.BeginObject()
	writeRouting(w, p, workersIn)
	room := MaxTaskAttributes - twilioReserve - utf8.RuneCount(w.Bytes()) - len("}")
	first := cmp.Or(p.From.TaskSID, p.LinkTaskSID)
	link := linkConversations(conversations, first)
	if link.size() > room {
		link = linkConversations(onlyConversationID(conversations), first)
		dropped = append(dropped, attrConversations)
	}
	if room -= link.size(); room < 0 {
		return "", nil, &Refusal{Reason: ReasonAttributesTooLarge}
	}
	w.Key(link.key)
	w.Raw(link.value)
	room = writeBriefing(w, p.Briefing, room)
	dropped = append(dropped, fit(members, room)...)
	for _, a := range members {
		if !a.dropped {
			w.Key(a.key)
			w.Raw(a.value)
		}
	}
	w.EndObject()
	return string(w.Bytes()), dropped, nil
}

// fit marks the members that do not fit into room as dropped, keeping the
// smallest, and returns their keys.
func fit(members []attribute, room int) (dropped []string) {
	total := 0
	for _, a := range members {
		total += a.size()
	}
	if total <= room {
		return nil
	}
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return members[a].size() - members[b].size() })
	for _, i := range order {
		if n := members[i].size(); n <= room {
			room -= n
			continue
		}
		members[i].dropped = true
		dropped = append(dropped, members[i].key)
	}
	return dropped
}

// readAttributes splits a task's attributes into the members that are carried
// over and the old value of conversations. Of a repeated key the last counts.
func readAttributes(text string) (members []attribute, conversations string, err error) {
	if text == "" {
		return nil, "", nil
	}
	r := json.NewReader(text)
	err = r.Object(func(key string) error {
		value, err := r.Raw()
		switch {
		case err != nil:
			return err
		case key == attrConversations:
			conversations = value
		case ours(key):
		default:
			members = put(members, key, value)
		}
		return nil
	})
	return members, conversations, err
}

// put sets the member with the key. Attributes have few members: looking
// through them takes less than keeping an index.
func put(members []attribute, key, value string) []attribute {
	for i := range members {
		if members[i].key == key {
			members[i].value = value
			return members
		}
	}
	return append(members, attribute{key: key, value: value})
}

// writeRouting writes the members that the workflow and the lookup need.
func writeRouting(w *json.Writer, p stamped, workersIn []string) {
	member := func(key, value string) {
		w.Key(key)
		w.String(value)
	}
	member(attrTargetType, string(p.Target.Kind))
	member(attrTargetSID, p.Target.SID)
	queue := ""
	if p.Target.Kind == TargetQueue {
		queue = p.Target.Name
	}
	member(attrQueueName, queue)
	w.Key(attrWorkersIn)
	w.BeginArray()
	for _, sid := range workersIn {
		w.String(sid)
	}
	w.EndArray()
	member(AttributeTransferID, p.TransferID)
	w.Key(AttributeTransferPlan)
	w.BeginObject()
	member("mode", string(p.Mode))
	if p.LeaveOn != "" {
		member("leaveOn", string(p.LeaveOn))
	}
	if p.round > 0 {
		w.Key("round")
		w.Int(int64(p.round))
	}
	if p.OriginQueueSID != "" {
		member("originQueueSid", p.OriginQueueSID)
	}
	if p.Rescue {
		w.Key(stampRescue)
		w.Bool(true)
	} else {
		member("requestedBy", p.RequestedBy)
		member("fromWorkerSid", p.From.WorkerSID)
		member("fromParticipantSid", p.From.ParticipantSID)
		member("fromTaskSid", p.From.TaskSID)
	}
	w.EndObject()
}

// writeBriefing writes what the receiving agent is told with the reservation,
// as far as there is room, and returns the room that is left.
func writeBriefing(w *json.Writer, b Briefing, room int) int {
	notes := b.Notes
	if utf8.RuneCountInString(notes) > notesThatTravel {
		end := 0
		for range notesThatTravel - 1 {
			_, size := utf8.DecodeRuneInString(notes[end:])
			end += size
		}
		notes = notes[:end] + "…"
	}
	for _, m := range [...]attribute{{key: attrReason, value: b.Reason}, {key: attrNotes, value: notes}, {key: attrFromName, value: b.From}} {
		if m.value == "" {
			continue
		}
		text := json.NewWriter(nil)
		text.String(m.value)
		m.value = string(text.Bytes())
		if m.size() > room {
			continue
		}
		room -= m.size()
		w.Key(m.key)
		w.Raw(m.value)
	}
	return room
}

// linkConversations keeps the old conversations object and makes sure that it
// has a conversation_id, by which Flex Insights links the tasks of one
// conversation: the old one, else the SID of the first task.
func linkConversations(old, taskSID string) attribute {
	w := json.NewWriter(nil)
	w.BeginObject()
	linked := false
	if r := json.NewReader(old); old != "" && r.Kind() == json.Object {
		_ = r.Object(func(key string) error { // it was read before: it cannot fail
			value, err := r.Raw()
			if key == attrConversationID {
				if value == "null" || value == `""` {
					return err
				}
				linked = true
			}
			w.Key(key)
			w.Raw(value)
			return err
		})
	}
	if !linked {
		w.Key(attrConversationID)
		w.String(taskSID)
	}
	w.EndObject()
	return attribute{key: attrConversations, value: string(w.Bytes())}
}

func onlyConversationID(old string) string {
	w := json.NewWriter(nil)
	w.BeginObject()
	if r := json.NewReader(old); old != "" && r.Kind() == json.Object {
		_ = r.Object(func(key string) error { // it was read before: it cannot fail
			value, err := r.Raw()
			if key == attrConversationID && len(value) < 200 {
				w.Key(key)
				w.Raw(value)
			}
			return err
		})
	}
	w.EndObject()
	return string(w.Bytes())
}

// ReadTransferID returns the transfer's ID that a task's attributes carry, or
// the empty string.
func ReadTransferID(attributes string) string {
	id, _ := ReadStamp(attributes)
	return id
}

// ReadStamp returns the transfer's ID and the round that a task's attributes
// carry: whose invite it is. The ID is empty where it is nobody's.
func ReadStamp(attributes string) (id string, round int) {
	if !strings.Contains(attributes, AttributeTransferID) {
		return "", 0
	}
	r := json.NewReader(attributes)
	if err := r.Object(func(key string) error {
		switch {
		case key == AttributeTransferID && r.Kind() == json.String:
			return readText(r, &id)
		case key == AttributeTransferPlan:
			return members(r, func(key string) error {
				if key != "round" || r.Kind() != json.Number {
					return r.Skip()
				}
				n, err := r.Int()
				round = int(n)
				return err
			})
		}
		return r.Skip()
	}); err != nil {
		return "", 0
	}
	return id, round
}
