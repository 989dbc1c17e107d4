package sandbox

import (
	"iter"
	"net/http"
	"slices"
	"strings"
)

// viewMessageIn shows a message as the request's address wants it.
func (a *Account) viewMessageIn(c *call) func(*message) Message {
	return func(m *message) Message {
		v := a.viewMessage(m)
		v.Subject = nil
		if v.ChatServiceSID = c.value("ChatServiceSid"); v.ChatServiceSID != "" {
			v.URL = conversationsURL + "Services/" + v.ChatServiceSID + strings.TrimPrefix(v.URL, conversationsURL[:len(conversationsURL)-1])
		}
		return v
	}
}

func restListMessages(a *Account, c *call, conv *conversation) (answer, error) {
	var all iter.Seq[*message] = conv.messages.all()
	switch c.query.Get("Order") {
	case "", "asc":
		return answerList(c, "messages", all, a.viewMessageIn(c))
	case "desc":
		newest := slices.Collect(all)
		slices.Reverse(newest)
		return answerListBy(c, "messages", slices.Values(newest), a.viewMessageIn(c), true)
	}
	return answer{}, invalid("Order %q is not one of asc, desc", c.query.Get("Order"))
}

func restCreateMessage(a *Account, c *call, conv *conversation) (answer, error) {
	if c.has("MediaSid") || c.has("ContentSid") {
		return answer{}, invalid("MediaSid and ContentSid are not imitated by this sandbox")
	}
	m, err := a.addMessage(conv, messageSpec{author: c.form.Get("Author"), attributes: c.form.Get("Attributes"),
		body: c.optional("Body"), subject: c.optional("Subject"), hooks: c.hooks()})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: a.viewMessageIn(c)(m)}, nil
}

func (a *Account) findMessage(c *call, conv *conversation) (*message, error) {
	if m, ok := conv.messages.get(c.value("Sid")); ok {
		return m, nil
	}
	return nil, c.notFound()
}

func restFetchMessage(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMessage(c, conv)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.viewMessageIn(c)(m)}, nil
}

func restUpdateMessage(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMessage(c, conv)
	if err != nil {
		return answer{}, err
	}
	if attributes := c.optional("Attributes"); attributes != nil {
		if err := checkConversationAttributes(*attributes); err != nil {
			return answer{}, err
		}
		m.attributes = *attributes
	}
	if body := c.optional("Body"); body != nil {
		m.body = body
	}
	if author := c.optional("Author"); author != nil {
		m.author = *author
	}
	a.touch(&m.entity)
	if c.hooks() {
		a.conversationHook("onMessageUpdated", conv, m.pairs())
	}
	a.changed("message", func() any { return a.viewMessage(m) })
	return answer{body: a.viewMessageIn(c)(m)}, nil
}

func restDeleteMessage(a *Account, c *call, conv *conversation) (answer, error) {
	m, err := a.findMessage(c, conv)
	if err != nil {
		return answer{}, err
	}
	conv.messages.delete(m.sid)
	if c.hooks() {
		a.conversationHook("onMessageRemoved", conv, m.pairs())
	}
	return answer{}, nil
}
