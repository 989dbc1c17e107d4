package app

import (
	"encoding/json"
	"log/slog"

	"github.com/flex-transfer/flex-transfer/server/ledger/nats"
	"github.com/flex-transfer/flex-transfer/server/roster"
)

// news passes on to the other backends of the account what a webhook has told
// this one about workers, queues and the workflow: Twilio tells one of them. What
// is lost on the way is found by the next full read of the directory.
type news struct {
	bus    *nats.Bus // nil: there are no others
	origin string    // names this process
	roster *roster.Roster
	logger *slog.Logger
}

// item is what is told.
type item struct {
	Origin string            `json:"origin"`
	Type   string            `json:"type"` // EventType
	Fields map[string]string `json:"fields"`
}

// newNews listens to the others until the ledger is closed.
func newNews(c Config, b *Backend) (news, error) {
	n := news{origin: b.origin, roster: b.roster, logger: c.Logger}
	shared, isNATS := b.ledger.(*nats.Ledger)
	if !isNATS || len(c.Listen.NATS) == 0 {
		return n, nil
	}
	n.bus = shared.Bus("directory")
	_, err := n.bus.Subscribe(n.hear)
	return n, err
}

// apply takes an event in that a webhook has brought, and passes it on.
func (n news) apply(e roster.WebhookEvent) {
	n.roster.Apply(e)
	if n.bus == nil || !e.Concerns() {
		return
	}
	text, err := json.Marshal(item{n.origin, e.Type, e.Fields})
	if err == nil {
		err = n.bus.Publish(text)
	}
	if err != nil {
		n.logger.Warn("the other backends do not hear of an event about the directory; they find it when they read that anew", "type", e.Type, "error", err)
	}
}

func (n news) hear(text []byte) {
	var i item
	if err := json.Unmarshal(text, &i); err != nil {
		n.logger.Warn("what another backend tells about the directory cannot be read", "error", err)
		return
	}
	if i.Origin != n.origin {
		n.roster.Apply(roster.WebhookEvent{Type: i.Type, Fields: i.Fields})
	}
}
