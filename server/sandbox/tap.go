package sandbox

import "net/url"

// Webhook is one webhook as it leaves the account, before it is signed.
type Webhook struct {
	Product string // taskrouter, conversations or flex-api
	Event   string // such as reservation.accepted
	Address string
	Form    url.Values
}

// Tap is how a program that owns every hand-over hears of the account: in the calling goroutine, at the moment that it
// happens, so that the same calls in the same order are heard of in the same order.
type Tap struct {
	// Record is told of each entry of the account's Record. It must not call the account.
	Record func(RecordEntry)
	// Webhook gets each webhook instead of its address, without regard to Switches.Webhooks. It must not call the account.
	Webhook func(Webhook)
}

// recorded tells the tap.
func (t *Tap) recorded(e RecordEntry) {
	if t != nil && t.Record != nil {
		t.Record(e)
	}
}

// takes reports whether the tap has taken the webhook.
func (t *Tap) takes(o *outgoing) bool {
	if t == nil || t.Webhook == nil {
		return false
	}
	t.Webhook(Webhook{Product: o.product, Event: o.event, Address: o.address, Form: o.form})
	return true
}
