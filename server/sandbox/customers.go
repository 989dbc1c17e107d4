package sandbox

import (
	"strings"
	"unicode/utf8"
)

// ownAddresses are the account's own ends of the channels. Mail has no proxy address: whose mailbox it is stands in the
// conversation's bindings.
var ownAddresses = map[string]string{"sms": "+15005550006", "whatsapp": "whatsapp:+15005550006", "email": "support@example.com"}

// taskChannels are the task channels of the channels' tasks, chat where there is none. Source, for sms: the example of
// "Receive Inbound Messages with Flex Conversations Channels"; the others are inferred.
var taskChannels = map[string]string{"sms": "sms", "email": "email"}

func taskChannelOf(kind string) string {
	if name := taskChannels[kind]; name != "" {
		return name
	}
	return "chat"
}

func (a *Account) startConversation(customer Customer, firstMessage string) (*channel, *invite, error) {
	flow, err := a.startingWorkflow(customer)
	if err != nil {
		return nil, nil, err
	}
	kind := orWeb(customer.ChannelType)
	members := a.startingMembers(kind, customer)
	author := (&member{identity: members[0].identity, binding: members[0].binding}).author()
	routing := a.startingRouting(kind, author, customer, flow)
	if err := a.checkInvite(routing); err != nil {
		return nil, nil, err
	}
	conv, err := a.startTalk(kind, customer)
	if err != nil {
		return nil, nil, err
	}
	var present []*member
	for _, spec := range members {
		present = append(present, a.addMember(conv, spec))
	}
	if firstMessage != "" {
		said := messageSpec{author: author, body: &firstMessage, subject: orNil(customer.Subject), hooks: true}
		if _, err := a.addMessage(conv, said); err != nil {
			return nil, nil, err
		}
	}
	c := a.newInteraction(kind, conv)
	for _, m := range present {
		a.addParticipant(c, "customer", m, nil)
	}
	inv, err := a.addInvite(c, routing)
	if err != nil {
		return nil, nil, err
	}
	c.interaction.invite = inv
	return c, inv, nil
}

// startTalk makes the conversation; a mail's subject is its name.
func (a *Account) startTalk(kind string, customer Customer) (*conversation, error) {
	name := customer.Name
	if customer.Subject != "" {
		name = customer.Subject
	}
	conv, err := a.addConversation(orNil(name), nil, "{}", false)
	if err == nil && kind == "email" {
		conv.mailbox = ownAddresses[kind]
	}
	return conv, err
}

// startingMembers are who is in a new conversation: the customer, and who else gets the mail. Each recipient of a mail is
// a participant of the conversation, with a binding, and a customer in the interaction. Sources: the example of creating
// an Interaction Channel Participant in the flex document (level, name, address, type); pull request 674 of the Flex
// project template. That the sender's level is "to", as they get the answers, is inferred.
func (a *Account) startingMembers(kind string, customer Customer) []memberSpec {
	first := memberSpec{attributes: compactJSON(map[string]any{"friendlyName": customer.Name}), sdk: true}
	switch kind {
	case "web":
		first.identity = slug(customer.Name) + "-" + a.made.hex("customer")[:8]
		return []memberSpec{first}
	case "email":
		first.binding = mailBinding(customer.Name, customer.Address, "to")
	default:
		first.binding = map[string]string{"type": kind, "address": customer.Address, "proxy_address": ownAddresses[kind]}
	}
	all := []memberSpec{first}
	for _, r := range customer.Recipients {
		all = append(all, memberSpec{attributes: compactJSON(map[string]any{"friendlyName": r.Name}), sdk: true,
			binding: mailBinding(r.Name, r.Address, orTo(r.Level))})
	}
	return all
}

func mailBinding(name, address, level string) map[string]string {
	return map[string]string{"type": "email", "address": address, "name": name, "level": level}
}

func orTo(level string) string {
	if level == "" {
		return "to"
	}
	return level
}

// startingWorkflow checks a customer and finds the workflow for it.
func (a *Account) startingWorkflow(customer Customer) (*workflow, error) {
	if customer.Name == "" {
		return nil, invalid("name: is missing")
	}
	switch customer.ChannelType {
	case "web", "":
	case "sms", "whatsapp", "email":
		if customer.Address == "" {
			return nil, invalid("address: is missing for channel_type %s", customer.ChannelType)
		}
	default:
		return nil, invalid("channel_type: %q is not one of web, sms, whatsapp, email", customer.ChannelType)
	}
	if err := checkMail(customer); err != nil {
		return nil, err
	}
	if customer.Workflow != "" {
		if flow := a.workflowNamed(customer.Workflow); flow != nil {
			return flow, nil
		}
		return nil, invalid("workflow: %q does not exist", customer.Workflow)
	}
	flow, ok := a.store.workflows.first()
	if !ok {
		return nil, invalid("workflow: the account has none")
	}
	return flow, nil
}

// checkMail checks what only mails have.
func checkMail(customer Customer) error {
	if customer.ChannelType != "email" {
		if customer.Subject != "" || len(customer.Recipients) > 0 {
			return invalid("subject, recipients: only mails have them")
		}
		return nil
	}
	if utf8.RuneCountInString(customer.Subject) > maxSubject {
		return invalid("subject: longer than %d characters", maxSubject)
	}
	seen := map[string]bool{customer.Address: true, ownAddresses["email"]: true}
	for _, r := range customer.Recipients {
		switch {
		case !strings.Contains(r.Address, "@"):
			return invalid("recipients: %q is not a mail address", r.Address)
		case seen[r.Address]:
			return invalid("recipients: %q is there already", r.Address)
		case r.Level != "" && r.Level != "to" && r.Level != "cc":
			return invalid("recipients: level %q is not one of to, cc", r.Level)
		}
		seen[r.Address] = true
	}
	return nil
}

// startingRouting is what Flex asks for when a customer writes: the attributes are those of its own tasks. Where a
// customer is known by an address, from is that. Source: "How Twilio Flex Determines Customer Contact Display Name";
// customers is what Flex Insights reads.
func (a *Account) startingRouting(kind, address string, customer Customer, flow *workflow) *inviteRouting {
	known := map[string]any{"name": customer.Name}
	from := address
	switch kind {
	case "web":
		from = customer.Name
	case "email":
		known["email"] = address
	default:
		known["phone"] = strings.TrimPrefix(address, "whatsapp:")
	}
	attributes := map[string]any{
		"channelType": kind, "direction": "inbound", "initiatedBy": "customer", "from": from,
		"customerName": customer.Name, "customerAddress": address, "name": customer.Name,
		"customers":     known,
		"conversations": map[string]any{"initiated_by": "customer"},
	}
	if len(customer.PreEngagement) > 0 {
		attributes["pre_engagement_data"] = customer.PreEngagement
	}
	r := &inviteRouting{}
	r.Properties.WorkspaceSID, r.Properties.WorkflowSID = a.workspaceSID, flow.sid
	r.Properties.TaskChannelUniqueName = taskChannelOf(kind)
	r.Properties.Attributes = []byte(compactJSON(attributes))
	return r
}

// slug makes a readable part of an identity out of a name.
func slug(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-' || r == '_':
			return '-'
		}
		return -1
	}
	if s := strings.Trim(strings.Map(keep, strings.ToLower(name)), "-"); s != "" {
		return s
	}
	return "customer"
}
