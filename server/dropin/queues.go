package dropin

import (
	"context"

	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// queue is a queue as the template's plugin looks for its name. Who serves it
// is left out: a transfer does not need that.
type queue struct {
	FriendlyName string `json:"friendlyName"`
	SID          string `json:"sid"` // WQ…
}

type queueList struct {
	Queues  []queue `json:"queues"`
	Success bool    `json:"success"`
}

// queues lists the account's queues.
func (d *DropIn) queues(_ context.Context, _ Caller, p *parameters) (any, error) {
	if err := p.problem(); err != nil {
		return nil, err
	}
	known := d.Queues()
	if known == nil {
		return nil, &transfer.Refusal{Reason: transfer.ReasonServiceUnavailable}
	}
	list := queueList{Queues: make([]queue, len(known)), Success: true}
	for i, q := range known {
		list.Queues[i] = queue{q.FriendlyName, q.SID}
	}
	return list, nil
}
