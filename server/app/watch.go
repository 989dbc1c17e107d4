package app

import (
	"context"
	"reflect"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/flex-transfer/flex-transfer/server/coordinator"
	"github.com/flex-transfer/flex-transfer/server/httpapi"
	"github.com/flex-transfer/flex-transfer/server/roster"
	"github.com/flex-transfer/flex-transfer/server/settings"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
	"github.com/flex-transfer/flex-transfer/web"
)

// watch implements httpapi.Watch: what the coordinator tells, and settings that
// have changed.
type watch struct {
	coordinator *coordinator.Coordinator
	roster      *roster.Roster
	settings    *settings.Store
	forCaller   func(httpapi.Caller) transfer.Settings
}

func (w watch) Follow(ctx context.Context, by httpapi.Caller, after uint64, to httpapi.Listener) error {
	s := &settingsOf{by: by, watch: w, tell: to.Settings, changed: make(chan struct{}, 1), listening: make(chan struct{})}
	defer w.settings.Subscribe(func(settings.Effective) { s.nudge() })()
	queues := coordinator.NewChanges(func(q transfer.QueueRecord) string { return q.SID })
	defer w.roster.SubscribeQueues(queues.Add)()
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return s.follow(ctx) })
	all.Go(func() error {
		if err := s.begun(ctx); err != nil {
			return err
		}
		return queues.Each(ctx, func(q transfer.QueueRecord) error { return s.alone(func() error { return to.Queue(q) }) })
	})
	all.Go(func() error {
		return w.coordinator.Follow(ctx, toCaller(by), after,
			func() error { return s.begin(to.Listening) },
			func(seq uint64, o coordinator.Outcome) error {
				return s.alone(func() error { return to.Transferred(seq, toOutcome(o)) })
			},
			func(seq uint64, o coordinator.DepartureOutcome) error {
				return s.alone(func() error { return to.Departed(seq, httpapi.DepartureOutcome(o)) })
			},
			func(r transfer.WorkerRecord) error {
				if r.SID == by.WorkerSID {
					s.nudge() // permissions go by the worker's attributes
				}
				return s.alone(func() error { return to.Worker(r) })
			})
	})
	return all.Wait()
}

// settingsOf tells one listener of settings, in turn with everything else.
type settingsOf struct {
	watch
	by        httpapi.Caller
	tell      func(transfer.Settings) error
	changed   chan struct{} // something may be different
	listening chan struct{} // closed once the listener has had the first settings

	one  sync.Mutex
	last transfer.Settings
}

// alone makes one call of the listener at a time.
func (s *settingsOf) alone(call func() error) error {
	s.one.Lock()
	defer s.one.Unlock()
	return call()
}

func (s *settingsOf) nudge() {
	select {
	case s.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// begin lets the listener have the first settings; those that are newer follow.
func (s *settingsOf) begin(listening func() error) error {
	defer close(s.listening)
	return s.alone(func() error {
		s.last = s.forCaller(s.by)
		return listening()
	})
}

// begun waits until the listener has had the first settings.
func (s *settingsOf) begun(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.listening:
		return nil
	}
}

func (s *settingsOf) follow(ctx context.Context) error {
	if err := s.begun(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.changed:
			if err := s.alone(s.tellChange); err != nil {
				return err
			}
		}
	}
}

func (s *settingsOf) tellChange() error {
	now := s.forCaller(s.by)
	if reflect.DeepEqual(now, s.last) {
		return nil
	}
	s.last = now
	return s.tell(now)
}

// forCaller are the settings as far as they concern the caller.
func (b *Backend) forCaller(by httpapi.Caller) transfer.Settings {
	if w, known := b.roster.Known(by.WorkerSID); known {
		return settings.For(b.settings.Transfer(), &w, by.Roles)
	}
	return settings.For(b.settings.Transfer(), nil, by.Roles)
}

func (b *Backend) configStatus() httpapi.ConfigStatus {
	return httpapi.ConfigStatus(b.settings.Status())
}

// textOf is a reason's text in the language that a reader wants most.
func textOf(acceptLanguage string, reason transfer.Reason) string {
	return web.Words(acceptLanguage).Reason(string(reason))
}
