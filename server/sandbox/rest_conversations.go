package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func conversationRoutes(get, post, del func(string, handler)) {
	get("/v1/Configuration", restFetchConfiguration)
	get("/v1/Configuration/Webhooks", restFetchConversationWebhooks)
	post("/v1/Configuration/Webhooks", restUpdateConversationWebhooks)
	get("/v1/ParticipantConversations", restListParticipantConversations)
	for _, base := range []string{"/v1", "/v1/Services/{ChatServiceSid}"} {
		in := base + "/Conversations/{ConversationSid}"
		get(base+"/Conversations", inService(restListConversations))
		post(base+"/Conversations", inService(restCreateConversation))
		get(base+"/Conversations/{Sid}", inConversation("Sid", restFetchConversation))
		post(base+"/Conversations/{Sid}", inConversation("Sid", restUpdateConversation))
		del(base+"/Conversations/{Sid}", inConversation("Sid", restDeleteConversation))
		get(in+"/Participants", inConversation("ConversationSid", restListMembers))
		post(in+"/Participants", inConversation("ConversationSid", restCreateMember))
		get(in+"/Participants/{Sid}", inConversation("ConversationSid", restFetchMember))
		post(in+"/Participants/{Sid}", inConversation("ConversationSid", restUpdateMember))
		del(in+"/Participants/{Sid}", inConversation("ConversationSid", restDeleteMember))
		get(in+"/Messages", inConversation("ConversationSid", restListMessages))
		post(in+"/Messages", inConversation("ConversationSid", restCreateMessage))
		get(in+"/Messages/{Sid}", inConversation("ConversationSid", restFetchMessage))
		post(in+"/Messages/{Sid}", inConversation("ConversationSid", restUpdateMessage))
		del(in+"/Messages/{Sid}", inConversation("ConversationSid", restDeleteMessage))
	}
}

// inService refuses other services than the account's.
func inService(h handler) handler {
	return func(a *Account, c *call) (answer, error) {
		if is := c.value("ChatServiceSid"); is != "" && is != a.chatServiceSID {
			return answer{}, c.notFound()
		}
		return h(a, c)
	}
}

func inConversation(variable string, h func(*Account, *call, *conversation) (answer, error)) handler {
	return inService(func(a *Account, c *call) (answer, error) {
		conv, err := a.conversation(c.value(variable))
		if err != nil {
			return answer{}, c.notFound()
		}
		return h(a, c, conv)
	})
}

func restFetchConfiguration(a *Account, _ *call) (answer, error) {
	return answer{body: map[string]any{
		"account_sid": a.accountSID, "default_chat_service_sid": a.chatServiceSID, "default_messaging_service_sid": nil,
		"default_inactive_timer": nil, "default_closed_timer": nil, "url": conversationsURL + "Configuration",
		"links": map[string]string{"service": conversationsURL + "Services/" + a.chatServiceSID,
			"webhooks": conversationsURL + "Configuration/Webhooks"},
	}}, nil
}

func (a *Account) viewConversationWebhooks() any {
	filters := a.webhooks.conversations.events
	if filters == nil {
		filters = []string{}
	}
	target := a.webhooks.target
	if target == "" {
		target = "webhook"
	}
	return map[string]any{
		"account_sid": a.accountSID, "method": "POST", "filters": filters, "pre_webhook_url": orNil(a.webhooks.preURL),
		"post_webhook_url": orNil(a.webhooks.conversations.url), "target": target,
		"url": conversationsURL + "Configuration/Webhooks",
	}
}

func restFetchConversationWebhooks(a *Account, _ *call) (answer, error) {
	return answer{body: a.viewConversationWebhooks()}, nil
}

func restUpdateConversationWebhooks(a *Account, c *call) (answer, error) {
	if m := c.form.Get("Method"); m != "" && !strings.EqualFold(m, http.MethodPost) {
		return answer{}, invalid("Method %q: this sandbox posts only", m)
	}
	if v := c.optional("Target"); v != nil {
		if *v != "webhook" && *v != "flex" {
			return answer{}, invalid("Target %q is not one of webhook, flex", *v)
		}
		a.webhooks.target = *v
	}
	if v := c.optional("PreWebhookUrl"); v != nil {
		a.webhooks.preURL = *v
	}
	if v := c.optional("PostWebhookUrl"); v != nil {
		a.webhooks.conversations.url = *v
	}
	if c.has("Filters") {
		a.webhooks.conversations.events = slices.Clone(c.form["Filters"])
	}
	return answer{body: a.viewConversationWebhooks()}, nil
}

func restListConversations(a *Account, c *call) (answer, error) {
	state := c.query.Get("State")
	all := keep(a.store.conversations.all(), func(conv *conversation) bool { return state == "" || conv.state == state })
	return answerList(c, "conversations", all, a.viewConversation)
}

func restListParticipantConversations(a *Account, c *call) (answer, error) {
	who := c.query.Get("Identity")
	if who == "" {
		who = c.query.Get("Address")
	}
	if who == "" {
		return answer{}, invalid("Identity or Address is required")
	}
	mine := keep(a.store.conversations.all(), func(conv *conversation) bool { return conv.memberByAuthor(who) != nil })
	return answerList(c, "conversations", mine, func(conv *conversation) map[string]any {
		m := conv.memberByAuthor(who)
		return map[string]any{
			"account_sid": a.accountSID, "chat_service_sid": a.chatServiceSID, "participant_sid": m.sid,
			"participant_user_sid": nil, "participant_identity": orNil(m.identity),
			"participant_messaging_binding": m.binding, "conversation_sid": conv.sid,
			"conversation_unique_name": conv.uniqueName, "conversation_friendly_name": conv.name,
			"conversation_attributes": conv.attributes, "conversation_date_created": stamp(conv.created),
			"conversation_date_updated": stamp(conv.updated), "conversation_created_by": "system",
			"conversation_state": conv.state, "conversation_timers": map[string]string{},
			"links": map[string]string{"participant": conversationsURL + "Conversations/" + conv.sid + "/Participants/" + m.sid,
				"conversation": conversationsURL + "Conversations/" + conv.sid},
		}
	})
}

func restCreateConversation(a *Account, c *call) (answer, error) {
	state, err := conversationState(c)
	if err != nil {
		return answer{}, err
	}
	conv, err := a.addConversation(c.optional("FriendlyName"), orNil(c.form.Get("UniqueName")), c.form.Get("Attributes"), !c.hooks())
	if err != nil {
		return answer{}, err
	}
	if state != "" {
		conv.state = state
	}
	return answer{status: http.StatusCreated, body: a.viewConversation(conv)}, nil
}

func conversationState(c *call) (string, error) {
	state := c.form.Get("State")
	if state != "" && !slices.Contains([]string{"initializing", stateActive, stateInactive, stateClosed}, state) {
		return "", invalid("State %q is not one of initializing, inactive, active, closed", state)
	}
	return state, nil
}

func restFetchConversation(a *Account, _ *call, conv *conversation) (answer, error) {
	return answer{body: a.viewConversation(conv)}, nil
}

func restUpdateConversation(a *Account, c *call, conv *conversation) (answer, error) {
	state, err := conversationState(c)
	if err != nil {
		return answer{}, err
	}
	attributes, unique := conv.attributes, c.optional("UniqueName")
	if c.has("Attributes") {
		attributes = c.form.Get("Attributes")
	}
	if err := checkConversationAttributes(attributes); err != nil {
		return answer{}, err
	}
	if state != "" && conv.state == stateClosed && state != stateClosed {
		return answer{}, refused(http.StatusBadRequest, codeConversationClosed, "Conversation %s is closed", conv.sid)
	}
	if unique != nil {
		if err := a.setUniqueName(conv, *unique); err != nil {
			return answer{}, err
		}
	}
	if name := c.optional("FriendlyName"); name != nil {
		conv.name = name
	}
	if err := a.updateConversationAttributes(conv, attributes, c.hooks()); err != nil {
		return answer{}, err
	}
	if state != "" {
		a.setConversationState(conv, state, "API", c.hooks())
	}
	return answer{body: a.viewConversation(conv)}, nil
}

// setUniqueName renames a conversation; empty takes its unique name away.
func (a *Account) setUniqueName(conv *conversation, name string) error {
	if other := a.store.byUniqueName[name]; other != nil && other != conv {
		return refused(http.StatusConflict, codeUniqueNameTaken, "Conversation with provided unique name already exists")
	}
	if conv.uniqueName != nil {
		delete(a.store.byUniqueName, *conv.uniqueName)
	}
	if conv.uniqueName = orNil(name); conv.uniqueName != nil {
		a.store.byUniqueName[name] = conv
	}
	return nil
}

func restDeleteConversation(a *Account, c *call, conv *conversation) (answer, error) {
	a.deleteConversation(conv, c.hooks())
	return answer{}, nil
}

// viewMemberIn shows a participant as the request's address wants it: with the service's SID or without.
func (a *Account) viewMemberIn(c *call) func(*member) ConversationParticipant {
	return func(m *member) ConversationParticipant {
		v := a.viewMember(m)
		if v.ChatServiceSID = c.value("ChatServiceSid"); v.ChatServiceSID != "" {
			v.URL = conversationsURL + "Services/" + v.ChatServiceSID + strings.TrimPrefix(v.URL, conversationsURL[:len(conversationsURL)-1])
		}
		return v
	}
}

func restListMembers(a *Account, c *call, conv *conversation) (answer, error) {
	return answerList(c, "participants", conv.members.all(), a.viewMemberIn(c))
}

func restCreateMember(a *Account, c *call, conv *conversation) (answer, error) {
	spec := memberSpec{identity: c.form.Get("Identity"), attributes: c.form.Get("Attributes"),
		roleSID: c.optional("RoleSid"), sdk: c.hooks()}
	if address := c.form.Get("MessagingBinding.Address"); address != "" {
		spec.binding = map[string]string{"type": bindingType(address), "address": address,
			"proxy_address": c.form.Get("MessagingBinding.ProxyAddress")}
		if spec.binding["type"] == "email" {
			spec.binding = mailBinding(c.form.Get("MessagingBinding.Name"), address, orTo(c.form.Get("MessagingBinding.Level")))
		}
	}
	switch {
	case conv.state == stateClosed:
		return answer{}, refused(http.StatusBadRequest, codeConversationClosed, "Conversation %s is closed", conv.sid)
	case spec.identity == "" && spec.binding == nil:
		return answer{}, invalid("Identity or MessagingBinding.Address is required")
	}
	if err := checkConversationAttributes(orObject(spec.attributes)); err != nil {
		return answer{}, err
	}
	if (&member{identity: spec.identity, binding: spec.binding}).isIn(conv) {
		return answer{}, refused(http.StatusConflict, codeParticipantExists, "Participant already exists")
	}
	m := a.addMember(conv, spec)
	return answer{status: http.StatusCreated, body: a.viewMemberIn(c)(m)}, nil
}

func (m *member) isIn(conv *conversation) bool { return conv.memberByAuthor(m.author()) != nil }

func orObject(attributes string) string {
	if attributes == "" {
		return "{}"
	}
	return attributes
}

func bindingType(address string) string {
	switch {
	case strings.HasPrefix(address, "whatsapp:"):
		return "whatsapp"
	case strings.Contains(address, "@"):
		return "email"
	}
	return "sms"
}

// findMember finds a participant of a conversation by SID or identity.
func (a *Account) findMember(c *call, conv *conversation) (*member, error) {
	if m, ok := conv.members.get(c.value("Sid")); ok {
		return m, nil
	}
	if m := conv.memberByIdentity(c.value("Sid")); m != nil {
		return m, nil
	}
	return nil, c.notFound()
}

func restFetchMember(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMember(c, conv)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewMemberIn(c)(m)}, nil
}

func restUpdateMember(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMember(c, conv)
	if err != nil {
		return answer{}, err
	}
	if attributes := c.optional("Attributes"); attributes != nil {
		if err := checkConversationAttributes(*attributes); err != nil {
			return answer{}, err
		}
		m.attributes = *attributes
	}
	if role := c.optional("RoleSid"); role != nil {
		m.roleSID = role
	}
	a.touch(&m.entity)
	if c.hooks() {
		a.conversationHook("onParticipantUpdated", conv, m.pairs())
	}
	a.memberChanged(m)
	return answer{body: a.viewMemberIn(c)(m)}, nil
}

func restDeleteMember(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMember(c, conv)
	if err != nil {
		return answer{}, err
	}
	a.removeMember(m, c.hooks())
	return answer{}, nil
}
