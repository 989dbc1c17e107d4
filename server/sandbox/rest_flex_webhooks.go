package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// interactionWebhookView is the answer of InteractionWebhooks; the resource is documented but in no OpenAPI document.
type interactionWebhookView struct {
	Ttid          string   `json:"ttid"`
	AccountSID    string   `json:"account_sid"`
	InstanceSID   string   `json:"instance_sid"`
	Type          string   `json:"type"`
	WebhookURL    string   `json:"webhook_url"`
	WebhookMethod string   `json:"webhook_method"`
	WebhookEvents []string `json:"webhook_events"`
	DateCreated   string   `json:"date_created"`
	DateUpdated   string   `json:"date_updated"`
	URL           string   `json:"url"`
}

func (a *Account) viewInteractionWebhook(h *interactionWebhook) interactionWebhookView {
	events := h.events
	if events == nil {
		events = []string{}
	}
	return interactionWebhookView{Ttid: h.sid, AccountSID: a.accountSID, InstanceSID: a.instanceSID, Type: h.kind,
		WebhookURL: h.url, WebhookMethod: h.method, WebhookEvents: events, DateCreated: stamp(h.created),
		DateUpdated: stamp(h.updated), URL: flexURL + "Instances/" + a.instanceSID + "/InteractionWebhooks/" + h.sid}
}

func restListInteractionWebhooks(a *Account, c *call) (answer, error) {
	if c.value("InstanceSid") != a.instanceSID {
		return answer{}, c.notFound()
	}
	return answerList(c, "interaction_webhooks", slices.Values(a.webhooks.interactions), a.viewInteractionWebhook)
}

// restCreateInteractionWebhook takes the parameters of Twilio's page on interaction webhooks: Type, WebhookUrl,
// WebhookMethod and WebhookEvents; their shorter names Url, Method and Filters are taken as well.
func restCreateInteractionWebhook(a *Account, c *call) (answer, error) {
	if c.value("InstanceSid") != a.instanceSID {
		return answer{}, c.notFound()
	}
	either := func(name, other string) []string {
		if v := c.form[name]; len(v) > 0 {
			return v
		}
		return c.form[other]
	}
	address := strings.Join(either("WebhookUrl", "Url"), "")
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return answer{}, invalid("WebhookUrl must begin with http or https")
	}
	kind := c.form.Get("Type")
	if kind == "" {
		kind = "global"
	}
	if kind != "global" && kind != "interaction" {
		return answer{}, invalid("Type %q is not one of global, interaction", kind)
	}
	method := strings.ToUpper(strings.Join(either("WebhookMethod", "Method"), ""))
	if method != "" && method != http.MethodPost {
		return answer{}, invalid("WebhookMethod %q: this sandbox posts only", method)
	}
	h := a.addInteractionWebhook(kind, http.MethodPost, hookTarget{address, either("WebhookEvents", "Filters")})
	return answer{status: http.StatusCreated, body: a.viewInteractionWebhook(h)}, nil
}
