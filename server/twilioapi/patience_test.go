package twilioapi

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// The pacer's limit is below the sandbox's, which counts as Twilio does. A machine that is busy for longer than the pacer
// allows for would make this fail, so time is virtual.
func TestSandboxLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := newAccount(t)
		account.SetLimits(sandbox.DefaultLimits())
		l := newLab(t, account, Options{Transport: account.RoundTripper()})
		l.pace = NewPacer(0)
		var throttled atomic.Int32
		l.observe = func(c Call) {
			if c.Outcome == Throttled {
				throttled.Add(1)
			}
		}
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				if _, err := l.Channel(t.Context(), l.conversation.InteractionSID, l.conversation.InteractionChannelSID); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if n := throttled.Load(); n != 0 {
			t.Errorf("%d requests were throttled", n)
		}
	})
}

// A read whose connection hangs is made anew after some seconds, twice as late each time; what nobody waits for, and a
// write, has longer.
func TestHangingReadIsMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name     string
		hanging  int32
		ctx      func(context.Context) context.Context
		read     func(context.Context, *lab) error
		requests int32
		took     time.Duration
		ok       bool
	}{
		{"once", 1, nil, readChannel, 2, readLimit, true},
		{"twice", 2, nil, readChannel, 3, 3 * readLimit, true},
		{"always", 99, nil, readChannel, readAttempts, 7*readLimit + attemptLimit, false},
		{"nobody waits", 1, sweeping, readChannel, 2, attemptLimit, true},
		{"a list of the sweep", 1, nil, readTasks, 2, attemptLimit, true},
		{"a list that somebody waits for", 1, waiting, readTasks, 2, readLimit, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := newAccount(t)
				hangs := &hanging{next: account.RoundTripper()}
				l := newLab(t, account, Options{Transport: hangs})
				ctx := t.Context()
				if c.ctx != nil {
					ctx = c.ctx(ctx)
				}
				hangs.left.Store(c.hanging)
				hangs.requests.Store(0)
				begin := time.Now()
				err := c.read(ctx, l)
				if took := time.Since(begin); (err == nil) != c.ok || hangs.requests.Load() != c.requests || took < c.took || took > c.took+4*time.Second {
					t.Errorf("%d requests in %v: %v", hangs.requests.Load(), took, err)
				}
			})
		})
	}
}

func readChannel(ctx context.Context, l *lab) error {
	_, err := l.Channel(ctx, l.conversation.InteractionSID, l.conversation.InteractionChannelSID)
	return err
}

func readTasks(ctx context.Context, l *lab) error {
	_, err := l.Tasks(ctx, "pending")
	return err
}

func sweeping(ctx context.Context) context.Context { return WithClass(ctx, ClassSweep) }
func waiting(ctx context.Context) context.Context  { return WithClass(ctx, ClassInvite) }

// hanging lets the first requests hang until their caller gives up.
type hanging struct {
	next           http.RoundTripper
	left, requests atomic.Int32
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.requests.Add(1)
	if h.left.Add(-1) >= 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return h.next.RoundTrip(r)
}
