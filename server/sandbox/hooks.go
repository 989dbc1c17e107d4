package sandbox

import (
	"net/url"
	"slices"
	"strconv"
)

// webhookSettings are where the account reports to.
type webhookSettings struct {
	taskRouter    hookTarget
	conversations hookTarget
	preURL        string
	target        string
	interactions  []*interactionWebhook
}

// hookTarget is one address and the events that it wants; no events means all.
type hookTarget struct {
	url    string
	events []string
}

func (h hookTarget) wants(event string) bool {
	return h.url != "" && (len(h.events) == 0 || slices.Contains(h.events, event))
}

// interactionWebhook is a webhook of the Flex instance.
type interactionWebhook struct {
	entity
	kind   string // global or interaction
	method string
	hookTarget
}

// SetWebhooks sets where the account reports to, instead of what was set before.
func (a *Account) SetWebhooks(w Webhooks) {
	_ = a.do(func() error {
		a.webhooks.taskRouter = hookTarget{w.TaskRouterURL, w.TaskRouterEvents}
		a.webhooks.conversations = hookTarget{w.ConversationsURL, w.ConversationsFor}
		a.webhooks.interactions = nil
		if w.InteractionsURL != "" {
			a.addInteractionWebhook("global", "POST", hookTarget{w.InteractionsURL, w.InteractionsFor})
		}
		return nil
	})
}

func (a *Account) addInteractionWebhook(kind, method string, target hookTarget) *interactionWebhook {
	h := &interactionWebhook{entity: a.entity("", "flex_interactionwebhook_"+a.made.hex("ttid")[:26]), kind: kind,
		method: method, hookTarget: target}
	a.webhooks.interactions = append(a.webhooks.interactions, h)
	return h
}

func (a *Account) sendHook(product, event, address string, fields ...pairs) {
	if a.quiet || a.isClosed {
		return
	}
	count := 0
	for _, list := range fields {
		count += len(list)
	}
	form, values := make(url.Values, count), make([]string, 0, count) // one piece of memory for all of them
	for _, list := range fields {
		for _, p := range list {
			values = append(values, p[1])
			form[p[0]] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	hook := &outgoing{product: product, event: event, address: address, form: form, token: a.made.hex("idempotency")}
	a.emitted++
	a.pending = append(a.pending, emission{seq: a.emitted, hook: hook})
}

func (a *Account) taskRouterHook(e *event) {
	if h := a.webhooks.taskRouter; h.wants(e.kind) {
		a.sendHook(ProductTaskRouter, e.kind, h.url, a.common(e), e.pairs())
	}
}

// conversationHook reports a change of a conversation. Source: https://www.twilio.com/docs/conversations/conversations-webhooks
func (a *Account) conversationHook(event string, c *conversation, more pairs) {
	h := a.webhooks.conversations
	if !h.wants(event) {
		return
	}
	fields := pairs{
		{"EventType", event}, {"AccountSid", a.accountSID}, {"ChatServiceSid", a.chatServiceSID},
		{"ConversationSid", c.sid}, {"RetryCount", "0"}, {"Source", "SDK"},
	}
	if more == nil {
		more = pairs{{"Attributes", c.attributes}, {"State", c.state}, {"DateCreated", stamp(c.created)},
			{"DateUpdated", stamp(c.updated)}, {"FriendlyName", deref(c.name)}, {"UniqueName", deref(c.uniqueName)}}
	}
	a.sendHook(ProductConversations, event, h.url, fields, more)
}

func (m *member) pairs() pairs {
	p := pairs{{"ParticipantSid", m.sid}, {"Attributes", m.attributes}, {"DateCreated", stamp(m.created)}}
	if m.identity != "" {
		p = append(p, [2]string{"Identity", m.identity})
	}
	for from, to := range map[string]string{"address": "Address", "proxy_address": "ProxyAddress", "type": "Type", "level": "Level", "name": "Name"} {
		if v := m.binding[from]; v != "" {
			p = append(p, [2]string{"MessagingBinding." + to, v})
		}
	}
	return p
}

func (m *message) pairs() pairs {
	return pairs{
		{"MessageSid", m.sid}, {"Index", strconv.Itoa(m.index)}, {"Author", m.author}, {"Body", deref(m.body)},
		{"Attributes", m.attributes}, {"ParticipantSid", m.member}, {"DateCreated", stamp(m.created)},
	}
}

// interactionHook reports a change of an interaction; p is nil unless a participant is concerned. Source:
// https://www.twilio.com/docs/flex/developer/conversations/register-interactions-webhooks
func (a *Account) interactionHook(event string, c *channel, p *participant) {
	for _, h := range a.webhooks.interactions {
		if !h.wants(event) || h.kind == "interaction" && deref(c.interaction.webhookTtid) != h.sid {
			continue
		}
		fields := pairs{
			{"EventType", event}, {"AccountSid", a.accountSID}, {"InstanceSid", a.instanceSID},
			{"InteractionSid", c.interaction.sid}, {"ChannelSid", c.sid}, {"ChannelType", c.kind},
			{"ChannelStatus", c.status}, {"MediaChannelSid", c.conversation.sid}, {"MediaChannelType", c.kind},
			{"Timestamp", stamp(a.now())},
		}
		a.sendHook(ProductFlex, event, h.url, fields, interactionParticipantPairs(p))
	}
}

func interactionParticipantPairs(p *participant) pairs {
	if p == nil {
		return nil
	}
	fields := pairs{{"ParticipantSid", p.sid}, {"ParticipantType", p.kind}}
	if p.member != nil {
		fields = append(fields, [2]string{"MediaParticipantSid", p.member.sid})
	}
	if r := p.reservation; r != nil {
		fields = append(fields, [2]string{"TaskSid", r.task.sid}, [2]string{"WorkerSid", r.worker.sid},
			[2]string{"ReservationSid", r.sid})
	}
	return fields
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
