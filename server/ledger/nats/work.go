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
	stored
	reply   string
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

// sort looks at a message of the work consumer as it arrives, and answers it
// at once if nothing is to be done about it.
func (l *Ledger) sort(msg *natsgo.Msg, arrived time.Time) (h handout, ok bool) {
	meta, err := msg.Metadata()
	if err != nil {
		l.logger.Error("a message is no work", "error", err)
		return h, false
	}
	h = handout{reply: msg.Reply, arrived: arrived}
	h.sequence, h.time, h.header, h.data = meta.Sequence.Stream, meta.Timestamp.UTC(), msg.Header, msg.Data
	if h.key, ok = l.subjects.key(msg.Subject); !ok {
		l.terminate(h, fmt.Errorf("subject %s is that of no channel", msg.Subject))
		return h, false
	}
	return h, !l.over(h)
}

// over reports whether the record is known to be replaced, or to have no open
// transfer, and acknowledges it then.
func (l *Ledger) over(h handout) bool {
	sequence, _, _ := l.known.channel(h.key)
	if open, known := h.open(); sequence > h.sequence || (known && !open) {
		l.skip(h)
		return true
	}
	return false
}

// accept makes work of a message, or answers it. What has lain here too long
// is left to come again, since another process may have it soon.
func (l *Ledger) accept(h handout) ledger.Work {
	if time.Since(h.arrived) > l.options.AckWait/2 || l.over(h) {
		return nil
	}
	r, err := l.known.record(h.stored)
	if errors.Is(err, ledger.ErrNewer) {
		l.leaveToNewer(h, err)
		return nil
	}
	if err != nil {
		l.terminate(h, err)
		return nil
	}
	if !r.State.Open() {
		l.skip(h)
		return nil
	}
	w := &work{nc: l.nc, reply: h.reply, record: r.Clone()}
	w.record.Time = h.time
	return w
}

func (l *Ledger) skip(h handout) {
	l.counts.skipped.Add(1)
	if err := l.nc.Publish(h.reply, ackDone); err != nil {
		l.logger.Debug("an acknowledgement is lost; the record comes again and is skipped again", "error", err)
	}
}

func (l *Ledger) terminate(h handout, why error) {
	l.counts.undecodable.Add(1)
	l.logger.Error("a record is taken out of the work, since it cannot be read", "sequence", h.sequence, "error", why)
	if err := l.nc.Publish(h.reply, ackTerm); err != nil {
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
