package transfer

import (
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
	// AttributeTransferID is the task attribute that holds the transfer's ID,
	// by which a lost invite is found again.
	AttributeTransferID = "transferId"
	// AttributeTransferPlan is the task attribute that holds what is needed to
	// finish the transfer should the ledger be lost.
	AttributeTransferPlan = "transferPlan"
)

// ours reports whether the key is written anew for every transfer.
func ours(key string) bool {
	switch key {
	case attrInteraction, attrInteractionChannel, attrInvite, attrConversation,
		attrTargetType, attrTargetSID, attrQueueName, attrWorkersIn,
		attrConversations, AttributeTransferID, AttributeTransferPlan:
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

// inviteAttributes composes the attributes of the invite's task out of those
// of the old one. What does not fit is dropped from the largest down, and
// named; the routing keys, the transfer's ID and plan and the conversation ID
// always stay. It fails where even these do not fit.
func inviteAttributes(p Plan, old string, workersIn []string) (text string, dropped []string, err error) {
	members, conversations, err := readAttributes(old)
	if err != nil {
		return "", nil, err
	}
	w := json.NewWriter(make([]byte, 0, len(old)+1024))
	w.BeginObject()
	writeRouting(w, p, workersIn)
	room := MaxTaskAttributes - twilioReserve - utf8.RuneCount(w.Bytes()) - len("}")
	link := linkConversations(conversations, p.From.TaskSID)
	if link.size() > room {
		link = linkConversations(onlyConversationID(conversations), p.From.TaskSID)
		dropped = append(dropped, attrConversations)
	}
	if room -= link.size(); room < 0 {
		return "", nil, &Refusal{Reason: ReasonAttributesTooLarge}
	}
	dropped = append(dropped, fit(members, room)...)
	w.Key(link.key)
	w.Raw(link.value)
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
func writeRouting(w *json.Writer, p Plan, workersIn []string) {
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
	member("requestedBy", p.RequestedBy)
	member("fromWorkerSid", p.From.WorkerSID)
	member("fromParticipantSid", p.From.ParticipantSID)
	member("fromTaskSid", p.From.TaskSID)
	w.EndObject()
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
	if !strings.Contains(attributes, AttributeTransferID) {
		return ""
	}
	id := ""
	r := json.NewReader(attributes)
	if err := r.Object(func(key string) error {
		if key != AttributeTransferID || r.Kind() != json.String {
			return r.Skip()
		}
		var err error
		id, err = r.String()
		return err
	}); err != nil {
		return ""
	}
	return id
}
