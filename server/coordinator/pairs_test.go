package coordinator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
	"github.com/flex-transfer/flex-transfer/wasm/transfer"
)

// both is a lab with two processes, in which Ada and perhaps Bea are with the
// customer.
type both struct {
	*lab
	p [2]*process
}

func newBoth(t *testing.T, beaToo bool) *both {
	b := &both{lab: makeLab(t)}
	t.Cleanup(b.close)
	all := func(o *Options) {
		o.Settings = func() transfer.Settings {
			return transfer.Settings{ColdTransfer: true, MultiParticipant: true, LeaveOnChoice: true}
		}
	}
	b.p[0], b.p[1] = b.open(all), b.open(all)
	_, err := b.account.SetActivity(b.worker("chidi"), b.account.ActivitySID("Available"))
	b.check(err)
	if beaToo {
		_, err := b.p[0].Start(t.Context(), b.as("ada"), b.ask("ada", transfer.ModeWarm, "bea"), "bea")
		b.check(err)
		b.accept("bea")
		b.rest()
	}
	// Lists lag behind everything that happens from now on.
	b.check(b.account.Faults().Set(sandbox.Switches{Lag: sandbox.ListLag{InvitesMS: 1000, ParticipantsMS: 1000}}))
	return b
}

func (b *both) ask(from string, mode transfer.Mode, to string) transfer.Request {
	r := b.request(from, to)
	r.Mode = mode
	return r
}

// rest lets everything come to rest, but the time of invites.
func (b *both) rest() {
	b.testing.Helper()
	for range 8 {
		b.deliverAll(b.p[0])
		b.run(b.p[1])
		b.clock.Advance(time.Second)
	}
}

// at runs all at once.
func (b *both) at(calls ...func(ctx context.Context) error) []error {
	errs := make([]error, len(calls))
	var ready, done sync.WaitGroup
	ready.Add(len(calls))
	start := make(chan struct{})
	for i, call := range calls {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = call(context.Background())
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	b.p[0].Wait()
	b.p[1].Wait()
	return errs
}

func (b *both) start(p *process, by string, r transfer.Request, key string) func(context.Context) error {
	return func(ctx context.Context) error { _, err := p.Start(ctx, b.as(by), r, key); return err }
}

func (b *both) leave(p *process, by string) func(context.Context) error {
	r := b.request(by, by)
	r.Action = transfer.ActionLeave
	return func(ctx context.Context) error { _, err := p.Depart(ctx, b.as(by), r); return err }
}

func (b *both) end(p *process, by string) func(context.Context) error {
	r := b.request(by, by)
	r.Action = transfer.ActionEnd
	return func(ctx context.Context) error { _, err := p.Depart(ctx, b.as(by), r); return err }
}

// remove is somebody's request to remove another agent, who is in.
func (b *both) remove(p *process, by, whom string) func(context.Context) error {
	r := b.request(by, by)
	r.Action = transfer.ActionRemove
	for _, in := range b.account.Glance(b.conv.SID).Participants {
		if in.WorkerSID == b.worker(whom) {
			r.ParticipantSID = in.SID
		}
	}
	return func(ctx context.Context) error { _, err := p.Depart(ctx, b.as(by), r); return err }
}

// agents counts those who are in.
func (b *both) agents() int {
	n := 0
	for _, p := range b.account.Glance(b.conv.SID).Participants {
		if p.Type == "agent" {
			n++
		}
	}
	return n
}

// asked are the tasks of invites that wait for an answer.
func (b *both) asked() (tasks []string) {
	for _, task := range b.account.Glance(b.conv.SID).Tasks {
		if transfer.ReadTransferID(task.Attributes) != "" && slices.Contains([]string{"pending", "reserved"}, task.Status) {
			tasks = append(tasks, task.SID)
		}
	}
	return tasks
}

// judge: the customer is not alone in an open conversation, and every invite
// that waits is on the list of outstanding ones, and the other way round.
func (b *both) judge(t *testing.T) {
	t.Helper()
	s := b.state()
	open := b.account.Glance(b.conv.SID).Status != "closed"
	asked := b.asked()
	if open && b.agents() == 0 && len(asked) == 0 {
		t.Errorf("the customer is alone:%s", story(s))
	}
	if !open && len(asked) > 0 {
		t.Errorf("invites are left behind: %v%s", asked, story(s))
	}
	var listed []string
	for _, tr := range s.Transfers {
		if tr.Open() {
			listed = append(listed, tr.Invite.TaskSID)
		}
	}
	slices.Sort(asked)
	slices.Sort(listed)
	if !slices.Equal(asked, listed) {
		t.Errorf("waiting %v, listed %v%s", asked, listed, story(s))
	}
}

// TestPairs races what two people do at the same moment, hundreds of times
// each, at two backends.
func TestPairs(t *testing.T) {
	for _, c := range []struct {
		name   string
		beaToo bool
		calls  func(b *both) []func(context.Context) error
		// after says what else must be so; granted are the calls that were.
		after func(t *testing.T, b *both, granted int)
	}{
		{"two agents leave", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{b.leave(b.p[0], "ada"), b.leave(b.p[1], "bea")}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || b.agents() != 1 {
				t.Errorf("%d were let go, %d are left", granted, b.agents())
			}
		}},
		{"two invites", false, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeWarm, "bea"), "1"),
				b.start(b.p[1], "ada", b.ask("ada", transfer.ModeWarm, "chidi"), "2"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 2 || len(b.asked()) != 2 || len(b.state().Outstanding()) != 2 {
				t.Errorf("%d granted, %d asked, %d listed", granted, len(b.asked()), len(b.state().Outstanding()))
			}
		}},
		{"the same invite by two agents", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeWarm, "chidi"), "1"),
				b.start(b.p[1], "bea", b.ask("bea", transfer.ModeWarm, "chidi"), "2"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || len(b.asked()) != 1 {
				t.Errorf("%d granted, %d asked", granted, len(b.asked()))
			}
		}},
		{"invite and leave", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeWarm, "chidi"), "1"), b.leave(b.p[1], "bea"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 2 || b.agents() != 1 || len(b.asked()) != 1 {
				t.Errorf("%d granted, %d are left, %d asked", granted, b.agents(), len(b.asked()))
			}
		}},
		{"invite and leave by the same agent", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeWarm, "chidi"), "1"), b.leave(b.p[1], "ada"),
			}
		}, nil},
		{"cold transfer and leave", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeCold, "chidi"), "1"), b.leave(b.p[1], "bea"),
			}
		}, nil},
		{"two cold transfers", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeCold, "chidi"), "1"),
				b.start(b.p[1], "bea", b.ask("bea", transfer.ModeCold, "chidi"), "2"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || b.agents() != 1 || len(b.asked()) != 1 {
				t.Errorf("%d granted, %d are left, %d asked", granted, b.agents(), len(b.asked()))
			}
		}},
		{"a double click in two tabs", false, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeCold, "bea"), "tab 1"),
				b.start(b.p[1], "ada", b.ask("ada", transfer.ModeCold, "bea"), "tab 2"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || len(b.asked()) != 1 {
				t.Errorf("%d granted, %d asked", granted, len(b.asked()))
			}
		}},
		{"a request that is repeated at another backend", false, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{
				b.start(b.p[0], "ada", b.ask("ada", transfer.ModeWarm, "bea"), "key"),
				b.start(b.p[1], "ada", b.ask("ada", transfer.ModeWarm, "bea"), "key"),
			}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 2 || len(b.asked()) != 1 {
				t.Errorf("%d granted, %d asked", granted, len(b.asked()))
			}
		}},
		{"end and invite", true, func(b *both) []func(context.Context) error {
			b.check(b.leave(b.p[0], "bea")(context.Background()))
			return []func(context.Context) error{b.end(b.p[0], "ada"), b.start(b.p[1], "ada", b.ask("ada", transfer.ModeWarm, "chidi"), "1")}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 {
				t.Errorf("%d granted%s", granted, story(b.state()))
			}
		}},
		{"two agents remove each other", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{b.remove(b.p[0], "ada", "bea"), b.remove(b.p[1], "bea", "ada")}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || b.agents() != 1 {
				t.Errorf("%d granted, %d are left", granted, b.agents())
			}
		}},
		{"an agent leaves while the other is removed by them", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{b.remove(b.p[0], "ada", "bea"), b.leave(b.p[1], "ada")}
		}, func(t *testing.T, b *both, granted int) {
			if granted != 1 || b.agents() != 1 {
				t.Errorf("%d granted, %d are left", granted, b.agents())
			}
		}},
		{"an agent leaves while their invite is canceled", true, func(b *both) []func(context.Context) error {
			b.check(b.leave(b.p[0], "bea")(context.Background()))
			b.rest()
			o, err := b.p[0].Start(context.Background(), b.as("ada"), b.ask("ada", transfer.ModeWarm, "chidi"), "1")
			b.check(err)
			b.rest()
			cancel := b.request("ada", "chidi")
			cancel.TransferID = o.Transfer.ID
			return []func(context.Context) error{b.leave(b.p[0], "ada"), func(ctx context.Context) error {
				_, err := b.p[1].Cancel(ctx, b.as("ada"), cancel)
				return err
			}}
		}, nil},
		{"end and leave", true, func(b *both) []func(context.Context) error {
			return []func(context.Context) error{b.end(b.p[0], "ada"), b.leave(b.p[1], "bea")}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i := range races {
				if t.Failed() {
					t.Fatalf("in race %d", i)
				}
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					b := newBoth(t, c.beaToo)
					granted := 0
					for _, err := range b.at(c.calls(b)...) {
						if err == nil {
							granted++
						}
					}
					b.rest()
					b.judge(t)
					if c.after != nil {
						c.after(t, b, granted)
					}
				})
			}
		})
	}
}

// TestCancelAndAccept races the agent who takes an invite back with the
// colleague who accepts it: one of them wins, and everybody hears who.
func TestCancelAndAccept(t *testing.T) {
	won := map[transfer.Phase]int{}
	var took time.Duration // by the last cancel, on this machine
	for i := range races {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			b := newBoth(t, false)
			o, err := b.p[0].Start(t.Context(), b.as("ada"), b.ask("ada", transfer.ModeWarm, "bea"), "1")
			b.check(err)
			b.rest()
			cancel := b.request("ada", "bea")
			cancel.TransferID = o.Transfer.ID
			reservation, _ := b.reservation("bea", "pending")
			before := took
			b.at(func(ctx context.Context) error {
				time.Sleep(time.Duration(i%10) * 50 * time.Microsecond)
				defer func(began time.Time) { took = time.Since(began) }(time.Now())
				_, err := b.p[1].Cancel(ctx, b.as("ada"), cancel)
				return err
			}, func(context.Context) error {
				time.Sleep(time.Duration(i/10%10) * before / 5) // up to twice as long as a cancel
				_, err := b.account.AcceptReservation(reservation.SID)
				return err
			})
			b.rest()
			b.judge(t)
			phase := b.last().Phase
			won[phase]++
			want := map[transfer.Phase]int{transfer.PhaseCompleted: 2, transfer.PhaseCanceled: 1}[phase]
			if b.agents() != want {
				t.Errorf("%s, and %d agents are in", phase, b.agents())
			}
		})
	}
	// Few races under the race detector, which is slow, may all end the same way.
	if races >= 300 && (won[transfer.PhaseCompleted] == 0 || won[transfer.PhaseCanceled] == 0) {
		t.Errorf("the race was none: %v", won)
	}
}
