package app

import (
	"context"
	"time"

	"github.com/flex-transfer/flex-transfer/server/ledger/nats"
	"github.com/flex-transfer/flex-transfer/server/twilioapi"
)

// pacing keeps calls to Twilio under the account's limit, which all processes
// with one ledger share.
type pacing struct {
	twilioapi.Pacer
	stop func() // to be called once no call is made any more
}

// Line implements [twilioapi.Liner].
func (p pacing) Line(endpoint string, class twilioapi.Class) time.Duration {
	if l, ok := p.Pacer.(twilioapi.Liner); ok {
		return l.Line(endpoint, class)
	}
	return 0
}

// newPacing paces by the account's rate; 0 lifts the limit.
func newPacing(c Config, b *Backend) (pacing, error) {
	shared, isNATS := b.ledger.(*nats.Ledger)
	switch {
	case c.Account.Rate == 0:
		return pacing{twilioapi.Unpaced, func() {}}, nil
	case !isNATS || len(c.Listen.NATS) == 0:
		return pacing{twilioapi.NewPacer(c.Account.Rate), func() {}}, nil
	}
	p, err := twilioapi.NewSharedPacer(twilioapi.ShareOptions{
		PerSecond: c.Account.Rate, ID: b.origin, Bus: shared.Bus("pace"), Logger: c.Logger,
	})
	if err != nil {
		return pacing{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := p.Run(ctx); err != nil {
			c.Logger.Error("the limit of calls to Twilio is not shared", "error", err)
		}
	}()
	return pacing{p, func() { cancel(); <-stopped }}, nil
}
