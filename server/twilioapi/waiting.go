package twilioapi

import (
	"context"
	"sync/atomic"
)

type placeKey struct{}

// Place tells whether calls are in a [Pacer]'s line, for somebody who does not want to wait for them any longer and
// has to say why.
type Place struct{ waiting atomic.Int32 }

// WithPlace returns a context whose calls tell the place.
func WithPlace(ctx context.Context) (context.Context, *Place) {
	p := &Place{}
	return context.WithValue(ctx, placeKey{}, p), p
}

// InLine reports whether a call waits for its turn right now.
func (p *Place) InLine() bool { return p.waiting.Load() > 0 }

// inLine counts a call of the context as waiting until the function that it returns is called.
func inLine(ctx context.Context) (done func()) {
	p, _ := ctx.Value(placeKey{}).(*Place)
	if p == nil {
		return func() {}
	}
	p.waiting.Add(1)
	return func() { p.waiting.Add(-1) }
}
