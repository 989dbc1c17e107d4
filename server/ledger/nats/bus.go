package nats

import (
	"fmt"

	natsgo "github.com/nats-io/nats.go"
)

// Bus tells the other processes at the same servers what concerns the same
// account, over the ledger's connection. Nothing of it is stored; what is told
// while there is no connection is lost, and Publish says so.
type Bus struct {
	nc      *natsgo.Conn
	subject string
}

// Bus returns the bus of a topic: letters, digits, '-' and '_'. It ends with
// the ledger.
func (l *Ledger) Bus(topic string) *Bus {
	return &Bus{nc: l.nc, subject: "flex-transfer." + topic + "." + l.options.Account}
}

// Publish tells all that have subscribed, this process included.
func (b *Bus) Publish(message []byte) error {
	if err := b.nc.Publish(b.subject, message); err != nil {
		return fmt.Errorf("ledger/nats: tell %s: %w", b.subject, err)
	}
	return nil
}

// Subscribe calls hear with each message, one at a time and those of one
// process in their order, until canceled.
func (b *Bus) Subscribe(hear func(message []byte)) (cancel func(), err error) {
	subscription, err := b.nc.Subscribe(b.subject, func(m *natsgo.Msg) { hear(m.Data) })
	if err != nil {
		return nil, fmt.Errorf("ledger/nats: listen to %s: %w", b.subject, err)
	}
	return func() { _ = subscription.Unsubscribe() }, nil // it fails once the connection is closed
}
