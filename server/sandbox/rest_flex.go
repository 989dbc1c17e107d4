package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

func iamRoutes(_, post, _ func(string, handler)) {
	post("/v1/Accounts/{AccountSid}/Tokens/validate", restValidateToken)
}

func flexRoutes(get, post, _ func(string, handler)) {
	const channel = "/v1/Interactions/{InteractionSid}/Channels/{ChannelSid}"
	post("/v1/Interactions", restCreateInteraction)
	get("/v1/Interactions/{Sid}", restFetchInteraction)
	post("/v1/Interactions/{Sid}", restUpdateInteraction)
	get("/v1/Interactions/{InteractionSid}/Channels", restListChannels)
	get("/v1/Interactions/{InteractionSid}/Channels/{Sid}", restFetchChannel)
	post("/v1/Interactions/{InteractionSid}/Channels/{Sid}", restUpdateChannel)
	get(channel+"/Participants", restListParticipants)
	post(channel+"/Participants", restCreateParticipant)
	post(channel+"/Participants/{Sid}", restUpdateParticipant)
	get(channel+"/Invites", restListInvites)
	post(channel+"/Invites", restCreateInvite)
	get("/v1/Instances/{InstanceSid}/InteractionWebhooks", restListInteractionWebhooks)
	post("/v1/Instances/{InstanceSid}/InteractionWebhooks", restCreateInteractionWebhook)
}

func restValidateToken(a *Account, c *call) (answer, error) {
	if c.value("AccountSid") != a.accountSID {
		return answer{}, c.notFound()
	}
	var body struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(c.body, &body) != nil || body.Token == "" {
		return answer{}, invalid("Missing required parameter token in the post body")
	}
	v := a.validateToken(body.Token)
	c.summary = "token is not valid"
	if v.Valid {
		c.summary = "token of " + *v.Identity
	}
	return answer{body: v}, nil
}

// findChannel finds the channel of a path, whose SID is in the given variable.
func (a *Account) findChannel(c *call, variable string) (*channel, error) {
	ch, ok := a.store.channels.get(c.value(variable))
	if !ok || ch.interaction.sid != c.value("InteractionSid") {
		return nil, c.notFound()
	}
	return ch, nil
}

func (a *Account) findInteraction(c *call, variable string) (*interaction, error) {
	if i := a.store.interactions[c.value(variable)]; i != nil {
		return i, nil
	}
	return nil, c.notFound()
}

func restFetchInteraction(a *Account, c *call) (answer, error) {
	i, err := a.findInteraction(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewInteraction(i)}, nil
}

func restUpdateInteraction(a *Account, c *call) (answer, error) {
	i, err := a.findInteraction(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	if ttid := c.optional("WebhookTtid"); ttid != nil {
		i.webhookTtid = ttid
	}
	a.touch(&i.entity)
	return answer{body: a.viewInteraction(i)}, nil
}

func restListChannels(a *Account, c *call) (answer, error) {
	i, err := a.findInteraction(c, "InteractionSid")
	if err != nil {
		return answer{}, err
	}
	return answerList(c, "channels", slices.Values([]*channel{i.channel}), a.viewChannel)
}

func restFetchChannel(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewChannel(ch)}, nil
}

func restUpdateChannel(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "Sid")
	if err != nil {
		return answer{}, err
	}
	status, err := c.required("Status")
	if err != nil {
		return answer{}, err
	}
	var routing struct {
		Status string `json:"status"`
	}
	if text := c.form.Get("Routing"); text != "" {
		if json.Unmarshal([]byte(text), &routing) != nil {
			return answer{}, invalid("Routing is not valid JSON")
		}
	}
	switch {
	case routing.Status != "" && routing.Status != stateClosed: // without Routing, tasks are wrapped up
		return answer{}, invalid("Routing.status %q is not closed", routing.Status)
	case status == stateInactive && routing.Status != stateClosed:
		return answer{}, invalid("Status inactive needs Routing with status closed")
	case status != stateClosed && status != stateInactive:
		return answer{}, invalid("Status %q is not one of closed, inactive", status)
	case ch.status == stateClosed && status != stateClosed:
		return answer{}, refused(http.StatusBadRequest, codeChannelNotOpen, "Interaction channel %s is not open", ch.sid)
	}
	a.updateChannel(ch, status, routing.Status == stateClosed)
	c.summary = "channel " + status
	return answer{body: a.viewChannel(ch)}, nil
}

// restListParticipants shows who is in the channel, or was as long ago as lists lag.
func restListParticipants(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "ChannelSid")
	if err != nil {
		return answer{}, err
	}
	lag, _, _ := a.faults.listLag()
	asOf := a.now().Add(-lag)
	present := keep(slices.Values(ch.participants), func(p *participant) bool {
		return !p.created.After(asOf) && (p.present() || p.left.After(asOf))
	})
	return answerList(c, "participants", present, a.viewParticipant)
}

func restCreateParticipant(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "ChannelSid")
	if err != nil {
		return answer{}, err
	}
	kind, err := c.required("Type")
	if err != nil {
		return answer{}, err
	}
	if !slices.Contains([]string{"supervisor", "customer", "external", "agent", "unknown"}, kind) {
		return answer{}, invalid("Type %q is not one of supervisor, customer, external, agent, unknown", kind)
	}
	var media struct {
		Identity string `json:"identity"`
		Address  string `json:"address"`
		Proxy    string `json:"proxy_address"`
		Level    string `json:"level"` // of mails: to, cc
		Name     string `json:"name"`
	}
	if text, err := c.required("MediaProperties"); err != nil {
		return answer{}, err
	} else if json.Unmarshal([]byte(text), &media) != nil {
		return answer{}, invalid("MediaProperties is not valid JSON")
	}
	if media.Identity == "" && media.Address == "" {
		return answer{}, invalid("MediaProperties needs identity or address")
	}
	if !ch.isOpen() {
		return answer{}, refused(http.StatusBadRequest, codeChannelNotOpen, "Interaction channel %s is not open", ch.sid)
	}
	spec := memberSpec{identity: media.Identity, sdk: true}
	author := media.Identity
	if author == "" {
		author = media.Address
		spec.binding = map[string]string{"type": ch.kind, "address": media.Address, "proxy_address": media.Proxy}
		if ch.kind == "email" {
			spec.binding = mailBinding(media.Name, media.Address, orTo(media.Level))
		}
	}
	if ch.conversation.memberByAuthor(author) != nil {
		return answer{}, refused(http.StatusBadRequest, codeAlreadyInInteraction, "%s is already a participant of the interaction", author)
	}
	p := a.addParticipant(ch, kind, a.addMember(ch.conversation, spec), nil)
	c.summary = kind + " " + author + " joins"
	return answer{body: a.viewParticipant(p)}, nil
}

func restUpdateParticipant(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "ChannelSid")
	if err != nil {
		return answer{}, err
	}
	p := a.store.participants[c.value("Sid")]
	if p == nil || p.channel != ch || !p.present() {
		return answer{}, c.notFound()
	}
	status, err := c.required("Status")
	if err != nil {
		return answer{}, err
	}
	if err := a.updateParticipant(p, strings.ToLower(status)); err != nil {
		return answer{}, err
	}
	c.summary = p.kind + " " + status
	if p.member != nil {
		c.summary = p.kind + " " + p.member.author() + " " + status
	}
	return answer{body: a.viewParticipant(p)}, nil
}

func restListInvites(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "ChannelSid")
	if err != nil {
		return answer{}, err
	}
	_, lag, _ := a.faults.listLag()
	asOf := a.now().Add(-lag)
	known := keep(slices.Values(ch.invites), func(i *invite) bool { return !i.created.After(asOf) })
	return answerList(c, "invites", known, a.viewInvite)
}

func restCreateInvite(a *Account, c *call) (answer, error) {
	ch, err := a.findChannel(c, "ChannelSid")
	if err != nil {
		return answer{}, err
	}
	r, err := parseRouting(c.form.Get("Routing"))
	if err != nil {
		return answer{}, err
	}
	inv, err := a.addInvite(ch, r)
	if err != nil {
		return answer{}, err
	}
	c.summary = "invite " + inv.sid + " makes task " + inv.task.sid + inv.task.whereabouts()
	return answer{body: a.viewInvite(inv)}, nil
}

// whereabouts says in words where routing has brought a task.
func (t *task) whereabouts() string {
	text := ""
	if t.queue != nil {
		text = " in queue " + t.queue.name
	}
	for _, r := range t.reservations {
		if r.status == statusPending {
			text += ", reserved for " + r.worker.name
		}
	}
	if t.status == statusCanceled {
		text += ", canceled: " + deref(t.reason)
	}
	return text
}

// restCreateInteraction makes an interaction for a customer who is written to, or whose conversation exists already.
func restCreateInteraction(a *Account, c *call) (answer, error) {
	text, err := c.required("Channel")
	if err != nil {
		return answer{}, err
	}
	var r *inviteRouting
	if c.has("Routing") {
		if r, err = parseRouting(c.form.Get("Routing")); err != nil {
			return answer{}, err
		}
		if err := a.checkInvite(r); err != nil {
			return answer{}, err
		}
	}
	ch, err := a.interactionFrom(text)
	if err != nil {
		return answer{}, err
	}
	ch.interaction.contextSID, ch.interaction.webhookTtid = c.optional("InteractionContextSid"), c.optional("WebhookTtid")
	if r != nil {
		if ch.interaction.invite, err = a.addInvite(ch, r); err != nil {
			return answer{}, err
		}
	}
	return answer{body: a.viewInteraction(ch.interaction)}, nil
}

// interactionChannelSpec is the Channel parameter of an interaction.
type interactionChannelSpec struct {
	Type         string `json:"type"`
	InitiatedBy  string `json:"initiated_by"`
	Participants []struct {
		Identity     string `json:"identity"`
		Address      string `json:"address"`
		ProxyAddress string `json:"proxy_address"`
		Name         string `json:"name"`
	} `json:"participants"`
	Properties struct {
		MediaChannelSID string `json:"media_channel_sid"`
	} `json:"properties"`
}

func (a *Account) interactionFrom(text string) (*channel, error) {
	var spec interactionChannelSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return nil, invalid("Channel is not valid: %v", err)
	}
	kinds := []string{"voice", "sms", "email", "web", "whatsapp", "chat", "messenger", "gbm"}
	if !slices.Contains(kinds, spec.Type) {
		return nil, invalid("Channel.type %q is not one of %s", spec.Type, strings.Join(kinds, ", "))
	}
	conv, err := a.mediaChannel(spec)
	if err != nil {
		return nil, err
	}
	for _, p := range spec.Participants {
		m := memberSpec{identity: p.Identity, sdk: true}
		if p.Address != "" {
			m.binding = map[string]string{"type": spec.Type, "address": p.Address, "proxy_address": p.ProxyAddress}
		}
		a.addMember(conv, m)
	}
	ch := a.newInteraction(spec.Type, conv)
	for m := range conv.members.all() {
		a.addParticipant(ch, "customer", m, nil)
	}
	return ch, nil
}

// mediaChannel finds or makes the conversation of a new interaction.
func (a *Account) mediaChannel(spec interactionChannelSpec) (*conversation, error) {
	sid := spec.Properties.MediaChannelSID
	if sid == "" {
		return a.addConversation(nil, nil, "{}", false)
	}
	conv, ok := a.store.conversations.get(sid)
	switch {
	case !ok:
		return nil, invalid("Channel.properties.media_channel_sid %q does not exist", sid)
	case conv.channel != nil && conv.channel.isOpen():
		return nil, refused(http.StatusBadRequest, codeAlreadyInInteraction, "Conversation %s already has an interaction", sid)
	}
	return conv, nil
}
