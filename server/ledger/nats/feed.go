package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The feed's pull requests: heartbeats tell within seconds that the server
// that served it is gone.
const (
	feedBatch     = 256
	feedExpiry    = 10 * time.Second
	feedHeartbeat = time.Second
	feedPause     = 250 * time.Millisecond
)

var (
	errNotCaughtUp = errors.New("ledger/nats: the records are still being read")
	errReconnected = errors.New("ledger/nats: the connection was lost and is there again")
)

// feed keeps the projection up to date until ctx is done. Its consumer lives in
// the server's memory and has no state: a new one carries on at the frontier.
func (l *Ledger) feed(ctx context.Context) {
	for {
		err := l.feedUntilLost(ctx)
		l.known.setCaughtUp(false)
		if ctx.Err() != nil {
			return
		}
		l.logger.Warn("the ledger's feed is made anew", "error", err)
		if !pause(ctx, feedPause) {
			return
		}
	}
}

// feedUntilLost ends with an error, with ctx, or when the connection was lost
// and is there again.
func (l *Ledger) feedUntilLost(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- l.feedOnce(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-l.refeed:
		cancel(errReconnected)
		<-ended
		return errReconnected
	}
}

func (l *Ledger) feedOnce(ctx context.Context) error {
	consumer, err := l.feedConsumer(ctx)
	if err != nil {
		return err
	}
	defer l.deleteConsumer(ctx, consumer.CachedInfo().Name)
	messages, err := consumer.Messages(jetstream.PullMaxMessages(feedBatch), jetstream.PullExpiry(feedExpiry),
		jetstream.PullHeartbeat(feedHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	defer messages.Stop()
	caughtUp := consumer.CachedInfo().NumPending == 0
	l.known.setCaughtUp(caughtUp)
	for want := uint64(1); ; want++ {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != want {
			return fmt.Errorf("ledger/nats: message %d of the feed came instead of %d", meta.Sequence.Consumer, want)
		}
		l.takeIn(msg, meta, caughtUp)
		if !caughtUp && meta.NumPending == 0 {
			caughtUp = true
			l.known.setCaughtUp(true)
		}
	}
}

// feedConsumer delivers the last record of each channel and then all that
// follow, or, after an interruption, all behind the frontier.
func (l *Ledger) feedConsumer(ctx context.Context) (jetstream.Consumer, error) {
	config := jetstream.ConsumerConfig{
		Description:       "feeds a process's projection",
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		FilterSubject:     l.subjects.all(),
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: time.Minute,
	}
	if frontier, _, _ := l.known.position(); frontier > 0 {
		config.DeliverPolicy = jetstream.DeliverByStartSequencePolicy
		config.OptStartSeq = frontier + 1
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.request)
	defer cancel()
	return l.js.CreateConsumer(ctx, l.subjects.stream, config)
}

// deleteConsumer spares the server a consumer that is not read any more. After
// a reconnect it is left to the server's InactiveThreshold.
func (l *Ledger) deleteConsumer(ctx context.Context, name string) {
	if !l.nc.IsConnected() || errors.Is(context.Cause(ctx), errReconnected) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedPause)
	defer cancel()
	if err := l.js.DeleteConsumer(ctx, l.subjects.stream, name); err != nil {
		l.logger.Debug("the server drops an idle consumer by itself later", "consumer", name, "error", err)
	}
}

// takeIn hands a message to the projection. It is decoded if its record is
// open or fresh and not yet known.
func (l *Ledger) takeIn(msg jetstream.Msg, meta *jetstream.MsgMetadata, fresh bool) {
	key, ok := l.subjects.key(msg.Subject())
	if !ok {
		l.logger.Warn("the stream holds a message that is no record", "subject", msg.Subject())
		l.known.pass(meta.Sequence.Stream)
		return
	}
	s := stored{
		key: key, sequence: meta.Sequence.Stream, time: meta.Timestamp.UTC(),
		header: msg.Headers(), data: msg.Data(),
	}
	if open, known := s.open(); known && !open {
		l.ended.put(s)
	}
	if have, _, _ := l.known.channel(key); have >= s.sequence {
		l.known.deliver(s, nil)
		return
	}
	if open, known := s.open(); known && !open && !fresh {
		l.known.deliver(s, nil)
		return
	}
	record, err := l.known.record(s)
	if err != nil {
		l.unread(err)
	}
	l.known.deliver(s, record)
}
