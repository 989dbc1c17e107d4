package digest

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/twilioapi"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// role is who somebody is in a conversation.
type role string

const (
	roleCustomer role = "customer"
	roleAgent    role = "agent"
	roleSystem   role = "system"
)

// line is one message and who wrote it.
type line struct {
	twilioapi.Message
	role role
	name string // of agents; empty where it is not known
}

// talk is a conversation as it was read.
type talk struct {
	began   time.Time
	lines   []line
	clipped bool // there are older messages
}

func newTalk(in Input, conv twilioapi.Conversation, participants []twilioapi.ConversationParticipant, messages []twilioapi.Message) *talk {
	t := &talk{began: conv.Created, clipped: len(messages) == maxMessages && messages[0].Index > 0}
	if t.began.IsZero() && len(messages) > 0 {
		t.began = messages[0].Created
	}
	c := newCast(in, participants, messages)
	for _, m := range messages {
		t.lines = append(t.lines, line{Message: m, role: c.role(m.Author), name: c.name(m.Author)})
	}
	return t
}

// last returns the newest message of a role, nil if there is none.
func (t *talk) last(r role) *line {
	for i := len(t.lines) - 1; i >= 0; i-- {
		if t.lines[i].role == r {
			return &t.lines[i]
		}
	}
	return nil
}

// cast tells customers from agents.
type cast struct {
	names     map[string]string
	customers map[string]bool
}

// newCast finds the customers: who is there by an address, and whom the task names. Where that is nobody, it is who
// wrote first.
func newCast(in Input, participants []twilioapi.ConversationParticipant, messages []twilioapi.Message) cast {
	c := cast{names: in.Names, customers: map[string]bool{}}
	for _, p := range participants {
		if p.Address != "" {
			c.customers[p.Address] = true
		}
	}
	if address := customerAddress(in.Transfer); address != "" {
		c.customers[address] = true
	}
	if len(c.customers) > 0 {
		return c
	}
	for _, m := range messages {
		if c.role(m.Author) == roleAgent && c.name(m.Author) == "" {
			c.customers[m.Author] = true
			break
		}
	}
	return c
}

func (c cast) role(author string) role {
	switch {
	case author == "" || author == "system": // Twilio's own
		return roleSystem
	case c.name(author) == "" && c.customers[author]:
		return roleCustomer
	}
	return roleAgent
}

// name is an agent's name: by their identity, or by the friendly name that it was made of.
func (c cast) name(author string) string {
	if name := c.names[author]; name != "" {
		return name
	}
	return c.names[decodeIdentity(author)]
}

// withWorkers adds the full names of those workers who have written.
func withWorkers(known map[string]string, messages []twilioapi.Message, workers []transfer.WorkerRecord) map[string]string {
	names := map[string]string{}
	authors := map[string][]string{} // by friendly name
	seen := map[string]bool{"": true}
	for _, m := range messages {
		if seen[m.Author] {
			continue
		}
		seen[m.Author] = true
		if name := (cast{names: known}).name(m.Author); name != "" {
			names[m.Author] = name
			continue
		}
		authors[m.Author] = append(authors[m.Author], m.Author)
		if friendly := decodeIdentity(m.Author); friendly != m.Author {
			authors[friendly] = append(authors[friendly], m.Author)
		}
	}
	for _, w := range workers {
		for _, author := range authors[w.FriendlyName] {
			names[author] = fullName(w)
		}
	}
	return names
}

// fullName is the full_name of a worker's attributes, else the friendly name.
func fullName(w transfer.WorkerRecord) string {
	var attributes struct {
		FullName string `json:"full_name"`
	}
	if json.Unmarshal([]byte(w.Attributes), &attributes) != nil || attributes.FullName == "" {
		return w.FriendlyName
	}
	return attributes.FullName
}

// decodeIdentity undoes what Flex does to a friendly name when it makes an identity of it: ada@example.com becomes
// ada_40example_2Ecom. Source: contact_uri in the attributes of Flex's workers.
func decodeIdentity(identity string) string {
	var b strings.Builder
	for i := 0; i < len(identity); i++ {
		if identity[i] == '_' && i+2 < len(identity) {
			if code, err := hex.DecodeString(identity[i+1 : i+3]); err == nil {
				b.Write(code)
				i += 2
				continue
			}
		}
		b.WriteByte(identity[i])
	}
	return b.String()
}

// customerAddress is the customer's identity or address, which Flex writes into its tasks.
func customerAddress(t transfer.Transfer) string {
	var attributes struct {
		CustomerAddress string `json:"customerAddress"`
	}
	if json.Unmarshal([]byte(t.Invite.Attributes), &attributes) != nil {
		return ""
	}
	return attributes.CustomerAddress
}

// Identity is a worker's identity in Conversations, the key of Input.Names: what follows client: in the contact_uri of
// their attributes, else the friendly name.
// Source: Flex writes contact_uri into every worker's attributes; its SDK signs in with that identity.
func Identity(w transfer.WorkerRecord) string {
	var attributes struct {
		ContactURI string `json:"contact_uri"`
	}
	if json.Unmarshal([]byte(w.Attributes), &attributes) == nil {
		if identity, ok := strings.CutPrefix(attributes.ContactURI, "client:"); ok && identity != "" {
			return identity
		}
	}
	return w.FriendlyName
}
