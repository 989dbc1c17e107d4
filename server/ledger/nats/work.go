package nats

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	natsgo "github.com/nats-io/nats.go"

	"github.com/flex-transfer/flex-transfer/server/ledger"
)

// handout is a message of the work consumer. From its arrival on it is ours
// for AckWait.
type handout struct {
	msg     *natsgo.Msg
	arrived time.Time
}

// Next implements [ledger.Ledger]. Several goroutines may call it at once.
func (l *Ledger) Next(ctx context.Context) (ledger.Work, error) {
	if l.closed() {
		return nil, ledger.ErrClosed
	}
	l.desk.enter()
	defer l.desk.leave()
	for {
		select {
		case <-l.ctx.Done():
			return nil, ledger.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		case h := <-l.desk.arrivals:
			if w := l.accept(h); w != nil {
				l.counts.handedOut.Add(1)
				return w, nil
			}
			l.desk.ask()
		}
	}
}

// accept makes work of a message, or answers it: with a record that is
// replaced or has no open transfer nothing is to be done. What has lain here
// too long is left to come again, since another process may have it soon.
func (l *Ledger) accept(h handout) ledger.Work {
	if time.Since(h.arrived) > l.options.AckWait/2 {
		return nil
	}
	s, ok := l.work(h.msg)
	if !ok {
		l.terminate(h.msg, errors.New("not a record of a channel"))
		return nil
	}
	sequence, r, _ := l.known.channel(s.key)
	if open, known := s.open(); sequence > s.sequence || (known && !open) {
		l.skip(h.msg)
		return nil
	}
	if sequence != s.sequence || r == nil {
		var err error
		if r, err = s.decode(); err != nil {
			l.terminate(h.msg, err)
			return nil
		}
	}
	if !r.State.Open() {
		l.skip(h.msg)
		return nil
	}
	w := &work{nc: l.nc, reply: h.msg.Reply, record: r.Clone()}
	w.record.Time = s.time
	return w
}

// work reads what the server says of a message.
func (l *Ledger) work(msg *natsgo.Msg) (s stored, ok bool) {
	meta, err := msg.Metadata()
	if err != nil {
		return stored{}, false
	}
	key, ok := l.subjects.key(msg.Subject)
	return stored{
		key: key, sequence: meta.Sequence.Stream, time: meta.Timestamp.UTC(), header: msg.Header, data: msg.Data,
	}, ok
}

func (l *Ledger) skip(msg *natsgo.Msg) {
	l.counts.skipped.Add(1)
	if err := l.nc.Publish(msg.Reply, ackDone); err != nil {
		l.logger.Debug("an acknowledgement is lost; the record comes again and is skipped again", "error", err)
	}
}

func (l *Ledger) terminate(msg *natsgo.Msg, why error) {
	l.counts.undecodable.Add(1)
	l.logger.Error("a record is taken out of the work, since it cannot be read", "subject", msg.Subject, "error", why)
	if err := l.nc.Publish(msg.Reply, ackTerm); err != nil {
		l.logger.Debug("a termination is lost; the record comes again", "error", err)
	}
}

// What a process answers to a message of a consumer (NATS ADR-13 and ADR-15).
var (
	ackDone     = []byte("+ACK")
	ackAgain    = []byte("-NAK")
	ackProgress = []byte("+WPI")
	ackTerm     = []byte("+TERM")
)

// ErrEnded says that the work was already ended by Done or Later.
var ErrEnded = errors.New("ledger/nats: the work has been ended before")

// work is a record in hand.
type work struct {
	nc     *natsgo.Conn
	reply  string
	record ledger.Record
	ended  atomic.Bool
}

func (w *work) Record() ledger.Record { return w.record.Clone() }

func (w *work) Done() error { return w.end(ackDone) }

func (w *work) Later(d time.Duration) error {
	if d <= 0 {
		return w.end(ackAgain)
	}
	return w.end(fmt.Appendf(nil, "%s {\"delay\": %d}", ackAgain, d.Nanoseconds()))
}

func (w *work) Progress() error {
	if w.ended.Load() {
		return ErrEnded
	}
	return w.publish(ackProgress)
}

func (w *work) end(answer []byte) error {
	if w.ended.Swap(true) {
		return ErrEnded
	}
	return w.publish(answer)
}

func (w *work) publish(answer []byte) error {
	err := w.nc.Publish(w.reply, answer)
	if errors.Is(err, natsgo.ErrConnectionClosed) {
		return ledger.ErrClosed
	}
	return err
}
